"""The catalogue of sources: whose turn it is, how each one stands, where its next crawl goes on.

What moves a source's row also writes its history, in the same transaction.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Dialect, RowMapping, select, update
from sqlalchemy.dialects import postgresql, sqlite

from core.database import Database
from core.errors import NotFound
from core.model import SourceState
from core.schema import sources as table
from core.settings import SourceSettings
from crawlers import history
from crawlers.reports import SourceReport, SourceStatus

#: A source that fails is tried at least this often.
_LONGEST_PAUSE = timedelta(hours=6)
#: A site that asks us to stay away for longer is asked once a day whether it still means it.
_LONGEST_OBEYED = timedelta(days=1)
#: A turn that is so late, beside twice the source's interval, was missed.
_GRACE = timedelta(minutes=5)
#: Sources that failed together do not come back together: up to this share earlier.
_SPREAD = 0.2


def next_run(
    *,
    every: timedelta,
    failures: int,
    started: datetime,
    now: datetime,
    jitter: float,
    not_before: timedelta | None = None,
) -> datetime:
    """When the next crawl is due. `jitter` is 0 to 1; `not_before` is what the site itself asked for."""
    if failures == 0:
        due = max(started + every, now)
    else:
        pause = min(every * 2.0 ** min(failures, 20), max(_LONGEST_PAUSE, every))
        due = now + pause * (1 - _SPREAD * jitter)
    return max(due, now + min(not_before, _LONGEST_OBEYED)) if not_before else due


def patience(every: timedelta) -> timedelta:
    """How late the turn of a source with this interval may be before it counts as missed."""
    return 2 * every + _GRACE


class SourceCatalogue:
    """The table `sources`, one row for each source that was ever crawled."""

    def __init__(self, database: Database, *, jitter: Callable[[], float] = random.random) -> None:
        self.database, self.jitter = database, jitter

    def due(self, sources: Sequence[SourceSettings], now: datetime) -> list[SourceSettings]:
        """Those whose turn has come, the longest waiting first; paused ones wait until they are resumed.

        A last crawl in the future tells of a clock that was set back since: the turn that follows from it is no
        promise, and the source is due.
        """
        known = self.statuses()
        waiting: list[tuple[bool, datetime, SourceSettings]] = []
        for source in sources:
            status = known.get(source.id)
            if status and (status.state == "paused" or _rests(status, now)):
                continue
            turn = status.next_run if status else None
            waiting.append((turn is not None, turn or now, source))
        return [source for *_, source in sorted(waiting, key=lambda entry: entry[:2])]

    def status(self, source: str) -> SourceStatus | None:
        """How one source stands; `None` before its first crawl."""
        with self.database.read() as connection:
            return _status(connection, source)

    def statuses(self) -> dict[str, SourceStatus]:
        """How all sources stand that were ever crawled, by id."""
        with self.database.read() as connection:
            return {row["id"]: _from_row(row) for row in connection.execute(select(table)).mappings()}

    def begin(self, sources: Iterable[str], *, now: datetime) -> None:
        """Note the first crawl of each new source; must come before its first post is kept (`SourceStatus.added`)."""
        blank = {"added": now, "cursor": {}, "failures": 0, "posts_seen": 0}
        rows = [{"id": source, **blank} for source in dict.fromkeys(sources)]
        if rows:
            with self.database.write() as connection:
                connection.execute(_insert(connection.dialect)(table).on_conflict_do_nothing(), rows)

    def record(self, report: SourceReport, source: SourceSettings, *, now: datetime) -> SourceStatus:
        """Write down how a crawl ended, move the cursor if the report has one, and set the next turn.

        State and crawl enter the source's history with it.
        """
        self.begin([source.id], now=report.started)
        with self.database.write() as connection:
            before = _status(connection, source.id)
            assert before is not None
            if before.last_run and before.last_run > now + history.SKEW:
                history.forget_future(connection, source.id, now=now)
            failures = before.failures + 1 if report.failed else 0
            due = before.next_run or (before.last_run + source.every if before.last_run else report.started)
            missed = report.started - due > patience(source.every) and history.note_gap(
                connection, source.id, since=due, now=report.started
            )
            values: dict[str, Any] = {
                "state": report.state,
                "reason": report.reason,
                "since": before.since if before.state == report.state and not missed else now,
                "proof": report.proof,
                "last_run": report.started,
                # A crawl that moves the cursor was believed, even if nobody may come back for a while.
                "last_ok": before.last_ok if report.failed and report.cursor is None else now,
                "next_run": next_run(
                    every=source.every,
                    # What can be read in part must not be late because of the other part.
                    failures=min(failures, 1) if report.readable else failures,
                    started=report.started,
                    now=now,
                    jitter=self.jitter(),
                    not_before=report.retry_after,
                ),
                "failures": failures,
                "posts_seen": before.posts_seen + report.new,
            }
            if report.cursor is not None:
                values["cursor"] = dict(report.cursor)
            connection.execute(update(table).where(table.c.id == source.id).values(values))
            history.enter(
                connection,
                source.id,
                state=report.state,
                failed=report.failed,
                reason=report.reason,
                proof=report.proof,
                now=now,
                anew=report.lost is not None,
            )
            history.add_run(connection, report, robots=source.ignore_robots_because or history.OBEYED, now=now)
            after = _status(connection, source.id)
            assert after is not None
            return after

    def reschedule_now(self, sources: Sequence[str]) -> int:
        """Make it these sources' turn at once. Returns how many were waiting; an unknown one is due anyway."""
        with self.database.write() as connection:
            mine = update(table).where(table.c.id.in_(sources), table.c.next_run.is_not(None))
            return connection.execute(mine.values(next_run=None)).rowcount

    def pause(self, source: str, *, reason: str, now: datetime) -> None:
        """Crawl a source no more until it is resumed. The cursor stays."""
        self.begin([source], now=now)
        with self.database.write() as connection:
            _set_state(connection, source, "paused", reason, now)
            history.enter(connection, source, state="paused", failed=False, reason=reason, proof=None, now=now)

    def resume(self, source: str, *, now: datetime) -> None:
        """Let a paused source take its turn at once. Raise `NotFound` for one that was never seen."""
        with self.database.write() as connection:
            _set_state(connection, source, None, None, now)
            history.leave(connection, source, now=now)


def _set_state(
    connection: Connection, source: str, state: SourceState | None, reason: str | None, now: datetime
) -> None:
    values = {"state": state, "reason": reason, "since": now, "proof": None, "next_run": None}
    if not connection.execute(update(table).where(table.c.id == source).values(values)).rowcount:
        raise NotFound(f"没有信源 {source}")


def _rests(status: SourceStatus, now: datetime) -> bool:
    if status.next_run is None or status.next_run <= now:
        return False
    return status.last_run is None or status.last_run <= now + history.SKEW


def _status(connection: Connection, source: str) -> SourceStatus | None:
    row = connection.execute(select(table).where(table.c.id == source)).mappings().first()
    return _from_row(row) if row else None


def _from_row(row: RowMapping) -> SourceStatus:
    return SourceStatus(**row)


def _insert(dialect: Dialect) -> Any:
    return postgresql.insert if dialect.name == "postgresql" else sqlite.insert
