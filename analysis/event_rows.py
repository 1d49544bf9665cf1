"""The grouping's rows in the durable store: what was filed, what changed since, and how events grow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Integer, Row, Select, bindparam, func, insert, literal_column, select, update

from analysis.event_stories import Told
from analysis.stories import Candidate, Signature
from core.model import CHANNELS, Event
from core.schema import event_actions, event_posts, events
from core.text import shorten

_CHUNK = 500
_TITLE = 60
_number = literal_column("event_posts.rowid", Integer())


@dataclass(frozen=True, slots=True, kw_only=True)
class Filed:
    """A post with its event, as the store has it."""

    told: Told
    event: str
    #: SQLite's number of the row; 0 elsewhere.
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Somebody merged two events, or moved posts from one to another."""

    number: int
    action: str
    event: str
    other: str
    posts: tuple[str, ...]


def has_numbers(connection: Connection) -> bool:
    """Whether the store numbers its rows in the order in which they were written."""
    return connection.dialect.name == "sqlite"


def filed_between(connection: Connection, since: float, until: float) -> Iterator[Filed]:
    """What was published in this span (seconds since 1970), in the order in which it was filed, as far as known."""
    within = (event_posts.c.published >= _time(since), event_posts.c.published < _time(until))
    return _filed(connection, _ordered(connection, select(event_posts).where(*within)))


def filed_after(connection: Connection, number: int) -> list[tuple[int, str, str]]:
    """Number, post and event of what was filed after this row, in that order; only where rows have numbers."""
    wanted = select(_number, event_posts.c.post, event_posts.c.event).where(_number > number).order_by(_number)
    return [(int(row[0]), str(row[1]), str(row[2])) for row in connection.execute(wanted)]


def filed_posts(connection: Connection, posts: Sequence[str]) -> Iterator[Filed]:
    """These posts, as far as they are filed."""
    for chunk in _chunks(posts):
        yield from _filed(connection, _ordered(connection, select(event_posts).where(event_posts.c.post.in_(chunk))))


def posts_between(connection: Connection, since: float, until: float) -> list[str]:
    """The ids of the posts that were published in this span."""
    within = (event_posts.c.published >= _time(since), event_posts.c.published < _time(until))
    return [str(post) for post in connection.scalars(select(event_posts.c.post).where(*within))]


def post_at(connection: Connection, number: int) -> str | None:
    """The post of a row, where rows have numbers."""
    found = connection.scalar(select(event_posts.c.post).where(_number == number))
    return None if found is None else str(found)


def last_number(connection: Connection) -> int:
    """The number of the newest row, 0 where there is none or rows have no numbers."""
    if not has_numbers(connection):
        return 0
    return int(connection.scalar(select(func.max(_number)).select_from(event_posts)) or 0)


def changes_after(connection: Connection, number: int) -> list[Change]:
    """Merges and splits since, in their order."""
    wanted = select(event_actions).where(event_actions.c.number > number).order_by(event_actions.c.number)
    return [
        Change(number=row.number, action=row.action, event=row.event, other=row.other, posts=tuple(row.posts))
        for row in connection.execute(wanted)
    ]


def last_change(connection: Connection) -> int:
    """The number of the newest merge or split."""
    return int(connection.scalar(select(func.max(event_actions.c.number))) or 0)


def were_split(connection: Connection, one: str, other: str) -> bool:
    """Whether somebody parted these two events; the machine does not join them again."""
    parted = select(event_actions.c.number).where(
        event_actions.c.action == "split",
        event_actions.c.event.in_((one, other)),
        event_actions.c.other.in_((one, other)),
    )
    return connection.execute(parted.limit(1)).first() is not None


def events_of(connection: Connection, posts: Sequence[str]) -> dict[str, str]:
    """The events of posts that were filed before."""
    found: dict[str, str] = {}
    for chunk in _chunks(posts):
        rows = connection.execute(select(event_posts.c.post, event_posts.c.event).where(event_posts.c.post.in_(chunk)))
        found.update({str(row.post): str(row.event) for row in rows})
    return found


def read_events(connection: Connection, ids: Iterable[str]) -> dict[str, Event]:
    """These events as they stand; unknown ones are left out."""
    found: dict[str, Event] = {}
    for chunk in _chunks(sorted(ids)):
        for row in connection.execute(select(events).where(events.c.id.in_(chunk))):
            found[row.id] = event_from(row)
    return found


def write(
    connection: Connection,
    known: Mapping[str, Event],
    joined: Mapping[str, Sequence[Candidate]],
    rows: Sequence[Mapping[str, object]],
) -> dict[str, Event]:
    """Write new posts, and the events they open or enlarge; give these back as they are now."""
    current = {
        name: _grown(known[name], members) if name in known else _opened(name, members)
        for name, members in joined.items()
    }
    opened = [_event_row(event) for name, event in current.items() if name not in known]
    if opened:
        connection.execute(insert(events), opened)
    if grown := [_event_row(event) for name, event in current.items() if name in known]:
        changed = {
            column.name: bindparam(f"new_{column.name}", type_=column.type)
            for column in events.c
            if not column.primary_key
        }
        statement = update(events).where(events.c.id == bindparam("new_id")).values(changed)
        connection.execute(statement, [{f"new_{name}": value for name, value in row.items()} for row in grown])
    if rows:
        connection.execute(insert(event_posts), list(rows))
    return current


def event_from(row: Row[Any]) -> Event:
    """The event that a row of `events` holds."""
    fields = dict(row._mapping)
    return Event(**{**fields, "channels": tuple(fields["channels"])})


def _opened(name: str, members: Sequence[Candidate]) -> Event:
    first = min(members, key=lambda one: (one.when, one.post))
    event = Event(
        id=name,
        title=shorten(first.headline, _TITLE) or "（无文字内容）",
        first_post=first.post,
        first_published=first.when,
        last_published=first.when,
        size=0,
        channels=(),
    )
    return _grown(event, members)


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


def _ordered(connection: Connection, wanted: Select[Any]) -> Select[Any]:
    if has_numbers(connection):
        return wanted.add_columns(_number.label("number")).order_by(_number)
    return wanted.add_columns(literal_column("0").label("number")).order_by(event_posts.c.published, event_posts.c.post)


def _filed(connection: Connection, wanted: Select[Any]) -> Iterator[Filed]:
    for row in connection.execute(wanted):
        mark = Signature.from_text(row.signature)
        told = Told(post=row.post, when=row.published.timestamp(), signature=mark)
        yield Filed(told=told, event=row.event, number=row.number)


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, tz=UTC)


def _chunks(values: Sequence[str]) -> Iterator[Sequence[str]]:
    return (values[start : start + _CHUNK] for start in range(0, len(values), _CHUNK))
