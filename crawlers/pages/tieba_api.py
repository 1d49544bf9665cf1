"""Tieba's data as objects: the new web site's JSON (page_pc), the app's old JSON, and the app's protobuf once decoded.

All three name their fields alike. Only answers are read here: the web site signs its questions (`sign`), and we forge
nothing, so such JSON reaches us as a file, through a browser or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.model import Author, Counts, Post, post_id
from core.text import clean
from core.times import from_unix
from crawlers.pages.base import Link, PageContext
from crawlers.pages.tieba_facts import (
    Json,
    Saying,
    amount,
    as_post,
    author_of,
    face_name,
    inner,
    last_reply,
    native_id,
    number,
    site,
    words,
)
from crawlers.pages.urls import absolute

#: Kinds of content: words that are read as they are (text, phone, topic, encyclopaedia, mention, link).
_TEXTS = frozenset({0, 1, 4, 9, 18, 27})
_FACES, _PICTURES = frozenset({2, 11}), frozenset({3, 20})
_VIDEO, _VOICE = 5, 10
_LONGEST = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """How the next requests are written: as pages of the web site, or as calls of the app."""

    bar: Callable[[str, int], str]
    thread: Callable[[str, int], str]
    comments: Callable[[str, str, int], str]


def rows(value: object) -> list[Json]:
    """The objects of a list; empty for anything else."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def read_bar(answer: Json, page: PageContext, to: Addresses) -> tuple[list[Post], list[Link]]:
    """The threads of a bar with their opening posts as far as the list shows them, then the next list page."""
    people = _people(answer)
    posts: list[Post] = []
    links: dict[str, Link] = {}
    for row in [*rows(answer.get("thread_list")), *_feeds(answer)]:
        tid = number(row.get("id")) or number(row.get("tid"))
        if tid is None or tid in links or amount(row.get("is_ad")):
            continue
        replies = amount(row.get("reply_num"))
        links[tid] = Link(
            url=to.thread(tid, 1),
            leads_to="thread",
            title=words(row.get("title"), 500) or None,
            changed=_moment(row.get("last_time_int")) or _shown_time(row.get("last_time"), page),
            standing=None if replies is None else str(replies),
        )
        preview = _preview(row, people, page)
        if preview:
            posts.append(as_post(preview, page, tid=tid, opening=None))
    return posts, [*links.values(), *_next_bar(answer, to, bool(links))]


def _feeds(answer: Json) -> Iterator[Json]:
    """The rows of the new web site, written like the app's."""
    for entry in rows(inner(answer, "page_data").get("feed_list")):
        feed = inner(entry, "feed")
        info = inner(feed, "business_info_map")
        parts = {words(part.get("component")): part for part in rows(feed.get("components"))}
        head = inner(parts.get("feed_head", {}), "feed_head")
        shown = inner(first_of(rows(head.get("extra_data"))), "text").get("text")
        author = next((name for one in rows(head.get("main_data")) if (name := inner(one, "text").get("text"))), None)
        if number(info.get("thread_id")):
            yield {
                "id": info.get("thread_id"),
                "title": info.get("title"),
                "reply_num": inner(parts.get("feed_social", {}), "feed_social").get(
                    "comment_num", info.get("comment_num")
                ),
                "last_time_int": shown if number(shown) else None,
                "last_time": None if number(shown) else shown,
                "first_post_id": info.get("first_post_id"),
                "abstract": info.get("abstract"),
                "author": {"name_show": author},
            }


def first_of(things: list[Json]) -> Json:
    """The first object, or an empty one."""
    return things[0] if things else {}


def _preview(row: Json, people: dict[str, Json], page: PageContext) -> Saying | None:
    pid = number(row.get("first_post_id"))
    if pid is None:
        return None
    content = row.get("first_post_content") or row.get("abstract")
    text, images = read_content(content, page) if isinstance(content, list) else (words(content, _LONGEST), ())
    return Saying(
        pid=pid,
        text=text,
        author=_author(row, people),
        published=_moment(row.get("create_time")),
        floor=1,
        images=images,
        title=words(row.get("title"), 500) or None,
        counts=_counts(row),
    )


def _counts(row: Json) -> Counts:
    return Counts(
        views=amount(row.get("view_num")),
        replies=amount(row.get("reply_num")),
        likes=amount(inner(row, "agree").get("agree_num")),
        reposts=amount(row.get("share_num")),
    )


def _next_bar(answer: Json, to: Addresses, any_rows: bool) -> Iterator[Link]:
    pager = inner(answer, "page")
    name = words(inner(answer, "forum").get("name"))
    if name and any_rows and amount(pager.get("has_more")):
        yield Link(url=to.bar(name, (amount(pager.get("current_page")) or 1) + 1), leads_to="list")


def read_floors(answer: Json, page: PageContext, to: Addresses) -> tuple[list[Post], list[Link]]:
    """The floors of a thread's page with the sub-comments they show, the next page, and where the rest stands."""
    thread = inner(answer, "thread")
    found = [*rows([answer.get("first_floor")]), *rows(answer.get("post_list"))]
    tid = number(thread.get("id")) or first_number(found, "tid")
    if tid is None:
        return [], []
    people = _people(answer)
    title = words(thread.get("title"), 500) or words(first_of(found).get("title"), 500) or None
    opening = page.opening or _opening(thread, page)
    posts: dict[str, Post] = {}
    more: list[Link] = []
    for row in found:
        said = _floor(row, people, page, title=title, thread=thread)
        if said is None:
            continue
        if said.floor == 1:
            opening = post_id("tieba", site(page), native_id(said.pid))
        posts.setdefault(said.pid, as_post(said, page, tid=tid, opening=opening))
        listed = row.get("sub_post_list")
        subs = rows(inner(row, "sub_post_list").get("sub_post_list")) or rows(listed)
        for sub in subs:
            told = _comment(sub, people, page, under=said.pid)
            if told:
                posts.setdefault(told.pid, as_post(told, page, tid=tid, opening=opening))
        total = amount(row.get("sub_post_number")) or 0
        if total > len(subs):
            more.append(Link(url=to.comments(tid, said.pid, 1), leads_to="comments", standing=str(total)))
    return list(posts.values()), [*_next_floors(answer, tid, to), *more]


