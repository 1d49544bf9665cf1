"""Manners on the wire: waiting as long as a site asks, and not walking through its gates."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

from scrapy import Request
from scrapy.downloadermiddlewares.redirect import RedirectMiddleware
from scrapy.downloadermiddlewares.retry import RetryMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.settings import BaseSettings

from core.clock import Clock, system_clock
from crawlers.bounds import may_follow
from crawlers.cookies import is_same_server
from crawlers.job import JOB_SETTING
from crawlers.pages.blocks import block_sign

#: Longer waits are not sat out by a crawl; the source's next turn is put off instead.
LONGEST_WAIT = timedelta(seconds=60)


class RedirectsForever(IgnoreRequest):
    """A chain of redirects without an end."""


class Patience(RetryMiddleware):
    """Tries again what may work later: after the pause that `Retry-After` asks for, else after a growing one."""

    def __init__(self, settings: BaseSettings) -> None:
        super().__init__(settings)
        job = settings.get(JOB_SETTING)
        self._clock: Clock = job.clock if job else system_clock
        self._pause = settings.getfloat("DOWNLOAD_DELAY")
        self._closed_until: dict[str, float] = {}

    async def process_request(self, request: Request) -> None:
        """Hold the request back while its host wants peace."""
        host = urlsplit(request.url).netloc
        while (left := self._closed_until.get(host, 0.0) - time.monotonic()) > 0:
            await asyncio.sleep(left)

    def process_response(self, request: Request, response: Response, spider: Any = None) -> Request | Response:
        """A request to try again, or the response where that is pointless or not wanted so soon."""
        if response.status not in self.retry_http_codes:
            return response
        asked = retry_after(response, self._clock())
        if asked is not None and asked > LONGEST_WAIT:
            return response
        again = super().process_response(request, response)
        if isinstance(again, Request):
            tries: int = again.meta["retry_times"]
            wait = asked.total_seconds() if asked is not None else min(self._pause * 2**tries, 30.0)
            host = urlsplit(request.url).netloc
            self._closed_until[host] = max(self._closed_until.get(host, 0.0), time.monotonic() + wait)
        return again


class CarefulRedirects(RedirectMiddleware):
    """Follows redirects, but neither to a login, captcha or passport address nor into our own network."""

    def process_response(self, request: Request, response: Response, spider: Any = None) -> Request | Response:
        """The request to follow, or the response itself; raise `RedirectsForever` when there are too many."""
        target = redirect_target(response)
        if target and (gate_sign(target, requested=request.url) or not may_follow(target, source_url=request.url)):
            return response
        try:
            following = super().process_response(request, response)
        except IgnoreRequest as bad:
            raise RedirectsForever(str(bad)) from bad
        if isinstance(following, Request) and not is_same_server(following.url, request.url):
            following.headers.pop("Cookie", None)  # Scrapy lets cookies pass to other ports
        return following


def redirect_target(response: Response) -> str | None:
    """Where a redirect leads; `None` for any other response."""
    location = response.headers.get("Location")
    if not 300 <= response.status < 400 or not location:
        return None
    return urljoin(response.url, location.decode("latin-1"))


def gate_sign(target: str, *, requested: str) -> str | None:
    """The sign that a redirect leads to a gate."""
    return block_sign(status=200, url=target, requested_url=requested, content_type=None, body=b"", expects="html")


def retry_after(response: Response, now: datetime) -> timedelta | None:
    """How long the response asks us to stay away, in either of the header's two forms."""
    value = (response.headers.get("Retry-After") or b"").decode("latin-1").strip()
    if value.isascii() and value.isdigit():
        return timedelta(seconds=min(int(value), 10**7))
    try:
        until = parsedate_to_datetime(value)
    except ValueError:
        return None
    until = until if until.utcoffset() is not None else until.replace(tzinfo=UTC)
    return max(until - now, timedelta(0))
