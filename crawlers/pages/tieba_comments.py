"""Sub-comments (楼中楼): below their floor, on pages of their own, or as JSON for all floors of a page at once."""

from __future__ import annotations

import re
from collections.abc import Iterator

from core.model import Author
from core.text import clean
from core.times import from_unix, parse_when
from crawlers.pages.base import Link, PageContext
from crawlers.pages.markup import Element, first, html_to_text, text_of
from crawlers.pages.tieba_facts import (
    Json,
    Saying,
    amount,
    author_of,
    data_field,
    face_name,
    inner,
    name_faces,
    number,
    origin,
    outermost,
    pictures,
    query_number,
    words,
)

#: So many stand on one page of sub-comments.
PER_PAGE = 10
_REGION = re.compile(r"IP\s*属地\s*[:：]?\s*(\S{1,20})")


def comment_boxes(root: Element) -> list[Element]:
    """The sub-comments below an element, in the order of the page."""
    found: list[Element] = root.xpath(".//li[contains(concat(' ',normalize-space(@class),' '),' lzl_single_post ')]")
    return outermost(found)


def read_comment(box: Element, page: PageContext, *, floor: str | None) -> Saying | None:
    """One sub-comment; `floor` is the number of the post it stands under, where the page around it says so."""
    field = data_field(box)
    pid = number(field.get("spid")) or _anchor(box)
    under = number(field.get("pid")) or floor
    said = first(box.xpath(".//*[contains(@class,'lzl_content_main')]"))
    if pid is None or said is None or under is None:
        return None
    name_faces(said)
    shown = first(box.xpath(".//*[contains(@class,'lzl_time')]"))
    return Saying(
        pid=pid,
        text=text_of(said),
        author=_author(box, field),
        published=parse_when(shown.xpath("string()"), now=page.now, zone=page.zone) if shown is not None else None,
        images=pictures(said, page),
        under=under,
    )


def _anchor(box: Element) -> str | None:
    return number(first(box.xpath("./a[@name][1]/@name")))


def _author(box: Element, field: Json) -> Author:
    card = first(box.xpath(".//*[contains(@class,'lzl_cnt')]//a[contains(@class,'j_user_card')]"))
    own = data_field(card) if card is not None else {}
    name = field.get("user_name") or own.get("un") or (card.get("username") if card is not None else None)
    shown = clean(card.xpath("string()")) if card is not None else ""
    region = _REGION.search(clean(box.xpath("string(.//*[contains(@class,'lzl_content_reply')])")))
    return author_of(
        uid=field.get("user_id"),
        portrait=field.get("portrait") or own.get("id"),
        name=name,
        nickname=field.get("showname") or field.get("user_nickname") or shown,
        region=region[1] if region else None,
    )


def comments_url(page: PageContext, *, tid: str, pid: str, number_: int) -> str:
    """One page of a floor's sub-comments."""
    return f"{origin(page)}/p/comment?tid={tid}&pid={pid}&pn={number_}"


def unseen(page: PageContext, *, tid: str, pid: str, total: int, shown: int) -> Link | None:
    """Where the sub-comments stand that a floor does not show; `None` where it shows all."""
    if total <= shown:
        return None
    url = comments_url(page, tid=tid, pid=pid, number_=shown // PER_PAGE + 1)
    return Link(url=url, leads_to="comments", standing=str(total))


def next_comments(root: Element, page: PageContext, *, tid: str, pid: str) -> Iterator[Link]:
    """The next page of the same floor's sub-comments, where there is one."""
    pager = first(root.xpath("//li[contains(@class,'lzl_li_pager')]"))
    if pager is None:
        return
    pages = amount(data_field(pager).get("total_page")) or 0
    current = query_number(page.url, "pn") or 1
    if current < pages:
        yield Link(url=comments_url(page, tid=tid, pid=pid, number_=current + 1), leads_to="comments")


def read_total(answer: Json, page: PageContext, *, tid: str) -> tuple[list[Saying], list[Link]]:
    """`/p/totalComment`: the first sub-comments of every floor of a thread's page, and where the rest stands."""
    data = inner(answer, "data")
    users = inner(data, "user_list")
    sayings: list[Saying] = []
    links: list[Link] = []
    for key, floor in inner(data, "comment_list").items():
        pid = number(key)
        rows = floor.get("comment_info") if isinstance(floor, dict) else None
        if pid is None or not isinstance(rows, list):
            continue
        told = [said for row in rows if (said := _told(row, users, under=pid)) is not None]
        sayings += told
        total = amount(floor.get("comment_num")) or 0
        more = unseen(page, tid=tid, pid=pid, total=total, shown=len(rows))
        if more:
            links.append(more)
    return sayings, links


def _told(row: object, users: Json, *, under: str) -> Saying | None:
    if not isinstance(row, dict):
        return None
    pid = number(row.get("comment_id"))
    content = row.get("content")
    if pid is None or not isinstance(content, str):
        return None
    uid = number(row.get("user_id"))
    user = inner(users, uid) if uid else {}
    when = row.get("now_time")
    return Saying(
        pid=pid,
        text=html_to_text(_faces_named(content)),
        author=author_of(
            uid=uid,
            portrait=row.get("portrait") or user.get("portrait"),
            name=row.get("username") or row.get("user_name") or user.get("user_name"),
            nickname=row.get("show_nickname") or user.get("show_nickname") or user.get("nickname"),
            region=words(row.get("ip_address") or user.get("ip_address"), 20) or None,
        ),
        published=from_unix(when) if isinstance(when, int | str) else None,
        under=number(row.get("post_id")) or under,
    )


_FACE_TAG = re.compile(r"<img\b[^<>]{0,600}>", re.IGNORECASE)


def _faces_named(fragment: str) -> str:
    """The same markup with emoticon pictures replaced by their names."""

    def named(found: re.Match[str]) -> str:
        tag = found[0]
        return f"[{face_name(tag)}]" if "BDE_Smiley" in tag or "emoticon" in tag else tag

    return _FACE_TAG.sub(named, fragment)
