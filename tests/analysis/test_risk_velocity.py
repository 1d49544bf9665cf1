"""Bursts against what is usual: few against nearly nothing counts, few against many does not, unknown is unknown."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from analysis.background import Background, Pace
from analysis.risk.velocity import chance_of, usual
from tests.analysis.risk_world import facts_of, make_event, make_post, points, weigh

LEAST_DAYS = 14


def pace(count: int, earlier: Sequence[int | None]) -> Pace:
    return Pace(subject="曜行汽车", site="bbs.example", hours=6, count=count, earlier=tuple(earlier))


def velocity(*paces: Pace) -> dict[str, int]:
    found = points(facts_of(make_post("曜行S7异响"), background=Background(paces=paces)))
    return {code: value for code, value in found.items() if code.startswith("velocity")}


SILENT = [0] * 28
#: About one in five days.
RARE = [1, 0, 0, 0, 0] * 5 + [0, 0, 0]
BUSY = [38, 41, 40, 44, 39, 36, 42] * 4
#: Lively threads: nothing for days, then twenty at once.
CLUSTERED = [0, 0, 20, 0, 1] * 5 + [0, 0, 18]
MONDAYS = [1, 1, 1, 1, 1, 1, 30] * 4


@pytest.mark.parametrize(
    ("count", "earlier", "given"),
    [
        (3, SILENT, {"velocity": 12}),
        (3, RARE, {"velocity": 12}),
        (2, RARE, {}),
        (3, BUSY, {}),
        (60, BUSY, {}),
        (83, BUSY, {}),
        (90, BUSY, {"velocity": 4}),
        (500, BUSY, {"velocity": 12}),
        (20, CLUSTERED, {}),
        (30, MONDAYS, {}),
        (90, MONDAYS, {"velocity": 4}),
        (0, SILENT, {}),
    ],
)
def test_counts_against_the_usual(count: int, earlier: list[int], given: dict[str, int]) -> None:
    """Three against 0.2 a day counts, three against 40 does not; what comes in clusters or every week is usual."""
    assert velocity(pace(count, earlier)) == given


def test_one_burst_in_the_past_is_not_usual() -> None:
    """A crisis three weeks ago must not hide the next one."""
    calm = [0, 1, 0, 0, 2, 0, 0] * 4
    assert velocity(pace(12, [*calm[:20], 400, *calm[21:]])) == {"velocity": 12}


@pytest.mark.parametrize("known", [0, 1, 13])
def test_too_little_history_gives_no_points(known: int) -> None:
    """A source watched for some days has no usual; many at once are a remark."""
    history = [1] * known + [None] * (28 - known)
    assert velocity(pace(3, history)) == {}
    assert velocity(pace(50, history)) == {"velocity.unknown": 0}


def test_days_without_reading_are_not_silent_days() -> None:
    """A fortnight in which the site was blocked is left out, not counted as nought."""
    read, blocked = [8] * 14, [None] * 14
    assert velocity(pace(9, [*blocked, *read])) == {}
    assert velocity(pace(40, [*blocked, *read])) == {"velocity": 8}


def test_without_a_background_nothing_is_said() -> None:
    """`tingfeng assess` knows no archive."""
    found = points(facts_of(make_post("曜行S7异响")))
    assert not any(code.startswith(("velocity", "spread", "complainant")) for code in found)
    assert velocity() == {}


def test_of_several_subjects_the_most_unusual_is_told() -> None:
    """One reason, however many subjects a post names; it names subject, site, count and usual."""
    other = Pace(subject="曜行S7", site="bbs.example", hours=6, count=9, earlier=tuple(SILENT))
    facts = facts_of(make_post("曜行S7异响"), background=Background(paces=(pace(3, BUSY), other)))
    (reason,) = [reason for reason in weigh(facts).reasons if reason.code == "velocity"]
    for part in ("bbs.example", "曜行S7", "近 6 小时", "9 条", "前 28 天"):
        assert part in reason.text


def test_the_test_of_chance() -> None:
    """It falls with the count, never leaves 0 to 1, and survives large numbers."""
    expected = usual([2] * 28, LEAST_DAYS)
    assert expected is not None
    chances = [chance_of(count, expected) for count in range(40)]
    assert chances == sorted(chances, reverse=True)
    assert 0 <= chances[-1] < 1e-6 < chances[1] <= chances[0] == 1.0
    huge = usual([100_000] * 28, LEAST_DAYS)
    assert huge is not None
    assert chance_of(100_000, huge) > 0.4
    assert chance_of(200_000, huge) < 1e-6


@pytest.mark.parametrize(
    ("size", "lately", "growth"), [(12, 12, 6), (5, 5, 3), (12, 4, 0), (12, None, 0), (60, 40, 0), (4, 4, 0)]
)
def test_growth_of_an_event(size: int, lately: int | None, growth: int) -> None:
    """Fast growth adds to size and channels, within the cap that all of them share."""
    facts = facts_of(
        make_post("曜行S7异响"),
        event=make_event(size, "forum", "weibo"),
        background=Background(event_lately=lately),
    )
    found = points(facts)
    room = 15 - found["spread"]
    assert found.get("spread.growth", 0) == min(growth, room) if size < 60 else "spread.growth" not in found
