"""Building an index anew from the truth, beside the one in use: killed at any moment, it goes on where it was."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from core.clock import Clock
from core.database import Database
from core.errors import AlreadyRunning, IndexUnavailable
from core.model import Mention
from core.work import QueueName, WorkItem, WorkQueue, process_name
from index.base import Added, Building, SearchIndex
from index.builds import Build, begin, forget, note, read_build, settle
from index.halving import add_or_halve
from index.readings import next_moment
from index.verdicts import VerdictStore

log = logging.getLogger("tingfeng.index")

_KEY = "index"
#: Longer than anything that is done between two renewals: the last merging of a large building is the longest.
_LEASE = timedelta(minutes=30)
#: How often, and with which pauses, a batch is offered to an index that cannot take it at the moment.
_PAUSES = (1.0, 2.0, 5.0, 10.0, 20.0)


class Progress:
    """Whoever is told how far a rebuild is. Does nothing itself."""

    def begun(self, *, done: int, total: int) -> None:
        """It begins, or goes on, with `done` mentions in of about `total`."""

    def filled(self, done: int) -> None:
        """So many mentions are in."""

    def taking_over(self, done: int, total: int) -> None:
        """So much of the change is done, in units of the adapter's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuild:
    """Rebuilds one index. Searches and filing go on meanwhile."""

    database: Database
    verdicts: VerdictStore
    index: SearchIndex
    #: What `index_builds` calls the index, and the queue of what is to be filed in it.
    target: str
    queue: QueueName
    clock: Clock
    #: How long after its post was collected a mention can be searched; zero is for ever.
    keep: timedelta = timedelta()
    batch: int = 1000
    pause: Callable[[float], object] = field(default=time.sleep)

    def run(self, *, anew: bool = False, progress: Progress | None = None) -> Build:
        """Build, take over, and ask for what was filed meanwhile to be filed again. Returns the notes as they ended.

        Goes on with a building that was left, unless `anew` is set or something of it is lost. Raise `AlreadyRunning`
        if another process rebuilds, `IndexTrouble` where the index refuses: the next run goes on from there.
        """
        told = progress or Progress()
        with self._alone() as item:
            build, building = self._opened(anew=anew)
            try:
                build = self._fill(build, building, item, told)
                building.take_over(progress=self._renewing(item, told))
                with self.database.write() as connection:
                    settle(connection, self.database, build, self.queue, now=self.clock())
                building.settled()
            finally:
                building.close()
        log.info("index_rebuilt", extra={"target": self.target, "mentions": build.done})
        return build

    @contextmanager
    def _alone(self) -> Iterator[WorkItem]:
        lease = WorkQueue(self.database, "rebuild")
        now = self.clock()
        with self.database.write() as connection:
            lease.put(connection, [_KEY], due=now, now=now)
        held = lease.claim(1, owner=process_name(), now=now, lease=_LEASE)
        if not held:
            raise AlreadyRunning(f"另一个 tingfeng index rebuild（{'、'.join(lease.owners())}）正在进行")
        try:
            yield held[0]
        finally:
            with self.database.write() as connection:
                lease.done(connection, held)

    def _opened(self, *, anew: bool) -> tuple[Build, Building]:
        """The building to go on with, or a new one."""
        with self.database.write() as connection:
            build = read_build(connection, self.target)
        if build is not None:
            building = self.index.beside(build.name)
            if not anew and building.count() >= build.done:
                log.warning("rebuild_goes_on", extra={"target": self.target, "mentions": build.done})
                return build, building
            # Given up, or less is in than was noted: a disk that was lost, a power cut.
            log.warning("building_discarded", extra={"target": self.target, "noted": build.done})
            building.discard()
        with self.database.write() as connection:
            forget(connection, self.target)
            build = begin(connection, self.target, now=self.clock())
        return build, self.index.beside(build.name)

    def _fill(self, build: Build, building: Building, item: WorkItem, told: Progress) -> Build:
        since = self.clock() - self.keep if self.keep else None
        told.begun(done=build.done, total=self.verdicts.count(collected=since))
        batches = self.verdicts.every(after=build.after, collected=since, batch=self.batch)
        while True:
            with self.database.write() as connection:
                # Before the reading: what changes from now on is filed by others, and counts as later.
                moment = next_moment(connection, now=self.clock())
            mentions = next(batches, None)
            if mentions is None:
                return build
            added = self._add(building, mentions, moment)
            build = replace(build, after=mentions[-1].id, done=build.done + added.count)
            with self.database.write() as connection:
                note(connection, build)
                self._renew(connection, item)
            told.filled(build.done)

    def _add(self, building: Building, mentions: Sequence[Mention], moment: datetime) -> Added:
        for pause in _PAUSES:
            try:
                return add_or_halve(lambda some: building.add_many(some, as_of=moment), mentions)
            except IndexUnavailable as down:
                log.warning("rebuild_waits", extra={"seconds": pause, "reason": str(down)[:500]})
                self.pause(pause)
        return add_or_halve(lambda some: building.add_many(some, as_of=moment), mentions)

    def _renew(self, connection: Connection, item: WorkItem) -> None:
        if not WorkQueue(self.database, "rebuild").renew(connection, [item], now=self.clock(), lease=_LEASE):
            raise AlreadyRunning("这次重建停了太久，另一个 tingfeng index rebuild 已经接手")

    def _renewing(self, item: WorkItem, told: Progress) -> Callable[[int, int], None]:
        def tell(done: int, total: int) -> None:
            with self.database.write() as connection:
                self._renew(connection, item)
            told.taking_over(done, total)

        return tell
