"""Pages and posts a second, from the wire to the durable store, beside bare Scrapy reading the same pages.

Three programs read the same board (`crawl_site.py`, another process on loopback) one after the other, each in a process
of its own, with the same number of requests in flight and no delay:

- `scrapy: fetch`: a spider that is told all addresses and does nothing with the pages;
- `scrapy: fetch + parse`: a spider that finds its way from the first list, reads the same fields with Scrapy's
  selectors and exports them as JSON Lines;
- `tingfeng`: the crawl of the product: refusal signs, parser, vault, SQLite with full synchronisation, cursor.

"a core" is what the program did in a second of processor time, which other load on the machine disturbs less than the
clock. Memory is what the process held after so many pages.

Run: .venv/bin/python benchmarks/crawl.py [--pages 2000] [--concurrency 16] [--only tingfeng]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

from benchmarks.crawl_site import PER_LIST, PER_THREAD

_MARKS = (500, 1_000, 2_000, 5_000, 10_000, 15_000, 20_000)
_NAMES = {"fetch": "scrapy: fetch", "parse": "scrapy: fetch + parse", "tingfeng": "tingfeng"}


@dataclass
class Watch:
    """What a program took and held, from its first request to its last."""

    wall: float = 0.0
    cpu: float = 0.0
    pages: int = 0
    posts: int = 0
    #: Megabytes after so many pages.
    memory: dict[int, float] = field(default_factory=dict)

    def __enter__(self) -> Watch:
        self.wall -= time.perf_counter()
        self.cpu -= time.process_time()
        return self

    def __exit__(self, *_: object) -> None:
        self.memory[0] = _held()  # at the end
        self.wall += time.perf_counter()
        self.cpu += time.process_time()

    def page(self) -> None:
        """One more page was read."""
        self.pages += 1
        if self.pages in _MARKS:
            self.memory[self.pages] = _held()


def _load(*modules: str) -> None:
    """What a crawl loads once, in some two seconds: only the crawling is measured."""
    for name in modules:
        module = import_module(name)
        for found in iter_modules(getattr(module, "__path__", ()), f"{name}."):
            import_module(found.name)


def _held() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


# -- the programs ----------------------------------------------------------------------------------------------------


def _bare(site: str, threads: int, concurrency: int, folder: Path, *, parse: bool) -> Watch:
    from scrapy import Request, Spider
    from scrapy.crawler import CrawlerProcess
    from scrapy.http import Response

    _load("scrapy.core.downloader.handlers.http11", "scrapy.core.engine", "scrapy.extensions", "scrapy.exporters")
    watch = Watch()

    class Fetch(Spider):
        name = "fetch"

        async def start(self) -> Any:
            lists = -(-threads // PER_LIST)
            for number in range(1, lists + 1):
                yield Request(f"{site}/forum-2-{number}.html")
            for tid in range(1, threads + 1):
                yield Request(f"{site}/thread-{tid}-1-1.html")

        def parse(self, response: Response) -> None:
            watch.page()

    class Parse(Spider):
        name = "parse"

        async def start(self) -> Any:
            yield Request(f"{site}/forum-2-1.html")

        def parse(self, response: Response) -> Iterator[Request]:
            watch.page()
            for row in response.css("tbody[id^=normalthread_]"):
                address = row.css("a.xst::attr(href)").get("")
                changed = row.css("td.by:last-child em span::attr(title)").get()
                title = row.css("a.xst::text").get()
                yield response.follow(address, self.thread, cb_kwargs={"title": title, "changed": changed})
            if following := response.css("div.pg a.nxt::attr(href)").get():
                yield response.follow(following)

        def thread(self, response: Response, title: str, changed: str) -> Iterator[dict[str, Any]]:
            watch.page()
            subject = response.css("#thread_subject::text").get()
            counts = response.css("#postlist div.hm span.xi1::text").getall()
            for box in response.css("#postlist > div[id^=post_]"):
                watch.posts += 1
                yield {
                    "pid": box.attrib["id"].removeprefix("post_"),
                    "url": response.url,
                    "title": subject or title,
                    "author": box.css("div.authi a.xw1").xpath("string()").get(),
                    "uid": box.css("div.authi a.xw1::attr(href)").re_first(r"uid-(\d+)"),
                    "published": box.css("em[id^=authorposton]").xpath("string()").get(),
                    "floor": box.css("a[id^=postnum] em::text").get(),
                    "text": "\n".join(box.css("td.t_f ::text").getall()),
                    "changed": changed,
                    "counts": counts,
                }

    settings = {
        "LOG_ENABLED": False,
        "TELNETCONSOLE_ENABLED": False,
        "COOKIES_ENABLED": False,
        "CONCURRENT_REQUESTS": concurrency,
        "CONCURRENT_REQUESTS_PER_DOMAIN": concurrency,
        "FEEDS": {str(folder / "posts.jsonl"): {"format": "jsonlines"}} if parse else {},
    }
    process = CrawlerProcess(settings)
    process.crawl(Parse if parse else Fetch)
    with watch:
        process.start()
    return watch


def _tingfeng(site: str, threads: int, concurrency: int, folder: Path) -> Watch:
    from core.clock import system_clock
    from core.database import Database
    from core.settings import CrawlSettings, Settings, SourceSettings
    from crawlers.run import crawl
    from crawlers.sink import Kept
    from crawlers.sources import SourceCatalogue
    from evidence.vault import Vault
    from index.posts import PostStore

    _load("crawlers.spiders", "scrapy.core.downloader.handlers.http11", "scrapy.core.engine", "crawlers.robots")
    watch = Watch()
    database = Database(f"sqlite:///{folder / 'tingfeng.sqlite'}")
    database.migrate()

    class Counting(PostStore):
        """The real store; counts what it keeps."""

        def keep_all(self, *found: Any, **known: Any) -> list[Kept]:
            kept = super().keep_all(*found, **known)
            for page in kept:
                watch.posts += page.new
                watch.page()
            return kept

    limits = CrawlSettings(
        delay=timedelta(0),
        concurrency_per_host=concurrency,
        max_pages=10**7,
        daily_requests=10**8,
        backfill=timedelta(5000),
    )
    source = SourceSettings(id="bench", name="bench", kind="forum", url=f"{site}/forum-2-1.html", channel="forum")
    with watch:
        (report,) = crawl(
            [source],
            settings=Settings(crawl=limits),
            catalogue=SourceCatalogue(database),
            sink=Counting(database),
            vault=Vault(folder / "vault"),
            clock=system_clock,
        )
    assert report.state == "ok", report.reason
    assert watch.posts == threads * PER_THREAD == PostStore(database).count(), report.reason
    watch.pages = report.pages
    return watch


# -- the comparison --------------------------------------------------------------------------------------------------


@contextmanager
def _site(threads: int) -> Iterator[str]:
    script = Path(__file__).with_name("crawl_site.py")
    with subprocess.Popen(
        [sys.executable, str(script), str(threads)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout
        yield f"http://127.0.0.1:{int(server.stdout.readline())}"
        server.kill()


def _one(name: str, site: str, threads: int, concurrency: int) -> dict[str, Any]:
    command = [sys.executable, __file__, "--program", name, "--site", site]
    command += ["--threads", str(threads), "--concurrency", str(concurrency)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def _program(name: str, site: str, threads: int, concurrency: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        if name == "tingfeng":
            watch = _tingfeng(site, threads, concurrency, Path(folder))
        else:
            watch = _bare(site, threads, concurrency, Path(folder), parse=name == "parse")
    print(json.dumps(watch.__dict__))


def main() -> None:
    """Print two tables."""
    options = argparse.ArgumentParser()
    options.add_argument("--pages", type=int, default=2_000)
    options.add_argument("--concurrency", type=int, default=16)
    options.add_argument("--rounds", type=int, default=1)
    options.add_argument("--only", choices=tuple(_NAMES))
    options.add_argument("--program", choices=tuple(_NAMES), help=argparse.SUPPRESS)
    options.add_argument("--site", help=argparse.SUPPRESS)
    options.add_argument("--threads", type=int, help=argparse.SUPPRESS)
    asked = options.parse_args()
    if asked.program:
        _program(asked.program, asked.site, asked.threads, asked.concurrency)
        return
    threads = asked.pages * PER_LIST // (PER_LIST + 1)
    names = [asked.only] if asked.only else list(_NAMES)
    with _site(threads) as site:
        runs = {name: [_one(name, site, threads, asked.concurrency) for _ in range(asked.rounds)] for name in names}
    pages = threads + -(-threads // PER_LIST)
    print(
        f"{pages:,} pages ({threads:,} threads of {PER_THREAD} posts), {asked.concurrency} requests in flight, ", end=""
    )
    print(f"load {os.getloadavg()[0]:.1f}, median of {asked.rounds}")
    print(
        f"{'':22} {'pages/s':>9} {'posts/s':>9} {'pages/s a core':>15} {'posts/s a core':>15} {'ms of CPU a page':>17}"
    )
    for name in names:
        wall, cpu = (statistics.median(run[key] for run in runs[name]) for key in ("wall", "cpu"))
        posts = runs[name][0]["posts"]
        print(
            f"{_NAMES[name]:22} {pages / wall:9,.0f} {posts / wall:9,.0f} {pages / cpu:15,.0f} {posts / cpu:15,.0f} "
            f"{cpu / pages * 1000:17.1f}"
        )
    print(f"{'memory after pages':22} " + " ".join(f"{mark:>9,}" for mark in _MARKS if mark < pages) + "       end")
    for name in names:
        held = runs[name][0]["memory"]
        marks = [str(mark) for mark in (*_MARKS, 0) if str(mark) in held]
        print(f"{_NAMES[name]:22} " + " ".join(f"{held[mark]:6,.0f} MB" for mark in marks))


if __name__ == "__main__":
    main()
