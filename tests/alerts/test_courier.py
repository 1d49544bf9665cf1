"""Channels that break, hang or crash, and what that does to the others: nothing."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from alerts.courier import LEASE
from alerts.notifiers.base import Delivery
from core.schema import deliveries, messages, verdicts
from core.settings import RuleSettings
from core.work import WorkQueue
from tests.alerts.world import MINUTE, NOW, Recorder, World, make_mention, make_settings

DEADLINE = NOW + timedelta(seconds=25)
BUSY = Delivery(ok=False, retry=True, reason="忙", provider_code="421")


@pytest.fixture
def rung(world: World) -> World:
    """A world with one alert waiting in the outbox."""
    world.event()
    world.consider(make_mention())
    return world


@pytest.fixture
def two(world: World, tmp_path: Path) -> World:
    """A world with the notifiers "phone" and "mail", both told of everything."""
    rules = (RuleSettings(name="全部", grades=("A", "B", "C"), to=("phone", "mail")),)
    world.settings = make_settings(tmp_path, rules=rules)
    world.notifiers["mail"] = Recorder()
    return world


def mail_of(world: World) -> Recorder:
    recorder = world.notifiers["mail"]
    assert isinstance(recorder, Recorder)
    return recorder


def states(world: World) -> list[tuple[str, str, str]]:
    return sorted((row.notifier, row.kind, row.state) for row in world.rows(messages))


def test_a_bug_in_a_notifier_is_counted_and_stops_nobody(two: World) -> None:
    """An exception is an answer: retry, with its class as the reason."""
    two.consider(make_mention())
    mail_of(two).answers = [RuntimeError("password=123")]
    assert two.outbox.deliver_due(now=DEADLINE) == 2
    assert states(two) == [("mail", "alert", "waiting"), ("phone", "alert", "sent")]
    reasons = [row.reason for row in two.rows(deliveries) if not row.ok]
    assert reasons == ["发送程序出错（RuntimeError）"]


def test_a_card_that_cannot_be_composed_is_counted_like_a_failure(rung: World) -> None:
    """A broken row stops itself only."""
    with rung.database.write() as connection:
        connection.execute(verdicts.update().values(reasons=[{"bad": 1}]))
    assert rung.outbox.deliver_due(now=DEADLINE) == 1
    [proof] = rung.rows(deliveries)
    assert (proof.ok, proof.retry, proof.reason) == (False, True, "发送程序出错（KeyError）")


def test_a_card_goes_out_even_if_its_post_is_gone(rung: World) -> None:
    """Retention or an operator removed the verdict; people are told what is left."""
    with rung.database.write() as connection:
        connection.execute(verdicts.delete())
    assert rung.outbox.deliver_due(now=DEADLINE) == 1
    assert "帖文已不在库中" in rung.phone.sent[0].text


def test_a_notifier_that_was_removed_from_the_settings_is_reported(rung: World) -> None:
    """Its messages are not lost silently."""
    del rung.notifiers["phone"]
    rung.outbox.deliver_due(now=DEADLINE)
    [failed] = rung.outbox.failed()
    assert "phone" in failed.reason


def test_a_broken_channel_defers_its_queue_and_leaves_the_others_alone(two: World) -> None:
    """Ten alerts: the healthy channel gets ten, the dead one is asked once, and all ten stay waiting."""
    two.consider(*(make_mention(number, event=f"e{number}") for number in range(10)))
    mail_of(two).answers = [BUSY] * 50
    two.outbox.deliver_due(now=DEADLINE)
    assert len(two.phone.sent) == 10
    assert len(mail_of(two).sent) == 1
    assert states(two).count(("mail", "alert", "waiting")) == 10
    mail_of(two).answers.clear()
    two.outbox.deliver_due(now=DEADLINE + timedelta(seconds=5))
    assert states(two).count(("mail", "alert", "sent")) == 10


def test_a_hanging_channel_does_not_hold_up_the_others(two: World) -> None:
    """While one send hangs, the other channel's messages of later alerts go out."""
    two.consider(*(make_mention(number, event=f"e{number}") for number in range(30)))
    hang, all_rung = threading.Event(), threading.Event()

    def rang() -> None:
        if len(two.phone.sent) == 30:
            all_rung.set()

    mail_of(two).meanwhile = lambda: hang.wait(60)
    two.phone.meanwhile = rang
    stop = threading.Event()
    thread = threading.Thread(target=two.outbox.deliver_forever, args=(stop, lambda: DEADLINE))
    thread.start()
    try:
        assert all_rung.wait(60)
        assert len(mail_of(two).sent) == 1
    finally:
        stop.set()
        hang.set()
        thread.join(60)
    assert not thread.is_alive()
    assert states(two).count(("phone", "alert", "sent")) == 30
    # What had not begun was given back: another process has it at once.
    two.outbox.deliver_due(now=DEADLINE)
    assert states(two).count(("mail", "alert", "sent")) == 30


