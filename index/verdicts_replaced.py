"""Verdicts that a later judgement replaced: what we thought when we did what we did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from core.model import Verdict, require_aware
from core.schema import verdict_history, verdicts
from index.rows import chunks, records, verdict_of

#: Probabilities closer than this are one: a model that was written and read again differs in the last digits.
_SAME_NEGATIVE = 0.01
_COLUMNS = tuple(column.name for column in verdicts.c if column.name != "id")

#: Why verdicts are judged again, as `save` is told and as people read it.
WHY_NAMES: Mapping[str, str] = {
    "rejudged": "再次研判（正文、上文或互动有变）",
    "reassess": "重新研判存档",
    "correction": "人工更正",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Replaced:
    """One earlier verdict of a post, and when and why it ended."""

    verdict: Verdict
    judged: datetime
    replaced: datetime
    #: A key of `WHY_NAMES`.
    why: str

    def __post_init__(self) -> None:
        require_aware(self, judged=self.judged, replaced=self.replaced)


def differ(one: Verdict, other: Verdict) -> bool:
    """Whether a reader would call them two judgements; the wording of the reasons alone does not count."""
    return (
        (one.grade, one.risk, one.event, one.model) != (other.grade, other.risk, other.event, other.model)
        or set(one.categories) != set(other.categories)
        or set(one.subjects) != set(other.subjects)
        or abs(one.negative - other.negative) > _SAME_NEGATIVE
    )


def read_present(connection: Connection, ids: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    """The rows of these posts' present verdicts, locked where the database has row locks."""
    found: dict[str, Mapping[str, Any]] = {}
    for chunk in chunks(ids):
        wanted = select(verdicts).where(verdicts.c.id.in_(chunk)).order_by(verdicts.c.id).with_for_update()
        found.update((row["id"], row) for row in records(connection.execute(wanted)))
    return found


def move_to_history(connection: Connection, rows: Sequence[Mapping[str, Any]], *, now: datetime, why: str) -> None:
    """Keep what is about to be overwritten."""
    kept = [{"post": row["id"], **{name: row[name] for name in _COLUMNS}, "replaced": now, "why": why} for row in rows]
    if kept:
        connection.execute(insert(verdict_history), kept)


def read_history(connection: Connection, post: str) -> list[Replaced]:
    """The earlier verdicts of a post, oldest first."""
    wanted = select(verdict_history).where(verdict_history.c.post == post).order_by(verdict_history.c.number)
    return [
        Replaced(
            verdict=verdict_of({**row, "id": row["post"]}),
            judged=row["judged"],
            replaced=row["replaced"],
            why=row["why"],
        )
        for row in records(connection.execute(wanted))
    ]
