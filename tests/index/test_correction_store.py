"""The record of corrections: what makes no sense stays out, what is in stays in, and it holds over new judgements."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from analysis.corrections import Correction, Objection, RefusedCorrection
from core.database import Database
from core.errors import NotFound
from core.model import Post, Verdict
from core.schema import corrections
from index.corrections import CorrectionStore
from index.posts import PostStore
from index.verdicts import VerdictStore

NOW = datetime(2026, 3, 15, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
CATEGORIES = ("售后维修", "服务态度")


def make_post(number: int = 1, text: str = "曜行的店修了三次还漏油") -> Post:
    return Post(
        kind="forum",
        site="bbs.example",
        native_id=str(number),
        url=f"https://bbs.example/{number}",
        channel="forum",
        title="维权",
        text=text,
        published=NOW,
        collected=NOW,
    )


def make_verdict(post: Post, **changes: Any) -> Verdict:
    values = {"negative": 0.8, "subjects": ("曜行汽车",), "risk": 55, "grade": "B", "model": "m1", **changes}
    return Verdict(id=post.id, **values)


@pytest.fixture
def store(database: Database) -> CorrectionStore:
    return CorrectionStore(database)


def keep(database: Database, post: Post, **changes: Any) -> str:
    PostStore(database).keep([post], source="s", raw=None, now=NOW)
    with database.write() as connection:
        VerdictStore(database).save(connection, [make_verdict(post, **changes)], now=NOW)
    return post.id


def add(store: CorrectionStore, post: str, *, now: datetime = NOW, **said: Any) -> Correction:
    objection = Objection(**{"kind": "false_alarm", "actor": "张三", **said})
    with store.database.write() as connection:
        return store.add(connection, post, objection, now=now, categories=CATEGORIES, subjects=("曜行汽车",))


def applied(store: CorrectionStore, post: Post, **changes: Any) -> Verdict:
    with store.database.write() as connection:
        [found] = store.applied(connection, [post], [make_verdict(post, **changes)])
    return found


@pytest.mark.parametrize(
    "said",
    [
        {"kind": "false_alarm", "note": "在夸我们"},
        {"kind": "grade", "grade": "A"},
        {"kind": "category", "categories": ("服务态度", "售后维修")},
    ],
)
def test_a_correction_comes_back_whole(store: CorrectionStore, said: dict[str, Any]) -> None:
    """With what the verdict said then."""
    post = keep(store.database, make_post())
    made = add(store, post, **said)
    assert store.of([post, "unknown"]) == {post: (made,)}
    assert store.every() == [made]
    assert (made.before.grade, made.before.negative, made.before.model) == ("B", 0.8, "m1")
    assert {name: getattr(made, name) for name in said} == said


def test_a_missed_post_is_at_least_c(store: CorrectionStore) -> None:
    post = keep(store.database, make_post(), negative=0.2, risk=0, grade=None, subjects=())
    made = add(store, post, kind="missed", subjects=("曜行汽车",))
    assert (made.grade, made.subjects) == ("C", ("曜行汽车",))


def test_an_unknown_post_cannot_be_corrected(store: CorrectionStore) -> None:
    with pytest.raises(NotFound, match="没有这一帖"):
        add(store, "0" * 24)


def test_a_post_without_a_verdict_cannot_be_corrected(store: CorrectionStore) -> None:
    post = make_post()
    PostStore(store.database).keep([post], source="s", raw=None, now=NOW)
    with pytest.raises(RefusedCorrection, match="还没有研判"):
        add(store, post.id)


def test_nonsense_leaves_no_trace(store: CorrectionStore) -> None:
    post = keep(store.database, make_post())
    for said in ({"actor": ""}, {"kind": "missed"}, {"kind": "category", "categories": ("天气",)}):
        with pytest.raises(RefusedCorrection):
            add(store, post, **said)
    assert store.every() == []
    assert store.count() == 0


def test_a_correction_of_a_transaction_that_fails_is_not_in_the_record(store: CorrectionStore) -> None:
    post = keep(store.database, make_post())
    said = Objection(kind="false_alarm", actor="张三")
    with pytest.raises(OSError, match="full"), store.database.write() as connection:
        store.add(connection, post, said, now=NOW, categories=CATEGORIES)
        raise OSError("disk full")
    assert store.every() == []


def test_taking_back_keeps_the_record_and_says_who(store: CorrectionStore) -> None:
    post = keep(store.database, make_post())
    made = add(store, post, note="在夸我们")
    with store.database.write() as connection:
        back = store.withdraw(connection, made.number, actor="李四", note="看错了", now=NOW + MINUTE)
    assert back == replace(made, withdrawn=NOW + MINUTE, note="在夸我们\n[撤回] 李四：看错了")
    assert store.every() == [back]
    assert store.count() == 0
    assert applied(store, make_post()) == make_verdict(make_post())


def test_taking_back_twice_nothing_or_anonymously_is_refused(store: CorrectionStore) -> None:
    made = add(store, keep(store.database, make_post()))
    with store.database.write() as connection:
        with pytest.raises(NotFound, match="第 99 号"):
            store.withdraw(connection, 99, actor="李四", note="", now=NOW)
        with pytest.raises(RefusedCorrection, match="谁撤回"):
            store.withdraw(connection, made.number, actor=" ", note="", now=NOW)
        store.withdraw(connection, made.number, actor="李四", note="", now=NOW)
        with pytest.raises(RefusedCorrection, match=r"已在 03-15 20:00 撤回"):
            store.withdraw(connection, made.number, actor="李四", note="", now=NOW)


def test_corrections_hold_over_what_the_machine_says_next(store: CorrectionStore) -> None:
    """A better model, another rule: the person's word stays. Other posts are left alone."""
    post = keep(store.database, make_post())
    add(store, post)
    found = applied(store, make_post(), negative=0.99, risk=90, grade="A", model="m2")
    assert (found.grade, found.risk, found.model) == (None, 0, "m2")
    assert applied(store, make_post(2)) == make_verdict(make_post(2))


