"""One thread of Tieba in one crawl: its pages, the sub-comments they do not show, what was said below old floors.

Whatever one crawl cannot read of a thread is read by the next one, from the page where this one stopped.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime
from urllib.parse import parse_qs, urlsplit

from core.model import Post, post_id
from crawlers.cursors import Place
from crawlers.pages.base import Link
from crawlers.pages.tieba_comments import PER_PAGE
from crawlers.pages.tieba_facts import tid_of
from crawlers.pages.urls import identity, site_of
from crawlers.tieba.app import APP_HOST, FLOOR, WEB_HOST
from crawlers.tieba.reading import TiebaReading
from crawlers.visits import Page, Visit

#: Pages of one thread in one crawl, forwards; and backwards, in search of new sub-comments.
_MOST_PAGES, _MOST_BACK = 30, 8
#: Pages of sub-comments of one thread in one crawl.
_MOST_COMMENT_PAGES = 20

#: Reads one page, given its address and the id of the thread's opening post; `None` where it could not be read.
Look = Callable[[str, str | None], Awaitable[Page | None]]


class ThreadWalk:
    """One thread in one crawl: forwards from where it was left, backwards for what was said below old floors."""

    def __init__(self, *, look: Look, visit: Visit, reading: TiebaReading, link: Link, at: datetime) -> None:
        self.look, self.visit, self.reading, self.link, self.at = look, visit, reading, link, at
        self.opening: str | None = None
        self.walked: set[str] = set()
        self.posts: set[str] = set()
        #: Posts younger than what was known of the thread.
        self.found = 0
        self.comment_pages = 0

    async def read(self) -> None:
        """Read what is new, and write down how far we came."""
        place = self.reading.place(self.link)
        self.opening = place.opening if place else None
        try:
            await self._forwards(place)
            if place:
                await self._backwards(place)
        except _Missed:
            if self.reading.missed(self.link, at=self.at):
                self.visit.notes.append(f"主题多次无法读取，不再尝试：{self.link.url}")
        except _Enough as enough:
            self.reading.cut = True
            self.visit.notes.append(f"{enough}，下次继续：{self.link.url}")
        else:
            self.reading.done(self.link, at=self.at)

    async def _forwards(self, place: Place | None) -> None:
        url: str | None = place.url if place else self.link.url
        # Pinned: its middle is history that nobody asked for.
        to_the_end = place is None and self.link.changed is None and self.link.standing is not None
        while url is not None and identity(url) not in self.walked:
            page = await self._page(url)
            repeated = len(self.walked) > 1 and {post.native_id for post in page.parsed.posts} <= self.posts
            further = [] if repeated else _links(page, "page")  # the touch edition answers any page with its first
            if further or place or len(self.walked) > 1:
                self.reading.reached(self.link, Place(url=url, opening=self.opening))
            await self._keep(page, url)
            if further and len(self.walked) >= _MOST_PAGES:
                raise _Enough(f"长主题本次只读 {_MOST_PAGES} 页")
            url = (further[-1] if to_the_end else further[0]).url if further else None
            to_the_end = False

    async def _backwards(self, place: Place) -> None:
        """Where the end of the thread does not show all that the list announces, it stands below earlier floors."""
        announced = self.reading.grown_by(self.link) or 0
        until, changed = self.reading.read_until(self.link), self.link.changed
        if changed is not None and (until is None or changed > until):
            announced = max(announced, 1)  # whatever the number says: the list shows a later reply
        for url in _before(place.url, self.link.url)[:_MOST_BACK]:
            if self.found >= announced:
                return
            await self._keep(await self._page(url), None)

    async def _page(self, url: str) -> Page:
        self.walked.add(identity(url))
        known = len(self.visit.deleted)
        page = await self.look(url, self.opening)
        if page is None:
            raise _Missed
        self.visit.deleted[known:] = [
            (_thread_named(address, sign), raw, sign) for address, raw, sign in self.visit.deleted[known:]
        ]
        return page

    async def _keep(self, page: Page, url: str | None) -> None:
        """Keep what the page shows, then get what it does not.

        `url` is where the next crawl goes on, if this page turns out to be more than one crawl can read.
        """
        await self._hand_over(page)
        floors = [post for post in page.parsed.posts if post.floor is not None]
        self.opening = self.opening or next((post.id for post in floors if post.floor == 1), None)
        if url is not None and self.reading.place(self.link):
            self.reading.reached(self.link, Place(url=url, opening=self.opening))
        await self._comments(_links(page, "comments"))

    async def _hand_over(self, page: Page) -> None:
        """Floors and sub-comments apart: each kind follows one another without a gap, both together do not."""
        for is_floor in (True, False):
            posts = [post for post in page.parsed.posts if (post.floor is not None) is is_floor]
            self._count(posts)
            await self.visit.keep(posts, replace(page, parsed=replace(page.parsed, posts=tuple(posts))))

    def _count(self, posts: Sequence[Post]) -> None:
        until = self.reading.read_until(self.link)
        for post in posts:
            if post.native_id not in self.posts:
                self.posts.add(post.native_id)
                self.found += until is not None and post.published is not None and post.published > until

    async def _comments(self, links: list[Link]) -> None:
        """Sub-comments that the page does not show; floors whose number has not moved are left alone."""
        floors = [link for link in links if _floor_of(link) and not self._heard(link)]
        total = next((link for link in links if _floor_of(link) is None), None)
        if total is not None and len(floors) > 1:
            floors = await self._comments_at_once(total, floors)
        for link in floors:
            await self._floor(link)

    async def _comments_at_once(self, total: Link, floors: list[Link]) -> list[Link]:
        """One answer for all floors of a page; returns the floors of which it does not show all."""
        page = await self._comment_page(total)
        if not page.parsed.posts:
            return floors
        more = {_floor_of(link) for link in _links(page, "comments")}
        shown = {post.parent for post in page.parsed.posts}
        rest = []
        for link in floors:
            if _floor_of(link) in more or not any(_is_below(parent, link) for parent in shown):
                rest.append(link)
            else:
                self._hear(link)
        return rest

    async def _floor(self, link: Link) -> None:
        """All sub-comments of a floor, from the first page that may hold a new one."""
        following: str | None = _going_on(link, self.reading.comments.get(_floor_of(link) or "", 0))
        while following is not None and identity(following) not in self.walked:
            page = await self._comment_page(replace(link, url=following))
            further = _links(page, "comments")
            following = further[0].url if further else None
        self._hear(link)

    async def _comment_page(self, link: Link) -> Page:
        if self.comment_pages >= _MOST_COMMENT_PAGES:
            raise _Enough(f"楼中楼本次只读 {_MOST_COMMENT_PAGES} 页")
        self.comment_pages += 1
        page = await self._page(link.url)
        await self._hand_over(page)
        return page

    def _heard(self, link: Link) -> bool:
        floor = _floor_of(link)
        return bool(floor and link.standing) and self.reading.comments.get(floor or "") == int(link.standing or -1)

    def _hear(self, link: Link) -> None:
        floor = _floor_of(link)
        if floor and link.standing:
            self.reading.heard(floor, int(link.standing))


class _Missed(Exception):
    """A page of the thread could not be read."""


class _Enough(Exception):
    """More than one crawl reads of one thread. `str()` says so to the operator."""


def _thread_named(url: str, sign: str) -> str:
    """The address that the thread's posts carry, where the site's words say that all of it is gone."""
    tid = tid_of(url)
    parts = urlsplit(url)
    if tid is None or "/p/comment" in url or parts.path == FLOOR or not re.search("[贴帖]", sign):
        return url
    host = WEB_HOST if parts.hostname == APP_HOST else parts.netloc
    return f"{parts.scheme}://{host}/p/{tid}"


def _links(page: Page, leads_to: str) -> list[Link]:
    own = site_of(page.raw.url)
    return [link for link in page.parsed.links if link.leads_to == leads_to and site_of(link.url) == own]


def _floor_of(link: Link) -> str | None:
    """The number of the floor whose sub-comments a link leads to; `None` for those of a whole page."""
    return parse_qs(urlsplit(link.url).query).get("pid", [None])[0]


def _is_below(parent: str | None, link: Link) -> bool:
    """Whether a post with this parent stands below the link's floor."""
    site = WEB_HOST if site_of(link.url) == APP_HOST else site_of(link.url)
    return parent == post_id("tieba", site, f"pid:{_floor_of(link)}")


def _going_on(link: Link, known: int) -> str:
    """The page of a floor's sub-comments that may hold a new one, where so many are known."""
    total = int(link.standing) if link.standing and link.standing.isdigit() else known + 1
    page = min(known, max(total - 1, 0)) // PER_PAGE + 1
    shown = parse_qs(urlsplit(link.url).query).get("pn", ["1"])[0]
    return _with_page(link.url, page) if known and shown.isdigit() and page > int(shown) else link.url


def _with_page(url: str, page: int) -> str:
    """The same address, for another page."""
    base, _, query = url.partition("?")
    kept = [pair for pair in query.split("&") if pair and not pair.startswith("pn=")]
    return f"{base}?{'&'.join([*kept, f'pn={page}'])}"


def _before(url: str, first: str) -> list[str]:
    """The pages of a thread before this one, the nearest first; none where its address says no page number."""
    if "/mo/" in url:  # offsets, and the server ignores them
        return []
    current = parse_qs(urlsplit(url).query).get("pn", ["1"])[0]
    pages = range(int(current) - 1 if current.isdigit() else 0, 0, -1)
    return [_with_page(first, page) if page > 1 else first for page in pages]
