"""What stands behind a field's colon, as nodes of the tree.

Channels, grades and `has` are closed sets: a value that is none of theirs is a mistake. A name, a host or an event may
be anything.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from urllib.parse import urlsplit

from core.model import CHANNEL_NAMES, GRADE_NAMES
from core.text import clean, fold
from index.base import FieldIs, Node
from index.calendar import Calendar
from index.dates import read_dates
from index.field_names import example
from index.ranges import read_probability, read_risk
from index.typed import Typed

#: Of each closed set every spelling, folded, and what mentions hold.
_CLOSED: Mapping[str, Mapping[str, str]] = {
    "channel": {fold(word): channel for channel, name in CHANNEL_NAMES.items() for word in (channel, name)},
    "grade": {fold(word): grade for grade, name in GRADE_NAMES.items() for word in (grade, name, f"{grade}级")},
    "has": {
        **dict.fromkeys(("evidence", "证据", "截图", "取证"), "evidence"),
        **dict.fromkeys(("image", "images", "图片", "图"), "image"),
    },
}
_CHOICES = {
    "channel": f"可用：{'、'.join(CHANNEL_NAMES.values())}。",
    "grade": f"可用：{'、'.join(f'{grade}（{name}）' for grade, name in GRADE_NAMES.items())}。",
    "has": "可用：证据、图片。",
}
_NO_GRADE = ("无", "无等级", "未定级", "none")
_COMPARES = re.compile(r"[!<>=≥≤⩾⩽≠]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What values are read by: when and where we are, and which values of which fields are known."""

    calendar: Calendar
    known: Mapping[str, Collection[str]] = field(default_factory=dict)


def value_node(name: str, typed: Typed, reading: Reading, *, called: str) -> Node:
    """One value of a field as a node; `called` is the field's name as typed. Raise `QuerySyntaxError`."""
    value = clean(typed.text)
    if not value:
        raise typed.bad(f"“{called}:”后面缺少值", f"冒号后面紧接着写值，不要空格，例如 {example(name)}。")
    if name == "risk":
        return read_risk(typed)
    if name == "negative":
        return read_probability(typed)
    if name in ("date", "day"):
        span = read_dates(typed, reading.calendar)
        # One day by the name of the facet stays one, so that what a facet links to is what it counted.
        is_day = name == "day" and reading.calendar.is_day(span.since, span.until)
        return FieldIs("day", span.since.date().isoformat()) if is_day and span.since else span
    if not typed.quoted and (found := _COMPARES.match(fold(typed.text))):
        raise typed.bad(
            f"“{found[0]}”不能用在这个字段上",
            f"只有风险、概率和日期可以比大小；请写成 {example(name)}，排除请在前面加减号。",
        )
    if name in _CLOSED:
        return FieldIs(name, _one_of(name, typed))
    if name == "site" and "/" in value:
        host = _host(value if "://" in value else f"//{value}")
        raise typed.bad(
            "站点只写主机名，不写整个网址", f"请写成 站点:{host}。" if host else f"例如 {example('site')}。"
        )
    if value.endswith("*") and not typed.quoted:
        raise typed.bad("没有通配符", "名称要写完整；名称里真有星号时请加引号。", at=len(typed.text) - 1)
    return FieldIs("subject" if name == "store" else name, value)


def is_value(name: str, text: str, reading: Reading) -> bool:
    """Whether a text is beyond doubt a value of this field: so a misspelt field name shows itself."""
    folded = fold(clean(text))
    if name in _CLOSED:
        return folded in _CLOSED[name]
    return folded in map(fold, reading.known.get(name, ()))


def _one_of(name: str, typed: Typed) -> str:
    folded = fold(clean(typed.text))
    if found := _CLOSED[name].get(folded):
        return found
    if name == "grade" and folded in _NO_GRADE:
        raise typed.bad("没有“无等级”这个值", "要找没有定级的内容，请写 -等级:A,B,C。")
    words = [word for word in _CLOSED[name] if len(word) > 1 and word[1:] != "级"]
    near = get_close_matches(folded, words, n=1, cutoff=0.5) if len(folded) < 20 else []
    hint = f"是否想用 {near[0]}？" if near else ""
    raise typed.bad(f"不认识的值“{typed.shown()}”", hint + _CHOICES[name])


def _host(value: str) -> str:
    try:
        return urlsplit(value).netloc.rpartition("@")[2]
    except ValueError:  # "http://[": not an address at all
        return ""
