"""`tingfeng index rebuild` on the real server while people search and mentions come in, killed and run again."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.leases import release_dead_leases
from core.database import Database
from core.errors import TingfengError
from index.base import Query
from index.elastic import ElasticIndex
from tests.elastic.filing_world import Clock, World, make_mention, server_settings
from tests.elastic.manual import commands
from tests.elastic.proxy import Asked, Gateway, HangUp, Said
from tests.elastic.server import Server
from tests.elastic.shell import run_commands

#: A server is started, and killed, and started again: on a busy machine that takes minutes.
pytestmark = pytest.mark.timeout(900)

ROOT = Path(__file__).resolve().parents[2]
BEFORE, MEANWHILE = 3000, 60


def rebuild(folder: Path) -> subprocess.Popen[str]:
    """The command, in a process of its own."""
    command = [sys.executable, "-m", "app", "index", "rebuild", "--config", str(folder / "monitor.toml")]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def write_settings(folder: Path, database: Database, url: str, name: str) -> None:
    (folder / "monitor.toml").write_text(
        f"""
[general]
data_dir = {json.dumps(str(folder))}
[database]
url = {json.dumps(database.url)}
[index]
backend = "elasticsearch"
[elasticsearch]
hosts = [{json.dumps(url)}]
name = {json.dumps(name)}
""",
        encoding="utf-8",
    )
    for file in ("sources.toml", "subjects.toml", "rules.toml"):
        (folder / file).write_text("", encoding="utf-8")


class Reader(threading.Thread):
    """Somebody who searches all the time, and notes how many hits there were, and every error."""

    def __init__(self, index: ElasticIndex) -> None:
        super().__init__()
        self.index, self.over = index, threading.Event()
        self.totals: list[int] = []
        self.troubles: list[str] = []

    def run(self) -> None:
        while not self.over.wait(0.02):
            try:
                self.totals.append(self.index.search(Query(limit=1)).total)
            except TingfengError as trouble:
                self.troubles.append(str(trouble))


def ids_of(asked: Asked) -> set[str]:
    """Which mentions a bulk into a building is about."""
    heads = (json.loads(line)["index"] for line in asked.body.split(b"\n")[:-1:2])
    return {head["_id"] for head in heads if "-b-" in head["_index"]}


def test_a_rebuild_on_the_server_is_killed_and_goes_on_while_everything_else_does(
    database: Database, tmp_path: Path, elasticsearch_server: Server, elasticsearch_name: str
) -> None:
    """Killed with -9 in its last batch; the next run sends that one alone. Nobody ever saw fewer hits, or an error."""
    process: list[subprocess.Popen[str]] = []
    built: list[set[str]] = []

    def kill_in_the_third_batch(asked: Asked) -> Said:
        if asked.is_bulk() and (ids := ids_of(asked)):
            built.append(ids)
            if len(set[str]().union(*built)) > 2 * BEFORE // 3:
                gateway.forward(asked)  # the server has it, and nobody noted that
                process[0].kill()
                process[0].wait()
                return HangUp()
        return None

    world = World(
        database, server_settings(elasticsearch_server.url, elasticsearch_name), clock=Clock(datetime.now(UTC))
    )
    ids = world.judge([make_mention(number) for number in range(BEFORE)])
    world.catch_up()
    assert len(world.found()) == BEFORE
    reader = Reader(ElasticIndex(world.settings))
    reader.start()
    try:
        with Gateway(elasticsearch_server.url, answer=kill_in_the_third_batch) as gateway:
            write_settings(tmp_path, database, gateway.url, elasticsearch_name)
            process.append(rebuild(tmp_path))
            process[0].communicate()
            assert process[0].returncode == -9
            assert any("未完成" in remark for remark in world.index.state().remarks)
            noted = sorted(ids)[: 2 * BEFORE // 3]  # a rebuild goes by id
            ids += world.judge([make_mention(number) for number in range(BEFORE, BEFORE + MEANWHILE)])
            world.catch_up()
            world.index.refresh()
            assert world.index.count() == BEFORE + MEANWHILE
            built.clear()
            gateway.answer = lambda asked: built.append(ids_of(asked)) if asked.is_bulk() else None
            release_dead_leases(database, only=("rebuild",))
            again = rebuild(tmp_path)
            said, complaints = again.communicate()
            assert again.returncode == 0, complaints
            assert f"共 {BEFORE + MEANWHILE} 条" in said
            assert min(set[str]().union(*built)) > noted[-1]
    finally:
        reader.over.set()
        reader.join()
    assert reader.troubles == []
    assert len(reader.totals) > 10
    assert min(reader.totals) >= BEFORE
    assert {one.id for one in world.found()} == set(ids)
    assert world.waiting() == 0
    assert not any("一代" in remark for remark in world.index.state().remarks)
    reader.index.close()
    world.close()


def test_whole_months_are_dropped(database: Database, elasticsearch_server: Server, elasticsearch_name: str) -> None:
    """A month goes when the last day of it is too old, in one piece; what is left is found as before."""
    world = World(database, server_settings(elasticsearch_server.url, elasticsearch_name))
    days = [datetime(2026, month, day, 12, tzinfo=UTC) for month in (1, 2, 3) for day in (1, 15, 28)]
    mentions = [make_mention(number, when=day) for number, day in enumerate(days)]
    world.index.add_many(mentions)
    world.index.refresh()
    before = [
        (datetime(2026, 1, 31, 23, 59, tzinfo=UTC), 0, 9),
        (datetime(2026, 2, 1, tzinfo=UTC), 3, 6),
        (datetime(2026, 2, 28, 23, 59, tzinfo=UTC), 0, 6),
        (datetime(2026, 4, 1, tzinfo=UTC), 6, 0),
    ]
    for moment, gone, left in before:
        assert (world.index.prune(moment), world.index.count()) == (gone, left)
        assert len(world.found()) == left
    # An empty archive takes mentions again.
    assert world.index.add_many(mentions[:1]).count == 1
    assert len(world.found()) == 1
    world.close()


@pytest.fixture
def operated(database: Database, elasticsearch_server: Server) -> World:
    """An index under the name that stands in the page's commands."""
    elasticsearch_server.forget("tingfeng-")
    world = World(database, server_settings(elasticsearch_server.url, "tingfeng"))
    world.judge([make_mention(number) for number in range(50)])
    world.catch_up()
    return world


