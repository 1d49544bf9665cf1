"""Crawls whose silence is doubted: canaries, lost fields, deletions, revisits, spans that nobody collected."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select

from core.database import Database
from core.model import Post, Verdict
from core.schema import posts, source_runs
from crawlers.history import SourceHistory
from index.posts import PostStore
from index.verdicts import VerdictStore
from tests.crawlers.board import CAPTCHA, HEAD, Board
from tests.crawlers.conftest import Crawls, row
from tests.crawlers.site import NOW, Reply, Route, at

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
EMPTY_BOARD = Reply(body=f'{HEAD}<div id="messagetext"><p>本版块尚无主题</p></div></body></html>'.encode())
NOTHING_HERE = Reply(body=json.dumps({"ok": 0, "msg": "这里还没有内容"}).encode(), kind="application/json")
FULL_LIST = Board()
FULL_LIST.say(900, 60)


@contextmanager
def store_of(crawls: Crawls) -> Iterator[PostStore]:
    database = Database(f"sqlite:///{crawls.data / 'tingfeng.sqlite'}")
    try:
        yield PostStore(database)
    finally:
        database.close()


def gone(crawls: Crawls) -> dict[str, str]:
    """Text and sign of what is gone."""
    with store_of(crawls) as store, store.database.read() as connection:
        wanted = select(posts.c.text, posts.c.gone_reason).where(posts.c.gone.is_not(None))
        return {row.text: row.gone_reason for row in connection.execute(wanted)}


def grade(crawls: Crawls, wanted: Callable[[Post], bool]) -> None:
    """The worker found that these matter."""
    with store_of(crawls) as store:
        judged = [
            Verdict(id=post.id, negative=0.9, risk=80, grade="A", model="t")
            for post in store.latest(1000)
            if wanted(post)
        ]
        with store.database.write() as connection:
            VerdictStore(store.database).save(connection, judged, now=NOW)


# -- the canary ------------------------------------------------------------------------------------------------------

#: What the entrance and the canary answer; state, failed, a word of the reason.
CANARIES: list[tuple[str, Reply, Reply | None, tuple[str, bool, str]]] = [
    ("empty, and the canary sings", EMPTY_BOARD, Reply(body=FULL_LIST.list_page(1).encode()),
     ("empty", False, "对照页面可读，确无新内容")),
    ("empty, and the canary is as empty", EMPTY_BOARD, EMPTY_BOARD,
     ("blocked", True, "对照页面也读不到内容：论坛提示")),
    ("empty, and the canary meets a captcha", EMPTY_BOARD, CAPTCHA, ("blocked", True, "对照页面也读不到内容：")),
    ("empty, and the canary is 403", EMPTY_BOARD, Reply(status=403), ("blocked", True, "对照页面也读不到内容：")),
    ("empty, and the canary is no more", EMPTY_BOARD, Reply(status=404), ("empty", True, "不能判断，请检查或更换")),
    ("empty, and the canary is another page", EMPTY_BOARD, Reply(body=b"<html><body><p>hello</p></body></html>"),
     ("empty", True, "请检查或更换")),
    ("empty, and the canary is down", EMPTY_BOARD, Reply(status=503), ("empty", True, "不能判断")),
    ("empty, without a canary", EMPTY_BOARD, None, ("empty", True, "请核实是否被限流")),
]  # fmt: skip


@pytest.mark.parametrize(
    ("entrance", "canary", "expected"), [case[1:] for case in CANARIES], ids=[case[0] for case in CANARIES]
)
def test_the_canary_tells_empty_from_blocked(
    crawls: Crawls, sites: Any, entrance: Reply, canary: Reply | None, expected: tuple[str, bool, str]
) -> None:
    """One request more, and only where the source shows nothing; its answer is the proof where it decides."""
    site = sites(at("/forum-2", entrance), at("/forum-9", canary or Reply(status=404)))
    more = {"canary": f"{site.url}/forum-9-1.html"} if canary else {}
    outcome = crawls.run(row("board", "forum", f"{site.url}/forum-2-1.html", **more))
    state, failed, word = expected
    assert (outcome.state("board")[0], outcome.reports["board"]["failed"]) == (state, failed)
    assert word in outcome.state("board")[1]
    assert len(set(site.pages())) == (2 if canary else 1)
    if state == "blocked":
        assert crawls.raw(outcome.reports["board"]["proof"]).url == more["canary"]


def test_a_source_that_shows_something_needs_no_canary(crawls: Crawls, sites: Any) -> None:
    """No request to spare."""
    board = Board()
    board.say(1, 30)
    site = sites(board.route)
    source = row("board", "forum", f"{site.url}/forum-2-1.html", canary=f"{site.url}/forum-9-1.html")
    assert [crawls.run(source, now=NOW + n * MINUTE).state("board")[0] for n in (0, 10)] == ["ok", "ok"]
    assert "/forum-9-1.html" not in site.pages()


@pytest.mark.parametrize(("canary", "state"), [(NOTHING_HERE, "blocked"), (CAPTCHA, "blocked")])
def test_weibo_says_nothing_here_when_it_means_go_away(crawls: Crawls, sites: Any, canary: Reply, state: str) -> None:
    """The same sentence for an empty search and for a throttled reader: the canary decides."""
    site = sites(lambda path: canary if "100505" in path else NOTHING_HERE)
    source = row(
        "wb", "weibo", site.url, keyword="星辰", canary=f"{site.url}/api/container/getIndex?containerid=1005051"
    )
    outcome = crawls.run(source)
    assert outcome.state("wb")[0] == state
    assert outcome.reports["wb"]["failed"]


# -- what is usual ---------------------------------------------------------------------------------------------------


def remember(crawls: Crawls, source: str, runs: Iterable[tuple[datetime, int]]) -> None:
    """Earlier crawls that found so many new posts."""
    database = Database(f"sqlite:///{crawls.data / 'tingfeng.sqlite'}")
    blank = {"state": "ok", "pages": 1, "posts": 0, "changed": 0, "filled": {}, "robots": "obeyed"}
    with database.write() as connection:
        rows = [{"source": source, "started": when, "ended": when, "new": new, **blank} for when, new in runs]
        connection.execute(insert(source_runs), rows)
    database.close()


@pytest.mark.parametrize(("canary", "expected"), [(None, ("empty", True)), ("sings", ("empty", False)),
                                                  ("mute", ("blocked", True))])  # fmt: skip
def test_a_silence_that_this_source_never_keeps_is_no_ok(
    crawls: Crawls, sites: Any, canary: str | None, expected: tuple[str, bool]
) -> None:
    """The list can be read and shows what it showed hours ago: the site may be serving us an old page."""
    board = Board()
    board.say(1, 60 * 24 * 30 - 5)
    silent = lambda path: EMPTY_BOARD if canary == "mute" and path.startswith("/forum-9") else None  # noqa: E731
    sings = at("/forum-9", Reply(body=FULL_LIST.list_page(1).encode()))
    site = sites(silent, sings, board.route)
    more = {"canary": f"{site.url}/forum-9-1.html"} if canary else {}
    source = row("board", "forum", f"{site.url}/forum-2-1.html", **more)
    crawls.run(source, now=NOW - 30 * DAY)
    times = [NOW - minutes * 10 * MINUTE for minutes in range(6 * 24 * 29, 0, -1)]
    remember(crawls, "board", ((when, 0 if when > NOW - 4 * HOUR else 1) for when in times))
    site.pages()
    outcome = crawls.run(source)
    state, reason = outcome.state("board")
    assert (state, outcome.reports["board"]["failed"]) == expected
    assert "按往常此时段应有约 24 条新内容，却一条也没有" in reason
    assert len(site.pages()) == (2 if canary else 1)
    assert outcome.reports["board"]["readable"] is (canary is None), "a doubt must not make the next news late"


def _without_authors(route: Route) -> Route:
    """The same site after a redesign."""

    def redesigned(path: str) -> Reply | None:
        reply = route(path)
        if reply is None or "/thread-" not in path:
            return reply
        # One name is left, or the parser would see for itself that the layout is another.
        first, rest = reply.body.decode().split("</a></div>", 1)
        rest = rest.replace('class="authi"', 'class="who"').replace("space-uid-", "who-")
        return Reply(body=f"{first}</a></div>{rest}".encode())

    return redesigned


def test_a_field_that_is_read_no_more_is_no_ok(crawls: Crawls, sites: Any) -> None:
    """Posts are kept, the cursor waits, and once the parser can read it again the fields are filled in."""
    board = Board(per_page=20)
    for tid in range(1, 5):
        for number in range(10):
            board.say(tid, 500 - number)
    site = sites(board.route)
    source = row("board", "forum", f"{site.url}/forum-2-1.html")
    crawls.run(source)
    for number in range(12):
        board.say(5, -1 - number)
    site.routes[:] = [_without_authors(board.route)]
    before = crawls.run(source, now=NOW + 20 * MINUTE)
    state, reason = before.state("board")
    assert (state, before.reports["board"]["failed"]) == ("broken", True)
    assert "页面可能改版：作者此前 100% 可读，这次" in reason
    assert crawls.raw(before.reports["board"]["proof"]).url.endswith("/thread-5-1-1.html")
    assert len(crawls.posts()) == 52
    assert sum(post.author.name is None for post in crawls.posts()) == 11
    site.routes[:] = [board.route]
    assert crawls.run(source, now=NOW + 2 * HOUR).state("board")[0] == "ok"
    assert all(post.author.name for post in crawls.posts())


# -- what is gone ----------------------------------------------------------------------------------------------------


def test_deleted_replies_and_threads_are_noticed(crawls: Crawls, sites: Any) -> None:
    """A reply in the middle when its thread is read again; a thread when it answers 404; both stay in the store."""
    board = Board(per_page=10)
    for number in range(4):
        board.say(1, 100 - number)
    board.say(2, 200, "这一帖会被整个删除")
    site = sites(board.route)
    source = row("board", "forum", f"{site.url}/forum-2-1.html")
    crawls.run(source)
    victim = board.threads[1].sayings.pop(2)
    board.say(1, -1)
    board.threads[1].sayings[-1].pid = 190
    board.say(2, -2)
    board.instead[2] = Reply(status=404)
    outcome = crawls.run(source, now=NOW + 10 * MINUTE)
    assert outcome.state("board") == ("ok", "读取 3 个页面、4 条帖文，新增或变化 1 条；2 条已删除或隐藏")
    found = gone(crawls)
    assert set(found) == {victim.text, "这一帖会被整个删除"}
    assert "已被删除或隐藏" in found[victim.text]
    assert "404" in found["这一帖会被整个删除"]
    assert len(crawls.posts()) == 6


def test_a_thread_that_says_that_it_was_deleted(crawls: Crawls, sites: Any) -> None:
    """200 with a notice is the usual way."""
    board = Board()
    board.say(1, 100, "发帖人删了它")
    site = sites(board.route)
    source = row("board", "forum", f"{site.url}/forum-2-1.html")
    crawls.run(source)
    board.say(1, -1)
    notice = f'{HEAD}<div id="messagetext"><p>抱歉，指定的主题不存在或已被删除或正在被审核</p></div></body></html>'
    board.instead[1] = Reply(body=notice.encode())
    crawls.run(source, now=NOW + 10 * MINUTE)
    assert "不存在或已被删除" in gone(crawls)["发帖人删了它"]


@pytest.mark.parametrize("instead", [CAPTCHA, Reply(status=403), Reply(status=500), Reply(body=b"<html>new</html>")])
def test_a_page_that_cannot_be_read_deletes_nothing(crawls: Crawls, sites: Any, instead: Reply) -> None:
    """Blocked, down and redesigned are not deleted."""
    board = Board()
    board.say(1, 100)
    board.say(1, 90)
    site = sites(board.route)
    source = row("board", "forum", f"{site.url}/forum-2-1.html")
    crawls.run(source)
    board.say(1, -1)
    board.instead[1] = instead
    crawls.run(source, now=NOW + 10 * MINUTE)
    assert gone(crawls) == {}


def test_a_site_that_answers_404_to_everything_deletes_nothing(crawls: Crawls, sites: Any) -> None:
    """A maintenance, not a purge: three threads at once, and no page that can be read."""
    board = Board()
    for tid in (1, 2, 3):
        board.say(tid, 100)
    site = sites(board.route)
    source = row("board", "forum", f"{site.url}/forum-2-1.html")
    crawls.run(source)
    for tid in (1, 2, 3):
        board.say(tid, -1)
        board.instead[tid] = Reply(status=404)
    crawls.run(source, now=NOW + 10 * MINUTE)
    assert gone(crawls) == {}


# -- what is read again ----------------------------------------------------------------------------------------------


def test_graded_posts_are_read_again_and_the_others_are_not(crawls: Crawls, sites: Any) -> None:
    """An edit becomes a version, a deletion is noticed, and then the page rests."""
    board = Board()
    for tid in range(1, 5):
        board.say(tid, 100 + tid, f"第 {tid} 帖的原话")
    site = sites(board.route)
    source = row("board", "forum", f"{site.url}/forum-2-1.html")
    crawls.run(source)
    grade(crawls, lambda post: post.text in ("第 1 帖的原话", "第 2 帖的原话"))
    board.threads[1].sayings[0].text = "已和店家协商解决"
    board.threads[4].sayings[0].text = "这一处修改没有人去看"
    board.instead[2] = Reply(status=404)
    site.pages()

    crawls.run(source, now=NOW + 30 * MINUTE)
    assert site.pages() == ["/forum-2-1.html"], "too early"
    outcome = crawls.run(source, now=NOW + 4 * HOUR)
    assert site.pages() == ["/forum-2-1.html", "/thread-1-1-1.html", "/thread-2-1-1.html"]
    assert outcome.state("board") == ("ok", "没有新内容；复查 2 个页面，1 条有改动；1 条已删除或隐藏")
    assert (outcome.reports["board"]["pages"], outcome.reports["board"]["changed"]) == (1, 1)
    assert set(gone(crawls)) == {"第 2 帖的原话"}
    with store_of(crawls) as store:
        edited = next(post for post in store.latest(100) if post.text == "已和店家协商解决")
        assert [one.text for one in store.versions(edited.id)] == ["第 1 帖的原话", "已和店家协商解决"]
    crawls.run(source, now=NOW + 5 * HOUR)
    assert site.pages() == ["/forum-2-1.html"], "they rest"

    del board.instead[2]
    crawls.run(source, now=NOW + 4 * DAY)
    assert "/thread-2-1-1.html" in site.pages()
    assert gone(crawls) == {}, "it was brought back"


def test_a_site_that_refuses_a_second_look_is_left_alone(crawls: Crawls, sites: Any) -> None:
    """One request, then hours of peace; the source itself is no worse for it."""
    board = Board()
    for tid in range(1, 7):
        board.say(tid, 100 + tid)
    site = sites(board.route)
    source = row("board", "forum", f"{site.url}/forum-2-1.html")
    crawls.run(source)
    grade(crawls, lambda _: True)
    for tid in range(1, 7):
        board.instead[tid] = CAPTCHA
    site.pages()
    asked = []
    for hours in (10, 11, 15, 17, 18):
        assert crawls.run(source, now=NOW + hours * HOUR).state("board") == ("ok", "没有新内容")
        asked.append(len(site.pages()) - 1)
    assert asked == [1, 0, 0, 1, 0]


def test_revisits_can_be_turned_off_and_are_few(crawls: Crawls, sites: Any) -> None:
    """Five a crawl, none with "0s"."""
    board = Board(per_list=20)
    for tid in range(1, 13):
        board.say(tid, 100 + tid)
    site = sites(board.route)
    source = row("board", "forum", f"{site.url}/forum-2-1.html")
    crawls.run(source)
    grade(crawls, lambda _: True)
    site.pages()
    crawls.run(source, now=NOW + 10 * HOUR, revisit="0s")
    assert site.pages() == ["/forum-2-1.html"]
    numbers = []
    for minutes in (0, 10, 20, 30):
        crawls.run(source, now=NOW + 10 * HOUR + minutes * MINUTE)
        numbers.append(len(site.pages()) - 1)
    assert numbers == [5, 5, 2, 0]


# -- what was lost ---------------------------------------------------------------------------------------------------


def test_a_long_downtime_says_what_it_cost(crawls: Crawls, sites: Any) -> None:
    """From the last good crawl to the limit of back-filling; said once, kept in the history."""
    board = Board()
    board.say(1, 30)
    site = sites(board.route)
    source = row("board", "forum", f"{site.url}/forum-2-1.html")
    crawls.run(source)
    board.now = NOW + 20 * DAY
    board.say(2, 60 * 24 * 10, "停机期间的旧帖")
    board.say(3, 60 * 24 * 2, "停机期间的新帖")
    reason = crawls.run(source, now=NOW + 20 * DAY).state("board")[1]
    assert "03-15 20:00 至 03-28 20:00 的内容没有补采" in reason
    assert {post.text for post in crawls.posts()} >= {"停机期间的新帖"}
    assert "停机期间的旧帖" not in {post.text for post in crawls.posts()}
    assert "没有补采" not in crawls.run(source, now=NOW + 20 * DAY + 10 * MINUTE).state("board")[1]
    database = Database(f"sqlite:///{crawls.data / 'tingfeng.sqlite'}")
    episodes = SourceHistory(database).episodes(NOW, NOW + 30 * DAY)
    database.close()
    assert ["没有补采" in one.reason for one in episodes] == [False, False, True], "seen, not watched, lost"


def test_a_short_downtime_costs_nothing(crawls: Crawls, sites: Any) -> None:
    """Everything since the last crawl is read, and nothing is said."""
    board = Board()
    board.say(1, 30)
    site = sites(board.route)
    source = row("board", "forum", f"{site.url}/forum-2-1.html")
    crawls.run(source)
    board.now = NOW + 5 * DAY
    board.say(2, 60 * 24 * 4)
    assert "补采" not in crawls.run(source, now=NOW + 5 * DAY).state("board")[1]
    assert len(crawls.posts()) == 2


def test_a_cut_walk_says_what_is_still_to_come(crawls: Crawls, sites: Any) -> None:
    """From the floor to the oldest thread that the list has shown."""
    board = Board()
    for tid in range(1, 13):
        board.say(tid, 100 + tid)
    site = sites(board.route)
    source = row("board", "forum", f"{site.url}/forum-2-1.html")
    reason = crawls.run(source, max_pages=6).state("board")[1]
    assert "03-08 20:00 至 03-15 18:15 的内容还没有读到" in reason


def test_runs_tell_what_was_read(crawls: Crawls, sites: Any) -> None:
    """Fields, numbers and robots.txt of each crawl."""
    board = Board()
    board.say(1, 30)
    board.say(1, 20)
    site = sites(board.route)
    crawls.run(row("board", "forum", f"{site.url}/forum-2-1.html", ignore_robots_because="站方书面同意"))
    database = Database(f"sqlite:///{crawls.data / 'tingfeng.sqlite'}")
    (run,) = SourceHistory(database).runs("board", NOW)
    database.close()
    assert run.filled == {"author": 1.0, "published": 1.0, "text": 1.0, "title": 1.0}
    assert (run.pages, run.posts, run.new, run.robots) == (2, 2, 2, "站方书面同意")


def test_a_site_that_sends_us_away_for_hours_is_not_watched(crawls: Crawls, sites: Any) -> None:
    """The list was read and one thread asks for two hours of peace: what was read is kept, but that is no `ok`."""
    board = Board()
    board.say(1, 30)
    board.say(2, 40)
    board.instead[2] = Reply(status=429, headers=(("Retry-After", "7200"),))
    site = sites(board.route)
    source = row("board", "forum", f"{site.url}/forum-2-1.html")
    outcome = crawls.run(source)
    state, reason = outcome.state("board")
    assert (state, outcome.reports["board"]["failed"], outcome.reports["board"]["new"]) == ("blocked", True, 1)
    assert reason.startswith("站点要求 2小时后再来；")
    assert outcome.sources["board"]["last_ok"] is not None
    del board.instead[2]
    again = crawls.run(source, now=NOW + 2 * HOUR)
    assert (again.state("board")[0], again.reports["board"]["new"]) == ("ok", 1)


def test_a_quiet_board_whose_threads_are_walled_off_is_not_ok_for_long(crawls: Crawls, sites: Any) -> None:
    """The list can be read, and shows one new thread at a time: the third that is refused says that all are, and once
    they can be read none has been given up."""
    board = Board()
    board.say(1, 30)
    site = sites(board.route)
    source = row("board", "forum", f"{site.url}/forum-2-1.html")
    crawls.run(source)
    found = []
    for number in range(2, 8):
        board.now = site.now = NOW + number * 10 * MINUTE
        if number % 2 == 0:
            board.say(number, 1)
            board.instead[number] = CAPTCHA
        outcome = crawls.run(source, now=board.now)
        found.append(outcome.state("board")[0])
        assert "没有新内容" not in outcome.state("board")[1]
    assert found == ["ok", "ok", "ok", "ok", "blocked", "blocked"]
    assert "列表可读，但 3 个页面全部没有取到：" in outcome.state("board")[1]
    board.instead.clear()
    again = crawls.run(source, now=NOW + 2 * HOUR)
    assert (again.state("board")[0], again.reports["board"]["new"]) == ("ok", 3)


def test_one_locked_thread_is_no_wall(crawls: Crawls, sites: Any) -> None:
    """It is tried again while nothing else can be read, and given up once its neighbours can."""
    board = Board()
    board.say(1, 30)
    site = sites(board.route)
    source = row("board", "forum", f"{site.url}/forum-2-1.html")
    crawls.run(source)
    board.say(2, 1)
    board.instead[2] = CAPTCHA
    for number in range(1, 8):
        board.now = site.now = NOW + number * 10 * MINUTE
        if number > 3:
            board.say(10 + number, 1)
        assert crawls.run(source, now=board.now).state("board")[0] == "ok"
    site.pages()
    crawls.run(source, now=NOW + 2 * HOUR)
    assert site.pages() == ["/forum-2-1.html"]
