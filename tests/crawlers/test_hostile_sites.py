from __future__ import annotations

import socket
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from tests.crawlers.board import CAPTCHA, HEAD, Board
from tests.crawlers.conftest import Crawls, row
from tests.crawlers.site import NOW, Reply, Site, at


def _board() -> Board:
    board = Board()
    for tid in (1, 2, 3):
        board.say(tid, 100 + tid)
    return board


def _refused_port() -> int:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return int(unused.getsockname()[1])


class Grumpy:
    """Answers 429 a few times, then works."""

    def __init__(self, times: int, route: Callable[[str], Reply | None]) -> None:
        self.left, self.route = times, route

    def __call__(self, path: str) -> Reply | None:
        if self.left:
            self.left -= 1
            return Reply(status=429, headers=(("Retry-After", "1"),))
        return self.route(path)


def _page(text: str, **more: Any) -> Reply:
    return Reply(body=f"{HEAD}{text}</body></html>".encode(), **more)


#: What the server does, and what must become of the source: state, and a word of the reason.
FORUMS: dict[str, tuple[Reply, str, str]] = {
    "captcha": (CAPTCHA, "blocked", "安全验证"),
    "passport": (
        Reply(status=302, headers=(("Location", "http://passport.example.invalid/login?r=1"),)),
        "blocked",
        "passport.example.invalid",
    ),
    "soft-login": (_page('<div id="messagetext"><p>您需要先登录才能继续浏览本版块</p></div>'), "blocked", "登录"),
    "loop": (Reply(status=302, headers=(("Location", "/forum-2-1.html"),)), "blocked", "反复重定向"),
    "throttled": (Reply(status=429, headers=(("Retry-After", "3600"),)), "blocked", "429"),
    "nothing": (_page('<div id="messagetext"><p>本版块或指定的范围内尚无主题</p></div>'), "empty", "本应有内容"),
    "redesigned": (_page("<main><h2>全新改版</h2><p>欢迎来到新社区，帖子列表在这里</p></main>" * 9), "broken", "改版"),
    "cut-off": (Reply(body=b"<html><body>half a page", claims=9000), "down", "没有传完"),
    "huge": (Reply(body=b"x" * 1_200_000), "broken", "超过 1 MB"),
    "server-error": (Reply(status=500, body=b"oops"), "down", "500"),
    "moved": (Reply(status=404, body=b"<html><body>404</body></html>"), "broken", "404"),
}


def test_each_kind_of_trouble_is_named_and_hurts_nobody_else(crawls: Crawls, sites: Any) -> None:
    """Fourteen boards in one crawl: every bad one ends in its own state with proof, the good ones are read."""
    servers: dict[str, Site] = {name: sites(at("/forum", reply)) for name, (reply, *_) in FORUMS.items()}
    forbidding = Reply(body=b"User-agent: *\nDisallow: /forum-2-\n", kind="text/plain")
    servers["forbidden"] = sites(_board().route, robots=forbidding)
    servers["overridden"] = sites(_board().route, robots=forbidding)
    servers["grumpy"] = sites(Grumpy(2, _board().route))
    servers["good"] = sites(_board().route)
    sources = [row(name, "forum", f"{site.url}/forum-2-1.html") for name, site in servers.items()]
    sources.append(row("refused", "forum", f"http://127.0.0.1:{_refused_port()}/forum-2-1.html"))
    for source in sources:
        if source["id"] == "overridden":
            source["ignore_robots_because"] = "站方书面同意"
    outcome = crawls.run(*sources)

    expected = {name: (state, word) for name, (_, state, word) in FORUMS.items()}
    expected |= {
        "forbidden": ("blocked", "robots.txt 不允许"),
        "overridden": ("ok", "3 条帖文"),
        "grumpy": ("ok", "3 条帖文"),
        "good": ("ok", "3 条帖文"),
        "refused": ("down", "robots.txt 无法取得（连接被拒绝）"),
    }
    assert outcome.reports.keys() == expected.keys()
    for name, (state, word) in expected.items():
        found, reason = outcome.state(name)
        assert (found, word in reason) == (state, True), f"{name}: {found} {reason}"
    assert "robots_ignored" in outcome.log
    assert "/robots.txt" not in servers["overridden"].asked
    assert {post.site for post in crawls.posts()} == {
        servers[name].url.removeprefix("http://") for name in ("overridden", "grumpy", "good")
    }, "nothing of a page that was blocked or broken is stored as a post"
    _check_proof_and_turn(crawls, outcome.sources, expected)
    # Six times by itself; the board's feed, asked for because the board is refused, leads back to it five times.
    assert servers["loop"].asked.count("/forum-2-1.html") == 11
    assert servers["captcha"].asked.count("/forum-2-1.html") == 1
    assert servers["server-error"].asked.count("/forum-2-1.html") == 3
    assert len(servers["forbidden"].pages()) == 0
    assert all(
        "TingfengBot" in headers["User-Agent"] and "Cookie" not in headers for headers in servers["good"].headers
    )


