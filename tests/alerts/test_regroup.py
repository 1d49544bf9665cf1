"""Events merged and split: what becomes of posts, cases and rings."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from sqlalchemy import insert, select, update

from alerts.regroup import EventBook
from core.errors import NotFound
from core.model import Channel, Grade, Mention
from core.schema import alerts, case_actions, cases, event_actions, event_posts, events, verdicts, work
from index.event_changes import RefusedChange
from tests.alerts.world import HOUR, MINUTE, NOW, World, make_mention

LATER = NOW + HOUR
FIRE, SMOKE = "f" * 24, "a" * 24


def tell(
    world: World, event: str, numbers: Sequence[int], *, grade: Grade | None = "B", channel: Channel = "forum"
) -> list[Mention]:
    """Mentions filed under an event, as the grouping files them, and considered."""
    mentions = [
        make_mention(number, event=event, grade=grade, channel=channel, published=NOW - MINUTE * (100 - number))
        for number in numbers
    ]
    world.event(event, size=len(mentions), channels=(channel,))
    with world.database.write() as connection:
        for mention in mentions:
            row = {"post": mention.id, "event": event, "published": mention.post.published}
            connection.execute(insert(event_posts).values(**row, channel=channel, signature="{}"))
        first = min(mentions, key=lambda one: one.post.when)
        times = {"first_published": first.post.published, "first_post": first.id}
        connection.execute(update(events).where(events.c.id == event).values(times))
    world.consider(*mentions)
    return mentions


def book(world: World) -> EventBook:
    return EventBook(world.database, world.settings)


def merge(world: World, survivor: str = FIRE, absorbed: str = SMOKE) -> None:
    book(world).merge(survivor, absorbed, actor="王经理", note="同一辆车", now=LATER)


def published(world: World, queue: str = "publish") -> set[str]:
    return {row.key for row in world.rows(work) if row.queue == queue}


def rings(world: World) -> int:
    return len(world.rows(alerts))


def test_a_merge_moves_posts_verdicts_and_counts(world: World) -> None:
    """The survivor has everything, the other nothing, and a line says who did it and why."""
    old, young = tell(world, FIRE, [1, 2]), tell(world, SMOKE, [3, 4, 5], channel="weibo")
    merge(world)
    rows = {row.id: row for row in world.rows(events)}
    assert (rows[FIRE].size, rows[FIRE].channels, rows[FIRE].merged_into) == (5, ["forum", "weibo"], None)
    assert (rows[SMOKE].size, rows[SMOKE].merged_into) == (0, FIRE)
    assert rows[FIRE].first_post == old[0].id
    assert rows[FIRE].last_published == young[-1].post.published
    assert {row.event for row in world.rows(event_posts)} == {FIRE}
    assert {row.event for row in world.rows(verdicts)} == {FIRE}
    assert published(world) == {one.id for one in young}
    [line] = world.rows(event_actions)
    assert (line.event, line.other, line.action, line.actor, line.note) == (FIRE, SMOKE, "merge", "王经理", "同一辆车")
    assert set(line.posts) == {one.id for one in young}


def test_the_first_publisher_of_a_merged_event_is_the_earliest(world: World) -> None:
    """Also where the earliest post was the absorbed event's."""
    tell(world, FIRE, [5])
    early = tell(world, SMOKE, [1])
    merge(world)
    first = next(row for row in world.rows(events) if row.id == FIRE)
    assert (first.first_post, first.first_published) == (early[0].id, early[0].post.published)


@pytest.mark.parametrize(("old", "young"), [("B", "A"), ("A", "B"), ("C", "C")])
def test_the_surviving_case_takes_over(world: World, old: Grade, young: Grade) -> None:
    """The graver grade and the earlier end of the clock; the other case is closed and names it; both histories tell."""
    tell(world, FIRE, [1], grade=old)
    tell(world, SMOKE, [2], grade=young)
    before = {row.event: row for row in world.rows(cases)}
    merge(world)
    after = {row.event: row for row in world.rows(cases)}
    assert after[FIRE].grade == min(old, young)
    assert after[FIRE].due == min(before[FIRE].due, before[SMOKE].due)
    assert after[FIRE].state == "new"
    assert after[SMOKE].state == "closed"
    assert after[SMOKE].outcome.startswith(f"并入处置单 {after[FIRE].id}")
    told = [row.case for row in world.rows(case_actions) if row.action == "merge_events"]
    assert sorted(told) == sorted(row.id for row in after.values())


