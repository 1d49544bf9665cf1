"""The ledger of what we do about events (台账): one case an event, with a clock, an owner and an audited history."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from alerts.dedup import highest, is_higher
from alerts.transitions import transition
from core.database import Database
from core.errors import NotFound
from core.model import GRADE_NAMES, Case, CaseState, Grade, require_aware
from core.schema import case_actions, cases
from core.settings import Settings

#: Who acts when no person does.
SYSTEM = "听风"
#: States after which an event that rings again starts its clock anew.
_SETTLED: tuple[CaseState, ...] = ("resolved", "followed_up", "closed", "dismissed", "malicious")


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseAction:
    """One line of a case's history: who did what, when, and why."""

    at: datetime
    actor: str
    #: A key of `alerts.transitions.ACTION_NAMES`.
    action: str
    before: CaseState | None
    after: CaseState | None
    note: str

    def __post_init__(self) -> None:
        require_aware(self, at=self.at)


def case_id(event: str) -> str:
    """The stable identity of an event's case."""
    return hashlib.sha256(f"case\x1f{event}".encode()).hexdigest()[:32]


class CaseBook:
    """All cases."""

    def __init__(self, database: Database, settings: Settings | None = None) -> None:
        """`settings` give the clock of each grade and the owner of each subject; `None` means the defaults."""
        self.database, self.settings = database, settings or Settings()

    def open_or_raise(
        self,
        connection: Connection,
        *,
        event: str,
        grade: Grade,
        title: str,
        subjects: Sequence[str],
        now: datetime,
        why: str = "",
    ) -> Case:
        """The event's case after an alert, within the caller's transaction.

        A new event gets a case. A higher grade shortens the clock and never lengthens it. A case that people had
        settled starts anew: the event rings, so somebody has to look again.
        """
        before = self.find(connection, event)
        owner = self.owner_of((*(before.subjects if before else ()), *subjects))
        after = _after_ring(before, event=event, grade=grade, title=title, subjects=subjects, now=now, owner=owner)
        after = replace(after, due=_due(before, now + self.settings.cases.clock(after.grade)))
        action = _system_action(before, after)
        if before is None:
            connection.execute(insert(cases).values(_columns(after)))
        elif after != before:
            connection.execute(update(cases).where(cases.c.id == after.id).values(_columns(after)))
        _audit(
            connection,
            after.id,
            CaseAction(
                at=now,
                actor=SYSTEM,
                action=action,
                before=before.state if before else None,
                after=after.state,
                note=f"{GRADE_NAMES[grade]}：{why}" if why else GRADE_NAMES[grade],
            ),
        )
        return after

    def act(self, id: str, *, action: str, actor: str, note: str, now: datetime) -> Case:  # noqa: A002
        """Do one step of `alerts.transitions.TRANSITIONS` and write it into the history.

        Raise `NotFound` for an unknown case and `RefusedTransition`, naming what is allowed, for a step that the
        case's state does not permit or that lacks its reason.
        """
        with self.database.write() as connection:
            row = connection.execute(select(cases).where(cases.c.id == id).with_for_update()).first()
            if row is None:
                raise NotFound(f"没有这张处置单：{id}")
            before = _case(row)
            step = transition(before.state, action, note)
            after = _after_step(before, step.after, outcome=note.strip() if step.is_outcome else "", now=now)
            if action == "reopen":
                after = replace(after, due=now + self.settings.cases.clock(after.grade))
            if after != before:
                connection.execute(update(cases).where(cases.c.id == id).values(_columns(after)))
            entry = CaseAction(
                at=now, actor=actor, action=action, before=before.state, after=after.state, note=note.strip()
            )
            _audit(connection, id, entry)
        return after

    def find(self, connection: Connection, event: str) -> Case | None:
        """The case of an event within the caller's transaction, locked where the database has row locks."""
        row = connection.execute(select(cases).where(cases.c.event == event).with_for_update()).first()
        return _case(row) if row else None

    def put(self, connection: Connection, before: Case, after: Case, *, actor: str, note: str, now: datetime) -> None:
        """Write what a merge of events made of a case, and the line in its history."""
        if after != before:
            connection.execute(update(cases).where(cases.c.id == before.id).values(_columns(after)))
        entry = CaseAction(
            at=now, actor=actor, action="merge_events", before=before.state, after=after.state, note=note
        )
        _audit(connection, before.id, entry)

    def get(self, id: str) -> Case:  # noqa: A002
        """One case. Raise `NotFound`."""
        with self.database.read() as connection:
            row = connection.execute(select(cases).where(cases.c.id == id)).first()
        if row is None:
            raise NotFound(f"没有这张处置单：{id}")
        return _case(row)

    def of_event(self, event: str) -> Case | None:
        """The case of an event, if it ever rang."""
        with self.database.read() as connection:
            row = connection.execute(select(cases).where(cases.c.event == event)).first()
        return _case(row) if row else None

    def list(self, *, states: Sequence[CaseState] = (), open_only: bool = False, limit: int = 200) -> Sequence[Case]:
        """Cases, the one that is due first on top. Empty `states` means any."""
        wanted = select(cases).order_by(cases.c.due, cases.c.id).limit(limit)
        if states:
            wanted = wanted.where(cases.c.state.in_(states))
        if open_only:
            wanted = wanted.where(cases.c.state.not_in(("closed", "dismissed", "malicious")))
        with self.database.read() as connection:
            return [_case(row) for row in connection.execute(wanted)]

    def overdue(self, now: datetime) -> Sequence[Case]:
        """Cases whose clock ran out before anybody settled them, the longest overdue first."""
        running = cases.c.state.not_in(_SETTLED)
        late = select(cases).where(running, cases.c.due < now).order_by(cases.c.due, cases.c.id)
        with self.database.read() as connection:
            return [_case(row) for row in connection.execute(late)]

    def actions(self, id: str) -> Sequence[CaseAction]:  # noqa: A002
        """The history of a case, oldest first."""
        history = select(case_actions).where(case_actions.c.case == id).order_by(case_actions.c.number)
        with self.database.read() as connection:
            return [_action(row) for row in connection.execute(history)]

    def owner_of(self, subjects: Sequence[str]) -> str | None:
        """Who answers for these subjects according to `subjects.toml`; several owners are all named."""
        owners = {row.name: row.owner for row in self.settings.subjects if row.owner}
        named = dict.fromkeys(owners[name] for name in subjects if name in owners)
        return "、".join(named)[:120] or None


