"""A Discuz! board that is refused is read by its plain edition or its feed, says so, and no post comes in twice."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from tests.crawlers.board import CAPTCHA, Board
from tests.crawlers.boards_of_others import archiver, feed
from tests.crawlers.conftest import Crawls, row
from tests.crawlers.site import NOW, Reply, Site, at

MEMBERS = Reply(
    body="<html><head><title>提示信息 - 车友会</title></head><body><div id='messagetext' class='alert_error'>"
    "<p>抱歉，您需要登录后才能查看本版内容</p></div></body></html>".encode()
)


def board_of_four() -> Board:
    board = Board()
    for tid in range(1, 5):
        for number in range(5):
            board.say(tid, 600 - tid * 10 - number)
    return board


def texts(crawls: Crawls) -> Counter[str]:
    return Counter(post.text for post in crawls.posts())


def everything(board: Board) -> Counter[str]:
    return Counter(saying.text for thread in board.threads.values() for saying in thread.sayings)


def test_a_list_that_is_refused_is_read_in_the_plain_edition(crawls: Crawls, sites: Any) -> None:
    """The threads come from the archiver, the posts from the full pages; an unchanged thread is not read again."""
    board = board_of_four()
    site: Site = sites(at("/forum-2-", MEMBERS), board.route, archiver(board))
    source = row("board", "forum", f"{site.url}/forum-2-1.html")
    state, reason = crawls.run(source).state("board")
    assert state == "ok"
    assert "版块列表读不到（页面提示：抱歉，您需要登录后才能查看本版内容），改读简版（archiver）列表" in reason
    assert texts(crawls) == everything(board)
    assert site.pages()[:3] == ["/forum-2-1.html", "/archiver/?fid-2.html", "/thread-4-1-1.html"]

    crawls.run(source, now=NOW + timedelta(minutes=10))
    assert site.pages() == ["/forum-2-1.html", "/archiver/?fid-2.html"]

    board.say(3, -5, "新的回复")
    crawls.run(source, now=NOW + timedelta(minutes=20))
    assert site.pages() == ["/forum-2-1.html", "/archiver/?fid-2.html", "/thread-3-2-1.html"]
    assert texts(crawls) == everything(board)


def test_a_list_whose_layout_is_new_is_read_in_the_feed(crawls: Crawls, sites: Any) -> None:
    """Where there is no plain edition either, the feed tells the new threads, and the report says what is not seen."""
    board = board_of_four()
    new = Reply(
        body=b'<html><head><meta name="generator" content="Discuz! X3.5"></head><body><p>hello</p></body></html>'
    )
    site: Site = sites(at("/forum-2-", new), board.route, feed(board))
    state, reason = crawls.run(row("board", "forum", f"{site.url}/forum-2-1.html")).state("board")
    assert state == "ok"
    assert "改读 RSS，只能发现新主题，看不到旧主题的新回复" in reason
    assert texts(crawls) == everything(board)


@pytest.mark.parametrize(
    "refusal",
    [Reply(status=429, headers=(("Retry-After", "3600"),)), CAPTCHA, Reply(status=403), Reply(status=418)],
    ids=["too often", "captcha", "403", "418"],
)
def test_a_site_that_refuses_machines_is_left_alone(crawls: Crawls, sites: Any, refusal: Reply) -> None:
    """Another edition would be a way round the block, and a block is waited out."""
    board = board_of_four()
    site: Site = sites(at("/forum-2-", refusal), board.route, archiver(board))
    assert crawls.run(row("board", "forum", f"{site.url}/forum-2-1.html")).state("board")[0] == "blocked"
    assert not any("archiver" in path for path in site.pages())


def test_nothing_left_to_read_is_what_the_list_said(crawls: Crawls, sites: Any) -> None:
    """With every edition refused, the state is that of the list, and nothing is stored."""
    site: Site = sites(at("/", MEMBERS))
    state, reason = crawls.run(row("board", "forum", f"{site.url}/forum-2-1.html")).state("board")
    assert (state, "需要登录" in reason) == ("blocked", True)
    assert crawls.posts() == []
    assert site.pages() == ["/forum-2-1.html", "/archiver/?fid-2.html", "/forum.php?mod=rss&fid=2"]


def test_threads_that_are_refused_are_read_in_the_plain_edition_and_named_once(crawls: Crawls, sites: Any) -> None:
    """First seen in the plain edition, seen again in the full one: one post, under its first name."""
    board = board_of_four()
    board.instead = dict.fromkeys(board.threads, MEMBERS)
    site: Site = sites(board.route, archiver(board))
    source = row("board", "forum", f"{site.url}/forum-2-1.html")
    state, reason = crawls.run(source).state("board")
    assert state == "ok"
    assert "部分主题的完整版被拒，改读简版（archiver）：页面提示：抱歉，您需要登录后才能查看本版内容" in reason
    assert "没有取到" not in reason
    assert texts(crawls) == everything(board)
    names = {post.text: post.id for post in crawls.posts()}

    board.instead = {}
    board.now += timedelta(minutes=10)
    for tid in board.threads:
        board.say(tid, tid, f"{tid} 号后来的话")
    crawls.run(source, now=NOW + timedelta(minutes=10))
    assert texts(crawls) == everything(board)
    assert {post.text: post.id for post in crawls.posts()}.items() >= names.items()
    openings = {post.id for post in crawls.posts() if post.floor == 1}
    assert all(post.parent in openings for post in crawls.posts() if post.id not in openings)


def test_posts_that_are_known_by_number_do_not_come_again_from_the_plain_edition(crawls: Crawls, sites: Any) -> None:
    """Read in full, then refused: of the plain edition only what is new is kept, and it stays one post afterwards."""
    board = board_of_four()
    site: Site = sites(board.route, archiver(board))
    source = row("board", "forum", f"{site.url}/forum-2-1.html")
    board.say(2, 0.5, "上一次采集前半分钟的话")
    crawls.run(source)
    assert texts(crawls) == everything(board)

    board.now += timedelta(minutes=10)
    board.instead = dict.fromkeys(board.threads, MEMBERS)
    board.say(2, 3, "完整版被拒时的话")
    crawls.run(source, now=NOW + timedelta(minutes=10))
    assert texts(crawls) == everything(board)

    board.now += timedelta(minutes=10)
    board.instead = {}
    board.say(2, 3, "又能看了")
    crawls.run(source, now=NOW + timedelta(minutes=20))
    assert texts(crawls) == everything(board)


def test_a_thread_that_failed_in_both_editions_is_made_up_for(crawls: Crawls, sites: Any) -> None:
    """What was said while nothing could be read comes in from the plain edition once that one can be read."""
    board = board_of_four()
    shut = Reply(status=403)
    plain = archiver(board)
    closed = False
    site: Site = sites(lambda path: shut if closed and "tid-2" in path else None, board.route, plain)
    source = row("board", "forum", f"{site.url}/forum-2-1.html")
    crawls.run(source)

    closed = True
    board.instead = {2: MEMBERS}
    board.now += timedelta(minutes=10)
    board.say(2, 3, "谁也看不到的时候说的")
    assert "1 个页面没有取到" in crawls.run(source, now=NOW + timedelta(minutes=10)).state("board")[1]

    closed = False
    board.now += timedelta(minutes=10)
    board.say(3, 3, "别的主题里的话")
    crawls.run(source, now=NOW + timedelta(minutes=20))
    assert texts(crawls) == everything(board)
