"""The archive judged again: what is different is kept and counted, old posts ring nobody, a killed run is run again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from alerts.digest import build
from analysis.corrections import Objection
from app.feedback import object_to
from app.reassessing import Summary, changes, reassess
from core.model import Post, Verdict
from core.schema import alerts, dispatches, verdict_history, verdicts, work
from core.settings import SubjectSettings
from index.base import Query
from index.reassessing import Part, count, read
from tests.app.feedback_world import DAY, HOUR, NOW, World, make_post

TROUBLE = "高速上刹车失灵差点没命，店里推诿不管，已经向12315投诉，要求退一赔三"
#: Named by a nickname that the subjects do not know yet.
NAMELESS = make_post(1, f"小曜{TROUBLE}")
PLAIN = make_post(2, "曜行城东店周末照常营业，地址没有变")
KNOWN = make_post(3, "曜行的店修了三次，发动机还是漏油，一直推诿")
NICKNAMED = SubjectSettings(name="曜行汽车", aliases=("曜行", "小曜"))
EVERYTHING = Part()


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path / "var")
    made.take_in(NAMELESS, PLAIN, KNOWN)
    assert made.mention(NAMELESS).verdict.grade is None
    return made


def with_the_nickname(world: World) -> World:
    """The operator adds an alias; every process is started anew."""
    world.product = world.product_with(NICKNAMED)
    return world


def rung(world: World) -> list[str]:
    return [row.post for row in world.rows(alerts)]


def test_an_alias_added_today_finds_last_months_posts(world: World) -> None:
    """In the store, in the archive's search and in the summary; what was thought before is kept."""
    world.clock.now += 30 * DAY
    with_the_nickname(world)
    summary = reassess(world.product, EVERYTHING)
    found = world.mention(NAMELESS).verdict
    assert (found.subjects, found.grade in ("A", "B")) == (("曜行汽车",), True)
    assert summary.counts["graded"] == summary.counts["mentioned"] == 1
    assert [one.mention.id for one in summary.gravest] == [NAMELESS.id]
    hits = world.product.index.search(Query(subjects=("曜行汽车",), sort="risk")).hits
    assert hits[0].mention.id == NAMELESS.id
    [before] = world.product.verdicts.history(NAMELESS.id)
    assert (before.verdict.subjects, before.why) == ((), "reassess")


def test_old_posts_ring_nobody_and_are_read_in_the_digest(world: World) -> None:
    """Neither now nor when anything is published later."""
    before = rung(world)
    world.clock.now += 30 * DAY
    with_the_nickname(world)
    assert reassess(world.product, EVERYTHING).to_digest == 1
    world.take_in(make_post(9, "曜行周末照常营业"))
    assert rung(world) == before
    world.clock.now += HOUR
    today = world.clock.now.astimezone(world.product.settings.zone).date()
    digest = build(today, database=world.product.database, settings=world.product.settings, now=world.clock.now)
    assert digest.old == 1
    [row] = [row for row in world.rows(dispatches) if row.post == NAMELESS.id]
    assert (row.outcome, row.reason) == ("digest", "reassessed")


def test_a_fresh_post_rings_like_any_other(world: World) -> None:
    """A grade that a better judgement finds an hour later is news."""
    before = rung(world)
    world.clock.now += HOUR
    with_the_nickname(world)
    assert reassess(world.product, EVERYTHING).to_digest == 0
    assert rung(world) == [*before, NAMELESS.id]


def test_old_posts_ring_if_that_is_asked_for(world: World) -> None:
    before = rung(world)
    world.clock.now += 3 * DAY
    with_the_nickname(world)
    reassess(world.product, EVERYTHING, alert=True)
    assert rung(world) == [*before, NAMELESS.id]


def test_even_then_history_at_its_first_sight_stays_history(world: World) -> None:
    old = make_post(5, f"小曜{TROUBLE}，已经一年了", published=NOW - 300 * DAY)
    world.take_in(old)
    world.clock.now += DAY
    with_the_nickname(world)
    reassess(world.product, EVERYTHING, alert=True)
    assert old.id not in rung(world)


