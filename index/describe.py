"""How a search was understood, in plain Chinese: so that nobody trusts an answer to a question he did not ask."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from decimal import Decimal

from core.model import CHANNEL_NAMES, GRADE_NAMES
from core.text import clean, shorten
from index.base import All, AnyOf, Between, FieldIs, Node, Not, Term, Within
from index.field_names import chinese

_SHOWN = 60
_HAS = {"evidence": "有证据", "image": "有图片"}
_HAS_NOT = {"evidence": "没有证据", "image": "没有图片"}
_NAMES: Mapping[str, Mapping[str, str]] = {
    "channel": {str(channel): name for channel, name in CHANNEL_NAMES.items()},
    "grade": {grade: f"{grade}（{name}）" for grade, name in GRADE_NAMES.items()},
}


def describe(node: Node | None) -> str:
    """One line such as "含“刹车”，且渠道为微博，且 2026-11-15 00:00 起"; a blank search is "全部内容".

    Times are told in the zone that they carry, which is the operator's where `parse` made them. Safe to print.
    """
    match node:
        case None:
            return "全部内容"
        case Term(text):
            return f"含{_shown(text)}"
        case FieldIs("has", value):
            return _HAS.get(value, f"有{_shown(value)}")
        case FieldIs("day", value):
            return f"{clean(value)} 当天"
        case FieldIs(name, value):
            return f"{chinese(name)}为{_value(name, value)}"
        case Between():
            return _range(node)
        case Within(since, until):
            return _span(since, until)
        case Not(inner):
            return _negated(inner)
        case All(nodes):
            return _joined("，且", nodes)
        case AnyOf(nodes):
            return _any_value(nodes) or _joined("，或", nodes)


def _part(node: Node) -> str:
    grouped = isinstance(node, All) or (isinstance(node, AnyOf) and not _any_value(node.nodes))
    return f"（{describe(node)}）" if grouped else describe(node)


def _joined(sign: str, nodes: tuple[Node, ...]) -> str:
    """The parts with a sign between them, and a blank between the sign and a date."""
    first, *rest = map(_part, nodes)
    return first + "".join(f"{sign} {part}" if part[:1].isdigit() else sign + part for part in rest)


def _any_value(nodes: tuple[Node, ...]) -> str:
    """Values of one field as one phrase, such as "渠道为微博或论坛"; empty for anything else."""
    fields = [node for node in nodes if isinstance(node, FieldIs) and node.name not in ("has", "day")]
    names = {field.name for field in fields}
    if len(fields) != len(nodes) or len(names) != 1:
        return ""
    return f"{chinese(names.pop())}为{'或'.join(_value(field.name, field.value) for field in fields)}"


def _negated(inner: Node) -> str:
    match inner:
        case Term(text):
            return f"不含{_shown(text)}"
        case FieldIs("has", value):
            return _HAS_NOT.get(value, f"没有{_shown(value)}")
        case FieldIs("day", value):
            return f"不在 {clean(value)} 当天"
        case FieldIs(name, value):
            return f"{chinese(name)}不是{_value(name, value)}"
        case AnyOf(nodes) if said := _any_value(nodes):
            return said.replace("为", "不是", 1)
        case _:
            return f"不符合（{describe(inner)}）"


def _range(node: Between) -> str:
    name = chinese(node.name) if node.name == "risk" else "负面概率"
    low = None if node.low is None else _number(node.name, node.low)
    high = None if node.high is None else _number(node.name, node.high)
    if low is not None and low == high and node.low_in and node.high_in:
        return f"{name}等于 {low}"
    if low is not None and high is not None and node.low_in and node.high_in:
        return f"{name} {low} 至 {high}"
    said = [f"{'不低于' if node.low_in else '高于'} {low}"] if low is not None else []
    said += [f"{'不高于' if node.high_in else '低于'} {high}"] if high is not None else []
    return f"{name}{' 且'.join(said)}" if said else f"{name}不限"


def _number(name: str, value: float) -> str:
    exact = Decimal(repr(value))
    return f"{exact:f}" if name == "risk" else f"{(exact * 100).normalize():f}%"


def _span(since: datetime | None, until: datetime | None) -> str:
    if since is not None and until is not None and _is_midnight(since) and _is_midnight(until) and since < until:
        first, last = since.date(), (until - timedelta(hours=12)).date()
        return f"{first} 当天" if first == last else f"{first} 至 {last}"
    if since is not None and until is not None:
        return f"{_time(since)} 起、{_time(until)} 之前"
    if since is not None:
        return f"{_time(since)} 起"
    return f"{_time(until)} 之前" if until is not None else "时间不限"


def _is_midnight(moment: datetime) -> bool:
    return moment.time() == time()


def _time(moment: datetime) -> str:
    exactly = "milliseconds" if moment.microsecond else "seconds" if moment.second else "minutes"
    return moment.replace(tzinfo=None).isoformat(" ", exactly)


def _value(name: str, value: str) -> str:
    return _NAMES.get(name, {}).get(value) or _shown(value)


def _shown(text: str) -> str:
    return f"“{shorten(clean(text), _SHOWN)}”"
