"""What lists of questions and of complaints have in common: an answer shows as a number or a status, not as a date.

The list is walked down until a page holds nothing new; a thread is read again when the list says that it has come
further (`crawlers.cursors.standings`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from crawlers.cursors.standings import StandingReading
from crawlers.pages.base import LeadsTo, Link
from crawlers.pages.urls import identity, site_of
from crawlers.spiders.boards import BoardSpider
from crawlers.visits import Page, Spent, Visit

#: One endless thread must not use up the budget of all others.
_MOST_PAGES = 30


class ListedSpider(BoardSpider):
    """Source url: a list page. A kind of its own names its parser and, where the address is made, its entrance."""

    #: So many pages of the list are looked at in any case: below what is known, something may have been answered.
    least_pages: ClassVar[int] = 1

    async def walk(self, visit: Visit) -> Mapping[str, Any]:
        """Down the list until a page holds nothing new."""
        reading = StandingReading.resume(visit.cursor, backfill_from=visit.started - visit.limits.backfill)
        try:
            await self._walk_down(visit, reading)
            await self._read_all(visit, reading, reading.left_over())
        except Spent as spent:
            reading.cut = True
            visit.notes.append(spent.sign)
        return reading.cursor()

    async def _walk_down(self, visit: Visit, reading: StandingReading) -> None:
        url: str | None = self.entrance(visit.source)
        walked: set[str] = set()
        while url is not None and identity(url) not in walked:
            walked.add(identity(url))
            page = await self._enter(visit, url)
            # Some entrances are a thread themselves: an interface that lists the answers to one question.
            await visit.keep(page.parsed.posts, page)
            threads = [link for link in page.parsed.links if link.leads_to == "thread" and _same_site(link, page)]
            fresh = reading.fresh(threads, first_page=len(walked) == 1)
            on = reading.goes_on(threads, fresh) or len(walked) < self.least_pages
            await self._read_all(visit, reading, fresh)
            url = _following(page, "list") if on else None

    async def _read_all(self, visit: Visit, reading: StandingReading, threads: list[Link]) -> None:
        async def read(link: Link) -> None:
            await self._read_one(visit, reading, link)

        await visit.each(threads, read)

    async def _read_one(self, visit: Visit, reading: StandingReading, link: Link) -> None:
        url: str | None = link.url
        opening: str | None = None
        walked: set[str] = set()
        while url is not None and identity(url) not in walked:
            walked.add(identity(url))
            page = await visit.look(url, self._parser(visit), opening=opening)
            if page is None:
                if reading.missed(link):
                    visit.notes.append(f"页面多次无法读取，不再尝试：{link.url}")
                return
            await visit.keep(page.parsed.posts, page)
            opening = opening or next((post.id for post in page.parsed.posts if post.floor == 1), None)
            url = _following(page, "page")
            if url and len(walked) == _MOST_PAGES:
                visit.notes.append(f"只读了前 {_MOST_PAGES} 页回答：{link.url}")
                break
        reading.done(link)


def _same_site(link: Link, page: Page) -> bool:
    return site_of(link.url) == site_of(page.raw.url)


def _following(page: Page, leads_to: LeadsTo) -> str | None:
    links = (link for link in page.parsed.links if link.leads_to == leads_to)
    return next((link.url for link in links if _same_site(link, page)), None)
