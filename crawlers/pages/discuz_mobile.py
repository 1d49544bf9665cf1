"""The JSON that Discuz! serves to phones: api/mobile/index.php?version=4&module=forumdisplay|viewthread.

It tells unix times and the posts' own numbers, so its posts are those of the full edition. The robots.txt that comes
with Discuz! closes /api/: a source may use it only where the operator has recorded why. Seen on X3.5.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from core.model import Author, Counts, Post, post_id
from core.text import clean, shorten
from core.times import from_unix, parse_when
from crawlers.pages.base import LARGEST_BODY, LeadsTo, Link, PageContext, Parsed, stopped
from crawlers.pages.counts import parse_count
from crawlers.pages.discuz_text import edited_at, unsaid_on
from crawlers.pages.encoding import decode
from crawlers.pages.forum_outcome import board_page, thread_page, unreadable_posts
from crawlers.pages.markup import html_to_text, parse_markup, text_of
from crawlers.pages.urls import absolute, canonical, site_of

_CODE = re.compile(r"\[attach\]\d{1,12}\[/attach\]|\[attachimg\]\d{1,12}\[/attachimg\]")
_GATE = ("login", "permission", "noperm", "group_nopermission", "password", "banned", "viewperm")
_GONE = ("nonexistence", "nonexist", "deleted", "moderated", "not_exist")
_MOST = 1000


def answer_of(body: bytes) -> Mapping[str, Any] | None:
    """The answer, if it is one of Discuz!'s mobile API."""
    start = body[:300].lstrip(b"\xef\xbb\xbf \t\r\n")
    if start[:1] != b"{" or b'"Variables"' not in body[:20_000]:
        return None
    try:
        answer: Any = json.loads(decode(body[:LARGEST_BODY], None))
    except (ValueError, RecursionError):
        return None
    return answer if isinstance(answer, dict) and isinstance(answer.get("Variables"), dict) else None


def read(answer: Mapping[str, Any], page: PageContext) -> Parsed:
    """The threads or posts of an answer; what it refuses is refused."""
    told: Mapping[str, Any] = answer["Variables"]
    if _dicts(told.get("postlist")):
        posts = tuple(_posts(told, page))
        return thread_page(posts, tuple(_more_posts(told, page))) if posts else unreadable_posts()
    threads = tuple(_threads(told, page))
    if threads:
        return board_page(threads, tuple(_more_threads(told, page)))
    return _refused(answer) or (
        stopped("empty", "该版块目前没有主题")
        if told.get("forum_threadlist") == []
        else stopped("broken", "没有找到主题或帖子，接口可能改版")
    )


def _refused(answer: Mapping[str, Any]) -> Parsed | None:
    message = answer.get("Message")
    message = message if isinstance(message, dict) else {}
    value, said = _text(message.get("messageval")), html_to_text(_text(message.get("messagestr")))
    if not value and not said:
        return None
    reason = f"论坛提示：{shorten(said or value, 80)}"
    if any(word in value for word in _GATE):
        return stopped("blocked", reason)
    return stopped("empty" if any(word in value for word in _GONE) else "broken", reason)


def _dicts(value: Any) -> list[dict[str, Any]]:
    value = list(value.values()) if isinstance(value, dict) else value
    return [one for one in value[:_MOST] if isinstance(one, dict)] if isinstance(value, list) else []


