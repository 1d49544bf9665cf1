"""What a hit is, in plain Python over one mention: no index, no engine.

The tests of every adapter compare with it, and saved searches alert by it: a new mention meets all of them before any
index has seen it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from core.model import Mention
from index.base import All, AnyOf, Between, FieldIs, Node, Not, Term, Within
from index.exact import phrase, tokens
from index.fields import same_value, values_of

#: Stands around every token of `Matchable.tokens`: a control character, which no token contains.
EDGE = "\x1f"
_START = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Matchable:
    """What of a mention decides whether it is a hit; made once by `prepare`, asked by many searches."""

    #: All tokens in order, `EDGE` around each.
    tokens: str
    #: Folded, by the name of the field.
    values: Mapping[str, frozenset[str]]
    risk: int
    negative: float
    #: `Post.when` in whole milliseconds since 1970.
    moment: int


def prepare(mention: Mention, *, zone: ZoneInfo) -> Matchable:
    """Read a mention once; `zone` is the operator's, in which a day begins. Costs what cutting its text costs."""
    return Matchable(
        tokens=_edged(tokens(mention.post)),
        values={name: frozenset(map(same_value, found)) for name, found in values_of(mention, zone).items()},
        risk=mention.verdict.risk,
        negative=mention.verdict.negative,
        moment=_milliseconds(mention.post.when),
    )


def matches(node: Node | None, prepared: Matchable) -> bool:
    """Whether the mention is a hit; `None` is the blank search, which every mention is a hit of."""
    match node:
        case None:
            return True
        case Term(text):
            wished = _wished(text)
            return bool(wished) and wished in prepared.tokens
        case FieldIs(name, value):
            return _folded(value) in prepared.values.get(name, ())
        case Between(name):
            return _lies_between(prepared.risk if name == "risk" else prepared.negative, node)
        case Within(since, until):
            return (since is None or _milliseconds(since) <= prepared.moment) and (
                until is None or prepared.moment < _milliseconds(until)
            )
        case Not(inner):
            return not matches(inner, prepared)
        case All(nodes):
            return all(matches(inner, prepared) for inner in nodes)
        case AnyOf(nodes):
            return any(matches(inner, prepared) for inner in nodes)


def _lies_between(value: float, bounds: Between) -> bool:
    low, high = bounds.low, bounds.high
    above = low is None or (value >= low if bounds.low_in else value > low)
    below = high is None or (value <= high if bounds.high_in else value < high)
    return above and below


@lru_cache(4096)  # the same searches are asked of every mention
def _wished(text: str) -> str:
    found = phrase(text)
    return _edged(found) if found else ""


@lru_cache(4096)
def _folded(value: str) -> str:
    return same_value(value)


def _edged(found: list[str]) -> str:
    return EDGE + "".join(token + EDGE for token in found)


def _milliseconds(moment: datetime) -> int:
    since = moment - _START
    return since.days * 86_400_000 + since.seconds * 1000 + since.microseconds // 1000
