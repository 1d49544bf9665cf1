"""How far the building of an index beside the one in use has come: notes that outlive a rebuild that is killed.

From the first note to the last one every filer remembers what it files (queue "index_again"), because the building
may have read those posts before. When the building is in use they are filed once more. So nothing has to be found
again by its time, and no clock is trusted.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from core.database import Database
from core.schema import index_builds
from core.work import QueueName, WorkQueue
from index.readings import CLOCK

#: Keys that are put into a queue at a time.
_CHUNK = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """A building that is not in use yet."""

    #: Which index it is for.
    target: str
    #: What the adapter calls it.
    name: str
    started: datetime
    #: Id of the last post that was looked at; "" at the start.
    after: str = ""
    #: How many mentions it took.
    done: int = 0


def read_build(connection: Connection, target: str) -> Build | None:
    """The building of this index that is under way, or was left; locked until the transaction ends."""
    row = connection.execute(select(index_builds).where(index_builds.c.target == target).with_for_update()).first()
    if row is None:
        return None
    return Build(target=row.target, name=row.build, started=row.started, after=row.after, done=row.done)


def begin(connection: Connection, target: str, *, now: datetime) -> Build:
    """Note a new building; from here on filers remember what they file."""
    name = f"b{now:%Y%m%d%H%M%S}{secrets.token_hex(2)}"
    connection.execute(insert(index_builds).values(target=target, build=name, started=now, after="", done=0))
    return Build(target=target, name=name, started=now)


def note(connection: Connection, build: Build) -> None:
    """Note how far it has come."""
    mine = index_builds.c.target == build.target
    connection.execute(update(index_builds).where(mine).values(after=build.after, done=build.done))


def forget(connection: Connection, target: str) -> None:
    """Note that there is no such building any more, whatever became of it."""
    connection.execute(delete(index_builds).where(index_builds.c.target == target))


def settle(connection: Connection, database: Database, build: Build, queue: QueueName, *, now: datetime) -> None:
    """The building is in use: what was filed meanwhile is to be filed once more, in it.

    A filer that is writing at this moment may have met the old index and may be done after us: what it holds is put
    again as well.
    """
    read_build(connection, build.target)  # takes the lock that filers wait for
    filed, again = WorkQueue(database, queue), WorkQueue(database, "index_again")
    keys = [*again.keys(connection), *filed.keys(connection, only_held=True)]
    for start in range(0, len(keys), _CHUNK):
        filed.put(connection, keys[start : start + _CHUNK], due=now, now=now)
    forget(connection, build.target)
    others = select(index_builds.c.target).where(index_builds.c.target != CLOCK)
    if connection.execute(others).first() is None:
        again.clear(connection)
