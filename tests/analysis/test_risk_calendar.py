"""Sensitive windows: the day is the operator's, yearly and dated ranges, and nothing made of nothing."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

import pytest
from pydantic import ValidationError

from analysis.risk import RiskScale, bundled_table
from analysis.risk.windows import Window
from core.settings import RiskSettings
from tests.analysis.risk_world import SHANGHAI, facts_of, make_post

EAST_8 = timezone(timedelta(hours=8))


def calendar_points(when: datetime, *, zone: object = SHANGHAI, text: str = "曜行S7异响") -> int:
    scale = RiskScale(bundled_table(), RiskSettings(), zone)  # type: ignore[arg-type]
    one = make_post(text, published=when, collected=when)
    return sum(reason.points for reason in scale.weigh(facts_of(one)).reasons if reason.code == "calendar")


@pytest.mark.parametrize(
    ("when", "given"),
    [
        ("2026-03-15T23:30:00+08:00", 5),
        ("2026-03-15T00:00:00+08:00", 5),
        ("2026-03-08T00:00:00+08:00", 5),
        ("2026-03-07T23:59:59+08:00", 0),
        ("2026-03-22T23:59:59+08:00", 5),
        ("2026-03-23T00:00:00+08:00", 0),
        ("2031-03-15T12:00:00+08:00", 5),
        ("2026-12-31T12:00:00+08:00", 2),
        ("2027-01-03T12:00:00+08:00", 2),
        ("2027-01-04T12:00:00+08:00", 0),
        ("2026-10-01T12:00:00+08:00", 2),
        ("2026-02-15T12:00:00+08:00", 2),
        ("2028-02-15T12:00:00+08:00", 0),
        ("2026-06-10T12:00:00+08:00", 0),
        ("2026-11-22T12:00:00+08:00", 0),
    ],
)
def test_the_day_decides(when: str, given: int) -> None:
    """Both ends count, years repeat or not, motor shows are off by default."""
    assert calendar_points(datetime.fromisoformat(when)) == given


def test_the_day_is_the_operators() -> None:
    """The same moment is still the 22nd in Shanghai and already the 23rd in Auckland."""
    moment = datetime(2026, 3, 22, 23, 30, tzinfo=EAST_8)
    assert calendar_points(moment) == 5
    assert calendar_points(moment, zone=timezone(timedelta(hours=13))) == 0


def test_a_season_makes_no_trouble_of_its_own() -> None:
    """A grumble without a category weighs on 3·15 what it weighs in June."""
    assert calendar_points(datetime(2026, 3, 15, 12, 0, tzinfo=EAST_8), text="曜行真让人失望") == 0


def test_a_time_in_the_future_is_no_season() -> None:
    """A page that dates itself to next March was fetched in June."""
    one = make_post("曜行S7异响", published=datetime(2027, 3, 15, tzinfo=EAST_8))
    scale = RiskScale(bundled_table(), RiskSettings(), SHANGHAI)
    assert "calendar" not in {reason.code for reason in scale.weigh(facts_of(one)).reasons}


@pytest.mark.parametrize(
    ("start", "until", "day", "holds"),
    [
        ("12-30", "01-03", date(2026, 12, 30), True),
        ("12-30", "01-03", date(2027, 1, 3), True),
        ("12-30", "01-03", date(2027, 1, 4), False),
        ("12-30", "01-03", date(2027, 7, 1), False),
        ("02-29", "02-29", date(2028, 2, 29), True),
        ("02-29", "02-29", date(2027, 2, 28), False),
        ("2027-02-05", "2027-02-12", date(2027, 2, 12), True),
        ("2027-02-05", "2027-02-12", date(2028, 2, 10), False),
    ],
)
def test_ranges(start: str, until: str, day: date, holds: bool) -> None:
    """Yearly ranges may reach into the next year; dated ones hold once."""
    assert Window.model_validate({"name": "w", "from": start, "until": until, "points": 1}).holds(day) is holds


@pytest.mark.parametrize(
    ("start", "until"),
    [("3-8", "03-20"), ("13-01", "12-31"), ("02-30", "03-01"), ("2027-02-05", "02-12"), ("2027-03-01", "2027-02-01")],
)
def test_ranges_that_are_none(start: str, until: str) -> None:
    """A day that does not exist, two forms in one range, an end before its beginning."""
    with pytest.raises(ValidationError):
        Window.model_validate({"name": "w", "from": start, "until": until, "points": 1})
