"""Files mentions into the search index, after people were told: an index that is down delays a search, never an alert.

Keys wait in the queue "index" until what the truth says of them is in the index, or is gone from it. Where the index
refuses, all of a batch goes back to its place and everybody rests: a server that comes back meets the oldest first.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Event as Signal

from sqlalchemy import Connection, select
from sqlalchemy.exc import SQLAlchemyError

from core.clock import Clock
from core.database import Database
from core.schema import index_builds
from core.work import QueueName, WorkItem, WorkQueue, process_name
from index.base import SearchIndex
from index.halving import FAULTS_OF_THE_WORLD, is_of_the_world
from index.readings import CLOCK, next_moment
from index.verdicts import VerdictStore

log = logging.getLogger("tingfeng.app")

#: One call of the index a batch: an index over a network prepares the next request while one is on its way.
BATCH = 5000
_LEASE = timedelta(minutes=5)
_POLL_SECONDS, _DATABASE_PAUSE_SECONDS = 0.5, 5.0
_ATTEMPTS = 3
_RETRY = timedelta(seconds=10)
#: How long to rest when the index refuses: doubled each time, forgotten when it takes something.
_FIRST_REST, _LONGEST_REST = timedelta(seconds=1), timedelta(seconds=60)


@dataclass(slots=True)
class _Rest:
    """Whether the index refuses, since when, and until when we leave it alone."""

    since: datetime | None = None
    until: datetime | None = None
    pause: timedelta = _FIRST_REST
    kind: str = ""

    def is_on(self, now: datetime) -> bool:
        # What lies further ahead than any rest comes from a clock that was set back.
        return self.until is not None and now < self.until <= now + _LONGEST_REST

    def refused(self, bad: Exception, *, queue: str, now: datetime) -> None:
        if type(bad).__name__ != self.kind:
            log.error("index_refuses", extra={"queue": queue, "kind": type(bad).__name__, "reason": str(bad)[:500]})
        self.kind, self.since = type(bad).__name__, self.since or now
        self.until, self.pause = now + self.pause, min(2 * self.pause, _LONGEST_REST)

    def worked(self, *, queue: str, now: datetime) -> None:
        if self.since is not None:
            after = round((now - self.since).total_seconds())
            log.warning("index_works_again", extra={"queue": queue, "after_s": after})
        self.since, self.until, self.pause, self.kind = None, None, _FIRST_REST, ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filer:
    """Brings one index up to the truth. Any number of filers share its queue."""

    database: Database
    verdicts: VerdictStore
    index: SearchIndex
    clock: Clock
    batch: int = BATCH
    #: How long after its post was collected a mention can be searched; zero is for ever.
    keep: timedelta = timedelta()
    queue: QueueName = "index"
    _rest: _Rest = field(default_factory=_Rest)

    def ask(self, connection: Connection, keys: Iterable[str], *, now: datetime) -> None:
        """Ask for posts to be filed as the truth has them, within the transaction that changes it or a later one."""
        self._queue.put(connection, keys, due=now, now=now)

    def file_once(self) -> int:
        """File one batch. Returns how many keys were dealt with; 0: nothing waits, or the index refuses and we rest."""
        if self._rest.is_on(self.clock()):
            return 0
        queue = self._queue
        items = queue.claim(self.batch, owner=process_name(), now=self.clock(), lease=_LEASE)
        if not items:
            return 0
        try:
            self._file_or_halve(items)
        except SQLAlchemyError as bad:  # the truth itself: whoever called us waits for it
            with self.database.write() as connection:
                queue.give_back(connection, items, reason=str(bad)[:500])
            raise
        except FAULTS_OF_THE_WORLD as bad:
            self._rest.refused(bad, queue=self.queue, now=self.clock())
            with self.database.write() as connection:
                queue.give_back(connection, items, reason=f"{type(bad).__name__}: {bad}"[:500])
            return 0
        self._rest.worked(queue=self.queue, now=self.clock())
        return len(items)

    def drain(self) -> int:
        """File until nothing is due or the index refuses. Returns how many keys were dealt with."""
        filed = 0
        while taken := self.file_once():
            filed += taken
        return filed

    def waiting(self) -> int:
        """How many keys wait."""
        return self._queue.backlog()[0]

    def file_forever(self, stop: Signal) -> None:
        """File until `stop` is set. A database that cannot be reached for a while is waited for."""
        while not stop.is_set():
            try:
                busy = self.file_once()
            except SQLAlchemyError:
                log.exception("database_failed")
                stop.wait(_DATABASE_PAUSE_SECONDS)
                continue
            if not busy:
                stop.wait(_POLL_SECONDS)

    @property
    def _queue(self) -> WorkQueue:
        return WorkQueue(self.database, self.queue)

    def _file_or_halve(self, items: Sequence[WorkItem]) -> None:
        """File a batch; where one of them breaks it, its halves, so that a bad mention stops only itself."""
        try:
            self._file(items)
        except Exception as bad:  # the boundary of a job
            if is_of_the_world(bad):
                raise
            self._halve(items, bad)

    def _halve(self, items: Sequence[WorkItem], bad: Exception) -> None:
        if len(items) == 1:
            self._set_aside(items[0], bad)
            return
        middle = len(items) // 2
        self._file_or_halve(items[:middle])
        self._file_or_halve(items[middle:])

    def _file(self, items: Sequence[WorkItem]) -> None:
        with self.database.write() as connection:
            moment = next_moment(connection, now=self.clock())
        since = self.clock() - self.keep
        found = self.verdicts.mentions([item.key for item in items])
        wanted = [mention for mention in found if not self.keep or mention.post.collected >= since]
        refused = self.index.add_many(wanted, as_of=moment).refused if wanted else {}
        present = {mention.id for mention in wanted}
        if gone := [item.key for item in items if item.key not in present]:
            self.index.delete(gone, as_of=moment)
        with self.database.write() as connection:
            self._settle(connection, items, refused)

    def _settle(self, connection: Connection, items: Sequence[WorkItem], refused: Mapping[str, str]) -> None:
        queue, now = self._queue, self.clock()
        _remember(connection, self.database, items, now=now)
        # Whoever took over after our lease may have deleted what we then added: look once more.
        queue.put(connection, [item.key for item in queue.lost(connection, items)], due=now, now=now)
        for item in items:
            if item.key in refused:
                log.error("mention_not_indexed", extra={"post": item.key, "reason": refused[item.key]})
                queue.bury(connection, item, reason=refused[item.key])
        queue.done(connection, [item for item in items if item.key not in refused])

    def _set_aside(self, item: WorkItem, bad: Exception) -> None:
        reason = f"{type(bad).__name__}: {bad}"[:500]
        final = item.attempts + 1 >= _ATTEMPTS
        log.error("item_failed", extra={"queue": self.queue, "key": item.key, "reason": reason, "final": final})
        with self.database.write() as connection:
            if final:
                self._queue.bury(connection, item, reason=reason)
            else:
                self._queue.retry(connection, item, due=self.clock() + _RETRY, reason=reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filing:
    """Several indices, each with its own queue: one that is down keeps no other waiting."""

    filers: tuple[Filer, ...]

    def ask(self, connection: Connection, keys: Iterable[str], *, now: datetime) -> None:
        """As `Filer.ask`, for each."""
        wanted = list(keys)
        for filer in self.filers:
            filer.ask(connection, wanted, now=now)

    def file_once(self) -> int:
        """One batch of each. Returns how many keys were dealt with."""
        return sum(filer.file_once() for filer in self.filers)

    def drain(self) -> int:
        """Each as far as it goes. Returns how many keys were dealt with."""
        return sum(filer.drain() for filer in self.filers)

    def waiting(self) -> int:
        """How many keys wait in all."""
        return sum(filer.waiting() for filer in self.filers)

    def file_forever(self, stop: Signal) -> None:
        """All of them until `stop` is set, each in a thread of its own."""
        threads = [threading.Thread(target=filer.file_forever, args=[stop], name=filer.queue) for filer in self.filers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


def adopt_left_keys(database: Database, filed: Collection[QueueName], *, now: datetime) -> int:
    """Take in what waits for a fallback that is configured no more: the index that stays may be the one it was for."""
    left = WorkQueue(database, "index_fallback")
    if left.name in filed:
        return 0
    with database.write() as connection:
        keys = left.keys(connection)
        WorkQueue(database, "index").put(connection, keys, due=now, now=now)
        left.clear(connection)
    return len(keys)


def _remember(connection: Connection, database: Database, items: Sequence[WorkItem], *, now: datetime) -> None:
    """Note what was filed while an index is being built: it is filed again when that one is in use.

    The row is locked (PostgreSQL; SQLite has one writer): a rebuild cannot end between this look and our commit.
    """
    building = select(index_builds.c.target).where(index_builds.c.target != CLOCK).with_for_update(read=True)
    if connection.execute(building).first() is not None:
        again = WorkQueue(database, "index_again")
        again.put(connection, [item.key for item in items], due=now, now=now)
