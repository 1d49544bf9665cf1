"""What the embedded index promises beyond the contract: readers beside a writer, rebuilds, its file's format."""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.model import Mention, Post, Verdict
from index.base import Query, Term
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


def test_deleted_text_leaves_the_file(index: SqliteIndex) -> None:
    """Retention means gone: no token of a deleted mention can be found in the full-text tables."""
    index.add_many([one(1, "隐私"), one(2, "公开")])
    index.delete([one(1).id])
    index.maintain()
    with sqlite3.connect(index.path) as raw:
        raw.execute("CREATE VIRTUAL TABLE temp.terms USING fts5vocab('main', 'chars', 'row')")
        found = {row[0] for row in raw.execute("SELECT term FROM temp.terms")}
    raw.close()
    assert "开" in found
    assert "隐" not in found