def _check_proof_and_turn(crawls: Crawls, rows: dict[str, Any], expected: dict[str, tuple[str, str]]) -> None:
    """The deciding response is in the vault; a failing source comes back later, and no sooner than the site wants."""
    without_response = {"refused", "cut-off", "huge", "loop"}
    for name, (state, _) in expected.items():
        kept = rows[name]
        assert (kept["proof"] is None) == (name in without_response), name
        turn = datetime.fromisoformat(kept["next_run"])
        pause = timedelta(hours=1) if name == "throttled" else timedelta(minutes=10 if state == "ok" else 20)
        assert turn == NOW + pause, name
        assert kept["cursor"] != {} if state == "ok" else kept["cursor"] == {}, name
    assert "安全验证" in crawls.raw(rows["captcha"]["proof"]).body.decode()
    assert crawls.raw(rows["passport"]["proof"]).status == 302
    assert b"Disallow" in crawls.raw(rows["forbidden"]["proof"]).body


def test_a_board_whose_threads_are_all_refused_is_blocked(crawls: Crawls, sites: Any) -> None:
    """The list alone proves nothing: five refused threads in a row end the crawl, and nothing is marked as read."""
    board = Board(per_list=20)
    for tid in range(1, 12):
        board.say(tid, 100 + tid)
        board.instead[tid] = CAPTCHA
    healthy = Board(per_list=20)
    for tid in range(1, 5):
        healthy.say(tid, 100 + tid)
        healthy.instead[tid] = Reply(body=f"{HEAD}<main>新版帖子页</main></body></html>".encode())
    site, redesigned = sites(board.route), sites(healthy.route)
    outcome = crawls.run(
        row("board", "forum", f"{site.url}/forum-2-1.html"),
        row("redesigned", "forum", f"{redesigned.url}/forum-2-1.html"),
    )
    state, reason = outcome.state("board")
    assert state == "blocked"
    assert "安全验证" in reason
    assert [path for path in site.pages() if "archiver" not in path][1:] == [
        f"/thread-{n}-1-1.html" for n in range(1, 6)
    ]
    assert outcome.state("redesigned")[0] == "broken"
    assert outcome.sources["board"]["cursor"] == outcome.sources["redesigned"]["cursor"] == {}
    assert crawls.posts() == []


def test_posts_that_cannot_be_written_stop_their_source_only(crawls: Crawls, sites: Any) -> None:
    """A full disk: the source is not called fine, its cursor stays, the other source is read, the next crawl heals."""
    sources = [row(name, "forum", f"{sites(_board().route).url}/forum-2-1.html") for name in ("unlucky", "lucky")]
    crawls.no_room_for = "unlucky"
    outcome = crawls.run(*sources)
    assert outcome.state("lucky")[0] == "ok"
    state, reason = outcome.state("unlucky")
    assert (state, "No space left" in reason) == ("broken", True)
    assert outcome.sources["unlucky"]["cursor"] == {}
    crawls.no_room_for = ""
    assert crawls.run(*sources).reports["unlucky"]["new"] == 3


def test_several_requests_at_once_lose_nothing(crawls: Crawls, sites: Any) -> None:
    """With four connections a host, cut by a limit and hindered by a captcha, two crawls get all that can be had."""
    board = Board(per_list=8)
    for tid in range(1, 17):
        board.say(tid, 100 + tid)
    board.instead[5] = CAPTCHA
    site = sites(board.route)
    source = row("board", "forum", f"{site.url}/forum-2-1.html")
    first = crawls.run(source, concurrency_per_host=4, max_pages=12)
    assert "上限" in first.state("board")[1]
    assert len(site.pages()) == 12
    del board.instead[5]
    crawls.run(source, concurrency_per_host=4, max_pages=30, now=NOW + timedelta(minutes=10))
    assert len(crawls.posts()) == 16


def test_links_and_redirects_do_not_lead_elsewhere(crawls: Crawls, sites: Any) -> None:
    """A thread link to another site is not followed, nor a feed's link or a redirect into our own network."""
    inside = sites()
    board = _board()
    foreign = board.list_page(1).replace('href="thread-2-', f'href="{inside.url}/thread-2-')
    site = sites(at("/forum", Reply(body=foreign.encode())), board.route)
    outcome = crawls.run(row("board", "forum", f"{site.url}/forum-2-1.html"))
    assert outcome.state("board")[0] == "ok"
    assert len(crawls.posts()) == 2
    assert inside.asked == []
