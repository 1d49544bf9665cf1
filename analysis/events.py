"""Mentions that tell the same story, filed under one event; the state lives in the database and survives restarts."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import timedelta

from sqlalchemy import Connection, text

from analysis.event_memory import EventMemory
from analysis.event_rows import events_of, read_events, were_split, write
from analysis.event_stories import Told, Union
from analysis.stories import Candidate, Signature, signature
from core.database import Database
from core.model import Event

__all__ = ["Candidate", "EventGrouper", "Merging"]

#: Makes one event of two within the caller's transaction: survivor, absorbed, and the post that shows them to be one.
Merging = Callable[[Connection, str, str, str], None]

_WINDOW, _COPIES = timedelta(hours=72), timedelta(days=30)


class EventGrouper:
    """Joins posts to events. What it remembers between calls is a cache of the database's window, checked each time."""

    def __init__(
        self,
        database: Database,
        *,
        window: timedelta = _WINDOW,
        copies: timedelta = _COPIES,
        merge: Merging | None = None,
    ) -> None:
        """`window`: how far apart posts of one story may be; `copies`: how far apart copies of one text.

        Without `merge` events stay two even where a post shows them to be one.
        """
        self.database = database
        self.merge = merge
        self._memory = EventMemory(window=window, copies=max(window, copies))

    def assign(self, connection: Connection, candidates: Sequence[Candidate]) -> list[Event | None]:
        """The event of each candidate, in order, written in the caller's transaction.

        A post that has an event keeps it, whatever it says now. A reply or repost joins its thread: the event of the
        post it answers, or of another answer to that post, if they share a subject and the window. Others join the
        story they fit best, or open a new one. A candidate without a subject has none.

        A post that beyond doubt tells two stories makes them one: `merge` is asked to move the younger into the
        older, unless people parted the two.
        """
        if connection.dialect.name == "postgresql":
            # Two workers must not open the same story twice; SQLite writes one at a time anyway.
            connection.execute(text("SELECT pg_advisory_xact_lock(3152026)"))
        told = [candidate for candidate in candidates if candidate.subjects]
        if not told:
            return [None] * len(candidates)
        filed = events_of(connection, [candidate.post for candidate in told])
        fresh = {one.post: one for one in sorted(told, key=lambda one: (one.when, one.post)) if one.post not in filed}
        current: dict[str, Event] = {}
        if fresh:
            current, found = self._file(connection, list(fresh.values()))
            filed |= found
        current |= read_events(connection, set(filed.values()) - current.keys())
        return [current.get(filed.get(candidate.post, "")) for candidate in candidates]

    def _file(self, connection: Connection, fresh: Sequence[Candidate]) -> tuple[dict[str, Event], dict[str, str]]:
        """File posts that are new. Gives back the events they changed and the event of each."""
        told = [Told(post=one.post, when=one.when.timestamp(), signature=signature(one)) for one in fresh]
        names, unions = self._decide(connection, told)
        known = read_events(connection, names)
        if set(names) - known.keys() - {_event_id(one.post) for one in fresh}:
            # Somebody removed events that the memory still had (retention): look again, without it.
            self._memory.forget()
            names, unions = self._decide(connection, told)
            known = read_events(connection, names)
        joined: dict[str, list[Candidate]] = defaultdict(list)
        rows = []
        for candidate, one, name in zip(fresh, told, names, strict=True):
            joined[name].append(candidate)
            rows.append(_row(candidate, one.signature, name))
        current = write(connection, known, joined, rows)
        for union in unions:
            assert self.merge is not None
            self.merge(connection, union.survivor, union.absorbed, union.post)
        if unions:
            current = read_events(connection, current)
        self._memory.expect(connection, dict(zip((one.post for one in fresh), names, strict=True)))
        return current, dict(zip((one.post for one in fresh), names, strict=True))

    def _decide(self, connection: Connection, told: Sequence[Told]) -> tuple[list[str], list[Union]]:
        self._memory.refresh(connection, [one.when for one in told])

        def elder(one: str, other: str, _post: str) -> str | None:
            if self.merge is None or were_split(connection, one, other):
                return None
            pair = read_events(connection, {one, other})
            if len(pair) < 2:
                return None
            return min(pair.values(), key=lambda event: (event.first_published, event.id)).id

        return self._memory.stories.decide(told, _event_id, elder)


def _event_id(post: str) -> str:
    """Stable: the same first post opens the same event on every machine."""
    return hashlib.sha256(f"event\x1f{post}".encode()).hexdigest()[:24]


def _row(candidate: Candidate, mark: Signature, event: str) -> dict[str, object]:
    return {
        "post": candidate.post,
        "event": event,
        "published": candidate.when,
        "channel": candidate.channel,
        "signature": mark.to_text(),
    }
