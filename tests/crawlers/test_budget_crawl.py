from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from core.database import Database
from crawlers.host_days import HostDays
from tests.crawlers.board import ZONE, Board
from tests.crawlers.conftest import Crawls, row
from tests.crawlers.site import NOW, Reply, Site, at


def _board(count: int) -> Board:
    board = Board(per_list=20)
    for tid in range(1, count + 1):
        board.say(tid, 100 + tid)
    return board


def _made(crawls: Crawls, when: datetime = NOW) -> int:
    database = Database(f"sqlite:///{crawls.data / 'tingfeng.sqlite'}")
    try:
        return HostDays(database).made("127.0.0.1", when.astimezone(ZONE).date())
    finally:
        database.close()


def test_the_days_requests_are_shared_and_the_rest_comes_tomorrow(crawls: Crawls, sites: Any) -> None:
    """Two sources of one host: the first is cut at the limit, the second is not read at all and says so; nothing is
    called blocked, no request is made beyond the limit, and the next day gets the rest."""
    first, second = sites(_board(12).route), sites(_board(3).route)
    sources = [
        row("first", "forum", f"{first.url}/forum-2-1.html"),
        row("second", "forum", f"{second.url}/forum-2-1.html"),
    ]
    outcome = crawls.run(*sources, daily_requests=10)
    state, reason = outcome.state("first")
    assert (state, "今天对 127.0.0.1 的请求已达 10 次上限，其余内容明天继续" in reason) == ("down", True)
    assert reason.startswith("今天对 127.0.0.1"), "nobody watches until midnight: no silence to trust"
    assert outcome.sources["first"]["last_ok"] is not None, "what was read counts"
    assert outcome.sources["first"]["cursor"]["floor"] is not None, "the next crawl goes down to the same floor"
    state, reason = outcome.state("second")
    assert (state, "10 次上限" in reason) == ("down", True)
    assert outcome.sources["second"]["cursor"] == {}
    assert len(first.asked) + len(second.asked) == _made(crawls) == 10
    for kept in outcome.sources.values():
        # 20:00 in Shanghai: four hours are left.
        assert datetime.fromisoformat(kept["next_run"]) == NOW + timedelta(hours=4)

    again = crawls.run(*sources, daily_requests=10, now=NOW + timedelta(minutes=10))
    assert {again.state(source)[0] for source in ("first", "second")} == {"down"}
    assert len(first.asked) + len(second.asked) == 10
    tomorrow = crawls.run(*sources, daily_requests=100, now=NOW + timedelta(hours=5))
    assert {tomorrow.state(source)[0] for source in ("first", "second")} == {"ok"}
    assert len(crawls.posts()) == 15


def test_retries_redirects_and_robots_count(crawls: Crawls, sites: Any) -> None:
    """Everything that goes over the wire is counted, nothing else is, and what was reserved beyond it is given back."""
    board = _board(2)
    troubles = [Reply(status=503), Reply(status=302, headers=(("Location", "/forum-2-1.html?again"),))]
    site: Site = sites(lambda path: troubles.pop() if path == "/forum-2-1.html" and troubles else None, board.route)
    site.routes.insert(0, at("/robots.txt", Reply(status=404)))
    site.routes.insert(1, lambda path: Reply(body=board.list_page(1).encode()) if path.endswith("?again") else None)
    outcome = crawls.run(row("board", "forum", f"{site.url}/forum-2-1.html"))
    assert outcome.state("board")[0] == "ok"
    assert _made(crawls) == len(site.asked)


def test_a_limit_that_ends_at_robots_is_our_limit(crawls: Crawls, sites: Any) -> None:
    """Not even robots.txt may be asked for: the reason names the limit, not robots.txt."""
    used_up, site = sites(_board(3).route), sites(_board(3).route)
    crawls.run(row("used-up", "forum", f"{used_up.url}/forum-2-1.html"), daily_requests=3)
    outcome = crawls.run(row("board", "forum", f"{site.url}/forum-2-1.html"), daily_requests=3)
    state, reason = outcome.state("board")
    assert (state, "3 次上限" in reason, "robots" in reason) == ("down", True, False)
    assert site.asked == []
