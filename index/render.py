"""A tree as a search text: what saved searches, links and "more like this" hand to the person who may change it."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from index.base import All, AnyOf, Between, FieldIs, Node, Not, Term, Within
from index.quotes import quoted


def render(node: Node) -> str:
    """A search text that `index.query.parse` reads back as the same tree.

    That holds for every tree that `parse` gives, and for those made of it and of `Query`'s filters: risks are integers,
    moments lie in the years of `index.calendar`. What no text can say (a term without a token, a range that ends before
    it begins) is not read back.
    """
    match node:
        case Term(text):
            return quoted(text)
        case FieldIs(name, value):
            return f"{name}:{quoted(value)}"
        case Between(name, low, high, low_in, high_in):
            return f"{name}:{_range(_number(low), _number(high), low_in=low_in, high_in=high_in)}"
        case Within(since, until):
            return f"date:{_range(_moment(since), _moment(until), low_in=True, high_in=False)}"
        case Not(inner):
            return f"NOT {_grouped(inner)}"
        case All(nodes):
            return " AND ".join(_grouped(inner) for inner in nodes)
        case AnyOf(nodes):
            return " OR ".join(_grouped(inner) for inner in nodes)


def _grouped(node: Node) -> str:
    return f"({render(node)})" if isinstance(node, All | AnyOf) else render(node)


def _range(low: str | None, high: str | None, *, low_in: bool, high_in: bool) -> str:
    """Such as `>=60`, `<80`, `60..80`, `>60..<80`; `*..*` where both ends are open."""
    if low is None and high is None:
        return "*..*"
    if high is None:
        return f"{'>=' if low_in else '>'}{low}"
    if low is None:
        return f"{'<=' if high_in else '<'}{high}"
    return f"{'' if low_in else '>'}{low}..{'' if high_in else '<'}{high}"


def _number(value: float | None) -> str | None:
    """All digits, without an exponent: 1e-07 is "0.0000001"."""
    return None if value is None else format(Decimal(repr(value)), "f")


def _moment(when: datetime | None) -> str | None:
    return None if when is None else when.isoformat()
