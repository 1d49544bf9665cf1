"""News about the sources themselves: one that cannot be read is told once, its recovery once, a cookie's end once.

Everything is decided inside one write transaction from the sources' history, and what was told is noted in it. A crash
leaves either both the messages and the note, or neither; two crawls that end together tell once.
"""

from __future__ import annotations

import hashlib
import logging
from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select, update

from alerts import source_words
from alerts.messages import MessageRows
from alerts.outages import recovery, to_tell
from core.database import Database
from core.schema import source_runs, source_states, sources
from core.settings import Settings, SourceSettings
from crawlers.cookies import cookies_of
from crawlers.history import Episode, enter, read_episodes
from crawlers.sources import patience

log = logging.getLogger("tingfeng.alerts")

#: Episodes that ended longer ago decide nothing.
_MEMORY = timedelta(days=7)
#: Without any crawl for so long the product was not running, and nothing was overdue.
_HEARTBEAT = timedelta(minutes=30)


def raise_source_alarms(database: Database, settings: Settings, *, now: datetime) -> int:
    """Queue what people must hear about the watched sources now; returns how many messages are new. Safe to repeat."""
    desk = _Desk(database, settings, now)
    with database.write() as connection:
        _note_overdue(connection, settings, now)
        told = desk.tell_all(connection)
    if told:
        log.info("source_alarms", extra={"messages": told})
    return told


class _Desk:
    """One look at all sources."""

    def __init__(self, database: Database, settings: Settings, now: datetime) -> None:
        self.settings, self.now = settings, now
        self.rows = MessageRows(database)

    def tell_all(self, connection: Connection) -> int:
        watched = [source.id for source in self.settings.sources]
        episodes: dict[str, list[Episode]] = defaultdict(list)
        for episode in read_episodes(connection, self.now - _MEMORY, self.now + timedelta(seconds=1), watched):
            episodes[episode.source].append(episode)
        known = {row["id"]: dict(row) for row in connection.execute(select(sources)).mappings()}
        return sum(
            self._tell(connection, source, episodes[source.id], known.get(source.id))
            for source in self.settings.sources
        )

    def _tell(
        self, connection: Connection, source: SourceSettings, episodes: list[Episode], row: Mapping[str, Any] | None
    ) -> int:
        """How many messages about this source are new."""
        told = self._cookie(connection, source)
        failing = to_tell(episodes, now=self.now, down_after=self.settings.health.down_after)
        if failing:
            note = source_words.failing(source, failing, row, settings=self.settings)
            told += self._put(connection, f"source:{source.id}:{failing.number}", note)
            mine = update(source_states).where(source_states.c.number == failing.number)
            connection.execute(mine.values(told=self.now))
        works = recovery(episodes)
        if works:
            note = source_words.recovered(source, works, episodes[-1], settings=self.settings)
            told += self._put(connection, f"source:{source.id}:{works.told.number}:recovered", note)
        return told

    def _cookie(self, connection: Connection, source: SourceSettings) -> int:
        cookies = cookies_of(source, now=self.now)
        ends = cookies.expires if cookies else None
        if ends is None or ends - self.now > self.settings.health.cookie_warning:
            return 0
        note = source_words.cookie_ends(source, ends, now=self.now, settings=self.settings)
        return self._put(connection, f"cookie:{source.id}:{ends.isoformat()}", note)

    def _put(self, connection: Connection, about: str, body: Mapping[str, Any]) -> int:
        subject = hashlib.sha256(about.encode()).hexdigest()
        to, now = self.settings.health.to, self.now
        return self.rows.put(connection, subject, to, kind="source", due=now, now=now, body=body)


def _note_overdue(connection: Connection, settings: Settings, now: datetime) -> None:
    """A source that nobody crawls although its turn came is as good as down, and its history says so."""
    known = {row.id: row for row in connection.execute(select(sources))}
    awake = None
    for source in settings.sources:
        row, bearable = known.get(source.id), patience(source.every)
        if row is not None and row.state == "paused":
            continue
        due = (row.next_run or max(row.last_run or row.added, row.since or row.added)) if row else None
        if due is not None and now - due <= bearable:
            continue
        awake = awake or _awake_since(connection, settings, now)
        began = max(due or awake, awake)
        if now - began > bearable:
            reason = source_words.overdue(due, settings.zone)
            enter(connection, source.id, state="down", failed=True, reason=reason, proof=None, now=began)


def _awake_since(connection: Connection, settings: Settings, now: datetime) -> datetime:
    """From when on the product has been crawling without a break, as far as its runs tell."""
    beat = max(_HEARTBEAT, 2 * min(source.every for source in settings.sources))
    furthest = now - max(4 * max(source.every for source in settings.sources), timedelta(days=1))
    wanted = select(source_runs.c.started).where(source_runs.c.started >= furthest, source_runs.c.started <= now)
    awake = now
    for started in connection.scalars(wanted.distinct().order_by(source_runs.c.started.desc())):
        if awake - started > beat:
            break
        awake = started
    return awake
