"""Sources that need a browser, with a real one: what is drawn is read, and nothing a page does leads it astray."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from core.errors import BrowserMissing
from evidence.browser import find_browser
from tests.crawlers.board import CAPTCHA, Board
from tests.crawlers.conftest import Crawls, row
from tests.crawlers.site import Reply, Site, at

LOGIN = "SUB=very-secret-login"


@pytest.fixture
def browser() -> None:
    try:
        find_browser("auto")
    except BrowserMissing as missing:
        pytest.skip(f"needs a Chromium on this machine: {missing}")


def _board(count: int = 2) -> Board:
    board = Board()
    for tid in range(1, count + 1):
        board.say(tid, 100 + tid)
    return board


def _shell(script: str) -> Reply:
    return Reply(body=f"<!doctype html><html><head><title>车友</title></head><body><script>{script}</script>".encode())


#: What a page that is drawn by script looks like: nothing but a script that asks for its content.
DRAW = _shell(
    "fetch('/drawn' + location.pathname).then(r => r.text()).then(t => document.documentElement.innerHTML = t)"
)


def _drawn(board: Board) -> Callable[[str], Reply | None]:
    """The board's pages, none of which is there before a script has run."""

    def route(path: str) -> Reply | None:
        if path.startswith("/drawn/"):
            return board.route(path.removeprefix("/drawn"))
        return DRAW if board.route(path) else None

    return route


def _source(name: str, site: Site, **more: Any) -> dict[str, Any]:
    return row(name, "forum", f"{site.url}/forum-2-1.html", browser=True, **more)


@pytest.mark.browser
def test_what_a_script_draws_is_read(crawls: Crawls, sites: Any, browser: None) -> None:
    """A board without a word of content before its scripts ran: all posts, the drawn document as their raw response,
    robots.txt asked for once, the same source without a browser is not called fine."""
    site, plain = sites(_drawn(_board())), sites(_drawn(_board()))
    outcome = crawls.run(
        _source("drawn", site, cookie=LOGIN),
        row("plain", "forum", f"{plain.url}/forum-2-1.html"),
        timeout="30s",
    )
    assert outcome.state("drawn")[0] == "ok"
    assert outcome.state("plain")[0] in ("blocked", "broken")
    posts = crawls.posts()
    assert len(posts) == 2
    raw = crawls.raw_of(posts[0])
    assert posts[0].text in raw.body.decode()
    assert dict(raw.headers)["X-Tingfeng-Drawn-By"].startswith("Chromium ")
    assert (raw.status, raw.ip) == (200, "127.0.0.1")
    assert site.asked.count("/robots.txt") == 1
    sent = {
        (path, headers.get("Cookie", headers.get("cookie")))
        for path, headers in zip(site.asked, site.headers, strict=True)
    }
    assert sent == {(path, None if path == "/robots.txt" else LOGIN) for path in site.asked}
    assert {headers.get("User-Agent", headers.get("user-agent", "")).split("/")[0] for headers in site.headers} == {
        "TingfengBot"
    }


CHECK = "安全验证"
GATE = "http://passport.example.invalid/login"

#: What the first page does; the state it must cause; a word of the reason.
PAGES: dict[str, tuple[Reply, str, str]] = {
    "captcha": (CAPTCHA, "blocked", "安全验证"),
    "drawn-captcha": (
        _shell(f"document.title = '{CHECK}'; document.body.innerHTML = '请完成{CHECK}后继续访问'"),
        "blocked",
        CHECK,
    ),
    "passport": (
        Reply(status=302, headers=(("Location", GATE),)),
        "blocked",
        "passport.example.invalid",
    ),
    "script-passport": (_shell(f"location.href = '{GATE}'"), "blocked", "passport.example.invalid"),
    "inside": (Reply(status=302, headers=(("Location", "http://10.0.0.1/x"),)), "broken", "内部网络"),
    "script-inside": (_shell("location.replace('http://169.254.169.254/latest/')"), "blocked", "脚本"),
    "loop": (Reply(status=302, headers=(("Location", "/forum-2-1.html"),)), "blocked", "反复重定向"),
    "never-ready": (_shell("while (true) {}"), "down", "超时"),
    "huge": (Reply(body=b"<html><body>" + b"x" * 1_500_000), "broken", "超过 1 MB"),
    "grows": (_shell("document.body.innerHTML = 'x'.repeat(3e6)"), "broken", "超过 1 MB"),
    "cut-off": (Reply(body=b"<html><body>half a page", claims=9000), "down", "连接失败"),
    "json": (Reply(body=b'{"ok":-100}', kind="application/json"), "blocked", "ok=-100"),
    "error": (Reply(status=500, body=b"<html><body>oops"), "down", "500"),
    "download": (Reply(body=b"PK\x03\x04", kind="application/zip"), "broken", ""),
    "dialog": (_shell("alert('x'); document.body.innerHTML = '全新改版'.repeat(300)"), "broken", "改版"),
}  # fmt: skip


