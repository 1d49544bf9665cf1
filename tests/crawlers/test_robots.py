from __future__ import annotations

from typing import Any

import pytest
from scrapy.robotstxt import ProtegoRobotParser

from core.settings import CrawlSettings
from crawlers.robots import product_token
from tests.crawlers.board import Board
from tests.crawlers.conftest import Crawls, row
from tests.crawlers.site import NOW, Reply, at

TOKEN = "TingfengBot"

#: A file with mixed line ends and no blank line between its groups.
MIXED = (
    b"Sitemap: http://s.test/sitemap.xml\r\nUser-Agent: Baiduspider\nDisallow:\r\nUser-agent: 360Spider\nDisallow:\r\n"
    b"User-agent: Googlebot\r\nDisallow: /search\nUser-agent: *\r\nDisallow: /\n"
)


@pytest.mark.parametrize(
    ("rules", "path", "allowed"),
    [
        (MIXED, "/u/1", False),
        (MIXED.replace(b"User-agent: *", b"User-agent: OtherBot"), "/u/1", True),
        (b"User-agent: Baiduspider\r\nUser-agent: *\nDisallow: /admin\r\n", "/u/1", True),
        (b"User-agent: Baiduspider\r\nUser-agent: *\nDisallow: /admin\r\n", "/admin/1", False),
        (b"User-agent: *\rDisallow: /\r", "/u/1", False),
        (b"\xef\xbb\xbfUser-agent: *\nDisallow: /\n", "/u/1", False),
        (b"USER-AGENT:*\nDISALLOW:/u", "/u/1", False),
        (b"User-agent: *\nDisallow: /\n\nUser-agent: TingfengBot\nDisallow: /private\n", "/u/1", True),
        (b"User-agent: *\nDisallow:\n\nUser-agent: tingfengbot\nDisallow: /\n", "/u/1", False),
        (b"User-agent: *\nDisallow: /\nAllow: /u/\n", "/u/1", True),
        (b"User-agent: *\nDisallow: /*?mod=misc*\n", "/forum.php?mod=misc&x=1", False),
        (b"User-agent: *\nDisallow: /*.php$\n", "/forum.php?mod=x", True),
        (b"User-agent: contact\nDisallow: /\n", "/u/1", True),
        (b"User-agent: bot\nDisallow: /\n", "/u/1", True),
        (b"User-agent: https\nDisallow: /\n", "/u/1", True),
        (b"Disallow: /\n", "/u/1", True),
        ("User-agent: *\nDisallow: /管理\n".encode(), "/%E7%AE%A1%E7%90%86/1", False),
        ("User-agent: *\nDisallow: / # 全部禁止\n".encode("gbk"), "/u/1", False),
        (b"<html><body>404</body></html>", "/u/1", True),
        (b"\x00\xff\xfe\x00" * 99, "/u/1", True),
        (b"", "/u/1", True),
        (b"User-agent: *\nDisallow: /" + b"*a" * 5000 + b"$\n", "/" + "a" * 4000, True),
    ],
)
def test_rules_are_read_as_they_are_written_in_the_wild(rules: bytes, path: str, allowed: bool) -> None:
    """Mixed line ends, groups without blank lines, our own group before the general one, groups that are not ours."""
    parser = ProtegoRobotParser(rules, None)
    assert parser.allowed(f"https://s.test{path}", TOKEN) is allowed


@pytest.mark.parametrize(
    ("agent", "token"),
    [
        (CrawlSettings().user_agent, "TingfengBot"),
        ("TingfengBot", "TingfengBot"),
        ("My-Watch_bot/2.0 (+https://x.test)", "My-Watch_bot"),
        ("Mozilla/5.0 (compatible; TingfengBot/0.1; +https://x.test)", "TingfengBot"),
        ("Mozilla/5.0 (X11; Linux x86_64)", "Mozilla"),
        ("听风", "听风"),
    ],
)
def test_our_name_for_robots(agent: str, token: str) -> None:
    """The product token of the user agent, not what stands beside it."""
    assert product_token(agent) == token


