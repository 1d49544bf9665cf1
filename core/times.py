"""Chinese pages say when in fifty ways; this table reads them all, so that no parser owns a second one.

Pure: `now` is an argument. A text without a zone is local to `zone`; a text without a year lies in the nearest past.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from core.moments import AHEAD, EARLIEST, LATEST, Build, Moment, absolute
from core.text import fold
from core.time_shapes import CLOCK, DATE, OFFSET, SHAPES, WEEKDAY

_LONGEST = 80

#: Traditional characters to the simplified ones that the shapes are written in.
_SIMPLE = str.maketrans(
    "時鐘點剛個週禮發於佈編輯復覆號鍾間後樓從數幾約動創貼訴", "时钟点刚个周礼发于布编辑复复号钟间后楼从数几约动创贴诉"
)
_MONTHS = {
    "一月": "jan", "二月": "feb", "三月": "mar", "四月": "apr", "五月": "may", "六月": "jun",
    "七月": "jul", "八月": "aug", "九月": "sep", "十月": "oct", "十一月": "nov", "十二月": "dec",
}  # fmt: skip
#: A server with a Chinese locale writes RFC 2822 in Chinese.
_CHINESE_MAIL = re.compile(rf"(?:(?:星期|周).,? *)?(\d{{1,2}}) ({'|'.join(_MONTHS)}) (\d{{4}} .*)")
_PREFIX = re.compile(
    r"^(?:(?:楼主|沙发|板凳|椅子|地板|地下室|第?\d{1,6}\s?楼|\d{1,6}\s?#|#\s?\d{1,6})[\s|·:]+|[»·|@]\s*)?"
    r"(?:本帖|本文|文章|主题|最后|最初|最新|last)?\s?(?:由.{1,20}?)?"
    r"(?:发表|发布|发贴|发帖|编辑|更新|创建|修改|回复|提交|投诉|刊登|published|posted|post|updated|edited|reply|replied)?"
    r"(?:于|在|时间|\s?time|日期|\s?on(?=\s))?\s*[::]?\s*"
)
#: What stands behind the time on the same line.
_SUFFIX = re.compile(
    r"(?<=[\d前天m])\s*(?:[|·•»]\s*(?:只看.{1,6}|来自.{1,20}|倒序.{1,6})?|(?:发表|发布|发帖|回复|更新|编辑|提交|创建))$"
)
_EVENING = {"昨晚": "昨天晚上", "今晚": "今天晚上", "今早": "今天早上", "今晨": "今天凌晨", "昨夜": "昨天晚上"}
_EVENINGS = re.compile("|".join(_EVENING))


#: Weibo's pages put the phone behind the time.
_CLIENT = re.compile(r"(?<=\S) 来自.{1,40}$")
_IN_TEXT = re.compile(rf"(?<!\d){DATE}{WEEKDAY}(?:[\st,·|]*{CLOCK}{OFFSET})?(?!\d)", re.ASCII)


def _tidy(text: str) -> str:
    return " ".join(fold(text).translate(_SIMPLE).split())


def _read(build: Build, found: re.Match[str], moment: Moment) -> datetime | None:
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
    tidy = _EVENINGS.sub(lambda found: _EVENING[found[0]], _tidy(text))
    tidy = _PREFIX.sub("", tidy, count=1).strip()
    tidy = _CHINESE_MAIL.sub(lambda found: f"{found[1]} {_MONTHS[found[2]]} {found[3]}", tidy)
    tidy = _SUFFIX.sub("", _CLIENT.sub("", tidy)).strip()
    if not tidy or len(tidy) > _LONGEST:
        return None
    moment = Moment(now=now, zone=zone)
    for pattern, build in SHAPES:
        found = pattern.fullmatch(tidy)
        if found:
            return _read(build, found, moment)
    return None


def find_when(text: str, *, now: datetime, zone: ZoneInfo) -> datetime | None:
    """The first full date (year, month, day, perhaps a clock) inside a running text, not in the future."""
    moment = Moment(now=now, zone=zone)
    for found in _IN_TEXT.finditer(_tidy(text[:5000])):
        when = _read(absolute, found, moment)
        if when and when <= now + AHEAD:
            return when
    return None


def from_unix(value: int | float | str) -> datetime | None:
    """Unix seconds, or milliseconds where the number is too large for seconds; `None` outside 1980 to 2100."""
    try:
        seconds = float(value)
        when = datetime.fromtimestamp(seconds / 1000 if abs(seconds) > 1e11 else seconds, tz=UTC)
    except (ValueError, TypeError, OverflowError, OSError):
        return None
    return when if EARLIEST <= when.year <= LATEST else None
