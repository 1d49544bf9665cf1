"""What travels from a spider to the pipeline: all posts of one page together, so that one page is one transaction."""

from __future__ import annotations

from dataclasses import dataclass

from core.model import Post
from crawlers.coverage import Coverage
from crawlers.sink import Kept
from evidence.vault import RawResponse


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Batch:
    """The posts of one page and the response they were read from."""

    #: Tells batches of one crawl apart.
    number: int
    #: Id of the source.
    source: str
    posts: tuple[Post, ...]
    response: RawResponse
    #: What the page shows without a gap, where it does.
    covers: Coverage | None = None
    #: Set by the pipeline: what became of them. `None` in a crawl that keeps nothing.
    kept: Kept | None = None

    def __repr__(self) -> str:
        # Scrapy writes items into its log: what people said does not belong there.
        return f"Batch({self.source} #{self.number}: {len(self.posts)} posts of {self.response.url})"
