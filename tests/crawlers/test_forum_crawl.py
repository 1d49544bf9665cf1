from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.crawlers.board import CAPTCHA, Board
from tests.crawlers.conftest import Crawls, row
from tests.crawlers.site import NOW, Reply


def test_the_first_crawl_gets_everything_and_the_next_ones_only_what_changed(crawls: Crawls, sites: Any) -> None:
    """Seven threads on two list pages; then nothing; then one reply, which costs two requests."""
    board = Board()
    for tid in range(1, 8):
        board.say(tid, 600 - tid * 10)
        board.say(tid, 300 - tid * 10)
    site = sites(board.route)
    source = row("board", "forum", f"{site.url}/forum-2-1.html")

    first = crawls.run(source)
    assert first.state("board") == ("ok", "读取 9 个页面、14 条帖文，新增或变化 14 条")
    assert site.pages() == [
        "/forum-2-1.html",
        *(f"/thread-{tid}-1-1.html" for tid in (7, 6, 5, 4, 3)),
        "/forum-2-2.html",
        *(f"/thread-{tid}-1-1.html" for tid in (2, 1)),
    ]
    assert {post.text for post in crawls.posts()} == {
        saying.text for thread in board.threads.values() for saying in thread.sayings
    }
    assert crawls.raw(first.reports["board"]["proof"]).url == source["url"]
    opening = next(post for post in crawls.posts() if post.floor == 1)
    assert opening.text in crawls.raw_of(opening).body.decode()

    later = NOW + timedelta(minutes=10)
    quiet = crawls.run(source, now=later)
    assert quiet.state("board") == ("ok", "没有新内容")
    assert site.pages() == ["/forum-2-1.html"]

    board.say(3, -11, "刚刚又坏了，刹车还是响")
    loud = crawls.run(source, now=later + timedelta(minutes=10))
    assert site.pages() == ["/forum-2-1.html", "/thread-3-1-1.html"]
    assert loud.reports["board"]["new"] == 1
    assert "刚刚又坏了，刹车还是响" in {post.text for post in crawls.posts()}
    assert len(crawls.posts()) == 15


def test_a_long_thread_is_read_on_from_its_last_known_page(crawls: Crawls, sites: Any) -> None:
    """Replies are children of the opening post even when only page 3 is fetched; a sticky thread stops nothing."""
    board = Board()
    for number in range(7):
        board.say(1, 200 - number)
    board.say(2, 60 * 24 * 30, "置顶：版规", sticky=True)
    for tid in (11, 12, 13):
        board.say(tid, 100 + tid)
    site = sites(board.route)
    source = row("board", "forum", f"{site.url}/forum-2-1.html")
    crawls.run(source)
    first = site.pages()
    assert [path for path in first if path.startswith("/thread-1-")] == [f"/thread-1-{n}-1.html" for n in (1, 2, 3)]
    assert not any(path.startswith("/thread-2-") for path in first), "the sticky thread is older than the backfill"

    for number in range(3):
        board.say(1, -1 - number)
    crawls.run(source, now=NOW + timedelta(minutes=10))
    assert site.pages() == ["/forum-2-1.html", "/thread-1-3-1.html", "/thread-1-4-1.html"]
    posts = [post for post in crawls.posts() if post.text.startswith("1 号主题")]
    assert len(posts) == 10
    assert {post.parent for post in posts if post.floor != 1} == {next(post.id for post in posts if post.floor == 1)}


def test_a_reply_in_the_minute_in_which_we_looked_is_not_lost(crawls: Crawls, sites: Any) -> None:
    """The list shows minutes: a second reply within the same minute leaves the list page as it was."""
    board = Board()
    board.say(1, 30)
    board.say(1, 0.0)  # 20:00:00, shown as 20:00, while our clock says 20:00:00
    board.say(2, 90)
    site = sites(board.route)
    source = row("board", "forum", f"{site.url}/forum-2-1.html")
    crawls.run(source)
    site.pages()
    board.say(1, -0.9, "同一分钟内的第二条回复")  # 20:00:54, still shown as 20:00
    site.now = NOW + timedelta(minutes=5)
    crawls.run(source, now=site.now)
    assert site.pages() == ["/forum-2-1.html", "/thread-1-1-1.html"]
    assert "同一分钟内的第二条回复" in {post.text for post in crawls.posts()}
    site.now = NOW + timedelta(minutes=10)
    crawls.run(source, now=site.now)
    assert site.pages() == ["/forum-2-1.html"], "the minute is over, the thread is settled"


