"""The outbox: sends what is due, keeps proof of every try, and gives nothing up silently.

Delivery is at least once, with a stable message id. If this process dies between a send and its record, the message
is sent again under the same id: the console notifier finds the id in its own log and stays silent, an e-mail carries
the same `Message-ID` (clients fold the two), a webhook the same `Idempotency-Key`. Exactly once is the other side's
to finish; we never claim it for them.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from threading import Event as Signal
from typing import Any

from sqlalchemy import Connection, func, insert, select, update
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from alerts.compose import Composer
from alerts.courier import LEASE, Attempt, Courier, Parcel
from alerts.letters import MentionReader, read_exhibit, read_letter
from alerts.messages import MessageRows
from alerts.notifiers.base import Delivery, Message, Notifier
from alerts.retries import Jitter, Step, next_step
from core.clock import Clock
from core.database import Database
from core.errors import NotFound
from core.model import Exhibit, require_aware
from core.schema import alerts, deliveries, messages
from core.settings import Settings
from core.work import WorkItem, process_name
from index.verdicts import VerdictStore

log = logging.getLogger("tingfeng.alerts")

_POLL_SECONDS = 0.2
_DATABASE_PAUSE_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedMessage:
    """A message nobody got, and why."""

    id: str
    notifier: str
    kind: str
    alert: str | None
    gave_up: datetime
    reason: str
    provider_code: str | None

    def __post_init__(self) -> None:
        require_aware(self, gave_up=self.gave_up)


class Outbox:
    """Everything that must reach somebody. Also the `Desk` of its courier."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        notifiers: Mapping[str, Notifier],
        *,
        mentions: MentionReader | None = None,
        jitter: Jitter = random.random,
    ) -> None:
        self.database, self.settings, self.notifiers, self.jitter = database, settings, notifiers, jitter
        self.mentions = mentions or VerdictStore(database).mentions
        self.rows = MessageRows(database)
        self.composer = Composer(settings)

    def evidence_ready(self, connection: Connection, exhibit: Exhibit, now: datetime) -> None:
        """An exhibit is sealed: in that transaction, hasten the cards that wait for it and follow up the others."""
        self.rows.evidence_ready(connection, exhibit, now)

    def deliver_due(self, *, now: datetime) -> int:
        """Try everything that is due at `now` once. Returns how many tries were made."""
        with Courier(self, lambda: now) as courier:
            while courier.step(timeout=_POLL_SECONDS):
                pass
        return courier.attempts

    def deliver_forever(self, stop: Signal, clock: Clock) -> None:
        """Deliver until `stop` is set; sends that have begun are finished and recorded.

        A database that cannot be reached for a while is waited for.
        """
        while not stop.is_set():
            try:
                with Courier(self, clock) as courier:
                    while not stop.is_set():
                        self._deliver(courier, stop)
            except SQLAlchemyError:
                log.exception("database_failed")
                stop.wait(_DATABASE_PAUSE_SECONDS)

    def _deliver(self, courier: Courier, stop: Signal) -> None:
        try:
            if not courier.step(timeout=_POLL_SECONDS):
                stop.wait(_POLL_SECONDS)
        except OperationalError:
            # The courier stays: it holds the answers that are not recorded yet.
            log.exception("database_failed")
            stop.wait(_DATABASE_PAUSE_SECONDS)

    def failed(self, limit: int = 100) -> list[FailedMessage]:
        """Messages that were given up, the latest first."""
        proofs = deliveries.alias("proofs")
        latest = select(func.max(proofs.c.number)).where(proofs.c.message == messages.c.id)
        wanted = (
            select(messages, deliveries.c.reason, deliveries.c.provider_code)
            .select_from(messages)
            .join(deliveries, deliveries.c.number == latest.correlate(messages).scalar_subquery())
            .where(messages.c.state == "failed")
            .order_by(messages.c.settled.desc(), messages.c.id)
            .limit(limit)
        )
        with self.database.read() as connection:
            return [_failed(row) for row in connection.execute(wanted)]

    def resend(self, message: str, *, now: datetime) -> None:
        """Try a message that was given up anew, with all its attempts: the operator mended the channel.

        Raise `NotFound` where no such message was given up.
        """
        with self.database.write() as connection:
            given_up = update(messages).where(messages.c.id == message, messages.c.state == "failed")
            # `settled` stays: it tells from when on failures count again.
            if connection.execute(given_up.values(state="waiting")).rowcount == 0:
                raise NotFound(f"没有这条发送失败的消息：{message}")
            self.rows.queue.put(connection, [message], due=now, now=now)

    def claim(self, limit: int, *, now: datetime) -> list[Parcel]:
        """Due messages under a lease. Items whose message is settled already are cleared away."""
        items = self.rows.queue.claim(limit, owner=process_name(), now=now, lease=LEASE)
        if not items:
            return []
        wanted = (
            select(messages, alerts.c.grade)
            .outerjoin(alerts, alerts.c.id == messages.c.alert)
            .where(messages.c.id.in_([item.key for item in items]))
        )
        with self.database.read() as connection:
            found = {row.id: row for row in connection.execute(wanted)}
        live = [item for item in items if item.key in found and found[item.key].state == "waiting"]
        idle = [item for item in items if item not in live]
        if idle:
            with self.database.write() as connection:
                self.rows.queue.done(connection, idle)
        return [_parcel(item, found[item.key], now) for item in live]

    def attempt(self, parcel: Parcel, *, now: datetime) -> Attempt:
        """Compose the message with what is known now and hand it to its notifier."""
        notifier = self.notifiers.get(parcel.notifier)
        if notifier is None:
            return Attempt(delivery=Delivery(ok=False, reason=f"设置中已没有通知渠道 {parcel.notifier}"))
        message = self._message(parcel, now)
        if message is None:
            return Attempt(delivery=Delivery(ok=False, reason="消息所指的预警已不存在"))
        return Attempt(delivery=notifier.send(message), evidence=message.evidence)

    def record(self, parcel: Parcel, attempt: Attempt, *, now: datetime) -> Step:
        """Keep the proof and settle the message, in one transaction with what follows from it."""
        delivery = attempt.delivery
        with self.database.write() as connection:
            # The message row first: `MessageRows.evidence_ready` locks it too, and then one of us sees the other.
            lock = select(messages.c.state, messages.c.settled).where(messages.c.id == parcel.message)
            row = connection.execute(lock.with_for_update()).one()
            failures = _failures(connection, parcel.message, row.settled)
            step = next_step(delivery, failures, self.settings.alerts, self.jitter)
            if row.state == "sent":
                # Our lease ran out, and whoever took over got it through: a failure of ours changes nothing.
                step = Step(state="sent", reason=delivery.reason)
            connection.execute(insert(deliveries).values(_proof(parcel, attempt, now)))
            if step.state == "waiting":
                self.rows.queue.retry(connection, parcel.item, due=now + step.pause, reason=step.reason)
            else:
                settled = update(messages).where(messages.c.id == parcel.message)
                connection.execute(settled.values(state=step.state, settled=now))
            if step.state == "failed":
                self.rows.queue.bury(connection, parcel.item, reason=step.reason)
            if step.state == "sent":
                self.rows.queue.done(connection, [parcel.item])
                self._follow_up(connection, parcel, now)
        _log(parcel, attempt, step)
        return step

    def give_back(self, parcels: Sequence[Parcel], *, due: datetime, reason: str) -> None:
        """Let go of messages that were not tried; they keep all their attempts."""
        with self.database.write() as connection:
            for parcel in parcels:
                self.rows.queue.retry(connection, parcel.item, due=due, reason=reason)

    def _message(self, parcel: Parcel, now: datetime) -> Message | None:
        with self.database.read() as connection:
            if parcel.alert is None:
                body = connection.scalar(select(messages.c.body).where(messages.c.id == parcel.message))
                return Message(id=parcel.message, kind=parcel.kind, **body) if body else None
            letter = read_letter(connection, parcel.alert, self.mentions)
        return self.composer.compose(letter, message=parcel.message, kind=parcel.kind, now=now) if letter else None

    def _follow_up(self, connection: Connection, parcel: Parcel, now: datetime) -> None:
        """The capture may have been sealed while the card was on its way."""
        if parcel.kind != "alert" or parcel.alert is None:
            return
        asked = connection.scalar(select(alerts.c.exhibit).where(alerts.c.id == parcel.alert))
        exhibit = read_exhibit(connection, asked)
        if exhibit is not None:
            self.rows.follow_up(
                connection,
                parcel.message,
                alert=parcel.alert,
                notifier=parcel.notifier,
                exhibit=exhibit,
                now=now,
            )