def _text(value: Any) -> str:
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _number(value: Any) -> int:
    """A number that the API writes as text; 0 where it is none."""
    text = _text(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else 0


def _when(row: Mapping[str, Any], exact: str, shown: str, page: PageContext) -> datetime | None:
    unix = from_unix(_text(row.get(exact))) if _number(row.get(exact)) else None
    if unix is None and _number(row.get(shown)):
        unix = from_unix(_text(row.get(shown)))
    if unix:
        return unix.astimezone(page.zone)
    return parse_when(html_to_text(_text(row.get(shown))), now=page.now, zone=page.zone)


def _address(page: PageContext, changed: Mapping[str, str]) -> str:
    """The address of the API with other parameters."""
    parts = urlsplit(page.url)
    asked = {name: value for name, value in parse_qsl(parts.query) if name not in ("page", "tid", "fid", "module")}
    return canonical(urlunsplit(parts._replace(query=urlencode({**asked, **changed}))))


def _threads(told: Mapping[str, Any], page: PageContext) -> Iterator[Link]:
    for row in _dicts(told.get("forum_threadlist")):
        tid = _text(row.get("tid"))
        if tid.isdigit():
            yield Link(
                url=_address(page, {"module": "viewthread", "tid": tid}),
                leads_to="thread",
                title=html_to_text(_text(row.get("subject"))) or None,
                changed=_when(row, "dblastpost", "lastpost", page),
            )


def _more_threads(told: Mapping[str, Any], page: PageContext) -> Iterator[Link]:
    forum = told.get("forum")
    forum = forum if isinstance(forum, dict) else {}
    total = _number(forum.get("threadcount")) or _number(forum.get("threads"))
    now, size = _number(told.get("page")) or 1, _number(told.get("tpp"))
    if size and total > now * size:
        yield _next(page, "list", now + 1, module="forumdisplay", fid=_text(forum.get("fid")))


def _more_posts(told: Mapping[str, Any], page: PageContext) -> Iterator[Link]:
    thread = told.get("thread")
    thread = thread if isinstance(thread, dict) else {}
    now = _number(dict(parse_qsl(urlsplit(page.url).query)).get("page")) or 1
    size = _number(told.get("ppp"))
    if size and _number(thread.get("replies")) + 1 > now * size:
        yield _next(page, "page", now + 1, module="viewthread", tid=_text(thread.get("tid")))


def _next(page: PageContext, leads_to: LeadsTo, number: int, **asked: str) -> Link:
    return Link(url=_address(page, {**asked, "page": str(number)}), leads_to=leads_to)


def _posts(told: Mapping[str, Any], page: PageContext) -> Iterator[Post]:
    thread = told.get("thread")
    thread = thread if isinstance(thread, dict) else {}
    site, opening = site_of(page.url), page.opening
    title = html_to_text(_text(thread.get("subject"))) or None
    for row in _dicts(told.get("postlist")):
        pid = _text(row.get("pid"))
        floor = _number(row.get("number")) or _number(row.get("position")) or None
        is_opening = _text(row.get("first")) == "1"
        message = parse_markup(f"<div>{_CODE.sub('', _text(row.get('message')))}</div>")
        text = text_of(message, skip=unsaid_on(message)) if message is not None else ""
        images = _images(row, page)
        if not pid.isdigit() or message is None or not (text or images or (is_opening and title)):
            continue
        own = post_id("forum", site, f"pid:{pid}")
        opening = own if is_opening else opening
        name = html_to_text(_text(row.get("author")) or _text(row.get("username")))
        uid = _text(row.get("authorid"))
        yield Post(
            kind="forum",
            site=site,
            native_id=f"pid:{pid}",
            url=f"{_thread_page(told, thread, page, floor)}#pid{pid}",
            channel=page.channel or "forum",
            title=title if is_opening else None,
            text=text,
            author=Author(id=uid if uid not in ("", "0") else None, name=name or None),
            published=_when(row, "dbdateline", "dateline", page),
            edited=edited_at(message, page),
            collected=page.now,
            floor=1 if is_opening else floor,
            parent=opening if opening != own else None,
            counts=_counts(thread) if is_opening else Counts(),
            images=images,
        )


def _counts(thread: Mapping[str, Any]) -> Counts:
    return Counts(views=parse_count(thread.get("views")), replies=parse_count(thread.get("replies")))


def _thread_page(told: Mapping[str, Any], thread: Mapping[str, Any], page: PageContext, floor: int | None) -> str:
    """The page of the full edition that shows the post: what people open and the camera takes."""
    parts = urlsplit(page.url)
    root = parts.path.partition("/api/mobile/")[0]
    size = _number(told.get("ppp"))
    number = (floor - 1) // size + 1 if size and floor else 1
    query = f"mod=viewthread&tid={clean(_text(thread.get('tid')))}" + (f"&page={number}" if number > 1 else "")
    return urlunsplit((parts.scheme, parts.netloc, f"{root}/forum.php", query, ""))


def _images(row: Mapping[str, Any], page: PageContext) -> tuple[str, ...]:
    base = page.url.partition("/api/mobile/")[0] + "/"
    found: dict[str, None] = {}
    for one in _dicts(row.get("attachments")):
        if _text(one.get("isimage")) not in ("", "0") or _text(one.get("attachimg")) == "1":
            url = absolute(base, _text(one.get("url")) + _text(one.get("attachment")))
            if url:
                found.setdefault(url)
    return tuple(found)
