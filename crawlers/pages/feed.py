"""RSS, Atom and RDF: where news and forums list what is new. A feed leads to articles; it is never the article itself.

Feeds carry summaries, and a summary kept as a post would be a second, shorter version of the article that follows.
"""

from __future__ import annotations

import re
from calendar import timegm
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from typing import Any, TypeAlias

import feedparser

from core.text import clean
from core.times import parse_when
from crawlers.pages import jsonfeed, sitemap
from crawlers.pages.base import LARGEST_BODY, LeadsTo, Link, PageContext, PageParser, PageState, Parsed, Parser, stopped
from crawlers.pages.encoding import decode
from crawlers.pages.markup import html_to_text
from crawlers.pages.refusals import refusal
from crawlers.pages.urls import absolute, canonical, site_of, thread_number

Entry: TypeAlias = Any

_ROOT = re.compile(r"<(?:\w+:)?(rss|feed|rdf)\b", re.I)
_CLOSING = re.compile(r"</(?:\w+:)?(?:rss|feed|rdf)\s*>", re.I)
_PROLOG = re.compile(r"^\s*<\?xml[^>]*\?>", re.I)
_MOST_ENTRIES = 1000
_LONGEST_TITLE = 300


def looks_like_feed(body: bytes) -> bool:
    """Whether the first element is one of the three feed roots."""
    start = re.sub(
        rb"<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^>]*>", b"", body[:3000].replace(b"\x00", b""), flags=re.S | re.I
    ).lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
    return re.match(rb"<(?:\w+:)?(?:rss|feed|rdf)\b", start, re.I) is not None


def parse(body: bytes, page: PageContext) -> Parsed:
    """Links to the articles or threads that the feed lists; never raises and never fetches."""
    if (refused := refusal(body, page, expects="xml")) is not None:
        return refused
    if (delegate := _other_shape(body, page)) is not None:
        return delegate(body, page)
    text = _text(body, page)
    root = _ROOT.search(text[:3000])
    if root is None or not site_of(page.url):
        return stopped("broken", "响应不是 RSS 或 Atom")
    feed = _read(text)
    if feed is None:
        return stopped("broken", "RSS 的 XML 无法解析")
    links = tuple(_links(feed.entries[:_MOST_ENTRIES], page))
    # A stray "&" is common and harmless; a feed without its closing tag was cut, and what it does not show is unknown.
    cut = _CLOSING.search(text[-2000:]) is None
    if links and cut:
        return Parsed(
            links=links, state=PageState(state="broken", reason=f"RSS 的 XML 被截断，只读到 {len(links)} 个条目")
        )
    if links:
        return Parsed(links=links, state=PageState(state="ok", reason=f"读到 {len(links)} 个条目"))
    if feed.entries:
        return stopped("broken", f"有 {len(feed.entries)} 个条目，但都没有可用的链接")
    if cut or feed.get("bozo"):
        return stopped("broken", "RSS 的 XML 不完整，没有读到条目")
    return stopped("empty", "订阅源有效，但目前没有条目")


def _other_shape(body: bytes, page: PageContext) -> Parser | None:
    """The parser of a JSON feed or a sitemap, which operators call a feed as well."""
    if jsonfeed.looks_like_json_feed(body, page):
        return jsonfeed.parse
    return sitemap.parse if sitemap.looks_like_sitemap(body) else None


def _text(body: bytes, page: PageContext) -> str:
    return decode(body[:LARGEST_BODY], page.content_type).replace("\x00", "")


def parse_feed(body: bytes, page: PageContext) -> Any | None:
    """The feed as the library reads it; `None` where that fails."""
    return _read(_text(body, page))


def _read(text: str) -> Any | None:
    """The parsed feed. It is given decoded bytes with a true label, because feeds, too, lie about their charset."""
    honest = '<?xml version="1.0" encoding="utf-8"?>' + _PROLOG.sub("", text.lstrip("\ufeff"), count=1)
    try:
        return feedparser.parse(
            BytesIO(honest.encode("utf-8", "replace")),
            response_headers={"content-type": "application/xml; charset=utf-8"},
            sanitize_html=False,
            resolve_relative_uris=False,
        )
    except (ValueError, TypeError, AttributeError, KeyError, IndexError, AssertionError, RecursionError, LookupError):
        return None


def _links(entries: list[Entry], page: PageContext) -> Iterator[Link]:
    seen: set[str] = set()
    for entry in entries:
        url = absolute(page.url, _address(entry))
        if url is None or (url := canonical(url)) in seen:
            continue
        seen.add(url)
        title = html_to_text(str(entry.get("title") or ""))
        yield Link(
            url=url,
            leads_to=leads_to(url),
            title=clean(title.replace("\n", " "))[:_LONGEST_TITLE] or None,
            changed=_changed(entry, page),
        )


def _address(entry: Entry) -> str | None:
    """The link, or an identifier that is one."""
    for value in (entry.get("link"), entry.get("id")):
        if isinstance(value, str) and (value.startswith(("http://", "https://", "/")) or value == entry.get("link")):
            return value
    return None


def leads_to(url: str) -> LeadsTo:
    """A forum's list leads to threads, any other to articles."""
    return "thread" if thread_number(url) else "article"


def _changed(entry: Entry, page: PageContext) -> datetime | None:
    """Publication, else the update. Chinese feeds write local times without a zone, which the library takes for UTC."""
    for name in ("published", "updated", "created"):
        raw = entry.get(name)
        if not isinstance(raw, str) or not raw:
            continue
        when = parse_when(raw, now=page.now, zone=page.zone)
        if when:
            return when
        parsed = entry.get(f"{name}_parsed")
        if parsed:
            try:
                return datetime.fromtimestamp(timegm(parsed), tz=UTC)
            except (ValueError, OverflowError, OSError, TypeError):
                continue
    return None


PARSER = PageParser(name="feed", parse=parse, expects="xml", looks_like=lambda body, _: looks_like_feed(body), rank=20)
