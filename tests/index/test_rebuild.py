"""Rebuilding an index: nobody waits, nothing is lost, whoever is killed goes on, and one does it at a time."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from app.leases import release_dead_leases
from core.clock import system_clock
from core.database import Database
from core.errors import AlreadyRunning, IndexMismatch, IndexUnavailable
from core.model import Mention
from core.work import WorkQueue
from index.base import Added, Query
from index.builds import Build, read_build
from index.rebuild import Progress, Rebuild
from index.sqlite import SqliteIndex
from tests.app.filing_world import START, FilingWorld, numbered
from tests.app.memory_index import MemoryBuilding, MemoryIndex, Read
from tests.index.rebuild_process import MOMENTS

ROOT = Path(__file__).resolve().parents[2]


class Meddling(MemoryIndex):
    """The index in memory; the test does something before a batch is written, and before the change."""

    before_batch: Callable[[int, Sequence[Mention]], None] | None = None
    before_change: Callable[[], None] | None = None
    after_change: Callable[[], None] | None = None

    def beside(self, name: str) -> MemoryBuilding:
        super().beside(name)
        return MeddlingBuilding(self, name)


class MeddlingBuilding(MemoryBuilding):
    batches = 0

    def add_many(self, mentions: Sequence[Mention], **more: object) -> Added:
        assert isinstance(self.index, Meddling)
        self.batches += 1
        if self.index.before_batch is not None:
            self.index.before_batch(self.batches, mentions)
        return super().add_many(mentions, **more)  # type: ignore[arg-type]

    def take_over(self, *, progress: Callable[[int, int], None] | None = None) -> None:
        assert isinstance(self.index, Meddling)
        if self.index.before_change is not None:
            self.index.before_change()
        super().take_over(progress=progress)
        if self.index.after_change is not None:
            self.index.after_change()


@pytest.fixture
def index() -> Meddling:
    return Meddling()


@pytest.fixture
def world(database: Database, index: Meddling) -> FilingWorld:
    return FilingWorld(database, index=index)


def a_rebuild(world: FilingWorld, **changes: object) -> Rebuild:
    values: dict[str, object] = {
        "database": world.database, "verdicts": world.store, "index": world.index, "target": "memory",
        "queue": "index", "clock": world.clock, "batch": 3, "pause": lambda seconds: None,
    }  # fmt: skip
    return Rebuild(**{**values, **changes})  # type: ignore[arg-type]


def build_of(world: FilingWorld, target: str = "memory") -> Build | None:
    with world.database.read() as connection:
        return read_build(connection, target)


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


class Killed(BaseException):
    """Ends a rebuild as nothing that it expects."""


@pytest.mark.parametrize("batch", [1, 2, 3])
def test_a_rebuild_that_was_stopped_goes_on(world: FilingWorld, index: Meddling, batch: int) -> None:
    """With the batch behind the last one that is in; what is in is not written again."""
    keys = sorted(world.judge(*numbered(8)))
    written: list[str] = []

    def stops(number: int, mentions: Sequence[Mention]) -> None:
        if number == batch:
            raise Killed

    index.before_batch = stops
    with pytest.raises(Killed):
        a_rebuild(world).run()
    assert index.content == {}
    left = build_of(world)
    assert left is not None
    assert left.done == (batch - 1) * 3
    index.before_batch = lambda _, mentions: written.extend(one.id for one in mentions)
    build = a_rebuild(world).run()
    assert (build.name, build.done) == (left.name, 8)
    assert written == keys[(batch - 1) * 3 :]
    assert sorted(index.content) == keys


def test_anew_starts_over(world: FilingWorld, index: Meddling) -> None:
    keys = world.judge(*numbered(8))
    index.before_change = lambda: (_ for _ in ()).throw(Killed())
    with pytest.raises(Killed):
        a_rebuild(world).run()
    [left] = index.buildings
    index.before_change = None
    build = a_rebuild(world).run(anew=True)
    assert (build.name != left, build.done, index.buildings) == (True, 8, {})
    assert sorted(index.content) == sorted(keys)


def test_a_building_that_lost_something_is_built_anew(world: FilingWorld, index: Meddling) -> None:
    """A disk that was lost, a power cut: the notes say more than is in."""
    keys = world.judge(*numbered(8))
    index.before_change = lambda: (_ for _ in ()).throw(Killed())
    with pytest.raises(Killed):
        a_rebuild(world).run()
    index.before_change = None
    [left] = index.buildings
    index.buildings[left].popitem()
    assert a_rebuild(world).run().name != left
    assert sorted(index.content) == sorted(keys)


def test_a_second_rebuild_is_refused_by_name(world: FilingWorld, index: Meddling) -> None:
    """Two would write each other's notes."""
    world.judge(*numbered(4))
    seen: list[str] = []

    def second(*_: object) -> None:
        with pytest.raises(AlreadyRunning) as refused:
            a_rebuild(world, index=MemoryIndex(), target="other").run()
        seen.append(str(refused.value))

    index.before_batch = second
    a_rebuild(world).run()
    assert all("tingfeng index rebuild" in said for said in seen)
    assert len(index.content) == 4
    index.before_batch = None
    assert a_rebuild(world).run().done == 4


