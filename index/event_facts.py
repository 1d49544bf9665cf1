"""How a story grows and how far it has spread, counted from its posts at the moment somebody asks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select

from core.model import CHANNELS, Channel, require_aware
from core.schema import event_posts, posts
from index.rows import chunks

_HOUR, _SIX_HOURS, _DAY = timedelta(hours=1), timedelta(hours=6), timedelta(hours=24)
#: Below this many posts nothing has doubled that anybody would speak of.
_LEAST_DOUBLED = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFacts:
    """One event as its posts show it at `now`; posts from after `now` are not counted."""

    event: str
    #: The earliest known post, and who published it where.
    first_post: str
    first_published: datetime
    first_site: str
    first_author: str | None
    last_published: datetime
    size: int
    last_hour: int
    last_six_hours: int
    last_day: int
    #: In which time before `now` the number of posts doubled; `None` below four posts.
    doubled_in: timedelta | None
    channels: tuple[Channel, ...]
    #: How many sites and how many authors told it; an author is known by site and id, or name.
    sites: int
    authors: int
    #: Sums over the posts whose sources say so; `None` where none does.
    views: int | None
    reposts: int | None
    replies: int | None
    #: Followers of the distinct authors: the most whom the story could have reached directly.
    followers: int | None

    def __post_init__(self) -> None:
        require_aware(self, first_published=self.first_published, last_published=self.last_published)

    @property
    def per_hour(self) -> tuple[float, float, float]:
        """Mentions an hour over the last hour, the last six, and the last twenty-four."""
        return float(self.last_hour), self.last_six_hours / 6, self.last_day / 24


def read_event_facts(connection: Connection, ids: Sequence[str], *, now: datetime) -> dict[str, EventFacts]:
    """The facts of these events; events without a post by `now` are left out. One query for 500 events."""
    rows: dict[str, list[Any]] = defaultdict(list)
    for chunk in chunks(list(dict.fromkeys(ids))):
        wanted = (
            select(
                event_posts.c.event,
                event_posts.c.post,
                event_posts.c.published,
                event_posts.c.channel,
                posts.c.site,
                posts.c.author,
                posts.c.counts,
            )
            .outerjoin(posts, posts.c.id == event_posts.c.post)
            .where(event_posts.c.event.in_(chunk), event_posts.c.published <= now)
            .order_by(event_posts.c.published, event_posts.c.post)
        )
        for row in connection.execute(wanted):
            rows[row.event].append(row)
    return {event: _facts(event, found, now) for event, found in rows.items()}


def _facts(event: str, rows: Sequence[Any], now: datetime) -> EventFacts:
    first, size = rows[0], len(rows)
    told = {row.channel for row in rows}
    authors: dict[tuple[str, str], int | None] = {}
    for row in rows:
        if row.author and (who := row.author.get("id") or row.author.get("name")):
            key = (row.site, who)
            authors[key] = max(authors.get(key) or 0, row.author.get("followers") or 0) or None
    return EventFacts(
        event=event,
        first_post=first.post,
        first_published=first.published,
        first_site=first.site or "",
        first_author=first.author.get("name") if first.author else None,
        last_published=rows[-1].published,
        size=size,
        last_hour=_since(rows, now - _HOUR),
        last_six_hours=_since(rows, now - _SIX_HOURS),
        last_day=_since(rows, now - _DAY),
        # When it had half of its posts.
        doubled_in=now - rows[(size + 1) // 2 - 1].published if size >= _LEAST_DOUBLED else None,
        channels=tuple(channel for channel in CHANNELS if channel in told),
        sites=len({row.site for row in rows if row.site}),
        authors=len(authors),
        views=_sum(rows, "views"),
        reposts=_sum(rows, "reposts"),
        replies=_sum(rows, "replies"),
        followers=_total(list(authors.values())),
    )


def _since(rows: Sequence[Any], moment: datetime) -> int:
    return sum(row.published > moment for row in rows)


def _sum(rows: Sequence[Any], name: str) -> int | None:
    return _total([row.counts.get(name) for row in rows if row.counts])


def _total(values: Sequence[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None
