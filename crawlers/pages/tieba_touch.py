"""The touch edition (/mo/q/m?kw=, ?kz=), its JSON answers that wrap the same markup, and the old WAP pages.

[R 2026-09] The only pages that the server still draws for visitors without a login: a bar has 30 threads a page with
`pn` as offset, a thread shows its first floors. Links stay in this edition; posts carry the web site's addresses.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from core.model import Author, Counts, Post, post_id
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
    native_id,
    number,
    outermost,
    pictures,
    query_number,
    site,
    tid_of,
    words,
)
from crawlers.pages.urls import absolute, canonical

_PER_LIST = 30
_PAGER = re.compile(r"[\"']?(page_size|offset|current_page|total_page|has_more)[\"']?\s*:\s*[\"']?(\d{1,9})", re.ASCII)
_FLOOR = re.compile(r"(\d{1,7})\s*[楼樓]")
_WAP_FLOOR = re.compile(r"^(\d{1,7})\s*[楼樓]\s*[.．。]\s*")
_WAP_ROW = re.compile(r"^\d{1,5}\s*[.．]\s*")
_WAP_COUNTS = re.compile(r"回\s*(\d{1,9})")
_NAGS = re.compile(r"打开贴吧\s*App|下载贴吧\s*App|看高清大图|打开APP查看", re.IGNORECASE)
_MOST_SCRIPT = 400_000


def _has(name: str) -> str:
    return f"contains(concat(' ',normalize-space(@class),' '),' {name} ')"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pager:
    """Where a touch page stands in its list or thread."""

    current: int = 1
    total: int = 1
    size: int = _PER_LIST
    more: bool = False


def pager_of(found: Json) -> Pager:
    """The pager in a JSON answer's `page`."""
    return Pager(
        current=amount(found.get("current_page")) or 1,
        total=amount(found.get("total_page")) or 1,
        size=min(amount(found.get("page_size")) or _PER_LIST, 100),
        more=bool(amount(found.get("has_more"))),
    )


def pager_in(script: str) -> Pager:
    """The pager that a page's own script holds."""
    return pager_of(dict(reversed(_PAGER.findall(script[:_MOST_SCRIPT]))))


def touch_rows(root: Element) -> list[Element]:
    """Rows of a bar: touch, else WAP."""
    rows = root.xpath("//li[(contains(@class,'tl_shadow') or contains(@class,'tl_top')) and (@data-tid or .//a[@tid])]")
    found: list[Element] = rows or root.xpath(f"//div[{_has('i')} and ./a[contains(@href,'kz=')]]")
    return outermost(found)


def touch_floors(root: Element) -> list[Element]:
    """Floors of a thread: touch, else WAP."""
    floors = root.xpath(
        f"//li[({_has('post_list_item')} or {_has('list_item')}) and (@data-info or @tid or @data-tid)"
        f" and .//div[{_has('content')}]]"
    )
    return outermost(floors) or [
        box for box in root.xpath(f"//div[{_has('i')}]")[:200] if _WAP_FLOOR.match(clean(box.xpath("string()"))[:30])
    ]


def read_touch_list(rows: list[Element], page: PageContext, pager: Pager) -> tuple[list[Post], list[Link]]:
    """Links to all threads, in this edition, then the link to the next list page."""
    links: dict[str, Link] = {}
    for row in rows:
        anchor = first(row.xpath(".//a[@href]"))
        href = anchor.get("href") if anchor is not None else ""
        tid = number(row.get("data-tid")) or first(row.xpath(".//a/@tid")) or tid_of(absolute(page.url, href) or "")
        if not tid or not number(tid) or tid in links:
            continue
        links[tid] = _row_link(row, anchor, page, tid)
    further = list(_next_list(page, pager, bool(links)))
    return [], [*links.values(), *further]


def _row_link(row: Element, anchor: Element | None, page: PageContext, tid: str) -> Link:
    title_box = first(row.xpath(f".//*[{_has('ti_title')}]"))
    shown = first(row.xpath(f".//*[{_has('ti_time')}]"))
    count = first(row.xpath(f".//*[{_has('btn_reply')}]"))
    note = clean(row.xpath("string(.//p)"))
    if title_box is None and anchor is not None:
        title = _WAP_ROW.sub("", clean(anchor.xpath("string()")))
    else:
        title = clean(title_box.xpath("string()")) if title_box is not None else ""
    told = _WAP_COUNTS.search(note)
    replies = parse_count(clean(count.xpath("string()"))) if count is not None else int(told[1]) if told else None
    when = clean(shown.xpath("string()")) if shown is not None else note.rpartition(" ")[2]
    return Link(
        url=_address(page, kz=tid),
        leads_to="thread",
        title=title or None,
        changed=last_reply(when, page) if when else None,
        standing=None if replies is None else str(replies),
    )


def _address(page: PageContext, **query: str) -> str:
    """An address of this edition on the same host."""
    parts = urlsplit(page.url)
    path = parts.path if parts.path.endswith("/m") else "/mo/q/m"
    return f"{parts.scheme}://{parts.netloc}{path}?" + "&".join(f"{name}={value}" for name, value in query.items())


