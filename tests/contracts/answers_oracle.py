"""The answer every index must give, found by looking at every mention: slow, short, and with nothing to get wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache, lru_cache

from core.model import Mention
from index.base import All, AnyOf, Between, Facet, FieldIs, Node, Not, Query, Term, Within
from index.exact import phrase, tokens
from index.fields import same_value, values_of
from index.rownumber import first_number
from index.tree import whole_tree
from tests.contracts.answers_corpus import STORES, ZONE

#: How many of an id's bits order mentions of one millisecond.
_ID_BITS = 21


class Oracle:
    """Answers of one corpus. Sets of numbers of mentions in it, so that a tree is a few set operations."""

    def __init__(self, mentions: Sequence[Mention]) -> None:
        self.mentions = mentions
        self.every = frozenset(range(len(mentions)))
        self._said = [f" {' '.join(tokens(one.post))} " for one in mentions]
        self._values = [
            {name: {same_value(value) for value in values} for name, values in values_of(one, ZONE).items()}
            for one in mentions
        ]
        self._orders = [first_number(one.post.when) + (int(one.id[:6], 16) >> 24 - _ID_BITS) for one in mentions]
        self._facet = cache(self._facets)
        self._leaf = lru_cache(100_000)(self._matching)

    def hits(self, query: Query) -> frozenset[int]:
        """Which mentions are found."""
        where = whole_tree(query)
        return self.every if where is None else self.of(where)

    def of(self, node: Node) -> frozenset[int]:
        """Which mentions a tree matches."""
        match node:
            case Not(inner):
                return self.every - self.of(inner)
            case All(nodes):
                return self.every.intersection(*map(self.of, nodes))
            case AnyOf(nodes):
                return frozenset().union(*map(self.of, nodes))
            case _:
                return self._leaf(node)

    def rank(self, query: Query, number: int) -> tuple[int, int]:
        """What orders hits by time or risk: higher comes first."""
        return (self.mentions[number].verdict.risk if query.sort == "risk" else 0), self._orders[number]

    def counts(self, found: frozenset[int], facet: Facet) -> dict[str, int]:
        """How many of these mentions each value of the facet has, most first, then by value."""
        counted = Counter(value for number in found for value in self._facet(facet)[number])
        return dict(sorted(counted.items(), key=lambda item: (-item[1], item[0])))

    def _facets(self, facet: Facet) -> list[frozenset[str]]:
        """The values of a facet, as each mention has them."""
        if facet == "store":
            return [frozenset(one.verdict.subjects).intersection(STORES) for one in self.mentions]
        if facet == "hour":
            return [frozenset((one.post.when.astimezone(ZONE).strftime("%Y-%m-%dT%H"),)) for one in self.mentions]
        return [frozenset(values_of(one, ZONE)[facet]) for one in self.mentions]

    def _matching(self, node: Node) -> frozenset[int]:
        test: Callable[[int], bool]
        match node:
            case Term(text):
                wished = f" {' '.join(phrase(text))} "
                return frozenset(
                    number for number, said in enumerate(self._said) if wished in said and not wished.isspace()
                )
            case FieldIs(name, value):
                same = same_value(value)
                return frozenset(number for number, has in enumerate(self._values) if same in has.get(name, ()))
            case Between(name, low, high, low_in, high_in):

                def test(number: int) -> bool:
                    value = getattr(self.mentions[number].verdict, name)
                    above = low is None or value > low or (low_in and value == low)
                    return above and (high is None or value < high or (high_in and value == high))

            case Within(since, until):
                first = None if since is None else first_number(since)
                last = None if until is None else first_number(until)

                def test(number: int) -> bool:
                    at = self._orders[number]
                    return (first is None or at >= first) and (last is None or at < last)

            case _:
                raise TypeError(node)
        return frozenset(filter(test, self.every))
