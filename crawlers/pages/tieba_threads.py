"""A thread's page on the classical web site: floors, their sub-comments as far as shown, and where the rest stands.

Pages of before 2014 carry the time in `data-field` (`content.date`), later ones only in the tail of the floor. A box
without `content` is an advertisement that looks like a floor.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from core.model import Author, Counts, Post, post_id
from core.text import clean
from core.times import parse_when
from crawlers.pages.base import Link, PageContext
from crawlers.pages.counts import parse_count
from crawlers.pages.markup import Element, first, text_of
from crawlers.pages.tieba_comments import comment_boxes, read_comment, unseen
from crawlers.pages.tieba_facts import (
    Json,
    Saying,
    amount,
    as_post,
    author_of,
    data_field,
    inner,
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

_CONTENT_ID = re.compile(r"post_content_(\d{1,19})", re.ASCII)
_FLOOR = re.compile(r"(\d{1,7})\s*[楼樓]")
_REGION = re.compile(r"IP\s*(?:属地|屬地)\s*[:：]?\s*(\S{1,20})")
_PAGE_DATA = re.compile(r"[\"']?(thread_id|forum_id|total_page)[\"']?\s*:\s*[\"']?(\d{1,19})", re.ASCII)
_REPLY_TITLE = re.compile(r"^回[复覆復][:：]\s*")
#: The page's own furniture inside a floor's text.
_UNSAID = frozenset(
    {"voice_player", "replace_tip", "j_ueg_post_content", "p_forbidden_tip", "apc_src_wrapper", "edit_text"}
)
_TAILS = (
    ".//*[contains(@class,'tail-info')]|.//*[contains(@class,'post-tail-wrap')]/span|"
    ".//*[contains(concat(' ',@class,' '),' p_tail ')]//span|.//*[contains(@class,'tail_wrap')]//span"
)
_MOST_SCRIPT = 400_000
_MOST_TAILS = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class _Thread:
    """What all floors of a page share."""

    page: PageContext
    tid: str
    fid: str | None
    title: str | None
    replies: int | None
    pages: int


def floor_boxes(root: Element) -> list[Element]:
    """The floors of a thread's page, advertisements left out."""
    boxes = root.xpath("//div[contains(concat(' ',normalize-space(@class),' '),' l_post ')]")
    if not boxes:  # a skin without the class: whatever holds a floor's text
        boxes = root.xpath("//*[@data-pid and .//*[starts-with(@id,'post_content_')]]")
    return [box for box in outermost(boxes) if _pid(box, data_field(box)) is not None]


def read_thread(
    boxes: list[Element], root: Element, page: PageContext, *, script: str
) -> tuple[list[Post], list[Link]]:
    """All floors with the sub-comments they show, then the next page and the sub-comments that are not shown."""
    thread = _thread(boxes, root, page, script)
    if thread is None:
        return [], []
    opening = page.opening
    posts: dict[str, Post] = {}
    more: list[Link] = []
    for box in boxes:
        field = data_field(box)
        said = _floor(box, field, thread)
        if said is None:
            continue
        if said.floor == 1:
            opening = post_id("tieba", site(page), native_id(said.pid))
        posts.setdefault(said.pid, as_post(said, page, tid=thread.tid, opening=opening))
        shown = [sub for one in comment_boxes(box) if (sub := read_comment(one, page, floor=said.pid)) is not None]
        for sub in shown:
            posts.setdefault(sub.pid, as_post(sub, page, tid=thread.tid, opening=opening))
        rest = unseen(page, tid=thread.tid, pid=said.pid, total=_comments(box, field), shown=len(shown))
        if rest:
            more.append(rest)
    return list(posts.values()), [*_further(thread, root), *_all_comments(thread, more), *more]


def _thread(boxes: list[Element], root: Element, page: PageContext, script: str) -> _Thread | None:
    told = dict(reversed(_PAGE_DATA.findall(script[:_MOST_SCRIPT])))
    contents = [inner(data_field(box), "content") for box in boxes]
    own = first(tid for content in contents if (tid := number(content.get("thread_id"))))
    canonical_ = first(root.xpath("//link[@rel='canonical']/@href"))
    tid = own or tid_of(page.url) or (tid_of(canonical_) if canonical_ else None) or number(told.get("thread_id"))
    if tid is None:
        return None
    reds = [
        clean(red.xpath("string()"))
        for red in root.xpath("(//*[contains(@class,'l_reply_num')])[1]//*[contains(@class,'red')]")
    ]
    counted = parse_count(reds[1]) if len(reds) > 1 else None
    return _Thread(
        page=page,
        tid=tid,
        fid=first(fid for content in contents if (fid := number(content.get("forum_id")))) or told.get("forum_id"),
        title=_title(root),
        replies=parse_count(reds[0]) if reds else None,
        pages=counted or _last_page(root, tid) or int(told.get("total_page", "1")),
    )


def _title(root: Element) -> str | None:
    shown = first(root.xpath("//*[contains(@class,'core_title_txt')]"))
    if shown is not None:
        title = clean(shown.get("title") or "") or clean(shown.xpath("string()"))
    else:
        title = clean(root.xpath("string(//title)"))
        title = re.sub(
            r"(?:[-_—–\s]*(?:【[^【】]{1,40}】|[^-_—–【】]{1,40}吧))?[-_—–\s]*百度贴吧[^_]{0,20}$", "", title
        )
    return _REPLY_TITLE.sub("", title) or None