def _next_list(page: PageContext, pager: Pager, any_rows: bool) -> Iterator[Link]:
    if not any_rows or not (pager.more or pager.current < pager.total):
        return
    offset = query_number(page.url, "pn") or 0
    parts = urlsplit(page.url)
    # The bar's name keeps the escapes it came with: old links carry GBK.
    kept = [pair for pair in parts.query.split("&") if pair and pair.partition("=")[0] != "pn"]
    query = "&".join([*kept, f"pn={offset + pager.size}"])
    yield Link(url=canonical(f"{parts.scheme}://{parts.netloc}{parts.path}?{query}"), leads_to="list")


def read_touch_thread(
    floors: list[Element], root: Element, page: PageContext, pager: Pager
) -> tuple[list[Post], list[Link]]:
    """All floors with their first sub-comments, then the next page."""
    tid = tid_of(page.url) or _tid_inside(root)
    if tid is None:
        return [], []
    title = clean(root.xpath("string((//*[contains(@class,'post_title_embed')])[1])")) or _wap_title(root)
    opening = page.opening
    posts: dict[str, Post] = {}
    for box in floors:
        said = _touch_floor(box, page, title=title)
        if said is None:
            continue
        if said.floor == 1:
            opening = post_id("tieba", site(page), native_id(said.pid))
        for one in (said, *_touch_comments(box, page, said.pid)):
            posts.setdefault(one.pid, as_post(one, page, tid=tid, opening=opening))
    return list(posts.values()), list(_next_page(page, pager, tid))


def _tid_inside(root: Element) -> str | None:
    return number(first(root.xpath("//input[@name='z' or @name='kz' or @name='tid']/@value")))


def _wap_title(root: Element) -> str | None:
    shown = clean(root.xpath("string((//*[@class='bc p']|//strong|//title)[1])"))
    return re.sub(r"[-_—\s]*(?:[^-_—]{1,40}吧)?[-_—\s]*(?:百度贴吧|手机贴吧).{0,10}$", "", shown) or None


def _touch_floor(box: Element, page: PageContext, *, title: str | None) -> Saying | None:
    info = data_field(box, "data-info")
    body = first(box.xpath(f".//div[{_has('content')}]"))
    if body is None:
        return _wap_floor(box, page, title=title)
    pid = number(info.get("pid")) or number(box.get("tid")) or number(box.get("data-tid"))
    if pid is None:
        return None
    shown = _FLOOR.search(clean(box.xpath(f"string(.//*[{_has('list_item_floor_num')}])")))
    floor = amount(info.get("floor_num")) or amount(box.get("fn")) or (int(shown[1]) if shown else None)
    name_faces(body)
    when = clean(box.xpath(f"string(.//*[{_has('list_item_time')}])"))
    text = "\n".join(line for line in text_of(body).split("\n") if not _NAGS.search(line))
    images = pictures(body, page)
    if not (text or images or floor == 1):
        return None
    return Saying(
        pid=pid,
        text=text,
        author=_touch_author(box, info),
        published=parse_when(when, now=page.now, zone=page.zone) if when else None,
        floor=floor,
        images=images,
        title=title if floor == 1 else None,
    )


def _touch_author(box: Element, info: Json) -> Author:
    shown = clean(box.xpath(f"string((.//*[{_has('user_name')}])[1])"))
    return author_of(
        uid=info.get("uid") or info.get("user_id"),
        portrait=info.get("portrait"),
        name=info.get("un"),
        nickname=words(info.get("name_show")) or shown,
    )


def _touch_comments(box: Element, page: PageContext, floor: str) -> Iterator[Saying]:
    for one in box.xpath(".//li[@data-info]")[:50]:
        info = data_field(one, "data-info")
        pid = number(info.get("pid")) or number(info.get("spid"))
        if pid is None or pid == floor:
            continue
        body = first(one.xpath(".//*[contains(@class,'content')]"))
        name_faces(one)
        author = _touch_author(one, info)
        text = text_of(body if body is not None else one)
        if body is None and author.name and text.startswith(author.name):
            text = text[len(author.name) :].lstrip(" :：\n")
        shown = clean(one.xpath("string(.//*[contains(@class,'time')])"))
        when = parse_when(shown, now=page.now, zone=page.zone) if shown else None
        yield Saying(pid=pid, text=text, author=author, published=when, under=floor)


def _wap_floor(box: Element, page: PageContext, *, title: str | None) -> Saying | None:
    hrefs = " ".join(box.xpath(".//a/@href")[:20])
    pid = next((value for name, value in parse_qsl(hrefs.replace("?", "&").replace(" ", "&")) if name == "pid"), None)
    if number(pid) is None or pid is None:
        return None
    name_faces(box)
    whole = text_of(box, skip=lambda element: element.tag == "table" or element.get("class") in ("g", "b", "r"))
    found = _WAP_FLOOR.match(whole)
    floor = int(found[1]) if found else None
    when = clean(box.xpath("string(.//*[@class='b'])"))
    who = first(box.xpath(".//*[@class='g']"))
    return Saying(
        pid=pid,
        text=_WAP_FLOOR.sub("", whole),
        author=Author(name=clean(who.xpath("string()")) or None) if who is not None else Author(),
        published=parse_when(when, now=page.now, zone=page.zone) if when else None,
        floor=floor,
        images=pictures(box, page),
        title=title if floor == 1 else None,
        counts=Counts(),
    )


def _next_page(page: PageContext, pager: Pager, tid: str) -> Iterator[Link]:
    if pager.current < pager.total:
        yield Link(url=_address(page, kz=tid, pn=str(pager.current * pager.size)), leads_to="page")
