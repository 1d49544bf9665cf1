"""The rows of the outbox: what must reach whom, and from when on. Everything here joins the caller's transaction.

A message's id is a hash of what it is about and whom it goes to, so that putting the same message twice, after a
crash or from two processes, is one message.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, select

from core.database import Database
from core.model import Exhibit
from core.schema import alerts, deliveries, messages
from core.work import WorkQueue
from index.rows import insert_into

MessageKind = Literal["alert", "evidence", "digest", "source", "search"]
#: Rendered when they are put; the others when they are sent, with what is known by then.
_RENDERED: tuple[MessageKind, ...] = ("digest", "source", "search")
MessageState = Literal["waiting", "sent", "failed"]


def message_id(subject: str, notifier: str, kind: MessageKind) -> str:
    """The stable identity of a message: about what (an alert's id, else a key), to whom, of which kind."""
    return hashlib.sha256("\x1f".join((subject, notifier, kind)).encode()).hexdigest()[:40]


class MessageRows:
    """Puts messages into the outbox and makes them due."""

    def __init__(self, database: Database) -> None:
        self.queue = WorkQueue(database, "deliver")

    def put(
        self,
        connection: Connection,
        subject: str,
        notifiers: Sequence[str],
        *,
        kind: MessageKind,
        due: datetime,
        now: datetime,
        body: Mapping[str, Any] | None = None,
    ) -> int:
        """Ask that each notifier gets this message; returns for how many that was new.

        `subject` is an alert's id, or the key of a digest or of news about a source or a saved search, whose rendered
        form is `body`.
        """
        rows = {message_id(subject, name, kind): name for name in notifiers}
        known = set(connection.scalars(select(messages.c.id).where(messages.c.id.in_(list(rows)))))
        fresh = [key for key in rows if key not in known]
        if not fresh:
            return 0
        values = [
            {
                "id": key,
                "notifier": rows[key],
                "kind": kind,
                "alert": None if kind in _RENDERED else subject,
                "body": dict(body) if body is not None else None,
                "created": now,
                "state": "waiting",
                "settled": None,
            }
            for key in fresh
        ]
        connection.execute(insert_into(connection.dialect)(messages).on_conflict_do_nothing(), values)
        self.queue.put(connection, fresh, due=due, now=now)
        return len(fresh)

    def evidence_ready(self, connection: Connection, exhibit: Exhibit, now: datetime) -> None:
        """Let the picture go out: cards that wait for it are due now, cards that went without it get a follow-up.

        A card that failed before keeps its pause, so that a provider which asked us to wait is not pressed. The rows
        are locked: together with `follow_up` this misses no picture, whoever commits first.
        """
        cards = (
            select(messages.c.id, messages.c.state, messages.c.notifier, messages.c.alert)
            .join(alerts, alerts.c.id == messages.c.alert)
            .where(alerts.c.exhibit == exhibit.id, messages.c.kind == "alert")
            .with_for_update(of=messages)
        )
        found = connection.execute(cards).all()
        waiting = [row.id for row in found if row.state == "waiting"]
        tried = set(connection.scalars(select(deliveries.c.message).where(deliveries.c.message.in_(waiting))))
        self.queue.hasten(connection, [key for key in waiting if key not in tried], due=now)
        for row in found:
            if row.state == "sent":
                self.follow_up(connection, row.id, alert=row.alert, notifier=row.notifier, exhibit=exhibit, now=now)

    def follow_up(
        self, connection: Connection, card: str, *, alert: str, notifier: str, exhibit: Exhibit, now: datetime
    ) -> None:
        """Queue the picture behind a card that was sent, if the card told less than what is known now."""
        if exhibit.state == "pending":
            return
        told = connection.scalar(
            select(deliveries.c.evidence)
            .where(deliveries.c.message == card, deliveries.c.ok.is_(True))
            .order_by(deliveries.c.number.desc())
            .limit(1)
        )
        promised = told == "pending"
        better = told != exhibit.state and bool(exhibit.pictures)
        if promised or better:
            self.put(connection, alert, [notifier], kind="evidence", due=now, now=now)
