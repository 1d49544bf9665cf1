"""Through the windows of a search on s.weibo.com: the new time first, then what earlier crawls left.

A window whose pager announces that the site has left something out is split; one that cannot be split further is named
to the operator. A page without statuses is not the end of a window while the pager shows further ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from crawlers.budget import Spent
from crawlers.cursors import KnownReading
from crawlers.pages.weibo_search import page_number
from crawlers.visits import Page
from crawlers.weibo.session import Session
from crawlers.weibo.surfaces import desktop_search_url
from crawlers.weibo.windows import CUT_FROM, MOST_PAGES, Window, as_json, from_json, split, window_over

#: The search finds a status only some time after it was published.
_OVERLAP = timedelta(hours=2)
#: So many pages of known statuses in a row end a window that an earlier crawl has already seen.
_KNOWN_PAGES = 3
#: A page now and then is empty without a reason; more of them are told to the operator.
_SOME_EMPTY = 2
#: Bound of what a cursor remembers.
_MOST_WINDOWS = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """A window, and the page with which to begin."""

    window: Window
    page: int = 1
    #: Whether an earlier crawl has seen most of it: then known statuses may end it.
    seen: bool = False


@dataclass(slots=True, kw_only=True)
class SearchWalk:
    """One crawl of one search."""

    session: Session
    reading: KnownReading
    unread: list[Unread] = field(default_factory=list)
    #: Everything before is read or among the unread.
    until: datetime | None = None

    async def walk(self) -> None:
        """Read the search of all time once, which must show something, and then every window."""
        visit = self.session.visit
        self._resume(visit.cursor.get("search", {}), backfill_from=self.reading.floor, now=visit.started)
        front = await self.session.enter(desktop_search_url(visit.source.url, visit.source.keyword), "weibo_search")
        await self._keep(front)
        if not front.parsed.posts:
            self.unread.clear()
            return
        by_region = False
        while self.unread:
            now = self.unread[0]
            try:
                parts = await self._read(now)
            except Spent as spent:
                visit.notes.append(spent.sign)
                break
            self.unread[:1] = [Unread(window=part) for part in parts]
            by_region = by_region or any(part.province is not None for part in parts)
        if by_region:
            visit.notes.append("部分时段的结果超过上限，已按地区拆分，没有地区资料的微博可能遗漏")

    def cursor(self) -> dict[str, Any]:
        """Where the next crawl goes on; `floor` and `reached` are the span of what is left to read."""
        left = self.unread[:_MOST_WINDOWS]
        if len(self.unread) > len(left):
            self.session.visit.notes.append(f"待读时段超过 {_MOST_WINDOWS} 个，较早的不再读")
        rows = [[*as_json(one.window), one.page, one.seen] for one in left]
        span = {}
        if left:
            first, last = min(one.window.start for one in left), max(one.window.end for one in left)
            span = {"floor": first.isoformat(), "reached": last.isoformat()}
        return {"search": {"until": self.until.isoformat() if self.until else None, "unread": rows}, **span}

    def _resume(self, kept: Mapping[str, Any], *, backfill_from: datetime, now: datetime) -> None:
        until = kept.get("until")
        since = datetime.fromisoformat(until) - _OVERLAP if isinstance(until, str) else None
        left = (Unread(window=from_json(row[:4]), page=row[4], seen=row[5]) for row in kept.get("unread", ()))
        self.unread = [one for one in left if one.window.end > backfill_from]
        begins = max(since, backfill_from) if since else backfill_from
        self.unread.insert(0, Unread(window=window_over(min(begins, now), now), seen=since is not None))
        self.until = now

    async def _read(self, unread: Unread) -> tuple[Window, ...]:
        """Read one window; returns the parts that are to be read in its place, if the site cuts it."""
        number, last, known, empty = unread.page, unread.page, 0, 0
        while number <= min(last, MOST_PAGES):
            self.unread[0] = replace(unread, page=number)  # where to go on, should the budget end here
            page = await self._page(unread.window, number)
            last = max(last, _last_page(page))
            if last >= CUT_FROM and (parts := split(unread.window)):
                await self._keep(page)
                return parts
            posts = page.parsed.posts
            is_known = bool(posts) and not self.reading.goes_on((post.native_id, post.published) for post in posts)
            known, empty = known + 1 if is_known else 0, empty if posts else empty + 1
            await self._keep(page)
            if unread.seen and known >= _KNOWN_PAGES:
                return ()
            number += 1
        if empty > _SOME_EMPTY and 2 * empty > last:
            self.session.visit.notes.append(f"{unread.window}的 {last} 页中有 {empty} 页是空的，可能被限流")
        if last >= CUT_FROM:
            self.session.visit.notes.append(f"{unread.window}的结果超过 {MOST_PAGES} 页且不能再拆分，该时段不完整")
        return ()

    async def _page(self, window: Window, number: int) -> Page:
        source = self.session.visit.source
        url = desktop_search_url(source.url, source.keyword, window=window, page=number)
        return await self.session.enter(url, "weibo_search")

    async def _keep(self, page: Page) -> None:
        posts = page.parsed.posts
        self.reading.still_shown(post.native_id for post in posts)
        await self.session.visit.keep(posts, page)
        for post in posts:
            if self.reading.wants(post.native_id, post.published):
                self.reading.done(post.native_id)


def _last_page(page: Page) -> int:
    """How many pages the pager shows, 1 where there is none."""
    numbers = (page_number(link.url) for link in page.parsed.links if link.leads_to in ("page", "list"))
    return max((number for number in numbers if number is not None), default=1)
