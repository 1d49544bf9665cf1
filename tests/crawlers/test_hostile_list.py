"""Everything a hostile or broken site does at once, with good sources beside it: each in its own state, with proof."""

from __future__ import annotations

import gzip
import itertools
import json
from contextlib import ExitStack
from typing import Any

from crawlers.pages import PARSERS, PageContext, parse_page
from tests.crawlers.board import CAPTCHA, HEAD, ZONE, Board
from tests.crawlers.conftest import Crawls, Outcome, row
from tests.crawlers.raw_site import Write, at_once, drip, raw_serving
from tests.crawlers.site import NOW, Reply, at
from tests.crawlers.weibo_site import Weibo, as_json

KEYWORD = "星辰汽车"
HTML = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
RELOAD = "<html><head><title>页面重载开启</title></head><body><script>location.reload()</script></body></html>"


def _board(encoding: str = "utf-8", claims: str = "utf-8") -> Any:
    board = Board()
    for tid in (1, 2, 3):
        board.say(tid, 100 + tid, f"{tid} 号主题说刹车有异响，4S店推脱")

    def route(path: str) -> Reply | None:
        reply = board.route(path)
        body = reply.body.decode().encode(encoding) if reply else b""
        return Reply(body=body, kind=f"text/html; charset={claims}") if reply else None

    return route


def _bomb(megabytes: int) -> Reply:
    return Reply(body=gzip.compress(b" " * megabytes * 1_000_000, 9), headers=(("Content-Encoding", "gzip"),))


def _page(text: str) -> Reply:
    return Reply(body=f"{HEAD}{text}</body></html>".encode())


#: What the list page of a board answers; state; a word of the reason; whether there is a response to prove it.
LISTS: dict[str, tuple[Reply, str, str, bool]] = {
    "captcha": (CAPTCHA, "blocked", "安全验证", True),
    "passport": (
        Reply(status=302, headers=(("Location", "http://passport.example.invalid/login?r=1"),)),
        "blocked", "passport.example.invalid", True,
    ),
    "reload": (Reply(body=RELOAD.encode()), "blocked", "页面重载开启", True),
    "empty": (_page('<div id="messagetext"><p>本版块或指定的范围内尚无主题</p></div>'), "empty", "尚无主题", True),
    "redesigned": (_page("<main><p>全新改版，欢迎来到新社区</p></main>" * 9), "broken", "改版", True),
    "bomb": (_bomb(300), "broken", "超过 1 MB", False),
    "loop": (Reply(status=302, headers=(("Location", "/forum-2-1.html"),)), "blocked", "反复重定向", False),
    "patience": (Reply(status=429, headers=(("Retry-After", "7200"),)), "blocked", "429", True),
    "noise": (Reply(body=bytes(range(256)) * 300), "broken", "", True),
    "claims-html": (Reply(body=b"\x89PNG\r\n\x1a\n" + b"\x00" * 5000), "broken", "", True),
}  # fmt: skip

#: What the connection itself does.
WIRES: dict[str, tuple[Write, str, str]] = {
    "cut-length": (at_once(HTML + b"Content-Length: 9000\r\n\r\n<html><body>half a page"), "down", "没有传完"),
    "cut-chunks": (at_once(HTML + b"Transfer-Encoding: chunked\r\n\r\n17\r\n<html><body>half"), "down", "没有传完"),
    "slow-headers": (drip(itertools.chain([HTML], itertools.repeat(b"X-Slow: 1\r\n")), 0.2), "down", "连接"),
    "slow-body": (
        drip(itertools.chain([HTML + b"Content-Length: 99999\r\n\r\n"], itertools.repeat(b"x")), 0.2), "down", "超时",
    ),
    "silent": (drip(itertools.repeat(b""), 0.2), "down", "超时"),
    "fifty-megabytes": (
        at_once(HTML + b"Content-Length: 50000000\r\n\r\n", *([b"x" * 1_000_000] * 50)), "broken", "超过 1 MB",
    ),
    "endless": (drip(itertools.chain([HTML + b"\r\n"], itertools.repeat(b"x" * 100_000)), 0.0), "broken", "超过 1 MB"),
    "no-http": (at_once(b"SSH-2.0-OpenSSH_9.2\r\n"), "down", "连接失败"),
    "hangs-up": (at_once(), "down", "连接失败"),
}  # fmt: skip


