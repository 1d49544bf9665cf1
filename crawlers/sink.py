"""Where a crawl puts what it found: the port between the spiders and the durable posts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from core.model import Post


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What became of the posts a crawl handed over."""

    new: int
    #: Seen before; their text reads differently now.
    changed: int
    #: Seen before; at most their counts moved.
    same: int


class PostSink(Protocol):
    """Takes posts durably; `index.posts.PostStore` in the product."""

    def keep(self, posts: Sequence[Post], *, source: str, raw: str | None, now: datetime) -> Kept:
        """Write all posts or none. `raw` is the vault address of the response they were read from."""
        ...