def test_an_edited_text_is_not_what_was_corrected(store: CorrectionStore) -> None:
    """The text that was judged decides, whatever the store holds by now."""
    post = keep(store.database, make_post())
    add(store, post)
    edited = make_post(text="曜行的店修了三次还漏油，今天刹车也失灵了")
    assert applied(store, edited).grade == "B"
    assert applied(store, make_post()).grade is None


def test_a_text_with_characters_that_no_database_takes_is_still_the_same_text(store: CorrectionStore) -> None:
    """A surrogate is replaced when it is stored; the post in memory must be recognised all the same."""
    post = make_post(text="漏油\ud83d！\x00真的")
    add(store, keep(store.database, post))
    assert applied(store, post).grade is None
    assert applied(store, PostStore(store.database).get([post.id])[post.id]).grade is None


def test_lessons_are_what_counts_with_the_text_as_it_was_read(store: CorrectionStore) -> None:
    """Overruled and taken back is no lesson; a text edited since is taught as it stood; its new text is another one."""
    first = keep(store.database, make_post(1))
    second = keep(store.database, make_post(2))
    add(store, first, now=NOW, kind="grade", grade="A")
    last = add(store, first, now=NOW + MINUTE, actor="李四")
    matter = add(store, first, now=NOW + MINUTE, kind="category", categories=("服务态度",))
    back = add(store, second)
    with store.database.write() as connection:
        store.withdraw(connection, back.number, actor="张三", note="", now=NOW)
    keep(store.database, make_post(1, text="曜行的店修了三次还漏油，已退车"))
    after_edit = add(store, first, now=NOW + 2 * MINUTE)
    lessons = list(store.lessons())
    assert [one.correction for one in lessons] == [last, matter, after_edit]
    assert [one.post.text[-4:] for one in lessons] == ["次还漏油", "次还漏油", "，已退车"]
    assert {one.post.channel for one in lessons} == {"forum"}
    assert [one.correction for one in store.lessons(NOW + 2 * MINUTE)] == [after_edit]


def test_the_record_can_be_read_from_a_moment_on(store: CorrectionStore) -> None:
    post = keep(store.database, make_post())
    add(store, post)
    late = add(store, post, now=NOW + MINUTE)
    assert store.every(NOW + MINUTE) == [late]
    assert store.every(NOW + 2 * MINUTE) == []


def test_the_table_holds_only_what_was_said(store: CorrectionStore) -> None:
    """As the schema promises: {} where the kind says it all."""
    add(store, keep(store.database, make_post()))
    with store.database.read() as connection:
        [row] = connection.execute(select(corrections)).all()
    assert (row.kind, row.after, row.withdrawn) == ("false_alarm", {}, None)
    assert set(row.before) == {"negative", "grade", "categories", "subjects", "model"}
