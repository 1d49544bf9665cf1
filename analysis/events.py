"""Mentions that tell the same story, filed under one event; the state lives in the database and survives restarts."""

from __future__ import annotations

import hashlib
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, select, text, update

from analysis.stories import Candidate, Signature, fit, signature
from core.database import Database
from core.model import CHANNELS, Event
from core.schema import event_posts, events
from core.text import shorten

__all__ = ["Candidate", "EventGrouper"]

_WINDOW = timedelta(hours=72)
#: Posts compared per clue: the newest of a story speak for it.
_MOST_COMPARED = 40
_CHUNK = 500
#: Forgotten posts that may stay on the shelf before it is made anew.
_SLACK = 5_000
_TITLE = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class _Filed:
    post: str
    event: str
    when: datetime
    signature: Signature

    def thread_marks(self) -> tuple[str, ...]:
        """Posts of one thread share at least one: each is marked with its own id and with the post it answers."""
        parent = self.signature.parent
        return (f"thread\x1f{self.post}", f"thread\x1f{parent}") if parent else (f"thread\x1f{self.post}",)


class EventGrouper:
    """Joins posts to events. What it remembers between calls is a cache of the database's window, checked each time."""

    def __init__(self, database: Database, *, window: timedelta = _WINDOW) -> None:
        self.database = database
        self.window = window
        self._cache: dict[str, _Filed] = {}
        self._shelf = _Shelf()

    def assign(self, connection: Connection, candidates: Sequence[Candidate]) -> list[Event | None]:
        """The event of each candidate, in order, written in the caller's transaction.

        A post that has an event keeps it, whatever it says now. A reply or repost joins its thread: the event of the
        post it answers, or of another answer to that post, if they share a subject and the window. Others join the
        story they fit best within the window, or open a new one. A candidate without a subject has none.

        Two events stay two, even if a post that arrives late shows them to be one: alerts and cases hold their ids.
        """
        if connection.dialect.name == "postgresql":
            # Two workers must not open the same story twice; SQLite writes one at a time anyway.
            connection.execute(text("SELECT pg_advisory_xact_lock(3152026)"))
        told = [candidate for candidate in candidates if candidate.subjects]
        if not told:
            return [None] * len(candidates)
        known = _events_of(connection, [candidate.post for candidate in told])
        self._load(connection, [candidate.when for candidate in told])
        opened: dict[str, Event] = {}
        joined: dict[str, list[Candidate]] = defaultdict(list)
        rows = []
        for candidate in sorted(told, key=lambda one: (one.when, one.post)):
            if candidate.post in known:
                continue
            filed = _Filed(post=candidate.post, event="", when=candidate.when, signature=signature(candidate))
            event = self._of_thread(filed) or self._best(filed)
            if event is None:
                event = _event_id(candidate.post)
                opened[event] = _opened(event, candidate)
            joined[event].append(candidate)
            known[candidate.post] = event
            filed = replace(filed, event=event)
            self._cache[candidate.post] = filed
            self._shelf.add(filed)
            rows.append(_row(candidate, filed))
        current = _write(connection, opened, joined, rows, set(known.values()))
        return [current.get(known.get(candidate.post, "")) for candidate in candidates]

    def _load(self, connection: Connection, whens: Sequence[datetime]) -> None:
        """Know every filed post that could share a story with these; each signature is read once."""
        since, until = min(whens) - self.window, max(whens) + self.window
        within = event_posts.c.published.between(since, until)
        found = connection.execute(select(event_posts.c.post, event_posts.c.event).where(within)).all()
        listed = {str(row.post): str(row.event) for row in found}
        kept = {post: self._cache[post] for post in listed if post in self._cache}
        missing = [post for post in listed if post not in kept]
        for start in range(0, len(missing), _CHUNK):
            chunk = select(event_posts).where(event_posts.c.post.in_(missing[start : start + _CHUNK]))
            for row in connection.execute(chunk):
                mark = Signature.from_text(row.signature)
                kept[row.post] = _Filed(post=row.post, event=row.event, when=row.published, signature=mark)
                self._shelf.add(kept[row.post])
        # What a rolled-back transaction left behind, and what is older than the window, is forgotten here.
        self._cache = kept
        if self._shelf.size > 2 * len(kept) + _SLACK:
            self._shelf = _Shelf()
            for filed in sorted(kept.values(), key=lambda one: (one.when, one.post)):
                self._shelf.add(filed)

    def _of_thread(self, asked: _Filed) -> str | None:
        """The event of the post that this one answers, else of the earliest other post of the thread."""
        mates = [
            filed
            for filed in self._near(asked, asked.thread_marks())
            if filed.signature.subjects & asked.signature.subjects
        ]
        parent = asked.signature.parent
        first = min(mates, key=lambda filed: (filed.post != parent, filed.when, filed.post), default=None)
        return first.event if first else None

    def _best(self, asked: _Filed) -> str | None:
        """The event of the post that fits best; the earliest of equals."""
        found: tuple[float, float, str] | None = None
        for filed in self._near(asked, asked.signature.shelf_marks()):
            weight = fit(asked.signature, filed.signature)
            score = (weight, -filed.when.timestamp(), filed.event)
            if weight > 0 and (found is None or score > found):
                found = score
        return found[2] if found else None

    def _near(self, asked: _Filed, marks: Iterable[str]) -> Iterator[_Filed]:
        """Posts of the window that share a mark, each once."""
        compared: set[str] = set()
        for filed in self._shelf.near(marks):
            if filed.post in compared or self._cache.get(filed.post) is not filed:
                continue
            compared.add(filed.post)
            if abs(filed.when - asked.when) <= self.window:
                yield filed