def _check(crawls: Crawls, outcome: Outcome, name: str, state: str, word: str) -> None:
    found, reason = outcome.state(name)
    assert (found, word in reason) == (state, True), f"{name}: {found} {reason}"
    assert outcome.sources[name]["cursor"] == {}, name


def test_boards_that_refuse_break_and_stall_hurt_nobody_else(crawls: Crawls, sites: Any) -> None:
    """Two dozen bad boards and three good ones in one crawl: states, proof, next turns, and only good posts kept."""
    with ExitStack() as stack:
        addresses = {name: sites(at("/forum-", case[0])).url for name, case in LISTS.items()}
        addresses |= {name: stack.enter_context(raw_serving(write)) for name, (write, *_) in WIRES.items()}
        good = {
            "good": sites(_board()).url,
            "wrong-charset": sites(_board("gb18030", "utf-8")).url,
            "unlabelled-gbk": sites(_board("gb18030", "iso-8859-1")).url,
        }
        forbidden = sites(_board(), robots=Reply(body=b"User-agent: *\r\nDisallow: /\n", kind="text/plain"))
        addresses["forbidden"] = forbidden.url
        rows = [row(name, "forum", f"{url}/forum-2-1.html") for name, url in {**addresses, **good}.items()]
        outcome = crawls.run(*rows, timeout="2s")
    for name, (_, state, word, has_proof) in LISTS.items():
        _check(crawls, outcome, name, state, word)
        assert (outcome.sources[name]["proof"] is not None) is has_proof, name
    for name, (_, state, word) in WIRES.items():
        _check(crawls, outcome, name, state, word)
    _check(crawls, outcome, "forbidden", "blocked", "robots.txt 不允许")
    assert forbidden.pages() == []
    for name, url in good.items():
        assert outcome.state(name)[0] == "ok", name
        texts = {post.text for post in crawls.posts() if post.site == url.removeprefix("http://")}
        assert texts == {f"{tid} 号主题说刹车有异响，4S店推脱" for tid in (1, 2, 3)}, name
    assert len(crawls.posts()) == 9, "nothing that a bad page said is a post"
    assert "页面重载开启" in crawls.raw(outcome.sources["reload"]["proof"]).body.decode()
    assert outcome.sources["patience"]["next_run"] >= str(NOW.replace(hour=14))[:16]


#: What the Weibo search answers.
SEARCHES: dict[str, tuple[Reply, str, str]] = {
    "http-432": (Reply(status=432), "blocked", "432"),
    "http-418": (Reply(status=418, body="请求过于频繁".encode()), "blocked", "请求过于频繁"),
    "minus-100": (
        as_json({"ok": -100, "url": "https://m.weibo.cn/captcha?scene=limit"}), "blocked", "-100",
    ),
    "nothing": (as_json({"ok": 0, "msg": "这里还没有内容", "data": {"cards": []}}), "empty", ""),
    "html": (Reply(body=RELOAD.encode()), "blocked", ""),
    "visitor": (
        Reply(status=302, headers=(("Location", "https://passport.weibo.com/visitor/visitor?a=enter"),)),
        "blocked", "passport.weibo.com",
    ),
    "renamed": (as_json({"ok": 1, "data": {"tiles": [1, 2, 3]}}), "broken", ""),
    "half-json": (Reply(body=b'{"ok":1,"data":{"cards":[', kind="application/json"), "broken", ""),
}  # fmt: skip


