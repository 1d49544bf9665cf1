"""One page in the browser, spoken to over the DevTools protocol, where every question has a time limit.

Playwright's own page methods run scripts in ways that a hung page can hold forever; here a question that is not
answered in time raises `TimeoutError` and the page is left to its fate.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Awaitable
from importlib.resources import files
from typing import Any, TypeVar

from playwright.async_api import CDPSession, Page

#: The outline of the highlighted post. An inspector's style sheet is no node: the page's document stays as it was.
_OUTLINE = "{outline:4px solid #dc2626!important;outline-offset:2px!important}"


T = TypeVar("T")


async def within(seconds: float, question: Awaitable[T]) -> T:
    """The answer, or `TimeoutError` after `seconds`; the question itself is not cancelled, nobody waits for it.

    Cancelling would leave the protocol's answer without a reader, and a late error in the log.
    """
    task = asyncio.ensure_future(question)
    try:
        done, _ = await asyncio.wait({task}, timeout=max(0.0, seconds))
    except asyncio.CancelledError:
        task.add_done_callback(_forget)
        raise
    if not done:
        task.add_done_callback(_forget)
        raise TimeoutError(f"no answer in {seconds:.1f} s")
    return task.result()


def _forget(task: asyncio.Future[Any]) -> None:
    if not task.cancelled():
        task.exception()


class Tab:
    """A page and its protocol session."""

    def __init__(self, page: Page, session: CDPSession, frame: str) -> None:
        self.page, self._session, self._frame = page, session, frame
        self._script = files("evidence").joinpath("in_page.js").read_text(encoding="utf-8").strip()

    @classmethod
    async def attach(cls, page: Page, *, seconds: float) -> Tab:
        """Open the protocol session of a page."""
        session = await within(seconds, page.context.new_cdp_session(page))
        tree = await within(seconds, session.send("Page.getFrameTree"))
        return cls(page, session, tree["frameTree"]["frame"]["id"])

    async def ask(self, question: str, *arguments: object, seconds: float) -> Any:
        """Call one function of `in_page.js` in a world that the page's scripts cannot touch."""
        world = await self._send("Page.createIsolatedWorld", seconds, frameId=self._frame, worldName="tingfeng")
        given = ",".join(json.dumps(argument) for argument in arguments)
        answer = await self._send(
            "Runtime.evaluate",
            seconds,
            contextId=world["executionContextId"],
            expression=f"{self._script}.{question}({given})",
            returnByValue=True,
            awaitPromise=True,
        )
        if "exceptionDetails" in answer:
            raise RuntimeError(f"in_page.{question}: {answer['exceptionDetails'].get('text')}")
        return answer["result"].get("value")

    async def outline(self, selector: str, *, seconds: float) -> str:
        """Draw a red frame around an element without touching the document; returns what `clear` needs."""
        await self._send("DOM.enable", seconds)
        await self._send("CSS.enable", seconds)
        sheet = await self._send("CSS.createStyleSheet", seconds, frameId=self._frame)
        await self._style(str(sheet["styleSheetId"]), selector + _OUTLINE, seconds)
        return str(sheet["styleSheetId"])

    async def clear(self, sheet: str, *, seconds: float) -> None:
        """Take the frame away again."""
        await self._style(sheet, "", seconds)

    async def picture(self, *, top: float, width: float, height: float, seconds: float) -> bytes:
        """A lossless PNG of a strip of the page, in page coordinates."""
        shot = await self._send(
            "Page.captureScreenshot",
            seconds,
            format="png",
            optimizeForSpeed=True,
            captureBeyondViewport=True,
            clip={"x": 0, "y": top, "width": width, "height": height, "scale": 1},
        )
        return base64.b64decode(shot["data"])

    async def size(self, *, seconds: float) -> tuple[float, float]:
        """Width and height of the whole page in CSS pixels."""
        box = (await self._send("Page.getLayoutMetrics", seconds))["cssContentSize"]
        return float(box["width"]), float(box["height"])

    async def mhtml(self, *, seconds: float) -> bytes:
        """The page with everything it shows, as one file that any Chrome opens."""
        answer = await self._send("Page.captureSnapshot", seconds, format="mhtml")
        return str(answer["data"]).encode("utf-8", "replace")

    async def stop_loading(self, *, seconds: float) -> None:
        """Let the document end where it is."""
        await self._send("Page.stopLoading", seconds)

    async def _style(self, sheet: str, text: str, seconds: float) -> None:
        await self._send("CSS.setStyleSheetText", seconds, styleSheetId=sheet, text=text)

    async def _send(self, method: str, seconds: float, **parameters: object) -> dict[str, Any]:
        answer: dict[str, Any] = await within(seconds, self._session.send(method, parameters))
        return answer
