"""Weibo: a search, a user's statuses or any list, on m.weibo.cn, weibo.com or s.weibo.com; comments where asked for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from core.errors import LayoutChanged
from core.settings import SourceSettings
from crawlers.budget import Spent
from crawlers.cookies import is_same_server
from crawlers.cursors import KnownReading
from crawlers.job import Job
from crawlers.pages.weibo_ids import weibo_site
from crawlers.spiders.base import SourceSpider
from crawlers.visits import Visit
from crawlers.weibo.comment_reading import CommentReading
from crawlers.weibo.lists import StatusList
from crawlers.weibo.search_walk import SearchWalk
from crawlers.weibo.session import Session, open_session
from crawlers.weibo.surfaces import Surface, headers_of, status_json_url, surface_of

_STATUS = re.compile(r"^/(?:detail|status)/(\d{5,19})$", re.ASCII)


class WeiboSpider(SourceSpider):
    """Source url: the base address, with a keyword or a user; or without one, the address of a JSON list.

    The surface decides what is read: "mobile" has all of it, "web" no search, "search" nothing but a search.
    """

    name = "weibo"
    kind = "weibo"
    channel = "weibo"

    def __init__(self, *, job: Job) -> None:
        super().__init__(job=job)
        #: By source: a canary is read as whoever we are in this crawl.
        self._sessions: dict[str, Session] = {}

    async def walk(self, visit: Visit) -> Mapping[str, Any]:
        """Until nothing is new, then the comments."""
        surface = surface_of(visit.source)
        if wrong := unsuited(visit.source, surface):
            raise LayoutChanged(visit.source.url, wrong)
        reading = KnownReading.resume(visit.cursor, backfill_from=visit.started - visit.limits.backfill)
        session = await open_session(visit)
        self._sessions[visit.source.id] = session
        if surface == "search":
            return await _search(session, reading)
        return await _list(session, reading)

    def reads_posts_with(self, source: SourceSettings, url: str) -> tuple[str, Mapping[str, str]]:
        """A status's own page is HTML that carries the JSON; a canary may be any page of the surface."""
        path = urlsplit(url).path
        if _STATUS.search(path):
            return "auto", {}
        if surface_of(source) == "search" or path == "/weibo":
            return "weibo_search", headers_of("search", source.url)
        session = self._sessions.get(source.id)
        own = session is not None and is_same_server(url, source.url)
        headers = session.headers() if session and own else headers_of(surface_of(source), source.url)
        return ("weibo_comments" if "omments" in path else "weibo"), headers

    def asks_at(self, source: SourceSettings, url: str) -> tuple[str, bytes | None]:
        """A status that is read again is asked for as JSON where its surface has some, with the login of that host."""
        found = _STATUS.search(urlsplit(url).path)
        at_home = weibo_site(url) == weibo_site(source.url)
        surface = surface_of(source)
        if found is None or not at_home or surface == "search":
            return url, None
        return status_json_url(surface, source.url, found[1]), None


def unsuited(source: SourceSettings, surface: Surface) -> str | None:
    """Why this surface cannot show what the source asks for, one Chinese sentence."""
    if surface == "search" and not source.keyword:
        return "s.weibo.com 只能按关键词搜索：请填写 keyword；要读某个用户请把 surface 设为 mobile 或 web"
    if surface == "web" and source.keyword and not source.user:
        return "weibo.com 没有可用的搜索接口：按关键词搜索请把 surface 设为 mobile 或 search"
    return None


async def _list(session: Session, reading: KnownReading) -> dict[str, Any]:
    visit = session.visit
    comments = CommentReading.resume(visit.cursor, wanted=visit.source.comments)
    try:
        await StatusList(session=session, reading=reading, comments=comments).walk()
    except Spent as spent:
        reading.cut = True
        visit.notes.append(spent.sign)
    else:
        await comments.read_all(session)
    reading.forget_left_over()  # a whole text needs the status it belongs to
    return {**reading.cursor(), **comments.cursor(), **session.cursor()}


async def _search(session: Session, reading: KnownReading) -> dict[str, Any]:
    walk = SearchWalk(session=session, reading=reading)
    if session.visit.source.comments:
        session.visit.notes.append("s.weibo.com 不提供评论，评论没有读取")
    await walk.walk()
    return {**reading.cursor(), **walk.cursor(), **session.cursor()}
