"""The shapes of dates in a search, each with what it means: 昨天, 上个月, 近7天, 2026-03, 3月15日 20:00."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta

from core.durations import BadDuration, parse_duration
from core.moments import small_number
from core.times import parse_when
from index.calendar import EARLIEST, LATEST, Calendar, Span

_DAY, _WEEK = timedelta(days=1), timedelta(days=7)


def span_of(text: str, calendar: Calendar) -> Span | None:
    """The time that a folded text names; `None` where it is no date. Raise `ValueError` for a day that does not exist.

    So many days, weeks, months or years back are whole days and include today; minutes and hours are counted from now.
    """
    text = text.strip()
    if within := _NAMED.get(text):
        return calendar.days(*within(calendar.today))
    if found := _OF_YEAR.match(text):
        text = f"{calendar.today.year - _YEARS_BACK[found[0]]}年{text[found.end() :]}"
    for shape, read in _SHAPES:
        if found := shape.fullmatch(text):
            return read(found, calendar)
    return _as_on_pages(text, calendar)


def _days_back(back: int) -> Callable[[date], tuple[date, date]]:
    return lambda today: (today - back * _DAY, today - (back - 1) * _DAY)


def _weeks_back(back: int) -> Callable[[date], tuple[date, date]]:
    def week(today: date) -> tuple[date, date]:
        monday = today - today.weekday() * _DAY - back * _WEEK
        return monday, monday + _WEEK

    return week


def _months_back(back: int, length: int = 1) -> Callable[[date], tuple[date, date]]:
    """So many spans of `length` months back; spans begin with the year."""

    def months(today: date) -> tuple[date, date]:
        number = today.year * 12 + (today.month - 1) // length * length - back * length
        return _first_of(number), _first_of(number + length)

    return months


def _first_of(number: int) -> date:
    """The first day of a month that is numbered from the year 0 on."""
    return date(number // 12, number % 12 + 1, 1)


def _named(
    *rows: tuple[str, Callable[[date], tuple[date, date]]],
) -> Mapping[str, Callable[[date], tuple[date, date]]]:
    return {word: meaning for words, meaning in rows for word in words.split()}


_NAMED = _named(
    ("今天 今日 today", _days_back(0)),
    ("昨天 昨日 yesterday", _days_back(1)),
    ("前天 前日", _days_back(2)),
    ("大前天", _days_back(3)),
    ("本周 这周 本星期 这星期 这个星期", _weeks_back(0)),
    ("上周 上星期 上个星期 上礼拜", _weeks_back(1)),
    ("上上周 上上星期 上上个星期", _weeks_back(2)),
    ("本月 这个月", _months_back(0)),
    ("上月 上个月", _months_back(1)),
    ("上上月 上上个月", _months_back(2)),
    ("本季 本季度 这个季度", _months_back(0, 3)),
    ("上季 上季度 上个季度", _months_back(1, 3)),
    ("今年 本年", _months_back(0, 12)),
    ("去年 上年", _months_back(1, 12)),
    ("前年", _months_back(2, 12)),
)


def _recent(found: re.Match[str], calendar: Calendar) -> Span:
    """The last so many units; at least one."""
    count, unit = small_number(found["n"]) + (0.5 if found["half"] else 0), found["unit"]
    if not count:
        raise ValueError(found[0])
    if unit in _HOURS:
        return calendar.back(timedelta(hours=count * _HOURS[unit]))
    if unit in ("天", "日") and count < 1:
        return calendar.back(timedelta(hours=24 * count))
    if unit in _DAYS:
        return calendar.since_day(calendar.today - (math.ceil(count * _DAYS[unit]) - 1) * _DAY)
    months = count * _MONTHS[unit]
    if months < 1:
        return calendar.since_day(calendar.today - 14 * _DAY)  # 近半个月 is 15 days, as people count it
    start = _same_day(calendar.today, back=int(months))
    return calendar.since_day(start - 15 * _DAY if months % 1 else start)


def _same_day(today: date, *, back: int) -> date:
    """The same day of an earlier month, or that month's last."""
    first = _first_of(today.year * 12 + today.month - 1 - back)
    last = _first_of(first.year * 12 + first.month) - _DAY
    return min(first + (today.day - 1) * _DAY, last)


_YEARS_BACK = {"今年": 0, "去年": 1, "前年": 2}
#: 去年3月, 去年12月25日.
_OF_YEAR = re.compile(r"[今去前]年(?=\d{1,2}月)", re.ASCII)
_HOURS = {"分钟": 1 / 60, "小时": 1.0, "钟头": 1.0}
_DAYS = {"天": 1, "日": 1, "周": 7, "星期": 7, "礼拜": 7}
_MONTHS = {"月": 1, "季度": 3, "年": 12}


