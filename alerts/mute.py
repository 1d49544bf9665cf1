"""The seam where people ask for quiet. The settings know no mutes yet, so the only muter there is mutes nothing.

It is a stage of the dispatcher already because its place in the order matters: a muted mention is matched and fresh,
and must be recorded with the reason of its silence before the event's state is read.
"""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from core.model import Mention


class Muter(Protocol):
    """Says why a mention may not ring now."""

    def __call__(self, mention: Mention, now: datetime) -> str | None:
        """One short Chinese reason, or `None` when the mention may ring."""
        ...


def nothing_muted(mention: Mention, now: datetime) -> str | None:  # noqa: ARG001 - fills the port
    """The muter of an installation that asked for no quiet: always `None`."""
    return None
