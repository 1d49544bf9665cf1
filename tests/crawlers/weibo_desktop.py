"""Look-alikes of Weibo's desktop sites: s.weibo.com, a search in HTML; weibo.com, JSON for logins and visitors."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import parse_qs, urlsplit

from crawlers.pages.weibo_ids import bid_of
from tests.crawlers.board import ZONE
from tests.crawlers.site import NOW, Reply, Site
from tests.crawlers.weibo_site import as_json

HOME = (
    "<!DOCTYPE html><html><head><title>微博-随时随地发现新鲜事</title></head><body><p>"
    + "还没有微博？立即注册！" * 120
    + "</p></body></html>"
)
_PAGE = (
    "<!doctype html><html><head><title>微博搜索</title></head><body><div id='pl_feedlist_index'>"
    "<div node-type='feed_list'>{cards}</div>{pager}</div></body></html>"
)
_CARD = (
    '<div class="card-wrap" action-type="feed_list_item" mid="{mid}"><div class="card"><div class="card-feed">'
    '<div class="content"><div class="info"><div><a href="//weibo.com/7?refer_flag=1" class="name" nick-name="路人">'
    '路人</a></div></div><div class="from"><a href="//weibo.com/7/{bid}?refer_flag=1">{when}</a></div>'
    '<p class="txt" node-type="feed_list_content">{text}</p></div></div><div class="card-act"><ul><li>转发</li>'
    "<li>评论 2</li><li>赞</li></ul></div></div></div>"
)
_NOTHING = '<div class="card-wrap"><div class="card card-no-result"><p>抱歉，未找到相关结果。</p></div></div>'


@dataclass
class Found:
    """One status of the search."""

    mid: str
    when: datetime
    text: str
    province: int = 11
    city: int = 1


@dataclass
class DesktopSearch:
    """A search that shows `per_page` statuses a page and no more than 50 pages, newest first."""

    site: Site | None = None
    statuses: list[Found] = field(default_factory=list)
    per_page: int = 1
    #: The value of SUB that is let in; "" lets everybody in.
    cookie: str = ""
    #: Requests after which the cookie is worn out.
    lasts: int = 10_000
    #: Pages of a window that come back empty although there are more.
    gaps: set[int] = field(default_factory=set)
    windows: list[str] = field(default_factory=list)

    def say(self, minutes_ago: float, text: str, *, province: int = 11, city: int = 1) -> None:
        mid = str(5_000_000_000_000_000 + len(self.statuses))
        self.statuses.append(Found(mid, NOW - timedelta(minutes=minutes_ago), text, province, city))

    def route(self, path: str) -> Reply | None:
        parts = urlsplit(path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if parts.path != "/weibo" or query["q"] != "星辰汽车":
            return None
        self.lasts -= 1
        if self.cookie and (self.lasts < 0 or sent_cookies(self.site).get("SUB") != self.cookie):
            return Reply(body=HOME.encode())
        found = self._matching(query)
        number = int(query.get("page", "1"))
        if number == 1 and "timescope" in query:
            self.windows.append(f"{query['timescope']} {query.get('region', '')}".strip())
        shown = found[(number - 1) * self.per_page : number * self.per_page]
        pages = min(50, -(-len(found) // self.per_page))
        if "timescope" in query and number in self.gaps:
            shown = []
        cards = "".join(
            _CARD.format(mid=one.mid, bid=bid_of(one.mid), when=_shown(one.when), text=one.text) for one in shown
        )
        pager = "".join(f'<li><a href="/weibo?q=x&amp;page={page}">第{page}页</a></li>' for page in range(1, pages + 1))
        pager = f'<div class="m-page"><ul class="s-scroll" node-type="feed_list_page_morelist">{pager}</ul></div>'
        return Reply(body=_PAGE.format(cards=cards or _NOTHING, pager=pager if pages > 1 else "").encode())

    def _matching(self, query: dict[str, str]) -> list[Found]:
        found = sorted(self.statuses, key=lambda one: one.when, reverse=True)
        if "timescope" in query:
            _, begins, ends = query["timescope"].split(":")
            first, last = (datetime.strptime(text, "%Y-%m-%d-%H").replace(tzinfo=ZONE) for text in (begins, ends))
            found = [one for one in found if first <= one.when <= last]
        if "region" in query:
            _, province, city = query["region"].split(":")
            found = [one for one in found if str(one.province) == province and city in ("1000", str(one.city))]
        return found


def _shown(when: datetime) -> str:
    local = when.astimezone(ZONE)
    return f"{local.month}月{local.day}日 {local:%H:%M}"


def sent_cookies(site: Site | None) -> dict[str, str]:
    """The cookies of the request that is being answered."""
    assert site is not None
    jar = SimpleCookie(site.headers[-1].get("Cookie", ""))
    return {name: morsel.value for name, morsel in jar.items()}


@dataclass
class WebWeibo:
    """weibo.com for the statuses of one user: knows visitors by the cookie SUB that it gave them."""

    site: Site | None = None
    statuses: list[dict[str, Any]] = field(default_factory=list)
    per_page: int = 3
    #: Visitors that are known; every new one gets the next number.
    visitors: list[str] = field(default_factory=list)
    #: Identities that are sent away since.
    worn_out: set[str] = field(default_factory=set)
    #: What genvisitor2 answers instead.
    refuses: Reply | None = None
    #: How somebody without an identity is sent away.
    wall: dict[str, Any] = field(default_factory=lambda: {"ok": -100, "url": "https://weibo.com/login.php?url=x"})
    comments: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def say(self, minutes_ago: float, text: str, *, long: str | None = None, **more: Any) -> str:
        mid = 5_000_000_000_000_000 + len(self.statuses)
        when = (NOW - timedelta(minutes=minutes_ago)).astimezone(ZONE).strftime("%a %b %d %H:%M:%S %z %Y")
        user = {"id": 7, "idstr": "7", "screen_name": "星辰汽车客服", "followers_count": 5}
        status = {"id": mid, "idstr": str(mid), "mid": str(mid), "mblogid": bid_of(str(mid)), "created_at": when}
        counts = {"reposts_count": 1, "comments_count": 0, "attitudes_count": 2}
        content = {"text": text, "text_raw": text, "user": user, "isLongText": long is not None, "_long": long}
        self.statuses.append({**status, **counts, **content, **more})
        return str(mid)

    def route(self, path: str) -> Reply | None:
        parts = urlsplit(path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if parts.path == "/visitor/genvisitor2":
            return self.refuses or self._new_visitor()
        if parts.path == "/visitor/visitor":
            cookies = (("Set-Cookie", f"SUB={query['s']}; path=/"), ("Set-Cookie", "XSRF-TOKEN=tok; path=/"))
            return Reply(body=b"<html><body>ok</body></html>", headers=cookies)
        if not parts.path.startswith("/ajax/"):
            return None
        if sent_cookies(self.site).get("SUB", "") not in set(self.visitors) - self.worn_out:
            return as_json(self.wall)
        return self._answer(parts.path, query)

    def _new_visitor(self) -> Reply:
        self.visitors.append(f"visitor-{len(self.visitors) + 1}")
        data = {"tid": "tid=", "sub": self.visitors[-1], "subp": "subp", "new_tid": True}
        told = json.dumps({"retcode": 20000000, "msg": "succ", "data": data})
        return Reply(body=f"window.visitor_gray_callback && visitor_gray_callback({told});".encode())

    def _answer(self, path: str, query: dict[str, str]) -> Reply:
        if path == "/ajax/statuses/longtext":
            whole = next(one["_long"] for one in self.statuses if one["mblogid"] == query["id"])
            return as_json({"ok": 1, "data": {"longTextContent": whole}})
        if path == "/ajax/statuses/buildComments":
            found = self.comments.get(query["id"], [])
            return as_json({"ok": 1, "data": found, "total_number": len(found), "max_id": 0})
        number = int(query["page"])
        newest = sorted(self.statuses, key=lambda one: bool(one.get("isTop")) * 10**17 + one["id"], reverse=True)
        shown = newest[(number - 1) * self.per_page : number * self.per_page]
        assert query["uid"] == "7"
        assert query.get("since_id", "") == (f"kp{number - 1}" if number > 1 else "")
        rows = [{name: value for name, value in one.items() if name != "_long"} for one in shown]
        return as_json({"ok": 1, "data": {"since_id": f"kp{number}" if rows else "", "list": rows, "total": 99}})
