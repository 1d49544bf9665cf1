"""A search index that asks every mention: slow and beyond doubt."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from core.model import Mention
from index.base import Facet, Hit, Page, Query, SearchIndex
from index.fields import values_of
from index.highlight import highlight
from index.matching import matches, prepare
from index.tree import whole_tree
from tests.index.export_world import ZONE


class PlainIndex:
    """As much of the port as pages need; notes what it is asked."""

    def __init__(self, mentions: Sequence[Mention]) -> None:
        self.mentions = sorted(mentions, key=lambda one: (one.post.when, one.id), reverse=True)
        self.asked: list[Query] = []
        self.counted: list[Facet] = []

    def search(self, query: Query) -> Page:
        self.asked.append(query)
        found = self._matching(query)
        hits = [Hit(mention=one, highlight=highlight(one.post, query.where)) for one in found[: query.limit]]
        return Page(hits=tuple(hits), total=len(found))

    def count_by(self, query: Query, facet: Facet, *, limit: int = 1000) -> dict[str, int]:
        self.counted.append(facet)
        counts = Counter(value for one in self._matching(query) for value in values_of(one, ZONE)[facet])
        return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:limit])

    def _matching(self, query: Query) -> list[Mention]:
        tree = whole_tree(replace(query, after=None))
        return [one for one in self.mentions if matches(tree, prepare(one, zone=ZONE))]


def plain(*mentions: Mention) -> SearchIndex:
    return PlainIndex(mentions)  # type: ignore[return-value]
