"""How many requests a host gets in a day, from all our sources and processes together (`[crawl] daily_requests`).

A process takes its share in small blocks and gives back at its end what it did not use: one that is killed has used
up a few requests that were never made, and none are ever made that were not counted.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from datetime import time as time_of_day
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest, NotConfigured

from core.clock import Clock
from crawlers.host_days import HostDays
from crawlers.job import JOB_SETTING, Job

#: How the sentence about a host whose requests of the day are used up begins.
DAY_SPENT = "今天对"
#: Requests taken at once; of a small budget a hundredth, so that processes do not sit on each other's share.
_BLOCK = 50


class Spent(Exception):
    """A crawl's budget is used up. `sign` says so to the operator."""

    def __init__(self, limit: int) -> None:
        self.sign = f"达到单次 {limit} 页的上限，其余内容下次继续"
        super().__init__(self.sign)


class DaySpent(Spent, IgnoreRequest):
    """The host got all the requests of its day. `left` is how long the day lasts."""

    def __init__(self, host: str, limit: int, left: timedelta) -> None:
        super().__init__(limit)
        self.sign = f"{DAY_SPENT} {host} 的请求已达 {limit} 次上限，其余内容明天继续"
        self.left = left


@dataclass(slots=True)
class _Share:
    """What this process holds of one host's day."""

    day: date
    left: int = 0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class DailyBudget:
    """Lets a request pass if its host's day allows one more, whoever asks: robots.txt, retries and redirects too."""

    def __init__(self, days: HostDays, *, limit: int, clock: Clock, zone: ZoneInfo) -> None:
        self.days, self.limit, self.clock, self.zone = days, limit, clock, zone
        self._shares: dict[str, _Share] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> DailyBudget:
        """Take the table from the job; a crawl without one (by hand, a trial) has no day to keep."""
        job: Job | None = crawler.settings.get(JOB_SETTING)
        if job is None or job.host_days is None:
            raise NotConfigured
        limit = job.settings.crawl.daily_requests
        budget = cls(job.host_days, limit=limit, clock=job.clock, zone=job.settings.zone)
        crawler.signals.connect(budget.close, signals.spider_closed)
        return budget

    async def process_request(self, request: Request) -> None:
        """Count the request, or raise `DaySpent`."""
        await self.take(hostname(request.url))

    async def take(self, host: str) -> None:
        """Count one request to this host, or raise `DaySpent`."""
        now = self.clock().astimezone(self.zone)
        share = self._shares.setdefault(host, _Share(day=now.date()))
        async with share.lock:
            if share.day != now.date():
                await self._return(host, share)
                share.day = now.date()
            if share.left == 0:
                most = max(1, min(_BLOCK, self.limit // 100))
                share.left = await asyncio.to_thread(self.days.reserve, host, share.day, most=most, limit=self.limit)
            if share.left == 0:
                raise DaySpent(host, self.limit, _left_of_day(now))
            share.left -= 1

    async def close(self) -> None:
        """Give back what was not used."""
        for host, share in self._shares.items():
            await self._return(host, share)

    async def _return(self, host: str, share: _Share) -> None:
        unused, share.left = share.left, 0
        if unused:
            await asyncio.to_thread(self.days.give_back, host, share.day, unused)


def hostname(url: str) -> str:
    """Whose day a request counts for."""
    return urlsplit(url).hostname or ""


def _left_of_day(now: datetime) -> timedelta:
    tomorrow = datetime.combine(now.date() + timedelta(days=1), time_of_day.min, tzinfo=now.tzinfo)
    return tomorrow - now
