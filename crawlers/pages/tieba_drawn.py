"""A thread or bar as the new web site's scripts draw it: what a browser saves, never what the server sends.

[R 2026] Structure from public readers of the page; the opening post has an id only where the page around it shows one.
Sub-comments without an id of their own are left out: an id made up from their place would change.
"""

from __future__ import annotations

import re

from core.model import Author, Post, post_id
from core.text import clean
from core.times import parse_when
from crawlers.pages.base import Link, PageContext
from crawlers.pages.markup import Element, first, text_of
from crawlers.pages.tieba_facts import (
    Saying,
    as_post,
    last_reply,
    name_faces,
    native_id,
    number,
    origin,
    outermost,
    pictures,
    query_number,
    site,
    tid_of,
)

_FLOOR = re.compile(r"第?\s*(\d{1,7})\s*楼")
_PORTRAIT = re.compile(r"[?&]id=([\w.-]{5,100})")
_CARD = re.compile(r"(?:^|\s)(?:thread-card|thread-item|feed-item)")
_LAST = re.compile(r"(?:回复于|最后回复)\s*[:：]?\s*(.{2,20}?)(?=\s|$)")


def _has(name: str) -> str:
    return f"contains(concat(' ',normalize-space(@class),' '),' {name} ')"


def drawn_floors(root: Element) -> list[Element]:
    """The floors of a drawn thread."""
    found: list[Element] = root.xpath(f"//*[{_has('pb-comment-item')}]")
    return outermost(found)


def drawn_cards(root: Element) -> list[Element]:
    """The threads of a drawn bar: the nearest card around each link to a thread."""
    cards: dict[Element, None] = {}
    for anchor in root.xpath("//a[contains(@href,'/p/')]")[:500]:
        around = (box for box in anchor.iterancestors() if _CARD.search(box.get("class") or ""))
        card = next(around, None)
        if card is not None:
            cards.setdefault(card)
    return list(cards)


def read_drawn_list(cards: list[Element], page: PageContext) -> tuple[list[Post], list[Link]]:
    """Links to the threads of the cards."""
    links: dict[str, Link] = {}
    for card in cards:
        anchor = first(card.xpath(".//a[contains(@href,'/p/')]"))
        tid = tid_of(anchor.get("href") or "") if anchor is not None else None
        if anchor is None or tid is None or tid in links:
            continue
        title = clean(card.xpath("string((.//*[contains(@class,'title')])[1])")) or clean(anchor.xpath("string()"))
        told = _LAST.search(clean(" ".join(card.itertext())))
        links[tid] = Link(
            url=f"{origin(page)}/p/{tid}",
            leads_to="thread",
            title=title or None,
            changed=last_reply(told[1], page) if told else None,
        )
    return [], list(links.values())


def read_drawn_thread(floors: list[Element], root: Element, page: PageContext) -> tuple[list[Post], list[Link]]:
    """The floors that were drawn, the opening post where it has an id, and the next page."""
    tid = tid_of(page.url)
    if tid is None:
        return [], []
    title = clean(root.xpath("string((//*[contains(@class,'pb-title') and not(contains(@class,'wrap'))])[1])")) or None
    opening = page.opening
    posts: dict[str, Post] = {}
    first_said = _opening(root, page, title)
    if first_said:
        opening = post_id("tieba", site(page), native_id(first_said.pid))
        posts[first_said.pid] = as_post(first_said, page, tid=tid, opening=None)
    for box in floors:
        said = _floor(box, page)
        if said is None:
            continue
        posts.setdefault(said.pid, as_post(said, page, tid=tid, opening=opening))
        for inside in box.xpath(f".//*[{_has('pb-lzl-item')} and @data-id]"):
            sub = _said(inside, page, pid=number(inside.get("data-id")), under=said.pid)
            if sub:
                posts.setdefault(sub.pid, as_post(sub, page, tid=tid, opening=opening))
    return list(posts.values()), _further(root, page, tid)


def _opening(root: Element, page: PageContext, title: str | None) -> Saying | None:
    body = first(root.xpath(f"//*[{_has('pb-content-wrap')} and not(ancestor::*[{_has('pb-comment-item')}])]"))
    holder = first(body.xpath("ancestor-or-self::*[@data-pid or @data-id][1]")) if body is not None else None
    pid = number(holder.get("data-pid") or holder.get("data-id")) if holder is not None else None
    if body is None or pid is None:
        return None
    name_faces(body)
    return Saying(pid=pid, text=text_of(body), floor=1, title=title, images=pictures(holder, page))


def _floor(box: Element, page: PageContext) -> Saying | None:
    holder = first(box.xpath("ancestor-or-self::*[@data-id][1]"))
    pid = number(holder.get("data-id")) if holder is not None else None
    return _said(box, page, pid=pid, under=None)


def _said(box: Element, page: PageContext, *, pid: str | None, under: str | None) -> Saying | None:
    content = first(box.xpath(f".//*[{_has('comment-content')}]"))
    body = first(content.xpath(f".//*[{_has('pb-rich-text')}]")) if content is not None else None
    if pid is None or content is None or body is None:
        return None
    name_faces(body)
    card = first(box.xpath(f".//*[{_has('head-name')}]"))
    portrait = _PORTRAIT.search(card.get("href") or "") if card is not None else None
    tail = first(content.xpath(f".//*[{_has('comment-desc-left')}]"))
    parts = [part for one in (tail.itertext() if tail is not None else ()) if (part := clean(one))]
    told = _FLOOR.search(" ".join(parts))
    whens = [parse_when(_FLOOR.sub("", part).strip(), now=page.now, zone=page.zone) for part in parts]
    place = [part for part, when in zip(parts, whens, strict=True) if when is None and not _FLOOR.search(part)]
    photos = first(box.xpath(f".//*[{_has('image-card-wrapper')}]")) if under is None else None
    return Saying(
        pid=pid,
        text=text_of(body),
        author=Author(
            id=portrait[1] if portrait else None,
            name=(clean(card.xpath("string()")) or None) if card is not None else None,
            region=place[-1][:20] if place and len(place[-1]) <= 8 else None,
        ),
        published=next((when for when in whens if when), None),
        floor=int(told[1]) if told and under is None else None,
        images=pictures(photos, page) if photos is not None else (),
        under=under,
    )


def _further(root: Element, page: PageContext, tid: str) -> list[Link]:
    current = query_number(page.url, "pn") or 1
    pages = [
        query_number(href, "pn") or 1
        for href in root.xpath(f"//a[contains(@href,'/p/{tid}?') and contains(@href,'pn=')]/@href")
    ]
    if not pages or max(pages) <= current:
        return []
    return [Link(url=f"{origin(page)}/p/{tid}?pn={current + 1}", leads_to="page")]
