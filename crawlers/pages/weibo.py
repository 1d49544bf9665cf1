"""Weibo's mobile JSON (m.weibo.cn): search and user lists, single statuses, long texts.

Quirks: ids exceed 2^53 and are kept as strings; counts may be words ("100万+"); a deleted original has no user; a long
text is cut and must be fetched; "这里还没有内容" is also said when throttled, which only the caller's history can tell.
Facts from public code and saved answers (2019 to 2026); not verified against the live site.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from core.model import Post, post_id
from core.text import clean
from crawlers.pages.base import LARGEST_BODY, Link, PageContext, PageParser, PageState, Parsed, stopped
from crawlers.pages.encoding import decode
from crawlers.pages.markup import html_to_text
from crawlers.pages.refusals import refusal
from crawlers.pages.urls import site_of
from crawlers.pages.weibo_posts import Json, mid_of, on_host, post_of, whole_text

_RENDERED = re.compile(rb"\$render_data\s*=\s*(?=\[)")
_LOOK = 500_000
_MOST_CARDS = 2000
_DEEPEST_CARD = 6
_NOTHING_HERE = re.compile(r"还没有内容|暂无|没有找到|未找到|找不到|没有更多|无数据|不存在|已被?删除|no data", re.I)


@dataclass(frozen=True, slots=True, kw_only=True)
class LongText:
    """The whole text of a status that a list had cut."""

    text: str


def parse(body: bytes, page: PageContext) -> Parsed:
    """The statuses of a list or of one status answer, originals of reposts as posts of their own; never raises."""
    body = rendered(body) or body
    if (refused := refusal(body, page, expects="json")) is not None:
        return refused
    answer = _load(body)
    if not isinstance(answer, dict) or not site_of(page.url):
        return stopped("broken", "响应不是微博接口的 JSON")
    found = tuple(_statuses(answer))
    posts: dict[str, Post] = {}
    links: dict[str, Link] = {}
    for status in found:
        _read(status, page, posts, links)
    if posts and all(post.published is None for post in posts.values()):
        return Parsed(
            posts=tuple(posts.values()),
            state=PageState(state="broken", reason="所有微博都读不出发布时间，接口可能改版"),
        )
    if posts:
        following = _next_page(answer, page)
        everything = (*links.values(), *((following,) if following else ()))
        return Parsed(
            posts=tuple(posts.values()),
            links=everything,
            state=PageState(state="ok", reason=f"读到 {len(posts)} 条微博"),
        )
    return _without_posts(answer, body, page, seen=len(found))


def rendered(body: bytes) -> bytes | None:
    """The status that a `/detail/` page draws itself from, as JSON; `None` where the page has none."""
    start = _RENDERED.search(body[:_LOOK])
    if start is None:
        return None
    try:
        drawn, _ = json.JSONDecoder(strict=False).raw_decode(decode(body[start.end() : LARGEST_BODY]))
    except (ValueError, RecursionError):
        return None
    status = drawn[0].get("status") if isinstance(drawn, list) and drawn and isinstance(drawn[0], dict) else None
    return json.dumps(status).encode() if isinstance(status, dict) else None


def long_text(body: bytes) -> LongText | None:
    """The text of a `statuses/extend` answer, `None` where the answer is something else."""
    answer = _load(body)
    data = answer.get("data") if isinstance(answer, dict) else None
    content = data.get("longTextContent") if isinstance(data, dict) else None
    text = html_to_text(content) if isinstance(content, str) else ""
    return LongText(text=text) if text else None


def _load(body: bytes) -> Json:
    try:
        return json.loads(decode(body[:LARGEST_BODY]))
    except (ValueError, RecursionError):
        return None


def _without_posts(answer: Mapping[str, Json], body: bytes, page: PageContext, *, seen: int) -> Parsed:
    message = answer.get("msg")
    said = clean(message)[:60] if isinstance(message, str) else ""
    if seen:
        return stopped("broken", f"有 {seen} 条微博，但都缺少编号或正文，接口可能改版")
    if said and _NOTHING_HERE.search(said):
        return stopped("empty", f"微博接口提示：{said}")
    if long_text(body):
        return Parsed(state=PageState(state="ok", reason="长微博全文"))
    if not isinstance(data := answer.get("data"), dict):
        return stopped("broken", f"微博接口提示：{said}" if said else "没有读到微博，接口可能改版")
    lists = tuple(_own_lists(data, page))
    if lists:
        return Parsed(links=lists, state=PageState(state="ok", reason="读到 1 个微博用户主页"))
    told = _told_by_cards(data)
    if told:
        return stopped("empty", f"微博接口提示：{told}")
    shown = data.get("cardlistInfo")
    if answer.get("ok") == 1 and data.get("cards") == [] and isinstance(shown, dict) and shown.get("total") == 0:
        return stopped("empty", "微博接口返回零条结果")
    return stopped("broken", f"微博接口提示：{said}" if said else "没有读到微博，接口可能改版")


def _own_lists(data: Mapping[str, Json], page: PageContext) -> Iterator[Link]:
    """A profile answer has no statuses; it names the container that has them."""
    user, tabs = data.get("userInfo"), data.get("tabsInfo")
    uid = mid_of(user) if isinstance(user, dict) else None
    for tab in tabs.get("tabs", []) if isinstance(tabs, dict) and isinstance(tabs.get("tabs"), list) else []:
        container = tab.get("containerid") if isinstance(tab, dict) and tab.get("tabKey") == "weibo" else None
        if uid and isinstance(container, int | str) and container:
            query = urlencode({"type": "uid", "value": uid, "containerid": str(container)})
            yield Link(url=on_host(page, f"/api/container/getIndex?{query}"), leads_to="list")


def _told_by_cards(data: Mapping[str, Json]) -> str | None:
    """A search without results says so in a card."""
    cards = data.get("cards")
    for card in cards[:20] if isinstance(cards, list) else []:
        said = card.get("desc") if isinstance(card, dict) else None
        if isinstance(said, str) and len(said) < 200 and _NOTHING_HERE.search(said):
            return html_to_text(said)[:60]
    return None


def _statuses(answer: Mapping[str, Json]) -> Iterator[dict[str, Json]]:
    """Every status object, wherever the kind of answer keeps it, in the order shown."""
    data = answer.get("data")
    if isinstance(data, dict):
        if isinstance(data.get("cards"), list):
            yield from _in_cards(data["cards"], depth=0)
        elif _looks_like_status(data):
            yield data
        elif isinstance(data.get("statuses") or data.get("list"), list):
            yield from (one for one in data.get("statuses") or data["list"] if isinstance(one, dict))
    elif isinstance(answer.get("statuses"), list):
        yield from (one for one in answer["statuses"] if isinstance(one, dict))
    elif _looks_like_status(answer):
        yield dict(answer)


def _looks_like_status(value: Mapping[str, Json]) -> bool:
    return ("mid" in value or "id" in value) and "created_at" in value and ("text" in value or "text_raw" in value)


def _in_cards(cards: list[Json], *, depth: int) -> Iterator[dict[str, Json]]:
    for card in cards[:_MOST_CARDS]:
        if not isinstance(card, dict):
            continue
        if isinstance(card.get("mblog"), dict):
            yield card["mblog"]
        for name in ("card_group", "cards", "left_element", "right_element"):
            group = card.get(name)
            if isinstance(group, list) and depth < _DEEPEST_CARD:
                yield from _in_cards(group, depth=depth + 1)


def _read(status: Mapping[str, Json], page: PageContext, posts: dict[str, Post], links: dict[str, Link]) -> None:
    """Add the status and the original it reposts; a status seen on its own wins over the same one inside a repost."""
    original = status.get("retweeted_status")
    parent = None
    if isinstance(original, dict):
        parent_mid = mid_of(original)
        parent = post_id("weibo", site_of(page.url), parent_mid) if parent_mid else None
        if parent_mid not in posts:
            _keep(original, page, None, posts, links)
    _keep(status, page, parent, posts, links)


def _keep(
    status: Mapping[str, Json], page: PageContext, parent: str | None, posts: dict[str, Post], links: dict[str, Link]
) -> None:
    post = post_of(status, page, parent)
    if post is None or (post.native_id in posts and posts[post.native_id].parent):
        return
    posts[post.native_id] = post
    if status.get("isLongText") is True and not whole_text(status):
        query = urlencode({"id": post.native_id})
        links[post.native_id] = Link(
            url=on_host(page, f"/statuses/extend?{query}"), leads_to="status", changed=post.edited or post.published
        )


def _next_page(answer: Mapping[str, Json], page: PageContext) -> Link | None:
    """The same list further down: by `since_id` where the answer gives one, else by the page number."""
    data = answer.get("data")
    shown = data.get("cardlistInfo") if isinstance(data, dict) else None
    if not isinstance(shown, dict):
        return None
    parts = urlsplit(page.url)
    query = {
        name: value
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
        if name not in ("since_id", "page")
    }
    since, number = shown.get("since_id"), shown.get("page")
    if isinstance(since, int | str) and not isinstance(since, bool) and since:
        query["since_id"] = str(since)
    elif isinstance(number, int) and 1 < number < 1000:
        query["page"] = str(number)
    else:
        return None
    return Link(url=urlunsplit(parts._replace(query=urlencode(query), fragment="")), leads_to="list")


def looks_like_weibo(body: bytes, page: PageContext) -> bool:
    """Whether it is JSON, or a page that draws itself from a status; what knows its own JSON is asked earlier."""
    start = body[:400].lstrip(b"\xef\xbb\xbf \t\r\n")
    return start.startswith((b"{", b"[")) or "json" in (page.content_type or "").lower() or rendered(body) is not None


PARSER = PageParser(name="weibo", parse=parse, expects="json", looks_like=looks_like_weibo, rank=90)
