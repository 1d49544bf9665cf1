"""robots.txt: read once per server and crawl, and obeyed as RFC 9309 says unless the operator recorded a reason not to.

Seen in public code: weibo.com's file mixes CRLF and LF and has no blank lines between its groups. Protego reads that;
what it must be given is our product token alone, for it also finds a robot's name further on in a user agent, and a
group for a robot called "contact" is not meant for us.
"""

from __future__ import annotations

import asyncio
import logging
import re
from datetime import timedelta
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.http.request import NO_CALLBACK
from scrapy.robotstxt import ProtegoRobotParser

from core.clock import Clock, system_clock
from crawlers.budget import DaySpent
from crawlers.job import JOB_SETTING
from crawlers.middlewares import RedirectsForever, retry_after
from crawlers.resolving import LeadsInside

log = logging.getLogger("tingfeng.crawlers")

#: A site may ask for more patience than we show by ourselves, up to this many seconds.
_LONGEST_DELAY = 60.0
#: Rules beyond this are not read; the RFC asks for no more.
_LARGEST = 500_000
# "TingfengBot/0.1 (+https://…)", "Mozilla/5.0 (compatible; TingfengBot/0.1; +https://…)"
_TOKEN = re.compile(r"(?:Mozilla/[\d.]+ \(compatible; ?)?([A-Za-z_-]+)")


class RobotsForbid(IgnoreRequest):
    """robots.txt does not allow us this address. `response` is the robots.txt."""

    def __init__(self, response: Response) -> None:
        self.response = response
        super().__init__("forbidden by robots.txt")


class RobotsUnreachable(IgnoreRequest):
    """robots.txt could not be read, and a site that cannot say what it allows allows nothing (RFC 9309, 2.3.1.4)."""

    def __init__(self, reason: str, *, retry_after: timedelta | None = None) -> None:
        #: How long the site asked us to stay away.
        self.retry_after = retry_after
        super().__init__(reason)


def product_token(user_agent: str) -> str:
    """The name by which robots.txt may call us."""
    found = _TOKEN.match(user_agent)
    return found[1] if found else user_agent


class Robots:
    """Obeys robots.txt unless the request's meta has `dont_obey_robotstxt`.

    A 4xx answer, and redirects that lead nowhere, mean that there are no rules; 429 and 5xx that we may not know
    them. `Crawl-delay` is respected where it is longer than ours.
    """

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        job = crawler.settings.get(JOB_SETTING)
        self._clock: Clock = job.clock if job else system_clock
        self._token = product_token(crawler.settings["USER_AGENT"])
        self._readings: dict[str, asyncio.Task[tuple[ProtegoRobotParser, Response | None]]] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Robots:
        """Scrapy's way to build a component."""
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        """Let the request pass, or raise `RobotsForbid` or `RobotsUnreachable`."""
        if request.meta.get("dont_obey_robotstxt"):
            return
        parts = urlsplit(request.url)
        server = f"{parts.scheme}://{parts.netloc}"
        if server not in self._readings:
            self._readings[server] = asyncio.ensure_future(self._read(f"{server}/robots.txt"))
        # Shielded: a visit that is called off must not take the rules away from the other visits.
        rules, response = await asyncio.shield(self._readings[server])
        if response is not None and not rules.allowed(request.url, self._token):
            raise RobotsForbid(response)

    async def _read(self, address: str) -> tuple[ProtegoRobotParser, Response | None]:
        request = Request(address, callback=NO_CALLBACK, priority=1000, meta={"dont_obey_robotstxt": True})
        (answer,) = await asyncio.gather(self.crawler.engine.download_async(request), return_exceptions=True)
        if isinstance(answer, DaySpent | LeadsInside):
            raise answer
        if isinstance(answer, RedirectsForever):
            return ProtegoRobotParser(b"", self.crawler.spider), None
        if isinstance(answer, BaseException):
            raise RobotsUnreachable("robots.txt 无法取得") from answer
        if answer.status >= 500 or answer.status == 429:
            patience = retry_after(answer, self._clock())
            raise RobotsUnreachable(f"robots.txt 返回状态码 {answer.status}", retry_after=patience)
        body = answer.body[:_LARGEST] if answer.status == 200 else b""
        rules = ProtegoRobotParser(body, self.crawler.spider)
        self._slow_down(address, rules.crawl_delay(self._token))
        return rules, answer

    def _slow_down(self, address: str, asked: float | None) -> None:
        """Wait at least so long between requests; Scrapy's jitter would go below it."""
        downloader = self.crawler.engine.downloader
        key = downloader.get_slot_key(Request(address))
        slot = downloader.slots.get(key)
        if slot is None or not asked:
            return
        slot.delay, slot.jitter = max(slot.delay, min(asked, _LONGEST_DELAY)), 0.0
        # Scrapy forgets a slot that rests for a minute; the next one must be as slow.
        own = {"delay": slot.delay, "jitter": slot.jitter}
        downloader.per_slot_settings[key] = {**downloader.per_slot_settings.get(key, {}), **own}
        log.info("robots_delay", extra={"robots": address, "asked": asked, "kept": slot.delay})
