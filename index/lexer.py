"""The pieces of a search text: words, phrases, fields, operators, parentheses, each with its position."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from core.errors import QuerySyntaxError
from core.text import clean, fold
from index.field_names import canonical, is_tried
from index.quotes import CLOSING, STRAY, read_quoted
from index.typed import Typed

Kind = Literal["word", "field", "and", "or", "not", "open", "close"]

#: English ones count in capitals only, since "and" and "not" are words of posts. Chinese ones stand alone.
_OPERATORS: dict[str, Kind] = {
    "AND": "and", "OR": "or", "NOT": "not",
    "与": "and", "且": "and", "并且": "and", "或": "or", "或者": "or", "非": "not", "不含": "not",
}  # fmt: skip
#: Full-width marks and the minus sign are read as what keyboards have; folding keeps positions, values keep their form.
#: The full-width backslash stays: it escapes nothing.
_PLAIN = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F) if code != 0xFF3C} | {0x3000: 0x20, 0x2212: 0x2D}
_FIELD = re.compile(r"(?P<name>[A-Za-z_]+|[\u4e00-\u9fff]{1,6})(?P<sign>:=?|[!<>=≥≤⩾⩽≠]+)")
_QUOTE_MARKS = re.escape("".join(CLOSING))
_EQUAL = (":", ":=", "=", "==")
#: What ends a word; "’" within one is an apostrophe.
_STOPS = re.compile(rf"[\s()]|[{_QUOTE_MARKS}]")
#: What stands between several values of one field.
_COMMAS = ",、"
_VALUE_STOPS = re.compile(rf"[\s(){_COMMAS}]|[{_QUOTE_MARKS}]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lexeme:
    """One piece. `typed` is the word, phrase or operator; a field has its name and its values, one at least."""

    kind: Kind
    typed: Typed
    values: tuple[Typed, ...] = ()

    @property
    def position(self) -> int:
        """Where it begins."""
        return self.typed.position


def lex(text: str) -> list[Lexeme]:
    """Cut a search text into pieces. Raise `QuerySyntaxError` where quotes or parentheses stand where none can."""
    plain = text.translate(_PLAIN)
    found, at = [], 0
    while at < len(plain):
        if plain[at].isspace() or not clean(plain[at]):  # blanks, and what nobody sees
            at += 1
            continue
        lexeme, at = _next(text, plain, at)
        found.append(lexeme)
    return found


def _next(text: str, plain: str, at: int) -> tuple[Lexeme, int]:
    char = plain[at]
    if char in "()":
        return Lexeme(kind="open" if char == "(" else "close", typed=_typed(text, at, at + 1)), at + 1
    if char in CLOSING:
        phrase, end = _quoted(text, plain, at)
        return Lexeme(kind="word", typed=phrase), end
    if char == "-" and at + 1 < len(plain) and not plain[at + 1].isspace():
        return Lexeme(kind="not", typed=_typed(text, at, at + 1)), at + 1
    end = _stop(_STOPS, plain, at)
    if (field := _FIELD.match(plain, at, end)) and _is_field(field):
        return _field(text, plain, field)
    typed = _typed(text, at, end)
    for place in range(at, end):
        if plain[place] in STRAY:
            raise typed.bad("多了一个右引号", "请补上左引号，或删去它。", at=place - at)
    return Lexeme(kind=_operator(plain[at:end]), typed=typed), end


def _field(text: str, plain: str, field: re.Match[str]) -> tuple[Lexeme, int]:
    sign = field["sign"]
    at = field.end() if sign in _EQUAL else field.start("sign")
    values = []
    while True:
        if at < len(plain) and plain[at] in CLOSING:
            value, at = _quoted(text, plain, at)
        else:
            start, at = at, _stop(_VALUE_STOPS, plain, at)
            value = _typed(text, start, at)
        values.append(value)
        if at == len(plain) or plain[at] not in _COMMAS:
            break
        at += 1
    if plain[at : at + 1] == "(":
        raise _bracket(text, at, values[-1])
    return Lexeme(kind="field", typed=_typed(text, field.start(), field.end("name")), values=tuple(values)), at


def _bracket(text: str, at: int, value: Typed) -> QuerySyntaxError:
    if value.text:
        fix = '名称里有括号请加引号，例如 对象:"城东(总)店"；括号是另一组条件的，请在前面空一格。'
        return QuerySyntaxError(text, at, "值后面紧跟着括号", fix)
    return QuerySyntaxError(text, at, "字段后面不能跟括号", "几个值之间用逗号，例如 渠道:微博,论坛。")


def _is_field(field: re.Match[str]) -> bool:
    """Whether what looks like a field is one, or was meant as one."""
    name, sign = field["name"], field["sign"]
    if sign == ":":
        return name.isascii() or canonical(name) is not None or is_tried(name)
    return canonical(name) is not None


def _operator(plain: str) -> Kind:
    word = clean(plain)
    return _OPERATORS.get(word if word.isascii() else fold(word), "word")


def _quoted(text: str, plain: str, at: int) -> tuple[Typed, int]:
    value, end = read_quoted(text, plain, at)
    return Typed(whole=text, text=value, position=at, quoted=True), end


def _typed(text: str, start: int, end: int) -> Typed:
    return Typed(whole=text, text=text[start:end], position=start)


def _stop(stops: re.Pattern[str], plain: str, at: int) -> int:
    found = stops.search(plain, at)
    return found.start() if found else len(plain)
