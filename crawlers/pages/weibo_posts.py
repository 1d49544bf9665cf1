"""One Weibo status object as a post: the fields, and the shapes each was seen in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from core.model import Author, Counts, Post
from core.text import clean
from core.times import from_unix, parse_when
from crawlers.pages.base import PageContext
from crawlers.pages.counts import parse_count
from crawlers.pages.markup import html_to_text
from crawlers.pages.urls import absolute, site_of

#: Untrusted JSON: every access asks for the type first.
Json: TypeAlias = Any

_MID = re.compile(r"[0-9A-Za-z]{5,24}", re.ASCII)
_REGION = re.compile(r"^(?:发布于|来自)\s*")
#: What Weibo puts in the place of a deleted or hidden status: its own words, not the author's.
_TOMBSTONE = re.compile(r"抱歉|不可见|已被.{0,6}删除|无法查看|该账号|查看帮助")
_MOST_IMAGES = 18


def mid_of(status: Mapping[str, Json]) -> str | None:
    """The status's number as text, `None` where it has none."""
    for name in ("mid", "idstr", "id"):
        value = status.get(name)
        text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
        if _MID.fullmatch(text):
            return text
    return None


def post_of(status: Mapping[str, Json], page: PageContext, parent: str | None) -> Post | None:
    """The status as a post, `None` without a number or a text of its own; its address is on the host that answered."""
    mid = mid_of(status)
    markup = whole_text(status) or status.get("text") or status.get("text_raw") or status.get("raw_text")
    if mid is None or not isinstance(markup, str):
        return None
    text = html_to_text(markup)
    if not text or (not isinstance(status.get("user"), dict) and _TOMBSTONE.search(text[:60])):
        return None
    return Post(
        kind="weibo",
        site=site_of(page.url),
        native_id=mid,
        url=on_host(page, f"/detail/{mid}"),
        channel=page.channel or "weibo",
        text=text,
        author=_author(status),
        published=_time(status.get("created_at"), page),
        edited=_time(status.get("edit_at"), page),
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


def whole_text(status: Mapping[str, Json]) -> str | None:
    """The long text where the answer already carries it inside; lists mostly do not."""
    inside = status.get("longText")
    content = (inside.get("longTextContent") or inside.get("content")) if isinstance(inside, dict) else None
    return content if isinstance(content, str) and content.strip() else None


def _author(status: Mapping[str, Json]) -> Author:
    """A deleted status keeps its text but loses its user."""
    shown = status.get("region_name")
    region = _REGION.sub("", clean(shown)) or None if isinstance(shown, str) else None
    user = status.get("user")
    if not isinstance(user, dict):
        return Author(region=region)
    uid = user.get("id") or user.get("idstr")
    name = user.get("screen_name")
    return Author(
        id=str(uid) if isinstance(uid, int | str) and uid else None,
        name=clean(name) or None if isinstance(name, str) else None,
        followers=parse_count(user.get("followers_count")),
        region=region,
    )


def _time(value: Json, page: PageContext) -> datetime | None:
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


def on_host(page: PageContext, path: str) -> str:
    """A path on the host that answered, so that mirrors and look-alikes lead to themselves."""
    parts = urlsplit(page.url)
    return f"{parts.scheme}://{parts.netloc}{path}"
