"""When a mention was read from the truth: moments that order readings rightly, whatever the clocks of machines say.

An index keeps, of two versions of a mention, the one that was read later (`SearchIndex.add_many`). The times of two
machines cannot decide that: one that runs ten seconds ahead would win for ten seconds over a correction that the
other has read, and a clock that is set back by an hour would make an hour of news look old. So the moments are given
out by the database, which all readers share: each is the clock's time, or a millisecond after the one given out
before, whichever is later. They are whole milliseconds, so that no index need keep more.

Why that is enough. Who changes a mention puts its key into the queue "index" in the transaction of the change, or in
a later one; so somebody claims the key after the change. Whoever takes his moment after the claim and reads after
that has read the change. Every later moment was given out after the change as well, and stands for a reading that has
it, too; every earlier one loses. So when the queue is empty the index holds what the truth holds, in whatever order
writers arrive that were slow, killed and done again, or read for a rebuild.

The last moment lies in `index_builds`, as a build of nothing: it is shared by all who build or file, and only by them.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, select, update

from core.schema import index_builds
from index.rows import insert_into

#: The row's name: no index is called so.
CLOCK = "clock"
_STEP = timedelta(milliseconds=1)


def next_moment(connection: Connection, *, now: datetime) -> datetime:
    """A moment after all that were given out before; take it before reading, within a write transaction."""
    wanted = select(index_builds.c.started).where(index_builds.c.target == CLOCK).with_for_update()
    last: datetime | None = connection.scalar(wanted)
    if last is None:
        row = {"target": CLOCK, "build": "", "started": _whole(now) - _STEP, "after": "", "done": 0}
        # On PostgreSQL another process may do the same at this moment: the first one's row counts.
        connection.execute(insert_into(connection.dialect)(index_builds).on_conflict_do_nothing(), row)
        last = connection.scalar(wanted)
        assert last is not None
    moment = max(_whole(now), last + _STEP)
    connection.execute(update(index_builds).where(index_builds.c.target == CLOCK).values(started=moment))
    return moment


def _whole(moment: datetime) -> datetime:
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
