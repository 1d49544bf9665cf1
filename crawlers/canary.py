"""What the canary says: a page of the site that always has content, read where the source itself shows nothing.

A site that throttles us often answers like one that has nothing to say. If the canary can be read, the silence is real;
if it is as empty, the silence is the site's answer to us; if it cannot serve as a canary, that is said too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from core.errors import Blocked, PageError
from crawlers.pages.base import Parsed

#: "alive": it has content. "mute": it should have, and has not. "useless": it tells nothing.
Verdict = Literal["alive", "mute", "useless"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Canary:
    """What the canary says."""

    verdict: Verdict
    #: One Chinese sentence without a full stop.
    sign: str


def listen(found: Parsed | PageError) -> Canary:
    """Judge what came of reading the canary page."""
    if isinstance(found, Blocked):
        if found.sign.startswith("robots.txt"):
            return Canary(verdict="useless", sign=f"对照页面不能用：{found.sign}")
        return Canary(verdict="mute", sign=f"对照页面也读不到内容：{found.sign}")
    if isinstance(found, PageError):
        return Canary(verdict="useless", sign=f"对照页面读不出，不能判断，请检查或更换：{found.sign}")
    if found.posts or found.links:
        return Canary(verdict="alive", sign="对照页面可读")
    return Canary(verdict="mute", sign=f"对照页面也读不到内容：{found.state.reason}")
