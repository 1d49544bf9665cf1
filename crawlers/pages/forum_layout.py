"""One way to read a forum whose markup is known: a table of places a software, and one reader for all tables.

Every field has several XPaths, relative to its row or post; the first that gives a value counts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit, urlunsplit
from zoneinfo import ZoneInfo

from core.model import Author, Post, post_id
from core.text import clean
from core.times import find_when, from_unix, parse_when
from crawlers.pages.base import Link, PageContext, Parsed
from crawlers.pages.forum_following import next_pages
from crawlers.pages.forum_outcome import board_page, index_page, thread_page, unreadable_posts
from crawlers.pages.markup import Element, Skip, first, text_of
from crawlers.pages.urls import absolute, canonical, site_of

_DIGITS = re.compile(r"\d{1,7}", re.ASCII)
_EDITED = re.compile(
    r"(?:\bon\b|\bat\b|于|於|在|:|：)\s*(.{6,40}?)\s*(?=,\s*edited|[，。;；]|,\s*总|,\s*總|编辑|編輯|\.|$)", re.I
)
_USER = re.compile(
    r"(?:\bu=|uid[=-]|/members?/(?:[^/?]*\.)?|/user/|/u/|userid=|space-uid-|profile;u=|member\.php\?|\?u-?)(\d{1,12})"
)
_SMILEY = re.compile(r"/(?:smil(?:ey|ie)s?|emoji|emoticons?|face|icons?|avatars?|ranks?)/|avatar|spacer\.gif", re.I)
_MOST_ROWS, _MOST_POSTS, _MOST_IMAGES = 2000, 1000, 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Where one forum software puts things."""

    rows: tuple[str, ...]
    titles: tuple[str, ...]
    #: Nodes that tell a row's last reply.
    changed: tuple[str, ...]
    #: A link to a thread → its plain address, or `None` for a link that leads elsewhere.
    thread_url: Callable[[str], str | None]
    posts: tuple[str, ...]
    #: The post's number from its element.
    number: Callable[[Element], str | None]
    authors: tuple[str, ...]
    times: tuple[str, ...]
    texts: tuple[str, ...]
    headings: tuple[str, ...]
    edits: tuple[str, ...] = ()
    floors: tuple[str, ...] = ()
    pictures: tuple[str, ...] = ()
    boards: tuple[str, ...] = ()
    #: Classes of what stands in a post without being said by its author.
    unsaid: frozenset[str] = frozenset()
    #: What follows "#" in a post's address.
    anchor: str = "p{}"
    #: Floor of the last post on the page before this one; `None` where only the page before would tell.
    before: Callable[[str], int | None] = lambda _: None
    #: XPath test of boxes whose page bars belong to a row, not to the page.
    rows_test: str | None = None
    #: The zone in which the page shows its times.
    zone: Callable[[Element, PageContext], ZoneInfo] = lambda _, page: page.zone


def read_forum(layout: Layout, root: Element, page: PageContext, *, base: str) -> Parsed | None:
    """The posts or threads of a page; `None` for a page that holds neither."""
    zone = layout.zone(root, page)
    boxes = _boxes(layout, root)
    if boxes:
        posts = tuple(_posts(layout, root, boxes, page, base, zone))
        following = [
            Link(url=layout.thread_url(link.url) or link.url, leads_to="page")
            for link in next_pages(root, base, page.url, "page", ignore=layout.rows_test)
        ]
        return thread_page(posts, following) if posts else unreadable_posts()
    threads = tuple(_threads(layout, root, page, base, zone))
    if threads:
        return board_page(threads, next_pages(root, base, page.url, "list", ignore=layout.rows_test))
    boards = tuple(_boards(layout, root, base))
    return index_page(boards) if boards else None


def moment(node: Element, page: PageContext, zone: ZoneInfo) -> datetime | None:
    """When a node says: by its machine-readable attributes, else by what it shows, the last line first."""
    for stamp in ("data-time", "data-timestamp"):
        if (value := node.get(stamp)) and value.isascii() and value.isdigit() and (unix := from_unix(value)):
            return unix.astimezone(page.zone)
    lines = reversed(text_of(node).split("\n"))
    shown = [piece for line in lines for piece in (line, line.rpartition("»")[2])]
    for said in (node.get("datetime"), node.get("title"), *shown):
        if said and len(said) < 200 and (when := parse_when(said, now=page.now, zone=zone)):
            return when.astimezone(page.zone)
    return None


def _first_moment(box: Element, paths: tuple[str, ...], page: PageContext, zone: ZoneInfo) -> datetime | None:
    nodes = (node for path in paths for node in box.xpath(path)[:6])
    return next((when for node in nodes if (when := moment(node, page, zone))), None)


def _said(box: Element, paths: tuple[str, ...]) -> Element | None:
    """The first node that shows some text."""
    return next((node for path in paths for node in box.xpath(path)[:4] if clean(node.xpath("string()"))), None)


# -- lists -----------------------------------------------------------------------------------------------------------


def _threads(layout: Layout, root: Element, page: PageContext, base: str, zone: ZoneInfo) -> Iterator[Link]:
    rows: list[Element] = next((found for path in layout.rows if (found := root.xpath(path))), [])
    seen: set[str] = set()
    for row in rows[:_MOST_ROWS]:
        anchor = _said(row, layout.titles)
        target = absolute(base, anchor.get("href")) if anchor is not None else None
        url = layout.thread_url(target) if target else None
        if anchor is None or url is None or url in seen:
            continue
        seen.add(url)
        title = clean(anchor.xpath("string()")).replace("\n", " ")
        yield Link(url=url, leads_to="thread", title=title, changed=_first_moment(row, layout.changed, page, zone))


