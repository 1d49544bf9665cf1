"""The browser that looks at pages for us: found on this machine, started on demand, replaced when it dies or ages."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import Browser, BrowserContext, Playwright, async_playwright
from playwright.async_api import Error as PlaywrightError

from core.errors import BrowserMissing, EvidenceError
from evidence.durable import sha256_file
from evidence.proxy import EgressProxy
from evidence.tab import within

log = logging.getLogger("tingfeng.evidence")

_NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
_PLAYWRIGHT_GLOBS = (
    "chromium_headless_shell-*/*/headless_shell",
    "chromium_headless_shell-*/*/chrome-headless-shell",
    "chromium-*/*/chrome",
)
_FIX = (
    "安装 chromium-headless-shell（Debian：apt install chromium-headless-shell fonts-noto-cjk）或运行 "
    'playwright install chromium-headless-shell，或把 [evidence] browser 设为浏览器的路径，或设为 "none"'
)
#: Captures after which a browser is replaced: memory creeps up over hundreds of pages.
_RECYCLE_AFTER = 100
_PATIENCE = 10.0


def find_browser(setting: str) -> Path:
    """The browser that `[evidence] browser` means. Raise `BrowserMissing` with the fix where there is none."""
    if setting == "none":
        raise BrowserMissing("本机没有可用的浏览器（[evidence] browser 设为 none），只保存采集时的原始响应")
    if setting != "auto":
        path = Path(setting)
        if not (path.is_file() and os.access(path, os.X_OK)):
            raise BrowserMissing(f"本机没有可用的浏览器：{setting} 不是可执行文件。{_FIX}")
        return path
    for name in _NAMES:
        if found := shutil.which(name):
            return Path(found)
    root = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or Path.home() / ".cache" / "ms-playwright")
    for pattern in _PLAYWRIGHT_GLOBS:
        if installed := sorted(root.glob(pattern)):
            return installed[-1]
    raise BrowserMissing(f"本机没有可用的浏览器。{_FIX}")


def browser_flags() -> list[str]:
    """What we add to Playwright's own flags, each for a reason."""
    return [
        "--disable-gpu",
        "--disable-quic",  # UDP would go around the proxy
        "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
        "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",  # the browser itself resolves no name
        "--js-flags=--max-old-space-size=512",
        "--disable-client-side-phishing-detection",
        "--disable-domain-reliability",
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class BrowserFacts:
    """Which browser this is, for the machine's report."""

    path: str
    #: The program that runs, where `path` is a script that starts it.
    program: str
    sha256: str
    version: str
    flags: tuple[str, ...]
    pid: int | None


class RunningBrowser:
    """One browser process with its Playwright driver."""

    def __init__(self, playwright: Playwright, browser: Browser, proxy: EgressProxy, facts: BrowserFacts) -> None:
        self._playwright, self.browser, self.proxy, self.facts = playwright, browser, proxy, facts
        self.uses = 0
        self.active = 0
        self.is_broken = False

    def is_usable(self) -> bool:
        """Whether the next capture may use it."""
        return self.browser.is_connected() and not self.is_broken and self.uses < _RECYCLE_AFTER

    async def end(self) -> None:
        """Close it; a browser that does not close in time is killed."""
        with contextlib.suppress(PlaywrightError, TimeoutError):
            await within(_PATIENCE, self.browser.close())
        if self.browser.is_connected() and self.facts.pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.facts.pid, signal.SIGKILL)
        with contextlib.suppress(PlaywrightError, TimeoutError):
            await within(_PATIENCE, self._playwright.stop())
        await self.proxy.__aexit__(None, None, None)


class BrowserPool:
    """One shared browser and a fresh context per capture. Use as `async with`."""

    def __init__(self, path: Path, *, width: int, zone: str) -> None:
        self._path, self._width, self._zone = path, width, zone
        self._current: RunningBrowser | None = None
        self._lock = asyncio.Lock()

    async def __aenter__(self) -> BrowserPool:
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._current is not None:
            await self._current.end()

    @asynccontextmanager
    async def context(self, proxy_url: str) -> AsyncIterator[tuple[BrowserContext, RunningBrowser]]:
        """A context without cookies, cache or history, whose only way out is `proxy_url`."""
        running = await self._borrow()
        context: BrowserContext | None = None
        try:
            context = await within(
                _PATIENCE,
                running.browser.new_context(
                    proxy={"server": proxy_url},
                    service_workers="block",
                    accept_downloads=False,
                    viewport={"width": self._width, "height": 1000},
                    locale="zh-CN",
                    timezone_id=self._zone,
                ),
            )
            yield context, running
        finally:
            if context is not None:
                try:
                    await within(_PATIENCE, context.close())
                except (PlaywrightError, TimeoutError):
                    running.is_broken = True  # a context that cannot be closed takes its browser along
            await self._give_back(running)

    async def _borrow(self) -> RunningBrowser:
        async with self._lock:
            old = self._current
            if old is None or not old.is_usable():
                self._current = await start_browser(self._path)
                if old is not None and old.active == 0:
                    await old.end()
            running = self._current
            assert running is not None
            running.uses += 1
            running.active += 1
            return running

    async def _give_back(self, running: RunningBrowser) -> None:
        running.active -= 1
        if running.active == 0 and running is not self._current:
            await running.end()


async def start_browser(path: Path) -> RunningBrowser:
    """Start a browser that reaches nothing by itself: contexts bring their own proxy. May raise `EvidenceError`."""
    flags = browser_flags()
    proxy = await EgressProxy(closed=True).__aenter__()
    playwright = await async_playwright().start()
    try:
        browser = await playwright.chromium.launch(
            executable_path=path,
            args=flags,
            # The browser's sandbox needs user namespaces, which root inside a container cannot give it.
            chromium_sandbox=os.geteuid() != 0,
            proxy={"server": proxy.url},
            env=_environment(),
            handle_sigint=False,
            handle_sigterm=False,
            handle_sighup=False,
            timeout=30_000,
        )
    except PlaywrightError as bad:
        await playwright.stop()
        await proxy.__aexit__(None, None, None)
        raise EvidenceError(f"浏览器 {path} 无法启动：{bad.message.splitlines()[0]}。{_FIX}") from None
    facts = await _facts(path, browser, flags)
    log.info("browser_started", extra={"version": facts.version, "pid": facts.pid})
    return RunningBrowser(playwright, browser, proxy, facts)


async def _facts(path: Path, browser: Browser, flags: list[str]) -> BrowserFacts:
    pid = None
    with contextlib.suppress(PlaywrightError, TimeoutError):
        session = await within(_PATIENCE, browser.new_browser_cdp_session())
        listed = await within(_PATIENCE, session.send("SystemInfo.getProcessInfo"))
        pid = next((int(entry["id"]) for entry in listed["processInfo"] if entry["type"] == "browser"), None)
    program = path.resolve()
    if pid is not None:
        with contextlib.suppress(OSError):
            program = Path(f"/proc/{pid}/exe").readlink()
    digest = await asyncio.to_thread(sha256_file, program)
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    return BrowserFacts(
        path=str(path),
        program=str(program),
        sha256=digest,
        version=browser.version,
        flags=tuple(flags + sandbox),
        pid=pid,
    )


def _environment() -> dict[str, str | float | bool]:
    """What the browser may know of our environment: no secrets, no proxies of others."""
    kept = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "XDG_RUNTIME_DIR", "FONTCONFIG_PATH", "LD_LIBRARY_PATH")
    known: dict[str, str | float | bool] = {name: os.environ[name] for name in kept if name in os.environ}
    return {"HOME": tempfile.gettempdir(), **known}
