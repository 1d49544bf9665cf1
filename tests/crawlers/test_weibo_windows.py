"""Windows of a search: no part of the time or of the country is lost by splitting, and splitting ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawlers.weibo.regions import cities, provinces
from crawlers.weibo.windows import CUT_FROM, ZONE, Window, as_json, from_json, split, window_over

MOMENTS = st.integers(1_262_304_000, 1_893_456_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
SPANS = st.builds(
    lambda start, minutes: window_over(start, start + timedelta(minutes=minutes)),
    MOMENTS,
    st.integers(min_value=0, max_value=60 * 24 * 12),
)
HOUR = timedelta(hours=1)


@given(MOMENTS, st.integers(min_value=0, max_value=100_000))
def test_a_window_holds_its_moments(start: datetime, minutes: int) -> None:
    """Whole hours around both moments, and none more than needed."""
    end = start + timedelta(minutes=minutes)
    window = window_over(start, end)
    assert window.start <= start
    assert end <= window.end
    assert start - window.start < HOUR
    assert window.end - end <= HOUR


@given(SPANS)
def test_splitting_time_leaves_no_gap_and_no_overlap(window: Window) -> None:
    """The parts meet, cover the whole, come newest first and lie in one calendar day, then in one hour."""
    parts = split(window)
    if window.end - window.start == HOUR:
        assert [part.province for part in parts] == list(provinces())
        return
    assert len(parts) > 1
    assert parts[0].end == window.end
    assert parts[-1].start == window.start
    assert all(older.end == newer.start for newer, older in pairwise(parts))
    for part in parts:
        days = {part.start.date(), (part.end - HOUR).date()}
        assert len(days) == 1
        assert part.end - part.start <= timedelta(days=1)


@settings(max_examples=15, deadline=None)
@given(SPANS)
def test_splitting_ends(window: Window) -> None:
    """However often it is split: after days, hours, provinces and cities there is nothing left to split."""
    level, depth = [window], 0
    while level:
        # One part of each kind stands for its brothers: provinces differ only in their cities.
        level = [part for one in level[:2] + level[-2:] for part in split(one)]
        depth += 1
        assert depth <= 5


def test_every_region_is_searched() -> None:
    """An hour is split into all provinces, a province into all its cities; a city and a place without cities end it."""
    hour = window_over(datetime(2026, 3, 15, 1, tzinfo=UTC), datetime(2026, 3, 15, 1, 30, tzinfo=UTC))
    by_province = split(hour)
    assert {part.region for part in by_province} == {f"custom:{code}:1000" for code in provinces()}
    assert {(part.start, part.end) for part in by_province} == {(hour.start, hour.end)}
    for part in by_province:
        assert part.province is not None
        inner = split(part)
        assert {one.city for one in inner} == set(cities(part.province))
        assert all(split(one) == () for one in inner)
    assert len(by_province) == 36
    assert sum(len(split(part)) for part in by_province) == 454


STATUS = st.tuples(
    st.integers(min_value=0, max_value=71), st.sampled_from([11, 44, 81, 100]), st.integers(min_value=1, max_value=3)
)


@settings(max_examples=60, deadline=None)
@given(st.lists(STATUS, max_size=80), st.integers(min_value=1, max_value=6))
def test_nothing_is_lost_but_what_is_named(statuses: list[tuple[int, int, int]], most: int) -> None:
    """A site that shows `most` statuses a search: all are found, or stand in a window that is named as incomplete."""
    start = datetime(2026, 3, 12, 3, tzinfo=ZONE)
    world = [(start + timedelta(hours=hour, minutes=30), province, city) for hour, province, city in statuses]
    found: set[int] = set()
    incomplete: list[Window] = []
    todo = [window_over(start, start + timedelta(hours=72))]

    def shows(window: Window) -> list[int]:
        return [
            number
            for number, (when, province, city) in enumerate(world)
            if window.start <= when <= window.end
            and window.province in (None, province)
            and window.city in (None, city)
        ]

    while todo:
        window = todo.pop()
        here = shows(window)
        if len(here) <= most:
            found.update(here)
        elif parts := split(window):
            todo.extend(parts)
        else:
            found.update(here[:most])
            incomplete.append(window)
    named = {number for window in incomplete for number in shows(window)}
    everywhere = {
        number for number, (_, province, city) in enumerate(world) if not cities(province) or city in cities(province)
    }
    assert everywhere <= found | named


def test_what_the_site_is_asked_and_the_operator_reads() -> None:
    """The values of the search's parameters, and a window in words."""
    window = window_over(datetime(2026, 3, 15, 1, 5, tzinfo=UTC), datetime(2026, 3, 15, 2, tzinfo=UTC))
    assert window.timescope == "custom:2026-03-15-9:2026-03-15-10"
    assert window.region is None
    city = Window(start=window.start, end=window.end, province=44, city=3)
    assert city.region == "custom:44:3"
    assert str(city) == "2026年3月15日9时至2026年3月15日10时（广东深圳）"
    assert CUT_FROM < 50


@given(SPANS)
def test_a_cursor_keeps_a_window(window: Window) -> None:
    """What is written is read again, regions too."""
    for one in (window, *split(window)[:3]):
        assert from_json(as_json(one)) == one


@pytest.mark.parametrize(
    ("start", "end", "place"),
    [
        (datetime.fromisoformat("2026-03-15T09:00"), datetime.fromisoformat("2026-03-15T10:00"), {}),
        (datetime(2026, 3, 15, 9, tzinfo=ZONE), datetime(2026, 3, 15, 9, tzinfo=ZONE), {}),
        (datetime(2026, 3, 15, 9, 1, tzinfo=ZONE), datetime(2026, 3, 15, 10, tzinfo=ZONE), {}),
        (datetime(2026, 3, 15, 9, tzinfo=ZONE), datetime(2026, 3, 15, 10, tzinfo=ZONE), {"city": 3}),
    ],
)
def test_what_is_no_window(start: datetime, end: datetime, place: dict[str, int]) -> None:
    """No zone, no length, no whole hour, a city without its province."""
    with pytest.raises(ValueError, match=r"zone|window|city"):
        Window(start=start, end=end, **place)