def test_a_post_that_comes_in_while_the_archive_is_judged_still_rings(world: World) -> None:
    """It is published for the first time: nobody has decided about it yet, however long the queue stood still."""
    world.clock.now += 3 * DAY
    late = make_post(6, f"曜行{TROUBLE}", published=world.clock.now - 2 * DAY, collected=world.clock.now - 2 * DAY)
    world.product.posts.keep([late], source="s", raw=None, now=world.clock.now)
    world.product.worker.assess_once()
    assert reassess(world.product, EVERYTHING).to_digest == 0
    assert late.id in rung(world)


def test_judging_the_same_again_leaves_no_trace(world: World) -> None:
    before = (world.rows(verdict_history), rung(world), world.rows(dispatches))
    summary = reassess(world.product, EVERYTHING)
    assert (summary.judged, summary.changed, summary.to_digest) == (3, 0, 0)
    assert (world.rows(verdict_history), rung(world), world.rows(dispatches)) == before


def test_a_dry_run_tells_all_and_writes_nothing(world: World) -> None:
    world.clock.now += 30 * DAY
    with_the_nickname(world)
    before = [world.rows(table) for table in (verdicts, verdict_history, dispatches, alerts, work)]
    dry = reassess(world.product, EVERYTHING, dry_run=True)
    assert [world.rows(table) for table in (verdicts, verdict_history, dispatches, alerts, work)] == before
    wet = reassess(world.product, EVERYTHING)
    assert dry.to_json() == wet.to_json()
    assert dry.counts["graded"] == 1


def test_a_correction_holds_over_the_new_judgement(world: World) -> None:
    object_to(world.product, KNOWN.id, [Objection(kind="false_alarm", actor="张三")])
    with_the_nickname(world)
    reassess(world.product, EVERYTHING)
    assert world.mention(KNOWN).verdict.grade is None
    assert world.mention(NAMELESS).verdict.grade


def test_a_post_keeps_its_event(world: World) -> None:
    """Also when the new judgement sees nothing to tell: alerts and cases hold on to it."""
    event = world.mention(KNOWN).verdict.event
    assert event
    world.product = world.product_with(replace_aliases("别家"))
    reassess(world.product, EVERYTHING)
    lost = world.mention(KNOWN).verdict
    assert (lost.subjects, lost.grade, lost.event) == ((), None, event)


def replace_aliases(*aliases: str) -> SubjectSettings:
    return SubjectSettings(name="别家汽车", aliases=aliases)


def test_a_killed_run_is_run_again(world: World) -> None:
    """What was done stays, what was not is done; nothing twice, and nobody is rung in between."""
    before = rung(world)
    second = make_post(7, f"小曜{TROUBLE}，第二家店也一样", published=NOW)
    world.take_in(second)
    world.clock.now += 30 * DAY
    with_the_nickname(world)
    settings = world.product.settings
    small = settings.model_copy(update={"analysis": settings.analysis.model_copy(update={"batch": 1})})
    world.product = replace(world.product, settings=small)

    def killed(sofar: Summary) -> None:
        if sofar.changed == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        reassess(world.product, EVERYTHING, progress=killed)
    grades = [bool(world.mention(post).verdict.grade) for post in (NAMELESS, second)]
    assert sorted(grades) == [False, True]
    summary = reassess(world.product, EVERYTHING)
    assert summary.counts["graded"] == 1
    assert len(world.rows(verdict_history)) == 2
    assert rung(world) == before


