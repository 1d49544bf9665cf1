"""Addresses of forums: the page after this one, the other editions of a board, sessions that name nothing."""

from __future__ import annotations

import pytest

from crawlers.pages.discuz_addresses import archived_thread, board_of
from crawlers.pages.forum_following import next_pages
from crawlers.pages.markup import parse_markup
from crawlers.pages.phpbb import plain_thread
from crawlers.pages.urls import canonical, identity

HERE = "http://b.test/t/5?page=2"


@pytest.mark.parametrize(
    "bar",
    [
        '<link rel="next" href="/t/5?page=3">',
        '<a rel="next nofollow" href="?page=3">→</a>',
        '<a class="nxt" href="/t/5?page=3">more</a>',
        '<li class="next"><a href="/t/5?page=3"><i></i></a></li>',
        '<a href="/t/5?page=3">下一页</a>',
        '<a href="/t/5?page=3"> 下一頁 </a>',
        '<a href="/t/5?page=3">Next &gt;</a>',
        '<a href="/t/5?page=3" title="下一页"><img src="r.gif"></a>',
        '<div class="pages"><a href="/t/5">1</a><b>2</b><a href="/t/5?page=3">3</a><a href="/t/5?page=9">9</a></div>',
        '<ul class="pagination"><li><a href="/t/5">1</a></li><li class="active"><span>2</span></li>'
        '<li><a href="/t/5?page=3">3</a></li></ul>',
        '<ul class="pagination"><li><a href="/t/5">1</a></li><li class="active"><a href="/t/5?page=2">2</a></li>'
        '<li><a href="/t/5?page=3">3</a></li></ul>',
        '<a href="/next/topic?goto=nextnewset" rel="next">下一主题</a><a rel="next" href="/t/5?page=3">x</a>',
        '<a rel="next" href="http://elsewhere.test/t/5?page=3">x</a><a href="/t/5?page=3">下页</a>',
    ],
)
def test_the_page_after_this_one(bar: str) -> None:
    """However a page bar says it, and never another thread or another site."""
    root = parse_markup(f"<html><body><p>字</p>{bar}</body></html>")
    assert [link.url for link in next_pages(root, HERE, HERE, "page")] == ["http://b.test/t/5?page=3"]


@pytest.mark.parametrize(
    "bar",
    [
        '<a href="/t/6">下一篇</a>',
        '<a href="/t/6">Next topic</a>',
        '<a href="javascript:;" class="next">下一页</a>',
        '<a href="/t/5?page=2" rel="next">下一页</a>',
        '<div class="pages"><a href="/t/5">1</a><b>2</b></div>',
        '<p>2 <a href="/x">3</a></p>',
        '<div class="pages"><a href="/t/5">1</a><a href="/t/5?page=3">3</a></div>',
    ],
)
def test_no_page_after_this_one(bar: str) -> None:
    """A next topic, a script and the page itself are no next page."""
    root = parse_markup(f"<html><body><p>字</p>{bar}</body></html>")
    assert next_pages(root, HERE, HERE, "page") == ()


@pytest.mark.parametrize(
    ("url", "archiver", "feed", "thread"),
    [
        ("http://b.test/bbs/forum-40-1.html", "archiver/?fid-40.html", "forum.php?mod=rss&fid=40", "thread-6-1-1.html"),
        (
            "http://b.test/bbs/forum.php?mod=forumdisplay&fid=40&page=1",
            "archiver/?fid-40.html",
            "forum.php?mod=rss&fid=40",
            "forum.php?mod=viewthread&tid=6",
        ),
        (
            "http://b.test/bbs/forumdisplay.php?fid=40",
            "archiver/?fid-40.html",
            "rss.php?fid=40",
            "viewthread.php?tid=6",
        ),
    ],
)
def test_other_editions_of_a_board(url: str, archiver: str, feed: str, thread: str) -> None:
    """Every form of a board's address leads to its archiver, its feed and its threads."""
    board = board_of(url)
    assert board
    root = "http://b.test/bbs/"
    assert (board.archiver, board.feed, board.thread("6")) == (root + archiver, root + feed, root + thread)


@pytest.mark.parametrize(
    "url",
    [
        "http://b.test/forum-cars-1.html",
        "http://b.test/forum.php",
        "http://b.test/forum.php?mod=viewthread&fid=2",
        "http://b.test/viewforum.php?f=2",
        "http://b.test/forum.php?mod=forumdisplay&fid=x",
        "http://[bad",
    ],
)
def test_a_board_without_a_number_has_no_other_edition(url: str) -> None:
    """Other software, other pages and named boards are not asked for editions."""
    assert board_of(url) is None


@pytest.mark.parametrize(
    ("url", "archived"),
    [
        ("http://b.test/thread-6-3-1.html", "http://b.test/archiver/?tid-6.html"),
        ("http://b.test/bbs/forum.php?mod=viewthread&tid=6&page=2", "http://b.test/bbs/archiver/?tid-6.html"),
        ("http://b.test/archiver/?tid-6.html", "http://b.test/archiver/?tid-6.html"),
        ("http://b.test/viewtopic.php?t=6", None),
    ],
)
def test_the_plain_edition_of_a_thread(url: str, archived: str | None) -> None:
    """From any form of its address to the first page; other software has none."""
    assert archived_thread(url) == archived


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://b.test/viewtopic.php?f=2&t=41&sid=x&start=10&hilit=a#p9", "http://b.test/viewtopic.php?t=41&start=10"),
        ("http://b.test/viewtopic.php?t=41&start=0", "http://b.test/viewtopic.php?t=41"),
        ("http://b.test/viewtopic.php?p=9#p9", None),
        ("http://b.test/viewtopic.php?t=41&view=next", None),
        ("http://b.test/viewtopic.php?t=x", None),
        ("http://b.test/viewforum.php?f=2", None),
    ],
)
def test_the_plain_address_of_a_phpbb_topic(url: str, expected: str | None) -> None:
    """Board, session, search words and post are not the topic."""
    assert plain_thread(url) == expected


SESSION = "0123456789abcdef0123456789ABCDEF"


@pytest.mark.parametrize("name", ["sid", "s", "PHPSESSID", "jsessionid"])
def test_a_session_names_nothing(name: str) -> None:
    """A session goes; a short value of the same name is somebody's number and stays."""
    assert canonical(f"http://b.test/a.php?{name}={SESSION}&id=5") == "http://b.test/a.php?id=5"
    assert identity(f"http://b.test/a.php?id=5&{name}={SESSION}") == "b.test/a.php?id=5"


def test_a_short_sid_is_a_number() -> None:
    """Old news systems number their articles so."""
    assert canonical("http://n.test/article.php?sid=4711") == "http://n.test/article.php?sid=4711"
