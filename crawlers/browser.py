"""Pages that only a browser can draw, for sources with `browser = true`: scrapy-playwright behind our own middlewares.

The request comes through robots.txt, budget, delay and retries as every other. The browser then draws this one page in
a context of its own: no state before or after it, no way out but a filtering proxy (`evidence.proxy`), no pictures,
frames or service workers. It walks nowhere: where the server or a script sends it on, that becomes a redirect which
Scrapy judges like any other. What pages load besides themselves (scripts, data) is not counted in the host's day.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import itertools
from typing import Any
from urllib.parse import urldefrag, urljoin, urlsplit

from playwright.async_api import Browser, BrowserContext, Page, Route
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import TimeoutError as PlaywrightTimeout
from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import DownloadCancelledError, DownloadFailedError, DownloadTimeoutError, NotSupported
from scrapy.http import Headers, Response
from scrapy_playwright.handler import Config, ScrapyPlaywrightDownloadHandler
from scrapy_playwright.page import PageMethod

from crawlers.budget import hostname
from crawlers.fetching import IN_BROWSER
from crawlers.job import JOB_SETTING, Job
from crawlers.resolving import LeadsInside
from evidence.browser import RunningBrowser, find_browser, start_browser
from evidence.proxy import EgressProxy
from evidence.tab import within

#: Says in the vault that the body is a drawn document, and by what it was drawn.
DRAWN = "X-Tingfeng-Drawn-By"
#: What a text is not read from.
_NOT_LOADED = frozenset({"image", "media", "font", "texttrack", "eventsource", "websocket", "manifest", "ping"})
#: How long a page that has its document may go on loading, and how long it must then be quiet, in seconds.
_SETTLE, _QUIET = 6.0, 4.0
#: A page may load itself anew (after it set a cookie), but not for ever.
_MOST_LOADS = 3
_PATIENCE = 5.0
#: Everything a page loads, as a multiple of what one response may weigh.
_ALL_TOGETHER = 3


class FoundBrowser:
    """scrapy-playwright's provider of browsers: the machine's own Chromium, found and started as captures do it."""

    def __init__(self, config: Config) -> None:
        self._setting = str(config.launch_options["executable_path"])
        self._running: RunningBrowser | None = None

    async def start(self) -> None:
        """Nothing starts before the first page."""

    async def launch_browser(self) -> Browser:
        """Start it. Raise `BrowserMissing` or `EvidenceError` with the fix."""
        await self.close()
        self._running = await start_browser(find_browser(self._setting))
        return self._running.browser

    async def launch_persistent_context(self, context_kwargs: dict[str, Any]) -> BrowserContext:
        """No state outlives a page."""
        raise NotSupported("persistent contexts are not used")

    async def close(self) -> None:
        """End it; one that does not end is killed."""
        if self._running is not None:
            await self._running.end()
            self._running = None


class BrowserDownloads(ScrapyPlaywrightDownloadHandler):  # type: ignore[misc]
    """Scrapy's HTTP handler, which draws those pages whose request asks for it (`IN_BROWSER`)."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self.config.target_closed_max_retries = 0  # a page that was called off stays so
        self._job: Job = crawler.settings[JOB_SETTING]
        self._largest = crawler.settings.getint("DOWNLOAD_MAXSIZE")
        self._timeout = crawler.settings.getfloat("DOWNLOAD_TIMEOUT")
        self._numbers = itertools.count(1)

    async def download_request(self, request: Request) -> Response:
        """The response of the wire, or the drawn document. Raise what Scrapy's handlers raise, or `EvidenceError`."""
        if not request.meta.get(IN_BROWSER):
            plain: Response = await super().download_request(request)
            return plain
        name = f"page-{next(self._numbers)}"
        async with EgressProxy(allow_private=self._homes(request.url), max_bytes=self._largest) as proxy:
            document = _Document(request.url, proxy=proxy, largest=self._largest)
            asked = self._as_browser_request(request, name, document)
            drawing = asyncio.ensure_future(super().download_request(asked))
            try:
                drawn = await within(self._timeout, document.done(drawing))
            except (TimeoutError, PlaywrightTimeout):
                raise DownloadTimeoutError(f"{request.url} was not drawn in {self._timeout} s") from None
            except PlaywrightError as bad:
                raise document.failure(bad) from None
            finally:
                await self._forget(name)
            return document.response(drawn, browser=f"Chromium {self.browser.version}")

    async def close(self) -> None:
        """End the browser, whatever state it is in."""
        with contextlib.suppress(TimeoutError, PlaywrightError):
            await within(3 * _PATIENCE, super().close())

    def _homes(self, url: str) -> list[str]:
        """The source's own server may lie in our network; nothing else that its pages name may."""
        parts = urlsplit(url)
        if hostname(url) not in self._job.homes:
            return []
        return [f"{parts.hostname}:{parts.port or (443 if parts.scheme == 'https' else 80)}"]

    def _as_browser_request(self, request: Request, name: str, document: _Document) -> Request:
        agent = (request.headers.get("User-Agent") or b"").decode("latin-1")
        context = {
            "proxy": {"server": document.proxy.url},
            "service_workers": "block",
            "accept_downloads": False,
            "user_agent": agent,
            "locale": "zh-CN",
            "timezone_id": self._job.settings.general.timezone,
            "storage_state": {"cookies": _cookies(request), "origins": []},
        }
        meta = {
            "playwright": True,
            "playwright_include_page": True,
            "playwright_context": name,
            "playwright_context_kwargs": context,
            "playwright_page_init_callback": document.watch,
            "playwright_page_goto_kwargs": {"wait_until": "domcontentloaded", "timeout": self._timeout * 1000},
            "playwright_page_methods": [PageMethod(document.settle)],
        }
        return Request(request.url, headers={"User-Agent": agent}, meta=meta, dont_filter=True)

    async def _forget(self, name: str) -> None:
        wrapper = self.context_wrappers.get(name)
        if wrapper is not None:
            with contextlib.suppress(PlaywrightError, TimeoutError):
                await within(_PATIENCE, wrapper.context.close())


