"""Whatever a news source's address shows: a feed, a JSON feed, a sitemap, a feed of comments or a section page."""

from __future__ import annotations

from typing import Literal

from crawlers.pages import comments, feed, jsonfeed, section, sitemap
from crawlers.pages.base import PageContext, PageParser, Parsed

Shape = Literal["feed", "jsonfeed", "sitemap", "comments", "section"]

#: What the operator reads.
SHAPE_NAMES: dict[Shape, str] = {
    "feed": "RSS 或 Atom",
    "jsonfeed": "JSON",
    "sitemap": "站点地图",
    "comments": "评论订阅",
    "section": "栏目页",
}


def shape_of(body: bytes, page: PageContext) -> Shape:
    """Which of them the bytes are, by their beginning; a web page is a section page until it is read."""
    if sitemap.looks_like_sitemap(body):
        return "sitemap"
    if feed.looks_like_feed(body):
        return "comments" if comments.looks_like_comments(body, page) else "feed"
    start = body[:200].lstrip(b"\xef\xbb\xbf \t\r\n")
    return "jsonfeed" if start.startswith((b"{", b"[")) or b"json" in (page.content_type or "").encode() else "section"


def parse(body: bytes, page: PageContext) -> Parsed:
    """What the parser of its shape makes of it; never raises."""
    match shape_of(body, page):
        case "sitemap":
            return sitemap.parse(body, page)
        case "comments":
            return comments.parse(body, page)
        case "feed":
            return feed.parse(body, page)
        case "jsonfeed":
            return jsonfeed.parse(body, page)
    return section.parse(body, page)


#: Never chosen by "auto", which names the shape itself.
PARSER = PageParser(name="entrance", parse=parse)
