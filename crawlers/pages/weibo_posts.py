"""One Weibo status object as a post: the fields, and the shapes each was seen in on m.weibo.cn and weibo.com.

`text` (markup) is preferred to `text_raw`, because both sites make the same text of it; `text_raw` shows short links
where readers see "网页链接". A status whose original was deleted keeps its author's words, and its parent is the number
of an original that we have never seen.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeAlias

from core.model import Author, Counts, Post
from core.text import clean
from core.times import from_unix, parse_when
from crawlers.pages.base import PageContext
from crawlers.pages.counts import parse_count
from crawlers.pages.markup import html_to_text
from crawlers.pages.urls import absolute
from crawlers.pages.weibo_ids import is_mid, mid_of_bid, status_url, weibo_site

#: Untrusted JSON: every access asks for the type first.
Json: TypeAlias = Any

_REGION = re.compile(r"^(?:发布于|来自|IP属地[::：]?)\s*")
#: What Weibo puts in the place of a deleted or hidden status: its own words, not the author's.
_TOMBSTONE = re.compile(r"抱歉|不可见|已被.{0,6}删除|无法查看|该账号|查看帮助")
#: weibo.com's button behind a text that is cut; as m.weibo.cn writes it, every part of the product knows it for a cut.
_EXPAND = re.compile(r"\s*(?:\.{3,}|…+)?\s*展开$")
_MOST_IMAGES = 18


def mid_of(status: Mapping[str, Json]) -> str | None:
    """The status's number as text, from its short form where it shows only that; `None` where it has none.

    Python reads JSON integers exactly, so a number beyond 2^53 loses nothing; one written as a float is refused.
    """
    for name in ("mid", "idstr", "id"):
        text = id_text(status.get(name))
        if text and is_mid(text):
            return text
    for name in ("mblogid", "bid", "id"):
        short = status.get(name)
        if isinstance(short, str) and not short.isdigit() and (mid := mid_of_bid(short)):
            return mid
    return None


def id_text(value: Json) -> str | None:
    """An identifier as text; `None` for anything that is not one."""
    return str(value) if isinstance(value, int | str) and not isinstance(value, bool) and value else None


def is_advert(status: Mapping[str, Json]) -> bool:
    """Whether Weibo marks a status as one that somebody paid to have shown here."""
    paid = status.get("promotion")
    # "readtimetype": "adMblog" is no mark: a user's own paid statuses carry it in the user's own list.
    marks = (paid.get("type"), paid.get("recommend")) if isinstance(paid, dict) else ()
    return any(mark in ("ad", "广告", "推广") for mark in marks)


def post_of(status: Mapping[str, Json], page: PageContext, parent: str | None) -> Post | None:
    """The status as a post, `None` without a number or a text of its own."""
    mid = mid_of(status)
    markup = whole_text(status) or status.get("text") or status.get("text_raw") or status.get("raw_text")
    if mid is None or not isinstance(markup, str):
        return None
    text = html_to_text(markup)
    if status.get("isLongText") is True and not whole_text(status):
        text = _EXPAND.sub("...全文", text)
    if not text or tombstone_of(status):
        return None
    return Post(
        kind="weibo",
        site=weibo_site(page.url),
        native_id=mid,
        url=status_url(page, mid),
        channel=page.channel or "weibo",
        text=text,
        author=author_of(status),
        published=when_of(status.get("created_at"), page),
        edited=when_of(status.get("edit_at"), page),
        collected=page.now,
        parent=parent,
        counts=Counts(
            replies=parse_count(status.get("comments_count")),
            likes=parse_count(status.get("attitudes_count")),
            reposts=parse_count(status.get("reposts_count")),
            views=parse_count(status.get("reads_count")),
        ),
        images=_images(status, page),
    )


def tombstone_of(status: Mapping[str, Json]) -> str | None:
    """What Weibo says in the place of a status that was deleted or hidden; `None` for words of an author."""
    shown = status.get("text") or status.get("text_raw")
    if isinstance(status.get("user"), dict) or not isinstance(shown, str):
        return None
    text = html_to_text(shown[:2000])
    return text if _TOMBSTONE.search(text[:60]) else None


def whole_text(status: Mapping[str, Json]) -> str | None:
    """The long text where the answer already carries it inside; lists mostly do not."""
    inside = status.get("longText")
    content = (inside.get("longTextContent") or inside.get("content")) if isinstance(inside, dict) else None
    return content if isinstance(content, str) and content.strip() else None


def author_of(shown: Mapping[str, Json]) -> Author:
    """Who wrote a status or comment; what was deleted keeps its text but loses its user."""
    region = region_of(shown.get("region_name"))
    user = shown.get("user")
    if not isinstance(user, dict):
        return Author(region=region)
    name = user.get("screen_name")
    return Author(
        id=id_text(user.get("id")) or id_text(user.get("idstr")),
        name=clean(name) or None if isinstance(name, str) else None,
        followers=parse_count(user.get("followers_count")),
        region=region,
    )


def region_of(shown: Json) -> str | None:
    """The region without what stands before it: 湖南 of "发布于 湖南" and of "来自湖南"."""
    return _REGION.sub("", clean(shown)) or None if isinstance(shown, str) else None


def when_of(value: Json, page: PageContext) -> datetime | None:
    """A time as Weibo writes it: a text of any shape, or Unix seconds."""
    if isinstance(value, str):
        return parse_when(value, now=page.now, zone=page.zone)
    return from_unix(value) if isinstance(value, int) and not isinstance(value, bool) else None


def _images(status: Mapping[str, Json], page: PageContext) -> tuple[str, ...]:
    pictures = status.get("pics")
    known, order = status.get("pic_infos"), status.get("pic_ids")
    if not pictures and isinstance(known, dict):  # weibo.com: numbers in order, addresses by number
        order = [number for number in order if isinstance(number, str)] if isinstance(order, list) else list(known)
        pictures = [known[number] for number in order if number in known]
    if isinstance(pictures, dict):
        pictures = list(pictures.values())
    card = status.get("page_info")
    cover = card.get("page_pic") if isinstance(card, dict) else None
    if not pictures and isinstance(card, dict) and isinstance(cover, dict) and card.get("type") == "video":
        pictures = [cover]
    found: list[str] = []
    for picture in pictures if isinstance(pictures, list) else []:
        large = picture.get("large") if isinstance(picture, dict) else None
        source = (large.get("url") if isinstance(large, dict) else None) or (
            picture.get("url") if isinstance(picture, dict) else None
        )
        url = absolute(page.url, source) if isinstance(source, str) else None
        if url:
            found.append(url)
    return tuple(found[:_MOST_IMAGES])
