"""Work that survives a crash: named queues of keys, claimed with a lease, done at least once.

A step writes its result and completes its item in one transaction, and puts the next step's items in the same one;
so a crash anywhere is a re-run, never a loss. The consumer must be idempotent, because a lease that runs out while
its owner still works gives the item to somebody else.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, get_args

from sqlalchemy import Connection, Dialect, and_, case, delete, func, literal, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from core.database import Database
from core.schema import work

#: Clocks of two machines may differ this much; what lies further ahead comes from a clock that was set back.
_SKEW = timedelta(minutes=5)

#: "index_fallback" is filled where a second index is kept up to date beside the first. "index_again" is worked on by
#: nobody: keys that are filed while an index is being built, to be filed again when it is in use. "rebuild" holds one
#: key, and who leases it rebuilds.
QueueName = Literal[
    "assess", "publish", "capture", "deliver", "pictures", "index", "index_fallback", "index_again", "rebuild"
]
QUEUES: tuple[QueueName, ...] = get_args(QueueName)


def process_name() -> str:
    """Who holds a lease: host, pid."""
    return f"{socket.gethostname()}:{os.getpid()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkItem:
    """One claimed key. Hand it back to `done`, `retry` or `bury`."""

    number: int
    key: str
    generation: int
    #: How often it was claimed before.
    attempts: int
    owner: str
    created: datetime


class WorkQueue:
    """One named queue in the database."""

    def __init__(self, database: Database, name: QueueName) -> None:
        self.database, self.name = database, name

    def put(self, connection: Connection, keys: Iterable[str], *, due: datetime, now: datetime) -> None:
        """Ask for work on these keys, within the caller's transaction.

        A key that waits already is due at the earlier of both times; one that is being done will be done again.
        """
        rows = [
            {
                "queue": self.name,
                "key": key,
                "generation": 1,
                "due": due,
                "attempts": 0,
                "buried": False,
                "created": now,
            }
            for key in dict.fromkeys(keys)
        ]
        if not rows:
            return
        insert = _insert(connection.dialect)
        statement = insert(work)
        statement = statement.on_conflict_do_update(
            index_elements=["queue", "key"],
            set_={
                "generation": work.c.generation + 1,
                "due": case((work.c.due < statement.excluded.due, work.c.due), else_=statement.excluded.due),
                "buried": False,
                # A buried key that is asked for again starts anew; one that is merely waiting keeps its count.
                "attempts": case((work.c.buried.is_(True), 0), else_=work.c.attempts),
            },
        )
        connection.execute(statement, rows)

    def claim(self, limit: int, *, owner: str, now: datetime, lease: timedelta) -> list[WorkItem]:
        """Take up to `limit` due items, oldest first; nobody else gets them until the lease runs out.

        Times that can only come from a clock which has since been set back do not hold anything up: an item from the
        future is due, and a lease longer than two leases is over.
        """
        ahead = now + _SKEW
        free = (
            select(work.c.number)
            .where(
                work.c.queue == self.name,
                work.c.buried.is_(False),
                or_(work.c.due <= now, work.c.created > ahead),
                or_(
                    work.c.leased_until.is_(None),
                    work.c.leased_until <= now,
                    work.c.leased_until > ahead + 2 * lease,
                ),
            )
            .order_by(work.c.due, work.c.number)
            .limit(limit)
        )
        with self.database.read() as connection:
            if connection.execute(free.limit(1)).first() is None:
                return []  # an idle poll must not take the write lock
        taken = (
            update(work)
            .where(work.c.number.in_(free.with_for_update(skip_locked=True)))
            .values(
                owner=owner,
                leased_until=now + lease,
                attempts=work.c.attempts + 1,
                # The clock's time from here on: the next pause must hold again.
                created=case((work.c.created > ahead, literal(now, work.c.created.type)), else_=work.c.created),
            )
            .returning(work.c.number, work.c.key, work.c.generation, work.c.attempts, work.c.created)
        )
        with self.database.write() as connection:
            rows = connection.execute(taken).all()
        return [
            WorkItem(
                number=row.number,
                key=row.key,
                generation=row.generation,
                attempts=row.attempts - 1,
                owner=owner,
                created=row.created,
            )
            for row in sorted(rows, key=lambda row: row.number)
        ]

    def done(self, connection: Connection, items: Sequence[WorkItem]) -> None:
        """Complete items. One that was put again meanwhile stays, free for the next claim."""
        for chunk in _chunks(items, 500):
            owner = chunk[0].owner
            held = and_(work.c.number.in_([item.number for item in chunk]), work.c.owner == owner)
            found = connection.execute(select(work.c.number, work.c.generation).where(held))
            latest = {int(row.number): int(row.generation) for row in found}
            finished = [item.number for item in chunk if latest.get(item.number) == item.generation]
            connection.execute(delete(work).where(work.c.number.in_(finished), work.c.owner == owner))
            connection.execute(update(work).where(held).values(owner=None, leased_until=None, attempts=0))

    def retry(self, connection: Connection, item: WorkItem, *, due: datetime, reason: str) -> None:
        """Give an item back to be tried again at `due`."""
        held = and_(work.c.number == item.number, work.c.owner == item.owner)
        connection.execute(update(work).where(held).values(owner=None, leased_until=None, due=due, reason=reason))

    def renew(self, connection: Connection, items: Sequence[WorkItem], *, now: datetime, lease: timedelta) -> bool:
        """Hold items for another lease. `False` if one of them is lost."""
        numbers = [item.number for item in items]
        held = and_(work.c.number.in_(numbers), work.c.owner == items[0].owner)
        return connection.execute(update(work).where(held).values(leased_until=now + lease)).rowcount == len(numbers)

    def keys(self, connection: Connection, *, only_held: bool = False) -> list[str]:
        """All keys that wait or are being done; with `only_held` those that somebody leases."""
        wanted = select(work.c.key).where(work.c.queue == self.name, work.c.buried.is_(False))
        wanted = wanted.where(work.c.owner.is_not(None)) if only_held else wanted
        return list(connection.scalars(wanted.order_by(work.c.due, work.c.number)))

    def clear(self, connection: Connection) -> None:
        """Forget everything that nobody holds."""
        connection.execute(delete(work).where(work.c.queue == self.name, work.c.owner.is_(None)))

    def give_back(self, connection: Connection, items: Sequence[WorkItem], *, reason: str) -> None:
        """Give items back as if they had not been claimed: for a fault that is not theirs. They keep their places."""
        for chunk in _chunks(items, 500):
            held = and_(work.c.number.in_([item.number for item in chunk]), work.c.owner == chunk[0].owner)
            # A key that was buried and put again while it was held starts anew: its count must not fall below zero.
            before = case((work.c.attempts > 0, work.c.attempts - 1), else_=0)
            values = {"owner": None, "leased_until": None, "attempts": before, "reason": reason}
            connection.execute(update(work).where(held).values(values))

    def lost(self, connection: Connection, items: Sequence[WorkItem]) -> list[WorkItem]:
        """Those of the items that somebody else has or had, because our lease ran out."""
        held: set[int] = set()
        for chunk in _chunks(items, 500):
            ours = and_(work.c.number.in_([item.number for item in chunk]), work.c.owner == chunk[0].owner)
            held.update(connection.scalars(select(work.c.number).where(ours)))
        return [item for item in items if item.number not in held]

    def bury(self, connection: Connection, item: WorkItem, *, reason: str) -> None:
        """Set an item aside: it stays visible with its reason, and nobody claims it until it is put again.

        One that was put again while it was being done is free at once: what is wrong with it may be mended.
        """
        held = and_(work.c.number == item.number, work.c.owner == item.owner)
        is_same = work.c.generation == item.generation
        values: dict[str, Any] = {
            "owner": None,
            "leased_until": None,
            "buried": is_same,
            "attempts": case((is_same, work.c.attempts), else_=0),
            "reason": reason,
        }
        connection.execute(update(work).where(held).values(values))

    def hasten(self, connection: Connection, keys: Sequence[str], *, due: datetime) -> None:
        """Make waiting items due earlier; leaves alone what is due before or is gone."""
        waiting = and_(work.c.queue == self.name, work.c.key.in_(keys), work.c.due > due)
        connection.execute(update(work).where(waiting).values(due=due))

    def release(self, connection: Connection, owners: Sequence[str]) -> int:
        """Free everything these owners hold: for processes known to be dead. Returns how many items."""
        held = and_(work.c.queue == self.name, work.c.owner.in_(owners))
        return connection.execute(update(work).where(held).values(owner=None, leased_until=None)).rowcount

    def owners(self) -> list[str]:
        """Who holds a lease of this queue, running or not."""
        with self.database.read() as connection:
            found = select(work.c.owner).where(work.c.queue == self.name, work.c.owner.is_not(None)).distinct()
            return [str(owner) for owner in connection.scalars(found)]

    def backlog(self) -> tuple[int, int]:
        """How many items wait or are being done, and how many are buried."""
        with self.database.read() as connection:
            counted = select(work.c.buried, func.count()).where(work.c.queue == self.name).group_by(work.c.buried)
            counts = {bool(row[0]): int(row[1]) for row in connection.execute(counted)}
        return counts.get(False, 0), counts.get(True, 0)

    def late(self, now: datetime) -> timedelta:
        """How long the item that has been due longest waits already; zero where none is due."""
        wanted = select(func.min(work.c.due, type_=work.c.due.type))
        with self.database.read() as connection:
            oldest = connection.scalar(wanted.where(work.c.queue == self.name, work.c.buried.is_(False)))
        return max(now - oldest, timedelta()) if oldest is not None else timedelta()


def _insert(dialect: Dialect) -> Any:
    """`INSERT … ON CONFLICT` is spelled per dialect in SQLAlchemy, and means the same in both."""
    return postgresql.insert if dialect.name == "postgresql" else sqlite.insert


def _chunks(items: Sequence[WorkItem], size: int) -> Iterable[Sequence[WorkItem]]:
    return (items[start : start + size] for start in range(0, len(items), size))