class _Document:
    """One page on its way: what its server answered, where it would go, when it is done."""

    def __init__(self, url: str, *, proxy: EgressProxy, largest: int) -> None:
        self.url, self.proxy, self._largest = url, proxy, largest
        self._loads = 0
        self._status = 200
        self._headers = Headers()
        self._sent = b""
        self._is_html = True
        #: Where server or script would lead.
        self._onward: str | None = None
        self._by_script = False
        self._left = asyncio.Event()

    async def done(self, drawing: asyncio.Future[Any]) -> bytes:
        """The drawn document; what the server sent where a script leads away before anything is drawn."""
        left: asyncio.Future[Any] = asyncio.ensure_future(self._left.wait())
        await asyncio.wait([drawing, left], return_when=asyncio.FIRST_COMPLETED)
        if not drawing.done():
            drawing.add_done_callback(_forget)
            return self._sent
        left.cancel()
        body: bytes = drawing.result().body
        return body if self._is_html else self._sent

    async def watch(self, page: Page, _request: Request) -> None:
        """Stand between the page and everything it loads."""
        await page.route("**/*", lambda route: self._judge(page, route))

    async def _judge(self, page: Page, route: Route) -> None:
        wanted = route.request
        with contextlib.suppress(PlaywrightError):  # a page that is closed meanwhile answers nothing
            if wanted.is_navigation_request() and wanted.frame == page.main_frame:
                await self._load(route)
            elif (
                wanted.is_navigation_request()
                or wanted.resource_type in _NOT_LOADED
                or self.proxy.log.received > _ALL_TOGETHER * self._largest
            ):
                await route.abort()
            else:
                await route.continue_()

    async def _load(self, route: Route) -> None:
        """The document itself is fetched without following redirects; another one is a redirect by script."""
        url = route.request.url
        if urldefrag(url)[0] != urldefrag(self.url)[0]:
            self._onward, self._by_script = self._onward or url, True
            await route.abort("aborted")  # the page stays as it is
            self._left.set()
            return
        self._loads += 1
        if self._loads > _MOST_LOADS:
            await route.abort("aborted")
            return
        try:
            headers = {**await route.request.all_headers(), "accept-encoding": "identity"}
            answer = await route.fetch(max_redirects=0, headers=headers, timeout=0)
        except PlaywrightError:
            await route.abort("failed")
            raise
        self._status, self._sent, self._headers = answer.status, await answer.body(), Headers()
        for entry in answer.headers_array:
            self._headers.appendlist(entry["name"], entry["value"])
        location = answer.headers.get("location")
        kind = answer.headers.get("content-type", "text/html").partition(";")[0].strip().lower()
        if 300 <= answer.status < 400 and location:
            self._onward = urljoin(url, location)
            await route.fulfill(status=200, content_type="text/html", body="")
        elif "html" not in kind:
            self._is_html = False
            await route.fulfill(status=200, content_type="text/html", body="")
        else:
            await route.fulfill(response=answer)

    async def settle(self, page: Page) -> None:
        """Wait until the page has loaded and is quiet, or long enough. Raise `DownloadCancelledError` if it grows."""
        for state, seconds in (("load", _SETTLE), ("networkidle", _QUIET)):
            with contextlib.suppress(PlaywrightTimeout):
                await page.wait_for_load_state(state, timeout=seconds * 1000)  # type: ignore[arg-type]
        size = await page.evaluate("document.documentElement ? document.documentElement.outerHTML.length : 0")
        if size > self._largest:
            raise DownloadCancelledError(f"{self.url} draws {size} characters")

    def response(self, body: bytes, *, browser: str) -> Response:
        """What Scrapy sees: the document, or the redirect."""
        if self._pair in self.proxy.log.cut:
            raise DownloadCancelledError(f"{self.url} is larger than {self._largest} bytes")
        headers, status = self._headers, self._status
        for name in ("Content-Encoding", "Content-Length", "Transfer-Encoding"):
            headers.pop(name, None)
        if self._is_html:
            headers[DRAWN] = browser
        if self._onward is not None:
            headers["Location"] = self._onward
            if self._by_script:
                status = 302
                headers[DRAWN] = f"{browser}; redirect by script"
        return Response(self.url, status=status, headers=headers, body=body, ip_address=self._address)

    def failure(self, bad: PlaywrightError) -> Exception:
        """What went wrong on the way, by what the proxy saw of it."""
        log = self.proxy.log
        if self._pair in log.refused:
            return LeadsInside(self.url)
        if self._pair in log.cut:
            return DownloadCancelledError(f"{self.url} is larger than {self._largest} bytes")
        why = log.unreachable.get(self._pair) or bad.message.partition("\n")[0][:120]
        return DownloadTimeoutError(why) if why == "连接超时" else DownloadFailedError(why)

    @property
    def _pair(self) -> str:
        parts = urlsplit(self.url)
        return f"{parts.hostname}:{parts.port or (443 if parts.scheme == 'https' else 80)}"

    @property
    def _address(self) -> Any:
        found = self.proxy.log.connected.get(self._pair)
        return ipaddress.ip_address(found) if found else None


def _forget(drawing: asyncio.Future[Response]) -> None:
    """Nobody waits for it any more: its failure is no news."""
    if not drawing.cancelled():
        drawing.exception()


def _cookies(request: Request) -> list[dict[str, Any]]:
    """The request's cookies as the browser takes them: for this very host, no subdomain, for one page."""
    header = (request.headers.get("Cookie") or b"").decode("latin-1")
    pairs = (part.strip().partition("=") for part in header.split(";"))
    parts = urlsplit(request.url)
    return [
        {
            "name": name,
            "value": value,
            "domain": parts.hostname,
            "path": "/",
            "expires": -1,
            "httpOnly": True,
            "secure": parts.scheme == "https",
            "sameSite": "Lax",
        }
        for name, equals, value in pairs
        if equals and name
    ]
