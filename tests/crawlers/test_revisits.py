"""When a page with graded posts is read again: known pages and earlier tries in, a few addresses out."""

from __future__ import annotations

from datetime import timedelta

import pytest

from crawlers.revisits import MOST, Tries, as_json, due
from crawlers.sink import KnownPage
from tests.crawlers.site import NOW

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def page(age: timedelta, unseen: timedelta, url: str = "http://s/1") -> KnownPage:
    """A page whose youngest post is so old, and that nobody saw for so long."""
    return KnownPage(url=url, opening=None, when=NOW - age, seen=NOW - unseen)


#: Age of the post, how long unseen, earlier tries (ago, failures), whether its turn has come.
TURNS: list[tuple[str, timedelta, timedelta, tuple[timedelta, int] | None, bool]] = [
    ("seen when it was new, half an hour ago", 30 * MINUTE, 30 * MINUTE, None, False),
    ("seen when it was new, an hour ago", HOUR, HOUR, None, True),
    ("seen at an hour, an hour ago", 2 * HOUR, HOUR, None, False),
    ("seen at an hour, two hours ago", 3 * HOUR, 2 * HOUR, None, True),
    ("seen at four hours, seven hours ago", 11 * HOUR, 7 * HOUR, None, False),
    ("seen at four hours, eight hours ago", 12 * HOUR, 8 * HOUR, None, True),
    ("seen at twelve hours, a day ago", 36 * HOUR, DAY, None, True),
    ("seen at a week, a day ago", 8 * DAY, DAY, None, False),
    ("seen at a week, two days ago", 9 * DAY, 2 * DAY, None, True),
    ("a post from the future", -DAY, HOUR, None, True),
    ("failed an hour ago", 9 * HOUR, 9 * HOUR, (HOUR, 1), False),
    ("failed once, long ago", 5 * DAY, 5 * DAY, (4 * DAY, 1), True),
    ("failed for the tenth time two days ago", 9 * DAY, 9 * DAY, (2 * DAY, 10), False),
    ("failed for the tenth time a week ago", 13 * DAY, 13 * DAY, (7 * DAY, 10), True),
]


@pytest.mark.parametrize(("age", "unseen", "tried", "now"), [case[1:] for case in TURNS], ids=[c[0] for c in TURNS])
def test_the_older_a_post_the_rarer_the_look(
    age: timedelta, unseen: timedelta, tried: tuple[timedelta, int] | None, now: bool
) -> None:
    """An hour, two, eight, a day, two days; twice as long after each failure."""
    tries: Tries = {"http://s/1": (NOW - tried[0], tried[1])} if tried else {}
    assert bool(due([page(age, unseen)], tries, NOW)) is now


def test_a_few_a_crawl_the_most_overdue_first() -> None:
    """However many wait."""
    pages = [page(10 * HOUR, number * HOUR, f"http://s/{number}") for number in range(1, 10)]
    assert [found.url for found in due(pages, {}, NOW)] == [f"http://s/{number}" for number in (9, 8, 7)]
    many = [page(10 * DAY, 10 * DAY, f"http://s/{number}") for number in range(50)]
    assert len(due(many, {}, NOW)) == MOST


@pytest.mark.parametrize(
    ("ago", "failures", "rests"),
    [(5 * HOUR, 1, True), (6 * HOUR, 1, False), (11 * HOUR, 2, True), (13 * HOUR, 2, False), (7 * DAY, 99, False)],
)
def test_a_site_that_refuses_us_is_left_alone(ago: timedelta, failures: int, rests: bool) -> None:
    """All its pages, for six hours and twice as long each time, a week at most."""
    found = due([page(9 * DAY, 9 * DAY)], {"": (NOW - ago, failures)}, NOW)
    assert (not found) is rests


def test_tries_survive_the_cursor() -> None:
    assert as_json({"http://s/1": (NOW, 2)}) == {"http://s/1": [NOW.isoformat(), 2]}
