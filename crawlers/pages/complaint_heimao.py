"""Answers of 黑猫投诉's JSON interface that a person saved and handed in.

The interface wants a signature, which is an access control and is not forged: no spider of ours calls it. What a list
shows of a complaint is its beginning; the page of the complaint has the whole. Facts from public code [R].
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from core.model import Author, Post
from core.text import clean
from crawlers.pages.base import LARGEST_BODY, Link, PageContext, PageState, Parsed, stopped
from crawlers.pages.complaint_fields import facts
from crawlers.pages.encoding import decode
from crawlers.pages.markup import html_to_text
from crawlers.pages.qa_thread import unix
from crawlers.pages.urls import absolute, canonical, site_of

#: Untrusted JSON: every access asks for the type first.
Json: TypeAlias = Any

_MOST = 500


def looks_like(body: bytes) -> bool:
    """Whether the JSON has the names of the interface."""
    head = body[:300_000]
    return b'"cotitle"' in head or (b'"appeal"' in head and b'"sn"' in head)


def read(body: bytes, page: PageContext) -> Parsed:
    """The complaints of one answer; never raises."""
    answer = _load(decode(body[:LARGEST_BODY], page.content_type))
    result = _record(_record(answer).get("result"))
    data = _record(result.get("data"))
    posts: dict[str, Post] = {}
    links: dict[str, Link] = {}
    entries = list(_entries(data))
    for entry in entries:
        post, link = _post(entry, page)
        if post is not None:
            posts[post.native_id] = post
        if post is not None and link is not None:
            links[post.native_id] = link
    if posts:
        state = PageState(state="ok", reason=f"读到 {len(posts)} 条投诉（列表只有开头，全文在投诉页）")
        return Parsed(posts=tuple(posts.values()), links=tuple(links.values()), state=state)
    if entries:
        return stopped("broken", f"接口返回 {len(entries)} 项，却一条投诉也读不出，接口可能改版")
    status = _record(result.get("status"))
    said = clean(str(status.get("msg"))) if isinstance(status.get("msg"), str) else ""
    if status.get("code") not in (0, "0", None):
        return stopped("blocked", f"接口拒绝了请求：{said[:60] or status.get('code')}")
    listed = any(isinstance(data.get(name), list) for name in ("lists", "complaints", "list"))
    return stopped("empty", "接口说没有投诉") if listed else stopped("broken", "响应不是投诉接口的 JSON")


def _entries(data: Mapping[str, Json]) -> Iterator[Mapping[str, Json]]:
    for name in ("lists", "complaints", "list"):
        rows = data.get(name)
        for row in rows[:_MOST] if isinstance(rows, list) else ():
            yield {**_record(row), **_record(_record(row).get("main"))}
    if isinstance(data.get("main"), dict):
        yield {**data, **data["main"]}


def _post(entry: Mapping[str, Json], page: PageContext) -> tuple[Post | None, Link | None]:
    number = entry.get("sn") or entry.get("id")
    number = str(number) if isinstance(number, str | int) and not isinstance(number, bool) else ""
    summary, title = _text(entry, "summary") or _text(entry, "content"), _text(entry, "title")
    if not (number.isascii() and number.isalnum() and len(number) <= 24) or not (summary or title):
        return None, None
    given = entry.get("url")
    url = absolute(page.url, given) if isinstance(given, str) else None
    fields = {
        "target": _text(entry, "cotitle"),
        "issue": _text(entry, "issue"),
        "appeal": _text(entry, "appeal"),
        "cost": _text(entry, "cost"),
    }
    author = _record(entry.get("author"))
    published = unix(entry.get("timestamp") or entry.get("createtime"), page)
    status = entry.get("status")
    standing = f"状态 {status}" if isinstance(status, str | int) and status != "" else None
    post = Post(
        kind="complaint",
        site=site_of(url or page.url),
        native_id=f"c:{number}",
        url=canonical(url or page.url),
        channel=page.channel or "complaint",
        title=title or None,
        text="\n".join([*facts(fields), *([summary] if summary else [])]),
        author=Author(name=_text(author, "title") or _text(author, "name") or None),
        published=published,
        collected=page.now,
        floor=1,
    )
    if url is None:
        return post, None
    return post, Link(url=canonical(url), leads_to="thread", title=title or None, changed=published, standing=standing)


def _text(entry: Mapping[str, Json], name: str) -> str:
    value = entry.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return html_to_text(value) if isinstance(value, str) else ""


def _record(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, dict) else {}


def _load(text: str) -> Json:
    try:
        return json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return None
