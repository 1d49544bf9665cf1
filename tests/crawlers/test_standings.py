"""Which threads of a list are read that shows how far they have come, but not when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from crawlers.cursors.standings import StandingReading
from crawlers.pages.base import Link

NOW = datetime(2026, 3, 15, 12, tzinfo=UTC)
WEEK = NOW - timedelta(days=7)


def link(number: int, *, days_ago: float | None = 1, standing: str | None = "1个回答") -> Link:
    changed = None if days_ago is None else NOW - timedelta(days=days_ago)
    return Link(url=f"https://a.example.test/q/{number}", leads_to="thread", changed=changed, standing=standing)


def walk(
    cursor: dict[str, Any], *links: Link, first_page: bool = True, read: bool = True
) -> tuple[list[Link], dict[str, Any]]:
    """What one crawl reads, and the cursor it leaves."""
    reading = StandingReading.resume(cursor, backfill_from=WEEK)
    fresh = reading.fresh(links, first_page=first_page)
    for one in fresh:
        if read:
            reading.done(one)
        else:
            reading.missed(one)
    return fresh, reading.cursor()


SECOND_LOOKS = [
    ("nothing was said", link(1), link(1), False),
    ("answered", link(1), link(1, standing="2个回答"), True),
    ("an old one is answered after years", link(1, days_ago=900), link(1, days_ago=900, standing="2个回答"), True),
    ("an old one", link(1, days_ago=900), link(1, days_ago=900), False),
    ("a status", link(1, standing="厂家受理"), link(1, standing="厂家已回复"), True),
    ("nothing to go by", link(1, standing=None), link(1, standing=None), True),
    ("nothing to go by, and old", link(1, days_ago=30, standing=None), link(1, days_ago=30, standing=None), False),
    ("the list shows standings now", link(1, standing=None), link(1), True),
    ("the list shows standings no more", link(1), link(1, standing=None), True),
    ("undated", link(1, days_ago=None), link(1, days_ago=None), False),
]  # fmt: skip


@pytest.mark.parametrize(
    ("first", "second", "again"), [row[1:] for row in SECOND_LOOKS], ids=[row[0] for row in SECOND_LOOKS]
)
def test_a_second_look(first: Link, second: Link, again: bool) -> None:
    """A thread is read again when the list says that it has come further."""
    _, cursor = walk({}, first)
    fresh, _ = walk(cursor, second)
    assert (fresh == [second]) is again


def test_a_first_crawl_reads_what_is_recent() -> None:
    """History is remembered as it stands, not read."""
    fresh, cursor = walk({}, link(1), link(2, days_ago=30), link(3, days_ago=None), link(1))
    assert [one.url[-1] for one in fresh] == ["1", "3"]
    assert len(cursor["standings"]) == 3


def test_below_the_first_page_nothing_is_read_without_a_reason() -> None:
    """A list without standings costs its first page each time, not all of it."""
    _, cursor = walk({}, link(1, standing=None))
    assert walk(cursor, link(1, standing=None), first_page=False)[0] == []


def test_what_failed_is_tried_three_times_and_then_left() -> None:
    """Neither lost nor tried for ever; also when no list shows it any more."""
    _, cursor = walk({}, link(1), read=False)
    assert [one.url for one in StandingReading.resume(cursor, backfill_from=WEEK).left_over()] == [link(1).url]
    fresh, cursor = walk(cursor, link(1), read=False)
    assert len(fresh) == 1
    fresh, cursor = walk(cursor, link(1), read=False)
    assert len(fresh) == 1
    assert walk(cursor, link(1))[0] == []
    assert StandingReading.resume(cursor, backfill_from=WEEK).left_over() == []


def test_a_walk_that_was_cut_goes_on_below_what_is_known() -> None:
    """Known threads do not end the walk after one that was cut; old ones do."""
    reading = StandingReading.resume({}, backfill_from=WEEK)
    for one in reading.fresh([link(1)], first_page=True):
        reading.done(one)
    reading.cut = True
    again = StandingReading.resume(reading.cursor(), backfill_from=WEEK)
    fresh = again.fresh([link(1)], first_page=True)
    assert fresh == []
    assert again.goes_on([link(1)], fresh)
    assert not again.goes_on([link(2, days_ago=30)], [])
    assert not StandingReading.resume(again.cursor(), backfill_from=WEEK).goes_on([link(1)], [])
