"""What the archive knows around a mention, beyond the post itself: how many there were lately, who complained before.

`analysis` only says what it needs; whoever holds the durable store answers (`app.wiring`). Without an answer a verdict
simply lacks these reasons.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from core.model import Post


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A mention, not yet weighed, whose background is wanted."""

    post: Post
    subjects: tuple[str, ...]
    negative: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Background:
    """What is known around one mention; `None` where nothing is known."""


#: One background for each mention that is asked about, in order.
Backgrounds = Callable[[Sequence[Asked]], Sequence[Background]]
