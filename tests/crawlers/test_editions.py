"""Whichever edition of a forum shows a post first names it; two posts of one minute stay two."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from core.model import Author, Post
from crawlers.cursors.editions import Editions

NOW = datetime(2026, 3, 15, 12, tzinfo=UTC)
THREAD = "b.test/thread-6-1"


def post(
    name: str, author: str = "老周", minutes: float = 5, parent: str | None = None, floor: int | None = None
) -> Post:
    return Post(
        kind="forum",
        site="b.test",
        native_id=name,
        url="http://b.test/thread-6-1-1.html",
        channel="forum",
        text="话",
        collected=NOW,
        author=Author(name=author),
        published=NOW - timedelta(minutes=minutes),
        parent=parent,
        floor=floor,
    )


def names(posts: list[Post]) -> list[str]:
    return [one.native_id for one in posts]


def again(editions: Editions) -> Editions:
    return Editions.resume(editions.as_json(failing=[THREAD]))


def test_a_plain_name_is_taken_over_by_the_full_edition() -> None:
    """Also in the next crawl, and replies follow the new name of what they answer."""
    editions = Editions()
    plain = [post("tid:6:1-1", floor=1), post("tid:6:1-2", "小陈", 4, parent=post("tid:6:1-1").id)]
    assert names(editions.plain(THREAD, plain, after=None)) == ["tid:6:1-1", "tid:6:1-2"]
    full = [post("pid:7", floor=1), post("pid:8", "小陈", 4, parent=post("pid:7").id), post("pid:9", "阿良", 1)]
    named = again(editions).full(THREAD, full, newest=NOW)
    assert names(named) == ["tid:6:1-1", "tid:6:1-2", "pid:9"]
    assert named[1].parent == named[0].id


def test_a_numbered_name_is_taken_over_by_the_plain_edition() -> None:
    """Of what was just read in full; what is older than the last crawl is left out, and so is its name as a parent."""
    editions = Editions()
    editions.full(THREAD, [post("pid:7", minutes=60, floor=1), post("pid:8", "小陈", 4)], newest=NOW)
    editions = again(editions)
    opening = post("tid:6:1-1", minutes=60, floor=1)
    plain = [opening, post("tid:6:1-2", "小陈", 4, parent=opening.id), post("tid:6:1-3", "阿良", 1, parent=opening.id)]
    named = editions.plain(THREAD, plain, after=NOW - timedelta(minutes=10))
    assert names(named) == ["pid:8", "tid:6:1-3"]
    assert [one.parent for one in named] == [None, None]


def test_two_posts_of_one_minute_stay_two() -> None:
    """In the full edition always; across editions by their order."""
    editions = Editions()
    assert names(editions.full(THREAD, [post("pid:7")], newest=NOW)) == ["pid:7"]
    assert names(editions.full(THREAD, [post("pid:8")], newest=NOW)) == ["pid:8"]
    assert names(editions.plain(THREAD, [post("tid:6:1-1"), post("tid:6:1-2"), post("tid:6:1-3")], after=None)) == [
        "pid:7",
        "pid:8",
        "tid:6:1-3",
    ]


def test_a_thread_that_failed_is_made_up_for_from_its_first_failure() -> None:
    """What came after the failure counts, though a later crawl ended well; once read, the thread is as any other."""
    editions = Editions()
    editions.failed(THREAD, after=NOW - timedelta(minutes=30))
    editions.failed(THREAD, after=NOW - timedelta(minutes=10))
    editions = again(editions)
    assert names(editions.plain(THREAD, [post("tid:6:1-1", minutes=40), post("tid:6:1-2", minutes=20)], after=NOW)) == [
        "tid:6:1-2"
    ]
    editions.full(THREAD, [post("pid:1", minutes=99)], newest=NOW)
    assert again(editions).since == {}


def test_without_a_time_nothing_is_guessed() -> None:
    """A post of the plain edition that shows no time is no news where anything is known."""
    unknown = Post(
        kind="forum",
        site="b.test",
        native_id="tid:6:1-1",
        url="http://b.test/",
        channel="forum",
        text="话",
        collected=NOW,
    )
    assert Editions().plain(THREAD, [unknown], after=NOW) == []
    assert names(Editions().plain(THREAD, [unknown], after=None)) == ["tid:6:1-1"]
