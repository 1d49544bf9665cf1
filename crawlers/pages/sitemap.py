"""Sitemaps (sitemaps.org 0.9, Google's news extension, gzip): the only list on which many sites show everything.

A urlset leads to pages of which not all are articles; a sitemapindex leads to further sitemaps. The files are
untrusted XML: nothing is resolved, expanded or fetched while they are read, and an over-long one is read in part.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from lxml import etree

from core.text import clean
from core.times import parse_when
from crawlers.pages.base import LARGEST_BODY, Link, PageContext, PageParser, PageState, Parsed, stopped
from crawlers.pages.markup import Element
from crawlers.pages.refusals import refusal
from crawlers.pages.urls import absolute, canonical, site_of

#: The protocol's own bounds (https://www.sitemaps.org/protocol.html): 50,000 addresses and 50 MB; we read less.
_MOST_ENTRIES = 50_000
_LARGEST = 4 * LARGEST_BODY
_PIECE = 65_536
_GZIP = b"\x1f\x8b"
_ROOT = re.compile(rb"<(?:[\w-]+:)?(urlset|sitemapindex)\b", re.I)
_BEFORE_ROOT = re.compile(rb"<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^>\[]{0,500}(?:\[[^\]]{0,3000}\]\s*)?>", re.S | re.I)
_LONGEST_FIELD = 2000
#: Pictures and films inside an entry have a <loc> and a <title> of their own.
_MEDIA = ("image", "video")


@dataclass(slots=True)
class _Reading:
    """What was read so far."""

    #: "urlset" or "sitemapindex", as the root element says.
    root: str = ""
    entries: list[dict[str, str]] = field(default_factory=list)
    #: Whether the root's end was reached.
    whole: bool = False
    more: bool = False


def unzipped(body: bytes) -> bytes:
    """The body, unpacked where it is gzip (a `.xml.gz` comes without Content-Encoding); at most 20 MB of it."""
    if not body.startswith(_GZIP):
        return body
    try:
        return zlib.decompressobj(wbits=31).decompress(body, _LARGEST)
    except zlib.error:
        return b""


def looks_like_sitemap(body: bytes) -> bool:
    """Whether the first element is a sitemap's; a gzip file is looked into."""
    start = body[:4000]
    if start.startswith(_GZIP):
        try:
            start = zlib.decompressobj(wbits=31).decompress(start, 4000)
        except zlib.error:
            return False
    start = _BEFORE_ROOT.sub(b"", start.replace(b"\x00", b"")).lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
    return _ROOT.match(start) is not None


def parse(body: bytes, page: PageContext) -> Parsed:
    """Links to the pages or further sitemaps that it lists, in its own order; never raises and never fetches."""
    plain = unzipped(body)
    if (refused := refusal(plain, page, expects="xml")) is not None:
        return refused
    if not looks_like_sitemap(plain) or not site_of(page.url):
        return stopped("broken", "响应不是站点地图")
    if re.search(rb"<!ENTITY", plain[:20_000], re.I):
        return stopped("broken", "站点地图里声明了实体，不解析")
    read = _read(plain[:_LARGEST])
    links = tuple(_links(read, page))
    count = (
        f"站点地图索引列出 {len(links)} 个子站点地图"
        if read.root == "sitemapindex"
        else f"站点地图列出 {len(links)} 个网址"
    )
    if links and read.more:
        return Parsed(links=links, state=PageState(state="ok", reason=f"{count}（超出上限，其余没有读取）"))
    if links and not read.whole:
        return Parsed(
            links=links, state=PageState(state="broken", reason=f"站点地图被截断，只读到 {len(links)} 个网址")
        )
    if links:
        return Parsed(links=links, state=PageState(state="ok", reason=count))
    if read.entries:
        return stopped("broken", f"站点地图有 {len(read.entries)} 项，但都没有可用的网址")
    if not read.whole:
        return stopped("broken", "站点地图的 XML 不完整，没有读到网址")
    return stopped("empty", "站点地图有效，但没有列出网址")


def _read(xml: bytes) -> _Reading:
    """Every entry's fields by element name without its namespace, up to the bound or where the XML ends being XML."""
    read = _Reading()
    parser = etree.XMLPullParser(
        events=("start", "end"), resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False, recover=True
    )
    entry: dict[str, str] = {}
    try:
        for place in range(0, len(xml), _PIECE):
            parser.feed(xml[place : place + _PIECE])
            for event, element in _events(parser):
                name = _name(element)
                if event == "start":
                    read.root = read.root or name
                    continue
                if name in ("url", "sitemap"):
                    read.entries.append(entry)
                    entry = {}
                    _forget(element)
                    if len(read.entries) >= _MOST_ENTRIES:
                        read.more = True
                        return read
                elif name == read.root and element.getparent() is None:
                    read.whole = True
                elif element.text and len(element.text) <= _LONGEST_FIELD and _name(element.getparent()) not in _MEDIA:
                    entry.setdefault(name, element.text)
    except etree.LxmlError:
        return read
    read.whole = read.whole and xml.rstrip().lower().endswith(b">") and _closed(xml, read.root)
    return read


def _events(parser: etree.XMLPullParser) -> Iterator[tuple[str, Element]]:
    yield from parser.read_events()  # typed as untyped: lxml's stubs do not agree with lxml 6


def _closed(xml: bytes, root: str) -> bool:
    """libxml2, asked to recover, closes what was left open; the bytes tell whether the end came."""
    return f"{root}>".encode() in xml[-2000:].lower()


def _name(element: Element | None) -> str:
    tag = element.tag if element is not None else ""
    return tag.rpartition("}")[2].rpartition(":")[2].lower() if isinstance(tag, str) else ""


def _forget(element: Element) -> None:
    """A read entry is dropped from the tree, so that memory stays flat."""
    element.clear()
    parent = element.getparent()
    while parent is not None and element.getprevious() is not None:
        del parent[0]


def _links(read: _Reading, page: PageContext) -> Iterator[Link]:
    seen: set[str] = set()
    for entry in read.entries:
        url = absolute(page.url, entry.get("loc"))
        if url is None or (url := canonical(url)) in seen:
            continue
        seen.add(url)
        yield Link(
            url=url,
            leads_to="feed" if read.root == "sitemapindex" else "article",
            title=clean(entry.get("title", "").replace("\n", " "))[:300] or None,
            changed=_when(entry, page),
        )


def _when(entry: dict[str, str], page: PageContext) -> datetime | None:
    """The publication date of the news extension, else the last change."""
    times = (parse_when(entry.get(name, ""), now=page.now, zone=page.zone) for name in ("publication_date", "lastmod"))
    return next((when for when in times if when), None)


PARSER = PageParser(
    name="sitemap", parse=parse, expects="xml", looks_like=lambda body, _: looks_like_sitemap(body), rank=19
)
