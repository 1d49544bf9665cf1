"""Readers' comments on news: a blog system's feed of comments, and the comments that an article's page carries.

A comment is a post of its own, known by the number that the site gives it: the same in the feed and on the page, so
that whichever shows it first wins and the other changes nothing.
"""

from __future__ import annotations

import re
from calendar import timegm
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, TypeAlias
from urllib.parse import urldefrag

from core.model import Author, Post, post_id
from core.text import clean
from core.times import find_when, parse_when
from crawlers.pages.base import PageContext, PageParser, PageState, Parsed, stopped
from crawlers.pages.feed import looks_like_feed, parse_feed
from crawlers.pages.markup import Element, html_to_text, text_of
from crawlers.pages.refusals import refusal
from crawlers.pages.urls import absolute, canonical, identity, site_of

Entry: TypeAlias = Any

#: WordPress, Typecho, Emlog, Z-Blog: "#comment-12", "#cmt12".
_ANCHOR = re.compile(r"(?:li-|div-)?(?:comment|cmt|reply)[-_]?(?P<number>\d{1,18})", re.I | re.ASCII)
_ANCHORED = re.compile(rb"#(?:comment|cmt)-?\d{1,18}\s*(?:</link>|[\"'])", re.I)
_MOST = 500
#: Threads of answers are shown so deep at most; deeper nesting is a trap.
_DEEPEST = 12
_TEXTS = (
    ".//*[contains(@class,'comment-content') or contains(@class,'comment-text') or contains(@class,'comment_content')"
    " or contains(@class,'comment-body-text') or @itemprop='text' or contains(@class,'comment-con')]",
    ".//*[contains(@class,'comment-body') or contains(@class,'comment_body') or contains(@class,'comment-main')]",
)
_NAMES = (
    ".//*[contains(concat(' ',normalize-space(@class),' '),' fn ')]",
    ".//*[@itemprop='author' or @itemprop='name' or contains(@class,'comment-author')"
    " or contains(@class,'comment_author') or contains(@class,'comment-name') or contains(@class,'nickname')"
    " or contains(@class,'username')]",
)
_TIMES = (
    ".//*[contains(@class,'comment-meta') or contains(@class,'comment-time') or contains(@class,'date')"
    " or contains(@class,'time')]"
)
_NO_TEXT = re.compile(
    r"(?:^|\s)(?:reply|comment-reply\S*|comment-meta\S*|comment-author|children|says|edit-link|"
    r"comment-awaiting\S*)(?:\s|$)"
)
_SAYS = re.compile(r"\s*(?:says|说道|说)\s*[:：]?\s*$")


def looks_like_comments(body: bytes, _: PageContext) -> bool:
    """Whether it is a feed whose entries point at comments."""
    return looks_like_feed(body) and _ANCHORED.search(body[:400_000]) is not None


def parse(body: bytes, page: PageContext) -> Parsed:
    """One post for each comment that the feed shows whole; never raises."""
    if (refused := refusal(body, page, expects="xml")) is not None:
        return refused
    if not looks_like_feed(body) or not site_of(page.url):
        return stopped("broken", "响应不是评论的 RSS 或 Atom")
    feed = parse_feed(body, page)
    entries = feed.entries[:_MOST] if feed is not None else []
    posts = tuple({post.id: post for entry in entries for post in _from_entry(entry, page)}.values())
    if posts:
        return Parsed(posts=posts, state=PageState(state="ok", reason=f"评论订阅读到 {len(posts)} 条评论"))
    if entries:
        return stopped("broken", f"有 {len(entries)} 个条目，但没有一条是评论")
    if feed is None or feed.get("bozo"):
        return stopped("broken", "评论订阅的 XML 无法解析")
    return stopped("empty", "评论订阅有效，但目前没有评论")


