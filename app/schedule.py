"""When what happens: one table of jobs, each of which is also a command that a person can type.

APScheduler keeps the time; every run is a process of its own with a line in `job_runs`. A daily job is due from its
time until a run of it succeeded: a machine that was off or asleep then, or a database that refused, only delays it.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger
from sqlalchemy import delete, func, insert, select, update

from alerts.search_news import is_anything_to_tell
from app.lifeline import Child, spawn
from core.clock import Clock
from core.database import Database
from core.model import WatchedKind
from core.schema import job_runs
from core.settings import Settings
from crawlers.sources import SourceCatalogue

log = logging.getLogger("tingfeng.app")

#: How often it is looked up whose turn it is. A look costs an indexed query or two.
_TICK = timedelta(seconds=2)
#: Pause of a job whose process failed: doubled at each failure, forgotten at a success.
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(seconds=15), timedelta(minutes=10)
#: How long after one round of telling what saved searches found the next may follow; each search has its own pause.
_TELL_EVERY = timedelta(minutes=1)
#: Lines of `job_runs` older than this are dropped.
_KEEP_RUNS = timedelta(days=14)
#: When the search index is pruned and merged: few people search at that hour.
_MAINTAINED = time(3, 30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A command and when it runs: each day at a clock time, again and again, or whenever a source of a kind is due."""

    name: str
    command: tuple[str, ...]
    daily: time | None = None
    when_due: WatchedKind | None = None
    #: So long after it was started last.
    every: timedelta | None = None
    #: Of a job with `every`: whether there is anything to do. Looked up often, so it must be cheap; a process is not.
    worthwhile: Callable[[Database, datetime], bool] | None = None


def jobs(settings: Settings) -> tuple[Job, ...]:
    """The table. A kind without a source has no job."""
    hour, minute = (int(part) for part in settings.digest.at.split(":"))
    kinds = sorted({source.kind for source in settings.sources})
    return (
        *(
            Job(name=f"crawl-{kind}", command=("crawl", "--kind", kind, "--due", "--quiet"), when_due=kind)
            for kind in kinds
        ),
        Job(name="digest", command=("digest", "--date", "yesterday", "--send", "--quiet"), daily=time(hour, minute)),
        Job(name="index", command=("index", "maintain", "--quiet"), daily=_MAINTAINED),
        Job(
            name="searches",
            command=("searches", "tell", "--quiet"),
            every=_TELL_EVERY,
            worthwhile=is_anything_to_tell,
        ),
    )