def test_a_batch_that_fails_leaves_no_half(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Silenced without a verdict would be a loss: both are written or none."""
    world.clock.now += 30 * DAY
    with_the_nickname(world)
    before = world.rows(dispatches)

    def full(*_: object, **__: object) -> None:
        raise OSError("disk full")

    with monkeypatch.context() as patch:
        patch.setattr("app.reassessing.leave_to_digest", full)
        with pytest.raises(OSError, match="disk full"):
            reassess(world.product, EVERYTHING)
    assert world.mention(NAMELESS).verdict.grade is None
    assert world.rows(dispatches) == before


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        (EVERYTHING, 3),
        (Part(since=NOW), 0),
        (Part(until=NOW), 3),
        (Part(sources=("s",)), 3),
        (Part(sources=("another",)), 0),
        (Part(subjects=("曜行汽车",)), 2),
        (Part(only_graded=True), 1),
        (Part(subjects=("没听过",)), 0),
    ],
)
def test_a_part_of_the_archive_can_be_chosen(world: World, part: Part, expected: int) -> None:
    chosen = [one.id for batch in read(world.product.database, part, batch=2) for one in batch]
    assert len(chosen) == len(set(chosen)) == expected
    assert count(world.product.database, part) >= expected


def test_the_archive_is_read_in_the_order_of_time_across_gaps(tmp_path: Path) -> None:
    """Years without a post, days with many at one moment, posts whose source shows no time."""
    world = World(tmp_path / "var")
    times = [NOW - 900 * DAY, NOW - 400 * DAY, NOW - 400 * DAY + HOUR, *[NOW - 2 * DAY] * 7, NOW - 2 * DAY + 23 * HOUR]
    dated = [make_post(number, f"曜行第{number}帖", published=when) for number, when in enumerate(times)]
    undated = [
        make_post(50, "曜行没有时间", published=None, collected=NOW - 399 * DAY),
        make_post(51, "曜行也没有时间", published=None, collected=NOW),
    ]
    world.take_in(*reversed([*dated, *undated]))
    batches = list(read(world.product.database, EVERYTHING, batch=3))
    whens = [one.post.when for batch in batches for one in batch]
    assert whens == sorted([*times, NOW - 399 * DAY, NOW])
    assert [len(batch) for batch in batches] == [3, 3, 3, 3, 1]
    part = Part(since=NOW - 400 * DAY, until=NOW - 2 * DAY + 23 * HOUR)
    assert [one.post.when for batch in read(world.product.database, part, batch=3) for one in batch] == [
        NOW - 400 * DAY,
        NOW - 400 * DAY + HOUR,
        NOW - 399 * DAY,
        *[NOW - 2 * DAY] * 7,
    ]


def verdict(**changes: object) -> Verdict:
    values: dict[str, object] = {"negative": 0.5, "subjects": ("我们",), "grade": "B", "categories": ("x",)}
    return Verdict(id="p", **{**values, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        ({"grade": "A"}, ["raised"]),
        ({"grade": "C"}, ["lowered"]),
        ({"grade": None}, ["ungraded"]),
        ({"subjects": ()}, ["unmentioned"]),
        ({"categories": ("y",)}, ["categories"]),
        ({"grade": None, "subjects": (), "categories": ()}, ["ungraded", "unmentioned", "categories"]),
        ({"negative": 0.9}, ["otherwise"]),
    ],
)
def test_every_difference_has_a_name(after: dict[str, object], expected: list[str]) -> None:
    assert changes(verdict(), verdict(**after)) == expected


def late_reply(parent: Post) -> Post:
    return make_post(11, "刹车失灵不是小事！太吓人了，厂家给个说法", parent=parent.id)


def test_a_reply_that_was_there_first_is_judged_again_when_its_thread_comes(world: World) -> None:
    """It names nobody; only the opening post says whom it is about."""
    head = make_post(10, "曜行的车高速上刹车失灵，差点没命，厂家到现在不露面")
    reply = late_reply(head)
    world.take_in(reply)
    assert world.mention(reply).verdict.subjects == ()
    world.take_in(head)
    after = world.mention(reply).verdict
    assert after.subjects == ("曜行汽车",)
    assert after.grade
    assert after.event == world.mention(head).verdict.event
    assert world.rows(work) == [row for row in world.rows(work) if row.queue not in ("assess", "publish")]


def test_answers_are_not_judged_for_ever(world: World) -> None:
    """Two posts that answer each other, as hostile data may say, come to rest; so does a post that answers itself."""
    one, other = make_post(20, f"曜行{TROUBLE}"), make_post(21, "这也太过分了吧，刹车失灵怎么办")
    itself = make_post(22, f"曜行{TROUBLE}")
    circle = [replace(one, parent=other.id), replace(other, parent=one.id), replace(itself, parent=itself.id)]
    for post in circle:
        world.take_in(post)
    assert [row for row in world.rows(work) if row.queue in ("assess", "publish")] == []


def test_judging_the_thread_again_does_not_judge_its_answers_again(world: World) -> None:
    head = make_post(10, "曜行的车高速上刹车失灵，差点没命，厂家到现在不露面")
    world.take_in(late_reply(head))
    world.take_in(head)
    judged = {row.id: row.judged for row in world.rows(verdicts)}
    world.clock.now += HOUR
    world.take_in(replace(head, text=head.text + "。更新：已经报警"))
    after = {row.id: row.judged for row in world.rows(verdicts)}
    assert after[head.id] > judged[head.id]
    assert after[late_reply(head).id] == judged[late_reply(head).id]