def _from_entry(entry: Entry, page: PageContext) -> Iterator[Post]:
    link = entry.get("link")
    address, fragment = urldefrag(link) if isinstance(link, str) else ("", "")
    number = _ANCHOR.fullmatch(fragment)
    article = absolute(page.url, address)
    content = entry.get("content")
    raw = content[0].get("value") if isinstance(content, list) and content else entry.get("summary")
    text = html_to_text(raw) if isinstance(raw, str) else ""
    if number is None or article is None or not text or not site_of(article):
        return
    name = entry.get("author")
    yield _comment(
        number["number"],
        article,
        page,
        text=text,
        name=name if isinstance(name, str) else None,
        when=_published(entry, page),
    )


def _published(entry: Entry, page: PageContext) -> datetime | None:
    raw = entry.get("published") or entry.get("updated")
    when = parse_when(raw, now=page.now, zone=page.zone) if isinstance(raw, str) else None
    if when is None and (parts := entry.get("published_parsed") or entry.get("updated_parsed")):
        try:
            return datetime.fromtimestamp(timegm(parts), tz=UTC)
        except (ValueError, OverflowError, OSError, TypeError):
            return None
    return when


def read_comments(root: Element, page: PageContext) -> tuple[Post, ...]:
    """The comments below an article, oldest first as the page has them; none where they are drawn by a script."""
    boxes: dict[str, Element] = {}
    for node in root.xpath("//li[@id]|//div[@id]|//article[@id]|//ul[@id]|//*[@data-comment-id]|//*[@data-cid]")[
        :20_000
    ]:
        found = _ANCHOR.fullmatch(node.get("id") or "")
        number = found["number"] if found else node.get("data-comment-id") or node.get("data-cid") or ""
        if number.isascii() and number.isdigit() and len(number) <= 18 and len(boxes) < _MOST:
            boxes.setdefault(number, node)
    every = set(boxes.values())
    found_posts = (
        _from_box(number, box, every, page)
        for number, box in boxes.items()
        if sum(1 for outer in box.iterancestors() if outer in every) <= _DEEPEST
    )
    return tuple(post for post in found_posts if post)


def _from_box(number: str, box: Element, every: set[Element], page: PageContext) -> Post | None:
    classes = box.get("class") or ""
    if "pingback" in classes or "trackback" in classes:
        return None

    def foreign(node: Element) -> bool:
        return (
            (node in every and node is not box) or bool(_NO_TEXT.search(node.get("class") or "")) or node.tag == "form"
        )

    def own(path: str) -> Iterator[Element]:
        return (node for node in box.xpath(path)[:20] if _nearest(node, every) is box)

    if next(own(".//*[contains(@class,'comment-awaiting-moderation')]"), None) is not None:
        return None
    places = (node for path in _TEXTS for node in own(path))
    text = next((said for place in places if (said := text_of(place, skip=foreign))), "")
    if not text:
        return None
    names = (" ".join(text_of(node).split()) for path in _NAMES for node in own(path))
    name = next((_SAYS.sub("", one) for one in names if 0 < len(one) <= 60), None)
    return _comment(number, page.url, page, text=text, name=name, when=_when(own, page))


def _when(own: Any, page: PageContext) -> datetime | None:
    for node in own(".//time[@datetime]"):
        when = parse_when(node.get("datetime"), now=page.now, zone=page.zone)
        if when:
            return when
    for node in own(_TIMES):
        said = " ".join(text_of(node).split())[:60]
        when = parse_when(said, now=page.now, zone=page.zone) or find_when(said, now=page.now, zone=page.zone)
        if when:
            return when
    return None


def _nearest(node: Element, boxes: set[Element]) -> Element | None:
    parent: Element | None = node
    while parent is not None and parent not in boxes:
        parent = parent.getparent()
    return parent


def _comment(
    number: str, article: str, page: PageContext, *, text: str, name: str | None, when: datetime | None
) -> Post:
    site = site_of(article)
    return Post(
        kind="news",
        site=site,
        native_id=f"comment:{number}",
        url=f"{canonical(article)}#comment-{number}",
        channel=page.channel or "news",
        text=text,
        author=Author(name=clean(name) or None if name else None),
        published=when,
        collected=page.now,
        parent=post_id("news", site, identity(article)),
    )


PARSER = PageParser(name="comments", parse=parse, expects="xml", looks_like=looks_like_comments, rank=17)
