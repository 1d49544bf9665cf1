"""Flarum boards and threads, read from the JSON that every page carries for the script that draws it.

The JSON tells posts' own numbers and UTC times; the page around it is an empty shell. Shapes follow Flarum's public
code, 0.1 to 2.0 (a call of `app.load({…})`, later a script element of its own); not yet seen on a running site.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from core.model import Author, Counts, Post, post_id
from core.text import clean
from core.times import parse_when
from crawlers.pages.base import LARGEST_BODY, LeadsTo, Link, PageContext, PageParser, Parsed, stopped
from crawlers.pages.encoding import decode
from crawlers.pages.forum_outcome import board_page, thread_page, unreadable_posts
from crawlers.pages.markup import Element, parse_markup, text_of
from crawlers.pages.refusals import refusal
from crawlers.pages.urls import absolute, canonical, site_of

#: Untrusted JSON: every access asks for the type first.
Json: TypeAlias = Any

_CALL = re.compile(r"(?:app\.load\(|flarum-json-payload[^>]{0,80}>)\s*(?=\{)")
_NEXT = re.compile(r"href=\"([^\"<>]{1,500}[?&](?:amp;)?page=(\d{1,6})[^\"<>]{0,200})\"")
_PAGE = re.compile(r"[?&]page=(\d{1,6})")
_MOST = 1000


def looks_like_flarum(body: bytes, _: PageContext) -> bool:
    """Whether the page carries what Flarum's script draws it from."""
    return b"flarum" in body[:500_000] and b"apiDocument" in body


def parse(body: bytes, page: PageContext) -> Parsed:
    """The threads of a list, or the posts of a thread; never raises."""
    if (refused := refusal(body, page, expects="html")) is not None:
        return refused
    text = decode(body[:LARGEST_BODY], page.content_type)
    payload = _payload(text)
    document = payload.get("apiDocument") if payload else None
    if payload is None or not isinstance(document, dict) or not site_of(page.url):
        return stopped("broken", "没有读到论坛的数据，页面可能改版")
    root = _root(payload, page)
    data = document.get("data")
    if isinstance(data, dict) and data.get("type") == "discussions":
        posts = tuple(_posts(data, document, page, root))
        return thread_page(posts, tuple(_following(text, page, "page"))) if posts else unreadable_posts()
    if isinstance(data, list):
        threads = tuple(_threads(data, page, root))
        if threads:
            return board_page(threads, tuple(_following(text, page, "list")))
        return stopped("empty", "该版块目前没有主题") if not data else unreadable_posts()
    return stopped("broken", "没有找到主题或帖子，页面可能改版")


def _payload(text: str) -> dict[str, Json] | None:
    for start in list(_CALL.finditer(text))[:3]:
        try:
            value: Json = json.JSONDecoder(strict=False).raw_decode(text, start.end())[0]
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict):
            return value
    return None


def _root(payload: dict[str, Json], page: PageContext) -> str:
    """The address of the forum; on the host that we really asked."""
    resources = payload.get("resources")
    for one in resources[:5] if isinstance(resources, list) else []:
        path = _attributes(one).get("basePath") if isinstance(one, dict) else None
        if isinstance(path, str) and path.startswith("/"):
            return absolute(page.url, path.rstrip("/")) or ""
    parts = urlsplit(page.url)
    folder = parts.path.partition("/d/")[0] if "/d/" in parts.path else ""
    return f"{parts.scheme}://{parts.netloc}{folder}"


def _attributes(one: dict[str, Json]) -> dict[str, Json]:
    found = one.get("attributes")
    return found if isinstance(found, dict) else {}


def _number(one: dict[str, Json]) -> str | None:
    number = str(one.get("id"))
    return number if number.isascii() and number.isdigit() and len(number) < 16 else None


