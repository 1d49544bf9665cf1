"""What the embedded index promises beyond the contract: readers beside a writer, rebuilds, its file's format."""

from __future__ import annotations

import random
import sqlite3
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.model import Author, Mention, Post, Verdict
from index.base import All, AnyOf, Node, Not, Query, Term
from index.embedded import filing, upkeep
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


def terms_of(path: Path, table: str) -> set[str]:
    with closing(sqlite3.connect(path)) as raw:
        raw.execute(f"CREATE VIRTUAL TABLE temp.terms USING fts5vocab('main', '{table}', 'row')")
        return {row[0] for row in raw.execute("SELECT term FROM temp.terms")}


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


def test_a_failed_batch_leaves_nothing(index: SqliteIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch is in whole or not at all."""
    index.add_many([one(0)])
    broken = one(2)
    with pytest.raises(AttributeError):
        index.add_many([one(1), None])  # type: ignore[list-item]
    assert index.count() == 1
    assert index.add_many([one(1), broken]).count == 2


def test_nothing_of_a_removed_mention_stays(index: SqliteIndex) -> None:
    """Retention means gone: after the maintenance neither words nor names are anywhere in the file."""
    named = replace(one(1, "隐私泄露"), post=replace(one(1, "隐私泄露").post, author=Author(name="赵某某")))
    index.add_many([named, one(2, "公开信息")])
    index.delete([named.id])
    index.maintain()
    index.close()
    assert not {"隐", "泄", "隐私", "泄露"} & (terms_of(index.path, "chars") | terms_of(index.path, "words"))
    assert "公开" in terms_of(index.path, "words")
    with closing(sqlite3.connect(index.path)) as raw:
        assert "赵某某" not in {value for (value,) in raw.execute("SELECT value FROM terms")}


def test_a_new_verdict_leaves_the_text_index_alone(index: SqliteIndex) -> None:
    """A reassessment of the whole archive rewrites no text: the mention keeps its row."""
    index.add_many([one(number) for number in range(10)])
    with closing(sqlite3.connect(index.path)) as raw:
        wanted = "SELECT count(*), max(rowid), sum(length(block)) FROM chars_data"
        before = raw.execute(wanted).fetchone()
        index.add_many([replace(one(3), verdict=replace(one(3).verdict, risk=77))])
        assert raw.execute(wanted).fetchone() == before
    assert [hit.mention.verdict.risk for hit in index.search(Query(min_risk=70)).hits] == [77]
    assert total(index) == 10


def test_many_small_batches_read_back_as_one(index: SqliteIndex) -> None:
    """Columns are kept in packs that are joined: additions, changes and removals in any order are what they say."""
    chance = random.Random(5)
    known: dict[int, tuple[int, str, str]] = {}
    other = SqliteIndex(index.path)  # looks only at the end, at packs that were joined meanwhile
    for step in range(150):
        number = chance.randrange(40)
        if chance.random() < 0.2:
            index.delete([one(number).id])
            known.pop(number, None)
        else:
            risk, subject = chance.randrange(100), f"店{chance.randrange(4)}"
            text = chance.choice(("刹车失灵", "异响", "退车"))
            verdict = replace(one(number).verdict, risk=risk, subjects=(subject, "星辰"))
            index.add_many([replace(one(number, text), verdict=verdict)])
            known[number] = risk, subject, text
        if step % 10 == 0:
            assert index.count() == index.search(Query()).total == len(known)
    for reader in (index, other, SqliteIndex(index.path)):
        hits = reader.search(Query(limit=100)).hits
        assert {int(hit.mention.post.native_id): (hit.mention.verdict.risk, hit.mention.verdict.subjects[0],
                                                  hit.mention.post.text) for hit in hits} == known  # fmt: skip
        assert reader.count_by(Query(), "subject") == {
            "星辰": len(known), **Counter(subject for _, subject, _ in known.values())}  # fmt: skip
        for text in ("刹车失灵", "异响", "退车"):
            assert total(reader, text) == sum(said == text for _, _, said in known.values())
        reader.close()
    with closing(sqlite3.connect(index.path)) as raw:
        assert raw.execute("SELECT count(*) FROM packs").fetchone()[0] < 30


def test_what_was_remembered_of_a_text_stays_true(index: SqliteIndex) -> None:
    """A term that was asked before finds what came since, and not what went."""
    index.add_many([one(number) for number in range(3)])
    assert total(index) == 3
    index.add_many([one(3)])
    assert total(index) == 4
    index.delete([one(0).id])
    assert total(index) == 3
    index.add_many([one(0), one(1, "别的话")])
    assert total(index) == 3


def test_tokens_that_cannot_be_made_again_stay_hidden(index: SqliteIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another dictionary cuts a text otherwise: removing it must not spoil the text index, and the state says so."""
    index.add_many([one(1, "刹车失灵了"), one(2, "刹车失灵")])
    with monkeypatch.context() as changed:
        changed.setattr(filing, "text_columns", lambda posts: [("别", "样") for _ in posts])
        assert index.delete([one(1).id]) == 1
    assert total(index) == 1
    assert any("词典更新" in remark for remark in index.state().remarks)
    index.add_many([one(1, "又来")])
    assert total(index, "又来") == 1
    with closing(sqlite3.connect(index.path)) as raw:
        for table in ("chars", "words"):
            raw.execute(f"INSERT INTO {table} ({table}) VALUES ('integrity-check')")


def test_the_maintenance_goes_in_steps(index: SqliteIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between two steps of a merge somebody else may write; at the end there is one piece."""
    monkeypatch.setattr(upkeep, "_STEP", 1)
    for number in range(30):
        index.add_many([one(number * 20 + at, f"刹车失灵{number}号车{at}") for at in range(20)])
    other, writes = SqliteIndex(index.path), 0
    steps = index._connections.write

    @contextmanager
    def told() -> Iterator[sqlite3.Connection]:
        nonlocal writes
        with steps() as connection:
            yield connection
        if writes < 5:
            writes += 1
            other.add_many([one(9000 + writes)])

    monkeypatch.setattr(index._connections, "write", told)
    index.maintain()
    assert total(index) == 605
    assert writes == 5
    other.close()


@pytest.mark.parametrize("levels", [9, 10, 11, 12, 60])
def test_a_tree_may_be_deeper_than_the_text_index_takes(index: SqliteIndex, levels: int) -> None:
    """FTS5 refuses what nests about 17 groups deep: such a tree is answered in parts, with the same hits."""
    index.add_many([one(0, "刹车"), one(1, "刹车异响"), one(2, "漏油")])
    node: Node = Term("异响")
    for _ in range(levels):
        node = AnyOf((Term("漏油"), All((Term("刹车"), Not(Term("漏油")), Not(All((Term("刹车"), Not(node))))))))
    found = index.search(Query(where=node)).hits
    assert {hit.mention.post.text for hit in found} == {"刹车异响", "漏油"}


def test_what_was_removed_weighs_nothing_wherever_it_is_remembered(index: SqliteIndex) -> None:
    """A process that looked before a removal and one that looks after it score alike: pages may come from either."""
    index.add_many([one(number, f"刹车 {number}") for number in range(20)])
    query = Query(where=Term("刹车"), sort="relevance")
    index.search(query)
    index.delete([one(number).id for number in range(10)])
    other = SqliteIndex(index.path)
    assert [hit.score for hit in index.search(query).hits] == [hit.score for hit in other.search(query).hits]
    other.close()
