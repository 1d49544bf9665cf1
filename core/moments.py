"""From the parts that a time text shows to the moment they mean: the arithmetic under the table of `time_shapes`.

Each function takes a match with named groups (y m d h i s half tail zone n unit …) and returns an aware moment, or
`None` where a reader could not tell; impossible parts raise `ValueError`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_tz
from zoneinfo import ZoneInfo

#: A page's clock may run ahead of ours by this much before "12-30" means last year.
AHEAD = timedelta(days=1)
EARLIEST, LATEST = 1980, 2100

_DIGITS = dict(zip("一二两三四五六七八九", (1, 2, 2, 3, 4, 5, 6, 7, 8, 9), strict=True))
_UNITS = {
    "秒": 1, "秒钟": 1, "second": 1, "sec": 1,
    "分": 60, "分钟": 60, "minute": 60, "min": 60,
    "小时": 3600, "钟头": 3600, "hour": 3600, "hr": 3600,
    "天": 86400, "日": 86400, "day": 86400,
    "周": 7 * 86400, "星期": 7 * 86400, "week": 7 * 86400,
    "月": 30 * 86400, "month": 30 * 86400,
    "年": 365 * 86400, "year": 365 * 86400,
}  # fmt: skip
_DAYS_BACK = {"今天": 0, "今日": 0, "today": 0, "昨天": 1, "昨日": 1, "yesterday": 1, "前天": 2, "前日": 2, "大前天": 3}
_WEEKDAYS = {"一": 0, "二": 1, "三": 2, "四": 3, "五": 4, "六": 5, "日": 6, "天": 6} | dict(
    zip(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), range(7), strict=True)
)

#: "CST" is China's own time on a Chinese page, whatever the mail standard says.
_CHINA = re.compile(r"\bcst\b")
_GMT_AND = re.compile(r"\b(?:gmt|utc)([+-])(\d{1,2}):?(\d{2})?$")
_MONTH_NUMBERS = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), start=1
    )
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """What a shape needs besides its match."""

    now: datetime
    zone: ZoneInfo


Build = Callable[[re.Match[str], Moment], datetime | None]


def _hour(found: re.Match[str]) -> int:
    hour = int(found["h"])
    half = found["half"] or (found["tail"] or "").replace(".", "")
    if half in ("下午", "傍晚", "晚上", "pm") and hour < 12:
        return hour + 12
    if half == "中午" and hour < 3:
        return hour + 12
    # "12:30 上午" is how a clock of twelve hours in Chinese says half past midnight; "上午12:30" is not.
    midnight = half in ("凌晨", "am") or (half == "上午" and not found["half"])
    return 0 if midnight and hour == 12 else hour


def _at(found: re.Match[str], day: datetime) -> datetime:
    """`day` with the clock of the match, midnight where it shows none."""
    if found["h"] is None:
        return day.replace(hour=0, minute=0, second=0, microsecond=0)
    return day.replace(hour=_hour(found), minute=int(found["i"] or 0), second=int(found["s"] or 0), microsecond=0)


def absolute(found: re.Match[str], moment: Moment) -> datetime | None:
    """A date with its year, in the zone it shows."""
    return _on(found, int(found["y"]), int(found["m"]), int(found["d"]), moment)


def _on(found: re.Match[str], year: int, month: int, day: int, moment: Moment) -> datetime | None:
    """That day with the clock and the offset of the match."""
    year += 2000 if year < 100 else 0
    if not EARLIEST <= year <= LATEST:
        return None
    local = _at(found, datetime(year, month, day, tzinfo=moment.zone))
    zone = found.groupdict().get("zone")
    if not zone:
        return local
    if zone in ("z", "utc", "gmt"):
        return local.replace(tzinfo=UTC)
    minutes = int(zone[1:3]) * 60 + int(zone[3:].lstrip(":") or 0)
    ahead = timedelta(minutes=minutes if zone[0] == "+" else -minutes)
    return local.replace(tzinfo=UTC) - ahead


def day_first(found: re.Match[str], moment: Moment) -> datetime | None:
    """20-11-2026, as Discuz writes it in English; 11-20-2026 can only be the American order."""
    day, month = int(found["d"]), int(found["m"])
    return _on(found, int(found["y"]), *((day, month) if month > 12 else (month, day)), moment)


def unambiguous(found: re.Match[str], moment: Moment) -> datetime | None:
    """11/20/2026 or 20/11/2026; 03/04/2026 is two different days to two readers, so it is none."""
    one, other = int(found["a"]), int(found["b"])
    if (one > 12) == (other > 12) and one != other:
        return None
    return _on(found, int(found["y"]), min(one, other), max(one, other), moment)


def by_month_name(found: re.Match[str], moment: Moment) -> datetime | None:
    """A date with an English month; without a year it lies in the nearest past."""
    month = _MONTH_NUMBERS[found["b"][:3]]
    if found["y"]:
        return _on(found, int(found["y"]), month, int(found["d"]), moment)
    return _latest(found, month, int(found["d"]), moment)


def without_year(found: re.Match[str], moment: Moment) -> datetime | None:
    """A month and a day in the nearest past."""
    return _latest(found, int(found["m"]), int(found["d"]), moment)


def _latest(found: re.Match[str], month: int, day: int, moment: Moment) -> datetime | None:
    """The latest year that does not put the day in the future; 29 February may need eight years back."""
    this_year = moment.now.astimezone(moment.zone).year + 1
    for year in range(this_year, this_year - 9, -1):
        try:
            guess = _at(found, datetime(year, month, day, tzinfo=moment.zone))
        except ValueError:
            continue
        if guess <= moment.now + AHEAD:
            return guess
    return None


def day_back(found: re.Match[str], moment: Moment) -> datetime:
    """Today, yesterday, the day before."""
    return _at(found, moment.now.astimezone(moment.zone) - timedelta(days=_DAYS_BACK[found["day"]]))


def clock_only(found: re.Match[str], moment: Moment) -> datetime:
    """The latest moment at which a clock showed this."""
    today = _at(found, moment.now.astimezone(moment.zone))
    return today if today <= moment.now + timedelta(minutes=5) else today - timedelta(days=1)


def weekday(found: re.Match[str], moment: Moment) -> datetime:
    """The latest such day that is not in the future."""
    today = moment.now.astimezone(moment.zone)
    back = (today.weekday() - _WEEKDAYS[found["w"]]) % 7
    guess = _at(found, today - timedelta(days=back))
    return guess if guess <= moment.now + timedelta(minutes=5) else guess - timedelta(days=7)


def small_number(text: str) -> float:
    """3 | 半 | 十 | 十五 | 二十 | a | an; a text that is none of them is a `KeyError`."""
    if text == "半":
        return 0.5
    if text in ("a", "an"):
        return 1
    if text.isdigit():
        return float(text)
    tens, ten, units = text.rpartition("十")
    return (_DIGITS.get(tens, 1) * 10 if ten else 0) + (_DIGITS[units] if units else 0)


def ago(found: re.Match[str], moment: Moment) -> datetime:
    """So many units ago; a month is 30 days, a year 365."""
    half = 0.5 if found.groupdict().get("and_half") else 0.0
    return moment.now - timedelta(seconds=(small_number(found["n"]) + half) * _UNITS[found["unit"]])


def both_ago(found: re.Match[str], moment: Moment) -> datetime:
    """An hour and twenty minutes ago."""
    back = int(found["n"]) * _UNITS[found["unit"]] + int(found["n2"]) * _UNITS[found["unit2"]]
    return moment.now - timedelta(seconds=back)


def just_now(_: re.Match[str], moment: Moment) -> datetime:
    """Now."""
    return moment.now


def english(found: re.Match[str], _: Moment) -> datetime | None:
    """RFC 2822; without a zone in UTC, as mail has it."""
    return _mail_date(found[0])


def weibo(found: re.Match[str], _: Moment) -> datetime | None:
    """A Unix date with its zone."""
    return _mail_date(f"{found['d']} {found['b']} {found['y']} {found['t']} {found['z']}")


def _mail_date(text: str) -> datetime | None:
    """RFC 2822 without the locale that `strptime` would bring in."""
    text = _CHINA.sub("+0800", text)
    text = _GMT_AND.sub(lambda found: f"{found[1]}{int(found[2]):02}{found[3] or '00'}", text)
    parts = parsedate_tz(text)
    if parts is None or not EARLIEST <= parts[0] <= LATEST:
        return None
    return datetime(*parts[:6], tzinfo=UTC) - timedelta(seconds=parts[9] or 0)
