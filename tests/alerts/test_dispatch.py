"""From a mention to the outbox: stages in order, one alert an event, re-runs without harm."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from alerts.dispatch import Dispatcher
from core.model import Mention
from core.schema import alerts, case_actions, cases, dispatches, messages, work
from core.settings import RuleSettings
from core.work import WorkQueue
from tests.alerts.world import HOUR, MINUTE, NOW, World, make_mention, make_settings

DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("mention", "outcome", "reason"),
    [
        (make_mention(), "alerted", "first_of_event"),
        (make_mention(event=None), "alerted", "first_of_event"),
        (make_mention(event="unknown"), "alerted", "first_of_event"),
        (make_mention(grade=None), "ungraded", "ungraded"),
        (make_mention(published=NOW - 23 * HOUR), "alerted", "first_of_event"),
        (make_mention(published=NOW - 25 * HOUR), "digest", "too_old"),
        (make_mention(published=NOW - 25 * HOUR, edited=NOW - HOUR), "alerted", "first_of_event"),
        (make_mention(published=None), "alerted", "first_of_event"),
        (make_mention(published=NOW + HOUR), "alerted", "first_of_event"),
        # The worker was off over the weekend: what was fresh when it came in still rings.
        (make_mention(published=NOW - 3 * DAY, collected=NOW - 3 * DAY + HOUR), "alerted", "first_of_event"),
        # An archive that is imported with its old `collected`.
        (make_mention(published=NOW - 900 * DAY, collected=NOW - 900 * DAY), "digest", "too_old"),
    ],
)
def test_first_look(world: World, mention: Mention, outcome: str, reason: str) -> None:
    """Each mention gets one recorded outcome with its reason."""
    [found] = world.consider(mention)
    assert (found.outcome, found.reason) == (outcome, reason)
    [row] = world.rows(dispatches)
    assert (row.post, row.outcome, row.reason, row.alert) == (mention.id, outcome, reason, found.alert)


def test_an_alert_brings_case_exhibit_and_messages_due_at_the_deadline(world: World) -> None:
    """All that follows from a ring stands after one transaction."""
    world.event(size=3, channels=("forum", "news"))
    [found] = world.consider(make_mention())
    [alert], [case], [message] = world.rows(alerts), world.rows(cases), world.rows(messages)
    assert (alert.id, alert.event, alert.event_size, alert.event_channels) == (found.alert, "e1", 3, ["forum", "news"])
    assert (case.event, case.grade, case.owner, case.due) == ("e1", "A", "王经理", NOW + 3 * HOUR)
    assert (message.alert, message.notifier, message.kind, message.state) == (alert.id, "phone", "alert", "waiting")
    [item] = [row for row in world.rows(work) if row.queue == "deliver"]
    assert (item.key, item.due) == (message.id, NOW + world.settings.evidence.deadline)
    [exhibit] = world.exhibits.for_post(alert.post)
    assert (exhibit.id, exhibit.state) == (alert.exhibit, "pending")
    assert world.exhibits.queue.backlog() == (1, 0)


def test_considering_twice_changes_nothing(world: World) -> None:
    """At-least-once work is done once."""
    world.event()
    mentions = [make_mention(1), make_mention(2), make_mention(3, grade=None)]
    first = world.consider(*mentions)
    before = [world.rows(table) for table in (alerts, cases, case_actions, messages, dispatches)]
    again = world.consider(*mentions, now=NOW + MINUTE)
    assert [outcome.outcome for outcome in first] == ["alerted", "joined", "ungraded"]
    assert {outcome.outcome for outcome in again} == {"unchanged"}
    assert [world.rows(table) for table in (alerts, cases, case_actions, messages, dispatches)] == before


def test_the_same_post_twice_in_one_batch_rings_once(world: World) -> None:
    """A queue may hand a key out twice."""
    outcomes = world.consider(make_mention(1), make_mention(1))
    assert [outcome.outcome for outcome in outcomes] == ["alerted", "unchanged"]
    assert [row.outcome for row in world.rows(dispatches)] == ["alerted"]


@pytest.mark.parametrize("step", ["request", "open_or_raise", "put"])
def test_a_crash_between_steps_leaves_nothing_and_the_rerun_does_all(
    world: World, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One batch is one transaction."""

    def crash(*_: Any, **__: Any) -> None:
        raise SystemExit(9)

    world.event()
    mentions = [make_mention(1), make_mention(2, event=None)]
    world.keep(*mentions)
    dispatcher = world.dispatcher
    part: Any = {"request": dispatcher.exhibits, "open_or_raise": dispatcher.cases, "put": dispatcher.messages}[step]
    original, calls = getattr(part, step), []

    def second_time(*args: Any, **named: Any) -> Any:
        calls.append(1)
        return original(*args, **named) if len(calls) < 2 else crash()

    monkeypatch.setattr(part, step, second_time)
    with pytest.raises(SystemExit):
        dispatcher.consider(mentions, now=NOW)
    monkeypatch.undo()
    assert [world.rows(table) for table in (alerts, cases, messages, dispatches)] == [[], [], [], []]
    assert WorkQueue(world.database, "deliver").backlog() == (0, 0)
    assert [found.outcome for found in world.dispatcher.consider(mentions, now=NOW)] == ["alerted", "alerted"]
    assert len(world.rows(messages)) == 2


