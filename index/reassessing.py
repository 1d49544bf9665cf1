"""Which part of the archive is judged again: judged posts by time, source, subject or grade, read in batches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select

from core.database import Database
from core.model import Mention, require_aware
from core.schema import posts, verdicts
from index.rows import mention_of, records

_when = func.coalesce(posts.c.published, posts.c.collected, type_=posts.c.collected.type)


#: How much time is sorted at once.
_WINDOW = timedelta(days=1)


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
    waiting: list[Mention] = []
    for one in _stream(database, part, batch=batch):
        if part.subjects and not set(part.subjects) & set(one.verdict.subjects):
            continue
        waiting.append(one)
        if len(waiting) >= batch:
            yield waiting
            waiting = []
    if waiting:
        yield waiting


def _stream(database: Database, part: Part, *, batch: int) -> Iterator[Mention]:
    """Window by window: within one the times are sorted, and the columns' indexes find it in a million posts."""
    since = part.since
    while (first := _next_moment(database, since, part.until)) is not None:
        since = min(first + _WINDOW, part.until) if part.until else first + _WINDOW
        last: tuple[datetime, str] | None = None
        while True:
            wished = _mentions().where(*_conditions(part), _between(first, since)).order_by(_when, posts.c.id)
            if last is not None:
                wished = wished.where(or_(_when > last[0], and_(_when == last[0], posts.c.id > last[1])))
            with database.read() as connection:
                found = [mention_of(row) for row in records(connection.execute(wished.limit(batch)))]
            yield from found
            if len(found) < batch:
                break
            last = (found[-1].post.when, found[-1].id)


def _next_moment(database: Database, since: datetime | None, until: datetime | None) -> datetime | None:
    """The first `Post.when` from `since` on and before `until`."""
    found: list[datetime] = []
    with database.read() as connection:
        for column, only in ((posts.c.published, []), (posts.c.collected, [posts.c.published.is_(None)])):
            wanted = select(func.min(column)).where(*only)
            wanted = wanted.where(column >= since) if since is not None else wanted
            wanted = wanted.where(column < until) if until is not None else wanted
            earliest: datetime | None = connection.scalar(wanted)
            found += [earliest] if earliest is not None else []
    return min(found, default=None)


def _between(since: datetime, until: datetime) -> ColumnElement[bool]:
    # Spelled out rather than over `_when`, so that the indexes of both columns serve it.
    return or_(
        and_(posts.c.published >= since, posts.c.published < until),
        and_(posts.c.published.is_(None), posts.c.collected >= since, posts.c.collected < until),
    )


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
