"""What all spiders share: a crawl of many sources in one process, in which no source can hurt another.

A spider is a walk written top to bottom: it awaits a page, hands over its posts, decides where to go. Scrapy fetches
(robots.txt, delays, retries, limits) and carries the posts through its pipeline.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, ClassVar
from urllib.parse import urlsplit

from scrapy import Request, Spider, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import UsageError
from scrapy.http import Response
from twisted.python.failure import Failure

from core.clock import system_clock
from core.durations import parse_duration
from core.errors import PageError
from core.model import Channel, Post, WatchedKind
from core.settings import CrawlSettings, Settings, SourceSettings
from crawlers import endings
from crawlers.bounds import homes_of
from crawlers.cookies import cookies_of
from crawlers.coverage import Coverage
from crawlers.fetching import Fetcher
from crawlers.items import Batch
from crawlers.job import JOB_SETTING, Job
from crawlers.pages import kinds
from crawlers.reports import SourceReport
from crawlers.sink import Kept
from crawlers.visits import Spent, Visit
from evidence.vault import RawResponse

log = logging.getLogger("tingfeng.crawlers")

#: So many hosts are crawled at once; sources on one host take turns.
_HOSTS_AT_ONCE = 16


class SourceSpider(Spider):
    """Walks through every source of its job.

    By hand (`scrapy crawl NAME -a url=…`) it takes one source from its arguments, all of them text:

    - `url`: the list, the base address or the feed, as in `sources.toml`. Required.
    - `keyword`: what to search for (weibo).
    - `backfill`: how far back to read, with a unit ("7d"). All there is, where not given.
    - `max_pages`: a number, 20 where not given.
    - `ignore_robots_because`: a reason to look past robots.txt.

    `-s NAME=VALUE` sets Scrapy settings, for example `-s DOWNLOAD_DELAY=0`.
    """

    kind: ClassVar[WatchedKind]
    channel: ClassVar[Channel]
    job: Job

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> SourceSpider:
        """Take the job from the settings, or make one from the arguments."""
        job = crawler.settings.get(JOB_SETTING)
        spider = cls(*args, job=job or cls._by_hand(**kwargs))
        spider._set_crawler(crawler)
        crawler.signals.connect(spider._batch_kept, signals.item_scraped)
        crawler.signals.connect(spider._batch_failed, signals.item_error)
        return spider

    @classmethod
    def _by_hand(
        cls,
        url: str = "",
        keyword: str = "",
        backfill: str = "5000d",
        max_pages: str = "20",
        ignore_robots_because: str = "",
    ) -> Job:
        if not url:
            raise UsageError(f"scrapy crawl {cls.name} 需要 -a url=…（列表页、基础网址或订阅地址）")
        source = SourceSettings(
            id=f"by-hand-{cls.kind}",
            name=url[:60],
            kind=cls.kind,
            url=url,
            keyword=keyword,
            channel=cls.channel,
            ignore_robots_because=ignore_robots_because,
        )
        limits = CrawlSettings(backfill=parse_duration(backfill), max_pages=int(max_pages))
        return Job(sources=(source,), settings=Settings(crawl=limits), clock=system_clock)

    def __init__(self, *, job: Job) -> None:
        super().__init__()
        self.job = job
        self._outbox: asyncio.Queue[Batch | None] = asyncio.Queue()
        self._waiting: dict[int, asyncio.Future[Kept | None]] = {}
        self._numbers = itertools.count(1)

    async def walk(self, visit: Visit) -> Mapping[str, Any]:
        """Walk through one source and return its new cursor. Raise `PageError` where the site ends the walk."""
        raise NotImplementedError

    def reads_posts_with(self, source: SourceSettings, url: str) -> tuple[str, Mapping[str, str]]:
        """The parser and the headers with which a page of posts is read outside the walk: again, or as a canary."""
        own = source.parser or str(getattr(self, "parser", ""))
        if own:
            return own, {}
        return (self.kind if self.kind in kinds() and self.kind != "news" else "auto"), {}

    def asks_at(self, source: SourceSettings, url: str) -> tuple[str, bytes | None]:
        """Where a page of posts is asked for, and with what body: an app has other addresses than its posts."""
        return url, None

    # -- the crawl ---------------------------------------------------------------------------------------------------

    async def start(self) -> AsyncIterator[Batch]:
        """Yield the batches of all visits as they come."""
        visits = asyncio.ensure_future(self._visit_all())
        visits.add_done_callback(lambda _: self._outbox.put_nowait(None))
        try:
            while (batch := await self._outbox.get()) is not None:
                yield batch
            await visits
        finally:
            if visits.cancel():
                ended = {report.source for report in self.job.reports}
                unfinished = [source.id for source in self.job.sources if source.id not in ended]
                log.warning("crawl_interrupted", extra={"sources": unfinished})

    async def _visit_all(self) -> None:
        hosts: dict[str, list[SourceSettings]] = {}
        for source in self.job.sources:
            hosts.setdefault(urlsplit(source.url).hostname or "", []).append(source)
        gate = asyncio.Semaphore(_HOSTS_AT_ONCE)

        async def visit_host(sources: Sequence[SourceSettings]) -> None:
            async with gate:
                for source in sources:
                    await self._visit(source)

        ends = await asyncio.gather(*(visit_host(sources) for sources in hosts.values()), return_exceptions=True)
        self.job.faults.extend(end for end in ends if isinstance(end, Exception))

    async def _visit(self, source: SourceSettings) -> None:
        visit = self._new_visit(source)
        if source.ignore_robots_because:
            log.warning("robots_ignored", extra={"source": source.id, "because": source.ignore_robots_because})
        # Gathered, so that whatever goes wrong in one source stays in it and becomes its report.
        ends = await asyncio.gather(self._walk_to_its_end(visit), return_exceptions=True)
        ended: SourceReport | BaseException = ends[0]
        if isinstance(ended, asyncio.CancelledError) or not self.crawler.engine.running:
            return  # asked to stop: neither good nor bad, so there is nothing to report
        if isinstance(ended, Spent):
            report = await endings.ran_out(visit, ended.sign)
        elif isinstance(ended, PageError):
            report = await endings.broke_off(visit, ended)
        elif isinstance(ended, BaseException):
            log.error("visit_crashed", extra={"source": source.id}, exc_info=ended)
            report = await endings.crashed(visit, ended)
        else:
            report = ended
        await self._record(report, source)

    async def _walk_to_its_end(self, visit: Visit) -> SourceReport:
        return await endings.finished(visit, await self.walk(visit))

    def _new_visit(self, source: SourceSettings) -> Visit:
        crawl = self.job.settings.crawl
        cookies = cookies_of(source, now=self.job.clock())
        fetcher = Fetcher(
            download=self._download,
            clock=self.job.clock,
            obey_robots=not source.ignore_robots_because,
            largest_mb=crawl.max_response_mb,
            source_url=source.url,
            homes=homes_of(source),
            browser=source.browser,
            cookies=cookies,
        )
        return Visit(
            source=source,
            limits=crawl,
            zone=self.job.settings.zone,
            clock=self.job.clock,
            fetcher=fetcher,
            hand_over=lambda posts, raw, covers: self._hand_over(source, posts, raw, covers),
            vault=self.job.vault,
            before=self.job.before.get(source.id),
            started=self.job.clock(),
            sink=self.job.sink,
            history=self.job.history,
            reads_with=lambda url: self.reads_posts_with(source, url),
            asks_at=lambda url: self.asks_at(source, url),
            notes=[cookies.problem] if cookies and cookies.problem else [],
        )

    async def _download(self, request: Request) -> Response:
        if not self.crawler.engine.running:  # asked to stop: end the visits, whatever they are about
            raise asyncio.CancelledError
        return await self.crawler.engine.download_async(request)

    async def _record(self, report: SourceReport, source: SourceSettings) -> None:
        log.info(
            "source_crawled",
            extra={
                "source": report.source,
                "state": report.state,
                "reason": report.reason,
                "pages": report.pages,
                "posts": report.posts,
                "new": report.new,
                "seconds": round((report.ended - report.started) / timedelta(seconds=1), 1),
            },
        )
        self.logger.info("%s %s: %s", report.source, report.state, report.reason)
        if self.job.record:
            await asyncio.to_thread(self.job.record, report, source)
        self.job.reports.append(report)

    # -- the way of the posts ----------------------------------------------------------------------------------------

    async def _hand_over(
        self, source: SourceSettings, posts: Sequence[Post], raw: RawResponse, covers: Coverage | None
    ) -> Kept | None:
        batch = Batch(number=next(self._numbers), source=source.id, posts=tuple(posts), response=raw, covers=covers)
        kept: asyncio.Future[Kept | None] = asyncio.get_running_loop().create_future()
        self._waiting[batch.number] = kept
        self._outbox.put_nowait(batch)
        return await kept

    def _batch_kept(self, item: Batch) -> None:
        waiting = self._waiting.pop(item.number, None)
        if waiting and not waiting.done():
            waiting.set_result(item.kept)

    def _batch_failed(self, item: Batch, failure: Failure) -> None:
        waiting = self._waiting.pop(item.number, None)
        if waiting and not waiting.done():
            waiting.set_exception(failure.value or RuntimeError("pipeline failed"))
