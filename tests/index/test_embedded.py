"""What the embedded index promises beyond the contract: readers beside a writer, rebuilds, its file's format."""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.database import Database
from core.model import Mention, Post, Verdict
from index.base import Query, Term
from index.connections import Connections
from index.posts import PostStore
from index.rebuild import rebuild
from index.sqlite import FORMAT, SCHEMA, SqliteIndex
from index.verdicts import VerdictStore

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


def judge(database: Database, mentions: list[Mention], now: datetime = START) -> None:
    PostStore(database).keep([mention.post for mention in mentions], source="s", raw=None, now=now)
    store = VerdictStore(database)
    with database.write() as connection:
        store.save(connection, [mention.verdict for mention in mentions], now=now)


def test_readers_go_on_while_a_writer_writes(index: SqliteIndex) -> None:
    """A reader sees whole batches only and never waits; hits and total are of one moment."""
    index.add_many([one(0)])
    seen: list[tuple[int, int]] = []
    finished = threading.Event()

    def read() -> None:
        while not finished.is_set():  # a failure here fails the test: pytest turns it into an error
            page = index.search(Query(where=Term("刹车失灵"), limit=1000))
            seen.append((page.total, len(page.hits)))

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for batch in range(15):
        index.add_many([one(1 + batch * 10 + number) for number in range(10)])
    finished.set()
    for reader in readers:
        reader.join()
    assert all(count == shown and count % 10 == 1 for count, shown in seen)
    assert total(index) == 151


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


def test_a_failed_batch_leaves_nothing(index: SqliteIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch is in whole or not at all."""
    index.add_many([one(0)])
    broken = one(2)
    with pytest.raises(AttributeError):
        index.add_many([one(1), None])  # type: ignore[list-item]
    assert index.count() == 1
    assert index.add_many([one(1), broken]).count == 2


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


def test_a_rebuild_brings_in_what_the_truth_has(index: SqliteIndex, database: Database) -> None:
    """After a rebuild the index holds exactly the judged posts, whatever it held before; progress was told."""
    mentions = [one(number) for number in range(2500)]
    judge(database, mentions)
    index.add_many([one(9999, "早已删除"), replace(mentions[0], post=replace(mentions[0].post, text="旧的说法"))])
    told: list[int] = []
    held = SqliteIndex(index.path)
    assert held.count() == 2
    found = rebuild(index.path, VerdictStore(database), progress=told.append)
    assert found == total(index) == 2500
    assert total(index, "早已删除") == total(index, "旧的说法") == 0
    assert told == [1000, 2000, 2500]
    assert held.count() == total(held) == 2500  # a connection of another process sees the new content
    index.add_many([one(3000)])
    assert total(held) == 2501
    assert sorted(path.name for path in index.path.parent.iterdir() if "rebuild" in path.name) == []
    held.close()


def test_what_is_judged_during_a_rebuild_is_not_lost(index: SqliteIndex, database: Database) -> None:
    """The worker goes on; its mention is in the index when the rebuild is over."""
    judge(database, [one(number) for number in range(10)])
    late = replace(one(0), post=replace(one(0).post, native_id="late"))
    late = replace(late, verdict=replace(late.verdict, id=late.post.id))

    def meanwhile(done: int) -> None:
        judge(database, [late], now=START + timedelta(seconds=5))
        index.add_many([late])

    rebuild(index.path, VerdictStore(database), progress=meanwhile)
    assert total(index) == 11


def test_a_rebuild_that_dies_leaves_the_index_as_it_was(index: SqliteIndex, database: Database) -> None:
    """People go on searching the old index, and the next rebuild starts over."""
    judge(database, [one(number) for number in range(10)])
    index.add_many([one(77)])

    def dies(done: int) -> None:
        raise OSError("disk full")

    store = VerdictStore(database)
    with pytest.raises(OSError, match="disk full"):
        rebuild(index.path, store, progress=dies)
    assert total(index) == 1
    assert rebuild(index.path, store) == 10


def test_a_rebuild_of_nothing_empties_the_index(index: SqliteIndex, database: Database) -> None:
    """No judged posts, no hits."""
    index.add_many([one(1)])
    assert rebuild(index.path, VerdictStore(database)) == 0
    assert total(index) == 0


def test_deleted_text_leaves_the_file(index: SqliteIndex) -> None:
    """Retention means gone: no token of a deleted mention can be found in the full-text tables."""
    index.add_many([one(1, "隐私"), one(2, "公开")])
    index.delete([one(1).id])
    index.optimise()
    with sqlite3.connect(index.path) as raw:
        raw.execute("CREATE VIRTUAL TABLE temp.terms USING fts5vocab('main', 'texts', 'row')")
        found = {row[0] for row in raw.execute("SELECT term FROM temp.terms")}
    raw.close()
    assert "开" in found
    assert "隐" not in found