def test_a_crash_between_send_and_record_sends_the_same_id_again(rung: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """At least once, under one id, after the lease ran out."""
    outbox = rung.outbox
    monkeypatch.setattr(outbox, "record", lambda *_, **__: (_ for _ in ()).throw(SystemExit(9)))
    with pytest.raises(SystemExit):
        outbox.deliver_due(now=DEADLINE)
    assert rung.rows(deliveries) == []
    assert rung.outbox.deliver_due(now=DEADLINE + MINUTE) == 0
    assert rung.outbox.deliver_due(now=DEADLINE + LEASE) == 1
    first, second = rung.phone.sent
    assert first.id == second.id
    assert states(rung) == [("phone", "alert", "sent")]


def test_a_failure_after_the_lease_ran_out_does_not_undo_anothers_success(rung: World) -> None:
    """Whoever took over got it through; our late answer is kept as proof and nothing more."""

    def another_process() -> None:
        rung.phone.meanwhile = None
        assert rung.outbox.deliver_due(now=DEADLINE + LEASE) == 1

    rung.phone.meanwhile = another_process
    rung.phone.answers = [Delivery(ok=True), Delivery(ok=False, reason="重复")]
    rung.outbox.deliver_due(now=DEADLINE)
    assert [row.ok for row in rung.rows(deliveries)] == [True, False]
    assert states(rung) == [("phone", "alert", "sent")]
    assert WorkQueue(rung.database, "deliver").backlog() == (0, 0)


def test_two_processes_share_the_outbox_without_sending_twice(two: World) -> None:
    """Leases: each message is sent by one of them."""
    two.consider(*(make_mention(number, event=f"e{number}") for number in range(25)))
    barrier = threading.Barrier(2)

    def run() -> None:
        barrier.wait()
        two.outbox.deliver_due(now=DEADLINE)

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sent = [message.id for message in (*two.phone.sent, *mail_of(two).sent)]
    assert len(sent) == len(set(sent)) == 50
    assert {state for _, _, state in states(two)} == {"sent"}


def test_an_urgent_card_overtakes_what_waits_for_the_same_channel(world: World) -> None:
    """Ten small matters are queued first; 特急 goes out as soon as the lane is free."""
    world.consider(*(make_mention(number, event=f"e{number}", grade="C") for number in range(10)))
    world.consider(make_mention(99, event="e99", grade="A", title="起火"), now=NOW + timedelta(milliseconds=1))
    world.outbox.deliver_due(now=DEADLINE + MINUTE)
    assert [message.grade for message in world.phone.sent] == ["A"] + ["C"] * 10


def test_a_database_that_fails_for_a_while_is_waited_for(rung: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The loop goes on; nothing that was not recorded is taken for sent."""
    monkeypatch.setattr("alerts.outbox._DATABASE_PAUSE_SECONDS", 0.01)
    outbox, stop, calls = rung.outbox, threading.Event(), []
    claim = outbox.claim

    def failing(limit: int, *, now: datetime) -> Any:
        calls.append(now)
        if len(calls) < 3:
            raise OperationalError("SELECT", {}, Exception("database is locked"))
        return claim(limit, now=now)

    monkeypatch.setattr(outbox, "claim", failing)
    rung.phone.meanwhile = stop.set
    outbox.deliver_forever(stop, lambda: DEADLINE)
    assert states(rung) == [("phone", "alert", "sent")]


def test_a_database_that_fails_after_a_send_does_not_cause_a_second_one(
    rung: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer is kept until it can be recorded, even longer than the lease lasts."""
    monkeypatch.setattr("alerts.outbox._DATABASE_PAUSE_SECONDS", 0.01)
    outbox, stop, tries = rung.outbox, threading.Event(), []
    now = [DEADLINE]
    record = outbox.record

    def failing(*arguments: Any, **options: Any) -> Any:
        tries.append(arguments)
        if len(tries) < 3:
            now[0] += 2 * LEASE
            raise OperationalError("UPDATE", {}, Exception("database or disk is full"))
        stop.set()
        return record(*arguments, **options)

    monkeypatch.setattr(outbox, "record", failing)
    outbox.deliver_forever(stop, lambda: now[0])
    assert states(rung) == [("phone", "alert", "sent")]
    assert len(rung.phone.sent) == 1
    assert outbox.deliver_due(now=now[0] + LEASE) == 0
