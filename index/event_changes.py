"""Events merged and split in the durable store: posts, verdicts and events move together, and a line says who and why.

Everything of one change happens in the caller's transaction: a process that is killed in it changed nothing. Moved
posts are put on the publish queue, because the index holds their events; the dispatcher knows them and stays quiet.
What cases and alerts become is decided in `alerts.regroup`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select, text, update

from core.database import Database
from core.errors import NotFound, TingfengError
from core.model import CHANNELS, Event
from core.schema import event_actions, event_posts, events, posts, verdicts
from core.text import clean, shorten
from core.work import WorkQueue
from index.rows import chunks

_TITLE = 60


class RefusedChange(TingfengError):
    """Two events cannot be merged, or posts cannot be split off, as asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """What became of a merge or split."""

    #: The event that kept its id, as it is now.
    event: Event
    #: The absorbed event, or the new one.
    other: Event
    posts: tuple[str, ...]


def read_event(connection: Connection, event: str) -> Event:
    """One event, locked where the database has row locks. Raise `NotFound`."""
    row = connection.execute(select(events).where(events.c.id == event).with_for_update()).first()
    if row is None:
        raise NotFound(f"没有这个事件：{event}")
    return Event(**{**row._asdict(), "channels": tuple(row.channels)})


def merge_events(
    connection: Connection,
    database: Database,
    *,
    survivor: str,
    absorbed: str,
    actor: str,
    note: str,
    now: datetime,
) -> Changed:
    """Move everything of one event into another, for good. Raise `NotFound` or `RefusedChange`."""
    _one_at_a_time(connection)
    if survivor == absorbed:
        raise RefusedChange("事件不能与自己合并")
    into, gone = read_event(connection, survivor), read_event(connection, absorbed)
    for one in (into, gone):
        if one.merged_into:
            raise RefusedChange(f"事件 {one.id} 已并入 {one.merged_into}，请用后者的编号")
    moved = _posts_of(connection, absorbed)
    connection.execute(update(event_posts).where(event_posts.c.event == absorbed).values(event=survivor))
    judged = list(connection.scalars(select(verdicts.c.id).where(verdicts.c.event == absorbed)))
    connection.execute(update(verdicts).where(verdicts.c.event == absorbed).values(event=survivor))
    # Whoever was taken over by the absorbed one is the survivor's now: a chain is never longer than one step.
    heirs = (events.c.id == absorbed) | (events.c.merged_into == absorbed)
    connection.execute(update(events).where(heirs).values(merged_into=survivor))
    connection.execute(update(events).where(events.c.id == absorbed).values(size=0, channels=[]))
    _count_again(connection, survivor)
    _record(connection, event=survivor, action="merge", other=absorbed, moved=moved, actor=actor, note=note, now=now)
    _ask_for(connection, database, judged, survivor, now=now)
    return Changed(event=read_event(connection, survivor), other=read_event(connection, absorbed), posts=tuple(moved))