def test_a_case_moves_to_an_event_that_has_none(world: World) -> None:
    """The number that people know stays."""
    tell(world, FIRE, [1], grade=None)
    tell(world, SMOKE, [2])
    [before] = world.rows(cases)
    merge(world)
    [after] = world.rows(cases)
    assert (after.id, after.event, after.state, after.due) == (before.id, FIRE, "new", before.due)


def test_what_people_settled_stays_settled(world: World) -> None:
    """A dismissed case is not reopened by a merge; its event's running one goes on as it was."""
    tell(world, FIRE, [1], grade="C")
    tell(world, SMOKE, [2], grade="A")
    gone = world.dispatcher.cases.of_event(SMOKE)
    assert gone is not None
    world.dispatcher.cases.act(gone.id, action="dismiss", actor="李", note="误报", now=NOW)
    merge(world)
    after = {row.event: row for row in world.rows(cases)}
    assert (after[FIRE].grade, after[FIRE].state) == ("C", "new")
    assert (after[SMOKE].state, after[SMOKE].outcome) == ("dismissed", "误报")


def test_a_running_case_wakes_the_one_that_was_closed(world: World) -> None:
    """Something is still to be done, and the surviving case says so with the running clock."""
    tell(world, FIRE, [1], grade="C")
    tell(world, SMOKE, [2], grade="A")
    old = world.dispatcher.cases.of_event(FIRE)
    assert old is not None
    for action in ("acknowledge", "investigate", "respond", "resolve", "follow_up", "close"):
        world.dispatcher.cases.act(old.id, action=action, actor="李", note="完", now=NOW)
    running = world.dispatcher.cases.of_event(SMOKE)
    assert running is not None
    merge(world)
    after = world.dispatcher.cases.of_event(FIRE)
    assert after is not None
    assert (after.state, after.grade, after.due, after.closed) == ("new", "A", running.due, None)


def test_a_merge_rings_nobody(world: World) -> None:
    """The moved posts pass the dispatcher again, and it knows them."""
    tell(world, FIRE, [1, 2])
    young = tell(world, SMOKE, [3, 4])
    before = rings(world)
    merge(world)
    moved = [make_mention(number, event=FIRE, grade="B") for number in (3, 4)]
    outcomes = world.dispatcher.consider(moved, now=LATER)
    assert {one.outcome for one in outcomes} == {"unchanged"}
    assert rings(world) == before
    assert {one.id for one in young} == {one.post for one in outcomes}


def test_the_alerts_of_the_absorbed_event_count_as_told(world: World) -> None:
    """A new post of the merged event, no graver than anybody was told and on a known channel, is quiet."""
    tell(world, FIRE, [1], grade="C")
    tell(world, SMOKE, [2], grade="A", channel="weibo")
    merge(world)
    [quiet] = world.consider(make_mention(9, event=FIRE, grade="B", channel="weibo"), now=LATER)
    assert quiet.outcome == "joined"


def test_a_merge_that_makes_a_post_graver_rings(world: World) -> None:
    """The gravest post is judged again; graver than told, it rings, though it was told of before."""
    old = tell(world, FIRE, [1], grade="C")
    tell(world, SMOKE, [2], grade="C")
    merge(world)
    # Both waited to be judged since they were collected; one was asked for again.
    asked = [row.key for row in world.rows(work) if row.queue == "assess" and row.generation > 1]
    assert len(asked) == 1
    assert asked[0] in (old[0].id, make_mention(2).id)
    [outcome] = world.consider(make_mention(1, event=FIRE, grade="B"), now=LATER)
    assert (outcome.outcome, outcome.reason) == ("alerted", "grade_raised")