def _year(found: re.Match[str], calendar: Calendar) -> Span:
    year = _checked(found["y"])
    return calendar.days(date(year, 1, 1), date(year + 1, 1, 1))


def _month(found: re.Match[str], calendar: Calendar) -> Span:
    first = date(_checked(found["y"]), int(found["m"]), 1)
    return calendar.days(*_months_back(0)(first))


def _month_alone(found: re.Match[str], calendar: Calendar) -> Span:
    """A month without its year is the latest that has begun."""
    month, today = int(found["m"]), calendar.today
    return calendar.days(*_months_back(0)(date(today.year - (month > today.month), month, 1)))


def _day(found: re.Match[str], calendar: Calendar) -> Span:
    day = date(_checked(found["y"]), int(found["m"]), int(found["d"]))
    return calendar.days(day, day + _DAY)


def _checked(year: str) -> int:
    if not EARLIEST <= int(year) <= LATEST:
        raise ValueError(year)
    return int(year)


def _moment(found: re.Match[str], calendar: Calendar) -> Span:
    """A clock's reading, without an offset in the operator's zone; it lasts as long as its last digit."""
    when = datetime.fromisoformat(found[0].upper())
    length = timedelta(milliseconds=1) if found["f"] else timedelta(seconds=1) if found["s"] else timedelta(minutes=1)
    return calendar.lasting(when if when.tzinfo else when.replace(tzinfo=calendar.zone), length)


def _duration(found: re.Match[str], calendar: Calendar) -> Span:
    """7d, 12h: as on the command line, counted from now."""
    try:
        return calendar.back(parse_duration(found[0]))
    except BadDuration as bad:
        raise ValueError(found[0]) from bad


def _as_on_pages(text: str, calendar: Calendar) -> Span | None:
    """What posts themselves are dated by: 3月15日, 03-15, 昨天 20:30, 3天前. With a clock a minute, else a day."""
    when = None if _BEFORE_A_DAY.fullmatch(text) else parse_when(text, now=calendar.now, zone=calendar.zone)
    if when is None:
        return None
    if _CLOCK.search(text):
        return calendar.lasting(when.replace(second=0, microsecond=0), timedelta(minutes=1))
    return calendar.days(when.date(), when.date() + _DAY)


#: To a page that is three months and a day ago, to somebody who searches all that is older.
_BEFORE_A_DAY = re.compile(r".*\d月\d+[日号][以之]?前")
_CLOCK = re.compile(r":|点|时|分|秒|刚|now|hour|min|sec|hr")
_COUNT = r"(?P<n>\d{1,5}|[一二两三四五六七八九]?十[一二三四五六七八九]?|[一二两三四五六七八九半])"
_UNITS = "|".join([*_HOURS, *_DAYS, *_MONTHS])
_SOME = rf"{_COUNT}\s*个?(?P<half>半)?(?P<unit>{_UNITS})"
RECENT = re.compile(rf"(?:最近|过去|近)\s*{_SOME}(?:以?内|来)?", re.ASCII)
_SHAPES: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], Calendar], Span]], ...] = (
    (RECENT, _recent),
    (re.compile(rf"{_SOME}以?内", re.ASCII), _recent),
    (re.compile(r"(?P<y>\d{4})年?", re.ASCII), _year),
    (re.compile(r"(?P<y>\d{4})(?:[-/.]|\s?年\s?)(?P<m>\d{1,2})(?:\s?月份?)?", re.ASCII), _month),
    (re.compile(r"(?P<m>\d{1,2})\s?月份?", re.ASCII), _month_alone),
    (re.compile(r"(?P<y>\d{4})(?P<gap>[-/.])(?P<m>\d{1,2})(?P=gap)(?P<d>\d{1,2})", re.ASCII), _day),
    (re.compile(r"(?P<y>\d{4})\s?年\s?(?P<m>\d{1,2})\s?月\s?(?P<d>\d{1,2})\s?[日号]?", re.ASCII), _day),
    (
        re.compile(
            r"\d{4}-\d\d-\d\d[t ]\d\d:\d\d(?P<s>:\d\d(?P<f>\.\d{1,6})?)?(?:z|[+-]\d\d:\d\d(?::\d\d)?)?", re.ASCII
        ),
        _moment,
    ),
    (re.compile(r"\d{1,6}(?:\.\d+)?\s?[smhdw]", re.ASCII), _duration),
)
#: Words that mean a date wherever they stand alone.
NAMED_IN_CHINESE = frozenset(word for word in _NAMED if not word.isascii())