def _last_page(root: Element, tid: str) -> int:
    """The largest page that the pager leads to."""
    pages = (
        query_number(anchor.get("href") or "", "pn") or 1
        for anchor in root.xpath(f"//a[contains(@href,'/p/{tid}') and contains(@href,'pn=')]")[:60]
    )
    return max(pages, default=0)


def _pid(box: Element, field: Json) -> str | None:
    content = inner(field, "content")
    if field and not content:  # a box that has data but no content is an advertisement
        return None
    pid = number(content.get("post_id")) or number(content.get("id"))
    if pid:
        return pid
    if box.xpath("boolean(.//*[contains(@class,'label_text') and contains(.,'广告')])"):
        return None
    body = first(box.xpath(".//*[starts-with(@id,'post_content_')]"))
    found = _CONTENT_ID.fullmatch(body.get("id")) if body is not None else None
    return number(found[1]) if found else None


def _floor(box: Element, field: Json, thread: _Thread) -> Saying | None:
    pid = _pid(box, field)
    if pid is None:
        return None
    body = first(box.xpath(f".//*[@id='post_content_{pid}']"))
    if body is None:
        body = first(box.xpath(".//*[contains(concat(' ',normalize-space(@class),' '),' d_post_content ')]"))
    tails = [clean(tail.xpath("string()")) for tail in box.xpath(_TAILS)[:_MOST_TAILS] if not _in_comments(tail, box)]
    floor = amount(inner(field, "content").get("post_no")) or _floor_shown(tails)
    images = pictures(body, thread.page) if body is not None else ()
    text = _text(box, body)
    if not (text or images or floor == 1):
        return None
    return Saying(
        pid=pid,
        text=text,
        author=_author(box, field),
        published=_published(field, tails, thread.page),
        floor=floor,
        images=images,
        title=thread.title if floor == 1 else None,
        counts=Counts(replies=thread.replies) if floor == 1 else Counts(),
    )


def _text(box: Element, body: Element | None) -> str:
    if body is None:
        return ""
    name_faces(body)
    text = text_of(body, skip=_is_unsaid)
    if text:
        return text
    if box.xpath(".//*[contains(@class,'voice_player')]"):
        return "[语音]"
    return "[视频]" if body.xpath(".//video|.//embed|.//*[contains(@class,'video')]") else ""


def _is_unsaid(element: Element) -> bool:
    classes = element.get("class")
    return classes is not None and not _UNSAID.isdisjoint(classes.split())


def _in_comments(tail: Element, box: Element) -> bool:
    """Whether a tail belongs to a sub-comment."""
    for parent in tail.iterancestors():
        if parent is box:
            return False
        if "j_lzl_container" in (parent.get("class") or ""):
            return True
    return False


def _floor_shown(tails: list[str]) -> int | None:
    found = first(match for tail in tails if (match := _FLOOR.fullmatch(tail)))
    return int(found[1]) if found else None


def _published(field: Json, tails: list[str], page: PageContext) -> datetime | None:
    date = inner(field, "content").get("date")
    for shown in (date if isinstance(date, str) else "", *reversed(tails)):
        if shown and (when := parse_when(shown, now=page.now, zone=page.zone)):
            return when
    return None


def _author(box: Element, field: Json) -> Author:
    author = inner(field, "author")
    card = first(box.xpath(".//a[contains(@class,'p_author_name')]|.//*[contains(@class,'d_name')]//a[1]"))
    own = data_field(card) if card is not None else {}
    holder = first(box.xpath(".//*[contains(concat(' ',@class,' '),' d_name ')]"))
    region = first(
        found for tail in box.xpath(".//*[contains(@class,'post-tail-wrap')]") if (found := _REGION.search(_line(tail)))
    )
    return author_of(
        uid=author.get("user_id") or (data_field(holder).get("user_id") if holder is not None else None),
        portrait=author.get("portrait") or own.get("id"),
        name=author.get("user_name") or author.get("name") or own.get("un"),
        nickname=author.get("user_nickname") or (clean(card.xpath("string()")) if card is not None else ""),
        region=region[1] if region else None,
    )


def _line(tail: Element) -> str:
    """The words of a tail with a blank between its parts."""
    return clean(" ".join(tail.itertext()))


def _comments(box: Element, field: Json) -> int:
    """How many sub-comments the floor has."""
    known = amount(inner(field, "content").get("comment_num"))
    if known is not None:
        return known
    holders = box.xpath(".//*[contains(@class,'j_lzl_container') or contains(@class,'j_lzl_r')]")
    return max((amount(data_field(holder).get("total_num")) or 0 for holder in holders), default=0)


def _further(thread: _Thread, root: Element) -> Iterator[Link]:
    """The next page, and the last one where that is another."""
    shown = first(root.xpath("//*[contains(@class,'l_pager') or contains(@class,'pager')]//span[@class='tP']"))
    current = query_number(thread.page.url, "pn") or (
        parse_count(clean(shown.xpath("string()"))) if shown is not None else 1
    )
    current = max(current or 1, 1)
    base = f"{origin(thread.page)}/p/{thread.tid}?pn="
    if current < thread.pages:
        yield Link(url=f"{base}{current + 1}", leads_to="page")
    if current + 1 < thread.pages:
        yield Link(url=f"{base}{thread.pages}", leads_to="page")


def _all_comments(thread: _Thread, more: list[Link]) -> Iterator[Link]:
    """One answer for all floors of the page, where several show less than they have."""
    if len(more) > 1 and thread.fid:
        current = query_number(thread.page.url, "pn") or 1
        yield Link(
            url=f"{origin(thread.page)}/p/totalComment?tid={thread.tid}&fid={thread.fid}&pn={current}&see_lz=0",
            leads_to="comments",
        )
