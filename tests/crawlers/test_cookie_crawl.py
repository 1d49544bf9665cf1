from __future__ import annotations

import zlib
from typing import Any

from tests.crawlers.board import CAPTCHA, Board
from tests.crawlers.conftest import Crawls, row
from tests.crawlers.site import Reply, at

LOGIN = "SUB=very-secret-login; SUBP=x"


def _board(count: int = 3) -> Board:
    board = Board()
    for tid in range(1, count + 1):
        board.say(tid, 100 + tid)
    return board


def _cookies(site: Any) -> dict[str, list[str | None]]:
    """What each path was sent, in order."""
    found: dict[str, list[str | None]] = {}
    for path, headers in zip(site.asked, site.headers, strict=True):
        found.setdefault(path, []).append(headers.get("Cookie"))
    return found


def test_the_login_goes_to_its_own_server_and_nowhere_else(crawls: Crawls, sites: Any) -> None:
    """Lists and threads are asked for with the cookie, robots.txt without; a redirect to another server drops it."""
    board = _board()
    other = sites(board.route)
    away = Reply(status=302, headers=(("Location", f"{other.url}/thread-2-1-1.html"),))
    home = Reply(status=302, headers=(("Location", "/thread-1-1-9.html"),))
    board.instead = {}
    site = sites(at("/thread-2-", away), at("/thread-1-1-1.html", home), board.route)
    outcome = crawls.run(row("board", "forum", f"{site.url}/forum-2-1.html", cookie=LOGIN))
    assert outcome.state("board")[0] == "ok"
    assert _cookies(site) == {
        "/robots.txt": [None],
        "/forum-2-1.html": [LOGIN],
        "/thread-1-1-1.html": [LOGIN],
        "/thread-1-1-9.html": [LOGIN],
        "/thread-2-1-1.html": [LOGIN],
        "/thread-3-1-1.html": [LOGIN],
    }
    assert set(_cookies(other)) == {"/robots.txt", "/thread-2-1-1.html"}
    assert all(sent == [None] for sent in _cookies(other).values())


def test_a_retry_keeps_the_login(crawls: Crawls, sites: Any) -> None:
    """A page that fails once is asked for again as before."""
    board = _board(1)
    answers = iter([Reply(status=502)])
    site = sites(lambda path: next(answers, None) if path.startswith("/forum") else None, board.route)
    outcome = crawls.run(row("board", "forum", f"{site.url}/forum-2-1.html", cookie=LOGIN))
    assert outcome.state("board")[0] == "ok"
    assert _cookies(site)["/forum-2-1.html"] == [LOGIN, LOGIN]


def test_no_trace_of_the_login_is_left(crawls: Crawls, sites: Any) -> None:
    """Neither log nor database nor vault holds the login, not even one that the site renewed while it refused us."""
    renewed = (("Set-Cookie", "SUB=very-secret-login-2; path=/; HttpOnly"),)
    refusing = sites(at("/forum", Reply(status=403, body=CAPTCHA.body, headers=renewed)))
    board = _board()
    board.instead[2] = Reply(status=500, headers=renewed)
    good = sites(board.route)
    outcome = crawls.run(
        row("refusing", "forum", f"{refusing.url}/forum-2-1.html", cookie=LOGIN),
        row("good", "forum", f"{good.url}/forum-2-1.html", cookie=LOGIN),
    )
    assert outcome.state("refusing")[0] == "blocked"
    assert ("Set-Cookie", "SUB=***; path=/; HttpOnly") in crawls.raw(outcome.sources["refusing"]["proof"]).headers
    assert "very-secret" not in outcome.log + repr(outcome.reports) + repr(outcome.sources)
    files = [path for path in crawls.data.rglob("*") if path.is_file()]
    assert len(files) > 5
    for file in files:
        content = file.read_bytes()
        assert b"very-secret" not in content, file
        if "vault" in file.parts:
            assert b"very-secret" not in zlib.decompress(content), file


def test_when_the_login_ends_the_source_is_blocked(crawls: Crawls, sites: Any) -> None:
    """The site sends to its login what it showed yesterday: blocked with the 302 as proof, posts and cursor stay."""
    board = _board()
    site = sites(board.route)
    source = row("board", "forum", f"{site.url}/forum-2-1.html", cookie=LOGIN)
    cursor = crawls.run(source).sources["board"]["cursor"]
    login = Reply(status=302, headers=(("Location", "/member.php?mod=logging&action=login"),))
    site.routes.insert(0, at("/forum", login))
    outcome = crawls.run(source)
    state, reason = outcome.state("board")
    assert (state, "member.php" in reason) == ("blocked", True)
    assert crawls.raw(outcome.sources["board"]["proof"]).status == 302
    assert outcome.sources["board"]["cursor"] == cursor
    assert len(crawls.posts()) == 3
    assert "/member.php?mod=logging&action=login" not in site.asked


def test_a_useless_cookie_is_told(crawls: Crawls, sites: Any) -> None:
    """A cookies.txt of another site: nothing is sent, the crawl goes on, the reason says so."""
    site = sites(_board().route)
    rows = ".weibo.com\tTRUE\t/\tTRUE\t0\tSUB\tvery-secret-login"
    outcome = crawls.run(row("board", "forum", f"{site.url}/forum-2-1.html", cookie=rows))
    state, reason = outcome.state("board")
    assert state == "ok"
    assert "没有属于 127.0.0.1 的 Cookie" in reason
    assert all(sent == [None] for sent in _cookies(site).values())
