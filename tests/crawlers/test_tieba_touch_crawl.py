"""The touch edition, crawled: the only pages that Tieba still draws for visitors, with their own ways of paging."""

from __future__ import annotations

import html
import json
import re
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.crawlers.conftest import Crawls, row
from tests.crawlers.site import NOW, Reply
from tests.crawlers.tieba_site import ZONE, Bar, Floor, Thread

LIST = "/mo/q/m?kw=%E6%98%9F%E8%BE%B0%E6%B1%BD%E8%BD%A6&pn=0"


class Touch:
    """Serves a bar to phones; any page of a thread is its first, as the live server does."""

    def __init__(self, bar: Bar) -> None:
        self.bar = bar

    def route(self, path: str) -> Reply | None:
        if path in self.bar.instead:
            return self.bar.instead[path]
        query = {name: values[0] for name, values in parse_qs(urlsplit(path).query).items()}
        if "kw" in query:
            return Reply(body=self.list_page(int(query.get("pn", "0"))).encode())
        if re.fullmatch(r"\d+", query.get("kz", "")) and int(query["kz"]) in self.bar.threads:
            return Reply(body=self.thread_page(self.bar.threads[int(query["kz"])]).encode())
        return None

    def list_page(self, offset: int) -> str:
        newest = sorted(self.bar.threads.values(), key=lambda thread: thread.changed, reverse=True)
        start = offset // 30 * self.bar.per_list
        rows = "".join(self._row(thread) for thread in newest[start : start + self.bar.per_list])
        pages = (len(newest) - 1) // self.bar.per_list + 1
        pager = json.dumps({"page_size": 30, "offset": offset, "current_page": offset // 30 + 1, "total_page": pages})
        return f"<html><body><ul>{rows}</ul><script>var conf = {{page: {pager}}};</script></body></html>"

    def _row(self, thread: Thread) -> str:
        return (
            f'<li class="tl_shadow tl_shadow_new" data-tid="{thread.tid}"><a class="j_common ti_item" '
            f'tid="{thread.tid}" href="/p/{thread.tid}?lp=5027">'
            f'<span class="ti_time">{self.bar.shown(thread.changed)}</span>'
            f'<div class="ti_title"><span>主题 {thread.tid}</span></div>'
            f'<div class="btn_reply"><span class="btn_icon">{thread.said}</span></div></a></li>'
        )

    def thread_page(self, thread: Thread) -> str:
        floors = "".join(_floor(floor) for floor in thread.floors[: self.bar.per_page])
        pages = (len(thread.floors) - 1) // self.bar.per_page + 1
        pager = json.dumps({"page_size": 30, "offset": 0, "current_page": 1, "total_page": pages})
        return f"<html><body><ul id='pblist'>{floors}</ul><script>conf: {{page: {pager}}}</script></body></html>"


def _floor(floor: Floor) -> str:
    info = html.escape(json.dumps({"un": f"车友{floor.pid}", "pid": floor.pid, "floor_num": floor.no}))
    return (
        f'<li class="list_item post_list_item" tid="{floor.pid}" data-info="{info}">'
        f'<div class="content">{floor.text}</div>'
        f'<span class="list_item_time">{floor.when.astimezone(ZONE):%Y-%m-%d %H:%M}</span></li>'
    )


def test_a_bar_on_the_touch_edition(crawls: Crawls, sites: Any) -> None:
    """Two list pages; a thread that answers every page with its first ends there; posts have the web's addresses."""
    bar = Bar()
    for tid in range(9001, 9008):
        bar.say(tid, 100 - tid % 10 * 5)
    for number in range(4):
        bar.say(9007, 20 - number)
    site = sites(Touch(bar).route)
    source = row("bar", "tieba", f"{site.url}/mo/q/m", keyword="星辰汽车")
    assert crawls.run(source).state("bar")[0] == "ok"
    thread = "/mo/q/m?kz="
    assert site.pages() == [
        LIST,
        f"{thread}9007",
        f"{thread}9007&pn=30",
        *(f"{thread}{tid}" for tid in (9006, 9005, 9004, 9003)),
        LIST.replace("pn=0", "pn=30"),
        *(f"{thread}{tid}" for tid in (9002, 9001)),
    ]
    posts = crawls.posts()
    assert {post.url.partition("?")[0] for post in posts} == {f"{site.url}/p/{tid}" for tid in range(9001, 9008)}
    assert len(posts) == 9, "three floors of the long thread are all that this edition shows"

    crawls.run(source, now=NOW + timedelta(minutes=5))
    assert site.pages() == [LIST]


def test_a_thread_deleted_on_the_touch_edition_is_noticed(crawls: Crawls, sites: Any) -> None:
    """The posts carry the web's addresses, the refusal comes from the touch edition's: they are the same thread."""
    bar = Bar()
    bar.say(9001, 100)
    bar.say(9002, 110)
    site = sites(Touch(bar).route)
    source = row("bar", "tieba", f"{site.url}/mo/q/m", keyword="星辰汽车")
    crawls.run(source)
    bar.say(9001, -1)
    gone = "<html><head><title>贴吧404</title></head><body><p>很抱歉，该贴已被删除。</p></body></html>"
    bar.instead["/mo/q/m?kz=9001"] = Reply(body=gone.encode())
    state, reason = crawls.run(source, now=NOW + timedelta(minutes=10)).state("bar")
    assert (state, "1 条已删除或隐藏" in reason) == ("ok", True)


def test_an_empty_shell_says_the_ways_out(crawls: Crawls, sites: Any) -> None:
    """A page that only scripts can draw is no empty bar."""
    shell = (
        "<html><head><title>贴吧小程序</title></head><body><p>打开百度App，畅享贴吧</p><script></script></body></html>"
    )
    site = sites(lambda path: Reply(body=shell.encode()))
    state, reason = crawls.run(row("bar", "tieba", site.url, keyword="星辰汽车")).state("bar")
    assert state == "blocked"
    assert 'surface = "app"' in reason
