"""What each source went through: its states as episodes, its crawls as runs. What we expect of it is learnt from these.

An episode is a stretch of time in one state; of each source exactly one is open. A run is one crawl of one source. Both
are written in the transaction that moves the source's row in the catalogue.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, delete, func, insert, or_, select, update

from core.database import Database
from core.model import SourceState, require_aware
from core.schema import source_runs, source_states
from crawlers.reports import SourceReport

#: Older runs say nothing about today.
KEEP_RUNS = timedelta(days=60)
#: What lies further ahead than this was noted by a clock that has been set back since.
SKEW = timedelta(minutes=5)
#: How the reason of a stretch begins in which nobody crawled a source although its turn had come.
OVERDUE = "该到采集时间却没有采集"
#: What a run says of robots.txt where it was obeyed.
OBEYED = "obeyed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """A stretch of time that a source spent in one state."""

    number: int
    source: str
    state: SourceState
    #: Whether something was wrong: an empty list may be believed or not.
    failed: bool
    #: One Chinese sentence, from the crawl with which it began.
    reason: str
    #: Vault address of the response that decided it.
    proof: str | None
    since: datetime
    #: When it ended; `None` while it lasts.
    until: datetime | None
    #: When people were told that it began.
    told: datetime | None

    def __post_init__(self) -> None:
        require_aware(self, since=self.since, until=self.until, told=self.told)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One crawl of one source."""

    started: datetime
    ended: datetime
    state: SourceState
    pages: int
    posts: int
    new: int
    changed: int
    #: Share of the posts read that had each field: {"author": 1.0, "published": 0.98, …}.
    filled: Mapping[str, float]
    #: "obeyed", or the operator's reason not to.
    robots: str

    def __post_init__(self) -> None:
        require_aware(self, started=self.started, ended=self.ended)


class SourceHistory:
    """The tables `source_states` and `source_runs`, read."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def episodes(self, since: datetime, until: datetime, sources: Sequence[str] | None = None) -> list[Episode]:
        """Episodes that touch `since <= time < until`, of these sources or of all, oldest first."""
        with self.database.read() as connection:
            return read_episodes(connection, since, until, sources)

    def open_episodes(self) -> dict[str, Episode]:
        """The episode that each source is in, by source."""
        wanted = select(source_states).where(source_states.c.until.is_(None)).order_by(source_states.c.number)
        with self.database.read() as connection:
            return {row["source"]: Episode(**row) for row in connection.execute(wanted).mappings()}

    def runs(self, source: str, since: datetime) -> list[Run]:
        """The crawls of one source that started from `since` on, oldest first."""
        wanted = select(*_RUN).where(source_runs.c.source == source, source_runs.c.started >= since)
        with self.database.read() as connection:
            rows = connection.execute(wanted.order_by(source_runs.c.started, source_runs.c.number)).mappings()
            return [Run(**row) for row in rows]

    def readings(self, source: str, limit: int) -> list[Run]:
        """The latest crawls of one source that read posts, oldest first."""
        wanted = select(*_RUN).where(source_runs.c.source == source, source_runs.c.posts > 0)
        latest = wanted.order_by(source_runs.c.started.desc(), source_runs.c.number.desc()).limit(limit)
        with self.database.read() as connection:
            return [Run(**row) for row in connection.execute(latest).mappings()][::-1]

    def last_new(self, source: str) -> datetime | None:
        """When the latest crawl started that found something new; `None` where no kept run did."""
        wished = select(func.max(source_runs.c.started, type_=source_runs.c.started.type))
        with self.database.read() as connection:
            latest: datetime | None = connection.scalar(
                wished.where(source_runs.c.source == source, source_runs.c.new > 0)
            )
        return latest

    def last_robots(self) -> dict[str, str]:
        """What the latest run of each source said of robots.txt."""
        latest = select(func.max(source_runs.c.number)).group_by(source_runs.c.source)
        wanted = select(source_runs.c.source, source_runs.c.robots).where(source_runs.c.number.in_(latest))
        with self.database.read() as connection:
            return {row.source: row.robots for row in connection.execute(wanted)}

    def found(self, since: datetime, source: str | None = None) -> dict[str, int]:
        """How many new posts each source, or this one, brought in runs from `since` on."""
        wanted = (
            select(source_runs.c.source, func.sum(source_runs.c.new))
            .where(source_runs.c.started >= since)
            .group_by(source_runs.c.source)
        )
        if source is not None:
            wanted = wanted.where(source_runs.c.source == source)
        with self.database.read() as connection:
            return {key: int(new) for key, new in connection.execute(wanted)}


def read_episodes(
    connection: Connection, since: datetime, until: datetime, sources: Sequence[str] | None = None
) -> list[Episode]:
    """Episodes that touch `since <= time < until`, oldest first, as the caller's transaction sees them."""
    lasts = or_(source_states.c.until.is_(None), source_states.c.until > since)
    wanted = select(source_states).where(and_(source_states.c.since < until, lasts))
    if sources is not None:
        wanted = wanted.where(source_states.c.source.in_(sources))
    rows = connection.execute(wanted.order_by(source_states.c.since, source_states.c.number)).mappings()
    return [Episode(**row) for row in rows]


