"""What the archive knows around a mention: the answer to `analysis.background`, over the durable store.

A batch costs a handful of indexed statements, whatever its size; what moves slowly (what is usual for a site) is read
anew only every half hour, outside any write transaction.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, select

from analysis.background import Asked, Background
from analysis.risk.table import RiskTable
from core.clock import Clock
from core.database import Database
from core.schema import event_posts
from index.background_marks import ComplainantStore
from index.background_pace import PaceKeeper
from index.rows import chunks


class BackgroundStore:
    """Answers for one process; any number of processes share the store."""

    def __init__(self, database: Database, table: RiskTable, *, negative_from: float, clock: Clock) -> None:
        """`negative_from` is the probability from which a mention counts as negative."""
        self.paces = PaceKeeper(database, hours=table.velocity.hours, negative_from=negative_from)
        self.complainants = ComplainantStore(table, negative_from=negative_from)
        self._clock = clock
        self._growth = timedelta(hours=table.spread.growth_hours)
        self._least_growth = min((least for least, _ in table.spread.growth), default=None)

    def refresh(self) -> None:
        """Read anew what moves slowly, if it is time. Call it while no write transaction is open."""
        self.paces.refresh(self._clock())

    def around(self, connection: Connection, asked: Sequence[Asked]) -> list[Background]:
        """The background of each mention, in order. Records within the caller's transaction who complained.

        Asking again for the same posts records nothing twice and finds the same earlier complaints: only what was
        published before a post is its past.
        """
        earlier = self.complainants.record_and_find(connection, asked)
        lately = self._events_lately(connection, asked)
        self.paces.note(asked)
        return [
            Background(paces=self.paces.around(one), event_lately=lately.get(one.post.id), earlier=earlier[row])
            for row, one in enumerate(asked)
        ]

    def _events_lately(self, connection: Connection, asked: Sequence[Asked]) -> Mapping[str, int]:
        """By post: how many posts of its event were published in the hours before it, itself included."""
        if self._least_growth is None:
            return {}
        grown = [(one, one.event) for one in asked if one.event and one.event.size >= self._least_growth]
        if not grown:
            return {}
        whens = [when_of(one) for one, _ in grown]
        published: dict[str, list[datetime]] = defaultdict(list)
        for chunk in chunks(sorted({event.id for _, event in grown})):
            within = event_posts.c.published.between(min(whens) - self._growth, max(whens))
            wanted = select(event_posts.c.event, event_posts.c.published).where(event_posts.c.event.in_(chunk), within)
            for row in connection.execute(wanted.order_by(event_posts.c.published)):
                published[row.event].append(row.published)
        counts = {}
        for (one, event), when in zip(grown, whens, strict=True):
            times = published[event.id]
            counts[one.post.id] = bisect_right(times, when) - bisect_left(times, when - self._growth)
        return counts


def when_of(asked: Asked) -> datetime:
    """When it was published, at the latest when we fetched it (see `analysis.risk.facts.Facts.when`)."""
    return min(asked.post.when, asked.post.collected)