@dataclass(slots=True)
class Schedule:
    """Starts jobs at their time. A job that still runs is not started a second time."""

    settings: Settings
    database: Database
    catalogue: SourceCatalogue
    clock: Clock
    options: tuple[str, ...]
    environment: Mapping[str, str]
    spawn: Callable[..., Child] = spawn
    _running: dict[str, tuple[Child, int]] = field(default_factory=dict)
    #: When a job that failed may run again, and how long its next pause will be.
    _pauses: dict[str, tuple[datetime, timedelta]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def run_forever(self, stop: threading.Event) -> None:
        """Keep the table's time until `stop` is set, then end the jobs that run."""
        scheduler = BackgroundScheduler(timezone=self.settings.zone)
        for job in jobs(self.settings):
            # A look that comes late is as good as one in time: nothing is skipped as misfired.
            scheduler.add_job(
                self.consider,
                trigger=IntervalTrigger(seconds=_TICK.total_seconds()),
                args=[job],
                id=job.name,
                max_instances=1,
                coalesce=True,
                misfire_grace_time=None,
            )
            self.consider(job)
        scheduler.start()
        try:
            while not stop.wait(0.5):
                self.reap()
        finally:
            scheduler.shutdown(wait=True)
            self._end_all()

    def consider(self, job: Job) -> bool:
        """Start the job if it is due and neither runs nor rests. Returns whether it was started."""
        with self._lock:
            self._reap()
            if job.name in self._running or self._rests(job) or not self._is_due(job):
                return False
            with self.database.write() as connection:
                row = insert(job_runs).values(job=job.name, started=self.clock(), note="").returning(job_runs.c.number)
                number = int(connection.execute(row).scalar_one())
            child = self.spawn([*job.command, *self.options], environment=self.environment)
            self._running[job.name] = (child, number)
            return True

    def reap(self) -> None:
        """Note the jobs that ended."""
        with self._lock:
            self._reap()

    def _reap(self, *, stopping: bool = False) -> None:
        for name, (child, number) in list(self._running.items()):
            status = child.process.poll()
            if status is None:
                continue
            child.lifeline.close()
            del self._running[name]
            now = self.clock()
            values: dict[str, Any] = {"finished": now, "ok": status == 0}
            if status != 0:
                values["note"] = "stopped" if stopping else f"exit {status}"
            if status != 0 and not stopping:
                _, pause = self._pauses.get(name, (now, _FIRST_PAUSE))
                self._pauses[name] = (now + pause, min(2 * pause, _LONGEST_PAUSE))
                log.error("job_failed", extra={"job": name, "status": status, "rests_s": pause.total_seconds()})
            if status == 0:
                self._pauses.pop(name, None)
            with self.database.write() as connection:
                connection.execute(update(job_runs).where(job_runs.c.number == number).values(values))
                connection.execute(delete(job_runs).where(job_runs.c.started < now - _KEEP_RUNS))

    def _rests(self, job: Job) -> bool:
        """Whether the job failed a moment ago: a crawl that dies before it records anything is due at once again."""
        return job.name in self._pauses and self.clock() < self._pauses[job.name][0]

    def _is_due(self, job: Job) -> bool:
        if job.when_due:
            ours = [source for source in self.settings.sources if source.kind == job.when_due]
            return bool(self.catalogue.due(ours, self.clock()))
        if job.every is not None:
            return self._is_worthwhile(job) and is_its_turn(job.every, self._last_start(job), self.clock())
        return missed(job, self._last_success(job), self._watching_since(), self.clock(), self.settings)

    def _is_worthwhile(self, job: Job) -> bool:
        return job.worthwhile is None or job.worthwhile(self.database, self.clock())

    def _last_start(self, job: Job) -> datetime | None:
        wished = select(func.max(job_runs.c.started, type_=job_runs.c.started.type)).where(job_runs.c.job == job.name)
        with self.database.read() as connection:
            latest: datetime | None = connection.scalar(wished)
        return latest

    def _last_success(self, job: Job) -> datetime | None:
        wished = select(func.max(job_runs.c.started, type_=job_runs.c.started.type))
        with self.database.read() as connection:
            latest: datetime | None = connection.scalar(
                wished.where(job_runs.c.job == job.name, job_runs.c.ok.is_(True))
            )
        return latest

    def _watching_since(self) -> datetime | None:
        """When the first source was first crawled."""
        return min((status.added for status in self.catalogue.statuses().values()), default=None)

    def _end_all(self) -> None:
        with self._lock:
            for child, _ in self._running.values():
                child.process.terminate()
            for child, _ in self._running.values():
                child.process.wait()
            self._reap(stopping=True)


def is_its_turn(every: timedelta, last_start: datetime | None, now: datetime) -> bool:
    """Whether a job that runs again and again may run; a start in the future comes from a clock set back since."""
    return last_start is None or not last_start <= now < last_start + every


def missed(
    job: Job, last_success: datetime | None, watching_since: datetime | None, now: datetime, settings: Settings
) -> bool:
    """Whether a daily job's time of today has come and no run since then succeeded.

    Nothing was missed by a product that did not watch yet at that time: a digest of its first morning would be empty.
    """
    if job.daily is None:
        return False
    local = now.astimezone(settings.zone)
    today = datetime.combine(local.date(), job.daily, tzinfo=settings.zone)
    if watching_since is None or watching_since > today:
        return False
    return now >= today and (last_success is None or last_success < today)
