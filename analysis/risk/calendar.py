"""Days on which complaints are heard further: 3·15, holidays, motor shows."""

from __future__ import annotations

from datetime import MAXYEAR, MINYEAR, tzinfo

from analysis.risk.facts import Facts, Weigher
from analysis.risk.table import RiskTable
from core.model import Reason


def calendar(table: RiskTable, zone: tzinfo) -> Weigher:
    """The points of the weightiest window that holds the post's day in the operator's zone.

    Only for complaints that belong to a category: the season makes trouble weigh more and makes none of its own.
    """
    windows = sorted(table.calendar.windows.values(), key=lambda window: -window.points)

    def weigh(facts: Facts) -> list[Reason]:
        # On the first and last days that there are, some zones have none; no window lies there.
        if not facts.topics or not MINYEAR < facts.when.year < MAXYEAR:
            return []
        day = facts.when.astimezone(zone).date()
        window = next((window for window in windows if window.points and window.holds(day)), None)
        if window is None:
            return []
        text = f"敏感时段：{window.name}（{day.month} 月 {day.day} 日）"
        return [Reason(code="calendar", text=text, points=window.points)]

    return weigh
