"""Down a list of statuses, whichever edition of Weibo shows it; everything is kept, cut texts are fetched whole."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from core.model import Post
from core.settings import SourceSettings
from crawlers.cursors import KnownReading
from crawlers.pages.weibo import long_text
from crawlers.pages.weibo_ids import as_mid, mid_in_query
from crawlers.visits import Page
from crawlers.weibo.comment_reading import CommentReading
from crawlers.weibo.session import Session
from crawlers.weibo.surfaces import Surface, search_url, timeline_url

#: No list is walked further, whatever it says.
DEEPEST_PAGE = 50
_BELOW = re.compile(r"/comment/([0-9A-Za-z]{6,12})\?", re.ASCII)


@dataclass(slots=True, kw_only=True)
class StatusList:
    """One walk down one list."""

    session: Session
    reading: KnownReading
    comments: CommentReading

    async def walk(self) -> None:
        """From page to page until nothing on one is new."""
        source, surface = self.session.visit.source, self.session.surface
        url: str | None = first_page(source, surface)
        empty = 0
        for number in range(1, DEEPEST_PAGE + 1):
            if url is None:
                return
            page = await self.session.enter(url, source.parser or "weibo")
            if number == 1 and not page.parsed.posts and page.parsed.state.state == "ok":
                url = _following(page)  # a profile, which says where the statuses are
                continue
            empty = 0 if page.parsed.posts else empty + 1
            # A pinned status is old and known, but it stands beside others, and any new one leads on.
            on = self.reading.goes_on((key_of(post), post.published) for post in page.parsed.posts)
            await self.take(page)
            # One empty page in the middle of a search is not its end; two are.
            if empty == 2 or (number == 1 and empty) or (not empty and not on):
                return
            is_search = surface == "mobile" and source.keyword and not source.user
            url = search_url(source.url, source.keyword, number + 1) if is_search else _following(page)
        if url is not None:
            self.session.visit.notes.append(f"列表最多读 {DEEPEST_PAGE} 页，更早的内容看不到")

    async def take(self, page: Page) -> None:
        """Keep everything that a page shows, the cut texts whole."""
        posts, reading = page.parsed.posts, self.reading
        reading.still_shown(key_of(post) for post in posts)
        cut = {mid: link.url for link in page.parsed.links if link.leads_to == "status" and (mid := _mid(link.url))}
        fresh = [post for post in posts if reading.wants(key_of(post), post.published)]
        long = [post for post in fresh if post.native_id in cut]
        await self.session.visit.keep([post for post in posts if post not in long], page)
        for post in fresh:
            if post.native_id not in cut:
                reading.done(key_of(post))

        async def complete(post: Post) -> None:
            await self._complete(post, page, cut[post.native_id])

        await self.session.visit.each(long, complete)
        self.comments.notice(_recent(posts, reading))

    async def _complete(self, post: Post, page: Page, url: str) -> None:
        """Keep a status with its whole text; with the beginning, where the whole cannot be had."""
        answer = await self.session.look(url, self.session.visit.source.parser or "weibo")
        whole = _whole(post, answer) if answer else None
        if answer and whole:
            await self.session.visit.keep([replace(post, text=whole)], answer)
            self.reading.done(key_of(post))
            return
        await self.session.visit.keep([post], page)
        self.reading.missed(key_of(post), url)


def key_of(post: Post) -> str:
    """What a status is known by: one that was edited since is a new one to read, for its whole text may be another."""
    return f"{post.native_id}@{post.edited.isoformat()}" if post.edited else post.native_id


def first_page(source: SourceSettings, surface: Surface) -> str:
    """Where a walk begins: a user's list, a search, or the list that the operator gave."""
    if source.user:
        return timeline_url(surface, source.url, source.user)
    if source.keyword and surface == "mobile":
        return search_url(source.url, source.keyword, 1)
    return source.url


def _recent(posts: Iterable[Post], reading: KnownReading) -> list[Post]:
    return [post for post in posts if post.published is None or post.published >= reading.floor]


def _mid(url: str) -> str | None:
    """Whose whole text an address has: by its parameter, on weibo.cn by its path."""
    below = _BELOW.search(url)
    return mid_in_query(url, "id") or (as_mid(below[1]) if below else None)


def _whole(post: Post, answer: Page) -> str | None:
    said = long_text(answer.raw.body)
    if said:
        return said.text
    return next((one.text for one in answer.parsed.posts if one.native_id == post.native_id), None)


def _following(page: Page) -> str | None:
    return next((link.url for link in page.parsed.links if link.leads_to == "list"), None)