def split_event(
    connection: Connection,
    database: Database,
    *,
    event: str,
    chosen: Sequence[str],
    actor: str,
    note: str,
    now: datetime,
) -> Changed:
    """Move some posts of an event into a new one. Raise `NotFound` or `RefusedChange`."""
    _one_at_a_time(connection)
    before = read_event(connection, event)
    if before.merged_into:
        raise RefusedChange(f"事件 {event} 已并入 {before.merged_into}，请用后者的编号")
    wanted = sorted(dict.fromkeys(chosen))
    if not wanted:
        raise RefusedChange("没有指定要拆出的帖文")
    here = set(_posts_of(connection, event))
    if strangers := [post for post in wanted if post not in here]:
        raise RefusedChange(f"这些帖文不在事件 {event} 中：{'、'.join(strangers)}")
    if len(wanted) == len(here):
        raise RefusedChange("不能拆出事件的全部帖文")
    # Never the id that the first post would open: that one may be the event it leaves.
    new = hashlib.sha256("\x1f".join(("split", event, *wanted)).encode()).hexdigest()[:24]
    if connection.execute(select(events.c.id).where(events.c.id == new)).first() is not None:
        new = hashlib.sha256(f"{new}\x1f{now.isoformat()}".encode()).hexdigest()[:24]
    connection.execute(
        insert(events).values(
            id=new,
            title=_title(connection, wanted) or before.title,
            first_post=wanted[0],
            first_published=before.first_published,
            last_published=before.last_published,
            size=0,
            channels=[],
        )
    )
    judged: list[str] = []
    for chunk in chunks(wanted):
        connection.execute(update(event_posts).where(event_posts.c.post.in_(chunk)).values(event=new))
        mine = (verdicts.c.id.in_(chunk), verdicts.c.event == event)
        judged += connection.scalars(select(verdicts.c.id).where(*mine))
        connection.execute(update(verdicts).where(*mine).values(event=new))
    for one in (event, new):
        _count_again(connection, one)
    _record(connection, event=event, action="split", other=new, moved=wanted, actor=actor, note=note, now=now)
    _ask_for(connection, database, judged, None, now=now)
    return Changed(event=read_event(connection, event), other=read_event(connection, new), posts=tuple(wanted))


def _one_at_a_time(connection: Connection) -> None:
    """The lock of the grouping (`analysis.events`); SQLite writes one at a time anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(3152026)"))


def _posts_of(connection: Connection, event: str) -> list[str]:
    mine = select(event_posts.c.post).where(event_posts.c.event == event)
    return [str(post) for post in connection.scalars(mine.order_by(event_posts.c.published, event_posts.c.post))]


def _title(connection: Connection, chosen: Sequence[str]) -> str:
    """What the earliest of these posts calls the story."""
    when = (event_posts.c.published, event_posts.c.post)
    first = (
        select(posts.c.title, posts.c.text)
        .join(event_posts, event_posts.c.post == posts.c.id)
        .where(posts.c.id.in_(chosen[:500]))
        .order_by(*when)
        .limit(1)
    )
    row = connection.execute(first).first()
    return shorten(clean(row.title or row.text), _TITLE) if row else ""


def _count_again(connection: Connection, event: str) -> None:
    """Size, channels, first and last of an event from its posts."""
    mine = select(event_posts.c.post, event_posts.c.published, event_posts.c.channel).where(
        event_posts.c.event == event
    )
    rows = connection.execute(mine.order_by(event_posts.c.published, event_posts.c.post)).all()
    if not rows:
        return
    told = {row.channel for row in rows}
    connection.execute(
        update(events)
        .where(events.c.id == event)
        .values(
            first_post=rows[0].post,
            first_published=rows[0].published,
            last_published=rows[-1].published,
            size=len(rows),
            channels=[channel for channel in CHANNELS if channel in told],
        )
    )


def _record(
    connection: Connection,
    *,
    event: str,
    action: str,
    other: str,
    moved: Sequence[str],
    actor: str,
    note: str,
    now: datetime,
) -> None:
    connection.execute(
        insert(event_actions).values(
            event=event, action=action, other=other, posts=list(moved), actor=actor[:120], note=note.strip(), at=now
        )
    )


def _ask_for(
    connection: Connection, database: Database, moved: Sequence[str], grown: str | None, *, now: datetime
) -> None:
    """Publish moved posts again; judge again the gravest post of an event that grew, which may be graver now."""
    WorkQueue(database, "publish").put(connection, moved, due=now, now=now)
    if grown is not None and moved:
        gravest = (
            select(verdicts.c.id)
            .where(verdicts.c.event == grown)
            .order_by(verdicts.c.risk.desc(), verdicts.c.id)
            .limit(1)
        )
        WorkQueue(database, "assess").put(connection, list(connection.scalars(gravest)), due=now, now=now)