@pytest.mark.browser
def test_whatever_a_page_does_it_is_named_and_leads_nowhere(crawls: Crawls, sites: Any, browser: None) -> None:
    """Refusals, redirects of server and script, endless scripts, pages that grow: each its own state; the good source
    in the same crawl is read, nothing inside is asked, and a site that jumps to another one is followed politely."""
    servers = {name: sites(at("/forum", reply)) for name, (reply, *_) in PAGES.items()}
    inside = sites(_board().route)
    prying = (
        f"for (const host of ['{inside.url}', 'http://10.0.0.1', 'http://169.254.169.254']) {{ fetch(host + '/secret',"
        f" {{mode: 'no-cors'}}).catch(() => 0); }} new WebSocket('{inside.url.replace('http', 'ws')}/socket');"
        f'document.body.innerHTML = \'<iframe src="{inside.url}/frame"></iframe><img src="{inside.url}/img">\''
    )
    servers["prying"] = sites(at("/forum", _shell(prying)))
    good = sites(_drawn(_board()))
    moved = sites(at("/forum", Reply(status=301, headers=(("Location", f"{good.url}/forum-2-1.html"),))))
    rows = [_source(name, site) for name, site in servers.items()]
    outcome = crawls.run(*rows, _source("moved", moved), _source("good", good), timeout="6s")
    for name, (state, word) in {name: case[1:] for name, case in PAGES.items()}.items():
        found, reason = outcome.state(name)
        assert (found, word in reason) == (state, True), f"{name}: {found} {reason}"
    assert outcome.state("good")[0] == outcome.state("moved")[0] == "ok"
    assert inside.asked == []
    assert {post.site for post in crawls.posts()} == {good.url.removeprefix("http://")}
    assert "安全验证" in crawls.raw(outcome.sources["drawn-captcha"]["proof"]).body.decode()
    assert crawls.raw(outcome.sources["script-passport"]["proof"]).status == 302
    assert servers["captcha"].asked.count("/forum-2-1.html") == 1
    assert "Traceback" not in outcome.log


@pytest.mark.browser
def test_robots_and_budget_hold_for_drawn_pages(crawls: Crawls, sites: Any, browser: None) -> None:
    """A forbidden board is never opened; the day's requests count what we ask for."""
    forbidding = sites(_drawn(_board()), robots=Reply(body=b"User-agent: *\nDisallow: /forum", kind="text/plain"))
    outcome = crawls.run(_source("forbidden", forbidding), timeout="30s")
    assert "robots.txt 不允许" in outcome.state("forbidden")[1]
    assert forbidding.pages() == []
    site = sites(_drawn(_board()))
    outcome = crawls.run(_source("board", site), timeout="30s", daily_requests=4)
    state, reason = outcome.state("board")
    assert (state, "4 次上限" in reason) == ("down", True)
    assert [path for path in site.asked if path.startswith("/thread")] == ["/thread-1-1-1.html"]


def test_without_a_browser_the_source_says_so(crawls: Crawls, sites: Any) -> None:
    """No Chromium on this machine: the source is down with the fix in its reason, and others go on."""
    crawls.browser = "/nowhere/chromium"
    site, other = sites(_drawn(_board())), sites(_board().route)
    outcome = crawls.run(_source("drawn", site), row("other", "forum", f"{other.url}/forum-2-1.html"))
    state, reason = outcome.state("drawn")
    assert state == "down"
    assert "该信源需要浏览器才能读取：本机没有可用的浏览器" in reason
    assert outcome.state("other")[0] == "ok"
    crawls.browser = "none"
    assert "设为 none" in crawls.run(_source("drawn", site)).state("drawn")[1]


@pytest.mark.browser
def test_a_browser_that_dies_is_replaced(crawls: Crawls, sites: Any, browser: None) -> None:
    """A page that kills its renderer is down, the next page of the same crawl is drawn."""
    board = _board()
    site = sites(at("/thread-1-", _shell("location.href = 'chrome://crash'")), _drawn(board))
    outcome = crawls.run(_source("board", site), timeout="6s")
    assert outcome.state("board")[0] == "ok"
    assert len(crawls.posts()) == 1


def test_the_import_waits_until_a_source_asks() -> None:
    """A crawl without such sources pays nothing for the browser."""
    code = "import crawlers.run, crawlers.spiders.forum, sys; sys.exit('playwright' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