def test_a_limit_is_reported_and_the_next_crawls_read_on(crawls: Crawls, sites: Any) -> None:
    """With six pages a crawl, twelve threads take three crawls, and each says that it was cut."""
    board = Board()
    for tid in range(1, 13):
        board.say(tid, 100 + tid)
    site = sites(board.route)
    source = row("board", "forum", f"{site.url}/forum-2-1.html")
    kept = []
    for number in range(4):
        outcome = crawls.run(source, now=NOW + timedelta(minutes=number), max_pages=6)
        state, reason = outcome.state("board")
        kept.append((state, "达到单次 6 页的上限" in reason, len(crawls.posts())))
    assert kept == [("ok", True, 5), ("ok", True, 9), ("ok", False, 12), ("ok", False, 12)]
    site.pages()
    crawls.run(source, now=NOW + timedelta(minutes=9), max_pages=6)
    assert site.pages() == ["/forum-2-1.html"]


def test_threads_that_could_not_be_read_are_read_next_time(crawls: Crawls, sites: Any) -> None:
    """One captcha and one deleted thread do not condemn the board; the first is tried again, the second is gone."""
    board = Board()
    for tid in range(1, 12):
        board.say(tid, 100 + tid)
    board.instead[3] = CAPTCHA
    board.instead[4] = Reply(status=404)
    site = sites(board.route)
    source = row("board", "forum", f"{site.url}/forum-2-1.html")
    state, reason = crawls.run(source).state("board")
    assert state == "ok"
    assert "1 个页面没有取到，下次再取" in reason
    assert len(crawls.posts()) == 9

    del board.instead[3]
    for tid in range(21, 27):
        board.say(tid, 20)  # the failed thread is not on the list's first page any more
    site.pages()
    assert crawls.run(source, now=NOW + timedelta(minutes=10)).state("board")[0] == "ok"
    assert "/thread-3-1-1.html" in site.pages()
    assert len(crawls.posts()) == 16


def test_a_thread_that_stays_locked_is_given_up_and_said_so(crawls: Crawls, sites: Any) -> None:
    """After three tries beside threads that can be read it is left alone until somebody replies to it."""
    board = Board()
    board.say(1, 100)
    board.say(2, 110)
    board.instead[1] = CAPTCHA
    site = sites(board.route)
    source = row("board", "forum", f"{site.url}/forum-2-1.html")
    reasons = []
    for number in range(3):
        board.say(3 + number, 1)
        reasons.append(crawls.run(source, now=NOW + timedelta(minutes=number)).state("board")[1])
    assert ["不再尝试" in reason for reason in reasons] == [False, False, True]
    site.pages()
    crawls.run(source, now=NOW + timedelta(minutes=5))
    assert site.pages() == ["/forum-2-1.html"]


def test_an_endless_thread_does_not_starve_the_others(crawls: Crawls, sites: Any) -> None:
    """Thirty pages of it a crawl, said so, and on from there the next time."""
    board = Board(per_page=1)
    for number in range(33):
        board.say(1, 200 - number)
    board.say(2, 300)
    site = sites(board.route)
    source = row("board", "forum", f"{site.url}/forum-2-1.html")
    state, reason = crawls.run(source).state("board")
    assert (state, "长主题本次只读 30 页" in reason, len(crawls.posts())) == ("ok", True, 31)
    site.pages()
    assert "长主题" not in crawls.run(source, now=NOW + timedelta(minutes=10)).state("board")[1]
    assert site.pages() == ["/forum-2-1.html", *(f"/thread-1-{number}-1.html" for number in (30, 31, 32, 33))]
    assert len(crawls.posts()) == 34
