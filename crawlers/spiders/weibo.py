"""A Weibo search on m.weibo.cn, newest first, until everything on a page is known; cut texts are fetched whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from core.model import Post
from crawlers.cursors import KnownReading
from crawlers.pages.weibo import long_text
from crawlers.spiders.base import SourceSpider
from crawlers.visits import Page, Spent, Visit

#: The search does not go further, whatever it says.
_DEEPEST_PAGE = 50
#: Only the text that a search shows first is sorted by time: type 61 is "实时".
_SEARCH = "100103type=61&q={keyword}"


def search_url(base: str, keyword: str, page: int) -> str:
    """The address of one page of a search; `containerid` is one value, so its `&` and `=` are escaped."""
    container = quote(_SEARCH.format(keyword=keyword), safe="")
    address = f"{base.rstrip('/')}/api/container/getIndex?containerid={container}&page_type=searchall"
    return address if page == 1 else f"{address}&page={page}"


class WeiboSpider(SourceSpider):
    """Source url: the base address, with a keyword; or without one, the address of a list of the mobile API."""

    name = "weibo"
    kind = "weibo"
    channel = "weibo"

    async def walk(self, visit: Visit) -> Mapping[str, Any]:
        """From page to page until nothing on one is new."""
        reading = KnownReading.resume(visit.cursor, backfill_from=visit.started - visit.limits.backfill)
        try:
            await self._read_pages(visit, reading)
        except Spent as spent:
            reading.cut = True
            visit.notes.append(spent.sign)
        reading.forget_left_over()  # a whole text needs the status it belongs to
        return reading.cursor()

    async def _read_pages(self, visit: Visit, reading: KnownReading) -> None:
        source = visit.source
        headers = _headers(source.url)
        url: str | None = search_url(source.url, source.keyword, 1) if source.keyword else source.url
        empty = 0
        for number in range(1, _DEEPEST_PAGE + 1):
            if url is None:
                return
            page = await visit.enter(url, "weibo", headers=headers)
            empty = 0 if page.parsed.posts else empty + 1
            shown = [(post.native_id, post.published) for post in page.parsed.posts]
            on = reading.goes_on(shown)
            await self._keep_page(visit, reading, page)
            # One empty page in the middle of a search is not its end; two are.
            if empty == 2 or (number == 1 and empty) or (not empty and not on):
                return
            url = search_url(source.url, source.keyword, number + 1) if source.keyword else _following(page)
        visit.notes.append(f"搜索最多显示 {_DEEPEST_PAGE} 页，更早的内容看不到")

    async def _keep_page(self, visit: Visit, reading: KnownReading, page: Page) -> None:
        cut = {_status_id(link.url): link.url for link in page.parsed.links if link.leads_to == "status"}
        fresh = [post for post in page.parsed.posts if reading.wants(post.native_id, post.published)]
        long = [post for post in fresh if post.native_id in cut]
        await visit.keep([post for post in page.parsed.posts if post not in long], page)
        for post in fresh:
            if post.native_id not in cut:
                reading.done(post.native_id)

        async def complete(post: Post) -> None:
            await self._complete(visit, reading, post, page, cut[post.native_id])

        await visit.each(long, complete)

    async def _complete(self, visit: Visit, reading: KnownReading, post: Post, page: Page, url: str) -> None:
        """Keep a status with its whole text; with the beginning, where the whole cannot be had."""
        answer = await visit.look(url, "weibo", headers=_headers(visit.source.url))
        whole = long_text(answer.raw.body) if answer else None
        if answer and whole:
            await visit.keep([replace(post, text=whole.text)], answer)
            reading.done(post.native_id)
            return
        await visit.keep([post], page)
        reading.missed(post.native_id, url)


def _headers(base: str) -> dict[str, str]:
    """What the mobile site's own pages send with such a request."""
    parts = urlsplit(base)
    return {
        "Accept": "application/json, text/plain, */*",
        "Referer": f"{parts.scheme}://{parts.netloc}/",
        "X-Requested-With": "XMLHttpRequest",
    }


def _status_id(url: str) -> str:
    return parse_qs(urlsplit(url).query).get("id", [""])[0]


def _following(page: Page) -> str | None:
    return next((link.url for link in page.parsed.links if link.leads_to == "list"), None)
