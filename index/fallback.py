"""Two indices: while the first is down, searches are answered by the second, and the reader is told."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from core.errors import IndexMismatch, IndexTrouble, QuerySyntaxError
from core.model import Mention
from index.base import Added, Building, Facet, IndexState, Page, Query, SearchIndex

log = logging.getLogger("tingfeng.index")

Answer = TypeVar("Answer")
#: In front of a cursor of the second index: a page of one cannot follow a page of the other.
_MARK = "fallback:"


class IndexWithFallback:
    """A `SearchIndex` that asks `fallback` where `primary` cannot answer.

    Both are kept up to date, each by its own filer; so the fallback knows what came in while the first was down.
    """

    def __init__(self, primary: SearchIndex, fallback: SearchIndex) -> None:
        self.primary, self.fallback = primary, fallback
        self._is_down = False

    def add_many(self, mentions: Sequence[Mention], *, as_of: datetime | None = None) -> Added:
        """Add to both, to the fallback first: what the first does not take can be found meanwhile."""
        second = self.fallback.add_many(mentions, as_of=as_of)
        first = self.primary.add_many(mentions, as_of=as_of)
        refused = {**second.refused, **first.refused}
        return Added(count=len(mentions) - len(refused), refused=refused)

    def search(self, query: Query) -> Page:
        """One page, of the first index or, with a notice, of the second.

        Raise `QuerySyntaxError` for the next page of an answer that the other one gave.
        """
        of_second = query.after is not None and query.after.startswith(_MARK)
        if of_second:
            return self._second_page(query)
        try:
            page = self.primary.search(query)
        except IndexTrouble as trouble:
            self._note(trouble)
            if query.after is not None:
                raise _other_list(query.after, f"{_words(trouble)}，") from trouble
            return self._marked(self.fallback.search(query), trouble)
        self._works()
        return page

    def count_by(self, query: Query, facet: Facet, *, limit: int = 1000) -> dict[str, int]:
        """As the first one counts, or else the second."""
        plain = replace(query, after=None)
        return self._first_or_second(
            lambda: self.primary.count_by(plain, facet, limit=limit),
            lambda: self.fallback.count_by(plain, facet, limit=limit),
        )

    def count(self) -> int:
        """How many mentions are in the first one. Raise `IndexTrouble`: here nobody is deceived."""
        return self.primary.count()

    def delete(self, ids: Sequence[str], *, as_of: datetime | None = None) -> int:
        """Remove from both."""
        there = self.fallback.delete(ids, as_of=as_of)
        return max(there, self.primary.delete(ids, as_of=as_of))

    def prune(self, before: datetime) -> int:
        """Prune both."""
        there = self.fallback.prune(before)
        return max(there, self.primary.prune(before))

    def maintain(self) -> None:
        """Maintain both."""
        self.fallback.maintain()
        self.primary.maintain()

    def refresh(self) -> None:
        """Make everything visible, in the first one where it answers."""
        self.fallback.refresh()
        with suppress(IndexTrouble):
            self.primary.refresh()

    def state(self) -> IndexState:
        """How the first one is; what is known of the second stands in the remarks."""
        found = self.primary.state()
        second = self.fallback.state()
        said = f"后备索引 {second.engine}：{second.mentions} 条"
        return replace(found, remarks=(*found.remarks, said, *second.remarks))

    def beside(self, name: str) -> Building:
        """One beside the first."""
        return self.primary.beside(name)

    def close(self) -> None:
        """Close both."""
        self.primary.close()
        self.fallback.close()

    def _second_page(self, query: Query) -> Page:
        assert query.after is not None
        asked = replace(query, after=query.after.removeprefix(_MARK))
        try:
            # The first may be well again: then this list cannot go on, and the reader learns why.
            self.primary.search(replace(query, after=None, limit=1))
        except IndexTrouble as trouble:
            return self._marked(self.fallback.search(asked), trouble)
        self._works()
        raise _other_list(query.after, "检索索引已经恢复，")

    def _marked(self, page: Page, trouble: IndexTrouble) -> Page:
        after = _MARK + page.next if page.next is not None else None
        return replace(page, next=after, notice=f"{_words(trouble)}，以下来自内嵌索引")

    def _first_or_second(self, first: Callable[[], Answer], second: Callable[[], Answer]) -> Answer:
        try:
            answer = first()
        except IndexTrouble as trouble:
            self._note(trouble)
            return second()
        self._works()
        return answer

    def _note(self, trouble: IndexTrouble) -> None:
        """A mismatch is told each time: nobody waits it out."""
        if not self._is_down or isinstance(trouble, IndexMismatch):
            log.error("index_fell_back", extra={"kind": type(trouble).__name__, "reason": str(trouble)[:500]})
        self._is_down = True

    def _works(self) -> None:
        if self._is_down:
            log.warning("index_no_longer_falls_back")
        self._is_down = False


def _words(trouble: IndexTrouble) -> str:
    return f"Elasticsearch 不可用（{str(trouble).rstrip('。')}）"


def _other_list(after: str, why: str) -> QuerySyntaxError:
    return QuerySyntaxError(after, 0, "是另一个索引的翻页位置", f"{why}这一页接不上前一页，请从第一页重新检索。")
