"""From a mention to the outbox: what passes the stages gets a case, an exhibit and its messages.

One batch is one write transaction that reads its state inside the lock. Two workers that consider two posts of one
event at the same time therefore raise one first alert, and a batch that crashed left nothing behind to be undone.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from sqlalchemy import Connection

from alerts.card import headline
from alerts.cases import CaseBook
from alerts.dedup import REASON_NAMES, LastAlert, Reason, channels_of, highest, size_of
from alerts.known import read_events, read_last_alerts, read_priors, write_alert, write_dispatches
from alerts.messages import MessageRows
from alerts.mute import Muter, nothing_muted
from alerts.stages import Facts, Halt, OutcomeName, Prior, first_halt
from core.database import Database
from core.model import Alert, Event, Exhibit, Grade, Mention, Post
from core.settings import Settings
from core.text import shorten

log = logging.getLogger("tingfeng.alerts")


class Exhibits(Protocol):
    """Whoever captures pages: `evidence.exhibits.ExhibitStore`."""

    def request(self, connection: Connection, post: Post, *, now: datetime) -> Exhibit:
        """Ask for one capture of the post's present text, within the caller's transaction."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one mention, and why."""

    post: str
    outcome: OutcomeName
    #: The stage's reason, or a value of `alerts.dedup.Reason`.
    reason: str
    grade: Grade | None = None
    alert: str | None = None


def alert_id(event: str, reason: str, post: str, grade: Grade) -> str:
    """The stable identity of an alert. The grade belongs to it: one post may raise its event twice, C to B to A."""
    return hashlib.sha256("\x1f".join((event, reason, post, grade)).encode()).hexdigest()[:32]


class Dispatcher:
    """Decides what mentions mean for people."""

    def __init__(
        self, database: Database, settings: Settings, exhibits: Exhibits, *, muter: Muter = nothing_muted
    ) -> None:
        self.database, self.settings, self.exhibits, self.muter = database, settings, exhibits, muter
        self.cases = CaseBook(database, settings)
        self.messages = MessageRows(database)

    def consider(self, mentions: Sequence[Mention], *, now: datetime) -> list[Outcome]:
        """Alert, file or ignore each mention, in order, and record why. Safe to repeat with the same mentions."""
        if not mentions:
            return []
        with self.database.write() as connection:
            ids = [mention.id for mention in mentions]  # each is a hash: taken once
            batch = _Batch(self, connection, ids, mentions, now)
            outcomes = [batch.consider(post, mention) for post, mention in zip(ids, mentions, strict=True)]
            settled = {outcome.post: outcome for outcome in outcomes if outcome.outcome != "unchanged"}
            write_dispatches(
                connection,
                [
                    {
                        "post": outcome.post,
                        "at": now,
                        "outcome": outcome.outcome,
                        "reason": outcome.reason,
                        "alert": outcome.alert,
                        "grade": outcome.grade,
                    }
                    for outcome in settled.values()
                ],
            )
        for outcome in outcomes:
            if outcome.alert:
                fields = {"alert": outcome.alert, "grade": outcome.grade, "reason": outcome.reason}
                log.info("alert_raised", extra={**fields, "post": outcome.post})
        return outcomes


class _Batch:
    """One call of `consider`: what is known of its events, kept up to date as its mentions ring."""

    def __init__(
        self,
        desk: Dispatcher,
        connection: Connection,
        ids: Sequence[str],
        mentions: Sequence[Mention],
        now: datetime,
    ) -> None:
        self.desk, self.connection, self.now = desk, connection, now
        self.priors = read_priors(connection, ids)
        graded = sorted({mention.verdict.event or mention.id for mention in mentions if mention.verdict.grade})
        named = read_events(connection, graded)
        #: A mention may still name an event that was merged into another since it was judged.
        self.survivors = {event.id: event.merged_into for event in named.values() if event.merged_into}
        graded = sorted({self.survivors.get(event, event) for event in graded})
        self.events: dict[str, Event] = named | read_events(connection, sorted(set(self.survivors.values())))
        self.last: dict[str, LastAlert] = read_last_alerts(connection, graded)

    def consider(self, post: str, mention: Mention) -> Outcome:
        key = mention.verdict.event or post  # a post without an event is its own
        key = self.survivors.get(key, key)
        facts = Facts(
            mention=mention,
            now=self.now,
            settings=self.desk.settings,
            muter=self.desk.muter,
            prior=self.priors.get(post),
            event=self.events.get(key),
            last=self.last.get(key),
        )
        halt = first_halt(facts)
        outcome = _stopped(post, mention, halt) if halt else self._ring(facts, key)
        if outcome.outcome != "unchanged":
            # The same post may come twice in one batch.
            self.priors[post] = Prior(at=self.now, outcome=outcome.outcome, reason=outcome.reason, grade=outcome.grade)
        return outcome

    def _ring(self, facts: Facts, event: str) -> Outcome:
        mention, grade, found = facts.mention, facts.mention.verdict.grade, facts.match
        assert grade is not None
        assert found is not None
        told = facts.last.told if facts.last else frozenset()
        to = found.notifiers
        if facts.ring is Reason.NEW_READER:
            to = tuple(name for name in to if name not in told)
        exhibit = self.desk.exhibits.request(self.connection, mention.post, now=self.now)
        alert = Alert(
            id=alert_id(event, facts.ring, mention.id, grade),
            event=event,
            grade=grade,
            post=mention.id,
            reason=facts.ring.value,
            rule=shorten("、".join(found.rules), 60),
            opened=self.now,
            exhibit=exhibit.id,
        )
        case = self.desk.cases.open_or_raise(
            self.connection,
            event=event,
            grade=grade,
            title=headline(mention),
            subjects=mention.verdict.subjects,
            now=self.now,
            why=REASON_NAMES[facts.ring],
        )
        size, channels = size_of(facts.event), channels_of(facts.event, mention)
        write_alert(self.connection, alert, size=size, channels=sorted(channels))
        wait = self.desk.settings.evidence.deadline if exhibit.state == "pending" else self.now - self.now
        self.desk.messages.put(self.connection, alert.id, to, kind="alert", due=self.now + wait, now=self.now)
        self.last[event] = _after(facts.last, alert, size=size, channels=channels, to=to)
        log.debug("case_of_alert", extra={"alert": alert.id, "case": case.id})
        return Outcome(post=mention.id, outcome="alerted", reason=alert.reason, grade=grade, alert=alert.id)


def _stopped(post: str, mention: Mention, halt: Halt) -> Outcome:
    return Outcome(post=post, outcome=halt.outcome, reason=halt.reason, grade=mention.verdict.grade)


def _after(
    last: LastAlert | None, alert: Alert, *, size: int, channels: frozenset[str], to: Sequence[str]
) -> LastAlert:
    if last is None:
        return LastAlert(grade=alert.grade, opened=alert.opened, size=size, channels=channels, told=frozenset(to))
    return replace(
        last,
        grade=highest(alert.grade, last.grade),
        opened=alert.opened,
        size=max(size, last.size),
        channels=last.channels | channels,
        told=last.told | frozenset(to),
        closed=False,
    )