def test_the_commands_of_the_operators_page_do_what_it_says(operated: World, elasticsearch_server: Server) -> None:
    """Replicas, snapshot, restore, expiry, farewell: typed as they stand, and each has the effect that it promises."""
    server, whole = elasticsearch_server, operated.found()

    def typed(name: str) -> str:
        return run_commands(commands(name).replace("/srv/es-snapshots", str(server.snapshots)), server)

    typed("replicas")
    replicas = server.request("GET", "/tingfeng-mentions/_settings/index.number_of_replicas?flat_settings=true")
    assert {row["settings"]["index.number_of_replicas"] for row in replicas.values()} == {"1"}
    assert any("yellow" in remark for remark in operated.index.state().remarks)

    typed("snapshot")
    operated.judge([make_mention(number) for number in range(50, 60)])
    operated.catch_up()
    assert len(operated.found()) == 60
    typed("restore")
    server.wait()
    assert operated.found() == whole
    # As the page says: what came after the snapshot is only in the truth until a rebuild, or until it is judged again.
    operated.judge([make_mention(number) for number in range(50, 60)])
    operated.catch_up()
    assert len(operated.found()) == 60

    for number in range(15):
        name = f"tingfeng-202601{number + 1:02}000000"
        server.request("PUT", f"/_snapshot/tingfeng/{name}?wait_for_completion=true", {"indices": "tingfeng-m-*"})
    typed("expire")
    left = [one["snapshot"] for one in server.request("GET", "/_snapshot/tingfeng/*")["snapshots"]]
    assert len(left) == 14
    assert "tingfeng-20260101000000" not in left

    typed("farewell")
    assert server.request("GET", "/tingfeng-*/_alias?expand_wildcards=all") == {}
    server.request("DELETE", "/_snapshot/tingfeng")
    operated.close()
