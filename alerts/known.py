"""What the dispatcher reads and writes, in bulk: earlier outcomes, events, and what people were told of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, select

from alerts.dedup import LastAlert, highest
from alerts.stages import Prior
from core.model import Alert, Event
from core.schema import alerts, cases, dispatches, events, messages
from index.rows import chunks, insert_into


def read_priors(connection: Connection, posts: Sequence[str]) -> dict[str, Prior]:
    """What was said of these posts before."""
    found: dict[str, Prior] = {}
    for chunk in chunks(posts):
        for row in connection.execute(select(dispatches).where(dispatches.c.post.in_(chunk))):
            found[row.post] = Prior(at=row.at, outcome=row.outcome, reason=row.reason, grade=row.grade)
    return found


def read_events(connection: Connection, ids: Sequence[str]) -> dict[str, Event]:
    """These events as they stand, locked where the database has row locks, so that one worker at a time decides."""
    found: dict[str, Event] = {}
    for chunk in chunks(ids):
        wanted = select(events).where(events.c.id.in_(chunk)).order_by(events.c.id).with_for_update()
        for row in connection.execute(wanted):
            found[row.id] = Event(**{**row._asdict(), "channels": tuple(row.channels)})
    return found


def read_last_alerts(connection: Connection, ids: Sequence[str]) -> dict[str, LastAlert]:
    """What people know of these events; events that never rang are left out.

    The alerts of events that were merged into one of these count: people were told.
    """
    family = {event: event for event in ids}
    for chunk in chunks(ids):
        taken = select(events.c.id, events.c.merged_into).where(events.c.merged_into.in_(chunk))
        family.update((str(row.id), str(row.merged_into)) for row in connection.execute(taken))
    rows: dict[str, list[Any]] = defaultdict(list)
    told: dict[str, set[str]] = defaultdict(set)
    closed: set[str] = set()
    for chunk in chunks(list(family)):
        for row in connection.execute(select(alerts).where(alerts.c.event.in_(chunk))):
            rows[family[row.event]].append(row)
        readers = (
            select(alerts.c.event, messages.c.notifier)
            .join(messages, messages.c.alert == alerts.c.id)
            .where(alerts.c.event.in_(chunk))
            .distinct()
        )
        for row in connection.execute(readers):
            told[family[row.event]].add(row.notifier)
    for chunk in chunks(ids):
        # Not those of absorbed events: the merge closed them.
        ended = select(cases.c.event).where(cases.c.event.in_(chunk), cases.c.state == "closed")
        closed.update(connection.scalars(ended))
    return {event: _last(found, frozenset(told[event]), closed=event in closed) for event, found in rows.items()}


def _last(rows: Sequence[Any], told: frozenset[str], *, closed: bool) -> LastAlert:
    grade = rows[0].grade
    for row in rows:
        grade = highest(row.grade, grade)
    return LastAlert(
        grade=grade,
        opened=max(row.opened for row in rows),
        size=max(row.event_size for row in rows),
        channels=frozenset(channel for row in rows for channel in row.event_channels),
        told=told,
        closed=closed,
    )


def write_alert(connection: Connection, alert: Alert, *, size: int, channels: Sequence[str]) -> None:
    """Keep an alert with the event as it stood; writing it twice is writing it once."""
    values = {
        "id": alert.id,
        "event": alert.event,
        "grade": alert.grade,
        "post": alert.post,
        "reason": alert.reason,
        "rule": alert.rule,
        "opened": alert.opened,
        "exhibit": alert.exhibit,
        "event_size": size,
        "event_channels": list(channels),
    }
    connection.execute(insert_into(connection.dialect)(alerts).values(values).on_conflict_do_nothing())


def write_dispatches(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Record each mention's outcome; a later one replaces the earlier."""
    if not rows:
        return
    statement = insert_into(connection.dialect)(dispatches)
    new = {column.name: statement.excluded[column.name] for column in dispatches.c if not column.primary_key}
    connection.execute(statement.on_conflict_do_update(index_elements=["post"], set_=new), [dict(row) for row in rows])