def _when(value: Json, page: PageContext) -> datetime | None:
    when = parse_when(value, now=page.now, zone=page.zone) if isinstance(value, str) and len(value) < 60 else None
    return when.astimezone(page.zone) if when else None


def _count(value: Json) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _threads(data: list[Json], page: PageContext, root: str) -> Iterator[Link]:
    for row in data[:_MOST]:
        if not isinstance(row, dict) or row.get("type") != "discussions" or (number := _number(row)) is None:
            continue
        told = _attributes(row)
        changed = _when(told.get("lastPostedAt") or told.get("lastTime") or told.get("createdAt"), page)
        title = clean(told["title"]) if isinstance(told.get("title"), str) else None
        yield Link(url=canonical(f"{root}/d/{number}"), leads_to="thread", title=title, changed=changed)


def _posts(data: dict[str, Json], document: dict[str, Json], page: PageContext, root: str) -> Iterator[Post]:
    included = document.get("included")
    rows = [row for row in (included if isinstance(included, list) else [])[: 5 * _MOST] if isinstance(row, dict)]
    users = {_number(row): _attributes(row) for row in rows if row.get("type") == "users"}
    thread, site, opening = _attributes(data), site_of(page.url), page.opening
    found = [row for row in rows if row.get("type") == "posts" and _number(row)][:_MOST]
    for row in sorted(found, key=lambda row: _count(_attributes(row).get("number")) or 0):
        told, number = _attributes(row), _number(row)
        floor, markup = _count(told.get("number")), told.get("contentHtml")
        message = parse_markup(f"<div>{markup}</div>") if isinstance(markup, str) else None
        if message is None or told.get("isHidden") is True:
            continue
        own = post_id("forum", site, f"pid:{number}")
        opening = own if floor == 1 else opening
        title = thread.get("title") if floor == 1 else None
        address = canonical(f"{root}/d/{_number(data) or ''}")
        replies = _count(thread.get("commentCount"))
        images = (absolute(page.url, image.get("src")) for image in message.iter("img"))
        yield Post(
            kind="forum",
            site=site,
            native_id=f"pid:{number}",
            url=address if floor in (None, 1) else f"{address}/{floor}",
            channel=page.channel or "forum",
            title=clean(title) if isinstance(title, str) else None,
            text=text_of(message, skip=_is_quote),
            author=_author(row, users),
            published=_when(told.get("createdAt") or told.get("time"), page),
            edited=_when(told.get("editedAt") or told.get("editTime"), page),
            collected=page.now,
            floor=floor,
            parent=opening if opening != own and floor != 1 else None,
            counts=Counts(replies=max(0, replies - 1)) if replies is not None and floor == 1 else Counts(),
            images=tuple(dict.fromkeys(url for url in images if url))[:60],
        )


def _is_quote(element: Element) -> bool:
    return bool(element.tag == "blockquote")


def _author(row: dict[str, Json], users: dict[str | None, dict[str, Json]]) -> Author:
    related = row.get("relationships")
    user = related.get("user") if isinstance(related, dict) else None
    data = user.get("data") if isinstance(user, dict) else None
    number = _number(data) if isinstance(data, dict) else None
    told = users.get(number, {}) if number else {}
    name = told.get("displayName") or told.get("username")
    return Author(id=number, name=clean(name)[:60] if isinstance(name, str) and clean(name) else None)


def _following(text: str, page: PageContext, leads_to: LeadsTo) -> Iterator[Link]:
    """The page after this one, as the shell names it for readers without scripts."""
    here = _PAGE.search(page.url)
    wanted = (int(here[1]) if here else 1) + 1
    for found in _NEXT.finditer(text):
        url = absolute(page.url, found[1].replace("&amp;", "&"))
        if int(found[2]) == wanted and url and site_of(url) == site_of(page.url):
            yield Link(url=canonical(url), leads_to=leads_to)
            return


PARSER = PageParser(name="flarum", parse=parse, looks_like=looks_like_flarum, rank=33)
