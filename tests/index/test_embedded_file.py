"""The file of the embedded index: other processes, crashes, locks, full disks, damage, other formats."""

from __future__ import annotations

import logging
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.model import Mention, Post, Verdict
from index.base import Query, Term
from index.embedded import filing
from index.embedded.connections import Connections
from index.embedded.schema import FORMAT, SCHEMA
from index.sqlite import SqliteIndex

START = datetime(2026, 3, 15, tzinfo=UTC)


def one(number: int, text: str = "刹车失灵") -> Mention:
    post = Post(kind="forum", site="s", native_id=str(number), url="", channel="forum", text=text, collected=START)
    return Mention(post=post, verdict=Verdict(id=post.id, negative=0.5))


@pytest.fixture
def index(tmp_path: Path) -> Iterator[SqliteIndex]:
    made = SqliteIndex(tmp_path / "deep" / "index.sqlite")
    yield made
    made.close()


def total(index: SqliteIndex, text: str = "刹车失灵") -> int:
    return index.search(Query(where=Term(text))).total


def test_two_writers_of_one_file_take_turns(index: SqliteIndex) -> None:
    """Two processes' worth of writers lose nothing."""
    other = SqliteIndex(index.path)
    threads = [
        threading.Thread(target=lambda who=who, base=base: [who.add_many([one(base + n)]) for n in range(40)])
        for who, base in ((index, 0), (other, 1000))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert total(index) == total(other) == 80
    other.close()


def test_an_older_copy_that_is_restored_is_what_is_searched(index: SqliteIndex, tmp_path: Path) -> None:
    """ ".restore" of SQLite's shell sets the file back under a running program: it goes on with what is there."""
    index.add_many([one(0)])
    with closing(sqlite3.connect(index.path)) as live, closing(sqlite3.connect(tmp_path / "copy")) as copy:
        live.backup(copy)
        index.add_many([one(1, "刹车失灵，漏油"), one(2)])
        assert (total(index), total(index, "漏油")) == (3, 1)
        copy.backup(live)
    with ThreadPoolExecutor(2) as readers:
        assert list(readers.map(lambda text: total(index, text), ["刹车失灵", "漏油"] * 3)) == [1, 0] * 3
    index.add_many([one(3)])
    assert total(index) == 2


def test_a_file_of_another_format_is_emptied(index: SqliteIndex, caplog: pytest.LogCaptureFixture) -> None:
    """The index can be rebuilt, so a file of another program version is started afresh, and the log says so."""
    index.add_many([one(0)])
    index.close()
    newer = Connections(index.path, schema=SCHEMA, version=FORMAT + 1)
    with caplog.at_level(logging.WARNING, "tingfeng.index"), newer.read() as connection:
        assert connection.execute("SELECT count(*) FROM mentions").fetchone() == (0,)
    assert "index_emptied" in caplog.text
    newer.close()


def test_the_file_survives_being_closed(index: SqliteIndex) -> None:
    """What was added is there for the next process; a closed index may be used again."""
    index.add_many([one(0)])
    index.close()
    assert total(SqliteIndex(index.path)) == 1
    assert total(index) == 1


def test_another_process_that_takes_over_is_noticed(index: SqliteIndex) -> None:
    """A rebuild of the command line replaces the content under a running console: its next search sees the new one."""
    index.add_many([one(number) for number in range(5)])
    assert total(index) == 5
    worker = SqliteIndex(index.path)
    building = worker.beside("b1")
    building.add_many([one(7), one(8, "重建之后")])
    building.take_over()
    assert total(index) == 1
    assert total(index, "重建之后") == 1
    building.settled()
    assert sorted(path.name for path in index.path.parent.iterdir() if "building" in path.name) == []
    worker.close()


def test_a_rebuild_that_is_killed_goes_on_where_it_was(index: SqliteIndex) -> None:
    """Whatever `add_many` returned from is in the building when its process is gone."""
    script = (
        "import os, sys; sys.path.insert(0, sys.argv[2])\n"
        "from pathlib import Path\n"
        "from tests.index.test_embedded_file import one\n"
        "from index.sqlite import SqliteIndex\n"
        "building = SqliteIndex(Path(sys.argv[1])).beside('b1')\n"
        "building.add_many([one(number) for number in range(50)])\n"
        "os.kill(os.getpid(), 9)\n"
    )
    root = Path(__file__).resolve().parents[2]
    killed = subprocess.run([sys.executable, "-c", script, str(index.path), str(root)], cwd=root, check=False)
    assert killed.returncode == -9
    building = index.beside("b1")
    assert building.count() == 50
    building.add_many([one(number) for number in range(40, 60)])
    building.take_over()
    assert total(index) == index.count() == 60


def test_a_batch_that_fails_half_way_leaves_nothing(index: SqliteIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk in the middle of a batch: the index is as before, columns and texts alike, and takes the next."""
    index.add_many([one(0)])

    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(filing, "put_pack", full)
        with pytest.raises(sqlite3.OperationalError):
            index.add_many([one(1), replace(one(0), verdict=replace(one(0).verdict, risk=9))])
    assert total(index) == index.count() == 1
    assert index.search(Query(min_risk=1)).total == 0
    index.add_many([one(1)])
    assert total(index) == 2


def test_a_writer_waits_for_another_process(index: SqliteIndex) -> None:
    """A file that somebody writes to is waited for, and read meanwhile."""
    index.add_many([one(0)])
    other = sqlite3.connect(index.path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    waiting = threading.Thread(target=index.add_many, args=([one(1)],))
    waiting.start()
    assert total(index) == 1
    other.execute("ROLLBACK")
    other.close()
    waiting.join()
    assert total(index) == 2


def test_a_damaged_file_says_so(index: SqliteIndex) -> None:
    """Garbage is no empty archive: searches raise instead of finding nothing."""
    index.path.parent.mkdir(parents=True)
    index.path.write_bytes(b"this was an index once " * 1000)
    for ask in (lambda: total(index), lambda: index.add_many([one(0)]), index.count, index.state):
        with pytest.raises(sqlite3.DatabaseError, match="not a database"):
            ask()


def test_a_file_that_took_the_place_of_another_is_opened(index: SqliteIndex) -> None:
    """An operator sets a damaged file aside under a running console: it goes on with the new one."""
    index.add_many([one(0), one(1)])
    assert total(index) == 2
    for end in ("", "-wal", "-shm"):
        part = index.path.with_name(index.path.name + end)
        part.rename(part.with_name("aside" + end))
    assert total(index) == index.count() == 0
    index.add_many([one(5)])
    assert total(index) == total(SqliteIndex(index.path)) == 1
