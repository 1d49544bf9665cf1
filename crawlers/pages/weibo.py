"""Weibo's JSON, of m.weibo.cn and of weibo.com/ajax: search and user lists, single statuses, long texts.

Quirks: ids exceed 2^53 and are kept as strings; counts may be words ("100万+"); a deleted original has no user; a long
text is cut and must be fetched; "这里还没有内容" is also said when throttled, which only the caller's history can tell.
Facts from public code and saved answers (2019 to 2026): those of weibo.com/ajax only from code. Not verified against
the live site.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs, urlencode, urlsplit

from core.model import Post, post_id
from crawlers.pages.base import Link, PageContext, PageParser, PageState, Parsed, stopped
from crawlers.pages.markup import html_to_text
from crawlers.pages.refusals import refusal
from crawlers.pages.urls import site_of
from crawlers.pages.weibo_answers import load, message_of, next_page, own_lists, rendered, statuses_in, whole_text_in
from crawlers.pages.weibo_ids import bid_of, on_host, weibo_site
from crawlers.pages.weibo_posts import Json, is_advert, mid_of, post_of, tombstone_of, whole_text

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
    answer = load(body)
    if not isinstance(answer, dict) or not site_of(page.url):
        return stopped("broken", "响应不是微博接口的 JSON")
    found = tuple(status for status in statuses_in(answer) if not is_advert(status))
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
        following = next_page(answer, page, shown=len(found))
        everything = (*links.values(), *((following,) if following else ()))
        return Parsed(
            posts=tuple(posts.values()),
            links=everything,
            state=PageState(state="ok", reason=f"读到 {len(posts)} 条微博"),
        )
    gone = [told for status in found if (told := tombstone_of(status))]
    if gone and len(gone) == len(found):
        return stopped("empty", f"微博接口提示：{gone[0][:60]}")
    return _without_posts(answer, page, seen=len(found))


def long_text(body: bytes) -> LongText | None:
    """The text of a `statuses/extend` or `statuses/longtext` answer, `None` where the answer is something else."""
    text = whole_text_in(load(body))
    return LongText(text=text) if text else None


def _without_posts(answer: Mapping[str, Json], page: PageContext, *, seen: int) -> Parsed:
    said = message_of(answer)
    if seen:
        return stopped("broken", f"有 {seen} 条微博，但都缺少编号或正文，接口可能改版")
    if said and _NOTHING_HERE.search(said):
        return stopped("empty", f"微博接口提示：{said}")
    if whole_text_in(answer):
        return Parsed(state=PageState(state="ok", reason="长微博全文"))
    if not isinstance(data := answer.get("data"), dict):
        return stopped("broken", f"微博接口提示：{said}" if said else "没有读到微博，接口可能改版")
    lists = tuple(own_lists(data, page))
    if lists:
        return Parsed(links=lists, state=PageState(state="ok", reason="读到 1 个微博用户主页"))
    told = _told_by_cards(data)
    if told:
        return stopped("empty", f"微博接口提示：{told}")
    if answer.get("ok") == 1 and (_is_empty_list(data) or (data.get("cards") == [] and _is_further_down(page.url))):
        return stopped("empty", "微博接口返回零条结果")
    return stopped("broken", f"微博接口提示：{said}" if said else "没有读到微博，接口可能改版")


def _is_empty_list(data: Mapping[str, Json]) -> bool:
    """A list without rows that also says that there are none; on weibo.com, the page after the last."""
    shown = data.get("cardlistInfo")
    if data.get("cards") == [] and isinstance(shown, dict):
        return shown.get("total") == 0
    return data.get("list") == [] and ("since_id" in data or data.get("total") == 0)


def _is_further_down(url: str) -> bool:
    """Whether an address names a page behind the first: there, nothing is the end of the list."""
    query = parse_qs(urlsplit(url).query)
    return "since_id" in query or query.get("page", ["1"]) != ["1"]


def _told_by_cards(data: Mapping[str, Json]) -> str | None:
    """A search without results says so in a card."""
    cards = data.get("cards")
    for card in cards[:20] if isinstance(cards, list) else []:
        said = card.get("desc") if isinstance(card, dict) else None
        if isinstance(said, str) and len(said) < 200 and _NOTHING_HERE.search(said):
            return html_to_text(said)[:60]
    return None


def _read(status: Mapping[str, Json], page: PageContext, posts: dict[str, Post], links: dict[str, Link]) -> None:
    """Add the status and the original it reposts; a status seen on its own wins over the same one inside a repost."""
    original = status.get("retweeted_status")
    parent = None
    if isinstance(original, dict):
        parent_mid = mid_of(original)
        parent = post_id("weibo", weibo_site(page.url), parent_mid) if parent_mid else None
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
        links[post.native_id] = Link(
            url=on_host(page, _long_text_path(post.native_id, page)),
            leads_to="status",
            changed=post.edited or post.published,
        )


def _long_text_path(mid: str, page: PageContext) -> str:
    if "/ajax/" in urlsplit(page.url).path:
        return f"/ajax/statuses/longtext?{urlencode({'id': bid_of(mid)})}"
    return f"/statuses/extend?{urlencode({'id': mid})}"


def looks_like_weibo(body: bytes, page: PageContext) -> bool:
    """Whether it is JSON, or a page that draws itself from a status; what knows its own JSON is asked earlier."""
    start = body[:400].lstrip(b"\xef\xbb\xbf \t\r\n")
    return start.startswith((b"{", b"[")) or "json" in (page.content_type or "").lower() or rendered(body) is not None


PARSER = PageParser(name="weibo", parse=parse, expects="json", looks_like=looks_like_weibo, rank=90)