def test_a_raised_grade_of_the_same_post_rings_again(world: World) -> None:
    """An edit or the event's growth may raise a verdict; lowering it is silent, and so is coming back."""
    world.event()
    steps = [("C", "alerted"), ("B", "alerted"), ("C", "unchanged"), ("B", "unchanged"), ("A", "alerted")]
    for minute, (grade, outcome) in enumerate(steps):
        [found] = world.consider(make_mention(1, grade=grade), now=NOW + minute * MINUTE)  # type: ignore[arg-type]
        assert found.outcome == outcome
    assert [row.reason for row in world.rows(alerts)].count("grade_raised") == 2
    [case] = world.rows(cases)
    assert (case.grade, case.due) == ("A", NOW + 4 * MINUTE + 3 * HOUR)


def test_an_old_event_that_gets_worse_rings_however_old_its_post(world: World) -> None:
    """The age of a post is asked once."""
    world.consider(make_mention(1, grade="C"))
    [found] = world.consider(make_mention(1, grade="A"), now=NOW + 30 * DAY)
    assert (found.outcome, found.reason) == ("alerted", "grade_raised")


def test_an_ungraded_post_that_becomes_grave_rings(world: World) -> None:
    """Nobody was told of it yet, so it is the event's first alert."""
    world.consider(make_mention(1, grade=None))
    [found] = world.consider(make_mention(1, grade="B"), now=NOW + HOUR)
    assert (found.outcome, found.reason) == ("alerted", "first_of_event")


def test_no_rule_is_recorded_and_asked_again_when_rules_change(world: World, tmp_path: Path) -> None:
    """A mention that nobody wanted is not lost to a rule written later."""
    world.settings = make_settings(tmp_path, rules=())
    [found] = world.consider(make_mention())
    assert (found.outcome, found.reason) == ("unmatched", "no_rule")
    assert world.rows(alerts) == []
    world.settings = make_settings(tmp_path)
    [found] = world.consider(make_mention())
    assert found.outcome == "alerted"


def test_a_muted_mention_is_recorded_with_its_reason(world: World) -> None:
    """Quiet on request is not silence without a reason."""
    mention = make_mention()
    world.keep(mention)
    quiet = Dispatcher(world.database, world.settings, world.exhibits, muter=lambda mention, now: "演练中")
    [found] = quiet.consider([mention], now=NOW)
    assert (found.outcome, found.reason) == ("muted", "muted:演练中")
    assert world.rows(alerts) == []
    [found] = world.consider(mention)
    assert found.outcome == "alerted"


def test_spread_within_one_batch_rings_for_each_new_channel_once(world: World) -> None:
    """The batch knows what it has just told."""
    world.event(channels=("forum",))
    outcomes = world.consider(
        make_mention(1), make_mention(2, channel="weibo"), make_mention(3, channel="weibo"), make_mention(4)
    )
    assert [outcome.reason for outcome in outcomes] == ["first_of_event", "spread_to_channel", "unchanged", "unchanged"]


