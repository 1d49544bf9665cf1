"""What has a list of threads, newest first, in common: forums, Tieba, questions with answers, complaints.

The list is walked down until a page holds nothing new, then only those threads are read in which something was said
since the last crawl.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

from core.errors import PageError
from core.model import Post
from core.settings import SourceSettings
from crawlers.cursors import BoardReading, Place
from crawlers.pages.base import LeadsTo, Link
from crawlers.pages.urls import identity, site_of
from crawlers.spiders.base import SourceSpider
from crawlers.visits import Page, Spent, Visit

#: One endless thread must not use up the budget of all others; the next crawl goes on where this one stopped.
_MOST_PAGES = 30


class BoardSpider(SourceSpider):
    """Source url: a list page. A kind of its own names its parser and, where the address is made, its entrance."""

    #: The parser of lists and threads alike, unless the source names its own.
    parser: ClassVar[str]

    def entrance(self, source: SourceSettings) -> str:
        """The address of the list's first page."""
        return source.url

    async def walk(self, visit: Visit) -> Mapping[str, Any]:
        """Down the list until a page holds nothing new."""
        reading = self._resume(visit)
        try:
            at = await self._read_list(visit, reading)
            await self._read_threads(visit, reading, reading.left_over(), at)
        except Spent as spent:
            reading.cut = True
            visit.notes.append(spent.sign)
        return reading.cursor()

    def _resume(self, visit: Visit) -> BoardReading:
        return BoardReading.resume(visit.cursor, backfill_from=visit.started - visit.limits.backfill)

    def _parser(self, visit: Visit) -> str:
        return visit.source.parser or self.parser

    async def _enter(self, visit: Visit, url: str) -> Page:
        return await visit.enter(url, self._parser(visit))

    async def _enter_first(self, visit: Visit, reading: BoardReading, url: str) -> Page:
        """The list's first page, however a kind comes by it."""
        return await self._enter(visit, url)

    async def _read_otherwise(self, visit: Visit, reading: BoardReading, link: Link, error: PageError) -> bool:
        """Another way to a thread of which a page could not be read. Returns whether the thread was read by it."""
        return False

    def _named(self, reading: BoardReading, link: Link, posts: Sequence[Post]) -> Sequence[Post]:
        """The posts of a page of the thread, under the names that they are kept by."""
        return posts

    async def _read_list(self, visit: Visit, reading: BoardReading) -> datetime:
        """Returns when the server made the last list that was read."""
        url: str | None = self.entrance(visit.source)
        walked: set[str] = set()
        at = visit.started
        while url is not None and identity(url) not in walked:
            first = not walked
            walked.add(identity(url))
            page = await (self._enter_first(visit, reading, url) if first else self._enter(visit, url))
            at = page.at
            threads = [
                link
                for link in page.parsed.links
                if link.leads_to == "thread" and site_of(link.url) == site_of(page.raw.url)
            ]
            fresh = reading.fresh(threads, at=at, first_page=first)
            on = reading.goes_on(threads, fresh, first_page=first)
            await self._read_threads(visit, reading, fresh, at)
            url = next_page(page, "list") if on else None
        return at

    async def _read_threads(self, visit: Visit, reading: BoardReading, threads: Sequence[Link], at: datetime) -> None:
        async def read(link: Link) -> None:
            await self._read_thread(visit, reading, link, at)

        await visit.each(threads, read)

    async def _read_thread(self, visit: Visit, reading: BoardReading, link: Link, at: datetime) -> None:
        place = reading.place(link)
        url: str | None = place.url if place else link.url
        opening = place.opening if place else None
        walked: set[str] = set()
        while url is not None and identity(url) not in walked:
            walked.add(identity(url))
            page = await visit.look(url, self._parser(visit), opening=opening)
            if page is None:
                if await self._read_otherwise(visit, reading, link, visit.missed[-1]):
                    break
                if reading.missed(link, at=at):
                    visit.notes.append(f"主题多次无法读取，不再尝试：{link.url}")
                return
            posts = self._named(reading, link, page.parsed.posts)
            await visit.keep(posts, page)
            opening = opening or next((post.id for post in posts if post.floor == 1), None)
            following = next_page(page, "page")
            if following or place or len(walked) > 1:
                reading.reached(link, Place(url=url, opening=opening))
            if following and len(walked) == _MOST_PAGES:
                reading.cut = True
                visit.notes.append(f"长主题本次只读 {_MOST_PAGES} 页，下次继续：{link.url}")
                return
            url = following
        reading.done(link, at=at)


def next_page(page: Page, leads_to: LeadsTo) -> str | None:
    """The first link of this sort on the same site."""
    site = site_of(page.raw.url)
    links = (link.url for link in page.parsed.links if link.leads_to == leads_to)
    return next((url for url in links if site_of(url) == site), None)
