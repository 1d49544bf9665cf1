"""How many negative mentions of each subject each site shows, hour by hour: what "unusual" is measured against.

The counts of the last weeks are read in one statement and kept; those of the last hours are read every minute, and what
this process judges meanwhile is added at once. Other workers' mentions are therefore seen a minute later, at most.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache

from sqlalchemy import ColumnElement, Connection, String, cast, func, literal_column, select

from analysis.background import Asked, Pace
from core.database import Database
from core.schema import event_posts, posts, verdicts

_DAYS = 28
_SLOW = timedelta(minutes=30)
_FAST = timedelta(minutes=1)
_DAY_HOURS = 24
_SECONDS = 3600
#: How long after it was fetched a post may be stored, at the latest; clocks of several machines differ, too.
_LATE = timedelta(days=1)

#: (site, subject)
_Key = tuple[str, str]


@dataclass(slots=True)
class _Tallies:
    """Counts by hour since 1970."""

    by_hour: dict[_Key, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    #: Which (post, subject) are counted, where that is known.
    counted: set[tuple[str, str]] = field(default_factory=set)

    def add(self, post: str, site: str, subjects: Sequence[str], hour: int) -> None:
        for subject in subjects:
            if (post, subject) not in self.counted:
                self.counted.add((post, subject))
                self.by_hour[site, subject][hour] += 1


class PaceKeeper:
    """The tallies of one process."""

    def __init__(self, database: Database, *, hours: int, negative_from: float) -> None:
        self.database = database
        self.hours = hours
        self._negative_from = negative_from
        #: Everything before `_floor`, by hour; and the hours from there on, post by post.
        self._past = _Tallies()
        self._recent = _Tallies()
        self._floor = 0
        #: What was counted of the past already, by site, subject and hour.
        self._earlier: dict[tuple[str, str, int], tuple[int | None, ...]] = {}
        self._read_days: dict[str, set[int]] = defaultdict(set)
        self._days_until: datetime | None = None
        self._slow: datetime | None = None
        self._fast: datetime | None = None

    def refresh(self, now: datetime) -> None:
        """Read the weeks every half hour and the last hours every minute; a clock set back reads both."""
        is_slow, is_fast = _is_old(self._slow, now, _SLOW), _is_old(self._fast, now, _FAST)
        if not is_slow and not is_fast:
            return
        with self.database.read() as connection:
            if is_slow:
                self._floor = _hour(now) - self.hours
                self._past = self._read_past(connection, now)
                self._note_read_days(connection, now)
                self._earlier.clear()
                self._slow = now
            self._recent = self._read_recent(connection)
            self._fast = now

    def note(self, asked: Sequence[Asked]) -> None:
        """Count mentions that are being judged right now."""
        for one in asked:
            hour = _hour(min(one.post.when, one.post.collected))
            if one.negative >= self._negative_from and hour >= self._floor:
                self._recent.add(one.post.id, one.post.site, one.subjects, hour)

    def around(self, asked: Asked) -> tuple[Pace, ...]:
        """The pace of each of its subjects on its site, at its time."""
        hour = _hour(min(asked.post.when, asked.post.collected))
        return tuple(self._pace(asked.post.site, subject, hour) for subject in asked.subjects)

    def _pace(self, site: str, subject: str, hour: int) -> Pace:
        key = site, subject
        count = sum(_within(tallies.by_hour.get(key), hour, self.hours) for tallies in (self._past, self._recent))
        earlier = self._earlier.get((site, subject, hour))
        if earlier is None:
            earlier = self._earlier[site, subject, hour] = self._days_before(key, hour)
        return Pace(subject=subject, site=site, hours=self.hours, count=count, earlier=earlier)

    def _days_before(self, key: _Key, hour: int) -> tuple[int | None, ...]:
        """The same hours of the days before; those lie before `_floor`, so only the past is asked."""
        days, past = self._read_days.get(key[0], ()), self._past.by_hour.get(key)
        return tuple(
            _within(past, hour - back * _DAY_HOURS, self.hours) if hour // _DAY_HOURS - back in days else None
            for back in range(1, _DAYS + 1)
        )

    def _read_past(self, connection: Connection, now: datetime) -> _Tallies:
        hour, subjects = _beginning(event_posts.c.published, "13"), cast(verdicts.c.subjects, String)
        wanted = (
            select(posts.c.site, hour.label("hour"), subjects.label("subjects"), func.count().label("mentions"))
            .select_from(_MENTIONS)
            .where(
                event_posts.c.published >= now - timedelta(days=_DAYS + 1),
                event_posts.c.published < _moment(self._floor),
                verdicts.c.negative >= self._negative_from,
            )
            .group_by(posts.c.site, hour, subjects)
        )
        tallies = _Tallies()
        for row in connection.execute(wanted):
            for subject in json.loads(row.subjects):
                tallies.by_hour[row.site, subject][_hour_named(row.hour)] += row.mentions
        return tallies

    def _read_recent(self, connection: Connection) -> _Tallies:
        wanted = (
            select(posts.c.id, posts.c.site, event_posts.c.published, verdicts.c.subjects)
            .select_from(_MENTIONS)
            .where(event_posts.c.published >= _moment(self._floor), verdicts.c.negative >= self._negative_from)
        )
        tallies = _Tallies()
        for row in connection.execute(wanted):
            tallies.add(row.id, row.site, row.subjects, _hour(row.published))
        return tallies

    def _note_read_days(self, connection: Connection, now: datetime) -> None:
        """Note the days (since 1970, UTC) on which anything of a site was read; on the others we know nothing.

        When a post was first fetched never changes: only what was fetched since the last time is looked at.
        """
        since = self._days_until or now - timedelta(days=_DAYS + 1)
        day = _beginning(posts.c.collected, "10")
        wanted = select(posts.c.site, day.label("day")).where(posts.c.collected >= since).group_by(posts.c.site, day)
        for row in connection.execute(wanted):
            self._read_days[row.site].add(_hour_named(f"{row.day} 00") // _DAY_HOURS)
        self._days_until = now - _LATE


#: Who has an event has a subject and speaks badly, or of trouble: far fewer than all posts, and indexed by time.
_MENTIONS = event_posts.join(posts, posts.c.id == event_posts.c.post).join(
    verdicts, verdicts.c.id == event_posts.c.post
)


def _beginning(moment: ColumnElement[datetime], letters: str) -> ColumnElement[str]:
    """How databases write a time in UTC: "2026-03-15 12" are 13 letters.

    The numbers are literals: PostgreSQL does not see that an expression with parameters is the one it groups by.
    """
    return func.substr(cast(moment, String), literal_column("1"), literal_column(letters))


def _within(tally: Counter[int] | None, last: int, hours: int) -> int:
    """How many there were in the hours that end with the last one."""
    return sum(tally[hour] for hour in range(last - hours + 1, last + 1) if hour in tally) if tally else 0


def _is_old(read: datetime | None, now: datetime, age: timedelta) -> bool:
    return read is None or not timedelta() <= now - read < age


def _hour(moment: datetime) -> int:
    return int(moment.timestamp()) // _SECONDS


def _moment(hour: int) -> datetime:
    return datetime.fromtimestamp(hour * _SECONDS, tz=UTC)


@cache
def _hour_named(text: str) -> int:
    """The hour of "2026-03-15 12", as databases write the beginning of a time in UTC."""
    return _hour(datetime.fromisoformat(f"{text.replace('T', ' ')}:00:00+00:00"))
