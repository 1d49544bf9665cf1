"""Events merged and split with all that hangs on them: one transaction for posts, verdicts, the index's work and cases.

No alert moves: those of an absorbed event stay its history, and count as told when the surviving one is about to ring
(`alerts.known`). A merge alone rings nobody. The gravest post of the merged event is judged again; if the larger
story makes it graver than anybody was told, it rings by the ordinary rules.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, or_, select

from alerts.case_merge import merge_cases
from alerts.cases import SYSTEM, CaseBook
from core.database import Database
from core.errors import NotFound
from core.schema import event_actions, event_posts, events
from core.settings import Settings
from index.event_changes import Changed, RefusedChange, merge_events, split_event


@dataclass(frozen=True, slots=True, kw_only=True)
class EventAction:
    """One merge or split: who, when, why."""

    event: str
    #: "merge" (`other` went into `event`) or "split" (`posts` went from `event` to `other`).
    action: str
    other: str
    posts: tuple[str, ...]
    actor: str
    note: str
    at: datetime


class EventBook:
    """Changes events and remembers who did."""

    def __init__(self, database: Database, settings: Settings | None = None) -> None:
        self.database, self.cases = database, CaseBook(database, settings)

    def merge(self, survivor: str, absorbed: str, *, actor: str, note: str, now: datetime) -> Changed:
        """Make one event of two. Raise `NotFound` or `RefusedChange`; then nothing was changed."""
        with self.database.write() as connection:
            return self.merge_within(connection, survivor, absorbed, actor=actor, note=note, now=now)

    def merge_within(
        self, connection: Connection, survivor: str, absorbed: str, *, actor: str, note: str, now: datetime
    ) -> Changed:
        """The same in the caller's transaction."""
        _require_note(note)
        changed = merge_events(
            connection, self.database, survivor=survivor, absorbed=absorbed, actor=actor, note=note, now=now
        )
        before, gone = self.cases.find(connection, survivor), self.cases.find(connection, absorbed)
        if found := merge_cases(before, gone, event=survivor, now=now):
            assert gone is not None
            if found.absorbed is not None:
                self.cases.put(connection, gone, found.absorbed, actor=actor, note=found.absorbed_note, now=now)
            self.cases.put(connection, before or gone, found.survivor, actor=actor, note=found.note, now=now)
        return changed

    def merge_told(self, connection: Connection, survivor: str, absorbed: str, *, post: str, now: datetime) -> None:
        """What the machine does when a post beyond doubt tells both stories."""
        note = f"帖文 {post} 同时讲述两个事件"
        self.merge_within(connection, survivor, absorbed, actor=SYSTEM, note=note, now=now)

    def split(self, event: str, posts: Sequence[str], *, actor: str, note: str, now: datetime) -> Changed:
        """Part posts from an event. Their new event has no case until it rings by the ordinary rules.

        Raise `NotFound` or `RefusedChange`; then nothing was changed. The machine never joins the two again.
        """
        _require_note(note)
        with self.database.write() as connection:
            return split_event(connection, self.database, event=event, chosen=posts, actor=actor, note=note, now=now)

    def history(self, event: str) -> list[EventAction]:
        """All merges and splits that an event took part in, oldest first."""
        mine = or_(event_actions.c.event == event, event_actions.c.other == event)
        wanted = select(event_actions).where(mine).order_by(event_actions.c.number)
        with self.database.read() as connection:
            return [
                EventAction(
                    event=row.event,
                    action=row.action,
                    other=row.other,
                    posts=tuple(row.posts),
                    actor=row.actor,
                    note=row.note,
                    at=row.at,
                )
                for row in connection.execute(wanted)
            ]

    def find_event(self, start: str) -> str:
        """The id that begins like this. Raise `NotFound` where none or more than one does."""
        with self.database.read() as connection:
            wanted = select(events.c.id).where(events.c.id.startswith(start, autoescape=True)).limit(2)
            return _only(list(connection.scalars(wanted)), start, "事件")

    def find_post(self, event: str, start: str) -> str:
        """The id of a post of this event that begins like this; as it stands where the event has none."""
        with self.database.read() as connection:
            mine = (event_posts.c.event == event, event_posts.c.post.startswith(start, autoescape=True))
            found = list(connection.scalars(select(event_posts.c.post).where(*mine).limit(2)))
        return _only(found, start, "帖文") if found else start


def _only(found: Sequence[str], start: str, what: str) -> str:
    if len(found) == 1:
        return found[0]
    raise NotFound(f"有多个{what}的编号以 {start} 开头，请多写几位" if found else f"没有这个{what}：{start}")


def _require_note(note: str) -> None:
    if not note.strip():
        raise RefusedChange("合并和拆分事件必须写明理由（--note）")
