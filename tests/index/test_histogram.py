"""Counts over time as bars: without gaps, never too many, each with the days it stands for."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.histogram import MOST_BARS, day_bars, hour_bars


def test_days_without_a_hit_are_bars_too() -> None:
    bars = day_bars({"2026-03-01": 2, "2026-03-04": 5})
    assert [(bar.label, bar.count) for bar in bars] == [
        ("2026-03-01", 2), ("2026-03-02", 0), ("2026-03-03", 0), ("2026-03-04", 5),
    ]  # fmt: skip
    assert all(bar.first == bar.last == date.fromisoformat(bar.label) for bar in bars)


@pytest.mark.parametrize(
    ("last", "label", "days"),
    [
        ("2026-03-02", "2026-03-01", 1),
        ("2026-05-01", "2026-03-01", 1),
        ("2026-05-02", "2026-02-23 起一周", 7),
        ("2027-04-30", "2026-02-23 起一周", 7),
        ("2028-03-01", "2026-03", 31),
        ("2040-03-01", "2026 年", 365),
    ],
)
def test_a_longer_time_has_wider_bars(last: str, label: str, days: int) -> None:
    bars = day_bars({"2026-03-01": 1, last: 1})
    assert bars[0].label == label
    assert (bars[0].last - bars[0].first).days + 1 == days
    assert bars[0].first <= date(2026, 3, 1) <= bars[0].last


@given(st.dictionaries(st.dates(), st.integers(1, 9), max_size=30))
@settings(deadline=None)
def test_nothing_is_lost_or_counted_twice(counts: dict[date, int]) -> None:
    """Bars follow one another without gap or overlap; what is left out is older than all that is shown."""
    bars = day_bars({day.isoformat(): count for day, count in counts.items()})
    assert len(bars) <= MOST_BARS
    assert bool(bars) == bool(counts)
    for one, other in pairwise(bars):
        assert other.first == one.last + timedelta(days=1) or other.first.year == date.max.year
    shown = sum(count for day, count in counts.items() if bars and day >= bars[0].first)
    assert sum(bar.count for bar in bars) == shown


def test_hours_of_a_day() -> None:
    bars = hour_bars({"2026-03-14T23": 4, "2026-03-14T00": 1})
    assert len(bars) == 24
    assert (bars[0].label, bars[0].count, bars[23].label, bars[23].count) == ("03-14 00 时", 1, "03-14 23 时", 4)
    assert hour_bars({}) == ()


@pytest.mark.parametrize("bad", ["", "昨天", "2026-13-01"])
def test_what_is_no_day_is_refused(bad: str) -> None:
    with pytest.raises(ValueError):
        day_bars({bad: 1})
