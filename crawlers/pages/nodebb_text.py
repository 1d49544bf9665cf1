"""What the author of a NodeBB post said, without what is quoted; the same for pages and for the JSON behind them."""

from __future__ import annotations

import re

from core.text import clean
from crawlers.pages.markup import Element, text_of
from crawlers.pages.urls import absolute

_UNSAID = frozenset(
    {"quote", "signature", "hidden", "visually-hidden", "sr-only", "post-signature", "plugin-mentions-quote"}
)
_SAID_IN = re.compile(
    r"^@?\S{1,60}\s+(?:said(?: in .{1,200})?|wrote|在.{0,200}中?(?:说|說|写道|寫道|中说)|说|說|写道|寫道)\s*[:：]?$"
)


def said(content: Element) -> str:
    """The words of a post's author: without quotes and without "@somebody said:" above them."""
    quoted = {
        before
        for quote in content.iter("blockquote")
        if (before := quote.getprevious()) is not None and _SAID_IN.match(clean(before.xpath("string()"))[:300])
    }

    def unsaid(element: Element) -> bool:
        return (
            element.tag == "blockquote"
            or element in quoted
            or not _UNSAID.isdisjoint((element.get("class") or "").split())
        )

    return text_of(content, skip=unsaid)


def pictures(content: Element, base: str) -> tuple[str, ...]:
    """Addresses of the pictures in a post; emoji are no pictures."""
    found: dict[str, None] = {}
    for image in content.iter("img"):
        url = absolute(base, image.get("src") or image.get("data-src"))
        if url and "emoji" not in (image.get("class") or "") and "/emoji" not in url:
            found.setdefault(url)
    return tuple(found)[:60]
