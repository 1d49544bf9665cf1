"""Whether a site speaks badly of a subject more often than it usually does at this hour.

Counts of posts come in clusters (a thread, its answers), so a plain Poisson test would call every lively thread
unusual. The counts of the earlier days tell how strongly a site clusters: both its count and its usual count are
divided by that dispersion before they are compared (a quasi-Poisson test).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import erfc, exp, sqrt
from statistics import fmean, median, pvariance

from analysis.background import Pace
from analysis.risk.facts import Facts, Weigher, step
from analysis.risk.table import RiskTable, Velocity
from core.model import Reason

_WEEK = 7
#: The same weekday is asked from so many known weeks on.
_WEEKS = 4
#: From so many a window on, the counts are compared as a normal distribution.
_MANY = 300
#: With too short a history, so many times `least` are worth a remark.
_REMARKABLE = 3
#: Sparse counts: the fullest days, which may be bursts themselves, are left out of the mean.
_BURSTS = 2
#: What a history without a single mention still allows, in mentions: nothing seen is not never.
_ALLOWED = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Usual:
    """What the earlier days let expect."""

    #: Mentions in these hours; above 0.
    count: float
    #: Variance over mean of the earlier days, at least 1.
    dispersion: float
    #: Days that are known.
    days: int


def usual(earlier: Sequence[int | None], least_days: int) -> Usual | None:
    """What is usual after these days, the latest first; `None` if too few of them are known.

    The median where it is one or more; below, the mean without the two fullest days. With four known weeks, never less
    than the median of the same weekday: what comes every Monday is usual on a Monday.
    """
    known = [count for count in earlier if count is not None]
    if len(known) < least_days:
        return None
    calm = sorted(known)[: max(1, len(known) - _BURSTS)]
    middle = float(median(known))
    count = middle if middle >= 1 else max(middle, (sum(calm) + _ALLOWED) / len(calm))
    weekday = [same for same in earlier[_WEEK - 1 :: _WEEK] if same is not None]
    if len(weekday) >= _WEEKS and median(weekday) > count:
        count, calm = float(median(weekday)), weekday
    return Usual(count=count, dispersion=_dispersion(calm), days=len(known))


def _dispersion(counts: Sequence[int]) -> float:
    mean = fmean(counts)
    return max(1.0, pvariance(counts, mean) / mean) if mean else 1.0


def chance_of(count: int, expected: Usual) -> float:
    """How probable it is to see at least `count` where `expected` is usual."""
    least, mean = int(count / expected.dispersion), expected.count / expected.dispersion
    if least == 0:
        return 1.0
    if mean > _MANY:
        return 0.5 * erfc((least - 0.5 - mean) / sqrt(2 * mean))
    term = total = exp(-mean)
    for number in range(1, least):
        term *= mean / number
        total += term
    return max(0.0, 1.0 - total)


def is_unusual(pace: Pace, expected: Usual, row: Velocity) -> bool:
    """Whether there are enough, many times more than usual, and not by chance."""
    enough = pace.count >= row.least and pace.count >= row.ratio * expected.count
    return enough and chance_of(pace.count, expected) < row.chance


def velocity(table: RiskTable) -> Weigher:
    """The points of the most unusual subject; a history too short gives none, and says so where it would matter."""
    row = table.velocity

    def weigh(facts: Facts) -> list[Reason]:
        found: list[tuple[float, Reason]] = []
        for pace in facts.background.paces if facts.background else ():
            expected = usual(pace.earlier, row.history_days)
            if expected is None:
                if pace.count >= _REMARKABLE * row.least:
                    found.append((0.0, _too_young(pace)))
            elif is_unusual(pace, expected, row):
                ratio = pace.count / expected.count
                found.append((ratio, _unusual(pace, expected, step(row.points, int(ratio)))))
        return [max(found, key=lambda one: one[0])[1]] if found else []

    return weigh


def _unusual(pace: Pace, expected: Usual, points: int) -> Reason:
    text = (
        f"{pace.site} 上{pace.subject}的负面近 {pace.hours} 小时有 {pace.count} 条，"
        f"平时同一时段约 {expected.count:.1f} 条（前 {expected.days} 天）"
    )
    return Reason(code="velocity", text=text, points=points)


def _too_young(pace: Pace) -> Reason:
    known = sum(count is not None for count in pace.earlier)
    text = (
        f"提示：{pace.site} 上{pace.subject}的负面近 {pace.hours} 小时有 {pace.count} 条；"
        f"只有 {known} 天的历史，不与平时比较"
    )
    return Reason(code="velocity.unknown", text=text)