def test_a_rebuild_that_overslept_its_lease_stops(world: FilingWorld, index: Meddling) -> None:
    """Somebody else has taken over."""
    world.judge(*numbered(8))

    def sleeps(batch: int, _: Sequence[Mention]) -> None:
        if batch == 2:
            index.before_batch = None
            world.clock.now += timedelta(hours=2)
            a_rebuild(world, batch=10).run()

    index.before_batch = sleeps
    # The other one has the same owner here, so what is lost is the item itself.
    with pytest.raises(AlreadyRunning):
        a_rebuild(world).run()
    assert len(index.content) == 8


def test_an_index_that_is_down_for_a_moment_is_waited_for(world: FilingWorld, index: Meddling) -> None:
    world.judge(*numbered(4))
    waited: list[float] = []

    def down(*_: object) -> None:
        if len(waited) < 3:
            raise IndexUnavailable("没有回答")

    index.before_batch = down
    assert a_rebuild(world, pause=waited.append).run().done == 4
    assert waited == [1.0, 2.0, 5.0]


@pytest.mark.parametrize("bad", [IndexUnavailable("没有回答"), IndexMismatch("映射不同"), OSError(28, "full")])
def test_an_index_that_stays_down_leaves_a_rebuild_to_go_on_with(
    world: FilingWorld, index: Meddling, bad: Exception
) -> None:
    keys = world.judge(*numbered(7))

    def down(batch: int, _: Sequence[Mention]) -> None:
        if batch > 1:
            raise bad

    index.before_batch = down
    with pytest.raises(type(bad)):
        a_rebuild(world).run()
    left = build_of(world)
    assert left is not None
    assert left.done == 3
    index.before_batch = None
    assert a_rebuild(world).run().name == left.name
    assert sorted(index.content) == sorted(keys)


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


def test_another_building_keeps_its_memory(world: FilingWorld, index: Meddling) -> None:
    """One rebuild was left unfinished when another index is rebuilt: what is filed meanwhile is owed to both."""
    other = Meddling()
    world.judge(*numbered(3))
    other.before_change = lambda: (_ for _ in ()).throw(Killed())
    with pytest.raises(Killed):
        a_rebuild(world, index=other, target="other", queue="index_fallback").run()
    [late] = world.judge("后来的")
    world.put(late)
    world.filer().drain()
    a_rebuild(world).run()
    world.filer().drain()
    other.before_change = None
    a_rebuild(world, index=other, target="other", queue="index_fallback").run()
    world.filer(index=other, queue="index_fallback").drain()
    assert sorted(index.content) == sorted(other.content)
    assert late in other.content
    assert WorkQueue(world.database, "index_again").backlog() == (0, 0)


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_killed_rebuild_is_ended_by_the_next_one(world: FilingWorld, tmp_path: Path, moment: str) -> None:
    """Kill -9 at every stage: searches go on as before or find everything, and the next run ends it."""
    keys = world.judge(*numbered(35))
    file = tmp_path / "index.sqlite"
    index = SqliteIndex(file)
    index.add_many(world.store.mentions(keys[:5]), as_of=START)
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.index.rebuild_process", world.database.url, str(file), moment],
        stdout=subprocess.PIPE, text=True, cwd=ROOT,
    )  # fmt: skip
    assert process.stdout
    assert process.stdout.readline() == "here\n"
    [late] = world.judge("后来的")
    world.put(late)
    assert world.filer(index=index, clock=system_clock).drain() == 1
    process.kill()
    process.communicate()
    # So small a file is copied in one step, and "taking over" is told after it.
    assert index.count() == (36 if moment in ("taking over", "taken over") else 6)
    release_dead_leases(world.database, only=("rebuild",))
    build = a_rebuild(world, index=index, target="sqlite", clock=system_clock, batch=10).run()
    assert build.done in (35, 36)
    world.filer(index=index, clock=system_clock).drain()
    assert {hit.mention.id for hit in index.search(Query(limit=100)).hits} == {*keys, late}
    assert index.count() == 36
    assert build_of(world, "sqlite") is None
    assert [path.name for path in tmp_path.iterdir() if "building" in path.name] == []
    index.close()


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
