"""One visit to one page: open, check, picture the post, keep the page, scroll, picture it all.

Every step has its own limit and failing at one keeps the results of the others: what is there when time runs out is
evidence too.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

from playwright.async_api import BrowserContext, Page
from playwright.async_api import Error as PlaywrightError

from core.settings import EvidenceSettings
from evidence.arrival import Arrival
from evidence.durable import sha256
from evidence.journal import Journal
from evidence.proxy import EgressLog
from evidence.recognise import ENOUGH, PageFacts, block_sign, gone_sign, share_shown, windows
from evidence.tab import Tab, within

T = TypeVar("T")

_TEXT_LIMIT = 1_000_000
_SLICE = 8_000
_WIDEST = 3_840
_PATIENCE = 8.0
#: How long a page that shows the post already may go on loading the rest.
_LINGER = 1.5


class PageDied(Exception):
    """The renderer or the browser ended under us."""


class Visit:
    """What one visit saw; `run` fills it and never raises but `PageDied`."""

    def __init__(
        self, *, url: str, expected: str, folder: Path, settings: EvidenceSettings, egress: EgressLog, journal: Journal
    ) -> None:
        self.url, self.expected, self.folder = url, expected, folder
        self.settings, self.egress, self.journal = settings, egress, journal
        self.pictures: list[str] = []
        self.record: dict[str, Any] = {"timings": {}}
        self.shortcomings: list[str] = []
        self.arrival: Arrival | None = None
        self._has_looked = False
        self._shown: dict[str, Any] = {"url": url, "text": "", "asks_password": False, "loaded": False}
        self._end = time.monotonic() + settings.timeout.total_seconds()

    async def run(self, context: BrowserContext) -> None:
        """Do all steps within the settings' timeout."""
        page = await self._guard(within(_PATIENCE, context.new_page()))
        self.arrival = Arrival(page, self.url, self.egress, self.journal)
        context.on("page", self.arrival.close_popup)
        try:
            async with asyncio.timeout(self._left()):
                await self._steps(page)
        except TimeoutError:
            is_over = time.monotonic() > self._end - 0.5
            limit = self.settings.timeout.total_seconds()
            self._lack("stopped", f"取证没有在 {limit:.0f} 秒内完成" if is_over else "页面无响应")
        except (PlaywrightError, RuntimeError) as bad:
            self._check_alive(page)
            self._lack("step_failed", "页面在取证中途变化或关闭", error=str(bad))

    def facts(self) -> PageFacts:
        """What the browser ended up with, for the judgement."""
        arrival = self.arrival
        cut = ["页面数据超过上限，已截断"] if self.egress.cut else []
        if arrival and str(self._shown["url"]).startswith("chrome-error:"):
            arrival.explain("")
        elif arrival and arrival.hops and not self._has_looked and arrival.failure is None:
            arrival.failure, arrival.is_final = "页面没有响应，读不到内容", True
        return PageFacts(
            status=arrival.status if arrival else None,
            url=str(self._shown["url"]),
            text=str(self._shown["text"]),
            asks_password=bool(self._shown["asks_password"]),
            shortcomings=(*self.shortcomings, *cut),
            network=arrival.failure if arrival else None,
            is_final=bool(arrival and arrival.is_final),
        )

    async def _steps(self, page: Page) -> None:
        assert self.arrival is not None
        seconds = self.settings.timeout.total_seconds()
        if not await self.arrival.open(min(20.0, seconds * 0.4)):
            return
        self._time("opened")
        tab = await Tab.attach(page, seconds=self._limit())
        if not await self.arrival.wait_for_document(min(10.0, seconds * 0.2)):
            self._lack("document_unfinished", "页面没有载完")
            await self._try("stop", tab.stop_loading(seconds=self._limit()))
        await self._settle(tab, min(8.0, seconds * 0.2))
        self._time("settled")
        await self._keep_post(tab)
        self._write("page.mhtml", await self._try("mhtml", tab.mhtml(seconds=self._limit())))
        self._time("page_kept")
        walk = min(5.0, seconds * 0.15)
        scrolling = tab.ask("scroll", self.settings.max_height, walk, seconds=self._limit(walk + 3))
        unfinished = await self._try("scroll", scrolling)
        if unfinished:
            self._lack("scroll_unfinished", "页面过长，没有滚动到底")
        await self._wait_for_images(tab)
        if self._share() < ENOUGH:
            await self._look(tab)  # some posts are only drawn once they are scrolled to
            if self._share() >= ENOUGH:
                await self._keep_post(tab)
        self._time("scrolled")
        await self._keep_slices(tab)
        self._time("pictured")

    async def _settle(self, tab: Tab, seconds: float) -> None:
        """Look at the page until it shows what we came for, or clearly will not."""
        assert self.arrival is not None
        began = time.monotonic()
        pause = 0.05
        while True:
            await self._look(tab)
            facts = self.facts()
            waited = time.monotonic() - began
            is_done = bool(self._shown["loaded"]) or waited > _LINGER
            is_hopeless = (facts.status or 0) >= 500 or block_sign(facts) or gone_sign(facts)
            if is_done and (self._share() >= ENOUGH or is_hopeless or self.arrival.quiet_for() > 1.0):
                return
            if waited + pause > seconds:
                return
            await asyncio.sleep(pause)
            pause = min(0.4, pause * 1.5)

    async def _look(self, tab: Tab) -> None:
        shown = await self._try("facts", tab.ask("facts", _TEXT_LIMIT, seconds=self._limit()))
        if isinstance(shown, dict):
            self._shown, self._has_looked = shown, True

    def _share(self) -> float:
        """How much of the post is seen; a post without text is seen as soon as anything is."""
        share = share_shown(self.expected, str(self._shown["text"]))
        return 1.0 if share is None else share

    async def _keep_post(self, tab: Tab) -> None:
        """The document as text, and a picture of the post in a red frame; the frame is no part of the document."""
        html = await self._try("html", tab.ask("html", seconds=self._limit()))
        if isinstance(html, str):
            # The mark outranks any <meta charset> in the page, which tells the coding of the wire, not of this file.
            self._write("page.html", b"\xef\xbb\xbf" + html.encode("utf-8", "replace"))
        place = await self._try("locate", tab.ask("locate", windows(self.expected), seconds=self._limit()))
        width = float(self.settings.viewport_width)
        if not isinstance(place, dict):
            self._picture(
                "view.png", await self._try("view", tab.picture(top=0, width=width, height=1000, seconds=self._limit()))
            )
            return
        sheet = await self._outline(tab, place["selector"])
        top = max(0.0, place["top"] - 160)
        height = min(2_000.0, max(600.0, place["height"] + 320))
        shot = await self._try("post", tab.picture(top=top, width=width, height=height, seconds=self._limit()))
        if self._picture("post.png", shot):
            self._time("post_pictured")
        if sheet is not None:
            await self._try("clear", tab.clear(sheet, seconds=self._limit()))
        after = await self._try("html", tab.ask("html", seconds=self._limit()))
        self.record["post"] = {**place, "picture_top": top, "picture_height": height}
        if isinstance(html, str) and isinstance(after, str):
            before_hash, after_hash = (sha256(text.encode("utf-8", "replace")) for text in (html, after))
            self.record["document"] = {"before_highlight": before_hash, "after_highlight": after_hash}

    async def _outline(self, tab: Tab, selector: str) -> str | None:
        """Draw the frame; a page that does not let us is pictured without."""
        try:
            return await tab.outline(selector, seconds=self._limit(2.0))
        except (PlaywrightError, TimeoutError) as bad:
            self.journal.note("no_frame", error=str(bad))
            return None

    async def _wait_for_images(self, tab: Tab) -> None:
        for _ in range(20):
            images = await self._try("images", tab.ask("images", seconds=self._limit()))
            if not isinstance(images, dict):
                return
            self.record["images"] = images
            if not images["pending"]:
                return
            await asyncio.sleep(0.1)

    async def _keep_slices(self, tab: Tab) -> None:
        size = await self._try("size", tab.size(seconds=self._limit()))
        if size is None:
            return
        width, height = min(size[0], _WIDEST), min(size[1], float(self.settings.max_height))
        self.record["width"], self.record["height"], self.record["kept_height"] = width, size[1], height
        if size[1] > height:
            self._lack("truncated", f"页面高 {size[1]:.0f} 像素，只保留了前 {height:.0f} 像素")
        top, number = 0.0, 0
        while top < height:
            piece = min(_SLICE, height - top)
            shot = await self._try("slice", tab.picture(top=top, width=width, height=piece, seconds=self._limit(12)))
            if not self._picture(f"page-{number:03d}.png", shot):
                return
            top, number = top + piece, number + 1

    async def _try(self, name: str, step: Coroutine[Any, Any, T]) -> T | None:
        """A step's result, or `None` and a shortcoming. A page that answers nothing at all ends the visit."""
        began = time.monotonic()
        try:
            return await step
        except TimeoutError:
            self.journal.note("no_answer", step=name, waited=round(time.monotonic() - began, 2))
            raise
        except (PlaywrightError, RuntimeError) as bad:
            assert self.arrival is not None
            self._check_alive(self.arrival.page)
            self._lack(name, f"步骤 {name} 没有完成", error=str(bad))
            return None

    async def _guard(self, step: Coroutine[Any, Any, T]) -> T:
        try:
            return await step
        except (PlaywrightError, TimeoutError) as bad:
            raise PageDied(str(bad)) from None

    def _check_alive(self, page: Page) -> None:
        browser = page.context.browser
        has_crashed = self.arrival is not None and self.arrival.has_crashed
        if has_crashed or browser is None or not browser.is_connected():
            raise PageDied("renderer crashed" if has_crashed else "browser gone")

    def _lack(self, event: str, shortcoming: str, **fields: object) -> None:
        self.journal.note(event, shortcoming=shortcoming, **fields)
        if shortcoming not in self.shortcomings:
            self.shortcomings.append(shortcoming)

    def _picture(self, name: str, content: bytes | None) -> bool:
        if not content:
            return False
        self._write(name, content)
        if name not in self.pictures:
            self.pictures.append(name)
        return True

    def _write(self, name: str, content: bytes | None) -> None:
        if content is not None:
            (self.folder / name).write_bytes(content)
            self.journal.note("kept", file=name, bytes=len(content))

    def _time(self, name: str) -> None:
        self.record["timings"].setdefault(name, round(self.journal.elapsed(), 3))

    def _left(self) -> float:
        return max(0.1, self._end - time.monotonic())

    def _limit(self, most: float = _PATIENCE) -> float:
        return min(most, self._left())
