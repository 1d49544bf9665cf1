"""A forum's board, whatever software it runs; a Discuz! board that is refused is read by its other editions.

Discuz! serves the same threads three times: the full pages, a plain edition for search engines ("archiver") and a feed.
Where the board's list is for members only or its layout has changed, the plain list and then the feed of the same board
tell which threads there are; where a thread is, its plain edition is read (`crawlers.cursors.editions` keeps one post
one post). Both are said in the report, and robots.txt counts for each edition. A site that refuses machines (a captcha,
403, 频繁) or is down is not asked for other editions: that would be getting round a block.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from core.errors import Blocked, LayoutChanged, PageError
from core.model import Post
from crawlers.cursors import BoardReading
from crawlers.cursors.editions import Editions
from crawlers.pages.base import Link
from crawlers.pages.discuz_addresses import Board, archived_thread, board_of
from crawlers.pages.urls import identity, site_of, thread_number
from crawlers.spiders.boards import BoardSpider, next_page
from crawlers.visits import Page, Visit

_ONE_NOTE = "部分主题的完整版被拒，改读简版（archiver）：{}"
#: So many pages of a thread's plain edition at most.
_MOST_PAGES = 30
#: How a board says that its full pages are for members. Any other refusal (a captcha, 403, 频繁, robots.txt) is meant
#: for machines, and asking for another edition would be getting round it.
_FOR_MEMBERS = ("登录", "登陆", "权限")
_FOR_MACHINES = ("验证", "频繁", "状态码", "robots.txt", "爬虫")
#: Bound of what a cursor remembers.
_MOST_STANDINGS = 2000


@dataclass(slots=True, kw_only=True)
class ForumReading(BoardReading):
    """A walk down a board whose threads may be shown in two editions."""

    editions: Editions = field(default_factory=Editions)
    #: What the list said of threads when they were last read, where it does not tell the minute of the last reply.
    standings: dict[str, str] = field(default_factory=dict)
    #: What it says now.
    shown: dict[str, str] = field(default_factory=dict)
    #: Everything up to here was read by earlier crawls; `None` where there were none.
    known_until: datetime | None = None

    def fresh(self, threads: Iterable[Link], *, at: datetime, first_page: bool) -> list[Link]:
        """Those to fetch; a thread of which the list says what it said when it was read is not one of them.

        A list tells a thread's standing (its number of replies) where it does not tell the minute of its last reply.
        """
        shown = list(threads)
        self.shown |= {identity(link.url): link.standing for link in shown if link.standing}
        wanted = BoardReading.fresh(self, shown, at=at, first_page=first_page)
        return [link for link in wanted if not self._stands(link)]

    def _stands(self, link: Link) -> bool:
        key = identity(link.url)
        return link.standing is not None and self.standings.get(key) == link.standing and not self.misses.again(key)

    def cursor(self) -> dict[str, Any]:
        """Where the next crawl goes on."""
        memory = self.editions.as_json(failing=self.misses.counts)
        read = {key: said for key, said in self.shown.items() if key in self._read or self.standings.get(key) == said}
        standings = {key: said for key, said in self.standings.items() if key not in self.shown} | read
        return {
            **BoardReading.cursor(self),
            **memory,
            "standings": dict(list(standings.items())[-_MOST_STANDINGS:]),
        }


class ForumSpider(BoardSpider):
    """Source url: a board's list page."""

    name = "forum"
    kind = "forum"
    channel = "forum"
    parser = "forum"

    def _resume(self, visit: Visit) -> BoardReading:
        reading = ForumReading.resume(visit.cursor, backfill_from=visit.started - visit.limits.backfill)
        assert isinstance(reading, ForumReading)
        reading.editions = Editions.resume(visit.cursor)
        reading.standings = dict(visit.cursor.get("standings", {}))
        reading.known_until = reading.floor if visit.cursor.get("newest") else None
        return reading

    # -- the list ----------------------------------------------------------------------------------------------------

    async def _enter_first(self, visit: Visit, reading: BoardReading, url: str) -> Page:
        try:
            return await self._enter(visit, url)
        except (Blocked, LayoutChanged) as refused:
            board = board_of(url)
            if board is None or not _may_go_on(visit, refused):
                raise
            return await self._other_list(visit, board, refused)

    async def _other_list(self, visit: Visit, board: Board, refused: PageError) -> Page:
        """The plain edition's list, else the feed; the first refusal where neither can be read."""
        for address, said in (
            (board.archiver, "改读简版（archiver）列表"),
            (board.feed, "改读 RSS，只能发现新主题，看不到旧主题的新回复"),
        ):
            try:
                page = await self._enter(visit, address)
            except PageError:
                continue
            threads = _full_threads(page, board)
            if threads:
                visit.notes.append(f"版块列表读不到（{refused.sign}），{said}")
                return replace(page, parsed=replace(page.parsed, links=tuple(threads)))
        raise refused

    # -- threads -----------------------------------------------------------------------------------------------------

    def _named(self, reading: BoardReading, link: Link, posts: Sequence[Post]) -> Sequence[Post]:
        assert isinstance(reading, ForumReading)
        return reading.editions.full(identity(link.url), posts, newest=reading.newest)

    async def _read_otherwise(self, visit: Visit, reading: BoardReading, link: Link, error: PageError) -> bool:
        assert isinstance(reading, ForumReading)
        thread = identity(link.url)
        url = archived_thread(link.url) if isinstance(error, Blocked) and _may_go_on(visit, error) else None
        walked: set[str] = set()
        while url is not None and identity(url) not in walked and len(walked) < _MOST_PAGES:
            walked.add(identity(url))
            page = await visit.look(url, "discuz")
            _forget(visit, url, page)
            if page is None or not page.parsed.posts:
                reading.editions.failed(thread, after=reading.known_until)
                return False
            posts = reading.editions.plain(thread, page.parsed.posts, after=reading.known_until)
            await visit.keep(posts, page)
            url = next_page(page, "page")
        if not walked:
            reading.editions.failed(thread, after=reading.known_until)
            return False
        visit.missed.remove(error)
        note = _ONE_NOTE.format(error.sign)
        if note not in visit.notes:
            visit.notes.append(note)
        return True


def _forget(visit: Visit, url: str, page: Page | None) -> None:
    """That the plain edition cannot be read is no second miss, and that it has no such thread is no deletion."""
    if page is None:
        del visit.missed[-1]
    elif visit.deleted and visit.deleted[-1][0] == url:
        del visit.deleted[-1]


def _may_go_on(visit: Visit, error: PageError) -> bool:
    if visit.retry_after is not None or any(word in error.sign for word in _FOR_MACHINES):
        return False
    return isinstance(error, LayoutChanged) or any(word in error.sign for word in _FOR_MEMBERS)


def _full_threads(page: Page, board: Board) -> list[Link]:
    """The threads that a plain list or a feed names, at the addresses of the full edition."""
    found: dict[str, Link] = {}
    for link in page.parsed.links:
        thread = thread_number(link.url)
        if thread is not None and site_of(link.url) == site_of(page.raw.url):
            found.setdefault(thread[0], replace(link, url=board.thread(thread[0]), leads_to="thread"))
    return list(found.values())