def first_number(found: list[Json], key: str) -> str | None:
    """The first id under this key."""
    return next((tid for row in found if (tid := number(row.get(key)))), None)


def _opening(thread: Json, page: PageContext) -> str | None:
    pid = number(thread.get("post_id")) or number(thread.get("first_post_id"))
    return post_id("tieba", site(page), native_id(pid)) if pid else None


def _floor(row: Json, people: dict[str, Json], page: PageContext, *, title: str | None, thread: Json) -> Saying | None:
    pid = number(row.get("id")) or number(row.get("pid"))
    if pid is None:
        return None
    text, images = read_content(row.get("content"), page)
    floor = amount(row.get("floor"))
    if not (text or images or floor == 1):
        return None
    likes = amount(inner(row, "agree").get("agree_num"))
    return Saying(
        pid=pid,
        text=text,
        author=_author(row, people),
        published=_moment(row.get("time")),
        floor=floor,
        images=images,
        title=title if floor == 1 else None,
        counts=_counts(thread) if floor == 1 else Counts(likes=likes),
    )


def _next_floors(answer: Json, tid: str, to: Addresses) -> Iterator[Link]:
    pager = inner(answer, "page")
    current, total = amount(pager.get("current_page")) or 1, amount(pager.get("total_page")) or 1
    if current < total or amount(pager.get("has_more")):
        yield Link(url=to.thread(tid, current + 1), leads_to="page")
    if current + 1 < total:
        yield Link(url=to.thread(tid, total), leads_to="page")


def read_subposts(answer: Json, page: PageContext, to: Addresses) -> tuple[list[Post], list[Link]]:
    """One floor with a page of its sub-comments, then the next."""
    thread = inner(answer, "thread")
    tid = number(thread.get("id")) or number(inner(answer, "post").get("tid"))
    floor = number(inner(answer, "post").get("id"))
    if tid is None or floor is None:
        return [], []
    people = _people(answer)
    told = [_comment(row, people, page, under=floor) for row in rows(answer.get("subpost_list"))]
    above = _floor(inner(answer, "post"), people, page, title=words(thread.get("title"), 500) or None, thread=thread)
    opening = page.opening or _opening(thread, page)
    posts = [as_post(one, page, tid=tid, opening=opening) for one in (above, *told) if one]
    pager = inner(answer, "page")
    current, total = amount(pager.get("current_page")) or 1, amount(pager.get("total_page")) or 1
    links = [Link(url=to.comments(tid, floor, current + 1), leads_to="comments")] if current < total else []
    return posts, links


def _comment(row: Json, people: dict[str, Json], page: PageContext, *, under: str) -> Saying | None:
    pid = number(row.get("id")) or number(row.get("spid"))
    if pid is None:
        return None
    text, images = read_content(row.get("content"), page)
    return Saying(
        pid=pid,
        text=text,
        author=_author(row, people),
        published=_moment(row.get("time")),
        images=images,
        counts=Counts(likes=amount(inner(row, "agree").get("agree_num"))),
        under=under,
    )


def read_content(content: object, page: PageContext) -> tuple[str, tuple[str, ...]]:
    """Text and pictures of a list of content pieces; advertisements in between are left out."""
    said: list[str] = []
    images: dict[str, None] = {}
    for piece in rows(content):
        kind = amount(piece.get("type")) or 0
        if kind in _TEXTS:
            said.append(_text(piece))
        elif kind in _FACES:
            said.append(f"[{words(piece.get('c'), 10) or face_name(words(piece.get('text')))}]")
        elif kind in _PICTURES:
            source = next((piece[key] for key in ("origin_src", "big_cdn_src", "cdn_src", "src") if piece.get(key)), "")
            url = absolute(page.url, source) if isinstance(source, str) else None
            images.update({url: None} if url else {})
        elif kind == _VIDEO:
            said.append("[视频]")
        elif kind == _VOICE:
            said.append("[语音]")
    return clean("".join(said)), tuple(images)[:50]


def _text(piece: Json) -> str:
    text = piece.get("text")
    return text[:_LONGEST] if isinstance(text, str) else ""


def _people(answer: Json) -> dict[str, Json]:
    return {uid: one for one in rows(answer.get("user_list")) if (uid := number(one.get("id")))}


def _author(row: Json, people: dict[str, Json]) -> Author:
    uid = number(row.get("author_id")) or number(inner(row, "author").get("id"))
    who: Json = {
        **(people.get(uid, {}) if uid else {}),
        **{key: value for key, value in inner(row, "author").items() if value},
    }
    return author_of(
        uid=uid,
        portrait=who.get("portrait"),
        name=who.get("name") or who.get("user_name"),
        nickname=who.get("name_show") or who.get("nickname"),
        region=words(who.get("ip_address"), 20),
    )


def _moment(value: Any) -> datetime | None:
    seconds = number(value)
    return from_unix(seconds) if seconds else None


def _shown_time(value: object, page: PageContext) -> datetime | None:
    shown = words(value, 40).removeprefix("回复于").removeprefix("发布于").strip()
    return last_reply(shown, page) if shown else None
