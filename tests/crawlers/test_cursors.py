from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest

from crawlers.cursors import BoardReading, KnownReading, Place
from crawlers.pages.base import Link
from tests.crawlers.site import NOW

BACKFILL = NOW - timedelta(days=7)


def _link(tid: int, minutes_ago: float | None = None) -> Link:
    changed = None if minutes_ago is None else NOW - timedelta(minutes=minutes_ago)
    return Link(url=f"http://bbs.test/thread-{tid}-1-1.html", leads_to="thread", changed=changed)


def _crawl(
    cursor: dict[str, object], threads: list[Link], *, at: datetime = NOW
) -> tuple[list[int], dict[str, object]]:
    """One crawl of a board of one list page: the threads fetched, and the new cursor (through JSON, as it is kept)."""
    reading = BoardReading.resume(cursor, backfill_from=BACKFILL)
    fresh = reading.fresh(threads, at=at, first_page=True)
    for link in fresh:
        reading.done(link, at=at)
    fetched = [int(link.url.split("-")[1]) for link in fresh]
    return fetched, json.loads(json.dumps(reading.cursor()))


#: What the list shows at the second crawl, ten minutes after the first: (thread, minutes before the first) …
SECOND_LOOK = [
    ("nothing happened", [(1, 5), (2, 30)], []),
    ("one reply", [(2, -3), (1, 5)], [2]),
    ("a new thread", [(9, -1), (1, 5), (2, 30)], [9]),
    ("a reply in the very minute of the newest", [(2, 5), (1, 5)], [2]),
    ("an old thread that was on a later page", [(1, 5), (2, 30), (7, 5000)], []),
    ("a thread whose time the list does not show", [(1, 5), (8, None)], [8]),
    ("replies were deleted, the thread fell back", [(2, 30), (1, 60)], []),
]


@pytest.mark.parametrize(
    ("shown", "fetched"), [case[1:] for case in SECOND_LOOK], ids=[case[0] for case in SECOND_LOOK]
)
def test_only_what_changed_is_fetched(shown: list[tuple[int, float | None]], fetched: list[int]) -> None:
    """First crawl: threads 1 (five minutes old) and 2 (thirty); then this."""
    first, cursor = _crawl({}, [_link(1, 5), _link(2, 30)])
    assert first == [1, 2]
    again, _ = _crawl(cursor, [_link(*one) for one in shown], at=NOW + timedelta(minutes=10))
    assert again == fetched


def test_a_first_crawl_reads_back_to_the_backfill_and_a_quiet_board_stays_quiet() -> None:
    """Threads older than the backfill are never fetched, not even when nothing newer exists."""
    old = [_link(1, 60 * 24 * 30), _link(2, 60 * 24 * 40)]
    fetched, cursor = _crawl({}, old)
    assert fetched == []
    assert _crawl(cursor, old, at=NOW + timedelta(minutes=10))[0] == []


def test_a_time_in_the_future_does_not_blind_the_cursor() -> None:
    """A board's clock or a prank ("2030"): later replies with honest times are still seen."""
    _, cursor = _crawl({}, [_link(1, -60 * 24 * 365), _link(2, 5)])
    assert 2 in _crawl(cursor, [_link(1, -60 * 24 * 365), _link(2, -8)], at=NOW + timedelta(minutes=10))[0]


def test_a_reply_between_two_list_pages_is_seen_by_the_next_crawl() -> None:
    """The cursor stops at the moment of the first list page, whatever later pages show."""
    reading = BoardReading.resume({}, backfill_from=BACKFILL)
    for number, threads in enumerate(([_link(1, 5)], [_link(2, -2)])):
        for link in reading.fresh(threads, at=NOW + timedelta(minutes=3 * number), first_page=number == 0):
            reading.done(link, at=NOW + timedelta(minutes=3 * number))
    between = _link(3, -1)
    assert _crawl(reading.cursor(), [between], at=NOW + timedelta(minutes=10))[0] == [3]


def test_the_last_thread_of_a_page_decides_whether_the_list_goes_on() -> None:
    """Old sticky threads at the top stop nothing; an old thread at the bottom does; a shifted one does not."""
    reading = BoardReading.resume({}, backfill_from=BACKFILL)
    sticky, first, second = _link(99, 60 * 24 * 90), _link(1, 5), _link(2, 30)
    fresh = reading.fresh([sticky, first, second], at=NOW, first_page=True)
    assert fresh == [first, second]
    assert reading.goes_on([sticky, first, second], fresh, first_page=True)
    for link in fresh:
        reading.done(link, at=NOW)
    shifted = reading.fresh([second], at=NOW, first_page=False)
    assert shifted == []
    assert reading.goes_on([second], shifted, first_page=False), "it moved down while we read; below it is new"
    assert not reading.goes_on([_link(98, 60 * 24 * 9)], [], first_page=False)


def test_a_cut_walk_keeps_its_floor_and_skips_what_it_read() -> None:
    """The next walk goes below known threads, down to the floor of the first."""
    reading = BoardReading.resume({}, backfill_from=BACKFILL)
    for link in reading.fresh([_link(1, 5)], at=NOW, first_page=True):
        reading.done(link, at=NOW)
    reading.cut = True
    following = BoardReading.resume(json.loads(json.dumps(reading.cursor())), backfill_from=BACKFILL)
    threads = [_link(1, 5)]
    fresh = following.fresh(threads, at=NOW + timedelta(minutes=10), first_page=True)
    assert fresh == []
    assert following.goes_on(threads, fresh, first_page=True)
    assert following.fresh([_link(2, 6000)], at=NOW, first_page=False) == [_link(2, 6000)]


def test_places_survive_the_cursor() -> None:
    """Address and opening post of a long thread come back, and the cursor is JSON."""
    reading = BoardReading.resume({}, backfill_from=BACKFILL)
    reading.reached(_link(1, 5), Place(url="http://bbs.test/thread-1-4-1.html", opening="abc"))
    again = BoardReading.resume(json.loads(json.dumps(reading.cursor())), backfill_from=BACKFILL)
    assert again.place(_link(1, 2)) == Place(url="http://bbs.test/thread-1-4-1.html", opening="abc")


def test_known_things_are_read_once_and_failures_three_times() -> None:
    """Unknown and young: yes. Known or history: no. Failed: twice more, then no."""
    cursor: dict[str, object] = {}
    tries = []
    for _ in range(4):
        reading = KnownReading.resume(cursor, backfill_from=BACKFILL)
        assert not reading.wants("old", BACKFILL - timedelta(seconds=1))
        tries.append((reading.wants("good", NOW), reading.wants("bad", None)))
        if reading.wants("good", NOW):
            reading.done("good")
        if reading.wants("bad", None):
            reading.missed("bad", "http://news.test/bad")
        cursor = json.loads(json.dumps(reading.cursor()))
    assert tries == [(True, True), (False, True), (False, True), (False, False)]
