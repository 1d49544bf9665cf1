"""NodeBB 1 to 4, in the themes Persona and Harmony and those made from them: pages and the JSON behind them.

Every page's JSON is at the same address under /api and its components carry the truth in data attributes, to the
millisecond. Quirks: relative times are written by a script, so only the attributes count; a slug may be Chinese; posts
of a federated forum have addresses for numbers; pinned topics stand first. Both editions name posts alike, so that one
post is one post. Seen on 4.x (Harmony); older ones follow their public templates. Last checked 2026-11.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit, urlunsplit

from core.model import Author, Counts, Post, post_id
from core.text import clean
from core.times import from_unix, parse_when
from crawlers.pages import nodebb_api
from crawlers.pages.base import Link, PageContext, PageParser, Parsed, stopped
from crawlers.pages.counts import parse_count
from crawlers.pages.forum_following import next_pages
from crawlers.pages.forum_layout import declared_base
from crawlers.pages.forum_outcome import board_page, index_page, neither, thread_page, unreadable_posts
from crawlers.pages.markup import Element, first, parse_html
from crawlers.pages.nodebb_text import pictures, said
from crawlers.pages.refusals import refusal
from crawlers.pages.urls import absolute, canonical, site_of

_TOPIC = re.compile(r"(?P<folder>.*)/topic/(?P<tid>\d{1,12})(?:/(?P<slug>[^/?#]*))?(?:/(?P<index>\d{1,7}))?/?$")
_MARKS = (b'component="category/topic"', b'component="post"', b'component="category"', b'component="topic"')
_MOST = 2000


def looks_like_nodebb(body: bytes) -> bool:
    """Whether the page has NodeBB's components, or is the JSON of one of its pages."""
    if body[:300].lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{":
        return nodebb_api.answer_of(body) is not None
    # Deep into the page: a theme may put 200 KB of style in front.
    return (b'data-pid="' in body or b'data-tid="' in body or b"nodebb" in body[:400_000].lower()) and any(
        mark in body for mark in _MARKS
    )


def parse(body: bytes, page: PageContext) -> Parsed:
    """The topics of a category, of /recent or /unread, or the posts of a topic; never raises."""
    if (refused := refusal(body, page, expects="html")) is not None:
        return refused
    if not site_of(page.url):
        return stopped("broken", "网址无法使用")
    if (answer := nodebb_api.answer_of(body)) is not None:
        return nodebb_api.read(answer, page)
    root = parse_html(body, page.content_type)
    if root is None:
        return stopped("broken", "响应不是可读的网页")
    return read(root, page, base=declared_base(root, page.url)) or neither(root)


def read(root: Element, page: PageContext, *, base: str) -> Parsed | None:
    """The topics or posts of a NodeBB page; `None` for a page that holds neither."""
    boxes = root.xpath("//*[@component='post'][@data-pid]")[:_MOST]
    if boxes:
        posts = tuple(_posts(root, boxes, page, base))
        following = next_pages(root, base, page.url, "page", ignore="@component='post'")
        return thread_page(posts, following) if posts else unreadable_posts()
    topics = tuple(_topics(root, page, base))
    if topics:
        return board_page(topics, next_pages(root, base, page.url, "list", ignore="@component='category/topic'"))
    boards = tuple(_boards(root, base))
    return index_page(boards) if boards else None


# -- lists -----------------------------------------------------------------------------------------------------------


def _topics(root: Element, page: PageContext, base: str) -> Iterator[Link]:
    seen: set[str] = set()
    for row in root.xpath("//*[@component='category/topic']")[:_MOST]:
        anchor = next(
            (
                node
                for path in (
                    ".//*[@component='topic/header']//a[contains(@href,'/topic/')]",
                    ".//h2//a[contains(@href,'/topic/')]|.//h3//a[contains(@href,'/topic/')]",
                    ".//a[contains(@href,'/topic/')]",
                )
                for node in row.xpath(path)
                if clean(node.xpath("string()"))
            ),
            None,
        )
        url = absolute(base, anchor.get("href")) if anchor is not None else None
        url = _plain(url) if url else None
        if anchor is None or url is None or url in seen:
            continue
        seen.add(url)
        title = clean(anchor.xpath("string()")).replace("\n", " ")
        yield Link(url=url, leads_to="thread", title=title, changed=_last_reply(row, page))


def _plain(url: str) -> str | None:
    """A topic's address without the number of a post behind it."""
    parts = urlsplit(url)
    found = _TOPIC.match(parts.path)
    if found is None:
        return None
    slug = f"/{found['slug']}" if found["slug"] else ""
    return canonical(urlunsplit((parts.scheme, parts.netloc, f"{found['folder']}/topic/{found['tid']}{slug}", "", "")))


def _last_reply(row: Element, page: PageContext) -> datetime | None:
    """The latest time in the row: a topic without replies shows only when it began."""
    stamps = row.xpath(
        ".//*[contains(@class,'timeago')]/@title|.//time/@datetime|.//*[@data-timestamp]/@data-timestamp"
    )
    times = (parse_when(stamp, now=page.now, zone=page.zone) or from_unix(stamp) for stamp in stamps[:12])
    return max((when for when in times if when), default=None)


def _boards(root: Element, base: str) -> Iterator[Link]:
    seen: set[str] = set()
    for anchor in root.xpath("//*[@component='categories/category']//a[contains(@href,'/category/')]")[:_MOST]:
        url, title = absolute(base, anchor.get("href")), clean(anchor.xpath("string()"))
        if url and title and (url := canonical(url)) not in seen:
            seen.add(url)
            yield Link(url=url, leads_to="list", title=title)


# -- topics ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Topic:
    """What the posts of a page share."""

    page: PageContext
    base: str
    site: str
    url: str
    title: str | None
    counts: Counts


def _posts(root: Element, boxes: list[Element], page: PageContext, base: str) -> Iterator[Post]:
    topic = _topic(root, page, base)
    opening = page.opening
    for box in boxes:
        index = box.get("data-index") or ""
        floor = int(index) + 1 if index.isascii() and index.isdigit() and len(index) < 9 else None
        native_id = f"pid:{box.get('data-pid')[:300]}"
        if floor == 1:
            opening = post_id("forum", topic.site, native_id)
        post = _post(box, native_id, topic, floor=floor, opening=opening)
        if post:
            yield post


def _topic(root: Element, page: PageContext, base: str) -> _Topic:
    declared = absolute(base, first(root.xpath("//link[@rel='canonical']/@href")))
    same = declared and site_of(declared) == site_of(page.url)
    url = (_plain(declared) if declared and same else None) or _plain(page.url) or canonical(page.url)
    shown = first(root.xpath("//*[@component='topic/title']"))
    title = clean(shown.xpath("string()")).replace("\n", " ") if shown is not None else ""
    title = title or clean(root.xpath("string(//meta[@property='og:title']/@content)"))
    title = title or clean(root.xpath("string(//title)")).rpartition(" | ")[0]
    counted = {
        name: parse_count(node.get("title") or clean(node.xpath("string()")))
        for name in ("topic/post-count", "topic/view-count")
        for node in root.xpath(f"//*[@component='{name}']")[:1]
    }
    replies = counted.get("topic/post-count")
    return _Topic(
        page=page,
        base=base,
        site=site_of(page.url),
        url=url,
        title=title or None,
        counts=Counts(views=counted.get("topic/view-count"), replies=replies - 1 if replies else None),
    )


def _post(box: Element, native_id: str, topic: _Topic, *, floor: int | None, opening: str | None) -> Post | None:
    content = first(box.xpath(".//*[@component='post/content']"))
    if content is None or "deleted" in (box.get("class") or "").split():
        return None
    text, images = said(content), pictures(content, topic.base)
    if not (text or images or (floor == 1 and topic.title)):
        return None
    own = post_id("forum", topic.site, native_id)
    answered = first(box.xpath("(.//*[@component='post/parent'])[1]/@data-topid|./@data-to-pid|./@data-topid"))
    parent = post_id("forum", topic.site, f"pid:{answered}") if answered and answered != "0" else opening
    return Post(
        kind="forum",
        site=topic.site,
        native_id=native_id,
        url=topic.url if floor in (None, 1) else f"{topic.url}/{floor}",
        channel=topic.page.channel or "forum",
        title=topic.title if floor == 1 else None,
        text=text,
        author=_author(box),
        published=_published(box, topic.page),
        edited=_edited(box, topic.page),
        collected=topic.page.now,
        floor=floor,
        parent=parent if parent != own and floor != 1 else None,
        counts=_with_votes(box, topic.counts if floor == 1 else Counts()),
        images=images,
    )


def _author(box: Element) -> Author:
    name = box.get("data-displayname") or box.get("data-username")
    shown = first(box.xpath(".//a[@data-username or @itemprop='author'][normalize-space(string())]"))
    if not name and shown is not None:
        name = shown.get("data-username") or shown.xpath("string()")
    number = box.get("data-uid")
    return Author(id=number if number and number != "0" else None, name=clean(name) if name else None)


def _published(box: Element, page: PageContext) -> datetime | None:
    stamp = box.get("data-timestamp") or ""
    when = from_unix(stamp) if stamp.isascii() and stamp.isdigit() else None
    for shown in box.xpath(".//meta[@itemprop='datePublished']/@content|.//a[contains(@class,'timeago')]/@title")[:3]:
        when = when or parse_when(shown, now=page.now, zone=page.zone)
    return when.replace(microsecond=0).astimezone(page.zone) if when else None


def _edited(box: Element, page: PageContext) -> datetime | None:
    stamps = box.xpath(
        ".//*[@component='post/editor']//*[contains(@class,'timeago')]/@title|.//meta[@itemprop='dateModified']/@content|"
        ".//*[@component='post/editor']/@title|.//*[@component='post/edit-indicator']/@title"
    )
    for stamp in stamps[:4]:
        if when := parse_when(re.sub(r"^\D{0,40}?(?=\d)", "", stamp), now=page.now, zone=page.zone):
            return when.replace(microsecond=0)
    return None


def _with_votes(box: Element, counts: Counts) -> Counts:
    votes = first(box.xpath(".//*[@component='post/vote-count']"))
    likes = parse_count(votes.get("data-votes") or votes.xpath("string()")) if votes is not None else None
    return Counts(views=counts.views, replies=counts.replies, likes=likes)


PARSER = PageParser(name="nodebb", parse=parse, looks_like=lambda body, _: looks_like_nodebb(body), rank=31)