def _failures(connection: Connection, message: str, since: datetime | None) -> int:
    count = select(func.count()).where(deliveries.c.message == message, deliveries.c.ok.is_(False))
    if since is not None:
        count = count.where(deliveries.c.at > since)
    return connection.scalar(count) or 0


def _proof(parcel: Parcel, attempt: Attempt, now: datetime) -> dict[str, Any]:
    delivery = attempt.delivery
    return {
        "message": parcel.message,
        "at": now,
        "ok": delivery.ok,
        "retry": delivery.retry,
        "reason": delivery.reason,
        "provider_code": delivery.provider_code[:60] if delivery.provider_code else None,
        "evidence": attempt.evidence,
    }


def _parcel(item: WorkItem, row: Any, now: datetime) -> Parcel:
    return Parcel(
        item=item,
        message=row.id,
        notifier=row.notifier,
        kind=row.kind,
        alert=row.alert,
        grade=row.grade,
        claimed=now,
    )


def _failed(row: Any) -> FailedMessage:
    return FailedMessage(
        id=row.id,
        notifier=row.notifier,
        kind=row.kind,
        alert=row.alert,
        gave_up=row.settled,
        reason=row.reason,
        provider_code=row.provider_code,
    )


def _log(parcel: Parcel, attempt: Attempt, step: Step) -> None:
    fields = {"notifier": parcel.notifier, "kind": parcel.kind, "alert": parcel.alert, "notice": parcel.message}
    fields |= {"reason": step.reason, "provider_code": attempt.delivery.provider_code, "evidence": attempt.evidence}
    if step.state == "sent":
        log.info("message_sent", extra=fields)
    elif step.state == "waiting":
        log.warning("message_retried", extra={**fields, "pause_seconds": round(step.pause.total_seconds(), 1)})
    else:
        log.error("message_failed", extra=fields)