def enter(
    connection: Connection,
    source: str,
    *,
    state: SourceState,
    failed: bool,
    reason: str,
    proof: str | None,
    now: datetime,
    anew: bool = False,
) -> None:
    """Note the state a source is in: its open episode goes on, or ends and another begins.

    With `anew` another begins even in the same state: there is something to say that must not be lost.
    """
    mine = (source_states.c.source == source, source_states.c.until.is_(None))
    open_now = connection.execute(select(source_states).where(*mine)).mappings().all()
    if not anew and any(row["state"] == state and row["failed"] == failed for row in open_now):
        return
    connection.execute(update(source_states).where(*mine).values(until=now))
    values: dict[str, Any] = {"source": source, "state": state, "failed": failed, "reason": reason, "proof": proof}
    connection.execute(insert(source_states).values(**values, since=now, until=None, told=None))


def note_gap(connection: Connection, source: str, *, since: datetime, now: datetime) -> bool:
    """Nobody crawled a source that was well from `since` to `now`: the product was off. Ends the open episode.

    Told to nobody, for whoever switched it off knows; but the days it covers must not look as if they had been watched.
    Returns whether there was such a stretch: an outage or a pause that is noted already goes on.
    """
    mine = (source_states.c.source == source, source_states.c.until.is_(None), source_states.c.failed.is_(False))
    ended = update(source_states).where(*mine, source_states.c.state != "paused", source_states.c.since <= since)
    found = connection.execute(ended.values(until=since)).rowcount > 0
    if found:
        values = {
            "state": "down",
            "failed": True,
            "reason": f"{OVERDUE}，系统可能没有运行",
            "proof": None,
            "told": None,
        }
        connection.execute(insert(source_states).values(source=source, since=since, until=now, **values))
    return found


def forget_future(connection: Connection, source: str, *, now: datetime) -> None:
    """What a clock noted that ran ahead and was set back since never happened."""
    ahead = now + SKEW
    connection.execute(delete(source_states).where(source_states.c.source == source, source_states.c.since > ahead))
    lasts = (source_states.c.source == source, source_states.c.until > ahead)
    connection.execute(update(source_states).where(*lasts).values(until=now))
    connection.execute(delete(source_runs).where(source_runs.c.source == source, source_runs.c.started > ahead))


def leave(connection: Connection, source: str, *, now: datetime) -> None:
    """End a source's open episode: nothing is known of it until its next crawl."""
    mine = (source_states.c.source == source, source_states.c.until.is_(None))
    connection.execute(update(source_states).where(*mine).values(until=now))


def add_run(connection: Connection, report: SourceReport, *, robots: str, now: datetime) -> None:
    """Note a crawl, and forget those that are too old to say anything."""
    columns = ("source", "started", "ended", "state", "pages", "posts", "new", "changed")
    values = {name: getattr(report, name) for name in columns}
    connection.execute(insert(source_runs).values(**values, filled=dict(report.filled), robots=robots))
    old = source_runs.c.started < now - KEEP_RUNS
    connection.execute(delete(source_runs).where(source_runs.c.source == report.source, old))


_RUN = [source_runs.c[name] for name in Run.__dataclass_fields__]
