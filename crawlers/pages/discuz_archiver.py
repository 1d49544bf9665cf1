"""The plain edition of Discuz! ("archiver"): no numbers, no pictures, but open where the full edition asks for a login.

Its posts carry no post number, so they are named by thread, page and place; `crawlers.cursors.editions` sees to it that
a post which is known by its number keeps that name. Two things it cannot show: where a quotation ends (the markup is
gone, the words are left), and which floor a post has beyond the first page.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from copy import deepcopy

from lxml import etree

from core.model import Author, Post, post_id
from core.text import clean
from core.times import find_when, parse_when
from crawlers.pages.base import LeadsTo, Link, PageContext, PageState, Parsed
from crawlers.pages.markup import Element, first, text_of
from crawlers.pages.urls import absolute, canonical, site_of, thread_number

_POSTS = "//p[@class='author'][strong][ancestor::*[@id='content']]"
_UNSAID = (("[quote]", "[/quote]"), ("[i=s]", "[/i]"))
_BOARD = re.compile(r"(?:^|[/?])fid-\d{1,9}(?:-page-\d{1,6})?\.html")
#: What stands behind a thread's title in a list: " (38 篇回复)".
_REPLIES = re.compile(r"\(\s*(\d{1,9})")
_MOST = 2000


def read(root: Element, page: PageContext, *, base: str) -> Parsed | None:
    """The posts or threads of an archiver page; `None` for a page of the full edition."""
    authors = root.xpath(_POSTS)[:_MOST]
    if authors:
        return _thread(root, authors, page, base=base)
    if "archiver" not in page.url and not root.xpath("//*[@id='end']/preceding::*[@id='content']"):
        return None
    links = tuple(_rows(root, base))
    if not links:
        return None
    reason = f"读到 {sum(link.leads_to == 'thread' for link in links)} 个主题（简版页面）"
    return Parsed(links=(*links, *_next(root, base, "list")), state=PageState(state="ok", reason=reason))


def _thread(root: Element, authors: list[Element], page: PageContext, *, base: str) -> Parsed:
    posts: list[Post] = []
    opening = page.opening
    for place, line in enumerate(authors, start=1):
        post = _post(line, place, page, opening=opening)
        if post and post.floor == 1:
            opening = post.id
        if post:
            posts.append(post)
    if not posts:
        return Parsed(state=PageState(state="broken", reason="帖子在，但都读不出正文，页面可能改版"))
    state = PageState(state="ok", reason=f"读到 {len(posts)} 个帖子（简版页面）")
    if all(post.published is None for post in posts):
        state = PageState(state="broken", reason="所有帖子都读不出发表时间，页面可能改版")
    return Parsed(posts=tuple(posts), links=tuple(_next(root, base, "page")), state=state)


def _post(line: Element, place: int, page: PageContext, *, opening: str | None) -> Post | None:
    tid, number = thread_number(page.url) or ("0", 1)
    title, text = _said(line)
    if not text and not (place == 1 and title):
        return None
    site, native_id = site_of(page.url), f"tid:{tid}:{number}-{place}"
    own = post_id("forum", site, native_id)
    name = clean(line.xpath("string(strong)"))
    stamp = first(line.xpath(".//span[@title]/@title")) or line.xpath("string()").replace(name, "", 1)[:200]
    is_opening = number == 1 and place == 1
    return Post(
        kind="forum",
        site=site,
        native_id=native_id,
        url=canonical(page.url),
        channel=page.channel or "forum",
        title=title if is_opening else None,
        text=text,
        author=Author(name=name or None),
        published=parse_when(stamp.strip(), now=page.now, zone=page.zone)
        or find_when(stamp, now=page.now, zone=page.zone),
        collected=page.now,
        floor=place if number == 1 else None,
        parent=opening if opening != own and not is_opening else None,
    )


def _said(line: Element) -> tuple[str | None, str]:
    """Title and text between this author line and the next; posts are siblings here, not elements of their own."""
    box = etree.Element("div")
    box.text = line.tail
    title = None
    for node in line.itersiblings():
        if node.get("class") in ("author", "page"):
            break
        if node.tag == "h3":
            title = title or clean(node.xpath("string()")) or None
            etree.SubElement(box, "br").tail = node.tail
        else:
            box.append(deepcopy(node))
    return title, clean(_own(text_of(box)))


def _own(text: str) -> str:
    """Without quotes and edit notes; by hand, because a pattern would be quadratic in openings that never close."""
    for opening, closing in _UNSAID:
        first_part, *rest = text.split(opening)
        text = first_part + "".join(part.partition(closing)[2] if closing in part else part for part in rest)
    return text


def _rows(root: Element, base: str) -> Iterator[Link]:
    seen: set[str] = set()
    for anchor in root.xpath("//*[@id='content']//li//a[@href]")[:_MOST]:
        url, title = absolute(base, anchor.get("href")), clean(anchor.xpath("string()"))
        if url is None or not title or canonical(url) in seen:
            continue
        leads_to: LeadsTo | None = "thread" if thread_number(url) else "list" if _BOARD.search(url) else None
        if leads_to:
            seen.add(canonical(url))
            told = _REPLIES.search(anchor.tail or "")
            yield Link(url=canonical(url), leads_to=leads_to, title=title, standing=told[1] if told else None)


def _next(root: Element, base: str, leads_to: LeadsTo) -> Iterator[Link]:
    """The page bar has no "next": it is the number after the one without a link."""
    current = clean(root.xpath("string(//*[@class='page']/strong)")).strip("[]")  # X3.5 writes "[1]"
    if not (current.isascii() and current.isdigit() and len(current) < 7):
        return
    for anchor in root.xpath("(//*[@class='page'])[1]//a[@href]")[:40]:
        url = absolute(base, anchor.get("href"))
        if url and clean(anchor.xpath("string()")) == str(int(current) + 1):
            yield Link(url=canonical(url), leads_to=leads_to)
            return
