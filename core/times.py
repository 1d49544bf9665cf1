"""Chinese pages say when in fifteen ways; this table reads them all, so that no parser owns a second one.

Pure: `now` is an argument. A text without a zone is local to `zone`; a text without a year lies in the nearest past.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_tz
from zoneinfo import ZoneInfo

from core.text import fold

#: A page's clock may run ahead of ours by this much before "12-30" means last year.
_AHEAD = timedelta(days=1)
_EARLIEST, _LATEST = 1980, 2100
_LONGEST = 80

_NUMERALS = str.maketrans("一二两三四五六七八九", "1223456789")
_UNITS = {
    "秒": 1, "秒钟": 1, "second": 1, "sec": 1,
    "分": 60, "分钟": 60, "minute": 60, "min": 60,
    "小时": 3600, "钟头": 3600, "hour": 3600,
    "天": 86400, "日": 86400, "day": 86400,
    "周": 7 * 86400, "星期": 7 * 86400, "week": 7 * 86400,
    "月": 30 * 86400, "month": 30 * 86400,
    "年": 365 * 86400, "year": 365 * 86400,
}  # fmt: skip
_DAYS_BACK = {"今天": 0, "今日": 0, "today": 0, "昨天": 1, "昨日": 1, "yesterday": 1, "前天": 2, "前日": 2}

_CLOCK = (
    r"(?:(?P<half>凌晨|清晨|早上|早晨|上午|中午|下午|傍晚|晚上|am|pm)\s*)?"
    r"(?P<h>\d{1,2})(?::|时|点)(?P<i>\d{2})?分?(?::?(?P<s>\d{2})(?:[.,]\d+)?秒?)?"
    r"(?:\s*(?P<tail>am|pm))?"
)
_OFFSET = r"(?:\s*(?P<zone>z|utc|gmt|[+-]\d{2}:?\d{2}))?"
#: "CST" is China's own time on a Chinese page, whatever the mail standard says.
_CHINA = re.compile(r"\bcst\b")
_GMT_AND = re.compile(r"\b(?:gmt|utc)([+-])(\d{1,2}):?(\d{2})?$")
_MONTHS = {
    "一月": "jan", "二月": "feb", "三月": "mar", "四月": "apr", "五月": "may", "六月": "jun",
    "七月": "jul", "八月": "aug", "九月": "sep", "十月": "oct", "十一月": "nov", "十二月": "dec",
}  # fmt: skip
#: A server with a Chinese locale writes RFC 2822 in Chinese.
_CHINESE_MAIL = re.compile(rf"(?:(?:星期|周).,? *)?(\d{{1,2}}) ({'|'.join(_MONTHS)}) (\d{{4}} .*)")
_WEEKDAY = r"(?:\s*[(\[]?(?:星期|周|礼拜)[一二三四五六日天][)\]]?)?"
_DATE = r"(?P<y>\d{4})(?:\s*年\s*|[-/.]|\s?(?=\d{2}/\d{2}(?!\d)))(?P<m>\d{1,2})(?:\s*月\s*|[-/.])(?P<d>\d{1,2})\s*日?"
_PREFIX = re.compile(
    r"^(?:本文|文章|最后|最初)?(?:由.{1,20})?"
    r"(?:发表|发布|发贴|发帖|發表|發佈|發布|編輯|回覆|回復|编辑|更新|创建|修改|回复|提交|投诉|刊登|published|posted|post|updated)?(?:于|於|在|时间|時間|\s?time|日期|\s?on)?\s*[::]?\s*"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Moment:
    """What a shape needs besides its match."""

    now: datetime
    zone: ZoneInfo


_Build = Callable[[re.Match[str], _Moment], datetime | None]


def _hour(found: re.Match[str]) -> int:
    hour = int(found["h"])
    half = found["half"] or found["tail"] or ""
    if half in ("下午", "傍晚", "晚上", "pm") and hour < 12:
        return hour + 12
    if half == "中午" and hour < 3:
        return hour + 12
    return 0 if half in ("凌晨", "am") and hour == 12 else hour


def _at(found: re.Match[str], day: datetime) -> datetime:
    """`day` with the clock of the match, midnight where it shows none."""
    if found["h"] is None:
        return day.replace(hour=0, minute=0, second=0, microsecond=0)
    return day.replace(hour=_hour(found), minute=int(found["i"] or 0), second=int(found["s"] or 0), microsecond=0)


def _absolute(found: re.Match[str], moment: _Moment) -> datetime | None:
    year = int(found["y"])
    year += 2000 if year < 100 else 0
    if not _EARLIEST <= year <= _LATEST:
        return None
    local = _at(found, datetime(year, int(found["m"]), int(found["d"]), tzinfo=moment.zone))
    zone = found.groupdict().get("zone")
    if not zone:
        return local
    if zone in ("z", "utc", "gmt"):
        return local.replace(tzinfo=UTC)
    minutes = int(zone[1:3]) * 60 + int(zone[-2:])
    ahead = timedelta(minutes=minutes if zone[0] == "+" else -minutes)
    return local.replace(tzinfo=UTC) - ahead


def _without_year(found: re.Match[str], moment: _Moment) -> datetime | None:
    """The latest year that does not put the day in the future; 29 February may need eight years back."""
    this_year = moment.now.astimezone(moment.zone).year + 1
    for year in range(this_year, this_year - 9, -1):
        try:
            guess = _at(found, datetime(year, int(found["m"]), int(found["d"]), tzinfo=moment.zone))
        except ValueError:
            continue
        if guess <= moment.now + _AHEAD:
            return guess
    return None


def _day_back(found: re.Match[str], moment: _Moment) -> datetime:
    return _at(found, moment.now.astimezone(moment.zone) - timedelta(days=_DAYS_BACK[found["day"]]))


def _clock_only(found: re.Match[str], moment: _Moment) -> datetime:
    today = _at(found, moment.now.astimezone(moment.zone))
    return today if today <= moment.now + timedelta(minutes=5) else today - timedelta(days=1)


def _ago(found: re.Match[str], moment: _Moment) -> datetime:
    amount = found["n"]
    number = 0.5 if amount == "半" else float(amount.replace("十", "10").translate(_NUMERALS))
    half = 0.5 if found.groupdict().get("and_half") else 0.0
    return moment.now - timedelta(seconds=(number + half) * _UNITS[found["unit"]])


def _just_now(_: re.Match[str], moment: _Moment) -> datetime:
    return moment.now


def _english(found: re.Match[str], _: _Moment) -> datetime | None:
    return _mail_date(found[0])


def _weibo(found: re.Match[str], _: _Moment) -> datetime | None:
    return _mail_date(f"{found['d']} {found['b']} {found['y']} {found['t']} {found['z']}")


def _mail_date(text: str) -> datetime | None:
    """RFC 2822 without the locale that `strptime` would bring in."""
    text = _CHINA.sub("+0800", text)
    text = _GMT_AND.sub(lambda found: f"{found[1]}{int(found[2]):02}{found[3] or '00'}", text)
    parts = parsedate_tz(text)
    if parts is None or not _EARLIEST <= parts[0] <= _LATEST:
        return None
    return datetime(*parts[:6], tzinfo=UTC) - timedelta(seconds=parts[9] or 0)


def _shape(pattern: str, build: _Build) -> tuple[re.Pattern[str], _Build]:
    return re.compile(pattern, re.ASCII), build


_OPTIONAL_CLOCK = rf"(?:\s*{_CLOCK})?"

#: Every shape once; each row carries a text as it was seen on a page.
_SHAPES: tuple[tuple[re.Pattern[str], _Build], ...] = (
    _shape(r"刚刚|刚才|片刻前|just now|now", _just_now),  # 刚刚
    _shape(  # 3分钟前 | 1个小时前 | 半小时前 | 3 天前 | 1个半小时前 | 5 minutes ago
        r"(?P<n>\d{1,6}|[一二两三四五六七八九十半])\s*个?(?P<and_half>半)?(?P<unit>秒钟?|分钟?|小时|钟头|天|日|周|星期|月|年)\s*[以之]?前",
        _ago,
    ),
    _shape(r"(?P<n>\d{1,6})\s*(?P<unit>sec|second|min|minute|hour|day|week|month|year)s? ago", _ago),
    _shape(  # 今天12:30 | 昨天 12:30 | 前天 08:00 | 昨天
        rf"(?P<day>今天|今日|昨天|昨日|前天|前日|today|yesterday){_OPTIONAL_CLOCK}", _day_back
    ),
    _shape(  # 2025年11月20日 09:30:15 | 2018-10-4 19:09 | 2007.08.20 | 2024/8/5 | 2026-11-22T05:00:00+08:00
        rf"{_DATE}{_WEEKDAY}(?:[\st,·|]*{_CLOCK}{_OFFSET})?", _absolute
    ),
    _shape(  # 20190918 | 201909180623 | 20190918T062310Z
        rf"(?P<y>(?:19|20)\d\d)(?P<m>\d\d)(?P<d>\d\d)(?:t?(?P<half>)(?P<tail>)(?P<h>\d\d)(?P<i>\d\d)(?P<s>\d\d)?{_OFFSET})?",
        _absolute,
    ),
    _shape(rf"(?P<y>\d\d)-(?P<m>\d{{1,2}})-(?P<d>\d{{1,2}}){_OPTIONAL_CLOCK}", _absolute),  # 21-6-8 09:35
    _shape(rf"(?P<d>\d{{1,2}})[-.](?P<m>\d{{1,2}})[-.](?P<y>\d{{4}}){_OPTIONAL_CLOCK}", _absolute),  # 20-11-2026 08:15
    _shape(rf"(?P<m>\d{{1,2}})[-/](?P<d>\d{{1,2}}){_OPTIONAL_CLOCK}", _without_year),  # 06-27 | 11-20 09:30
    _shape(
        rf"(?P<m>\d{{1,2}})\s*月\s*(?P<d>\d{{1,2}})\s*[日号]{_WEEKDAY}{_OPTIONAL_CLOCK}", _without_year
    ),  # 11月20日 09:30
    _shape(r"(?P<half>)(?P<tail>)(?P<h>\d{1,2}):(?P<i>\d\d)(?::(?P<s>\d\d))?", _clock_only),  # 16:10
    _shape(  # Tue Jun 08 09:35:04 +0800 2021 | Fri Nov 20 08:15:00 CST 2026
        r"[a-z]{3} (?P<b>[a-z]{3}) +(?P<d>\d{1,2}) (?P<t>\d\d:\d\d:\d\d) (?P<z>[+-]\d{4}|gmt|utc|cst) (?P<y>\d{4})",
        _weibo,
    ),
    _shape(  # Sat, 21 Nov 2026 21:45:50 +0000
        r"(?:[a-z]{3,9},? *)?\d{1,2} [a-z]{3,9} \d{4} \d{1,2}:\d\d(?::\d\d)?"
        r"(?: *(?:(?:gmt|utc)?[+-]\d{1,2}(?::?\d{2})?|[a-z]{1,4}))?",
        _english,
    ),
)

#: Weibo's pages put the phone behind the time.
_CLIENT = re.compile(r"(?<=\S) 来自.{1,40}$")
_IN_TEXT = re.compile(rf"(?<!\d){_DATE}{_WEEKDAY}(?:[\st,·|]*{_CLOCK}{_OFFSET})?(?!\d)", re.ASCII)


def _tidy(text: str) -> str:
    return " ".join(fold(text).split())


def _read(build: _Build, found: re.Match[str], moment: _Moment) -> datetime | None:
    try:
        when = build(found, moment)
        return when.astimezone(moment.zone) if when else None
    except (ValueError, OverflowError):  # 13-32, 25:61, the year 0
        return None


def parse_when(text: str, *, now: datetime, zone: ZoneInfo) -> datetime | None:
    """The moment a page's time text names, aware, in `zone`; `None` where the text is not a time and nothing else.

    A bare day is midnight. A bare month and day is in the past (or at most a day ahead of `now`).
    """
    if len(text) > 2 * _LONGEST:
        return None
    tidy = _tidy(text)
    tidy = _PREFIX.sub("", tidy, count=1).strip()
    tidy = _CHINESE_MAIL.sub(lambda found: f"{found[1]} {_MONTHS[found[2]]} {found[3]}", tidy)
    tidy = _CLIENT.sub("", tidy)
    if not tidy or len(tidy) > _LONGEST:
        return None
    moment = _Moment(now=now, zone=zone)
    for pattern, build in _SHAPES:
        found = pattern.fullmatch(tidy)
        if found:
            return _read(build, found, moment)
    return None


def find_when(text: str, *, now: datetime, zone: ZoneInfo) -> datetime | None:
    """The first full date (year, month, day, perhaps a clock) inside a running text, not in the future."""
    moment = _Moment(now=now, zone=zone)
    for found in _IN_TEXT.finditer(_tidy(text[:5000])):
        when = _read(_absolute, found, moment)
        if when and when <= now + _AHEAD:
            return when
    return None


def from_unix(value: int | float | str) -> datetime | None:
    """Unix seconds, or milliseconds where the number is too large for seconds; `None` outside 1980 to 2100."""
    try:
        seconds = float(value)
        when = datetime.fromtimestamp(seconds / 1000 if abs(seconds) > 1e11 else seconds, tz=UTC)
    except (ValueError, TypeError, OverflowError, OSError):
        return None
    return when if _EARLIEST <= when.year <= _LATEST else None
