"""Which part of the archive is judged again: judged posts by time, source, subject or grade, read in batches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select

from core.database import Database
from core.model import Mention, require_aware
from core.schema import posts, verdicts
from index.rows import mention_of, records

_when = func.coalesce(posts.c.published, posts.c.collected, type_=posts.c.collected.type)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part of the archive; empty and `None` mean "any"."""

    #: With `Post.when` from here on …
    since: datetime | None = None
    #: … and before this.
    until: datetime | None = None
    #: Found first by one of these sources; "" is an import.
    sources: tuple[str, ...] = ()
    #: About one of these, as judged last.
    subjects: tuple[str, ...] = ()
    only_graded: bool = False

    def __post_init__(self) -> None:
        require_aware(self, since=self.since, until=self.until)


def count(database: Database, part: Part) -> int:
    """How many judged posts there are; subjects are not looked at, so it may be too many."""
    wanted = select(func.count()).select_from(posts).join(verdicts, verdicts.c.id == posts.c.id)
    with database.read() as connection:
        return connection.scalar(wanted.where(*_conditions(part))) or 0


def read(database: Database, part: Part, *, batch: int) -> Iterator[list[Mention]]:
    """The mentions of a part in batches, oldest first, so that stories grow again as they grew.

    No transaction stays open between batches; posts that come in meanwhile may or may not be among them.
    """
    last: tuple[datetime, str] | None = None
    while True:
        wished = _mentions().where(*_conditions(part)).order_by(_when, posts.c.id).limit(batch)
        if last is not None:
            wished = wished.where(or_(_when > last[0], and_(_when == last[0], posts.c.id > last[1])))
        with database.read() as connection:
            found = [mention_of(row) for row in records(connection.execute(wished))]
        meant = [one for one in found if not part.subjects or set(part.subjects) & set(one.verdict.subjects)]
        if meant:
            yield meant
        if len(found) < batch:
            return
        last = (found[-1].post.when, found[-1].id)


def _conditions(part: Part) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if part.since is not None:
        conditions.append(_when >= part.since)
    if part.until is not None:
        conditions.append(_when < part.until)
    if part.sources:
        conditions.append(posts.c.source.in_(part.sources))
    if part.only_graded:
        conditions.append(verdicts.c.grade.is_not(None))
    return conditions


def _mentions() -> Select[Any]:
    judgement = [column for column in verdicts.c if column.name != "id"]
    return select(posts, *judgement).join(verdicts, verdicts.c.id == posts.c.id)
