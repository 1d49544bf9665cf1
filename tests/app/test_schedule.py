"""The table of jobs: what runs when, never twice at a time, and later if it was missed."""

from __future__ import annotations

import io
import os
import subprocess
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy import select

from app.lifeline import Child
from app.schedule import Job, Schedule, is_its_turn, jobs, missed
from core.config import load_settings
from core.database import Database
from core.schema import job_runs
from core.settings import Settings
from crawlers.sources import SourceCatalogue

DIGEST = Job(name="digest", command=("digest",), daily=time(8, 30))
#: 08:30 in Shanghai is 00:30 UTC.
AT = datetime(2026, 3, 15, 0, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
LONG_AGO = AT - timedelta(days=90)


@pytest.mark.parametrize(
    ("last", "since", "now", "expected"),
    [
        (None, LONG_AGO, AT - MINUTE, False),  # not yet time, never ran
        (None, LONG_AGO, AT, True),  # time, never ran
        (AT - timedelta(days=1), LONG_AGO, AT - MINUTE, False),  # yesterday's ran, today's is not due
        (AT - timedelta(days=1), LONG_AGO, AT + MINUTE, True),  # the machine was off at 08:30
        (AT, LONG_AGO, AT + MINUTE, False),  # ran on time
        (AT + 5 * MINUTE, LONG_AGO, AT + 9 * MINUTE, False),  # ran late
        (AT - timedelta(days=9), LONG_AGO, AT + timedelta(hours=10), True),  # off for more than a week
        (None, None, AT + MINUTE, False),  # a fresh installation has missed nothing
        (None, AT + MINUTE, AT + 5 * MINUTE, False),  # nor has one that began to watch after 08:30
    ],
)
def test_a_missed_digest_is_made_up_for(
    last: datetime | None, since: datetime | None, now: datetime, expected: bool
) -> None:
    assert missed(DIGEST, last, since, now, Settings()) is expected


def test_a_crawl_is_never_missed() -> None:
    """Crawls ask the catalogue whether something is due; there is nothing to make up for."""
    crawl = Job(name="crawl-forum", command=("crawl",), when_due="forum")
    assert not missed(crawl, None, LONG_AGO, AT, Settings())


def test_each_kind_of_source_has_a_job(demo_config: Path) -> None:
    settings = load_settings(demo_config, {})
    crawls = ["crawl-forum", "crawl-news", "crawl-weibo"]
    assert [job.name for job in jobs(settings)] == [*crawls, "digest", "index", "searches"]


@dataclass
class FakeProcess:
    """A process whose end the test decides."""

    status: int | None = None

    def poll(self) -> int | None:
        return self.status


@dataclass
class Started:
    """Collects what the schedule starts."""

    commands: list[list[str]] = field(default_factory=list)
    processes: list[FakeProcess] = field(default_factory=list)

    def __call__(self, command: list[str], *, environment: Any) -> Child:
        self.commands.append(command)
        self.processes.append(FakeProcess())
        return Child(cast("subprocess.Popen[bytes]", self.processes[-1]), io.BytesIO())


@pytest.fixture
def started() -> Started:
    return Started()


@dataclass
class Clock:
    """A clock that the test moves."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock(now: datetime) -> Clock:
    return Clock(now)


@pytest.fixture
def schedule(demo_config: Path, database: Database, started: Started, clock: Clock) -> Schedule:
    return Schedule(
        settings=load_settings(demo_config, {}),
        database=database,
        catalogue=SourceCatalogue(database),
        clock=clock,
        options=("--config", "x"),
        environment=dict(os.environ),
        spawn=started,
    )


@pytest.fixture
def watching(schedule: Schedule, clock: Clock) -> Schedule:
    """A schedule that has watched a source for long, at the time of the digest."""
    schedule.catalogue.begin(["board"], now=LONG_AGO)
    clock.now = AT
    return schedule


@pytest.mark.parametrize(
    ("ago", "due"),
    [
        (None, True),  # never ran
        (timedelta(seconds=59), False),
        (MINUTE, True),
        (timedelta(0), False),
        (-MINUTE, True),  # the clock was set back since
    ],
)
def test_a_job_that_runs_again_and_again_has_its_pace(ago: timedelta | None, due: bool) -> None:
    assert is_its_turn(MINUTE, None if ago is None else AT - ago, AT) is due


def test_a_round_without_anything_to_do_starts_no_process(
    schedule: Schedule, started: Started, clock: Clock, database: Database
) -> None:
    """A look costs a query, a process half a second; and a round that failed rests like any job."""
    wanted = [False]
    job = Job(name="tell", command=("tell",), every=MINUTE, worthwhile=lambda *_: wanted[0])
    assert not schedule.consider(job)
    wanted[0] = True
    assert schedule.consider(job)
    started.processes[-1].status = 0
    assert not schedule.consider(job)
    clock.now += MINUTE
    assert schedule.consider(job)
    started.processes[-1].status = 1
    clock.now += 2 * MINUTE
    schedule.reap()
    assert not schedule.consider(job)
    clock.now += MINUTE
    assert schedule.consider(job)
    with database.read() as connection:
        assert [run.job for run in connection.execute(select(job_runs))] == ["tell"] * 3


def test_telling_what_searches_found_is_such_a_job(demo_config: Path) -> None:
    [job] = [job for job in jobs(load_settings(demo_config, {})) if job.name == "searches"]
    assert (job.command, job.every) == (("searches", "tell", "--quiet"), MINUTE)


def test_a_running_job_is_not_started_again(schedule: Schedule, started: Started) -> None:
    crawl = next(job for job in jobs(schedule.settings) if job.when_due == "forum")
    assert schedule.consider(crawl)
    assert not schedule.consider(crawl)
    started.processes[0].status = 0
    assert schedule.consider(crawl)
    assert started.commands == [["crawl", "--kind", "forum", "--due", "--quiet", "--config", "x"]] * 2


def test_a_digest_runs_once_a_day_whenever_it_is_looked_up(watching: Schedule, started: Started, clock: Clock) -> None:
    """Not before its time, once after it, however late; a machine that sleeps through 08:30 has it on waking."""
    clock.now = AT - MINUTE
    assert not watching.consider(DIGEST)
    clock.now = AT + timedelta(hours=3)
    assert watching.consider(DIGEST)
    started.processes[-1].status = 0
    assert not watching.consider(DIGEST)
    clock.now = AT + timedelta(days=1)
    assert watching.consider(DIGEST)


def test_a_digest_that_failed_is_tried_again_the_same_day(watching: Schedule, started: Started, clock: Clock) -> None:
    assert watching.consider(DIGEST)
    started.processes[-1].status = 1
    assert not watching.consider(DIGEST)
    clock.now += MINUTE
    assert watching.consider(DIGEST)


@pytest.mark.parametrize(("status", "ok", "note"), [(0, True, ""), (1, False, "exit 1"), (-9, False, "exit -9")])
def test_every_run_is_on_record(
    watching: Schedule, started: Started, database: Database, status: int, ok: bool, note: str
) -> None:
    watching.consider(DIGEST)
    started.processes[0].status = status
    watching.reap()
    with database.read() as connection:
        [run] = connection.execute(select(job_runs)).all()
    assert (run.job, run.ok, run.note) == ("digest", ok, note)


def test_a_crawl_waits_until_a_source_is_due(schedule: Schedule, started: Started) -> None:
    """A source that was never crawled is due; one whose turn is later is not."""
    crawl = next(job for job in jobs(schedule.settings) if job.when_due == "forum")
    assert schedule.consider(crawl)
    assert started.commands == [["crawl", "--kind", "forum", "--due", "--quiet", "--config", "x"]]


def test_a_crawl_that_dies_rests_longer_each_time(schedule: Schedule, started: Started, clock: Clock) -> None:
    """A crawl that cannot even record its failure stays due; it must not be started every two seconds."""
    crawl = next(job for job in jobs(schedule.settings) if job.when_due == "forum")
    for rest in (15, 30, 60):
        assert schedule.consider(crawl)
        started.processes[-1].status = 1
        schedule.reap()
        clock.now += timedelta(seconds=rest - 1)
        assert not schedule.consider(crawl)
        clock.now += timedelta(seconds=1)
    assert schedule.consider(crawl)
    started.processes[-1].status = 0
    schedule.reap()
    assert schedule.consider(crawl)
