"""What a news source remembers of each of its entrances, so that what did not change is not asked for again.

Kept in the cursor under "entrances", by address: the validators that the server gave, which shape it had, and, for a
sitemap inside an index, the change that the index showed when it was last read. The first version of the cursor had
one entrance, with its validators at the top.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeAlias

from crawlers.pages.base import Link

Memory: TypeAlias = dict[str, str]

_HEADERS = {"etag": "If-None-Match", "last_modified": "If-Modified-Since"}
_MOST_REMEMBERED = 2000
#: So many sitemaps of one index are read in one crawl.
_MOST_CHILDREN = 20
#: Sitemaps whose name says that they list no articles (WordPress' own, Yoast's, Rank Math's and their like).
_NO_ARTICLES = re.compile(
    r"taxonom|(?:^|[-_./])(?:users?|authors?|categor(?:y|ies)|(?:post[-_])?tags?|pages?|posts-page|attachments?|images?|videos?|"
    r"products?|product_cat|locations?|forums?|members?)(?:[-_.\d]*sitemap|[-_.\d]*\.xml|[-_]\d)",
    re.I,
)
_NUMBER = re.compile(r"(\d+)(?=\D*$)")


@dataclass(slots=True, kw_only=True)
class Entrances:
    """What is remembered of every address that lists articles."""

    kept: dict[str, Memory]
    #: What this crawl learned; it counts only for entrances of which nothing is left to read.
    _fresh: dict[str, Memory] = field(default_factory=dict)
    #: The index that lists a sitemap.
    _index: dict[str, str] = field(default_factory=dict)

    @classmethod
    def resume(cls, cursor: Mapping[str, Any], *, main: str) -> Entrances:
        """Go on where the cursor says; `main` is the source's own address."""
        kept = {url: dict(memory) for url, memory in cursor.get("entrances", {}).items()}
        old = {name: cursor[name] for name in _HEADERS if cursor.get(name)}
        if old and main not in kept:
            kept[main] = old
        return cls(kept=kept)

    def conditions(self, url: str) -> dict[str, str]:
        """The headers that make a server answer 304 where nothing changed."""
        memory = self.kept.get(url, {})
        return {header: memory[name] for name, header in _HEADERS.items() if memory.get(name)}

    def shape(self, url: str) -> str | None:
        """What the entrance was when it was last read."""
        return self.kept.get(url, {}).get("shape")

    def learned(self, url: str, memory: Mapping[str, str | None], *, index: str | None = None) -> None:
        """The entrance was read and said this of itself; `index` is what led to it."""
        self._fresh[url] = {name: value for name, value in memory.items() if value}
        if index is not None:
            self._index[url] = index

    def forget(self, urls: Iterable[str]) -> None:
        """Something that these lead to is still to be read, so they, and what led to them, must come again whole."""
        for url in {way for one in urls for way in (one, self._index.get(one, one))}:
            shape = self.shape(url) or self._fresh.get(url, {}).get("shape")
            self._fresh[url] = {"shape": shape} if shape else {}

    def as_json(self) -> dict[str, Memory]:
        """What the cursor keeps."""
        merged = {**{url: memory for url, memory in self.kept.items() if url not in self._fresh}, **self._fresh}
        return dict(list({url: memory for url, memory in merged.items() if memory}.items())[-_MOST_REMEMBERED:])

    def to_read(self, children: Sequence[Link]) -> tuple[list[Link], int, int]:
        """Of an index's sitemaps those to read; then how many list no articles by name, and how many are too many."""
        named = [link for link in children if not lists_no_articles(link.url)]
        by_name = len(children) - len(named)
        changed = [link for link in named if not self._is_unchanged(link)]
        wanted = sorted(changed, key=_newest_first, reverse=True)[:_MOST_CHILDREN]
        order = {link.url: place for place, link in enumerate(children)}
        return sorted(wanted, key=lambda link: order[link.url]), by_name, len(changed) - len(wanted)

    def _is_unchanged(self, link: Link) -> bool:
        known = self.kept.get(link.url, {}).get("changed")
        return link.changed is not None and known == link.changed.isoformat()


def lists_no_articles(url: str) -> bool:
    """Whether a sitemap's name says that it lists categories, tags, users or fixed pages."""
    return _NO_ARTICLES.search(url.partition("://")[2].partition("/")[2]) is not None


def _newest_first(link: Link) -> tuple[bool, datetime | float, int]:
    """By the change that the index shows, else by the number in the name: sitemaps are filled in order."""
    number = _NUMBER.search(link.url)
    return (
        link.changed is not None,
        link.changed.timestamp() if link.changed else 0.0,
        int(number[1][-9:]) if number else 0,
    )
