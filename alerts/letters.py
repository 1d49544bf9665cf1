"""Everything a card tells, read from the store in one look, at the moment the card is sent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from core.model import Alert, Case, Event, Exhibit, Mention, Post
from core.schema import alerts, cases, events, exhibits, posts
from index.rows import post_of

#: Reads mentions by id: `index.verdicts.VerdictStore.mentions`.
MentionReader = Callable[[Sequence[str]], Sequence[Mention]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """An alert with what is known about it now."""

    alert: Alert
    mention: Mention | None
    event: Event | None = None
    #: The earliest known post of the event.
    first: Post | None = None
    case: Case | None = None
    exhibit: Exhibit | None = None


def read_letter(connection: Connection, alert_id: str, mentions: MentionReader) -> Letter | None:
    """The alert's letter, or `None` for an alert that does not exist."""
    row = connection.execute(select(alerts).where(alerts.c.id == alert_id)).first()
    if row is None:
        return None
    alert = _alert(row._asdict())
    event = connection.execute(select(events).where(events.c.id == alert.event)).first()
    if event is not None and event.merged_into:
        # The card tells of the story as it is now.
        event = connection.execute(select(events).where(events.c.id == event.merged_into)).first()
    case = connection.execute(select(cases).where(cases.c.event == (event.id if event else alert.event))).first()
    first = None
    if event is not None:
        first = connection.execute(select(posts).where(posts.c.id == event.first_post)).first()
    return Letter(
        alert=alert,
        mention=next(iter(mentions([alert.post])), None),
        event=Event(**{**event._asdict(), "channels": tuple(event.channels)}) if event else None,
        first=post_of(first._asdict()) if first else None,
        case=Case(**{**case._asdict(), "subjects": tuple(case.subjects)}) if case else None,
        exhibit=read_exhibit(connection, alert.exhibit),
    )


def read_exhibit(connection: Connection, exhibit_id: str | None) -> Exhibit | None:
    """An exhibit as it stands in the caller's transaction."""
    if exhibit_id is None:
        return None
    row = connection.execute(select(exhibits).where(exhibits.c.id == exhibit_id)).first()
    return Exhibit(**{**row._asdict(), "pictures": tuple(row.pictures)}) if row else None


def _alert(row: dict[str, Any]) -> Alert:
    return Alert(**{key: value for key, value in row.items() if key not in ("event_size", "event_channels")})
