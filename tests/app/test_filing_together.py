"""Filers beside whatever else moves: changes while they file, sleepers, a second index, kill -9."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from app.filing import Filing, adopt_left_keys
from app.leases import release_dead_leases
from core.clock import system_clock
from core.database import Database
from core.errors import IndexUnavailable
from core.model import Mention
from core.work import WorkQueue
from index.base import Query
from index.sqlite import SqliteIndex
from tests.app.conftest import ROOT
from tests.app.filing_world import FilingWorld, flat, numbered
from tests.app.memory_index import MemoryIndex


@pytest.fixture
def world(database: Database) -> FilingWorld:
    return FilingWorld(database)


def refuses(bad: Exception) -> Callable[[Sequence[Mention]], None]:
    def trouble(_: Sequence[Mention]) -> None:
        raise bad

    return trouble


@pytest.mark.parametrize("name", ["一条", "拒收的"])
def test_what_is_put_again_while_it_is_filed_is_filed_again(world: FilingWorld, name: str) -> None:
    """A judgement that comes between our reading and our writing is not lost, even where the first was refused."""
    [key] = world.judge(name)
    world.put(key)
    news = [0.9]

    def meanwhile(_: Sequence[Mention]) -> None:
        if news:
            world.rejudge(key, news.pop())
            world.put(key)

    world.index.trouble = meanwhile
    filer = world.filer()
    assert filer.file_once() == 1
    assert world.queue.backlog() == (1, 0)
    assert filer.file_once() == 1
    if name == "一条":
        assert world.index.content[key][1].verdict.negative == 0.9
        assert world.queue.backlog() == (0, 0)
    else:
        assert world.queue.backlog() == (0, 1)


def test_the_slow_reader_does_not_undo_the_quick_one(world: FilingWorld) -> None:
    """A filer that read before a correction and writes after it, its lease gone: the correction stays."""
    [key] = world.judge("一条")
    world.put(key)
    quick = world.filer()

    def stalls(_: Sequence[Mention]) -> None:
        world.index.trouble = None
        world.clock.now += timedelta(hours=1)
        world.rejudge(key, 0.9)
        world.put(key)
        world.clock.now -= timedelta(minutes=30)  # and the other machine's clock is late
        assert quick.file_once() == 1

    world.index.trouble = stalls
    world.filer().file_once()
    assert world.index.content[key][1].verdict.negative == 0.9
    world.filer().drain()
    assert world.index.content[key][1].verdict.negative == 0.9
    assert world.queue.backlog() == (0, 0)


def test_a_late_writer_does_not_bring_back_what_is_gone(world: FilingWorld) -> None:
    """The post was removed while a filer slept that had read it: whoever overslept his lease has it looked at again."""
    [key] = world.judge("一条")
    world.put(key)
    quick = world.filer()

    def stalls(_: Sequence[Mention]) -> None:
        world.index.trouble = None
        world.clock.now += timedelta(hours=1)
        world.forget(key)
        world.put(key)
        assert quick.file_once() == 1

    world.index.trouble = stalls
    world.filer().drain()
    assert world.index.content == {}
    assert world.queue.backlog() == (0, 0)


def test_what_is_filed_while_an_index_is_built_is_remembered(world: FilingWorld) -> None:
    """The building does not have it yet: it will be filed again in it."""
    first, second = world.judge("一条", "两条")
    world.put(first)
    world.filer().drain()
    again = WorkQueue(world.database, "index_again")
    assert again.backlog() == (0, 0)
    with world.database.write() as connection:
        connection.exec_driver_sql(
            "INSERT INTO index_builds (target, build, started, after, done) VALUES ('sqlite', 'b', '2026-03-15', '', 0)"
        )
    world.put(second, second)
    world.filer().drain()
    assert again.backlog() == (1, 0)
    assert sorted(flat(world.index.came)) == sorted([first, second])


def test_what_waited_for_a_fallback_that_is_no_more_is_filed(world: FilingWorld) -> None:
    """Back to the embedded index after a time with a server: what it did not take yet is not forgotten."""
    keys = world.judge(*numbered(4))
    now = world.clock()
    with world.database.write() as connection:
        WorkQueue(world.database, "index_fallback").put(connection, keys[:3], due=now, now=now)
    world.put(keys[3])
    assert adopt_left_keys(world.database, ["index", "index_fallback"], now=now) == 0
    assert adopt_left_keys(world.database, ["index"], now=now) == 3
    assert adopt_left_keys(world.database, ["index"], now=now) == 0
    world.filer().drain()
    assert sorted(world.index.content) == sorted(keys)
    assert WorkQueue(world.database, "index_fallback").backlog() == (0, 0)


def test_one_index_that_is_down_keeps_no_other_waiting(world: FilingWorld) -> None:
    """The fallback goes on to learn what comes in while the server is down."""
    second = MemoryIndex()
    filing = Filing(filers=(world.filer(), world.filer(index=second, queue="index_fallback")))
    world.index.trouble = refuses(IndexUnavailable("没有回答"))
    keys = world.judge(*numbered(10))
    for key in keys:
        with world.database.write() as connection:
            filing.ask(connection, [key], now=world.clock())
    assert filing.drain() == 10
    assert (len(second.content), len(world.index.content), filing.waiting()) == (10, 0, 10)
    world.index.trouble = None
    world.clock.now += timedelta(minutes=1)
    assert filing.drain() == 10
    assert sorted(world.index.content) == sorted(second.content) == sorted(keys)


def test_filers_stop_when_they_are_told(world: FilingWorld) -> None:
    """Each in a thread of its own: what waits is filed, and both end."""
    second = MemoryIndex()
    filing = Filing(filers=(world.filer(), world.filer(index=second, queue="index_fallback")))
    keys = world.judge(*numbered(5))
    with world.database.write() as connection:
        filing.ask(connection, keys, now=world.clock())
    stop = threading.Event()
    running = threading.Thread(target=filing.file_forever, args=[stop])
    running.start()
    deadline = time.monotonic() + 60
    while filing.waiting() and time.monotonic() < deadline:
        time.sleep(0.01)
    stop.set()
    running.join(60)
    assert not running.is_alive()
    assert len(world.index.content) == len(second.content) == 5


@pytest.mark.parametrize("moment", ["read", "written"])
def test_a_killed_filer_loses_nothing_and_doubles_nothing(world: FilingWorld, tmp_path: Path, moment: str) -> None:
    """Kill -9 between reading and writing, and between writing and saying so."""
    keys = world.judge(*numbered(35))
    world.put(*keys)
    file = tmp_path / "index.sqlite"
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.app.filing_process", world.database.url, str(file), moment],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert process.stdout
    assert process.stdout.readline() == "here\n"
    process.kill()
    process.communicate()
    index = SqliteIndex(file)
    assert index.count() == {"read": 10, "written": 20}[moment]
    assert world.queue.backlog() == (25, 0)
    assert release_dead_leases(world.database, only=("index",)) == 10
    assert world.filer(index=index, clock=system_clock, batch=10).drain() == 25
    assert index.count() == 35
    assert {hit.mention.id for hit in index.search(Query(limit=100)).hits} == set(keys)
    assert world.queue.backlog() == (0, 0)
    index.close()
