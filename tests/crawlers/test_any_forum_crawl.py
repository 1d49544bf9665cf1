"""Boards of other software than Discuz! are crawled as well: whole once, then only what changed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tests.crawlers.board import Board
from tests.crawlers.boards_of_others import SOFTWARE, unknown
from tests.crawlers.conftest import Crawls, row
from tests.crawlers.site import NOW, Reply, Route


@pytest.mark.parametrize(("name", "software", "path"), SOFTWARE, ids=[name for name, _, _ in SOFTWARE])
def test_a_board_is_read_once_and_then_only_what_changed(
    crawls: Crawls, sites: Any, name: str, software: Callable[[Board], Route], path: str
) -> None:
    """Seven threads, one of two pages; then one request where nothing changed, two where one reply came."""
    board = Board()
    for tid in range(1, 8):
        for number in range(4 if tid == 4 else 2):
            board.say(tid, 600 - tid * 10 - number)
    site = sites(software(board))
    source = row("board", "forum", site.url + path)

    state, reason = crawls.run(source).state("board")
    assert (state, reason) == ("ok", "读取 10 个页面、16 条帖文，新增或变化 16 条")
    posts = crawls.posts()
    assert {post.text for post in posts} == {
        saying.text for thread in board.threads.values() for saying in thread.sayings
    }
    assert all(post.author.name and post.published for post in posts)
    openings = {post.id: post for post in posts if post.floor == 1}
    assert len(openings) == 7
    assert all(post.parent in openings for post in posts if post.id not in openings)
    assert {post.published for post in posts} == {
        saying.when for thread in board.threads.values() for saying in thread.sayings
    }

    site.pages()
    assert crawls.run(source, now=NOW + timedelta(minutes=10)).state("board") == ("ok", "没有新内容")
    assert len(site.pages()) == 1

    board.now += timedelta(minutes=20)
    late = board.say(4, 1, "隔了这么久，店里终于回话了。")
    state, reason = crawls.run(source, now=NOW + timedelta(minutes=20)).state("board")
    assert (state, len(site.pages())) == ("ok", 2)
    assert len(crawls.posts()) == 17
    newest = crawls.posts()[-1]
    assert (newest.text, newest.parent in openings, newest.floor in (5, None)) == (late.text, True, True)


def test_a_page_that_is_no_board_is_broken_not_empty(crawls: Crawls, sites: Any) -> None:
    """A portal's menu at the address of a board is no news of silence."""
    menu = "<nav><ul>" + "".join(f"<li><a href='/c/{n}'>第 {n} 个栏目</a></li>" for n in range(9)) + "</ul></nav>"
    site = sites(lambda _: Reply(body=f"<html><body>{menu}<p>欢迎来到车友之家</p></body></html>".encode()))
    state, reason = crawls.run(row("board", "forum", f"{site.url}/b/2")).state("board")
    assert state == "broken"
    assert "没有找到主题或帖子" in reason


def test_a_list_that_tells_days_only_is_read_by_its_numbers_of_replies(crawls: Crawls, sites: Any) -> None:
    """A late reply on the same day shows in the number beside it, and nothing else is read again."""
    board = Board()
    for tid in range(1, 5):
        board.say(tid, 60 + tid)
        board.say(tid, 50 + tid)
    site = sites(unknown(board, in_list="%m-%d"))
    source = row("board", "forum", f"{site.url}/b/2")
    assert crawls.run(source).state("board")[0] == "ok"
    assert len(crawls.posts()) == 8
    site.pages()
    crawls.run(source, now=NOW + timedelta(minutes=10))
    assert site.pages() == ["/b/2"]

    board.now += timedelta(minutes=20)
    board.say(3, 1, "同一天晚些时候的回复")
    crawls.run(source, now=NOW + timedelta(minutes=20))
    assert site.pages() == ["/b/2", "/t/3"]
    assert len(crawls.posts()) == 9
