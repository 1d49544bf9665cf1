"""How far the story went: how many posts, on how many channels, how fast."""

from __future__ import annotations

from analysis.risk.facts import Facts, Weigher, step
from analysis.risk.table import RiskTable
from core.model import CHANNEL_NAMES, Reason


def spread(table: RiskTable) -> Weigher:
    """The points of an event's size and channels, then of its growth, in all at most `[spread] most`."""
    row = table.spread

    def weigh(facts: Facts) -> list[Reason]:
        event = facts.event
        if event is None:
            return []
        reasons = []
        points = min(row.most, step(row.size, event.size) + step(row.channels, len(event.channels)))
        if points:
            names = "、".join(CHANNEL_NAMES[channel] for channel in event.channels)
            reasons.append(Reason(code="spread", text=f"同一事件已有 {event.size} 篇，见于{names}", points=points))
        lately = facts.background.event_lately if facts.background else None
        growth = min(row.most - points, step(row.growth, lately))
        if growth:
            text = f"同一事件 {row.growth_hours} 小时内 {lately} 篇"
            reasons.append(Reason(code="spread.growth", text=text, points=growth))
        return reasons

    return weigh
