"""The pieces of a search text: words, phrases, fields, operators, parentheses, each with its position."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from core.errors import QuerySyntaxError
from core.text import fold
from index.fields import CHINESE_NAMES

Kind = Literal["word", "field", "and", "or", "not", "open", "close"]

_OPERATORS: dict[str, Kind] = {"AND": "and", "OR": "or", "NOT": "not", "与": "and", "或": "or", "非": "not"}
#: Which characters may close what these opened; a keyboard's straight quote closes every one.
_QUOTES = {'"': '"”', "“": '”"', "”": '”"', "「": "」"}
#: A field's name before its colon: letters, or the Chinese names of `index.fields`.
_FIELD = re.compile(r"([A-Za-z_]+|[\u4e00-\u9fff]{2,4}):")
_STOPS = re.compile(r'[\s()"“”「]')


@dataclass(frozen=True, slots=True, kw_only=True)
class Lexeme:
    """One piece. `name` is a field's name as typed; `value` the word, phrase or field value as typed."""

    kind: Kind
    position: int
    value: str = ""
    name: str = ""
    #: Where a field's value begins.
    value_position: int = 0


def lex(text: str) -> list[Lexeme]:
    """Cut a search text into pieces. Raise `QuerySyntaxError` for a quote that is not closed."""
    # Full-width brackets, colons, quotes and blanks mean the same; folding keeps positions, the values keep their form.
    plain = text.translate(
        {ord("（"): "(", ord("）"): ")", ord("："): ":", ord("＂"): '"', ord("－"): "-", 0x3000: " "}
    )
    found, at = [], 0
    while at < len(plain):
        if plain[at].isspace():
            at += 1
            continue
        lexeme, at = _next(text, plain, at)
        found.append(lexeme)
    return found


def _next(text: str, plain: str, at: int) -> tuple[Lexeme, int]:
    char = plain[at]
    if char in "()":
        return Lexeme(kind="open" if char == "(" else "close", position=at, value=char), at + 1
    if char in _QUOTES:
        value, end = _phrase(text, plain, at)
        return Lexeme(kind="word", position=at, value=value), end
    if char == "-" and at + 1 < len(plain) and not plain[at + 1].isspace():
        return Lexeme(kind="not", position=at, value="-"), at + 1
    end = _end_of_word(plain, at)
    field = _FIELD.match(plain, at, end)
    if field and _is_field(field.group(1)):
        return _field(text, plain, field)
    word = text[at:end]
    operator = _OPERATORS.get(fold(word) if word in "与或非" else word)
    return Lexeme(kind=operator or "word", position=at, value=word), end


def _field(text: str, plain: str, field: re.Match[str]) -> tuple[Lexeme, int]:
    start = field.end()
    if start < len(plain) and plain[start] in _QUOTES:
        value, end = _phrase(text, plain, start)
    else:
        end = _end_of_word(plain, start)
        value = text[start:end]
    name = field.group(1)
    return Lexeme(kind="field", position=field.start(), name=name, value=value, value_position=start), end


def _phrase(text: str, plain: str, at: int) -> tuple[str, int]:
    closing, pieces, here = _QUOTES[plain[at]], [], at + 1
    while here < len(plain):
        if plain[here] == "\\" and plain[here + 1 : here + 2] in ("\\", '"', "“", "”", "」"):
            pieces.append(text[here + 1])
            here += 2
        elif plain[here] in closing:
            return "".join(pieces), here + 1
        else:
            pieces.append(text[here])
            here += 1
    raise QuerySyntaxError(text, at, "引号没有闭合", "请补上右引号。")


def _end_of_word(plain: str, at: int) -> int:
    stop = _STOPS.search(plain, at)
    return stop.start() if stop else len(plain)


def _is_field(name: str) -> bool:
    return name.isascii() or name in CHINESE_NAMES
