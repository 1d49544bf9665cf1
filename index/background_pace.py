"""How many negative mentions of each subject each site shows, hour by hour: what "unusual" is measured against.

The counts of the last weeks are read in one statement and kept; those of the last hours are read every minute, and what
this process judges meanwhile is added at once. Other workers' mentions are therefore seen a minute later, at most.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache

from sqlalchemy import ColumnElement, Connection, String, and_, cast, func, or_, select

from analysis.background import Asked, Pace
from core.database import Database
from core.schema import posts, verdicts

_DAYS = 28
_HOUR = timedelta(hours=1)
_SLOW = timedelta(minutes=30)
_FAST = timedelta(minutes=1)
_DAY_HOURS = 24
_SECONDS = 3600

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
        self._read_days: dict[str, set[int]] = {}
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
                self._read_days = _read_days(connection, now - timedelta(days=_DAYS + 1))
                self._slow = now
            self._recent = self._read_recent(connection, now)
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
        days = self._read_days.get(site, set())
        past, recent = self._past.by_hour.get((site, subject)), self._recent.by_hour.get((site, subject))

        def within(last: int) -> int:
            window = range(last - self.hours + 1, last + 1)
            return sum(tally[one] for tally in (past, recent) if tally for one in window if one in tally)

        earlier = tuple(
            within(hour - back * _DAY_HOURS) if (hour // _DAY_HOURS - back) in days else None
            for back in range(1, _DAYS + 1)
        )
        return Pace(subject=subject, site=site, hours=self.hours, count=within(hour), earlier=earlier)

    def _read_past(self, connection: Connection, now: datetime) -> _Tallies:
        since = now - timedelta(days=_DAYS + 1)
        hour, subjects = func.substr(cast(_when, String), 1, 13), cast(verdicts.c.subjects, String)
        wanted = (
            select(posts.c.site, hour.label("hour"), subjects.label("subjects"), func.count().label("mentions"))
            .join(verdicts, verdicts.c.id == posts.c.id)
            .where(_between(since, _moment(self._floor, now)), self._is_counted())
            .group_by(posts.c.site, hour, subjects)
        )
        tallies = _Tallies()
        for row in connection.execute(wanted):
            for subject in json.loads(row.subjects):
                tallies.by_hour[row.site, subject][_hour_named(row.hour)] += row.mentions
        return tallies

    def _read_recent(self, connection: Connection, now: datetime) -> _Tallies:
        wanted = (
            select(posts.c.id, posts.c.site, _when.label("moment"), posts.c.collected, verdicts.c.subjects)
            .join(verdicts, verdicts.c.id == posts.c.id)
            .where(_between(_moment(self._floor, now), None), self._is_counted())
        )
        tallies = _Tallies()
        for row in connection.execute(wanted):
            tallies.add(row.id, row.site, row.subjects, _hour(min(row.moment, row.collected)))
        return tallies

    def _is_counted(self) -> ColumnElement[bool]:
        return and_(verdicts.c.negative >= self._negative_from, cast(verdicts.c.subjects, String) != "[]")


#: `Post.when`, in SQL.
_when = func.coalesce(posts.c.published, posts.c.collected, type_=posts.c.collected.type)


def _between(since: datetime, until: datetime | None) -> ColumnElement[bool]:
    """`since <= Post.when < until`, spelled so that the indexes of both columns serve it."""
    shown, unknown = [posts.c.published >= since], [posts.c.published.is_(None), posts.c.collected >= since]
    if until is not None:
        shown.append(posts.c.published < until)
        unknown.append(posts.c.collected < until)
    return or_(and_(*shown), and_(*unknown))


def _read_days(connection: Connection, since: datetime) -> dict[str, set[int]]:
    """By site: the days (since 1970, UTC) on which anything of it was read; on the others we know nothing."""
    day = func.substr(cast(posts.c.collected, String), 1, 10)
    wanted = select(posts.c.site, day.label("day")).where(posts.c.collected >= since).group_by(posts.c.site, day)
    found: dict[str, set[int]] = defaultdict(set)
    for row in connection.execute(wanted):
        found[row.site].add(_hour_named(f"{row.day} 00") // _DAY_HOURS)
    return dict(found)


def _is_old(read: datetime | None, now: datetime, age: timedelta) -> bool:
    return read is None or not timedelta() <= now - read < age


def _hour(moment: datetime) -> int:
    return int(moment.timestamp()) // _SECONDS


def _moment(hour: int, like: datetime) -> datetime:
    return datetime.fromtimestamp(hour * _SECONDS, tz=like.tzinfo)


@cache
def _hour_named(text: str) -> int:
    """The hour of "2026-03-15 12", as databases write the beginning of a time in UTC."""
    return _hour(datetime.fromisoformat(f"{text.replace('T', ' ')}:00:00+00:00"))
