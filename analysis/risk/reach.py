"""How many people may have seen it, by the numbers that the page shows; a number not shown is unknown, not nought."""

from __future__ import annotations

from analysis.risk.facts import Facts, Weigher, step
from analysis.risk.table import RiskTable
from core.model import Reason


def reach(table: RiskTable) -> Weigher:
    """The points of followers, views, reposts, comments and likes, in all at most `[reach] most`."""
    row = table.reach

    def weigh(facts: Facts) -> list[Reason]:
        counts = facts.post.counts
        measured = (
            ("followers", "作者粉丝", facts.post.author.followers, row.followers),
            ("views", "浏览", counts.views, row.views),
            ("reposts", "转发", counts.reposts, row.reposts),
            ("replies", "评论", counts.replies, row.replies),
            ("likes", "点赞", counts.likes, row.likes),
        )
        reasons, left = [], row.most
        for name, word, count, steps in measured:
            points = min(left, step(steps, count))
            if points:
                left -= points
                reasons.append(Reason(code=f"reach.{name}", text=f"{word} {count}", points=points))
        return reasons

    return weigh