def _after_ring(
    before: Case | None,
    *,
    event: str,
    grade: Grade,
    title: str,
    subjects: Sequence[str],
    now: datetime,
    owner: str | None,
) -> Case:
    """The case as the ring leaves it, but for the clock."""
    if before is None:
        return Case(
            id=case_id(event),
            event=event,
            grade=grade,
            state="new",
            opened=now,
            due=now,
            title=title,
            subjects=tuple(subjects),
            owner=owner,
        )
    after = replace(
        before,
        grade=highest(grade, before.grade),
        subjects=tuple(dict.fromkeys((*before.subjects, *subjects))),
        owner=owner or before.owner,
    )
    if before.state in _SETTLED:
        after = replace(after, state="new", acknowledged=None, closed=None, outcome=None)
    return after


def _due(before: Case | None, anew: datetime) -> datetime:
    return anew if before is None or before.state in _SETTLED else min(before.due, anew)


def _system_action(before: Case | None, after: Case) -> str:
    if before is None:
        return "open"
    if before.state in _SETTLED:
        return "ring_reopens"
    return "raise" if is_higher(after.grade, before.grade) else "ring_again"


def _after_step(case: Case, state: CaseState | None, *, outcome: str, now: datetime) -> Case:
    """The case after a person's step, but for a new clock."""
    if state is None:
        return case
    acknowledged = case.acknowledged or now
    ended = state in ("closed", "dismissed", "malicious")
    return replace(
        case,
        state=state,
        acknowledged=acknowledged,
        closed=now if ended else None,
        outcome=outcome or case.outcome,
    )


def _audit(connection: Connection, case: str, entry: CaseAction) -> None:
    connection.execute(
        insert(case_actions).values(
            case=case,
            at=entry.at,
            actor=entry.actor[:120],
            action=entry.action,
            before=entry.before,
            after=entry.after,
            note=entry.note,
        )
    )


def _columns(case: Case) -> dict[str, Any]:
    return {
        "id": case.id,
        "event": case.event,
        "grade": case.grade,
        "state": case.state,
        "opened": case.opened,
        "due": case.due,
        "title": case.title,
        "subjects": list(case.subjects),
        "owner": case.owner,
        "acknowledged": case.acknowledged,
        "closed": case.closed,
        "outcome": case.outcome,
    }


def _case(row: Row[Any]) -> Case:
    return Case(**{**row._asdict(), "subjects": tuple(row.subjects)})


def _action(row: Row[Any]) -> CaseAction:
    return CaseAction(at=row.at, actor=row.actor, action=row.action, before=row.before, after=row.after, note=row.note)
