"""What travels from a spider to the pipeline: all posts of one page together, so that one page is one transaction."""

from __future__ import annotations

from dataclasses import dataclass

from core.model import Post
from crawlers.sink import Kept
from evidence.vault import RawResponse


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """The posts of one page and the response they were read from."""

    #: Tells batches of one crawl apart.
    number: int
    #: Id of the source.
    source: str
    posts: tuple[Post, ...]
    response: RawResponse
    #: Set by the pipeline: what became of them. `None` in a crawl that keeps nothing.
    kept: Kept | None = None
