"""A person's word holds at once and from then on, over the worker, crashes and races; people are told, or not."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from analysis.corrections import Correction, Objection, RefusedCorrection
from app.feedback import Effect, object_to, take_back
from core.errors import NotFound
from core.model import Grade, Post
from core.schema import alerts, verdict_history, work
from core.work import WorkQueue
from index.base import Query
from index.corrections import CorrectionStore
from tests.app.feedback_world import DAY, HOUR, MINUTE, NOW, World, make_post

BAD = make_post(1, "曜行的店修了三次，发动机还是漏油，一直推诿")
DULL = make_post(2, "曜行城东店周末照常营业，地址没有变")


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path / "var")
    made.take_in(BAD, DULL)
    assert made.mention(BAD).verdict.grade
    assert made.mention(DULL).verdict.grade is None
    return made


def say(world: World, post: Post, **said: Any) -> Effect:
    objection = Objection(**{"kind": "false_alarm", "actor": "张三", "note": "在夸我们", **said})
    world.clock.now += MINUTE
    return object_to(world.product, post.id, [objection])


def judge_again(world: World, post: Post) -> None:
    queue = WorkQueue(world.product.database, "assess")
    with world.product.database.write() as connection:
        queue.put(connection, [post.id], due=world.clock(), now=world.clock())
    world.product.worker.drain()


def test_a_false_alarm_takes_effect_at_once(world: World) -> None:
    """In the store and in the archive's search; the case is not touched, but whoever corrected learns of it."""
    before = world.mention(BAD).verdict
    effect = say(world, BAD)
    after = world.mention(BAD).verdict
    assert effect.after == after
    assert (after.grade, after.risk, after.negative, after.event) == (None, 0, before.negative, before.event)
    [hit] = world.product.index.search(Query(sort="risk", limit=1)).hits
    assert hit.mention.verdict.grade is None
    assert effect.case is not None
    assert effect.case.state == "new"
    assert effect.others_graded == 0


def test_a_false_alarm_does_not_ring_again_and_neither_does_its_withdrawal(world: World) -> None:
    rang = world.rows(alerts)
    effect = say(world, BAD)
    assert effect.dispatched is None
    take_back(world.product, effect.corrections[0].number, actor="李四", note="看错了")
    assert world.mention(BAD).verdict.grade
    assert world.rows(alerts) == rang


def test_a_correction_survives_every_new_judgement(world: World) -> None:
    say(world, BAD)
    judge_again(world, BAD)
    assert world.mention(BAD).verdict.grade is None
    assert "人工更正：误报（张三，3月15日：在夸我们）" in world.mention(BAD).verdict.reasons[0].text


def test_what_people_missed_rings(world: World) -> None:
    """Through the ordinary rules: alert, case, message; once."""
    before = len(world.rows(alerts))
    effect = say(world, DULL, kind="missed", grade="A")
    assert (effect.after.grade, effect.dispatched) == ("A", "alerted")
    assert effect.case is not None
    assert effect.case.grade == "A"
    judge_again(world, DULL)
    assert len(world.rows(alerts)) == before + 1


def test_what_people_missed_rings_however_old_it_is(world: World) -> None:
    """Freshness protects people from machines that find history, not from their colleagues."""
    old = make_post(3, "曜行城西店周末照常营业", published=NOW - 60 * DAY)
    world.take_in(old)
    assert say(world, old, kind="missed", grade="B").dispatched == "alerted"


def test_an_upgrade_rings_and_a_downgrade_does_not(world: World) -> None:
    before = len(world.rows(alerts))
    lower: Grade = "C"
    if world.mention(BAD).verdict.grade != lower:
        assert say(world, BAD, kind="grade", grade=lower).dispatched is None
    assert len(world.rows(alerts)) == before
    assert say(world, BAD, kind="grade", grade="A").dispatched == "alerted"
    assert [row.grade for row in world.rows(alerts)][before:] == ["A"]


def test_an_edited_text_is_judged_anew(world: World) -> None:
    """The person spoke of another text; the machine's view of the new one counts, and the reader is told."""
    say(world, BAD)
    world.clock.now += HOUR
    edited = make_post(1, BAD.text + "。今天刹车也失灵了，差点出人命")
    world.take_in(edited)
    verdict = world.mention(edited).verdict
    assert verdict.grade
    assert verdict.reasons[0].code == "correction.stale"


