"""The conditions of a query one by one: what each is called, and the query without it or with another in its place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from core.model import CHANNEL_NAMES, GRADE_NAMES
from core.text import shorten
from index.base import All, Between, FieldIs, Node, Not, Query, Term, Within
from index.field_names import chinese
from index.filters import both
from index.render import render

_SHOWN = 30
_VALUE_NAMES: dict[str, Iterable[tuple[str, str]]] = {"grade": GRADE_NAMES.items(), "channel": CHANNEL_NAMES.items()}
#: Filters of `Query` with several values, and their field.
FILTERS = {"grades": "grade", "channels": "channel", "subjects": "subject", "categories": "category"}
_OPEN: dict[str, dict[str, Any]] = {
    "日期": {"since": None, "until": None},
    "风险下限": {"min_risk": None},
    "负面概率下限": {"min_negative": None},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One condition. `node` is that of the search text; `None` for a filter."""

    said: str
    without: Query
    node: Node | None = None


def conditions(query: Query) -> list[Condition]:
    """What all must hold for a hit, in the order of the search text, then the filters."""
    parts = parts_of(query.where)
    found = [
        Condition(said=said(node), node=node, without=replace(query, where=both(*parts[:at], *parts[at + 1 :])))
        for at, node in enumerate(parts)
    ]
    for name, field in FILTERS.items():
        if values := getattr(query, name):
            known = "、".join(value_name(field, value) for value in values)
            emptied = replace(query, **{name: ()})  # type: ignore[arg-type]
            found.append(Condition(said=f"“{chinese(field)}:{shorten(known, _SHOWN)}”", without=emptied))
    for called, open_ends in _OPEN.items():
        if any(getattr(query, name) is not None for name in open_ends):
            found.append(Condition(said=called, without=replace(query, **open_ends)))
    return found


def parts_of(where: Node | None) -> tuple[Node, ...]:
    """What stands side by side at the top of a search text."""
    return where.nodes if isinstance(where, All) else (where,) if where else ()


def with_part(query: Query, old: Node, new: Node) -> Query:
    """The query with one of its top conditions replaced."""
    return replace(query, where=both(*(new if part is old else part for part in parts_of(query.where))))


def said(node: Node) -> str:
    """A condition in a few words."""
    match node:
        case Term(text):
            return f"“{shorten(text, _SHOWN)}”"
        case FieldIs("has", value):
            return "“有证据”" if value == "evidence" else f"“有 {value}”"
        case FieldIs(name, value):
            return f"“{chinese(name)}:{shorten(value_name(name, value), _SHOWN)}”"
        case Not(inner):
            return f"排除{said(inner)}"
        case Within():
            return "日期"
        case Between(name):
            return "风险范围" if name == "risk" else "负面概率范围"
        case _:
            return f"“{shorten(render(node), _SHOWN)}”"


def value_name(field: str, value: str) -> str:
    """A value as people know it."""
    names: Mapping[str, str] = dict(_VALUE_NAMES.get(field, ()))
    return names.get(value, value)
