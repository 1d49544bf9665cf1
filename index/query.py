"""What people type into the search box, read into a tree.

A word means exactly these characters. Blanks mean "and"; AND OR NOT 与 或 非 stand as separate words; -word excludes;
"quotes" keep blanks inside; parentheses group; field:value asks for a field of `index.field_names`, several values with
commas between them for any of these. Risk, probability and date take ranges. NOT binds tightest, OR loosest. A word
that can only be a date (昨天, 近7天, 2026-03) is one, unless it is quoted. docs/search.md tells it to those who search.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from core.errors import QuerySyntaxError
from core.text import clean, fold
from index.base import All, AnyOf, Node, Not, Term
from index.calendar import Calendar
from index.dates import read_date_word
from index.exact import phrase
from index.field_names import canonical
from index.field_values import Reading, value_node
from index.lexer import Lexeme, lex
from index.quotes import quoted
from index.ranges import read_named_range
from index.render import render
from index.slips import slip, unknown_field
from index.typed import Typed

__all__ = ["parse", "quoted", "render"]

#: More than anybody types, less than any index chokes on.
_MAX_LENGTH, _MAX_TERMS = 2000, 200
#: Each level may hold an OR of ANDs, which is two of the 30 levels that Elasticsearch takes, filters and order aside.
_MAX_DEPTH = 12
_QUOTE_IT = "要查找这个词本身，请加引号。"
#: Signs of other search languages, standing alone, and how that is said here.
_FOREIGN = {
    "-": ("减号后面没有词", "减号要紧接着写词，例如 -二手。"),
    "&": ("没有可以检索的文字", "“并且”请写空格、AND 或 与。"),
    "|": ("没有可以检索的文字", "“或者”请写 OR 或 或。"),
    "!": ("没有可以检索的文字", "“排除”请写 -词、NOT 或 非。"),
    "<": ("比较号旁边没有字段", "比较要连着写，不要空格，例如 风险>=60。"),
    "*": ("没有可以检索的文字", "没有通配符：词本身就会在任何位置被找到。"),
    ":": ("冒号前面没有字段", "字段、冒号和值要连着写，不要空格，例如 渠道:微博。"),
}
_FOREIGN |= {"+": _FOREIGN["&"], "=": _FOREIGN["<"], ">": _FOREIGN["<"], "≥": _FOREIGN["<"], "≤": _FOREIGN["<"],
             "?": _FOREIGN["*"], "−": _FOREIGN["-"]}  # fmt: skip


def parse(
    text: str, *, now: datetime, zone: ZoneInfo, known: Mapping[str, Collection[str]] | None = None
) -> Node | None:
    """The tree of a search text; `None` for a blank one, which means everything.

    `now` and `zone` are for dates such as 昨天; `known` has the known values of fields by the field's name, for better
    advice: what is unknown is no mistake. Raise `QuerySyntaxError`, which knows the position, nothing else.
    """
    if len(text) > _MAX_LENGTH:
        raise QuerySyntaxError(text, _MAX_LENGTH, "检索式太长", f"请控制在 {_MAX_LENGTH} 个字符以内。")
    lexemes = lex(text)
    _count(lexemes)
    if not lexemes:
        return None
    reading = Reading(calendar=Calendar(now=now, zone=zone), known=known or {})
    reader = _Reader(text=text, lexemes=lexemes, reading=reading)
    tree = reader.either(depth=0)
    if (rest := reader.peek()) is not None:
        raise reader.bad(rest, "多了一个右括号", "请删去它，或补上左括号。")
    return tree


def _count(lexemes: list[Lexeme]) -> None:
    """Refuse more words and values than an index is asked for."""
    asked = [one for lexeme in lexemes for one in lexeme.values or ((lexeme.typed,) if lexeme.kind == "word" else ())]
    if len(asked) > _MAX_TERMS:
        raise asked[_MAX_TERMS].bad("检索词太多", f"请控制在 {_MAX_TERMS} 个以内。")


@dataclass(slots=True)
class _Reader:
    """Recursive descent over the lexemes."""

    text: str
    lexemes: list[Lexeme]
    reading: Reading
    at: int = 0

    def peek(self) -> Lexeme | None:
        return self.lexemes[self.at] if self.at < len(self.lexemes) else None

    def takes(self, kind: str) -> Lexeme | None:
        found = self.peek()
        if found is None or found.kind != kind:
            return None
        self.at += 1
        return found

    def bad(self, where: Lexeme | None, problem: str, fix: str) -> QuerySyntaxError:
        return QuerySyntaxError(self.text, where.position if where else len(self.text), problem, fix)

    def either(self, depth: int) -> Node:
        nodes = [self.every(depth)]
        while self.takes("or"):
            nodes.append(self.every(depth))
        flat = [inner for node in nodes for inner in (node.nodes if isinstance(node, AnyOf) else (node,))]
        return flat[0] if len(flat) == 1 else AnyOf(tuple(flat))

    def every(self, depth: int) -> Node:
        nodes = [self.one(depth)]
        while (following := self.peek()) is not None and following.kind not in ("or", "close"):
            self.takes("and")
            nodes.append(self.one(depth))
        flat = [inner for node in nodes for inner in (node.nodes if isinstance(node, All) else (node,))]
        return flat[0] if len(flat) == 1 else All(tuple(flat))

    def one(self, depth: int) -> Node:
        found = self.peek()
        # Several values of a field are a group, though nobody writes its parentheses.
        if depth + (found is not None and len(found.values) > 1) > _MAX_DEPTH:
            raise self.bad(found, "括号或“非”嵌套太深", f"请控制在 {_MAX_DEPTH} 层以内。")
        if found is None or found.kind in ("and", "or", "close"):
            raise self._nothing_here(found)
        self.at += 1
        if found.kind == "not":
            return Not(self.one(depth + 1))
        if found.kind == "open":
            inner = self.either(depth + 1)
            if not self.takes("close"):
                raise self.bad(found, "括号没有闭合", "请补上右括号。")
            return inner
        return self._asked_for(found) if found.kind == "field" else self._word(found)

    def _asked_for(self, found: Lexeme) -> Node:
        name = canonical(found.typed.text)
        if name is None:
            raise unknown_field(found.typed)
        nodes = [value_node(name, value, self.reading, called=found.typed.text) for value in found.values]
        return nodes[0] if len(nodes) == 1 else AnyOf(tuple(nodes))

    def _word(self, found: Lexeme) -> Node:
        typed = found.typed
        if typed.quoted:
            return _term(typed)
        if mistake := slip(self.lexemes, self.at - 1, self.reading):
            raise mistake
        return read_date_word(typed, self.reading.calendar) or read_named_range(typed) or _term(typed)

    def _nothing_here(self, found: Lexeme | None) -> QuerySyntaxError:
        before = self.lexemes[self.at - 1] if self.at else None
        if before is not None and before.kind in ("and", "or", "not"):
            return self.bad(before, f"“{before.typed.shown()}”后面缺少检索词", f"请补上检索词；{_QUOTE_IT}")
        if before is not None and before.kind == "open":
            return self.bad(before, "括号里没有检索词" if found else "括号没有闭合", "请补上检索词和右括号。")
        if found is not None and found.kind == "close":
            return self.bad(found, "多了一个右括号", "请删去它，或补上左括号。")
        return self.bad(found, f"“{found.typed.shown() if found else ''}”前面缺少检索词", f"请补上检索词；{_QUOTE_IT}")


def _term(typed: Typed) -> Term:
    if phrase(typed.text):
        return Term(typed.text)
    problem, fix = "没有可以检索的文字", "请输入汉字、字母或数字。"
    if not typed.quoted:
        problem, fix = _FOREIGN.get(clean(fold(typed.text))[:1], (problem, fix))
    raise typed.bad(problem, fix)
