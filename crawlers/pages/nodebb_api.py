"""The JSON behind NodeBB's pages: /api/category/N, /api/recent, /api/topic/N, /api/categories."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from core.model import Author, Counts, Post, post_id
from core.text import clean
from core.times import from_unix
from crawlers.pages.base import LARGEST_BODY, LeadsTo, Link, PageContext, Parsed, stopped
from crawlers.pages.forum_outcome import board_page, index_page, thread_page, unreadable_posts
from crawlers.pages.markup import html_to_text, parse_markup
from crawlers.pages.nodebb_text import pictures, said
from crawlers.pages.urls import absolute, canonical, site_of

_MOST = 2000
_TEMPLATES = ("topic", "category", "recent", "popular", "top", "unread", "tag", "categories")


def answer_of(body: bytes) -> Mapping[str, Any] | None:
    """The answer, if it is the JSON of a NodeBB page that holds topics or posts."""
    if body[:300].lstrip(b"\xef\xbb\xbf \t\r\n")[:1] != b"{":
        return None
    try:
        answer: Any = json.loads(body[:LARGEST_BODY])
    except (ValueError, RecursionError):
        return None
    if not isinstance(answer, dict):
        return None
    if "response" in answer and isinstance(answer["response"], dict):  # the write API wraps what it reads
        answer = answer["response"]
    template = answer.get("template")
    named = isinstance(template, dict) and template.get("name") in _TEMPLATES
    return answer if named or ("tid" in answer and "mainPid" in answer) else None


def read(answer: Mapping[str, Any], page: PageContext) -> Parsed:
    """The topics or posts of an answer."""
    posts = _dicts(answer.get("posts"))
    if "mainPid" in answer or "tid" in answer:
        found = tuple(_posts(answer, posts, page))
        if not found:
            return unreadable_posts() if posts else stopped("empty", "该主题没有可见的帖子")
        return thread_page(found, tuple(_following(answer, page, "page")))
    topics = tuple(_topics(answer, page))
    if topics:
        return board_page(topics, tuple(_following(answer, page, "list")))
    boards = tuple(_boards(answer, page))
    if boards:
        return index_page(boards)
    if answer.get("topics") == []:
        return stopped("empty", "该版块目前没有主题")
    return stopped("broken", "没有找到主题或帖子，接口可能改版")


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [one for one in value[:_MOST] if isinstance(one, dict)] if isinstance(value, list) else []


def _folder(page: PageContext) -> str:
    """What stands before /api: a forum may live in a folder."""
    path = urlsplit(page.url).path
    return path.partition("/api/")[0] if "/api/" in path else ""


def _text(value: Any) -> str:
    """A number or text as text; "" for anything else."""
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _when(value: Any, page: PageContext) -> datetime | None:
    when = from_unix(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else None
    return when.replace(microsecond=0).astimezone(page.zone) if when else None


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**12 else None


def _topics(answer: Mapping[str, Any], page: PageContext) -> Iterator[Link]:
    for topic in _dicts(answer.get("topics")):
        slug = _text(topic.get("slug")) or _text(topic.get("tid"))
        url = absolute(page.url, f"{_folder(page)}/api/topic/{slug}") if slug else None
        if url is None or topic.get("deleted"):
            continue
        changed = _when(topic.get("lastposttime"), page) or _when(topic.get("timestamp"), page)
        title = html_to_text(_text(topic.get("titleRaw")) or _text(topic.get("title")))
        yield Link(url=canonical(url), leads_to="thread", title=title or None, changed=changed)


def _boards(answer: Mapping[str, Any], page: PageContext) -> Iterator[Link]:
    for board in _dicts(answer.get("categories")):
        slug = _text(board.get("slug")) or _text(board.get("cid"))
        url = absolute(page.url, f"{_folder(page)}/api/category/{slug}") if slug else None
        if url:
            yield Link(url=canonical(url), leads_to="list", title=clean(_text(board.get("name"))) or None)


def _following(answer: Mapping[str, Any], page: PageContext, leads_to: LeadsTo) -> Iterator[Link]:
    bar = answer.get("pagination")
    following = bar.get("next") if isinstance(bar, dict) else None
    if not isinstance(following, dict) or not following.get("active") or not _count(following.get("page")):
        return
    parts = urlsplit(page.url)
    asked = [pair for pair in parse_qsl(parts.query) if pair[0] != "page"]
    query = urlencode([*asked, ("page", str(following["page"]))])
    yield Link(url=canonical(urlunsplit(parts._replace(query=query))), leads_to=leads_to)


def _posts(answer: Mapping[str, Any], posts: list[dict[str, Any]], page: PageContext) -> Iterator[Post]:
    site, opening = site_of(page.url), page.opening
    slug = _text(answer.get("slug")) or _text(answer.get("tid"))
    url = canonical(absolute(page.url, f"{_folder(page)}/topic/{slug}") or page.url)
    main = _text(answer.get("mainPid"))
    title = html_to_text(_text(answer.get("titleRaw")) or _text(answer.get("title"))) or None
    if main:
        opening = post_id("forum", site, f"pid:{main}")
    for post in posts:
        pid, index = _text(post.get("pid")), _count(post.get("index"))
        floor = 1 if pid and pid == main else index + 1 if index is not None else None
        text, images = _said(_text(post.get("content")), page.url)
        if not pid or post.get("deleted") or not (text or images or (floor == 1 and title)):
            continue
        own = post_id("forum", site, f"pid:{pid}")
        answered = _text(post.get("toPid"))
        parent = post_id("forum", site, f"pid:{answered}") if answered else opening
        yield Post(
            kind="forum",
            site=site,
            native_id=f"pid:{pid}",
            url=url if floor in (None, 1) else f"{url}/{floor}",
            channel=page.channel or "forum",
            title=title if floor == 1 else None,
            text=text,
            author=_author(post),
            published=_when(post.get("timestamp"), page),
            edited=_when(post.get("edited"), page) if post.get("edited") else None,
            collected=page.now,
            floor=floor,
            parent=parent if parent != own and floor != 1 else None,
            counts=_counts(answer if floor == 1 else {}, post),
            images=images,
        )


def _said(content: str, base: str) -> tuple[str, tuple[str, ...]]:
    """Text and pictures of a post."""
    root = parse_markup(f"<div>{content}</div>") if "<" in content else None
    return (html_to_text(content), ()) if root is None else (said(root), pictures(root, base))


def _author(post: Mapping[str, Any]) -> Author:
    user = post.get("user")
    user = user if isinstance(user, dict) else {}
    number = _text(post.get("uid") or user.get("uid"))
    name = clean(_text(user.get("displayname")) or _text(user.get("username")))
    return Author(id=number if number not in ("", "0") else None, name=name or None)


def _counts(topic: Mapping[str, Any], post: Mapping[str, Any]) -> Counts:
    replies = _count(topic.get("postcount"))
    return Counts(
        views=_count(topic.get("viewcount")),
        replies=replies - 1 if replies else None,
        likes=_count(post.get("votes")),
    )
