"""Posts of the world as the JSON of Weibo's mobile site, with the field names and oddities of a real `mblog`."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import quote

from markupsafe import escape

from demo import identities
from demo.growth import reach
from demo.posts import Account, WorldPost
from demo.sites import wall_time

#: Longer texts are cut in lists and end in a link 全文.
LONG_TEXT = 140
_MARKS = re.compile(r"#([^#\s]{1,40})#|@([\w\u4e00-\u9fff-]{2,30})|\[([\u4e00-\u9fffA-Za-z]{1,6})\]")
#: What the brackets of an emoji may hold; everything else in brackets is text.
_EMOJI = frozenset({"心", "怒", "笑cry", "微笑", "鼓掌", "星星眼"})
_CLIENTS = ("网页版", "手机客户端", "平板客户端", "轻享版")

Find = Callable[[str], WorldPost | None]


def count(number: int) -> int | str:
    """A count as the JSON shows it: a number, but a string from one million on."""
    return f"{number // 10_000}万+" if number >= 1_000_000 else number


def followers(number: int) -> str:
    """Followers as the JSON shows them: always a string, "180.3万" from ten thousand on."""
    return f"{number / 10_000:.1f}万".replace(".0万", "万") if number >= 10_000 else str(number)


def rich(text: str) -> str:
    """A text with its topics, mentions and emoji as the site's own HTML."""
    parts, end = [], 0
    for mark in _MARKS.finditer(text):
        parts.append(_plain(text[end : mark.start()]) + _marked(mark))
        end = mark.end()
    return "".join([*parts, _plain(text[end:])])


def shortened(post: WorldPost) -> str:
    """The text in lists: whole if short, else cut before the first mark that would be broken, with a link 全文."""
    if len(post.text) <= LONG_TEXT:
        return rich(post.text)
    cut = LONG_TEXT - 6
    for mark in _MARKS.finditer(post.text):
        if mark.start() < cut < mark.end():
            cut = mark.start()
    return f'{rich(post.text[:cut])}...<a href="/status/{post.native_id}">全文</a>'


def user(account: Account) -> dict[str, Any]:
    """A person."""
    return {
        "id": account.uid,
        "screen_name": account.name,
        "profile_image_url": f"/avatar/{account.uid}.svg",
        "profile_url": f"/u/{account.uid}",
        "verified": bool(account.verified),
        "verified_type": 0 if account.verified else -1,
        "verified_reason": account.verified,
        "description": "",
        "gender": "mf"[identities.steady(account.name, 2)],
        "followers_count": followers(account.followers),
        "follow_count": 40 + identities.steady(account.name, 500),
        "statuses_count": 12 + identities.steady(account.name, 4000),
    }


def mblog(post: WorldPost, now: datetime, find: Find, *, whole: bool = False) -> dict[str, Any]:
    """A status; `whole` gives the long text as `/statuses/show` does."""
    reached = reach(post, now)
    record: dict[str, Any] = {
        "visible": {"type": 0, "list_id": 0},
        "created_at": wall_time.weibo(post.published),
        "id": post.native_id,
        "mid": post.native_id,
        "bid": identities.bid(post.native_id),
        "can_edit": False,
        "edit_count": 0,
        "text": rich(post.text) if whole else shortened(post),
        "textLength": len(post.text.encode("gbk", "replace")),
        "source": _CLIENTS[identities.steady(post.author.name, len(_CLIENTS))],
        "favorited": False,
        "pic_ids": [],
        "pic_num": 0,
        "user": user(post.author),
        "reposts_count": count(reached.reposts),
        "comments_count": count(reached.comments),
        "attitudes_count": count(reached.likes),
        "isLongText": len(post.text) > LONG_TEXT,
        "mlevel": 0,
        "mblogtype": 0,
        "region_name": f"发布于 {post.author.region}",
        "edit_config": {"edited": False},
    }
    if post.parent:
        original = find(post.parent)
        # A repost whose original is gone still carries the key, with no user in it.
        gone = {"id": post.parent, "mid": post.parent, "text": "抱歉，此微博已被作者删除。", "user": None}
        record["retweeted_status"] = mblog(original, now, find) if original else gone
        record["repost_type"] = 1
    return record


def _plain(text: str) -> str:
    return str(escape(text)).replace("\n", "<br />")


def _marked(mark: re.Match[str]) -> str:
    topic, name, emoji = mark.groups()
    if topic:
        target = quote(f"231522type=1&t=10&q=#{topic}#", safe="")
        return f'<a href="/search?containerid={target}"><span class="surl-text">#{escape(topic)}#</span></a>'
    if name:
        return f"<a href='/n/{quote(name)}'>@{escape(name)}</a>"
    if emoji in _EMOJI:
        face = f'<img alt=[{emoji}] src="/face.svg" style="width:1em; height:1em;" />'
        return f'<span class="url-icon">{face}</span>'
    return _plain(mark.group())
