"""How a page was reached: the chain of answers, what the network did, and everything the page tried on the way."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import Dialog, Download, Page, Request, Response
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import TimeoutError as PlaywrightTimeout

from evidence.journal import Journal
from evidence.proxy import EgressLog
from evidence.tab import within

_MOST_HOPS = 30
_FINAL_ERRORS = {
    "ERR_TOO_MANY_REDIRECTS": "重定向次数过多",
    "ERR_UNSAFE_REDIRECT": "网站跳转到不安全的地址",
    "ERR_INVALID_URL": "网址无效",
    "ERR_UNKNOWN_URL_SCHEME": "网站跳转到网页以外的地址",
    "ERR_CERT_": "网站的证书无效",
    "ERR_SSL_": "与网站的加密连接失败",
    "ERR_UNSAFE_PORT": "网址的端口不安全",
    "ERR_BLOCKED_BY_": "浏览器按安全策略拒绝打开",
}


def host_and_port(url: str) -> str:
    """The target as the proxy's log names it."""
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"{host}:{parts.port or (443 if parts.scheme == 'https' else 80)}"


class Arrival:
    """Watches one page from before its first request."""

    def __init__(self, page: Page, url: str, egress: EgressLog, journal: Journal) -> None:
        self.page, self._url, self._egress, self._journal = page, url, egress, journal
        self.hops: list[Response] = []
        self.failure: str | None = None
        #: Whether trying again soon is pointless.
        self.is_final = False
        self.has_crashed = False
        #: Where the page itself was last on its way to.
        self._target = url
        self._running: set[Request] = set()
        self._quiet_since = time.monotonic()
        self._tasks: set[asyncio.Task[None]] = set()
        page.on("dialog", self._dismiss)
        page.on("download", self._refuse)
        page.on("crash", self._note_crash)
        page.on("request", self._note_request)
        page.on("requestfinished", self._note_end)
        page.on("requestfailed", self._note_end)
        page.on("response", self._note_response)

    @property
    def status(self) -> int | None:
        """Status of the last answer to a navigation of the page itself."""
        return self.hops[-1].status if self.hops else None

    def quiet_for(self) -> float:
        """Seconds without any request under way."""
        return 0.0 if self._running else time.monotonic() - self._quiet_since

    async def open(self, seconds: float) -> bool:
        """Go there. `False` with `failure` set where no page came."""
        try:
            await self.page.goto(self._url, wait_until="commit", timeout=seconds * 1000)
        except PlaywrightTimeout:
            self.failure = f"网站在 {seconds:.0f} 秒内没有应答"
            self.hops.clear()
        except PlaywrightError as bad:
            if self.has_crashed or not (self.page.context.browser and self.page.context.browser.is_connected()):
                raise
            self.explain(bad.message)
        if self.failure:
            self._journal.note("not_opened", reason=self.failure)
        return self.failure is None

    async def wait_for_document(self, seconds: float) -> bool:
        """Whether the document was read to its end in time."""
        with contextlib.suppress(PlaywrightTimeout, TimeoutError):
            await within(seconds + 1, self.page.wait_for_load_state("domcontentloaded", timeout=seconds * 1000))
            return True
        return False

    async def transport(self) -> tuple[dict[str, Any], bytes | None]:
        """The chain of answers with their headers, and the body of the last one where it can be had.

        The browser gives the body decoded: text is UTF-8 here whatever it was on the wire.
        """
        hops = [await self._hop(response) for response in self.hops]
        body = None
        if self.hops:
            with contextlib.suppress(PlaywrightError, TimeoutError):
                body = await within(2.0, self.hops[-1].body())
        return {"requested": self._url, "hops": hops, "failure": self.failure}, body

    async def _hop(self, response: Response) -> dict[str, Any]:
        is_secure = response.url.startswith("https:")
        hop: dict[str, Any] = {
            "url": response.url,
            "status": response.status,
            "address": self._egress.connected.get(host_and_port(response.url)),
            "headers": None,
            "tls": None,
        }
        with contextlib.suppress(PlaywrightError, TimeoutError):
            hop["headers"] = [[line["name"], line["value"]] for line in await within(1.0, response.headers_array())]
            hop["tls"] = await within(1.0, response.security_details()) if is_secure else None
        return hop

    def close_popup(self, popup: Page) -> None:
        """A window that the page opens is shut at once."""
        if popup is not self.page:
            self._journal.note("popup_closed", url=popup.url)
            self._do(popup.close())

    def explain(self, message: str) -> None:
        """Set `failure` for a page that did not come, from the browser's message and what the proxy saw."""
        if self.failure is None:
            self.failure, self.is_final = self._why(message)

    def _why(self, message: str) -> tuple[str, bool]:
        if "Download is starting" in message or "ERR_ABORTED" in message:
            return "网址指向下载的文件，没有页面可以取证", True
        target = host_and_port(self._target)
        if why := self._egress.refused.get(target):
            return f"按安全策略拒绝访问 {target}（{why}）", True
        for sign, reason in _FINAL_ERRORS.items():
            if sign in message:
                return reason, True
        if why := self._egress.unreachable.get(target):
            return f"无法连接 {target}（{why}）", False
        first = message.partition("\n")[0].partition(" at ")[0].removeprefix("Page.goto: ")
        return f"网站没有给出完整的应答（{first or '页面未打开'}）", False

    def _note_request(self, request: Request) -> None:
        if request.is_navigation_request() and request.frame == self.page.main_frame:
            self._target = request.url
        self._running.add(request)

    def _note_end(self, request: Request) -> None:
        self._running.discard(request)
        if not self._running:
            self._quiet_since = time.monotonic()

    def _note_response(self, response: Response) -> None:
        request = response.request
        is_ours = request.is_navigation_request() and request.frame == self.page.main_frame
        if is_ours and len(self.hops) < _MOST_HOPS:
            self.hops.append(response)
            self._journal.note("answer", url=response.url, status=response.status)

    def _note_crash(self, _: Page) -> None:
        self.has_crashed = True
        self._journal.note("renderer_crashed")

    def _dismiss(self, dialog: Dialog) -> None:
        self._journal.note("dialog_dismissed", type=dialog.type, message=dialog.message)
        self._do(dialog.dismiss())

    def _refuse(self, download: Download) -> None:
        self._journal.note("download_refused", url=download.url)
        self._do(download.cancel())

    def _do(self, action: Any) -> None:
        async def quietly() -> None:
            with contextlib.suppress(PlaywrightError):
                await action

        task = asyncio.ensure_future(quietly())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
