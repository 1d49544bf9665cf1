"""`tingfeng index`: rebuild, status and maintain as an operator types them, and searches while the index is down."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest

from core.clock import system_clock
from core.config import load_settings
from core.database import Database
from core.work import WorkQueue
from index.builds import begin
from tests.app.conftest import Desk
from tests.app.filing_world import FilingWorld, numbered

NOBODY = '[elasticsearch]\nhosts = ["http://127.0.0.1:1"]\n'


@pytest.fixture
def world(desk: Desk) -> FilingWorld:
    """Twelve judged posts that were never filed."""
    settings = load_settings(desk.folder / "monitor.toml", {})
    settings.data_dir.mkdir(parents=True)
    database = Database(settings.database_url)
    database.migrate()
    made = FilingWorld(database)
    now = system_clock()
    made.clock.now = now
    made.judge(*numbered(12, "刹车失灵"), collected=now - timedelta(days=1))
    return made


def add(desk: Desk, text: str) -> None:
    path = desk.folder / "monitor.toml"
    path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")


def found(desk: Desk) -> int:
    done = desk.run("search", "刹车失灵", "--limit", "100", "--json")
    assert done.code == 0, done.err
    return len(done.out.splitlines())


def test_a_rebuild_finds_everything(desk: Desk, world: FilingWorld) -> None:
    assert found(desk) == 0
    assert "tingfeng index rebuild" in desk.run("doctor").out
    done = desk.run("index", "rebuild")
    assert (done.code, done.out) == (0, "索引已重建，共 12 条\n"), done.err
    assert found(desk) == 12
    assert desk.run("index", "rebuild", "--anew").code == 0


def test_a_rebuild_that_was_left_goes_on_and_status_tells(desk: Desk, world: FilingWorld) -> None:
    with world.database.write() as connection:
        begin(connection, "sqlite", now=system_clock())
    [state] = desk.lines("index", "status")
    assert state["building"]["mentions"] == 0
    assert "接着做" in desk.run("index", "status").out
    assert desk.run("index", "rebuild").code == 0
    assert desk.lines("index", "status")[0]["building"] is None
    assert found(desk) == 12


def test_a_second_rebuild_is_refused_in_one_line(desk: Desk, world: FilingWorld) -> None:
    lease, now = WorkQueue(world.database, "rebuild"), system_clock()
    with world.database.write() as connection:
        lease.put(connection, ["index"], due=now, now=now)
    lease.claim(1, owner="elsewhere:77", now=now, lease=timedelta(minutes=5))
    done = desk.run("index", "rebuild")
    assert (done.code, done.err.count("\n")) == (1, 1)
    assert "elsewhere:77" in done.err


def test_status_is_for_people_and_for_machines(desk: Desk, world: FilingWorld) -> None:
    desk.run("index", "rebuild")
    [key, *_] = world.judge("又一条")
    world.put(key)
    [state] = desk.lines("index", "status")
    assert state["engine"].startswith("SQLite ")
    assert (state["target"], state["mentions"], state["waiting"], state["buried"]) == ("sqlite", 12, 1, 0)
    assert state["pieces"][0]["size"] > 0
    assert state["problem"] is None
    shown = desk.run("index", "status").out
    assert "12 条" in shown
    assert "排队待写入：1 条" in shown


def test_maintenance_removes_what_is_too_old(desk: Desk, world: FilingWorld) -> None:
    """The truth is not touched: with a longer `keep` a rebuild brings it back."""
    world.judge("刹车失灵旧闻", collected=system_clock() - timedelta(days=50))
    assert desk.run("index", "rebuild").out == "索引已重建，共 13 条\n"
    done = desk.run("index", "maintain")
    assert (done.code, done.out) == (0, "内嵌索引：已整理\n"), done.err
    add(desk, '[index]\nkeep = "30d"\n')
    done = desk.run("index", "maintain")
    assert (done.code, done.out) == (0, "内嵌索引：已整理，移出 1 条过期的提及\n"), done.err
    assert found(desk) == 12
    assert desk.run("index", "maintain", "--quiet").out == ""
    assert desk.run("doctor").out.count("index rebuild") == 0
    assert desk.run("index", "rebuild").out == "索引已重建，共 12 条\n"
    assert world.store.count() == 13


def test_a_damaged_file_is_set_aside(desk: Desk, world: FilingWorld) -> None:
    file = desk.data / "index.sqlite"
    file.write_bytes(b"these bytes are no database" * 100)
    done = desk.run("index", "status", "--json")
    [state] = [json.loads(line) for line in done.out.splitlines()]
    assert (done.code, state["mentions"]) == (1, None)
    assert "损坏" in state["problem"]
    done = desk.run("index", "rebuild")
    assert done.code == 0
    assert "index.sqlite.damaged" in done.err
    assert found(desk) == 12


def test_a_server_that_is_down_is_one_line_and_work_goes_on(desk: Desk, world: FilingWorld) -> None:
    """Searching and rebuilding say what is wrong; judging does not mind, and nothing is lost."""
    add(desk, '[index]\nbackend = "elasticsearch"\n' + NOBODY)
    for command in (("search", "刹车"), ("index", "rebuild"), ("index", "maintain")):
        done = desk.run(*command)
        assert (done.code, done.err.count("\n")) == (1, 1), done.err
        assert "连接不上 Elasticsearch" in done.err
    done = desk.run("index", "status", "--json")
    [state] = [json.loads(line) for line in done.out.splitlines()]
    assert done.code == 1
    assert "连接不上" in state["problem"]
    world.put(*world.judge("还有一条"))
    done = desk.run("work", "--once")
    assert done.code == 0, done.err
    assert re.search(r"\d+ 条留在队列里", done.err)
    assert world.queue.backlog()[1] == 0
    assert world.queue.backlog()[0] > 0


def test_a_fallback_answers_and_is_rebuilt_by_its_name(desk: Desk, world: FilingWorld) -> None:
    add(desk, '[index]\nbackend = "elasticsearch"\nfallback = "sqlite"\n' + NOBODY)
    done = desk.run("index", "rebuild", "--fallback")
    assert (done.code, done.out) == (0, "索引已重建，共 12 条\n"), done.err
    assert found(desk) == 12
    done = desk.run("search", "刹车失灵")
    assert done.code == 0
    assert "以下来自内嵌索引" in done.out + done.err
    states = {
        state["target"]: state for state in map(json.loads, desk.run("index", "status", "--json").out.splitlines())
    }
    assert states["elasticsearch:tingfeng"]["problem"]
    assert states["sqlite"]["mentions"] == 12


def test_there_is_no_fallback_to_rebuild(desk: Desk, world: FilingWorld) -> None:
    done = desk.run("index", "rebuild", "--fallback")
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert "没有设后备索引" in done.err


def test_what_waits_is_filed_by_who_works_once(desk: Desk, world: FilingWorld) -> None:
    """`work --once` ends with everything filed."""
    keys = world.judge(*numbered(3, "漏油"))
    with world.database.write() as connection:
        WorkQueue(world.database, "publish").put(connection, keys, due=system_clock(), now=system_clock())
    assert desk.run("work", "--once").code == 0
    assert world.queue.backlog() == (0, 0)
    assert len(desk.lines("search", "漏油")) == 3