class _Shelf:
    """Filed posts by their clues; may hold some that are forgotten by now."""

    def __init__(self) -> None:
        self.size = 0
        self._posts: dict[str, deque[_Filed]] = defaultdict(lambda: deque(maxlen=_MOST_COMPARED))

    def add(self, filed: _Filed) -> None:
        self.size += 1
        for mark in (*filed.thread_marks(), *filed.signature.shelf_marks()):
            self._posts[mark].append(filed)

    def near(self, marks: Iterable[str]) -> Iterator[_Filed]:
        """Posts that share a mark, some more than once."""
        for mark in marks:
            yield from self._posts.get(mark, ())


def _event_id(post: str) -> str:
    """Stable: the same first post opens the same event on every machine."""
    return hashlib.sha256(f"event\x1f{post}".encode()).hexdigest()[:24]


def _opened(event: str, candidate: Candidate) -> Event:
    return Event(
        id=event,
        title=shorten(candidate.headline, _TITLE),
        first_post=candidate.post,
        first_published=candidate.when,
        last_published=candidate.when,
        size=0,
        channels=(),
    )


def _row(candidate: Candidate, filed: _Filed) -> dict[str, object]:
    return {
        "post": candidate.post,
        "event": filed.event,
        "published": candidate.when,
        "channel": candidate.channel,
        "signature": filed.signature.to_text(),
    }


def _events_of(connection: Connection, posts: Sequence[str]) -> dict[str, str]:
    """The events of posts that were filed before."""
    found: dict[str, str] = {}
    for start in range(0, len(posts), _CHUNK):
        chosen = event_posts.c.post.in_(posts[start : start + _CHUNK])
        rows = connection.execute(select(event_posts.c.post, event_posts.c.event).where(chosen))
        found.update({str(row.post): str(row.event) for row in rows})
    return found


def _write(
    connection: Connection,
    opened: Mapping[str, Event],
    joined: Mapping[str, Sequence[Candidate]],
    rows: Sequence[dict[str, object]],
    wanted: set[str],
) -> dict[str, Event]:
    """Write new posts and the events they change; give back every wanted event as it is now."""
    current = dict(opened)
    before = sorted(wanted - opened.keys())
    for start in range(0, len(before), _CHUNK):
        chosen = select(events).where(events.c.id.in_(before[start : start + _CHUNK]))
        for row in connection.execute(chosen):
            current[row.id] = _event_from(row)
    for event, members in joined.items():
        current[event] = _grown(current[event], members)
    if opened:
        connection.execute(insert(events), [_event_row(current[event]) for event in opened])
    if grown := [_event_row(current[event]) for event in joined if event not in opened]:
        changed = {
            column.name: bindparam(f"new_{column.name}", type_=column.type)
            for column in events.c
            if not column.primary_key
        }
        statement = update(events).where(events.c.id == bindparam("new_id")).values(changed)
        connection.execute(statement, [{f"new_{name}": value for name, value in row.items()} for row in grown])
    if rows:
        connection.execute(insert(event_posts), rows)
    return current


def _grown(event: Event, members: Sequence[Candidate]) -> Event:
    """The event with these posts added."""
    first = min(members, key=lambda one: (one.when, one.post))
    if first.when < event.first_published:
        event = replace(event, first_post=first.post, first_published=first.when)
    channels = set(event.channels) | {one.channel for one in members}
    return replace(
        event,
        last_published=max(event.last_published, *(one.when for one in members)),
        size=event.size + len(members),
        channels=tuple(channel for channel in CHANNELS if channel in channels),
    )


def _event_row(event: Event) -> dict[str, object]:
    return {
        "id": event.id,
        "title": event.title,
        "first_post": event.first_post,
        "first_published": event.first_published,
        "last_published": event.last_published,
        "size": event.size,
        "channels": list(event.channels),
        "merged_into": event.merged_into,
    }


def _event_from(row: Row[Any]) -> Event:
    fields = dict(row._mapping)
    return Event(**{**fields, "channels": tuple(fields["channels"])})
