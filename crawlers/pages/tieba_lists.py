"""A bar's list of threads on the web site, and the results of its search.

A row says more than a link can hold (author, number of replies, the beginning of the text), so it is a post as well:
the thread's opening post as far as the list shows it. A crawl reads the thread itself and does not keep the preview.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from core.model import Author, Counts, Post
from core.text import clean
from core.times import parse_when
from crawlers.pages.base import Link, PageContext
from crawlers.pages.counts import parse_count
from crawlers.pages.markup import Element, first, text_of
from crawlers.pages.tieba_facts import (
    Json,
    Saying,
    amount,
    as_post,
    author_of,
    data_field,
    last_reply,
    name_faces,
    number,
    origin,
    outermost,
    pictures,
    query_number,
    tid_of,
    words,
)
from crawlers.pages.urls import absolute, canonical

_PER_PAGE = 50
_CREATOR = re.compile(r"主[题題]作者\s*[:：]\s*(.{1,60})")


def _has(name: str) -> str:
    return f"contains(concat(' ',normalize-space(@class),' '),' {name} ')"


_TITLE = f".//a[{_has('j_th_tit')} or {_has('th_tit')} or {_has('threadlist_title')}]"


def list_rows(root: Element) -> list[Element]:
    """The rows of the list, advertisements (which have no thread) left out."""
    rows = root.xpath(f"//li[{_has('j_thread_list')}]")
    if not rows:  # older and unknown skins: whatever holds a thread's title
        rows = root.xpath(f"//*[(self::li or self::tr) and .//a[{_has('j_th_tit')} or {_has('th_tit')}]]")
    return [row for row in outermost(rows) if _thread(row, data_field(row)) is not None]


def read_list(rows: list[Element], root: Element, page: PageContext) -> tuple[list[Post], list[Link]]:
    """Previews and links of all rows, then the link to the next list page."""
    posts: list[Post] = []
    links: dict[str, Link] = {}
    for row in rows:
        field = data_field(row)
        tid = _thread(row, field)
        if tid is None or tid in links:
            continue
        title = _title(row)
        replies = _replies(row, field)
        reply_date = first(row.xpath(f".//*[{_has('threadlist_reply_date')} or {_has('j_reply_data')}]"))
        links[tid] = Link(
            url=f"{origin(page)}/p/{tid}",
            leads_to="thread",
            title=title,
            changed=last_reply(reply_date.xpath("string()"), page) if reply_date is not None else None,
            standing=None if replies is None else str(replies),
        )
        preview = _preview(row, field, title=title, replies=replies, page=page)
        if preview is not None:
            posts.append(as_post(preview, page, tid=tid, opening=None))
    return posts, [*links.values(), *_next_list(root, page)]


def _thread(row: Element, field: Json) -> str | None:
    tid = number(field.get("id")) or number(row.get("data-tid"))
    if tid:
        return tid
    anchor = first(row.xpath(f"{_TITLE}|.//a[starts-with(@href,'/p/')]"))
    return tid_of(anchor.get("href") or "") if anchor is not None else None


def _title(row: Element) -> str | None:
    anchor = first(row.xpath(_TITLE)) if row.xpath(_TITLE) else first(row.xpath(".//a[contains(@href,'/p/')]"))
    if anchor is None:
        return None
    return clean(anchor.get("title") or "") or clean(anchor.xpath("string()")) or None


def _replies(row: Element, field: Json) -> int | None:
    known = amount(field.get("reply_num"))
    if known is not None:
        return known
    shown = first(row.xpath(f".//*[{_has('threadlist_rep_num')} or {_has('reply_num')}]"))
    return parse_count(clean(shown.xpath("string()"))) if shown is not None else None


def _preview(row: Element, field: Json, *, title: str | None, replies: int | None, page: PageContext) -> Saying | None:
    pid = number(field.get("first_post_id"))
    if pid is None:
        return None
    shown = first(row.xpath(f".//*[{_has('threadlist_abs')} or {_has('threadlist_text')}]"))
    media = first(row.xpath(f".//*[{_has('threadlist_media')}]"))
    created = first(row.xpath(f".//*[{_has('is_show_create_time')}]"))
    if shown is not None:
        name_faces(shown)
    return Saying(
        pid=pid,
        text=text_of(shown) if shown is not None else "",
        author=_author(row, field),
        published=parse_when(created.xpath("string()"), now=page.now, zone=page.zone) if created is not None else None,
        floor=1,
        images=pictures(media, page) if media is not None else (),
        title=title,
        counts=Counts(replies=replies),
    )


def _author(row: Element, field: Json) -> Author:
    box = first(row.xpath(f".//*[{_has('tb_icon_author')}]"))
    shown = ""
    uid = None
    if box is not None:
        uid = data_field(box).get("user_id")
        found = _CREATOR.search(box.get("title") or "")
        shown = found[1] if found else clean(box.xpath("string()"))
    return author_of(
        uid=uid,
        portrait=field.get("author_portrait"),
        name=field.get("author_name"),
        nickname=field.get("author_nickname") or shown,
    )


def _next_list(root: Element, page: PageContext) -> Iterator[Link]:
    for anchor in root.xpath(f"//a[{_has('next')} and contains(@href,'pn=')]")[:3]:
        url = absolute(page.url, anchor.get("href"))
        following = query_number(url, "pn") if url else None
        if url and following is not None and following > (query_number(page.url, "pn") or 0):
            yield Link(url=canonical(url), leads_to="list")
            return


def read_search(root: Element, page: PageContext) -> tuple[list[Post], list[Link]]:
    """The results of a search in all bars: posts and replies that hold the words, cut as the page shows them."""
    posts: list[Post] = []
    links: dict[str, Link] = {}
    for box in root.xpath(f"//div[{_has('s_post')}]"):
        anchor = first(box.xpath(f".//*[{_has('p_title')}]//a[contains(@href,'/p/')]"))
        tid = (number(anchor.get("data-tid")) or tid_of(anchor.get("href") or "")) if anchor is not None else None
        if anchor is None or tid is None:
            continue
        title = clean(anchor.xpath("string()")) or None
        date = first(box.xpath(f".//*[{_has('p_date')}]"))
        when = parse_when(date.xpath("string()"), now=page.now, zone=page.zone) if date is not None else None
        links.setdefault(tid, Link(url=f"{origin(page)}/p/{tid}", leads_to="thread", title=title, changed=when))
        pid = query_number(anchor.get("href") or "", "pid")
        shown = first(box.xpath(f".//*[{_has('p_content')}]"))
        who = first(box.xpath(".//a[contains(@href,'/home/main')]"))
        if pid and shown is not None:
            said = Saying(
                pid=str(pid),
                text=text_of(shown),
                author=Author(name=words(who.xpath("string()")) or None) if who is not None else Author(),
                published=when,
            )
            posts.append(as_post(said, page, tid=tid, opening=None))
    return posts, [*links.values(), *_next_list(root, page)]
