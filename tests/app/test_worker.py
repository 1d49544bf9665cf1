"""The worker when the world or a post misbehaves: the others go on, people are told, nothing is lost."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from analysis.analyser import Analyser
from analysis.events import EventGrouper
from analysis.sentiment import SentimentModel
from app.filing import Filer
from app.worker import Worker
from core.database import Database
from core.model import Mention, Post, Verdict
from core.settings import RiskSettings, SubjectSettings
from core.work import WorkQueue
from index.base import Added
from index.posts import PostStore
from index.sqlite import SqliteIndex
from index.verdicts import VerdictStore

POISON = "这一条让研判出错"


@dataclass
class Clock:
    """A clock that the test moves."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Desk:
    """A dispatcher that only listens."""

    heard: list[str] = field(default_factory=list)

    def consider(self, mentions: Sequence[Mention], *, now: datetime) -> Sequence[object]:
        self.heard += [mention.id for mention in mentions]
        return ()


class Choking(Analyser):
    """The real judge, but one post makes it fail, as a bug would."""

    def assess(self, posts: Sequence[Post], **rest: object) -> list[Verdict]:
        if any(POISON in post.text for post in posts):
            raise ZeroDivisionError("a bug")
        return super().assess(posts, **rest)  # type: ignore[arg-type]


class Failing(SqliteIndex):
    """The real index, unless a failure is set."""

    failure: Exception | None = None

    def add_many(self, mentions: Sequence[Mention], *, as_of: datetime | None = None) -> Added:
        if self.failure is not None:
            raise self.failure
        return super().add_many(mentions, as_of=as_of)


@pytest.fixture
def clock(now: datetime) -> Clock:
    return Clock(now)


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def index(tmp_path: Path) -> Failing:
    return Failing(tmp_path / "index.sqlite")


@pytest.fixture
def worker(database: Database, clock: Clock, desk: Desk, index: Failing) -> Worker:
    subjects = [SubjectSettings(name="曜行汽车", aliases=("曜行",))]
    return Worker(
        database=database,
        posts=PostStore(database),
        verdicts=VerdictStore(database),
        analyser=Choking(subjects=subjects, risk=RiskSettings(), model=SentimentModel.load(None)),
        grouper=EventGrouper(database),
        filer=Filer(database=database, verdicts=VerdictStore(database), index=index, clock=clock),
        dispatcher=desk,
        clock=clock,
        batch=100,
    )


@pytest.fixture
def keep(worker: Worker, now: datetime) -> Callable[..., list[str]]:
    def keep(*texts: str) -> list[str]:
        posts = [
            Post(
                kind="forum",
                site="bbs.example",
                native_id=text,
                url="https://bbs.example/1",
                channel="forum",
                text=text,
                published=now,
                collected=now,
            )
            for text in texts
        ]
        worker.posts.keep(posts, source="s", raw=None, now=now)
        return [post.id for post in posts]

    return keep


def test_one_bad_post_stops_only_itself(
    worker: Worker, clock: Clock, desk: Desk, keep: Callable[..., list[str]], database: Database
) -> None:
    """Its neighbours are judged at once; it is tried three times and then set aside, visible with its reason."""
    good, bad, fine = keep("曜行刹车异响", POISON, "天气真好")
    for _ in range(3):
        worker.drain()
        clock.now += timedelta(minutes=5)
    worker.drain()
    assert sorted(desk.heard) == sorted([good, fine])
    assert WorkQueue(database, "assess").backlog() == (0, 1)
    assert worker.verdicts.mentions([bad]) == []
    with database.read() as connection:
        [reason] = connection.exec_driver_sql("SELECT reason FROM work WHERE buried").scalars()
    assert reason == "ZeroDivisionError: a bug"


@pytest.mark.parametrize("failure", [sqlite3.DatabaseError("malformed"), OSError(28, "No space left on device")])
def test_an_index_that_is_down_delays_no_alert_and_loses_nothing(
    worker: Worker,
    clock: Clock,
    desk: Desk,
    index: Failing,
    keep: Callable[..., list[str]],
    database: Database,
    failure: Exception,
) -> None:
    """People are told at once; the archive catches up however long it takes."""
    wanted = keep("曜行刹车异响", "曜行漏油")
    index.failure = failure
    for _ in range(6):
        worker.drain()
        clock.now += timedelta(minutes=1)
    assert sorted(desk.heard) == sorted(wanted)  # once each
    assert WorkQueue(database, "publish").backlog() == (0, 0)
    assert WorkQueue(database, "index").backlog() == (2, 0)
    index.failure = None
    worker.drain()
    assert index.count() == 2
    assert WorkQueue(database, "index").backlog() == (0, 0)


def test_work_done_twice_is_done_once(
    worker: Worker, index: Failing, keep: Callable[..., list[str]], now: datetime
) -> None:
    """A worker that died after judging and before completing: its successor's verdict replaces the same verdict."""
    [post] = keep("曜行刹车异响")
    worker.drain()
    with worker.database.write() as connection:
        WorkQueue(worker.database, "assess").put(connection, [post], due=now, now=now)
    [before] = worker.verdicts.mentions([post])
    worker.drain()
    [after] = worker.verdicts.mentions([post])
    assert replace(after.verdict, reasons=before.verdict.reasons) == before.verdict
    assert index.count() == 1
