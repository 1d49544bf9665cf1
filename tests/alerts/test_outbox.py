"""Delivering: evidence in time or marked, retries, proof, and channels that do not hold each other up."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from alerts.notifiers.base import Delivery
from core.errors import NotFound
from core.model import ExhibitState
from core.schema import deliveries, messages
from core.work import WorkQueue
from tests.alerts.world import HOUR, MINUTE, NOW, World, make_mention, make_settings

DEADLINE = NOW + timedelta(seconds=25)
BUSY = Delivery(ok=False, retry=True, reason="忙", provider_code="421")


@pytest.fixture
def rung(world: World) -> World:
    """A world with one alert waiting in the outbox."""
    world.event()
    world.consider(make_mention())
    return world


def states(world: World) -> list[tuple[str, str, str]]:
    return sorted((row.notifier, row.kind, row.state) for row in world.rows(messages))


def test_the_card_waits_for_its_picture_until_the_deadline(rung: World) -> None:
    """Before the deadline nothing goes out; at the deadline the card goes out marked 取证中."""
    assert rung.outbox.deliver_due(now=DEADLINE - timedelta(seconds=1)) == 0
    assert rung.outbox.deliver_due(now=DEADLINE) == 1
    [card] = rung.phone.sent
    assert (card.kind, card.evidence, card.attachments) == ("alert", "pending", ())
    assert "取证中" in card.text
    [proof] = rung.rows(deliveries)
    assert (proof.ok, proof.evidence, proof.at) == (True, "pending", DEADLINE)
    assert WorkQueue(rung.database, "deliver").backlog() == (0, 0)


def test_a_picture_in_time_goes_with_the_first_card(rung: World) -> None:
    """Sealing makes the card due at once; nothing follows."""
    soon = NOW + timedelta(seconds=3)
    rung.seal(now=soon)
    assert rung.outbox.deliver_due(now=soon) == 1
    [card] = rung.phone.sent
    assert card.evidence == "complete"
    assert card.attachments[0].path.read_bytes().endswith(b"picture")
    assert "ab" * 32 in card.text
    assert states(rung) == [("phone", "alert", "sent")]


def test_a_late_picture_follows_once(rung: World) -> None:
    """The card went without it: one follow-up per notifier, however often the seal is told."""
    rung.outbox.deliver_due(now=DEADLINE)
    late = DEADLINE + MINUTE
    rung.seal(now=late)
    rung.seal(now=late)
    assert rung.outbox.deliver_due(now=late) == 1
    assert rung.outbox.deliver_due(now=late + HOUR) == 0
    card, follow_up = rung.phone.sent
    assert (follow_up.kind, follow_up.evidence, len(follow_up.attachments)) == ("evidence", "complete", 1)
    assert card.id != follow_up.id
    assert states(rung) == [("phone", "alert", "sent"), ("phone", "evidence", "sent")]


@pytest.mark.parametrize(
    ("state", "words"),
    [("failed", "无法取证"), ("blocked", "无法取证（页面拒绝访问）"), ("deleted_before_capture", "取证前已删除")],
)
def test_a_failed_capture_is_told_at_once_with_its_reason(rung: World, state: ExhibitState, words: str) -> None:
    """There is nothing to wait for any more."""
    rung.seal(state=state, reason="页面要求登录")
    assert rung.outbox.deliver_due(now=NOW) == 1
    [card] = rung.phone.sent
    assert card.evidence == state
    assert words in card.text
    assert "页面要求登录" in card.text


def test_a_failed_capture_after_the_card_is_told_too(rung: World) -> None:
    """取证中 is a promise: its end is told, good or bad."""
    rung.outbox.deliver_due(now=DEADLINE)
    rung.seal(now=DEADLINE, state="failed", reason="浏览器崩溃")
    rung.outbox.deliver_due(now=DEADLINE)
    assert [message.kind for message in rung.phone.sent] == ["alert", "evidence"]
    assert "浏览器崩溃" in rung.phone.sent[1].text


def test_a_seal_while_the_card_is_on_its_way_is_not_missed(rung: World) -> None:
    """The card was composed without the picture; recording it sees the seal."""
    rung.phone.meanwhile = lambda: rung.seal(now=DEADLINE) if len(rung.phone.sent) == 1 else None
    assert rung.outbox.deliver_due(now=DEADLINE) == 2
    assert [(message.kind, message.evidence) for message in rung.phone.sent] == [
        ("alert", "pending"),
        ("evidence", "complete"),
    ]


def test_a_second_alert_of_a_sealed_post_does_not_wait(rung: World) -> None:
    """The picture is there already."""
    rung.seal()
    rung.outbox.deliver_due(now=NOW)
    rung.consider(make_mention(2, channel="weibo"))
    rung.seal(2)
    rung.outbox.deliver_due(now=NOW)
    assert [message.evidence for message in rung.phone.sent] == ["complete", "complete"]


def test_a_failing_channel_is_tried_on_schedule_and_then_given_up(rung: World, caplog: Any) -> None:
    """Every try leaves its proof; the end is an error in the log and a line in `failed()`."""
    rung.settings = make_settings(rung.settings.data_dir, alerts={"max_attempts": 4})
    rung.phone.answers = [BUSY] * 4
    at, tries = DEADLINE, []
    for second in range(120):
        if rung.outbox.deliver_due(now=at + timedelta(seconds=second)):
            tries.append(second)
    assert tries == [0, 5, 15, 35]
    proofs = rung.rows(deliveries)
    assert [(row.ok, row.retry, row.reason, row.provider_code) for row in proofs] == [(False, True, "忙", "421")] * 4
    [failed] = rung.outbox.failed()
    assert (failed.notifier, failed.kind, failed.reason, failed.provider_code) == ("phone", "alert", "忙", "421")
    assert WorkQueue(rung.database, "deliver").backlog() == (0, 1)
    assert [record.levelname for record in caplog.records if record.getMessage() == "message_failed"] == ["ERROR"]


def test_a_refusal_is_final_and_visible_and_may_be_sent_again(rung: World) -> None:
    """The operator mends the channel and sends anew, with all attempts."""
    rung.phone.answers = [Delivery(ok=False, reason="无此账号", provider_code="550"), BUSY]
    assert rung.outbox.deliver_due(now=DEADLINE) == 1
    assert rung.outbox.deliver_due(now=DEADLINE + HOUR) == 0
    [failed] = rung.outbox.failed()
    later = DEADLINE + 2 * HOUR
    rung.outbox.resend(failed.id, now=later)
    assert rung.outbox.deliver_due(now=later) == 1
    assert rung.outbox.failed() == []
    assert rung.outbox.deliver_due(now=later + timedelta(seconds=5)) == 1
    assert states(rung) == [("phone", "alert", "sent")]
    with pytest.raises(NotFound):
        rung.outbox.resend(failed.id, now=later)


def test_evidence_does_not_press_a_provider_that_asked_to_wait(rung: World) -> None:
    """Retry-After outlives the seal of the exhibit."""
    rung.phone.answers = [replace(BUSY, after=timedelta(minutes=3))]
    rung.outbox.deliver_due(now=DEADLINE)
    rung.seal(now=DEADLINE + MINUTE)
    assert rung.outbox.deliver_due(now=DEADLINE + 2 * MINUTE) == 0
    assert rung.outbox.deliver_due(now=DEADLINE + 3 * MINUTE) == 1
    assert rung.phone.sent[-1].evidence == "complete"
    assert states(rung) == [("phone", "alert", "sent")]
