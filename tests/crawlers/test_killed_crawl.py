"""kill -9 at any moment: the next crawl finds what is missing, nothing is lost and nothing is there twice."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from tests.crawlers.board import Board
from tests.crawlers.conftest import Crawls, drive, row
from tests.crawlers.site import NOW, Reply, Site, at
from tests.crawlers.weibo_site import Weibo

KEYWORD = "星辰汽车"


class Moment:
    """Kills the crawl when the nth request for a kind of page comes; afterwards the site answers as always."""

    def __init__(self, route: Callable[[str], Reply | None], marks: Callable[[str], bool], nth: int) -> None:
        self.route, self.marks, self.nth = route, marks, nth
        self.reached, self.over = threading.Event(), threading.Event()
        self._count = 0

    def __call__(self, path: str) -> Reply | None:
        if not self.over.is_set() and self.marks(path):
            self._count += 1
            if self._count == self.nth:
                self.reached.set()
                self.over.wait(60)
        return self.route(path)


def _kill(crawls: Crawls, source: dict[str, Any], moment: Moment, **limits: Any) -> None:
    process: subprocess.Popen[str] = drive()
    assert process.stdin
    process.stdin.write(crawls.order(source, **limits) + "\n")
    process.stdin.flush()
    assert moment.reached.wait(60)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    moment.over.set()


def _whole(crawls: Crawls, source: dict[str, Any], count: int, **limits: Any) -> None:
    """After one more crawl everything is there once, with its raw response, and nothing is new any more."""
    assert crawls.run(source, **limits).state(source["id"])[0] == "ok"
    posts = crawls.posts()
    assert Counter(post.id for post in posts).most_common(1)[0][1] == 1
    assert len(posts) == count
    assert all(crawls.raw_of(post).status == 200 for post in posts)
    assert crawls.run(source, **limits).reports[source["id"]]["new"] == 0


@pytest.mark.parametrize(
    ("mark", "nth", "at_once"),
    [
        ("forum-2-1", 1, 1),
        ("thread-", 1, 1),
        ("thread-", 4, 1),
        ("forum-2-2", 1, 1),
        ("thread-", 7, 4),
        ("thread-", 12, 4),
    ],
    ids=["first-list", "first-thread", "middle", "second-list", "four-at-once", "last"],
)
def test_a_board(crawls: Crawls, sites: Any, mark: str, nth: int, at_once: int) -> None:
    """Before the first page, between lists, with several pages in flight."""
    board = Board(per_list=6)
    for tid in range(1, 13):
        for reply in range(4):
            board.say(tid, 200 + tid - reply)
    moment = Moment(board.route, lambda path: path.startswith(f"/{mark}"), nth)
    site: Site = sites(moment)
    source = row("board", "forum", f"{site.url}/forum-2-1.html")
    _kill(crawls, source, moment, concurrency_per_host=at_once)
    _whole(crawls, source, 48, concurrency_per_host=at_once)


@pytest.mark.parametrize(("mark", "nth"), [("getIndex", 1), ("getIndex", 3), ("extend", 1)])
def test_a_search(crawls: Crawls, sites: Any, mark: str, nth: int) -> None:
    """In the middle of a Weibo search, and while a long text is on its way."""
    weibo = Weibo()
    for number in range(10):
        weibo.say(10 + number, f"{KEYWORD}第{number}条：提车第三天刹车失灵")
    weibo.statuses[6].text, weibo.statuses[6].long = "长文的开头...全文", "长文的开头，后面还有三百字。" * 20
    moment = Moment(weibo.route, lambda path: mark in path, nth)
    source = row("search", "weibo", sites(moment).url, keyword=KEYWORD)
    _kill(crawls, source, moment)
    _whole(crawls, source, 10)
    assert [post for post in crawls.posts() if post.text.startswith("长文的开头，后面还有")]


def _news(site: Site, count: int) -> Callable[[str], Reply | None]:
    items = "".join(
        f"<item><title>召回公告 {n}</title><link>{site.url}/a{n}.html</link>"
        f"<pubDate>Sun, 15 Mar 2026 09:{n:02}:00 GMT</pubDate></item>"
        for n in range(count)
    )
    feed = f'<?xml version="1.0"?><rss version="2.0"><channel><title>新闻</title>{items}</channel></rss>'

    def route(path: str) -> Reply | None:
        if path == "/feed.xml":
            return Reply(body=feed.encode(), kind="application/rss+xml", headers=(("ETag", '"1"'),))
        number = path.removeprefix("/a").removesuffix(".html")
        if not number.isdigit():
            return None
        text = "".join(
            f"<p>第 {number} 篇：星辰汽车的刹车问题引起关注，店方表示正在核实，编号 {n}。</p>" for n in range(12)
        )
        when = '<meta property="article:published_time" content="2026-03-15T17:00:00+08:00">'
        head = f"<head><title>召回公告 {number}</title>{when}</head>"
        return Reply(body=f"<html>{head}<body><article>{text}</article></body></html>".encode())

    return route


@pytest.mark.parametrize(("mark", "nth"), [("/feed", 1), ("/a", 1), ("/a", 4)])
def test_a_feed(crawls: Crawls, sites: Any, mark: str, nth: int) -> None:
    """A feed that was read with its validators, but whose articles were not: the feed comes again."""
    site: Site = sites()
    moment = Moment(_news(site, 6), lambda path: path.startswith(mark), nth)
    site.routes[:] = [moment]
    source = row("news", "news", f"{site.url}/feed.xml")
    _kill(crawls, source, moment)
    assert len(crawls.posts()) == max(0, nth - 1 if mark == "/a" else 0)
    _whole(crawls, source, 6)


def test_a_crawl_killed_again_and_again(crawls: Crawls, sites: Any) -> None:
    """Killed at every second thread, five times: each time a little more is there, and at the end all of it."""
    board = Board(per_list=20)
    for tid in range(1, 13):
        board.say(tid, 100 + tid)
    site: Site = sites(at("/nothing", Reply()))
    source = row("board", "forum", f"{site.url}/forum-2-1.html")
    for nth in range(2, 12, 2):
        moment = Moment(board.route, lambda path: path.startswith("/thread"), nth)
        site.routes[:] = [moment]
        _kill(crawls, source, moment, now=NOW)
        assert len(crawls.posts()) >= nth - 1
    site.routes[:] = [board.route]
    _whole(crawls, source, 12)