def test_a_new_reader_gets_the_message_and_the_others_do_not(world: World, tmp_path: Path) -> None:
    """The second store's manager is told; PR is not told twice."""
    rules = (
        RuleSettings(name="公关", grades=("A", "B", "C"), to=("phone",)),
        RuleSettings(name="城南店", grades=("A", "B", "C"), subjects=("星辰城南店",), to=("store",)),
    )
    world.settings = make_settings(tmp_path, rules=rules)
    world.event()
    outcomes = world.consider(make_mention(1), make_mention(2, subjects=("星辰汽车", "星辰城南店")))
    assert [outcome.reason for outcome in outcomes] == ["first_of_event", "new_reader"]
    assert [(row.alert, row.notifier) for row in world.rows(messages)] == [
        (outcomes[0].alert, "phone"),
        (outcomes[1].alert, "store"),
    ]
    [case] = world.rows(cases)
    assert (case.subjects, case.owner) == (["星辰汽车", "星辰城南店"], "王经理、李店长")


def test_a_closed_case_is_reopened_by_a_ring_as_an_audited_action(world: World) -> None:
    """A story that comes back needs somebody to look again."""
    world.event()
    world.consider(make_mention(1, grade="B"))
    book, later = world.dispatcher.cases, NOW + 5 * HOUR
    [case] = book.list()
    for action in ("acknowledge", "investigate", "respond", "resolve", "follow_up", "close"):
        book.act(case.id, action=action, actor="王经理", note="", now=NOW + HOUR)
    [found] = world.consider(make_mention(2, grade="B"), now=later)
    assert found.reason == "resurfaced"
    case = book.get(case.id)
    assert (case.state, case.closed, case.acknowledged, case.due) == ("new", None, None, later + 12 * HOUR)
    assert book.actions(case.id)[-1].action == "ring_reopens"


def test_a_dismissed_event_stays_quiet_until_it_gets_worse(world: World) -> None:
    """误报 means: do not bother us with the same again."""
    world.event()
    world.consider(make_mention(1, grade="C"))
    book = world.dispatcher.cases
    [case] = book.list()
    book.act(case.id, action="dismiss", actor="王经理", note="同名不同车", now=NOW + HOUR)
    [quiet] = world.consider(make_mention(2, grade="C"), now=NOW + DAY)
    [worse] = world.consider(make_mention(3, grade="A", collected=NOW + DAY, published=NOW + DAY), now=NOW + DAY)
    assert (quiet.outcome, worse.reason) == ("joined", "grade_raised")
    assert book.get(case.id).state == "new"


def test_two_workers_at_once_raise_one_first_alert(world: World) -> None:
    """Reading and writing under one lock: whoever is second sees the first."""
    world.event(channels=("forum",))
    mentions = [make_mention(number) for number in range(1, 9)]
    world.keep(*mentions)
    barrier = threading.Barrier(4)
    results: list[str] = []

    def work_on(mine: list[Mention]) -> None:
        barrier.wait()
        for mention in mine:
            results.extend(outcome.reason for outcome in world.dispatcher.consider([mention], now=NOW))

    threads = [threading.Thread(target=work_on, args=(mentions[start::4],)) for start in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == ["first_of_event"] + ["unchanged"] * 7
    assert len(world.rows(alerts)) == len(world.rows(messages)) == len(world.rows(cases)) == 1


def test_order_of_arrival_does_not_matter_for_who_is_told(world: World) -> None:
    """Out of order: the earlier post, found later, joins the event that rang."""
    world.event()
    [late] = world.consider(make_mention(2, published=NOW - MINUTE))
    [early] = world.consider(make_mention(1, published=NOW - 10 * HOUR), now=NOW + MINUTE)
    assert (late.reason, early.outcome) == ("first_of_event", "joined")


def test_an_empty_batch_does_not_touch_the_database(tmp_path: Path, world: World) -> None:
    """Nothing asks for nothing."""
    world.database.close()
    assert world.dispatcher.consider([], now=NOW) == []
