"""All hits of a query, a page at a time: what every export reads.

Pages follow one another by cursor, newest first (or highest risk first). So a post that comes in meanwhile moves none
of the others: nothing is missed and nothing comes twice. Only a mention that changes its own place meanwhile, by a new
judgement where the order is the risk, may.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from core.model import Mention
from index.base import Query, SearchIndex

#: Hits a page: enough that the search itself hardly counts, few enough that huge posts fit into memory.
BATCH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """One page of an export."""

    mentions: tuple[Mention, ...]
    #: How many there are with those of the pages before.
    done: int
    #: How many there will be: all hits when the first page was read, or the limit.
    wanted: int
    #: How many hits there were.
    total: int
    #: What the index says of its answer.
    notice: str | None = None

    @property
    def left_out(self) -> str | None:
        """One sentence where the limit leaves hits out."""
        if self.wanted >= self.total:
            return None
        return f"未完：共 {self.total} 条，只导出了前 {self.wanted} 条。请缩小范围或分段导出。"


def ordered(query: Query) -> Query:
    """The query in an order that can be exported: by relevance becomes by time, since its pages would shift."""
    return replace(query, sort="time") if query.sort == "relevance" else query


def batches(index: SearchIndex, query: Query, *, limit: int | None = None, size: int = BATCH) -> Iterator[Batch]:
    """The hits of a query in pages, from the first on; at least one page, which may be empty.

    At most `limit` hits. Raise what the index raises.
    """
    wished, done, total, wanted = ordered(query), 0, 0, 0
    after: str | None = None
    while True:
        left = size if limit is None else min(size, limit - done)
        page = index.search(replace(wished, limit=left, after=after))
        if after is None:
            total = page.total
            wanted = total if limit is None else min(total, limit)
        done += len(page.hits)
        mentions = tuple(hit.mention for hit in page.hits)
        # Posts that came in meanwhile may lie behind the cursor: the bar must not stand at more than all.
        yield Batch(mentions=mentions, done=done, wanted=max(wanted, done), total=max(total, done), notice=page.notice)
        after = page.next
        if after is None or not page.hits or done == limit:
            return
