"""One box of weibo.cn: a status with the original that it reposts, or a comment."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice

from core.model import Author, Counts, Post
from core.text import clean
from core.times import parse_when
from crawlers.pages.base import Link, PageContext
from crawlers.pages.counts import parse_count
from crawlers.pages.markup import Element, first, text_of
from crawlers.pages.urls import absolute
from crawlers.pages.weibo_ids import bid_of, is_mid, mid_of_bid, on_host, status_url, weibo_site

#: Addresses of the page's own buttons; the first of them ends a text.
_BUTTON = re.compile(
    r"/(?:attitude|repost|fav|mblog/(?:pic|picAll|oripic|operation)|attention/add|spam|comments/reply|im)\b|"
    r"/comment/[^?#]*(?:\?(?!ckAll)|#|$)"
)
_BIDS = {
    "original": re.compile(r"/(?:comment|mblog/(?:pic|picAll))/([0-9A-Za-z]{6,12})(?=$|[/?#&])", re.ASCII),
    "oripic": re.compile(r"[?&]id=([0-9A-Za-z]{6,12})(?=$|&)", re.ASCII),
}
_COUNT = {
    "likes": re.compile(r"(?:^|\s)赞\[(\d+)\]"),
    "reposts": re.compile(r"(?<!原文)转发\[(\d+)\]"),
    "replies": re.compile(r"(?<!原文)评论\[(\d+)\]"),
}
_COUNT_OF_ORIGINAL = {
    "likes": re.compile(r"(?:^|\s)赞\[(\d+)\]"),
    "reposts": re.compile(r"原文转发\[(\d+)\]"),
    "replies": re.compile(r"原文评论\[(\d+)\]"),
}
_UID = re.compile(r"(?:[?&](?:fuid|uid)=|/u/|^(?:https?://weibo\.cn)?/)(\d{5,12})(?=$|[/?&#])", re.ASCII)
_REGION = re.compile(r"来自来自\s*([^\s]{2,12})|发布于\s*([^\s]{2,12})")
_CLOCK = re.compile(r".*?\d{1,2}:\d\d(?::\d\d)?(?=\s|$)|[^ ]+")
_MOST_CHILDREN = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Whose list it is; `many` where statuses name their own authors."""

    author: Author
    many: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a box holds: the original first, then the status itself; links to texts that are cut."""

    posts: tuple[Post, ...] = ()
    links: tuple[Link, ...] = ()


def read_status(box: Element, page: PageContext, *, owner: Owner, bid: str | None) -> Found:
    """The status of one box; nothing where it has no number or no words."""
    lines = list(box.iterchildren("div"))[:20] or [box]
    mid = mid_of_bid((box.get("id") or "")[2:] or bid or "")
    if mid is None:
        return Found()
    is_repost = any("转发了" in text_of(mark)[:20] for mark in box.xpath("./div[1]/span[@class='cmt']")[:2])
    own_line = next((line for line in lines if _mark(line, "转发理由") is not None), lines[0])
    said = " ".join(text_of(box).split())
    told, named = first(box.xpath(".//span[@class='ct']")), _name(lines[0], owner)
    time, region = _time_and_region(told)
    outside = _following_text(box) if not _COUNT["reposts"].search(said) else ""
    post = Post(
        kind="weibo",
        site=weibo_site(page.url),
        native_id=mid,
        url=status_url(page, mid),
        channel=page.channel or "weibo",
        text=_words(own_line, name=named),
        author=replace(_author(named, owner), region=region),
        published=parse_when(time, now=page.now, zone=page.zone) if time else None,
        collected=page.now,
        counts=_counts(f"{_after_original(said)} {outside}", _COUNT),
        images=() if is_repost else _images(box, page),
    )
    original = _original(lines[0], box, page, said) if is_repost else None
    posts = (original, replace(post, parent=original.id)) if original else (post,)
    return Found(posts=tuple(one for one in posts if one.text), links=tuple(_cuts(box, page)))


def _original(line: Element, box: Element, page: PageContext, said: str) -> Post | None:
    """The reposted status; its time is not shown."""
    hrefs = [link.get("href") or "" for link in box.xpath(".//a[@class='cc' or contains(@href, '/mblog/')]")[:20]]
    own = (box.get("id") or "")[2:]
    bids = (found[1] for href in hrefs for shape in _BIDS.values() if (found := shape.search(href)))
    mid = next((mid for bid in bids if bid != own and (mid := mid_of_bid(bid))), None)
    text = _words(line)
    if mid is None or not text:
        return None
    named = first(line.xpath("./span[@class='cmt']//a"))
    return Post(
        kind="weibo",
        site=weibo_site(page.url),
        native_id=mid,
        url=status_url(page, mid),
        channel=page.channel or "weibo",
        text=text,
        author=Author(id=_uid(named), name=text_of(named).lstrip("@") or None) if named is not None else Author(),
        collected=page.now,
        counts=_counts(said, _COUNT_OF_ORIGINAL),
        images=_images(box, page),
    )


def read_comment(box: Element, page: PageContext) -> Post | None:
    """The comment of one box, without what it answers; `None` where it has no number or no words."""
    number = (box.get("id") or "")[2:]
    words = first(box.xpath(".//span[@class='ctt']"))
    text = text_of(words) if words is not None else ""
    if not is_mid(number) or not text:
        return None
    said = " ".join(text_of(box).split())
    time, region = _time_and_region(first(box.xpath(".//span[@class='ct']")))
    named = first(link for link in box.iterchildren("a") if not _BUTTON.search(link.get("href") or ""))
    reported = first(box.xpath(".//a[contains(@href, 'fuid=')]"))
    name = text_of(named) if named is not None else ""
    return Post(
        kind="weibo",
        site=weibo_site(page.url),
        native_id=f"comment:{number}",
        url=page.url,
        channel=page.channel or "weibo",
        text=text,
        author=Author(id=_uid(named) or _uid(reported), name=name or None, region=region),
        published=parse_when(time, now=page.now, zone=page.zone) if time else None,
        collected=page.now,
        counts=_counts(said, {"likes": _COUNT["likes"]}),
    )


def _mark(line: Element, word: str) -> Element | None:
    return first(mark for mark in line.xpath("./span[@class='cmt']")[:4] if word in text_of(mark)[:20])


def _words(line: Element, *, name: Element | None = None) -> str:
    """What the author wrote: from the mark before it, if there is one, to the page's own first button."""
    start = first(mark for word in ("转发理由", "转发了") if (mark := _mark(line, word)) is not None)
    parts = [] if start is not None else [line.text or ""]
    inside = start is None
    for child in list(line)[:_MOST_CHILDREN]:
        if not inside:
            inside = child is start
            if inside:
                parts.append(child.tail or "")
            continue
        if _ends_text(child):
            break
        if child is not name:
            parts.append(_shown(child))
        parts.append(child.tail or "")
    return clean("".join(parts)).removesuffix("[").strip().removeprefix(":").strip()


