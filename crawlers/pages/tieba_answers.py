"""Tieba's JSON answers: which reader fits which, and what an error code says.

The error codes are [R]: from public readers of the same interfaces.
"""

from __future__ import annotations

import json
import re
from urllib.parse import quote

from core.model import Post
from crawlers.pages.base import Link, PageContext, Parsed, stopped
from crawlers.pages.markup import parse_markup
from crawlers.pages.tieba_api import Addresses, read_bar, read_floors, read_subposts
from crawlers.pages.tieba_comments import comments_url, read_total
from crawlers.pages.tieba_facts import NOTHING, Json, as_post, inner, number, ok, origin, tid_of, words
from crawlers.pages.tieba_touch import Pager, pager_of, read_touch_list, read_touch_thread, touch_floors, touch_rows

_Found = tuple[list[Post], list[Link]]
#: [R] 4: the thread was deleted (aiotieba, RSSHub); 340001: the bar does not exist; 350008: the thread is hidden.
_GONE_CODES = frozenset({"4", "340001", "350008"})
#: [R] 1: not logged in; 110001/110003: signature or session refused; 220034, 3250002 and the like: too often.
_REFUSED_CODES = frozenset({"1", "110001", "110003", "220034", "3250002", "210009"})
_REFUSED = re.compile(r"登[录陆]|验证|频繁|频率|签名|权限|安全|稍后|sign|login|frequen", re.IGNORECASE)


def web_addresses(page: PageContext) -> Addresses:
    """The pages of the web site on the same host."""
    base = origin(page)
    return Addresses(
        bar=lambda name, at: f"{base}/f?kw={quote(name, safe='')}&ie=utf-8&pn={(at - 1) * 50}",
        thread=lambda tid, at: f"{base}/p/{tid}" + (f"?pn={at}" if at > 1 else ""),
        comments=lambda tid, pid, at: comments_url(page, tid=tid, pid=pid, number_=at),
    )


def parse_answer(text: str, page: PageContext) -> Parsed:
    """Posts and links of a JSON answer; never raises."""
    try:
        answer = json.loads(text)
    except (ValueError, RecursionError):
        return stopped("broken", "不是完整的 JSON")
    if not isinstance(answer, dict):
        return stopped("broken", "JSON 的结构不是贴吧的数据")
    refused = said_by(answer)
    if refused:
        return refused
    posts, links = _read_answer(answer, page)
    if posts or links:
        return ok(posts, links)
    known = ("comment_list", "feed_list", "post_list", "thread_list", "subpost_list", "content", "html")
    places = (answer, inner(answer, "data"), inner(answer, "page_data"))
    if any(not place[key] for place in places for key in known if key in place):
        return stopped("empty", "贴吧的回答里没有内容")
    return stopped("broken", "JSON 里没有找到贴吧的主题或楼层，接口可能已改版")


def said_by(answer: Json) -> Parsed | None:
    """What an error code in the answer says; `None` for a good answer."""
    error = inner(answer, "error")
    code = number(
        answer.get("error_code")
        or answer.get("errno")
        or answer.get("no")
        or error.get("errorno")
        or error.get("errno")
    )
    if code is None:
        return None
    message = words(
        answer.get("error_msg")
        or answer.get("errmsg")
        or error.get("errmsg")
        or error.get("usermsg")
        or answer.get("error"),
        80,
    )
    told = f"贴吧返回错误码 {code}" + (f"：{message}" if message else "")
    if NOTHING.search(message) or code in _GONE_CODES:
        return stopped("empty", told)
    return stopped("blocked" if code in _REFUSED_CODES or _REFUSED.search(message) else "broken", told)


def _read_answer(answer: Json, page: PageContext) -> _Found:
    data = inner(answer, "data")
    tid = tid_of(page.url)
    if "comment_list" in data:
        if tid is None:
            return [], []
        sayings, links = read_total(answer, page, tid=tid)
        posts = {said.pid: as_post(said, page, tid=tid, opening=page.opening) for said in sayings}
        return list(posts.values()), links
    fragment = data.get("html") or data.get("content")
    if isinstance(fragment, str):
        return _read_fragment(fragment, pager_of(inner(data, "page")), page)
    for source in (answer, data):
        if "subpost_list" in source:
            return read_subposts(source, page, web_addresses(page))
        if "post_list" in source or "first_floor" in source:
            return read_floors(source, page, web_addresses(page))
        if "thread_list" in source or "page_data" in source:
            return read_bar(source, page, web_addresses(page))
    return [], []


def _read_fragment(fragment: str, pager: Pager, page: PageContext) -> _Found:
    """The touch edition answers its own scripts with markup inside JSON."""
    root = parse_markup(f"<div>{fragment}</div>")
    if root is None:
        return [], []
    if floors := touch_floors(root):
        return read_touch_thread(floors, root, page, pager)
    return read_touch_list(touch_rows(root), page, pager)
