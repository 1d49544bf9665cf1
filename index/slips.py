"""Words that could be looked for as they stand, but were surely meant as something else.

Each would find nothing, or not what was meant, and nobody would know why: a range with blanks in it, a field glued to
the word before it, a field's name with one character wrong. Better to ask back; quoted they are words like others.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from core.errors import QuerySyntaxError
from core.text import fold
from index.calendar import Calendar
from index.dates import read_date_word
from index.day_words import RECENT
from index.field_names import all_names, canonical, is_range, meant
from index.field_values import Reading, is_value
from index.lexer import Lexeme
from index.typed import Typed

_AS_TEXT = "要查找这几个字本身，请加引号。"
#: What looks like a field within a word, behind a mark that people write where we want a blank.
_GLUED = re.compile(r"[,;、。|/](?P<name>[a-z_]+|[\u4e00-\u9fff]{1,6})(?::|[<>=≥≤]+)")
_NAMED = re.compile(r"(?P<name>[\u4e00-\u9fff]{2,6}):(?P<value>.+)", re.DOTALL)
_CLOCK = re.compile(r"\d{1,2}:\d\d(?::\d\d)?", re.ASCII)


def slip(lexemes: Sequence[Lexeme], at: int, reading: Reading) -> QuerySyntaxError | None:
    """The mistake that the unquoted word at this place surely is; `None` for a word like others."""
    typed = lexemes[at].typed
    plain = fold(typed.text)
    before = lexemes[at - 1] if at else None
    return (
        _colon_alone(typed, plain, before)
        or _gap(typed, plain, before, reading.calendar)
        or _recent(lexemes[at : at + 3])
        or _glued(typed, plain)
        or _misspelt(typed, plain, reading)
    )


def _colon_alone(typed: Typed, plain: str, before: Lexeme | None) -> QuerySyntaxError | None:
    """渠道 :微博."""
    if plain[0] != ":" or before is None or before.kind != "word" or canonical(before.typed.text) is None:
        return None
    return typed.bad("冒号前面没有字段", "字段、冒号和值要连着写，不要空格，例如 渠道:微博。")


def _gap(typed: Typed, plain: str, before: Lexeme | None, calendar: Calendar) -> QuerySyntaxError | None:
    """风险:60 到 80, 日期:昨天 20:30."""
    is_clock = _CLOCK.fullmatch(plain)
    if before is None or not (plain in ("到", "至") or is_clock):
        return None
    name = canonical(before.typed.text) if before.kind == "field" else None
    is_date = before.kind == "word" and not before.typed.quoted and read_date_word(before.typed, calendar)
    if not (is_date or (name and is_range(name) and not (is_clock and name in ("risk", "negative")))):
        return None
    fix = "时刻紧接着日期写，例如 日期:昨天20:30。" if is_clock else "不要空格，例如 日期:3月1日到3月14日。"
    return typed.bad("日期和时刻之间有空格" if is_clock else "范围里有空格", fix + _AS_TEXT)


def _recent(following: Sequence[Lexeme]) -> QuerySyntaxError | None:
    """近 7 天."""
    joined = ""
    for count, one in enumerate(following):
        if one.kind != "word" or one.typed.quoted:
            return None
        joined += one.typed.text
        if RECENT.fullmatch(fold(joined)):
            return following[0].typed.bad("日期里有空格", f"请连着写：{joined}。{_AS_TEXT}") if count else None
    return None


def _glued(typed: Typed, plain: str) -> QuerySyntaxError | None:
    """刹车，渠道:微博."""
    found = _GLUED.search(plain)
    if found is None or canonical(found["name"]) is None:
        return None
    return typed.bad(f"“{found['name']}”前面要有空格", f"条件之间用空格隔开。{_AS_TEXT}", at=found.start("name"))


def _misspelt(typed: Typed, plain: str, reading: Reading) -> QuerySyntaxError | None:
    """渠到:微博, where the value leaves no doubt."""
    found = _NAMED.match(plain)
    near = meant(found["name"]) if found else None
    field = canonical(near) if near else None
    if found is None or field is None or not is_value(field, found["value"], reading):
        return None
    return unknown_field(typed.part(0, found.end("name")))


def unknown_field(name: Typed) -> QuerySyntaxError:
    """What we say to a name that is no field."""
    near = meant(name.text)
    hint = f"是否想用 {near}: ？" if near else ""
    return name.bad(f"没有字段“{name.shown()}”", f"{hint}可用字段：{all_names()}。要查找带冒号的文字，请加引号。")