def _ends_text(child: Element) -> bool:
    if child.tag == "a":
        return bool(_BUTTON.search(child.get("href") or ""))
    return child.tag in ("span", "div") and (child.get("class") or "") in ("ct", "cmt", "cc")


def _shown(child: Element) -> str:
    if child.tag == "img":
        alt = (child.get("alt") or "").strip()
        return alt if len(alt) > 2 and alt[0] == "[" and alt[-1] == "]" else ""
    return "\n" if child.tag == "br" else text_of(child)


def _name(line: Element, owner: Owner) -> Element | None:
    """In a search the name comes first (`a.nk`), below a status it is a bare link, in a list it is not said."""
    links = [child for child in list(line)[:_MOST_CHILDREN] if child.tag == "a"][:3]
    named = first(link for link in links if "nk" in (link.get("class") or "").split())
    if named is not None or not owner.many or not links or line[0] is not links[0]:
        return named
    return links[0] if _uid(links[0]) else None


def _author(named: Element | None, owner: Owner) -> Author:
    if named is None:
        return owner.author
    return Author(id=_uid(named), name=text_of(named).lstrip("@") or None)


def _uid(link: Element | None) -> str | None:
    found = _UID.search(link.get("href") or "") if link is not None else None
    return found[1] if found else None


def _time_and_region(told: Element | None) -> tuple[str, str | None]:
    # "2020-06-03 00:00 来自生日动态", "01月10日 12:43 来自来自河南", "2020-06-05 11:12:14 网页"
    said = " ".join(text_of(told).split()) if told is not None else ""
    region = _REGION.search(said)
    time = _CLOCK.match(said.partition("来自")[0])
    return (time[0].strip() if time else ""), (region[1] or region[2] if region else None)


def _following_text(box: Element) -> str:
    """Below one status the counts stand in the next boxes."""
    return " ".join(" ".join(text_of(after).split()) for after in islice(box.itersiblings("div"), 3))


def _after_original(said: str) -> str:
    return said.rpartition("转发理由")[2]


def _counts(said: str, shapes: dict[str, re.Pattern[str]]) -> Counts:
    found = {name: match[1] for name, shape in shapes.items() if (match := shape.search(said))}
    return Counts(**{name: parse_count(value) for name, value in found.items()})


def _images(box: Element, page: PageContext) -> tuple[str, ...]:
    sources = box.xpath(".//a[contains(@href, '/mblog/pic')]//img/@src")[:9]
    urls = (absolute(page.url, re.sub(r"/(?:wap|thumb|orj|mw)\d+/", "/large/", source)) for source in sources)
    return tuple(url for url in urls if url)


def _cuts(box: Element, page: PageContext) -> Iterator[Link]:
    for link in box.xpath(".//a[contains(@href, 'ckAll=1')]")[:4]:
        found = _BIDS["original"].search(link.get("href") or "")
        mid = mid_of_bid(found[1]) if found else None
        if mid:
            yield Link(url=on_host(page, f"/comment/{bid_of(mid)}?ckAll=1"), leads_to="status")
