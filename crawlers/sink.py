"""Where a crawl puts what it found: the port between the spiders and the durable posts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from core.model import Post
from crawlers.coverage import Coverage


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What became of the posts a crawl handed over."""

    new: int
    #: Seen before; their text reads differently now.
    changed: int
    #: Seen before; at most their counts moved.
    same: int
    #: Known posts that should stand on the page and do not: deleted or hidden.
    gone: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownPage:
    """A page with posts that matter, to be read again."""

    url: str
    #: Id of the thread's opening post, where one of the posts answers it.
    opening: str | None
    #: When the youngest of its posts was published, or found where the source shows no time.
    when: datetime
    #: When a crawl last saw its posts, or found them gone.
    seen: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What one page of a source showed."""

    posts: Sequence[Post]
    source: str
    #: Vault address of the response they were read from.
    raw: str | None
    #: What that response shows without a gap: known posts that it should show and does not are gone.
    covers: Coverage | None = None


class PostSink(Protocol):
    """Takes posts durably; `index.posts.PostStore` in the product."""

    def keep_all(self, found: Sequence[Found], *, now: datetime) -> list[Kept]:
        """Write the posts of all these pages, or none of them. Returns what became of each page's."""
        ...

    def gone(self, url: str, *, raw: str | None, now: datetime, reason: str) -> int:
        """The thread or article at `url` is no more, with everything that answers it. Returns how many posts that is.

        `raw` is the vault address of the response that said so, `reason` one Chinese sentence.
        """
        ...

    def to_revisit(self, source: str, *, since: datetime, limit: int) -> list[KnownPage]:
        """Pages of this source with graded posts published from `since` on, the longest unseen first."""
        ...
