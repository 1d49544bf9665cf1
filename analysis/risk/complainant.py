"""Whether the same person complains again, here or on another channel."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from analysis.background import Earlier, Sign
from analysis.risk.facts import Facts, Weigher, step
from analysis.risk.table import RiskTable
from core.model import CHANNEL_NAMES, CHANNELS, Post, Reason

#: The surest first.
SIGN_NAMES: dict[Sign, str] = {
    "contact": "同一联系方式或车辆",
    "account": "同一作者",
    "text": "相同的文字",
    "name": "同名作者",
}


def lately(earlier: Sequence[Earlier], when: datetime, days: int) -> list[Earlier]:
    """Those of the last days before the moment."""
    return [one for one in earlier if when - timedelta(days=days) <= one.when <= when]


def complainant(table: RiskTable) -> Weigher:
    """The points of the second, third … complaint within `days`; for openers of a thread only."""
    row = table.complainant

    def weigh(facts: Facts) -> list[Reason]:
        if facts.background is None or facts.post.parent is not None:
            return []
        earlier = lately(facts.background.earlier, facts.when, row.days)
        if not earlier:
            return []
        sign = min((one.sign for one in earlier), key=list(SIGN_NAMES).index)
        points = step(row.points, len(earlier) + 1)
        if sign == "name":
            points = min(points, row.name_only_most)
        return [Reason(code="complainant", text=_sentence(facts.post, facts.when, sign, earlier), points=points)]

    return weigh


def _sentence(post: Post, when: datetime, sign: Sign, earlier: Sequence[Earlier]) -> str:
    days = max(1, -(-(when - min(one.when for one in earlier)) // timedelta(days=1)))
    channels = {post.channel, *(one.channel for one in earlier)}
    names = "、".join(CHANNEL_NAMES[channel] for channel in CHANNELS if channel in channels)
    return f"{SIGN_NAMES[sign]} {days} 天内在{names}第 {len(earlier) + 1} 次投诉"
