"""Rebuilding an index: nobody waits, nothing is lost, whoever is killed goes on, and one does it at a time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from core.clock import system_clock
from core.database import Database
from core.model import Mention
from core.work import WorkQueue
from index.base import Query
from index.rebuild import Progress
from index.sqlite import SqliteIndex
from tests.app.filing_world import START, FilingWorld, numbered
from tests.app.memory_index import Read
from tests.index.rebuild_world import Meddling, a_rebuild, build_of


@pytest.fixture
def index() -> Meddling:
    return Meddling()


@pytest.fixture
def world(database: Database, index: Meddling) -> FilingWorld:
    return FilingWorld(database, index=index)


def test_a_rebuild_brings_in_what_the_truth_has(world: FilingWorld, index: Meddling) -> None:
    """Whatever the index held before; progress is told; no notes and no building are left."""
    keys = world.judge(*numbered(8))
    gone = world.judge("早已删除")
    world.put(*gone)
    world.filer().drain()
    world.forget(gone[0])
    said: list[object] = []

    class Told(Progress):
        def begun(self, *, done: int, total: int) -> None:
            said.append((done, total))

        def filled(self, done: int) -> None:
            said.append(done)

        def taking_over(self, done: int, total: int) -> None:
            said.append((done, total))

    assert a_rebuild(world).run(progress=Told()).done == 8
    assert said == [(0, 8), 3, 6, 8, (1, 1)]
    assert sorted(index.content) == sorted(keys)
    assert (build_of(world), index.buildings) == (None, {})


def test_a_rebuild_of_nothing_empties_the_index(world: FilingWorld, index: Meddling) -> None:
    [key] = world.judge("一条")
    world.put(key)
    world.filer().drain()
    world.forget(key)
    assert a_rebuild(world).run().done == 0
    assert index.content == {}


def test_what_happens_meanwhile_is_in_at_the_end(world: FilingWorld, index: Meddling) -> None:
    """Judged, judged otherwise and removed while the building is filled: the filer files it once more."""
    keys = sorted(world.judge(*numbered(9)))
    happened: list[str] = []

    def meddle(batch: int, _: Sequence[Mention]) -> None:
        if batch == 3:
            world.rejudge(keys[0], 0.9)  # is in the building already, as it was
            world.forget(keys[1])
            happened.extend(world.judge("新来的"))
            world.put(keys[0], keys[1], *happened)
            assert world.filer().drain() == 3

    index.before_batch = meddle
    a_rebuild(world).run()
    world.filer().drain()
    assert sorted(index.content) == sorted({*keys, *happened} - {keys[1]})
    assert index.content[keys[0]][1].verdict.negative == 0.9
    assert world.queue.backlog() == (0, 0)
    assert WorkQueue(world.database, "index_again").backlog() == (0, 0)


def test_a_filer_that_writes_while_the_index_changes_loses_nothing(world: FilingWorld, index: Meddling) -> None:
    """It wrote into the old one, and says that it is done when the notes are gone: it is asked once more."""
    keys = world.judge(*numbered(4))
    a_rebuild(world).run()
    world.rejudge(keys[0], 0.9)
    world.put(keys[0])
    fresh: list[dict[str, Read]] = []

    def rebuilds_meanwhile(_: Sequence[Mention]) -> None:
        if not fresh:
            # The filer has read and is about to write into what is then the old index.
            old = index.content
            a_rebuild(world).run()
            fresh.append(index.content)
            index.content = old

    index.trouble = rebuilds_meanwhile
    filer = world.filer()
    assert filer.file_once() == 1
    [index.content] = fresh
    assert world.queue.backlog() == (1, 0)
    filer.drain()
    assert index.content[keys[0]][1].verdict.negative == 0.9
    assert world.queue.backlog() == (0, 0)


def test_what_was_read_for_the_building_does_not_undo_what_was_filed(world: FilingWorld, index: Meddling) -> None:
    """The batch was read before a correction and is written after the change: the correction stays."""
    [key] = world.judge("一条")

    def corrected(*_: object) -> None:
        world.rejudge(key, 0.9)
        world.put(key)
        world.filer().drain()

    index.before_batch = corrected
    a_rebuild(world).run()
    world.filer().drain()
    assert index.content[key][1].verdict.negative == 0.9


def test_a_poison_mention_is_left_out_by_name(
    world: FilingWorld, index: Meddling, caplog: pytest.LogCaptureFixture
) -> None:
    keys = world.judge(*numbered(4), "毒", "拒收的", *numbered(4, "后"))

    def breaks(_: int, mentions: Sequence[Mention]) -> None:
        if any(one.post.text == "毒" for one in mentions):
            raise ZeroDivisionError("a bug")

    index.before_batch = breaks
    assert a_rebuild(world, batch=100).run().done == 8
    assert sorted(index.content) == sorted(set(keys) - {keys[4], keys[5]})
    assert [record.post for record in caplog.records if record.message == "mention_not_indexed"] == [keys[4]]  # type: ignore[attr-defined]


def test_what_is_older_than_is_kept_is_not_rebuilt(world: FilingWorld, index: Meddling) -> None:
    [new] = world.judge("新的", collected=START - timedelta(days=29))
    world.judge("旧的", collected=START - timedelta(days=31))
    assert a_rebuild(world, keep=timedelta(days=30)).run().done == 1
    assert list(index.content) == [new]


def test_other_processes_see_the_new_index_in_the_file_they_hold(world: FilingWorld, tmp_path: Path) -> None:
    """A console that runs needs no restart: the file stays, its content is another."""
    keys = world.judge(*numbered(12))
    index, held = SqliteIndex(tmp_path / "index.sqlite"), SqliteIndex(tmp_path / "index.sqlite")
    index.add_many(world.store.mentions(keys[:2]), as_of=START)
    assert held.search(Query()).total == 2
    a_rebuild(world, index=index, clock=system_clock).run()
    assert held.search(Query()).total == held.count() == 12
    held.delete(keys[:1])
    assert index.search(Query()).total == 11
    index.close()
    held.close()
