"""The durable verdicts, and mentions read back from the truth: what an index is rebuilt from and a digest counts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, case, func, or_, select

from core.database import Database
from core.model import Mention, Verdict
from core.schema import exhibits, posts, verdicts
from index.rows import EVIDENCE_STATES, chunks, insert_into, mention_of, records, verdict_of, verdict_values
from index.verdicts_replaced import Replaced, differ, move_to_history, read_history, read_present

#: `Post.when`, in SQL.
_when = func.coalesce(posts.c.published, posts.c.collected, type_=posts.c.collected.type)


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """What became of a batch of verdicts."""

    #: As they were written, in the order in which they came.
    verdicts: tuple[Verdict, ...]
    #: The verdicts that stood before, by post; posts judged for the first time are left out.
    before: Mapping[str, Verdict]


class VerdictStore:
    """Keeps the newest verdict of each post, and what it replaced."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def save(
        self,
        connection: Connection,
        found: Sequence[Verdict],
        *,
        now: datetime,
        why: str = "rejudged",
        keep_events: bool = False,
    ) -> Saved:
        """Write verdicts within the caller's transaction; a post judged before gets the new judgement.

        What is replaced by something else goes into the history, with `why`; judging the same again adds nothing.
        With `keep_events` a post keeps its event, even if it would ask for none today.
        """
        if not found:
            return Saved(verdicts=(), before={})
        rows = read_present(connection, [verdict.id for verdict in found])
        before = {key: verdict_of(row) for key, row in rows.items()}
        kept = tuple(_with_event(one, before.get(one.id)) for one in found) if keep_events else tuple(found)
        ended = {one.id for one in kept if one.id in before and differ(before[one.id], one)}
        move_to_history(connection, [rows[key] for key in sorted(ended)], now=now, why=why)
        values = {verdict.id: {**verdict_values(verdict), "judged": now} for verdict in kept}
        statement = insert_into(connection.dialect)(verdicts)
        new = {column.name: statement.excluded[column.name] for column in verdicts.c if not column.primary_key}
        upsert = statement.on_conflict_do_update(index_elements=["id"], set_=new)
        connection.execute(upsert, list(values.values()))
        return Saved(verdicts=kept, before=before)

    def history(self, post: str) -> list[Replaced]:
        """The verdicts that a post had before its present one, oldest first."""
        with self.database.read() as connection:
            return read_history(connection, post)

    def mentions(self, ids: Sequence[str]) -> list[Mention]:
        """The judged posts among these ids, in their order."""
        found: dict[str, Mention] = {}
        with self.database.read() as connection:
            for chunk in chunks(list(dict.fromkeys(ids))):
                rows = records(connection.execute(_mentions().where(posts.c.id.in_(chunk))))
                found.update((row["id"], mention_of(row)) for row in rows)
        return [found[key] for key in dict.fromkeys(ids) if key in found]

    def between(self, since: datetime, until: datetime, *, batch: int = 1000) -> Iterator[Mention]:
        """Mentions with `since <= post.when < until`, oldest first."""
        last: tuple[datetime, str] | None = None
        while True:
            wished = _mentions().where(_when_between(since, until)).order_by(_when, posts.c.id).limit(batch)
            if last is not None:
                wished = wished.where(or_(_when > last[0], and_(_when == last[0], posts.c.id > last[1])))
            found = self._read(wished)
            yield from found
            if len(found) < batch:
                return
            last = (found[-1].post.when, found[-1].id)

    def every(
        self, since: datetime | None = None, *, after: str = "", collected: datetime | None = None, batch: int = 1000
    ) -> Iterator[list[Mention]]:
        """All mentions in batches, in the order of their ids, from the one behind `after` on.

        With `since` only what was judged, or of which an exhibit was captured, from then on; with `collected` only
        what was collected from then on. No transaction stays open between batches; each is read when it is asked for,
        and what is judged meanwhile may or may not be among them.
        """
        last = after
        while True:
            wished = _mentions().where(posts.c.id > last).order_by(posts.c.id).limit(batch)
            if since is not None:
                wished = wished.where(or_(verdicts.c.judged >= since, posts.c.id.in_(_captured(since))))
            if collected is not None:
                wished = wished.where(posts.c.collected >= collected)
            found = self._read(wished)
            if found:
                yield found
                last = found[-1].id
            if len(found) < batch:
                return

    def latest_graded(self, limit: int = 20) -> list[Mention]:
        """The newest mentions that have a grade."""
        return self._read(_mentions().where(verdicts.c.grade.is_not(None)).order_by(_when.desc()).limit(limit))

    def of_event(self, event: str, limit: int = 50) -> list[Mention]:
        """The mentions of one event, earliest first."""
        return self._read(_mentions().where(verdicts.c.event == event).order_by(_when, posts.c.id).limit(limit))

    def count(self, *, collected: datetime | None = None) -> int:
        """How many posts have been judged; with `collected` those that were collected from then on."""
        counted = select(func.count()).select_from(verdicts)
        if collected is not None:
            counted = counted.join(posts, posts.c.id == verdicts.c.id).where(posts.c.collected >= collected)
        with self.database.read() as connection:
            return connection.scalar(counted) or 0

    def last_judged(self) -> datetime | None:
        """When the newest judgement was made."""
        with self.database.read() as connection:
            newest: datetime | None = connection.scalar(select(func.max(verdicts.c.judged)))
        return newest

    def _read(self, wished: Select[Any]) -> list[Mention]:
        with self.database.read() as connection:
            return [mention_of(row) for row in records(connection.execute(wished))]


def _with_event(verdict: Verdict, before: Verdict | None) -> Verdict:
    if before is None or before.event is None or verdict.event is not None:
        return verdict
    return replace(verdict, event=before.event)


def _mentions() -> Select[Any]:
    judgement = [column for column in verdicts.c if column.name != "id"]
    ranks = {state: rank for rank, state in enumerate(EVIDENCE_STATES)}
    # One look into an index of a small table for each row: a join would double posts that have several exhibits.
    best = select(func.min(case(ranks, value=exhibits.c.state))).where(exhibits.c.post == posts.c.id)
    evidence = best.scalar_subquery().label("evidence")
    return select(posts, *judgement, evidence).join(verdicts, verdicts.c.id == posts.c.id)


def _captured(since: datetime) -> Select[Any]:
    return select(exhibits.c.post).where(exhibits.c.captured >= since)


def _when_between(since: datetime, until: datetime) -> ColumnElement[bool]:
    # Spelled out rather than over `_when`, so that the indexes of both columns serve it.
    return or_(
        and_(posts.c.published >= since, posts.c.published < until),
        and_(posts.c.published.is_(None), posts.c.collected >= since, posts.c.collected < until),
    )
