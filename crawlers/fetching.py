"""From an address to a raw response or a named failure: the one place where Scrapy's exceptions become the world's."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from scrapy import Request
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
    ResponseDataLossError,
    UnsupportedURLSchemeError,
)
from scrapy.http import Response

from core.clock import Clock
from core.errors import Blocked, Down, EvidenceError, LayoutChanged, PageError
from crawlers.bounds import may_ask
from crawlers.budget import DaySpent
from crawlers.cookies import Cookies
from crawlers.middlewares import RedirectsForever, gate_sign, redirect_target, retry_after
from crawlers.pages.base import Expects
from crawlers.pages.blocks import block_sign
from crawlers.resolving import LeadsInside
from crawlers.robots import RobotsForbid, RobotsUnreachable
from evidence.vault import RawResponse

#: Sends a request through Scrapy's downloader and all its middlewares.
Download = Callable[[Request], Awaitable[Response]]

#: What a request may raise that the world did; anything else is our own fault and passes through.
_WORLD = (
    IgnoreRequest,
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    ResponseDataLossError,
    UnsupportedURLSchemeError,
    OSError,
)


#: In a request's meta: the page is drawn by a browser (`crawlers.browser`).
IN_BROWSER = "tingfeng_browser"


class Gone(LayoutChanged):
    """404 or 410: bad news about a list, plain news about a thread that was deleted since."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back, good or bad."""

    raw: RawResponse | None
    #: Why it is no use; `None` for a response that can be read.
    error: PageError | None = None
    #: How long the site asked us to stay away.
    retry_after: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetcher:
    """Fetches for one source."""

    download: Download
    clock: Clock
    obey_robots: bool
    #: For the operator's eyes, in the sentence about a page that was too large.
    largest_mb: int
    #: Whether its pages need a browser to be drawn.
    browser: bool = False
    #: Where the source lies: its cookies go to no other server.
    source_url: str = ""
    #: Hosts that may lie in our own network.
    homes: frozenset[str] = frozenset()
    #: The operator's own login there.
    cookies: Cookies | None = None

    async def fetch(
        self,
        url: str,
        *,
        expects: Expects,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        parsed: bool = False,
    ) -> Answer:
        """Fetch one address, with POST where there is a body. Failures of the world are answers, not exceptions.

        `parsed` promises that a page parser reads the body next: parsers look for refusals in it themselves.
        Raise `DaySpent` where the host's day allows no more requests.
        """
        if not may_ask(url, homes=self.homes):
            return Answer(raw=None, error=LayoutChanged(url, "网址不可用或指向内部网络，没有读取"))
        meta: dict[str, Any] = {} if self.obey_robots else {"dont_obey_robotstxt": True}
        if self.browser and expects == "html" and body is None:
            meta |= {IN_BROWSER: True, "max_retry_times": 1}  # a page that hangs costs its whole time limit
        try:
            method = "GET" if body is None else "POST"
            sent = self._with_cookies(url, headers or {})
            request = Request(url, method=method, headers=sent, body=body or b"", dont_filter=True, meta=meta)
            response = await self.download(request)
        except ValueError as bad:  # Scrapy's answer to an address without a scheme
            return Answer(raw=None, error=LayoutChanged(url, f"网址无法使用（{bad}）"))
        except DaySpent:
            raise  # our own limit says nothing about the site
        except EvidenceError as bad:  # no browser on this machine, or one that does not start
            return Answer(raw=None, error=Down(url, f"该信源需要浏览器才能读取：{bad}"))
        except _WORLD as bad:
            refusal = bad.response if isinstance(bad, RobotsForbid) else None
            raw = raw_response(refusal, self.clock()) if refusal is not None else None
            patience = bad.retry_after if isinstance(bad, RobotsUnreachable) else None
            return Answer(raw=raw, error=_failure(bad, url, self.largest_mb), retry_after=patience)
        raw = raw_response(response, self.clock())
        error = _refusal(response, requested=url, expects=expects, parsed=parsed)
        return Answer(raw=raw, error=error, retry_after=retry_after(response, raw.fetched) if error else None)

    def _with_cookies(self, url: str, headers: Mapping[str, str]) -> dict[str, str]:
        """The headers and our login; a spider that sends cookies of its own knows better."""
        own = any(name.lower() == "cookie" for name in headers)
        if own or self.cookies is None or not self.cookies.may_go_to(url, source_url=self.source_url):
            return dict(headers)
        return {**headers, "Cookie": self.cookies.header}


def raw_response(response: Response, now: datetime) -> RawResponse:
    """The response as the vault keeps it."""
    headers = tuple(
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, values in response.headers.items()
        for value in (values if isinstance(values, list) else [values])
    )
    ip = str(response.ip_address) if response.ip_address else None
    return RawResponse(
        url=response.url, status=response.status, headers=headers, body=response.body, fetched=now, ip=ip
    )


def header(raw: RawResponse, name: str) -> str | None:
    """The first header of this name, whatever its case."""
    return next((value for key, value in raw.headers if key.lower() == name.lower()), None)


def _refusal(response: Response, *, requested: str, expects: Expects, parsed: bool) -> PageError | None:
    """Why a response cannot be read, by everything but the page's own structure."""
    if parsed and response.status == 200:
        gate = gate_sign(response.url, requested=requested)
        return Blocked(requested, gate) if gate else None
    target = redirect_target(response)
    gate = gate_sign(target, requested=requested) if target else None
    if gate:
        return Blocked(requested, gate)
    sign = block_sign(
        status=response.status,
        url=response.url,
        requested_url=requested,
        content_type=(response.headers.get("Content-Type") or b"").decode("latin-1") or None,
        body=response.body,
        expects=expects,
    )
    if sign:
        return Blocked(requested, sign)
    status = response.status
    if status >= 500 or status == 408:
        return Down(requested, f"站点返回状态码 {status}")
    if status in (404, 410):
        return Gone(requested, f"站点返回状态码 {status}，网址已不存在")
    if status == 304 or 200 <= status < 300:
        return None
    if target:  # every other redirect was followed
        return LayoutChanged(requested, "站点跳转到内部网络或不能读取的网址，没有跟随")
    return LayoutChanged(requested, f"站点返回状态码 {status}，无法读取")


def _failure(error: BaseException, url: str, largest_mb: int) -> PageError:
    """What a failed request says about the site."""
    match error:
        case RobotsForbid():
            return Blocked(url, "robots.txt 不允许")
        case LeadsInside():
            return LayoutChanged(url, "域名指向内部网络，没有读取")
        case RobotsUnreachable():
            why = f"（{_failure(error.__cause__, url, largest_mb).sign}）" if error.__cause__ else ""
            return Down(url, f"{error}{why}")
        case RedirectsForever():
            return Blocked(url, "站点反复重定向，通常是要求登录或 Cookie")
        case DownloadTimeoutError():
            return Down(url, "连接超时")
        case DownloadConnectionRefusedError():
            return Down(url, "连接被拒绝")
        case CannotResolveHostError():
            return Down(url, "域名无法解析")
        case ResponseDataLossError():
            return Down(url, "响应没有传完就断开")
        case DownloadCancelledError() | IgnoreRequest():  # the size limit, on the wire or after unpacking
            return LayoutChanged(url, f"响应超过 {largest_mb} MB 上限，没有读取")
        case UnsupportedURLSchemeError():
            return LayoutChanged(url, "网址不是 http 或 https")
    return Down(url, f"连接失败（{type(error).__name__}）")