def test_a_post_on_its_way_while_its_event_is_merged_is_not_lost_and_rings_once(world: World) -> None:
    """A worker that read it before the merge still names the old event: it counts for the new one."""
    tell(world, FIRE, [1], grade="C")
    tell(world, SMOKE, [2], grade=None)
    late = make_mention(3, event=SMOKE, grade="A")
    world.keep(late)
    merge(world)
    [outcome] = world.dispatcher.consider([late], now=LATER)
    assert (outcome.outcome, outcome.reason) == ("alerted", "grade_raised")
    assert {row.event for row in world.rows(cases)} == {FIRE}
    assert {row.event for row in world.rows(alerts)} == {FIRE}
    [again] = world.dispatcher.consider([make_mention(3, event=FIRE, grade="A")], now=LATER)
    assert again.outcome == "unchanged"


def test_the_card_of_an_absorbed_event_tells_of_the_story_as_it_is(world: World) -> None:
    """An alert that waits for its picture while its event is merged shows the size and the case that go on."""
    tell(world, FIRE, [1, 2])
    tell(world, SMOKE, [3])
    merge(world)
    world.outbox.deliver_due(now=LATER)
    going_on = world.dispatcher.cases.of_event(FIRE)
    assert going_on is not None
    assert {message.facts["case"] for message in world.phone.sent} == {going_on.id}
    assert {message.facts["event_size"] for message in world.phone.sent} == {3}


def test_a_split_parts_posts_without_a_case_or_a_ring(world: World) -> None:
    """The new event counts its own, the old one the rest; the next post of the new one rings as its first."""
    told = tell(world, FIRE, [1, 2, 3])
    before = rings(world)
    changed = book(world).split(FIRE, [told[0].id, told[2].id], actor="王", note="另一辆车", now=LATER)
    assert (changed.event.size, changed.other.size) == (1, 2)
    assert (changed.event.first_post, changed.other.first_post) == (told[1].id, told[0].id)
    assert published(world) == {told[0].id, told[2].id}
    assert rings(world) == before
    assert {row.event for row in world.rows(cases)} == {FIRE}
    moved = make_mention(3, event=changed.other.id, grade="B")
    [known] = world.dispatcher.consider([moved], now=LATER)
    assert known.outcome == "unchanged"
    [fresh] = world.consider(make_mention(8, event=changed.other.id, grade="B"), now=LATER)
    assert (fresh.outcome, fresh.reason) == ("alerted", "first_of_event")


def test_a_chain_of_merges_is_one_step_long(world: World) -> None:
    """Whoever was absorbed by an absorbed event belongs to the last survivor, and its alerts count there."""
    third = "c" * 24
    tell(world, FIRE, [1], grade="C")
    tell(world, SMOKE, [2], grade="C")
    tell(world, third, [3], grade="A", channel="news")
    merge(world, SMOKE, third)
    merge(world, FIRE, SMOKE)
    into = {row.id: row.merged_into for row in world.rows(events)}
    assert into == {FIRE: None, SMOKE: FIRE, third: FIRE}
    [quiet] = world.consider(make_mention(9, event=FIRE, grade="A", channel="news"), now=LATER)
    assert quiet.outcome == "joined"
    assert [line.other for line in book(world).history(FIRE)] == [SMOKE]
    assert [line.event for line in book(world).history(third)] == [SMOKE]


@pytest.mark.parametrize(
    ("survivor", "absorbed", "note", "error", "says"),
    [
        (FIRE, FIRE, "x", RefusedChange, "不能与自己合并"),
        (FIRE, "9" * 24, "x", NotFound, "没有这个事件"),
        ("9" * 24, FIRE, "x", NotFound, "没有这个事件"),
        (FIRE, SMOKE, "  ", RefusedChange, "必须写明理由"),
    ],
)
def test_a_merge_that_makes_no_sense_is_refused(
    world: World, survivor: str, absorbed: str, note: str, error: type[Exception], says: str
) -> None:
    """With a sentence, and nothing is changed."""
    tell(world, FIRE, [1])
    tell(world, SMOKE, [2])
    with pytest.raises(error, match=says):
        book(world).merge(survivor, absorbed, actor="王", note=note, now=LATER)
    assert world.rows(event_actions) == []
    assert {row.merged_into for row in world.rows(events)} == {None}


