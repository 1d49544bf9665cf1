"""A news feed (RSS, Atom): asked for only if it changed, then the articles that we do not know yet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crawlers.bounds import may_follow
from crawlers.cursors import KnownReading
from crawlers.fetching import header
from crawlers.pages.base import Link
from crawlers.pages.urls import identity
from crawlers.spiders.base import SourceSpider
from crawlers.visits import Page, Spent, Visit

#: A forum's feed leads to threads, of which the opening is the news.
_READ_AS: Mapping[str, str] = {"article": "article", "thread": "discuz"}


class NewsSpider(SourceSpider):
    """Source url: the feed."""

    name = "news"
    kind = "news"
    channel = "news"

    async def walk(self, visit: Visit) -> Mapping[str, Any]:
        """The feed, then its unknown articles."""
        reading = KnownReading.resume(visit.cursor, backfill_from=visit.started - visit.limits.backfill)
        page = await visit.enter(visit.source.url, "feed", headers=_conditions(visit.cursor))
        if page.unchanged:
            return visit.cursor
        await visit.keep(page.parsed.posts, page)
        shown = [link for link in page.parsed.links if link.leads_to in _READ_AS]
        allowed = [link for link in shown if may_follow(link.url, source_url=visit.source.url)]
        if len(allowed) < len(shown):
            visit.notes.append(f"{len(shown) - len(allowed)} 个链接指向内部网络，没有读取")
        articles = [link for link in allowed if reading.wants(identity(link.url), link.changed)]

        async def read(link: Link) -> None:
            await self._read_article(visit, reading, link)

        try:
            await visit.each(articles, read)
            await visit.each([Link(url=url, leads_to="article") for url in reading.left_over()], read)
        except Spent as spent:
            reading.cut = True
            visit.notes.append(spent.sign)
        cursor = reading.cursor()
        # Where something is still to be read, the whole feed must come again next time.
        return cursor if reading.cut or cursor["misses"] else {**cursor, **_validators(page)}

    async def _read_article(self, visit: Visit, reading: KnownReading, link: Link) -> None:
        key = identity(link.url)
        page = await visit.look(link.url, _READ_AS[link.leads_to])
        if page is None:
            if reading.missed(key, link.url):
                visit.notes.append(f"文章多次无法读取，不再尝试：{link.url}")
            return
        await visit.keep(page.parsed.posts, page)
        reading.done(key)


def _conditions(cursor: Mapping[str, Any]) -> dict[str, str]:
    """The headers that make a server answer 304 where nothing changed."""
    names = {"etag": "If-None-Match", "last_modified": "If-Modified-Since"}
    return {name: cursor[key] for key, name in names.items() if cursor.get(key)}


def _validators(page: Page) -> dict[str, str]:
    found = {"etag": header(page.raw, "ETag"), "last_modified": header(page.raw, "Last-Modified")}
    return {key: value for key, value in found.items() if value}
