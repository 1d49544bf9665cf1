"""Times the way Chinese sites print them: "3 分钟前", "昨天 12:30", "2026-11-2 05:40", and Weibo's English form."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Asia/Shanghai")
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def plain(moment: datetime, *, seconds: bool = False) -> str:
    """Discuz's absolute form, without leading zeros in the date: "2026-11-2 05:40"."""
    local = moment.astimezone(ZONE)
    clock = f"{local:%H:%M:%S}" if seconds else f"{local:%H:%M}"
    return f"{plain_day(moment)} {clock}"


def plain_day(moment: datetime) -> str:
    """Discuz's day: "2026-11-2"."""
    local = moment.astimezone(ZONE)
    return f"{local.year}-{local.month}-{local.day}"


def relative(moment: datetime, now: datetime) -> str | None:
    """Discuz's relative form for the last seven days, with its hard blank; None where it prints the absolute form."""
    local, today = moment.astimezone(ZONE), now.astimezone(ZONE)
    midnight = today.replace(hour=0, minute=0, second=0, microsecond=0)
    if local >= midnight:
        return _today(now - moment)
    days = (midnight - local - timedelta(microseconds=1)) // timedelta(days=1)
    if days >= 7:
        return None
    if days < 2:
        return f"{('昨天', '前天')[days]}\u00a0{local:%H:%M}"
    return f"{days + 1}\u00a0天前"


def _today(age: timedelta) -> str:
    seconds = int(age.total_seconds())
    if seconds > 3600:
        return f"{seconds // 3600}\u00a0小时前"
    if seconds > 1800:
        return "半小时前"
    if seconds > 60:
        return f"{seconds // 60}\u00a0分钟前"
    return f"{seconds}\u00a0秒前" if seconds > 0 else "刚刚"


def weibo(moment: datetime) -> str:
    """Weibo's JSON form, English whatever the locale: "Sun Nov 22 05:40:00 +0800 2026"."""
    local = moment.astimezone(ZONE)
    day = f"{_DAYS[local.weekday()]} {_MONTHS[local.month - 1]} {local.day:02d}"
    return f"{day} {local:%H:%M:%S} +0800 {local.year}"


def in_chinese(moment: datetime) -> str:
    """A newspaper's form: "2026年11月22日 05:40"."""
    local = moment.astimezone(ZONE)
    return f"{local.year}年{local.month:02d}月{local.day:02d}日 {local:%H:%M}"


def http_date(moment: datetime) -> str:
    """RFC 7231: "Sun, 22 Nov 2026 05:40:00 GMT"."""
    utc = moment.astimezone(ZoneInfo("UTC"))
    return f"{_DAYS[utc.weekday()]}, {utc.day:02d} {_MONTHS[utc.month - 1]} {utc.year} {utc:%H:%M:%S} GMT"


def rfc2822(moment: datetime) -> str:
    """The form of RSS: "Sun, 22 Nov 2026 05:40:00 +0800"."""
    local = moment.astimezone(ZONE)
    return f"{_DAYS[local.weekday()]}, {local.day:02d} {_MONTHS[local.month - 1]} {local.year} {local:%H:%M:%S} +0800"