def test_searches_that_refuse_are_not_called_empty(crawls: Crawls, sites: Any) -> None:
    """432, -100, 302 to passport, HTML for JSON, half an answer: no post, no cursor, and the good search is read."""
    weibo = Weibo()
    for number in range(3):
        weibo.say(10 + number, f"{KEYWORD}第{number}条：提车第三天刹车失灵")
    addresses = {name: sites(at("/api/", reply)).url for name, (reply, *_) in SEARCHES.items()}
    rows = [row(name, "weibo", url, keyword=KEYWORD) for name, url in addresses.items()]
    outcome = crawls.run(*rows, row("good", "weibo", sites(weibo.route).url, keyword=KEYWORD))
    for name, (_, state, word) in SEARCHES.items():
        _check(crawls, outcome, name, state, word)
        assert outcome.sources[name]["proof"] is not None, name
    assert outcome.state("good")[0] == "ok"
    assert len(crawls.posts()) == 3
    assert json.loads(crawls.raw(outcome.sources["minus-100"]["proof"]).body)["ok"] == -100


def _feed(site_url: str, links: int = 2) -> Reply:
    items = "".join(
        f"<item><title>文章 {n}</title><link>{site_url}/a{n}.html</link>"
        f"<pubDate>Sun, 15 Mar 2026 09:0{n}:00 GMT</pubDate>"
        f"<description>星辰汽车召回部分车辆，第 {n} 次公告</description></item>"
        for n in range(links)
    )
    body = (
        f'<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>新闻</title>{items}</channel></rss>'
    )
    return Reply(body=body.encode(), kind="application/rss+xml")


def _article(number: int) -> Reply:
    text = "".join(
        f"<p>第 {number} 篇：星辰汽车的刹车问题引起关注，车主要求给出说法，店方表示正在核实，编号 {n}。</p>"
        for n in range(12)
    )
    head = '<meta property="article:published_time" content="2026-03-15T17:00:00+08:00">'
    page = f"<html><head><title>召回公告 {number}</title>{head}</head><body><article>{text}</article></body></html>"
    return Reply(body=page.encode())


FEEDS: dict[str, tuple[Reply, str, str]] = {
    "captcha": (CAPTCHA, "blocked", "安全验证"),
    "login": (Reply(status=302, headers=(("Location", "/login.html?next=/feed.xml"),)), "blocked", "login"),
    "bomb": (_bomb(300), "broken", "超过 1 MB"),
    "down": (Reply(status=503), "down", "503"),
    "reload": (Reply(body=RELOAD.encode()), "blocked", "页面重载开启"),
    "gone": (Reply(status=410), "broken", "410"),
}


def test_feeds_that_refuse_hurt_no_other(crawls: Crawls, sites: Any) -> None:
    """Every refusal of a feed in its own state; an article whose neighbour is refused is kept."""
    addresses = {name: sites(at("/feed", reply)).url for name, (reply, *_) in FEEDS.items()}
    rows = [row(name, "news", f"{url}/feed.xml") for name, url in addresses.items()]
    good = sites()
    good.routes[:] = [at("/feed", _feed(good.url)), at("/a0", _article(0)), at("/a1", CAPTCHA)]
    outcome = crawls.run(*rows, row("good", "news", f"{good.url}/feed.xml"))
    for name, (_, state, word) in FEEDS.items():
        _check(crawls, outcome, name, state, word)
    assert outcome.state("good")[0] == "ok"
    assert len([post for post in crawls.posts() if "刹车问题引起关注" in post.text]) == 1
    assert {post.site for post in crawls.posts()} == {good.url.removeprefix("http://")}


def test_no_parser_believes_a_page_that_refuses() -> None:
    """Whoever reads pages says of a captcha that it is one: fetching leaves the look at the body to the parsers."""
    context = PageContext(url="https://s.test/x", now=NOW, zone=ZONE, content_type="text/html")
    for name in PARSERS:
        assert parse_page(name, CAPTCHA.body, context).state.state == "blocked", name
