"""Dates and ranges of dates in a search, as spans of time; and which words are dates without being called so."""

from __future__ import annotations

import re
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
_DATE = r"(?:19|20)\d\d(?:-(?:0?[1-9]|1[0-2])(?:-\d{1,2})?|年(?:0?[1-9]|1[0-2])月(?:\d{1,2}[日号])?)"
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
        high = _known(found.high, calendar, otherwise)
        until = high.until if found.high_in else high.since
        if since is not None and until is not None and since >= until:
            fix = "请把早的日期写在左边；没写年份的日期指最近的过去，必要时请写上年份。"
            raise found.high.bad("结束早于开始", fix)
    return Within(since, until)


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
