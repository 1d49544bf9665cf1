"""What people type into the search box, read into a tree.

A word means exactly these characters. Blanks mean "and"; AND OR NOT 与 或 非 stand as separate words; -word excludes;
"quotes" keep blanks inside; parentheses group; field:value asks for a field: subject channel category grade author
site event day, or their Chinese names. NOT binds tightest, OR loosest.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from core.errors import QuerySyntaxError
from index.base import All, AnyOf, FieldIs, Node, Not, Term
from index.exact import phrase
from index.fields import field_value
from index.lexer import Lexeme, lex
from index.render import quoted, render

__all__ = ["parse", "quoted", "render"]

#: More than anybody types, less than any index chokes on.
_MAX_LENGTH, _MAX_WORDS, _MAX_DEPTH = 2000, 100, 20


def parse(text: str, *, now: datetime, zone: ZoneInfo) -> Node | None:
    """The tree of a search text; `None` for a blank one, which means everything.

    `now` and `zone` are for days such as `day:昨天`. Raise `QuerySyntaxError`, which knows the position, nothing else.
    """
    if len(text) > _MAX_LENGTH:
        raise QuerySyntaxError(text, _MAX_LENGTH, "检索式太长", f"请控制在 {_MAX_LENGTH} 个字符以内。")
    lexemes = lex(text)
    if len(lexemes) > _MAX_WORDS * 2:
        raise QuerySyntaxError(text, lexemes[_MAX_WORDS * 2].position, "检索词太多", f"请控制在 {_MAX_WORDS} 个以内。")
    if not lexemes:
        return None
    reader = _Reader(text=text, lexemes=lexemes, now=now, zone=zone)
    tree = reader.either(depth=0)
    if (rest := reader.peek()) is not None:
        raise reader.bad(rest, "多了一个右括号", "请删去它，或补上左括号。")
    return tree


@dataclass(slots=True)
class _Reader:
    """Recursive descent over the lexemes."""

    text: str
    lexemes: list[Lexeme]
    now: datetime
    zone: ZoneInfo
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
        if depth > _MAX_DEPTH:
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
        if found.kind == "field":
            name, value = field_value(found, text=self.text, now=self.now, zone=self.zone)
            return FieldIs(name, value)
        if not phrase(found.value):
            raise self.bad(found, "没有可以检索的文字", "请输入汉字、字母或数字。")
        return Term(found.value)

    def _nothing_here(self, found: Lexeme | None) -> QuerySyntaxError:
        before = self.lexemes[self.at - 1] if self.at else None
        if before is not None and before.kind in ("and", "or", "not"):
            return self.bad(before, f"“{before.value}”后面缺少检索词", "请补上检索词；要查找这个词本身，请加引号。")
        if before is not None and before.kind == "open":
            return self.bad(before, "括号里没有检索词" if found else "括号没有闭合", "请补上检索词和右括号。")
        if found is not None and found.kind == "close":
            return self.bad(found, "多了一个右括号", "请删去它，或补上左括号。")
        return self.bad(
            found, f"“{found.value if found else ''}”前面缺少检索词", "请补上检索词；要查找这个词本身，请加引号。"
        )