def _board() -> Board:
    board = Board()
    board.say(1, 100)
    return board


def _text(rules: str) -> Reply:
    return Reply(body=rules.encode(), kind="text/plain")


#: What robots.txt answers; state of the source; a word of the reason; whether any page was asked for.
ANSWERS: dict[str, tuple[Reply, str, str, bool]] = {
    "none": (Reply(status=404), "ok", "1 条", True),
    "forbidden-file": (Reply(status=403), "ok", "1 条", True),
    "soft-404": (Reply(body=b"<html><body>not here</body></html>"), "ok", "1 条", True),
    "failing": (Reply(status=503), "down", "robots.txt 返回状态码 503", False),
    "busy": (Reply(status=429, headers=(("Retry-After", "7200"),)), "down", "robots.txt 返回状态码 429", False),
    "cut": (Reply(body=b"User-agent", claims=900), "down", "robots.txt 无法取得（响应没有传完就断开）", False),
    "loop": (Reply(status=302, headers=(("Location", "/robots.txt"),)), "ok", "1 条", True),
    "to-a-login": (Reply(status=302, headers=(("Location", "http://passport.x.test/"),)), "ok", "1 条", True),
    "inside": (Reply(status=302, headers=(("Location", "http://10.0.0.1/robots.txt"),)), "ok", "1 条", True),
    "mixed": (Reply(body=MIXED, kind="text/plain"), "blocked", "robots.txt 不允许", False),
    "ours": (_text("User-agent: *\nDisallow: /\nUser-agent: TingfengBot\nAllow: /\n"), "ok", "1 条", True),
    "list-only": (_text("User-agent: *\nDisallow: /thread-"), "blocked", "robots.txt 不允许", True),
    "late": (_text("#" * 600_000 + "\nUser-agent: *\nDisallow: /\n"), "ok", "1 条", True),
}


def test_every_answer_of_robots_has_its_meaning(crawls: Crawls, sites: Any) -> None:
    """One crawl of many hosts: rules are obeyed, missing ones allow, unreadable ones forbid; read once each."""
    servers = {name: sites(_board().route, robots=reply) for name, (reply, *_) in ANSWERS.items()}
    moved = sites(_board().route, robots=Reply(status=301, headers=(("Location", "/rules/robots.txt"),)))
    moved.routes.insert(0, at("/rules/", _text("User-agent: *\nDisallow: /")))
    rows = [row(name, "forum", f"{site.url}/forum-2-1.html") for name, site in {**servers, "moved": moved}.items()]
    outcome = crawls.run(*rows)
    expected = {name: answer[1:] for name, answer in ANSWERS.items()} | {"moved": ("blocked", "robots.txt", False)}
    for name, (state, word, asks) in expected.items():
        found, reason = outcome.state(name)
        assert (found, word in reason) == (state, True), f"{name}: {found} {reason}"
        site = servers.get(name, moved)
        assert any(path.startswith("/forum") for path in site.asked) is asks, name
        retried = 3 if name in ("failing", "cut") else 6 if name == "loop" else 1
        assert site.asked.count("/robots.txt") == retried, name
    for name in ("mixed", "list-only", "moved"):
        assert b"isallow" in crawls.raw(outcome.sources[name]["proof"]).body
    assert outcome.sources["busy"]["next_run"] >= (NOW.isoformat().replace("T12:00", "T14:00")).replace("T", " ")


def test_a_crawl_delay_is_kept(crawls: Crawls, sites: Any) -> None:
    """A delay that robots.txt asks for holds between all requests, though ours is none."""
    board = Board()
    for tid in (1, 2):
        board.say(tid, 100 + tid)
    site = sites(board.route, robots=_text("User-agent: *\nCrawl-delay: 0.5\nDisallow: /api/"))
    outcome = crawls.run(row("board", "forum", f"{site.url}/forum-2-1.html"))
    assert outcome.state("board")[0] == "ok"
    assert "robots_delay" in outcome.log
    pauses = [later - sooner for sooner, later in zip(site.times[1:], site.times[2:], strict=False)]
    assert len(pauses) == 2
    assert min(pauses) > 0.45
