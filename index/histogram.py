"""Counts by day or hour as bars over time: no gap where nothing was said, and never more bars than fit on a page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice

#: Bars that are still wide enough to be pointed at.
MOST_BARS = 62
#: So many days at most are drawn hour by hour.
HOURLY_DAYS = 2
_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One bar: the days it stands for, both included; of an hour its day."""

    label: str
    first: date
    last: date
    count: int


def day_bars(counts: Mapping[str, int], *, most: int = MOST_BARS) -> tuple[Bar, ...]:
    """Bars of days, or of weeks, months or years where there would be more than `most`; `counts` is by "2026-03-14"."""
    days = {date.fromisoformat(day): count for day, count in counts.items()}
    if not days:
        return ()
    first, last = min(days), max(days)
    for unit in _UNITS:
        starts = list(islice(_steps(unit.start_of(first), last, unit.following), most + 1))
        if len(starts) <= most:
            break
    else:
        starts = list(_steps(date(max(first.year, last.year - most + 1), 1, 1), last, unit.following))
    totals: Counter[date] = Counter()
    for day, count in days.items():
        totals[unit.start_of(day)] += count
    return tuple(
        Bar(label=unit.label(start), first=start, last=_before(unit.following(start)), count=totals[start])
        for start in starts
    )


def hour_bars(counts: Mapping[str, int]) -> tuple[Bar, ...]:
    """Bars of all hours of the days that occur in `counts`, which is by "2026-03-14T23"; hours of one or two days."""
    hours = {datetime.fromisoformat(f"{hour}:00"): count for hour, count in counts.items()}
    days = sorted({hour.date() for hour in hours})
    return tuple(
        Bar(label=f"{hour:%m-%d %H} 时", first=day, last=day, count=hours.get(hour, 0))
        for day in days[:HOURLY_DAYS]
        for hour in (datetime.combine(day, datetime.min.time()) + number * _HOUR for number in range(24))
    )


def _steps(first: date, last: date, next_start: Callable[[date], date]) -> Iterator[date]:
    while first <= last:
        yield first
        following = next_start(first)
        if following <= first:  # the last year that a date can say
            return
        first = following


def _before(day: date) -> date:
    return day - _DAY if day > date.min else day


def _next_day(day: date) -> date:
    return day + _DAY if day < date.max else day


def _week(day: date) -> date:
    return day - min(day.weekday() * _DAY, day - date.min)


def _next_week(day: date) -> date:
    return day + min(7 * _DAY, date.max - day)


def _month(day: date) -> date:
    return day.replace(day=1)


def _next_month(day: date) -> date:
    if day.month < 12:
        return day.replace(month=day.month + 1)
    return _next_year(day)


def _year(day: date) -> date:
    return day.replace(month=1, day=1)


def _next_year(day: date) -> date:
    return date(day.year + 1, 1, 1) if day.year < date.max.year else date.max


@dataclass(frozen=True, slots=True)
class _Unit:
    start_of: Callable[[date], date]
    following: Callable[[date], date]
    label: Callable[[date], str]


_UNITS = (
    _Unit(lambda day: day, _next_day, date.isoformat),
    _Unit(_week, _next_week, lambda day: f"{day} 起一周"),
    _Unit(_month, _next_month, lambda day: f"{day:%Y-%m}"),
    _Unit(_year, _next_year, lambda day: f"{day.year} 年"),
)
