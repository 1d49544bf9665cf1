"""A bar of Tieba: its list, then the threads in which something was said, with what stands below their floors.

Never `see_lz` (only the thread's author): what others answer is why we read.

[R 2026-09] What to expect of the live site, unverified here: /f and /p draw nothing for visitors (blocked, with the
ways out as reason); /mo/q/m does, for a browser that has a visitor's cookie (the source's `cookie`); the app's
interface asks for none. [?] Its robots.txt lets in named agents only: then a source needs `ignore_robots_because`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import parse_qs, quote, urlsplit

from scrapy.settings import BaseSettings

from core.errors import LayoutChanged
from core.settings import CrawlSettings, SourceSettings
from crawlers.cursors import BoardReading
from crawlers.job import JOB_SETTING
from crawlers.pages.base import Link
from crawlers.pages.tieba_facts import tid_of
from crawlers.spiders.boards import BoardSpider
from crawlers.tieba.app import APP_HOST, CodecMissing, app_base, bar_url, call_of, floor_url, pack, thread_url
from crawlers.tieba.reading import TiebaReading
from crawlers.tieba.walk import ThreadWalk
from crawlers.visits import Page, Visit

#: [R] Tieba bars addresses after some twenty quick pages; this pace holds unless the operator sets another.
_PACE = timedelta(seconds=3)


class TiebaSpider(BoardSpider):
    """Source url: the site's base address, with the bar's name as keyword; or the address of a list, with `kw=`.

    `https://tieba.baidu.com/mo/q/m` with a keyword reads the touch edition. `surface = "app"` asks the app's interface
    (`crawlers.tieba.app`). Not verified on the live site.
    """

    name = "tieba"
    kind = "tieba"
    channel = "tieba"
    parser = "tieba"

    @classmethod
    def update_settings(cls, settings: BaseSettings) -> None:
        """Keep the pace of this kind where the operator has set none: neither for the source nor for all."""
        super().update_settings(settings)
        job = settings.get(JOB_SETTING)
        if job is None:  # by hand
            settings.set("DOWNLOAD_DELAY", _PACE.total_seconds(), priority="spider")
            return
        if job.settings.crawl.delay != CrawlSettings().delay:
            return
        slots = {host: dict(slot) for host, slot in settings.getdict("DOWNLOAD_SLOTS").items()}
        for source in job.sources:
            own = source.delay or _PACE
            for host in _hosts(source):
                slot = slots.setdefault(host, {"delay": 0.0})
                slot["delay"] = max(slot["delay"], own.total_seconds())
        settings.set("DOWNLOAD_SLOTS", slots, priority="cmdline")

    def entrance(self, source: SourceSettings) -> str:
        """The address of the bar's first list page."""
        if source.surface == "app":
            return bar_url(app_base(source.url), source.keyword or _bar_in(source.url), 1)
        if "kw=" in source.url or not source.keyword:
            return source.url
        parts = urlsplit(source.url)
        name = quote(source.keyword, safe="")
        if parts.path.rstrip("/").endswith("/m"):
            return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}?kw={name}&pn=0"
        return f"{parts.scheme}://{parts.netloc}/f?kw={name}&ie=utf-8&pn=0"

    def reads_posts_with(self, source: SourceSettings, url: str) -> tuple[str, Mapping[str, str]]:
        """An answer of the app is read as one, with the headers of its question."""
        if source.surface != "app" or call_of(url) is None:
            return source.parser or self.parser, {}
        return "tieba_app", _question(url)[0]

    def asks_at(self, source: SourceSettings, url: str) -> tuple[str, bytes | None]:
        """Posts carry the web site's addresses; the app and the touch edition are asked for them at their own."""
        tid = tid_of(url)
        if source.surface == "app":
            address = _app_address(app_base(source.url), url, tid) if call_of(url) is None and tid else url
            return (address, _question(address)[1]) if call_of(address) else (url, None)
        parts = urlsplit(source.url)
        if tid and parts.path.startswith("/mo/") and "/mo/" not in url:
            return f"{parts.scheme}://{parts.netloc}{parts.path}?kz={tid}", None
        return url, None

    def _resume(self, visit: Visit) -> BoardReading:
        return TiebaReading.resume(visit.cursor, backfill_from=visit.started - visit.limits.backfill)

    def _parser(self, visit: Visit) -> str:
        return visit.source.parser or ("tieba_app" if visit.source.surface == "app" else self.parser)

    async def _enter(self, visit: Visit, url: str) -> Page:
        headers, body = _question(url) if visit.source.surface == "app" else ({}, None)
        return await visit.enter(url, self._parser(visit), headers=headers, body=body)

    async def _look(self, visit: Visit, url: str, opening: str | None) -> Page | None:
        headers, body = _question(url) if visit.source.surface == "app" else ({}, None)
        return await visit.look(url, self._parser(visit), headers=headers, body=body, opening=opening)

    async def _read_thread(self, visit: Visit, reading: BoardReading, link: Link, at: datetime) -> None:
        assert isinstance(reading, TiebaReading)
        walk = ThreadWalk(
            look=lambda url, opening: self._look(visit, url, opening), visit=visit, reading=reading, link=link, at=at
        )
        await walk.read()


def _question(url: str) -> tuple[dict[str, str], bytes]:
    """The headers and the body with which the app's server is asked."""
    try:
        request = pack(url)
    except CodecMissing as missing:
        raise LayoutChanged(url, str(missing)) from missing
    except (ValueError, KeyError) as bad:
        raise LayoutChanged(url, "网址不是贴吧应用接口的地址") from bad
    return request.headers, request.body


def _app_address(base: str, url: str, tid: str) -> str:
    """The call that shows what a post's address names: a thread's first page, or a floor with what is below it."""
    floor = parse_qs(urlsplit(url).query).get("pid", [""])[0]
    return floor_url(base, tid, floor, 1) if floor.isdigit() else thread_url(base, tid, 1)


def _bar_in(url: str) -> str:
    """The bar that an address names; old links carry it in GBK."""
    query = urlsplit(url).query
    try:
        return parse_qs(query, errors="strict").get("kw", [""])[0]
    except UnicodeDecodeError:
        return parse_qs(query, encoding="gb18030", errors="replace").get("kw", [""])[0]


def _hosts(source: SourceSettings) -> set[str]:
    own = urlsplit(source.url).hostname or ""
    return {own, APP_HOST} if source.surface == "app" and app_base(source.url).endswith(APP_HOST) else {own}
