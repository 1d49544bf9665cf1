"""Filing: what the truth says comes into the index, whatever the index, a mention or another process does."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Sequence
from datetime import timedelta
from itertools import pairwise

import pytest
from sqlalchemy.exc import OperationalError

from core.database import Database
from core.errors import IndexMismatch, IndexUnavailable
from core.model import Mention
from tests.app.filing_world import START, FilingWorld, numbered

SECOND = timedelta(seconds=1)
DOWN: list[Exception] = [
    IndexUnavailable("集群为 red"),
    IndexMismatch("映射不同"),
    sqlite3.DatabaseError("database disk image is malformed"),
    sqlite3.OperationalError("disk I/O error"),
    OSError(28, "No space left on device"),
    ConnectionResetError("reset"),
]


@pytest.fixture
def world(database: Database) -> FilingWorld:
    return FilingWorld(database)


def refuses(bad: Exception) -> Callable[[Sequence[Mention]], None]:
    def trouble(_: Sequence[Mention]) -> None:
        raise bad

    return trouble


def breaks_on(word: str, bad: Exception) -> Callable[[Sequence[Mention]], None]:
    def trouble(mentions: Sequence[Mention]) -> None:
        if any(word in mention.post.text for mention in mentions):
            raise bad

    return trouble


def test_what_waits_is_filed_in_order(world: FilingWorld) -> None:
    """Batches are taken oldest first, and nothing waits at the end."""
    keys = world.judge(*numbered(7))
    world.put(*keys)
    filer = world.filer()
    assert [filer.file_once() for _ in range(4)] == [3, 3, 1, 0]
    assert [set(batch) for batch in world.index.came] == [set(keys[:3]), set(keys[3:6]), set(keys[6:])]
    assert sorted(world.index.content) == sorted(keys)
    assert world.queue.backlog() == (0, 0)


@pytest.mark.parametrize("bad", DOWN, ids=lambda bad: type(bad).__name__)
def test_an_index_that_is_down_loses_nothing_and_catches_up_in_order(world: FilingWorld, bad: Exception) -> None:
    """However long it lasts: nothing is set aside, no place in the queue is lost, newer keys do not overtake."""
    old, new = world.judge(*numbered(4)), []
    world.put(*old)
    filer = world.filer()
    world.index.trouble = refuses(bad)
    for hour in range(10):
        assert filer.drain() == 0
        world.clock.now += timedelta(hours=1)
        new += world.judge(f"后来的{hour}")
        world.put(new[-1], due=world.clock())
    assert world.queue.backlog() == (14, 0)
    assert all(set(batch) == set(old[:3]) for batch in world.index.came)  # the same oldest batch, again and again
    world.index.trouble, world.index.came = None, []
    world.clock.now += timedelta(hours=1)
    assert filer.drain() == 14
    batches = [set(batch) for batch in world.index.came]
    assert batches[0] == set(old[:3])
    assert batches[1] == {old[3], *new[:2]}
    assert sorted(world.index.content) == sorted([*old, *new])
    assert world.queue.backlog() == (0, 0)


def test_the_pause_grows_to_a_minute_and_is_forgotten_at_a_success(
    world: FilingWorld, caplog: pytest.LogCaptureFixture
) -> None:
    """A server that starts is not hammered; each state is logged once, not each batch."""
    [key] = world.judge("一条")
    world.put(key)
    filer, tries = world.filer(), []
    world.index.trouble = refuses(IndexUnavailable("没有回答"))
    with caplog.at_level(logging.WARNING, "tingfeng.app"):
        for _ in range(400):
            before = len(world.index.came)
            filer.file_once()
            if len(world.index.came) > before:
                tries.append(world.clock())
            world.clock.now += SECOND
        world.index.trouble = None
        world.clock.now += timedelta(minutes=2)
        assert filer.file_once() == 1
    pauses = [(later - earlier).total_seconds() for earlier, later in pairwise(tries)]
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60, 60, 60]
    assert [record.message for record in caplog.records] == ["index_refuses", "index_works_again"]
    world.put(key)
    world.index.trouble = refuses(IndexUnavailable("没有回答"))
    filer.file_once()
    world.clock.now += SECOND
    filer.file_once()
    assert len(world.index.came) == len(tries) + 3  # the first pause is a second again


def test_another_kind_of_refusal_is_told(world: FilingWorld, caplog: pytest.LogCaptureFixture) -> None:
    """Down is one thing to know, of another version another."""
    world.put(*world.judge("一条"))
    filer = world.filer()
    with caplog.at_level(logging.WARNING, "tingfeng.app"):
        for bad in (IndexUnavailable("没有回答"), IndexUnavailable("没有回答"), IndexMismatch("映射不同")):
            world.index.trouble = refuses(bad)
            filer.file_once()
            world.clock.now += timedelta(minutes=2)
    assert [record.kind for record in caplog.records] == ["IndexUnavailable", "IndexMismatch"]  # type: ignore[attr-defined]


def test_a_clock_that_was_set_back_does_not_lengthen_the_rest(world: FilingWorld) -> None:
    world.put(*world.judge("一条"), due=START - timedelta(days=2))
    filer = world.filer()
    world.index.trouble = refuses(IndexUnavailable("没有回答"))
    filer.file_once()
    world.index.trouble = None
    world.clock.now -= timedelta(days=1)
    assert filer.file_once() == 1


@pytest.mark.parametrize("bad", [ZeroDivisionError("a bug"), sqlite3.DataError("string or blob too big")])
def test_a_poison_mention_stops_only_itself(world: FilingWorld, bad: Exception) -> None:
    """Its neighbours are in at once; it is tried three times, then set aside with its reason; put again, it is free."""
    keys = world.judge(*numbered(5), "毒", *numbered(5, "后"))
    poison = keys[5]
    world.put(*keys)
    filer = world.filer(batch=11)
    world.index.trouble = breaks_on("毒", bad)
    for _ in range(3):
        filer.drain()
        assert sorted(world.index.content) == sorted(set(keys) - {poison})
        world.clock.now += timedelta(minutes=1)
    assert world.queue.backlog() == (0, 1)
    assert world.reasons() == [f"{type(bad).__name__}: {bad}"]
    assert sum(poison in batch for batch in world.index.came) < 10
    world.index.trouble = None
    assert filer.drain() == 0
    world.put(poison)
    assert filer.drain() == 1
    assert poison in world.index.content


def test_a_poison_mention_and_then_a_dead_server(world: FilingWorld) -> None:
    """What is in stays in, what is not goes back: halves that are done are not done again."""
    keys = world.judge("毒", *numbered(7))
    world.put(*keys)
    seen: list[int] = []

    def trouble(mentions: Sequence[Mention]) -> None:
        seen.append(len(mentions))
        if any("毒" in mention.post.text for mention in mentions):
            raise ZeroDivisionError("a bug")
        if len(seen) > 5:
            raise IndexUnavailable("没有回答")

    world.index.trouble = trouble
    filer = world.filer(batch=8)
    assert filer.file_once() == 0
    assert seen == [8, 4, 2, 1, 1, 2]
    assert list(world.index.content) == [keys[1]]
    assert world.queue.backlog() == (7, 0)
    world.index.trouble = None
    world.clock.now += timedelta(minutes=1)
    assert filer.drain() == 7
    assert sorted(world.index.content) == sorted(keys)


def test_a_refused_mention_is_set_aside_by_name(world: FilingWorld) -> None:
    keys = world.judge("好的", "拒收的", "也好")
    world.put(*keys)
    world.filer().drain()
    assert sorted(world.index.content) == sorted([keys[0], keys[2]])
    assert world.queue.backlog() == (0, 1)
    assert world.reasons() == ["写着拒收"]


def test_what_is_gone_from_the_truth_is_gone_from_the_index(world: FilingWorld) -> None:
    keys = world.judge("一条", "两条")
    world.put(*keys)
    world.filer().drain()
    world.forget(keys[0])
    world.put(keys[0], "f" * 24)
    world.filer().drain()
    assert list(world.index.content) == [keys[1]]
    assert world.queue.backlog() == (0, 0)


def test_what_is_older_than_is_kept_is_not_filed(world: FilingWorld) -> None:
    """`[index] keep` counts from when a post was collected; what became too old meanwhile is taken out."""
    [new] = world.judge("新的", collected=START - timedelta(days=29))
    [old] = world.judge("旧的", collected=START - timedelta(days=31))
    world.put(new, old)
    world.filer(keep=timedelta(days=30)).drain()
    assert list(world.index.content) == [new]
    world.clock.now += timedelta(days=2)
    world.put(new)
    world.filer(keep=timedelta(days=30)).drain()
    assert world.index.content == {}
    world.put(new, old)
    world.filer().drain()
    assert len(world.index.content) == 2


def test_a_database_that_fails_while_filing_gives_the_batch_back(
    world: FilingWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The truth cannot be read for a moment: nothing is set aside, nothing waits for a lease."""
    world.put(*world.judge("一条"))
    filer = world.filer()

    def fails(*_: object) -> None:
        raise OperationalError("SELECT", {}, Exception("gone away"))

    with monkeypatch.context() as patch:
        patch.setattr(type(filer.verdicts), "mentions", fails)
        for _ in range(5):
            with pytest.raises(OperationalError):
                filer.file_once()
    assert filer.file_once() == 1
    assert len(world.index.content) == 1
