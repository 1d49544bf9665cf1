"""Posts that their source shows no more, in the durable store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from core.database import Database
from core.model import Post, Verdict, post_id
from core.schema import posts as table
from crawlers.coverage import coverage_of
from crawlers.sink import Kept
from index.gone import page_of
from index.posts import PostStore
from index.verdicts import VerdictStore

NOW = datetime(2026, 3, 15, 4, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
OPENING = post_id("forum", "bbs.example", "pid:100")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def reply(number: int, *, page: int = 1, floor: int | None = None) -> Post:
    first = number == 100
    return Post(
        kind="forum",
        site="bbs.example",
        native_id=f"pid:{number}",
        url=f"https://bbs.example/thread-7-{page}-1.html#pid{number}",
        channel="forum",
        text=f"第 {number} 帖",
        collected=NOW,
        published=NOW - HOUR,
        floor=1 if first else floor,
        parent=None if first else OPENING,
    )


@pytest.fixture
def store(database: Database) -> PostStore:
    return PostStore(database)


def show(store: PostStore, *shown: Post, page: int = 1, body: str = "", now: datetime = NOW) -> Kept:
    """A crawl read this page of the thread."""
    url = f"https://bbs.example/thread-7-{page}-1.html"
    covers = coverage_of(shown, url=url, text=lambda: body)
    return store.keep(shown, source="s1", raw="r1", now=now, covers=covers)


def gone(store: PostStore, *numbers: int) -> set[int]:
    found = store.gone_of([reply(number).id for number in numbers])
    return {number for number in numbers if reply(number).id in found}


ALL = (100, 110, 120, 130, 140, 150)


@pytest.fixture
def thread(store: PostStore) -> PostStore:
    """Two pages of three posts each were read."""
    show(store, *(reply(number) for number in ALL[:3]))
    show(store, *(reply(number, page=2) for number in ALL[3:]), page=2)
    return store


#: The page read again, the numbers it shows, its source, those that are gone by it.
AGAIN: list[tuple[str, int, Sequence[int], str, set[int]]] = [
    ("as before", 1, (100, 110, 120), "", set()),
    ("deleted on page 1, the next page's moves up", 1, (100, 120, 130), "", {110}),
    ("deleted on page 2", 2, (130, 150), "", {140}),
    ("deleted at the end of page 2: nothing proves it", 2, (130, 140), "", set()),
    ("deleted at the beginning of page 2: nothing proves it", 2, (140, 150), "", set()),
    ("page 2 moved down by a new page 1", 2, (110, 120, 130), "", set()),
    ("two are gone", 1, (100, 130), "", {110, 120}),
    ("a whole page went by, all gone between", 1, (100, 150), "", {110, 120, 130, 140}),
    ("hidden by a moderator", 1, (100, 120), '<div id="post_110"><i class="locked">该帖被屏蔽</i></div>', {110}),
    ("its box is there, unread", 1, (100, 120), '<div id="post_110">图</div>', set()),
    ("newest first", 1, (150, 120, 100), "", set()),
    ("one post alone", 1, (100,), "", set()),
    ("a new one in between", 1, (100, 110, 115, 120), "", set()),
]


@pytest.mark.parametrize(
    ("page", "shown", "body", "lost"), [case[1:] for case in AGAIN], ids=[case[0] for case in AGAIN]
)
def test_a_page_that_is_read_again(
    thread: PostStore, page: int, shown: Sequence[int], body: str, lost: set[int]
) -> None:
    """What must stand there and does not is gone, with the moment and the sign, in the same transaction."""
    kept = show(thread, *(reply(number, page=page) for number in shown), page=page, body=body, now=LATER)
    assert gone(thread, *ALL) == lost
    assert kept.gone == len(lost)
    assert show(thread, *(reply(number, page=page) for number in shown), page=page, body=body, now=LATER).gone == 0
    for when, reason in thread.gone_of([reply(number).id for number in lost]).values():
        assert when == LATER
        assert "隐藏" in reason
    assert thread.count() == len({*ALL, *shown}), "what was said stays"


def test_numbers_of_other_lengths_are_compared_as_numbers(store: PostStore) -> None:
    """99 lies before 100, and 1005 behind it."""
    for number in (99, 100, 1005, 1010, 1020):
        show(store, reply(100), reply(number)) if number > 100 else store.keep(
            [reply(number)], source="s1", raw=None, now=NOW
        )
    show(store, reply(100), reply(1010), reply(1020), now=LATER)
    assert gone(store, 99, 100, 1005, 1010, 1020) == {1005}


def test_another_thread_is_another_matter(thread: PostStore) -> None:
    """A reply with a number in between that answers another opening stays."""
    other = replace(reply(115), parent="0" * 24)
    thread.keep([other], source="s1", raw=None, now=NOW)
    show(thread, reply(100), reply(110), reply(120), now=LATER)
    assert gone(thread, 115) == set()


def test_what_is_seen_again_is_not_gone(thread: PostStore) -> None:
    """A moderator brought it back: with or without a coverage, alone or in a batch."""
    show(thread, reply(100), reply(120), now=LATER)
    assert gone(thread, *ALL) == {110}
    assert thread.keep([reply(110)], source="s1", raw=None, now=LATER) == Kept(new=0, changed=0, same=1)
    assert gone(thread, *ALL) == set()


def test_a_thread_that_is_no_more_takes_its_replies_along(thread: PostStore) -> None:
    """By the first page only, whichever address form names it; told once."""
    comment = replace(reply(900), native_id="comment:1", parent=reply(140).id)
    thread.keep([comment], source="s1", raw=None, now=NOW)
    address = "https://bbs.example/thread-7-2-1.html"
    assert thread.gone(address, raw="r9", now=LATER, reason="站点返回状态码 404") == 0, "page 2 merged into page 1"
    other_form = "https://bbs.example/forum.php?mod=viewthread&tid=7&extra=page%3D1"
    assert thread.gone(other_form, raw="r9", now=LATER, reason="站点返回状态码 404") == 7
    assert thread.gone(other_form, raw="r9", now=LATER + HOUR, reason="x") == 0
    assert gone(thread, *ALL) == set(ALL)
    assert thread.gone_of([comment.id]) == {comment.id: (LATER, "站点返回状态码 404")}
    assert thread.gone("https://bbs.example/thread-8-1-1.html", raw=None, now=LATER, reason="x") == 0


def test_an_article_that_is_no_more(store: PostStore) -> None:
    """It has no floor and answers nothing; its comments go with it."""
    article = Post(
        kind="news",
        site="news.example",
        native_id="u",
        url="https://news.example/a.html?spm=1",
        channel="news",
        text="t",
        collected=NOW,
    )
    comment = replace(article, native_id="comment:1", parent=article.id, url="https://news.example/comments?a")
    store.keep([article, comment], source="s1", raw=None, now=NOW)
    assert store.gone("https://news.example/a.html", raw=None, now=LATER, reason="r") == 2


def test_the_page_follows_the_post(thread: PostStore, database: Database) -> None:
    """A reply that moved to another page is on that page; rows from before pages were noted learn theirs."""
    show(thread, reply(100), reply(130), now=LATER)
    with database.write() as connection:
        connection.execute(update(table).where(table.c.id == reply(150).id).values(page=None))
    thread.keep([reply(150, page=2)], source="s1", raw=None, now=LATER)
    with database.read() as connection:
        pages = {row.native_id: row.page for row in connection.execute(select(table.c.native_id, table.c.page))}
    first, second = (page_of(f"https://bbs.example/thread-7-{number}-1.html") for number in (1, 2))
    assert (pages["pid:130"], pages["pid:140"], pages["pid:150"]) == (first, second, second)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(1, 2), st.sets(st.integers(101, 115), min_size=1)), min_size=1, max_size=6))
def test_no_post_on_the_last_page_read_is_ever_gone(database: Database, looks: list[tuple[int, set[int]]]) -> None:
    """Whatever was shown, moved and missed before."""
    store = PostStore(database)
    for number, (page, shown) in enumerate(looks):
        posts = [reply(100), *(reply(one, page=page) for one in sorted(shown))]
        show(store, *posts, page=page, now=NOW + number * HOUR)
        assert gone(store, 100, *shown) == set()


# -- what is read again ----------------------------------------------------------------------------------------------


def grade(store: PostStore, *judged: Post, as_: str | None = "B") -> None:
    verdicts = [Verdict(id=post.id, negative=0.9, risk=60, grade=as_, model="t") for post in judged]  # type: ignore[arg-type]
    with store.database.write() as connection:
        VerdictStore(store.database).save(connection, verdicts, now=NOW)


def test_pages_with_graded_posts_are_read_again(thread: PostStore) -> None:
    """One page once, without the fragment, with the opening that its replies answer; the longest unseen first."""
    grade(thread, reply(100), reply(120), reply(140))
    grade(thread, reply(130), as_=None)
    thread.keep([reply(100), reply(120)], source="s1", raw=None, now=LATER)
    second, first = thread.to_revisit("s1", since=NOW - DAY, limit=9)
    assert (first.url, first.opening) == ("https://bbs.example/thread-7-1-1.html", OPENING)
    assert (second.url, second.opening, second.seen) == ("https://bbs.example/thread-7-2-1.html", OPENING, NOW)
    assert first.when == NOW - HOUR
    assert thread.to_revisit("s1", since=NOW - DAY, limit=1) == [second]


@pytest.mark.parametrize("source", ["s1", "other"])
@pytest.mark.parametrize("days", [0, 2])
def test_old_posts_and_other_sources_are_left_alone(thread: PostStore, source: str, days: int) -> None:
    """Published within the span, and found by this source."""
    grade(thread, reply(100))
    wanted = thread.to_revisit(source, since=NOW - HOUR + days * DAY, limit=9)
    assert bool(wanted) is (source == "s1" and days == 0)


def test_what_is_gone_is_looked_at_again_later(thread: PostStore) -> None:
    """It may come back; the look that found it gone counts as a look."""
    grade(thread, reply(110))
    show(thread, reply(100), reply(120), now=LATER)
    (page,) = thread.to_revisit("s1", since=NOW - DAY, limit=9)
    assert page.seen == LATER
