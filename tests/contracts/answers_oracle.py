"""The answer every index must give, found by looking at every mention: slow, short, and with nothing to get wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import lru_cache

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

    def rank(self, query: Query, mention: Mention) -> tuple[int, int]:
        """What orders hits by time or risk: higher comes first."""
        number = first_number(mention.post.when) + (int(mention.id[:6], 16) >> 24 - _ID_BITS)
        return (mention.verdict.risk if query.sort == "risk" else 0), number

    def counts(self, found: frozenset[int], facet: Facet) -> dict[str, int]:
        """How many of these mentions each value of the facet has, most first, then by value."""
        counted = Counter(value for number in found for value in set(self.facet(self.mentions[number], facet)))
        return dict(sorted(counted.items(), key=lambda item: (-item[1], item[0])))

    def facet(self, mention: Mention, facet: Facet) -> tuple[str, ...]:
        """The values of a facet, as the mention has them."""
        if facet == "store":
            return tuple(subject for subject in mention.verdict.subjects if subject in STORES)
        if facet == "hour":
            return (mention.post.when.astimezone(ZONE).strftime("%Y-%m-%dT%H"),)
        return values_of(mention, ZONE)[facet]

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
                    at = first_number(self.mentions[number].post.when)
                    return (first is None or at >= first) and (last is None or at < last)

            case _:
                raise TypeError(node)
        return frozenset(filter(test, self.every))
