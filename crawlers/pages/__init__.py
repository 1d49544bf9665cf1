"""Pure page parsers, one file a platform: (bytes, address, now) → posts, links and a state. No network, no Scrapy."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from core.errors import NotFound
from crawlers.pages import article, discuz, feed, weibo
from crawlers.pages.base import Link, PageContext, PageState, Parsed, Parser

__all__ = ["KINDS", "PARSERS", "Link", "PageContext", "PageState", "Parsed", "Parser", "detect", "parse_page"]

PARSERS: Mapping[str, Parser] = MappingProxyType(
    {"discuz": discuz.parse, "weibo": weibo.parse, "article": article.parse, "feed": feed.parse}
)
#: Words of the command line and the catalogue for the same parsers.
_ALSO = {"forum": "discuz", "news": "article", "rss": "feed"}
#: What `kind` may be: the parsers, "forum" for the forum software we read, and "auto".
KINDS = ("discuz", "forum", "weibo", "article", "feed", "auto")


def detect(body: bytes, page: PageContext) -> str:
    """The parser that fits the page's own marks; an article where it has none."""
    start = body[:400].lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith((b"{", b"[")) or "json" in (page.content_type or "").lower():
        return "weibo"
    if weibo.rendered(body) is not None:
        return "weibo"
    if feed.looks_like_feed(body):
        return "feed"
    return "discuz" if discuz.looks_like_discuz(body) else "article"


def parse_page(kind: str, body: bytes, page: PageContext) -> Parsed:
    """What the page yields, read by the parser of that kind, or by the one that fits ("auto").

    Raises `NotFound` for a kind that has no parser; never raises because of the page.
    """
    name = detect(body, page) if kind == "auto" else _ALSO.get(kind, kind)
    parser = PARSERS.get(name)
    if parser is None:
        raise NotFound(f"没有名为 {kind} 的页面解析器，可用：{'、'.join(KINDS)}")
    return parser(body, page)
