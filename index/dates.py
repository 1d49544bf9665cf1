"""Dates and ranges of dates in a search, as spans of time; and which words are dates without being called so."""

from __future__ import annotations

import re
from dataclasses import replace
from difflib import get_close_matches

from core.text import fold
from index.base import Within
from index.calendar import Calendar, Span
from index.day_words import NAMED_IN_CHINESE, RECENT, span_of
from index.halves import Halves, halves
from index.typed import Typed

_EXAMPLES = "日期例如 2026-03-15、2026-03、3月15日、昨天、本周、近7天、2026-03-01..2026-03-15。"
_AS_TEXT = "要查找这几个字本身，请加引号。"
#: What nothing else looks like: a year of four digits with its month. "3.15" and "2026" are words.
_MONTH = r"(?:0?[1-9]|1[0-2])"
_DATE = rf"(?:(?:19|20)\d\d-{_MONTH}(?:-\d{{1,2}})?|(?:(?:19|20)\d\d|[今去前])年{_MONTH}月(?:\d{{1,2}}[日号])?)"
#: A half that leaves out what the first half says: 2026年3月1日至15日, 2026年3月至5月.
_SAID = re.compile(r"\s*(?P<year>\d{4}年)?(?P<month>\d{1,2}月)?", re.ASCII)
_LEFT_OUT = re.compile(r"(?P<month>\d{1,2}月)?(?:\d{1,2}[日号]?)?", re.ASCII)
_PLAIN = re.compile(rf"(?:>=|<=|>|<|≥|≤)?{_DATE}|{_DATE}\.\.<?(?:{_DATE})?|\.\.<?{_DATE}", re.ASCII)


def read_date_word(typed: Typed, calendar: Calendar) -> Within | None:
    """What a word outside quotes means as a date; `None` where it is a word like others. Raise `QuerySyntaxError`."""
    plain = fold(typed.text)
    if plain in NAMED_IN_CHINESE or RECENT.fullmatch(plain) or _PLAIN.fullmatch(plain):
        return read_dates(typed, calendar, otherwise=_AS_TEXT)
    return None


def read_dates(typed: Typed, calendar: Calendar, *, otherwise: str = _EXAMPLES) -> Within:
    """The span that a date or a range of dates means. Raise `QuerySyntaxError`."""
    plain = fold(typed.text)
    # The whole comes first: "2026-03" is a month and not a range from 2026 to 3, "3天前" no day before "3天".
    whole = _span(typed, calendar, otherwise)
    if whole is not None:
        return Within(whole.since, whole.until)
    found = halves(typed, plain)
    if found is None:
        raise typed.bad(_unknown(typed), _near(plain) + otherwise)
    return _between(found, calendar, otherwise)


def _between(found: Halves, calendar: Calendar, otherwise: str) -> Within:
    since = until = None
    if found.low:
        low = _known(found.low, calendar, otherwise)
        since = low.since if found.low_in else low.until
        if since is None:
            raise found.low.bad(f"“{found.low.shown()}”之后没有别的日子", "请写成 >= 或去掉大于号。")
    if found.high:
        high = _known(_completed(found.high, found.low), calendar, otherwise)
        until = high.until if found.high_in else high.since
        if since is not None and until is not None and since >= until:
            fix = "请把早的日期写在左边；没写年份的日期指最近的过去，必要时请写上年份。"
            raise found.high.bad("结束早于开始", fix)
    return Within(since, until)


def _completed(high: Typed, low: Typed | None) -> Typed:
    """The second half with the year and the month of the first, where it does not say its own."""
    left_out = _LEFT_OUT.fullmatch(fold(high.text))
    said = _SAID.match(fold(low.text)) if low else None
    if said is None or left_out is None:
        return high
    month = "" if left_out["month"] else said["month"] or ""
    return replace(high, text=(said["year"] or "") + month + high.text) if month or left_out["month"] else high


def _known(typed: Typed, calendar: Calendar, otherwise: str) -> Span:
    span = _span(typed, calendar, otherwise)
    if span is None:
        raise typed.bad(_unknown(typed), _near(fold(typed.text)) + otherwise)
    return span


def _span(typed: Typed, calendar: Calendar, otherwise: str) -> Span | None:
    try:
        return span_of(fold(typed.text), calendar)
    except (ValueError, OverflowError) as bad:
        raise typed.bad(f"没有“{typed.shown()}”这个日期", otherwise) from bad


def _unknown(typed: Typed) -> str:
    return f"不认识的日期“{typed.shown()}”" if typed.shown() else "这里缺少日期"


def _near(plain: str) -> str:
    near = get_close_matches(plain, NAMED_IN_CHINESE, n=1, cutoff=0.5) if len(plain) < 20 else []
    return f"是否想用 {near[0]}？" if near else ""
