"""A mention as an index keeps it, beside what it is found by: so that a hit is the mention as it was added."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from core.model import Mention
from core.wire import mention_to_json, verdict_from_json
from index.rows import post_of

_TIMES = ("published", "edited", "collected")


def body_of(mention: Mention) -> dict[str, Any]:
    """The mention as JSON; nothing is rounded."""
    row = mention_to_json(mention)
    row["verdict"]["negative"] = mention.verdict.negative  # the wire form rounds
    return row


def mention_of_body(row: Mapping[str, Any]) -> Mention:
    """The mention that `body_of` wrote."""
    times = {name: datetime.fromisoformat(row[name]) if row[name] else None for name in _TIMES}
    return Mention(
        post=post_of({**row, **times}),
        verdict=verdict_from_json(row["verdict"]),
        source=row.get("source"),
        evidence=row.get("evidence"),
    )
