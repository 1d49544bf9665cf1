"""A rebuild that is stopped, refused, killed: the next one goes on, or begins anew where something was lost."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from app.leases import release_dead_leases
from core.clock import system_clock
from core.database import Database
from core.errors import AlreadyRunning, IndexMismatch, IndexUnavailable
from core.model import Mention
from core.work import WorkQueue
from index.base import Query
from index.sqlite import SqliteIndex
from tests.app.filing_world import START, FilingWorld, numbered
from tests.app.memory_index import MemoryIndex
from tests.index.rebuild_process import MOMENTS
from tests.index.rebuild_world import Killed, Meddling, a_rebuild, build_of

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def index() -> Meddling:
    return Meddling()


@pytest.fixture
def world(database: Database, index: Meddling) -> FilingWorld:
    return FilingWorld(database, index=index)


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
    assert index.count() == (36 if moment in ("taking over", "taken over", "settled") else 6)
    release_dead_leases(world.database, only=("rebuild",))
    build = a_rebuild(world, index=index, target="sqlite", clock=system_clock, batch=10).run()
    assert build.done in (35, 36)
    world.filer(index=index, clock=system_clock).drain()
    assert {hit.mention.id for hit in index.search(Query(limit=100)).hits} == {*keys, late}
    assert index.count() == 36
    assert build_of(world, "sqlite") is None
    assert [path.name for path in tmp_path.iterdir() if "building" in path.name] == []
    index.close()