def test_the_history_tells_what_was_thought_before(world: World) -> None:
    """One line for each verdict that ended, none for judging the same again."""
    machine = world.mention(BAD).verdict
    effect = say(world, BAD)
    judge_again(world, BAD)
    take_back(world.product, effect.corrections[0].number, actor="李四", note="")
    first, second = world.product.verdicts.history(BAD.id)
    assert (first.verdict, first.why, first.judged) == (machine, "correction", NOW)
    assert (second.verdict.grade, second.why) == (None, "correction")
    assert world.product.verdicts.history(DULL.id) == []


def test_two_words_at_once_are_one_step(world: World) -> None:
    """Missed, and about what: either both are in the record or none."""
    both = [
        Objection(kind="missed", actor="张三"),
        Objection(kind="category", categories=("没有这类",), actor="张三"),
    ]
    with pytest.raises(RefusedCorrection):
        object_to(world.product, DULL.id, both)
    assert world.product.corrections.every() == []
    assert world.mention(DULL).verdict.grade is None


def test_a_refused_word_changes_nothing(world: World) -> None:
    before, waiting = world.mention(DULL).verdict, world.rows(work)
    with pytest.raises(RefusedCorrection, match="谈不上误报"):
        say(world, DULL)
    assert world.mention(DULL).verdict == before
    assert world.rows(verdict_history) == []
    assert world.rows(work) == waiting


def test_unknown_posts_and_numbers_are_refused(world: World) -> None:
    with pytest.raises(NotFound):
        object_to(world.product, "f" * 24, [Objection(kind="missed", actor="张三")])
    with pytest.raises(NotFound, match="第 7 号"):
        take_back(world.product, 7, actor="张三", note="")


def test_a_post_that_nobody_judged_yet_is_refused(world: World) -> None:
    waiting = make_post(4, "曜行漏油")
    world.product.posts.keep([waiting], source="s", raw=None, now=NOW)
    with pytest.raises(RefusedCorrection, match="还没有研判"):
        say(world, waiting)
    assert world.product.verdicts.mentions([waiting.id]) == []


def test_a_crash_between_the_record_and_the_verdict_leaves_neither(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No correction without its effect, no effect without its correction."""
    before = world.mention(BAD).verdict

    def full(*_: object, **__: object) -> None:
        raise OSError("disk full")

    with monkeypatch.context() as patch:
        patch.setattr(type(world.product.verdicts), "save", full)
        with pytest.raises(OSError, match="disk full"):
            say(world, BAD)
    assert world.product.corrections.every() == []
    assert world.mention(BAD).verdict == before
    assert say(world, BAD).after.grade is None


def test_an_index_that_is_down_loses_no_correction(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The archive's search follows when it can."""

    def down(*_: object, **__: object) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    with monkeypatch.context() as patch:
        patch.setattr(type(world.product.index), "add_many", down)
        assert say(world, BAD).after.grade is None
    assert WorkQueue(world.product.database, "index").backlog() == (1, 0)
    world.clock.now += HOUR
    world.product.worker.drain()
    [hit] = world.product.index.search(Query(grades=())).hits[:1]
    assert hit.mention.verdict.grade is None
    assert WorkQueue(world.product.database, "index").backlog() == (0, 0)


def test_a_word_said_while_a_worker_judges_is_not_overwritten(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker thought before the person spoke and writes after: it reads what was said under the lock."""
    judged: list[str] = []
    real = CorrectionStore.applied

    def slow(store: CorrectionStore, connection: Connection, *rest: Any) -> Any:
        judged.append("machine")
        return real(store, connection, *rest)

    analyser = type(world.product.analyser)
    assess = analyser.assess

    def speaks_meanwhile(self: Any, posts: Any, **rest: Any) -> Any:
        found = assess(self, posts, **{**rest, "group": None, "background": None})
        if not judged:
            judged.append("person")
            say(world, BAD)
        return found

    monkeypatch.setattr(CorrectionStore, "applied", slow)
    monkeypatch.setattr(analyser, "assess", speaks_meanwhile)
    judge_again(world, BAD)
    assert judged[0] == "person"
    assert judged.count("machine") >= 2
    assert world.mention(BAD).verdict.grade is None


def test_the_record_is_read_with_times_and_names(world: World) -> None:
    before = world.mention(BAD).verdict
    [made] = say(world, BAD).corrections
    assert isinstance(made, Correction)
    assert (made.at, made.actor, made.before.grade) == (NOW + MINUTE, "张三", before.grade)