def test_merging_twice_is_refused(world: World) -> None:
    """Nothing happens the second time, whichever way round it is asked."""
    tell(world, FIRE, [1])
    tell(world, SMOKE, [2])
    merge(world)
    for pair in ((FIRE, SMOKE), (SMOKE, FIRE)):
        with pytest.raises(RefusedChange, match="已并入"):
            merge(world, *pair)
    assert len(world.rows(event_actions)) == 1


@pytest.mark.parametrize(
    ("posts", "says"),
    [((), "没有指定"), ((1, 2), "全部帖文"), ((3,), "不在事件"), ((1, 3), "不在事件")],
)
def test_a_split_that_makes_no_sense_is_refused(world: World, posts: tuple[int, ...], says: str) -> None:
    """No posts, all posts, posts of another event."""
    tell(world, FIRE, [1, 2])
    tell(world, SMOKE, [3])
    chosen = [make_mention(number).id for number in posts]
    with pytest.raises(RefusedChange, match=says):
        book(world).split(FIRE, chosen, actor="王", note="另一件", now=LATER)
    assert world.rows(event_actions) == []


def test_a_change_that_fails_half_way_leaves_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the last step was, all of it is undone; the same command works afterwards."""
    tell(world, FIRE, [1])
    tell(world, SMOKE, [2])
    with monkeypatch.context() as broken:
        broken.setattr("alerts.regroup.merge_cases", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            merge(world)
    assert {row.event for row in world.rows(event_posts)} == {FIRE, SMOKE}
    assert world.rows(event_actions) == []
    assert published(world) == set()
    merge(world)
    assert {row.event for row in world.rows(event_posts)} == {FIRE}


def test_ids_may_be_shortened(world: World) -> None:
    """To the letters that say which one is meant; otherwise a sentence says what is wrong."""
    tell(world, FIRE, [1])
    tell(world, "f" * 23 + "0", [2])
    tell(world, SMOKE, [3])
    assert book(world).find_event("aaa") == SMOKE
    with pytest.raises(NotFound, match="有多个事件"):
        book(world).find_event("fff")
    with pytest.raises(NotFound, match="没有这个事件"):
        book(world).find_event("%")
    post = make_mention(3).id
    assert book(world).find_post(SMOKE, post[:6]) == post
    with world.database.read() as connection:
        assert connection.scalar(select(event_posts.c.event).where(event_posts.c.post == post)) == SMOKE


SCRIPT = """
import os, sys
from datetime import datetime
import alerts.regroup
from core.database import Database

alerts.regroup.merge_cases = lambda *_, **__: os._exit(9)
book = alerts.regroup.EventBook(Database(sys.argv[1]))
book.merge(sys.argv[2], sys.argv[3], actor="王", note="同", now=datetime.fromisoformat(sys.argv[4]))
"""


def test_a_process_killed_in_a_merge_changed_nothing(world: World) -> None:
    """Between the posts and the cases: all as before, and the same command works afterwards."""
    tell(world, FIRE, [1])
    tell(world, SMOKE, [2])
    killed = subprocess.run(
        [sys.executable, "-c", SCRIPT, world.database.url, FIRE, SMOKE, LATER.isoformat()],
        cwd=Path(__file__).parents[2],
        check=False,
    )
    assert killed.returncode == 9
    assert {row.event for row in world.rows(event_posts)} == {FIRE, SMOKE}
    assert {row.merged_into for row in world.rows(events)} == {None}
    assert world.rows(event_actions) == []
    merge(world)
    assert {row.event for row in world.rows(event_posts)} == {FIRE}
