"""The fields one can search by, their Chinese names, and what their values mean."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from core.errors import QuerySyntaxError
from core.model import CHANNEL_NAMES, GRADE_NAMES, Mention
from core.text import clean, fold
from core.times import parse_when

if TYPE_CHECKING:
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from index.lexer import Lexeme

FIELDS = ("subject", "channel", "category", "grade", "author", "site", "event", "day")
CHINESE_NAMES = {
    "对象": "subject",
    "监测对象": "subject",
    "渠道": "channel",
    "类别": "category",
    "等级": "grade",
    "级别": "grade",
    "作者": "author",
    "站点": "site",
    "网站": "site",
    "事件": "event",
    "日期": "day",
}
#: What people try, and what it is called here.
_MEANT = {"store": "subject", "brand": "subject", "model": "subject", "person": "subject", "source": "site",
          "user": "author", "level": "grade", "risk": "grade", "date": "day", "topic": "category"}  # fmt: skip

_CHANNELS = {**{fold(channel): channel for channel in CHANNEL_NAMES}, **{v: k for k, v in CHANNEL_NAMES.items()}}
_GRADES = {**{fold(grade): grade for grade in GRADE_NAMES}, **{v: k for k, v in GRADE_NAMES.items()}}


def field_value(found: Lexeme, *, text: str, now: datetime, zone: ZoneInfo) -> tuple[str, str]:
    """The field's name and its value as mentions hold it. Raise `QuerySyntaxError`, with a suggestion."""
    name = CHINESE_NAMES.get(found.name, fold(found.name))
    if name not in FIELDS:
        raise QuerySyntaxError(text, found.position, f"没有字段“{found.name}”", _suggestion(found.name))
    value = clean(found.value)
    if not value:
        raise QuerySyntaxError(text, found.value_position, f"字段“{found.name}”后面缺少值", "例如 channel:论坛。")
    wanted: str | None = value
    if name == "channel":
        wanted = _CHANNELS.get(fold(value))
    elif name == "grade":
        wanted = _GRADES.get(fold(value))
    elif name == "day":
        when = parse_when(value, now=now, zone=zone)
        wanted = when.astimezone(zone).date().isoformat() if when else None
    if wanted is None:
        raise QuerySyntaxError(text, found.value_position, f"不认识的值“{value}”", _choices(name))
    return name, wanted


def values_of(mention: Mention, zone: ZoneInfo) -> dict[str, tuple[str, ...]]:
    """What a mention has in each field; empty where unknown."""
    post, verdict = mention.post, mention.verdict
    return {
        "subject": verdict.subjects,
        "channel": (post.channel,),
        "category": verdict.categories,
        "grade": (verdict.grade,) if verdict.grade else (),
        "author": (post.author.name,) if post.author.name else (),
        "site": (post.site,),
        "event": (verdict.event,) if verdict.event else (),
        "day": (post.when.astimezone(zone).date().isoformat(),),
        "source": (mention.source,) if mention.source else (),
        "has": tuple(name for name, there in has_of(mention).items() if there),
    }


def has_of(mention: Mention) -> dict[str, bool]:
    """What `has:` asks for. Evidence is a capture that shows the page, whole or in part."""
    return {"evidence": mention.evidence in ("complete", "partial"), "image": bool(mention.post.images)}


def same_value(value: str) -> str:
    """The form in which two values of a field are compared: folded, cleaned."""
    return fold(clean(value))


def _suggestion(name: str) -> str:
    near = _MEANT.get(fold(name)) or next(iter(get_close_matches(fold(name), FIELDS, n=1)), None)
    hint = f"是否想用 {near}: ？" if near else ""
    return f"{hint}可用字段：{'、'.join(FIELDS)}。要查找带冒号的文字，请加引号。"


def _choices(name: str) -> str:
    if name == "channel":
        return f"可用：{'、'.join(CHANNEL_NAMES.values())}。"
    if name == "grade":
        return "可用：A（特急）、B（紧急）、C（一般）。"
    return "日期例如 2026-03-15、03-15、昨天。"
