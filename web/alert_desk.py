"""Alerts with all that is known about them, read for the pages: letter, messages, proof of delivery."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, or_, select

from alerts.letters import Letter, read_letter
from core.errors import NotFound
from core.model import ExhibitState
from core.schema import alerts, deliveries, events, messages
from web.console import Console


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try to deliver a message: the proof, or what stood against it."""

    at: datetime
    ok: bool
    reason: str
    provider_code: str | None
    #: State of the evidence that went with it.
    evidence: ExhibitState | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """One message of an alert to one notifier, with all attempts so far."""

    notifier: str
    #: "alert" or "evidence".
    kind: str
    #: "waiting", "sent" or "failed".
    state: str
    created: datetime
    settled: datetime | None
    attempts: tuple[Attempt, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertSheet:
    """An alert as a page shows it."""

    letter: Letter
    sendings: tuple[Sending, ...]


class AlertDesk:
    """Reads alerts."""

    def __init__(self, console: Console) -> None:
        self.console = console

    def latest(self, *, limit: int, offset: int = 0) -> list[AlertSheet]:
        """The newest alerts first."""
        newest = select(alerts.c.id).order_by(alerts.c.opened.desc(), alerts.c.id).limit(limit).offset(offset)
        return self._sheets(lambda connection: list(connection.scalars(newest)))

    def of_event(self, event: str, *, limit: int = 50) -> list[AlertSheet]:
        """All alerts of one event and of those that were merged into it, the newest first."""
        taken = select(events.c.id).where(events.c.merged_into == event)
        family = or_(alerts.c.event == event, alerts.c.event.in_(taken))
        mine = select(alerts.c.id).where(family).order_by(alerts.c.opened.desc()).limit(limit)
        return self._sheets(lambda connection: list(connection.scalars(mine)))

    def get(self, alert: str) -> AlertSheet:
        """One alert. Raise `NotFound`."""
        found = self._sheets(lambda _: [alert])
        if not found:
            raise NotFound(f"没有这条预警：{alert}")
        return found[0]

    def _sheets(self, chosen: Callable[[Connection], list[str]]) -> list[AlertSheet]:
        with self.console.database.read() as connection:
            ids = chosen(connection)
            letters = [read_letter(connection, key, self.console.verdicts.mentions) for key in ids]
            sendings = _sendings(connection, ids)
        return [
            AlertSheet(letter=letter, sendings=tuple(sendings.get(letter.alert.id, ()))) for letter in letters if letter
        ]


def _sendings(connection: Connection, ids: Sequence[str]) -> dict[str, list[Sending]]:
    rows = connection.execute(select(messages).where(messages.c.alert.in_(ids)).order_by(messages.c.created)).all()
    tried = deliveries.c.message.in_([row.id for row in rows])
    attempts: dict[str, list[Attempt]] = {}
    for row in connection.execute(select(deliveries).where(tried).order_by(deliveries.c.number)):
        attempts.setdefault(row.message, []).append(
            Attempt(at=row.at, ok=row.ok, reason=row.reason, provider_code=row.provider_code, evidence=row.evidence)
        )
    found: dict[str, list[Sending]] = {}
    for row in rows:
        found.setdefault(row.alert, []).append(
            Sending(
                notifier=row.notifier,
                kind=row.kind,
                state=row.state,
                created=row.created,
                settled=row.settled,
                attempts=tuple(attempts.get(row.id, ())),
            )
        )
    return found
