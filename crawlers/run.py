"""One blocking crawl of sources of one kind. Twisted's reactor starts once in a process, so each crawl has its own."""

from __future__ import annotations

import asyncio
import logging
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Any
from urllib.parse import urlsplit

from scrapy import Spider
from scrapy.crawler import AsyncCrawlerRunner
from scrapy.settings import Settings as ScrapySettings
from scrapy.utils.reactor import install_reactor
from twisted.python.log import PythonLoggingObserver

from core.clock import Clock
from core.settings import Settings, SourceSettings
from crawlers.history import SourceHistory
from crawlers.host_days import HostDays
from crawlers.job import JOB_SETTING, Job
from crawlers.reports import SourceReport
from crawlers.resolving import CarefulResolver
from crawlers.sink import PostSink
from crawlers.sources import SourceCatalogue
from evidence.vault import Vault

log = logging.getLogger("tingfeng.crawlers")

_REACTOR = "twisted.internet.asyncioreactor.AsyncioSelectorReactor"


def crawl(
    sources: Sequence[SourceSettings],
    *,
    settings: Settings,
    catalogue: SourceCatalogue,
    sink: PostSink,
    vault: Vault,
    clock: Clock,
) -> list[SourceReport]:
    """Crawl these sources, all of one kind, and record how each ended. Blocks; call it once in a process.

    SIGTERM and Ctrl-C end it gracefully: sources that were not finished have no report and keep their cursor. Raise
    what the catalogue raises, after the other sources have ended.
    """
    kinds = {source.kind for source in sources}
    if not kinds:
        return []
    if len(kinds) > 1:
        raise ValueError(f"one crawl takes sources of one kind, got {sorted(kinds)}")
    catalogue.begin([source.id for source in sources], now=clock())
    job = Job(
        sources=tuple(sources),
        settings=settings,
        clock=clock,
        sink=sink,
        vault=vault,
        record=lambda report, source: _record(catalogue, report, source, clock),
        before=catalogue.statuses(),
        host_days=HostDays(catalogue.database),
        history=SourceHistory(catalogue.database),
    )
    return run_job(kinds.pop(), job)


def run_job(spider: str | type[Spider], job: Job) -> list[SourceReport]:
    """Run one spider on a job and give its reports. Blocks; call it once in a process. Raise the job's first fault."""
    _run(spider, scrapy_settings(job))
    if job.faults:
        raise job.faults[0]
    return list(job.reports)


def _record(catalogue: SourceCatalogue, report: SourceReport, source: SourceSettings, clock: Clock) -> None:
    catalogue.record(report, source, now=clock())


def scrapy_settings(job: Job) -> ScrapySettings:
    """The project's settings with the operator's laid over them."""
    crawl = job.settings.crawl
    settings = ScrapySettings()
    settings.setmodule("crawlers.settings", priority="project")
    chosen: dict[str, Any] = {
        "USER_AGENT": crawl.user_agent,
        "DOWNLOAD_DELAY": crawl.delay.total_seconds(),
        "DOWNLOAD_SLOTS": _slots(job),
        "CONCURRENT_REQUESTS_PER_DOMAIN": crawl.concurrency_per_host,
        "DOWNLOAD_TIMEOUT": crawl.timeout.total_seconds(),
        "DOWNLOAD_MAXSIZE": crawl.max_response_mb * 1_000_000,
        "LOG_ENABLED": False,
        "STATS_DUMP": False,
        JOB_SETTING: job,
    }
    if any(source.browser for source in job.sources):
        chosen |= _browser_settings(job)
    settings.update(chosen, priority="cmdline")
    return settings


def _browser_settings(job: Job) -> dict[str, Any]:
    """The handler that draws pages, loaded only where a source asks for it."""
    handler = "crawlers.browser.BrowserDownloads"
    return {
        "DOWNLOAD_HANDLERS": {"data": None, "file": None, "ftp": None, "s3": None, "http": handler, "https": handler},
        "PLAYWRIGHT_BROWSER_PROVIDER": "crawlers.browser.FoundBrowser",
        "PLAYWRIGHT_LAUNCH_OPTIONS": {"executable_path": job.settings.evidence.browser},
        "PLAYWRIGHT_PROCESS_REQUEST_HEADERS": None,
        "PLAYWRIGHT_DOWNLOAD_TIMEOUT": 1,
    }


def _slots(job: Job) -> dict[str, dict[str, float]]:
    """The delay of each host whose sources have one of their own; where they differ, the longest holds."""
    slots: dict[str, dict[str, float]] = {}
    for source in job.sources:
        if source.delay is not None:
            slot = slots.setdefault(urlsplit(source.url).hostname or "", {"delay": 0.0})
            slot["delay"] = max(slot["delay"], source.delay.total_seconds())
    return slots


def _run(spider: str | type[Spider], settings: ScrapySettings) -> None:
    # A runner, not a CrawlerProcess: that one rearranges the logging of the whole program.
    install_reactor(_REACTOR)
    from twisted.internet import reactor as installed

    reactor: Any = installed  # zope interfaces are beyond mypy

    logging.getLogger("scrapy").setLevel(logging.WARNING)
    logging.getLogger("twisted").setLevel(logging.ERROR)
    logging.getLogger("scrapy-playwright").setLevel(logging.ERROR)
    observer: Any = PythonLoggingObserver("twisted")  # type: ignore[no-untyped-call]
    observer.start()
    runner = AsyncCrawlerRunner(settings)
    CarefulResolver(
        reactor, settings.getint("DNSCACHE_SIZE"), settings.getfloat("DNS_TIMEOUT"), job=settings[JOB_SETTING]
    ).install_on_reactor()
    task = runner.crawl(spider)
    task.add_done_callback(lambda _: reactor.stop())
    try:
        with _stopping_on_signals(runner, reactor):
            reactor.run(installSignalHandlers=False)
    finally:
        observer.stop()
    task.result()


@contextmanager
def _stopping_on_signals(runner: AsyncCrawlerRunner, reactor: Any) -> Iterator[None]:
    """The first SIGTERM or Ctrl-C ends the crawl after the requests in flight; a second one has its usual effect."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = (signal.SIGTERM, signal.SIGINT)
    before = {number: signal.getsignal(number) for number in numbers}

    def stop(_number: int, _frame: FrameType | None) -> None:
        for each in numbers:
            signal.signal(each, signal.SIG_DFL)
        reactor.callFromThread(lambda: asyncio.ensure_future(runner.stop()))

    for number in numbers:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