def _boards(layout: Layout, root: Element, base: str) -> Iterator[Link]:
    seen: set[str] = set()
    for anchor in [node for path in layout.boards for node in root.xpath(path)][:_MOST_ROWS]:
        url, title = absolute(base, anchor.get("href")), clean(anchor.xpath("string()"))
        if url and title and (url := canonical(url)) not in seen:
            seen.add(url)
            yield Link(url=url, leads_to="list", title=title)


# -- threads ---------------------------------------------------------------------------------------------------------


def _boxes(layout: Layout, root: Element) -> dict[str, Element]:
    for path in layout.posts:
        boxes: dict[str, Element] = {}
        for element in root.xpath(path)[: 2 * _MOST_POSTS]:
            number = layout.number(element)
            if number and len(number) < 40 and len(boxes) < _MOST_POSTS:
                boxes.setdefault(number, element)
        if boxes:
            return boxes
    return {}


def _posts(
    layout: Layout, root: Element, boxes: dict[str, Element], page: PageContext, base: str, zone: ZoneInfo
) -> Iterator[Post]:
    site, address = site_of(page.url), _address(layout, root, page, base)
    heading = _said(root, layout.headings)
    title = clean(heading.xpath("string()")).replace("\n", " ") if heading is not None else None
    opening, floor = page.opening, layout.before(address)
    skip = _skip(layout)
    for number, box in boxes.items():
        floor = _floor(layout, box, after=floor)
        native_id = f"pid:{number}"
        own = post_id("forum", site, native_id)
        if floor == 1:
            opening = own
        message = next((node for path in layout.texts for node in box.xpath(path)[:1]), None)
        text = text_of(message, skip=skip) if message is not None else ""
        images = _images(layout, box, message, base) if message is not None else ()
        if not (text or images or (floor == 1 and title and message is not None)):
            continue
        yield Post(
            kind="forum",
            site=site,
            native_id=native_id,
            url=f"{address}#{layout.anchor.format(number)}",
            channel=page.channel or "forum",
            title=title if floor == 1 else None,
            text=text,
            author=_author(layout, box),
            published=_first_moment(box, layout.times, page, zone),
            edited=_edited(layout, box, page, zone),
            collected=page.now,
            floor=floor,
            parent=opening if opening != own and floor != 1 else None,
            images=images,
        )


def _address(layout: Layout, root: Element, page: PageContext, base: str) -> str:
    """The plain address of this page of the thread; for a link to one post ("?p=7"), what the page declares."""
    own = layout.thread_url(page.url)
    if own:
        return own
    declared = [
        *root.xpath("//link[@rel='canonical']/@href")[:1],
        *(a for p in layout.headings for a in root.xpath(f"{p}/@href")[:1]),
    ]
    for reference in declared:
        target = absolute(base, reference)
        plain = layout.thread_url(target) if target and site_of(target) == site_of(page.url) else None
        if plain:
            return plain
    return canonical(page.url)


def _skip(layout: Layout) -> Skip:
    def unsaid(element: Element) -> bool:
        if element.tag == "blockquote":
            return True
        classes = element.get("class")
        if classes is not None and not layout.unsaid.isdisjoint(classes.split()):
            return True
        parent = element.getparent()
        return element.tag == "p" and parent is not None and "codebox" in (parent.get("class") or "").split()

    return unsaid


def _floor(layout: Layout, box: Element, *, after: int | None) -> int | None:
    label = _said(box, layout.floors)
    digits = _DIGITS.search(label.xpath("string()").replace(",", "")) if label is not None else None
    if digits:
        return int(digits[0])
    return after + 1 if after is not None else None


def _author(layout: Layout, box: Element) -> Author:
    node = _said(box, layout.authors)
    if node is None:
        return Author()
    uid = _USER.search(node.get("href") or "")
    number = node.get("data-user-id") or node.get("data-uid") or (uid[1] if uid else None)
    return Author(
        id=number if number and number != "0" else None, name=clean(node.xpath("string()")).replace("\n", " ")
    )


def _edited(layout: Layout, box: Element, page: PageContext, zone: ZoneInfo) -> datetime | None:
    for path in layout.edits:
        for note in box.xpath(path)[:2]:
            exact = next((when for node in note.iter("time", "abbr") if (when := moment(node, page, zone))), None)
            said = text_of(note)[:300].replace("\n", " ")
            shown = (parse_when(piece[1], now=page.now, zone=zone) for piece in _EDITED.finditer(said))
            when = exact or next((one for one in shown if one), None) or find_when(said, now=page.now, zone=zone)
            if when:
                return when.astimezone(page.zone)
    return None


def _images(layout: Layout, box: Element, message: Element, base: str) -> tuple[str, ...]:
    found: dict[str, None] = {}
    attached = [node for path in layout.pictures for node in box.xpath(path)[:_MOST_IMAGES]]
    for image in [*message.iter("img"), *attached]:
        if any(parent.tag == "blockquote" for parent in image.iterancestors()):
            continue
        source = image.get("data-src") or image.get("data-url") or image.get("src")
        url = absolute(base, source)
        classes = image.get("class") or ""
        if url and not _SMILEY.search(url) and "smil" not in classes and "emoji" not in classes:
            found.setdefault(canonical(url))  # a session in it would make it new every day
    return tuple(found)[:_MOST_IMAGES]


def declared_base(root: Element, url: str) -> str:
    """What links are relative to: the page's <base>, on the host that we really asked."""
    declared = absolute(url, (first(root.xpath("//base[@href]/@href")) or url))
    asked = urlsplit(url)
    return urlunsplit(urlsplit(declared or url)._replace(scheme=asked.scheme, netloc=asked.netloc))
