"""The figures of an evaluation: right on cases that can be counted by hand, and honest about luck."""

from __future__ import annotations

import json

import numpy as np
import pytest

from analysis.evaluate_figures import MEAN, Interval, Row, mean_of, measure, operating_point
from analysis.evaluate_table import json_lines, table


def row(labels: list[int], found: list[float], *, name: str = "one", operating: float | None = None) -> Row:
    return measure(
        np.array(labels, dtype=bool),
        np.array(found),
        model="m",
        name=name,
        operating=operating,
        speed=100.0,
        seed=1,
    )


def test_figures_counted_by_hand() -> None:
    """Four texts: one hit, one miss, one false alarm, one rightly left alone."""
    found = row([1, 1, 0, 0], [0.9, 0.4, 0.6, 0.1], operating=0.3)
    assert (found.precision.value, found.recall.value, found.f1.value) == pytest.approx((0.5, 0.5, 0.5))
    assert found.accuracy == 0.5
    assert found.auc == pytest.approx(0.75)
    assert found.brier == pytest.approx((0.01 + 0.36 + 0.36 + 0.01) / 4)
    assert found.f1_operating == pytest.approx(0.8)


def test_intervals_hold_the_figure_and_shrink_with_the_number_of_texts() -> None:
    """Redrawn by a fixed seed: the same texts give the same interval."""
    few, many = row([1, 1, 0, 0] * 5, [0.9, 0.4, 0.6, 0.1] * 5), row([1, 1, 0, 0] * 500, [0.9, 0.4, 0.6, 0.1] * 500)
    for found in (few, many):
        for one in (found.precision, found.recall, found.f1):
            assert one.low <= one.value <= one.high
    assert many.f1.high - many.f1.low < few.f1.high - few.f1.low
    assert row([1, 1, 0, 0] * 5, [0.9, 0.4, 0.6, 0.1] * 5) == few


@pytest.mark.parametrize(
    ("labels", "found", "point"),
    [([1, 0, 0, 0], [0.2, 0.1, 0.1, 0.1], 0.2), ([1, 1, 0], [0.9, 0.3, 0.2], 0.3), ([0, 1, 1], [0.9, 0.8, 0.7], 0.7)],
)
def test_the_operating_point_gives_the_best_f1(labels: list[int], found: list[float], point: float) -> None:
    assert operating_point(np.array(labels, dtype=bool), np.array(found)) == pytest.approx(point)


def test_the_mean_counts_each_set_once() -> None:
    """However many texts it has; a set without an operating point does not count there."""
    one, other = row([1, 0], [0.9, 0.1], operating=0.5), row([1, 0] * 9, [0.1, 0.9] * 9, name="two")
    mean = mean_of("m", [one, other])
    assert (mean.set, mean.n, mean.auc, mean.accuracy) == (MEAN, 20, 0.5, 0.5)
    assert mean.f1_operating == 1.0


def test_a_table_for_people_and_lines_for_programs() -> None:
    """A missing operating point is a dash, an interval stands beside its figure."""
    rows = [row([1, 0], [0.9, 0.1]), row([1, 0], [0.9, 0.1], name="two", operating=0.5)]
    lines = table(rows).splitlines()
    assert len(lines) == 4
    assert len({line.count("|") for line in lines}) == 1
    assert "—" in lines[2]
    assert "—" not in lines[3]
    parsed = [json.loads(line) for line in json_lines(rows).splitlines()]
    assert [one["set"] for one in parsed] == ["one", "two"]
    assert parsed[0]["f1"] == {"value": 1.0, "low": parsed[0]["f1"]["low"], "high": 1.0}
    assert Interval(**parsed[0]["f1"]).value == 1.0
