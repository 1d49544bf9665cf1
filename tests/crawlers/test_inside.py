from __future__ import annotations

from typing import Any

import pytest

from core.settings import SourceSettings
from crawlers.bounds import homes_of, is_inside, may_ask
from tests.crawlers.board import Board
from tests.crawlers.conftest import Crawls, row
from tests.crawlers.site import Reply, at


def _board(count: int = 3) -> Board:
    board = Board()
    for tid in range(1, count + 1):
        board.say(tid, 100 + tid)
    return board


def _feed(*links: str) -> Reply:
    items = "".join(
        f"<item><title>文章 {number}</title><link>{link}</link><pubDate>Sun, 15 Mar 2026 09:0{number}:00 GMT</pubDate>"
        "</item>"
        for number, link in enumerate(links)
    )
    body = f'<?xml version="1.0"?><rss version="2.0"><channel><title>新闻</title>{items}</channel></rss>'
    return Reply(body=body.encode(), kind="application/rss+xml")


def test_a_name_that_leads_inside_is_not_asked(crawls: Crawls, sites: Any) -> None:
    """The operator's own host may lie inside; a page that names another host there gets nothing, by link, by redirect
    or in robots.txt, and the rest of the source is read."""
    inside = sites(_board().route)
    site = sites()
    crawls.names = {"intranet.test": "127.0.0.1", "evil.test": "127.0.0.1", "cloud.test": "169.254.169.254"}
    home, evil = f"http://intranet.test:{site.port}", f"http://evil.test:{inside.port}"
    away = Reply(status=302, headers=(("Location", f"{evil}/thread-1-1-1.html"),))
    board = _board()
    site.routes[:] = [at("/thread-2-", away), board.route]
    outcome = crawls.run(row("board", "forum", f"{home}/forum-2-1.html"))
    state, reason = outcome.state("board")
    assert (state, "域名" in reason) == ("ok", True)
    assert inside.asked == []
    assert len(crawls.posts()) == 2
    assert "address_refused" in outcome.log


def test_feeds_do_not_open_our_network(crawls: Crawls, sites: Any) -> None:
    """A feed that names hosts which resolve to loopback, link-local and private addresses: none of them is asked."""
    inside = sites(_board().route)
    crawls.names = {
        "evil.test": "127.0.0.1", "cloud.test": "169.254.169.254", "azure.test": "168.63.129.16",
        "lan.test": "192.168.1.1", "news.test": "127.0.0.1",
    }  # fmt: skip
    links = [f"http://{name}:{inside.port}/a.html" for name in crawls.names if name != "news.test"]
    site = sites(at("/feed", _feed(*links)))
    outcome = crawls.run(row("news", "news", f"http://news.test:{site.port}/feed.xml"))
    state, reason = outcome.state("news")
    assert (state, "域名指向内部网络" in reason) == ("broken", True)
    assert inside.asked == []
    assert crawls.posts() == []


@pytest.mark.parametrize(
    ("url", "may"),
    [
        ("http://home.test/x", True),
        ("https://canary.test/x", True),
        ("http://10.0.0.7/feed", True),
        ("http://10.0.0.8/feed", False),
        ("http://public.test/", True),
        ("file:///etc/passwd", False),
        ("data:text/html,x", False),
        ("ftp://home.test/x", False),
        ("HTTP://HOME.TEST/x", True),
        ("http://[", False),
        ("//home.test/x", False),
        ("", False),
    ],
)
def test_only_the_operators_own_hosts_may_lie_inside(url: str, may: bool) -> None:
    """What `sources.toml` names is allowed, everything else must be of the public internet."""
    source = SourceSettings(
        id="s", name="s", kind="news", url="http://home.test/feed", channel="news",
        also=("http://10.0.0.7/sitemap.xml",), canary="https://canary.test/",
    )  # fmt: skip
    assert may_ask(url, homes=homes_of(source)) is may


@pytest.mark.parametrize("host", ["168.63.129.16", "192.0.0.192", "64:ff9b::7f00:1", "2002:7f00:1::", "100.64.0.1"])
def test_addresses_that_only_look_public(host: str) -> None:
    """Cloud agents, translated and tunnelled private addresses, the carrier's own range."""
    assert is_inside(host)
