"""Delivering: evidence in time or marked, retries, proof, and channels that do not hold each other up."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from alerts.courier import LEASE
from alerts.notifiers.base import Delivery
from core.errors import NotFound
from core.model import Mention
from core.schema import deliveries, messages, verdicts
from core.settings import RuleSettings
from core.work import WorkQueue
from tests.alerts.world import HOUR, MINUTE, NOW, Recorder, World, make_mention, make_settings

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
def test_a_failed_capture_is_told_at_once_with_its_reason(rung: World, state: str, words: str) -> None:
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


def test_urgent_words_of_the_card(rung: World) -> None:
    """What a duty officer needs at one glance."""
    rung.seal()
    rung.outbox.deliver_due(now=NOW + timedelta(seconds=4))
    [card] = rung.phone.sent
    for words in (
        "【特急】提车三天高速失速",
        "处置时限：2026-03-15 23:00:00（剩余 2小时59分）　负责人：王经理",
        "新事件首次预警",
        "论坛 · bbs.example · 车主老周 · 粉丝 1200 · IP属地 广东",
        "2026-03-15 19:59:00（发布后 1分4秒发出本卡）",
        "风险 86/100；负面概率 93%；类别：安全",
        "+30　涉及行车安全",
        "共 1 帖，1 个渠道（论坛）",
        "证据完整",
        "http://bbs.example/thread-1.html",
        "http://127.0.0.1:8315/cases/",
        "不证明内容属实",
    ):
        assert words in card.text
    assert card.title == "【特急】星辰汽车：提车三天高速失速"
    assert card.facts["risk"] == 86


@pytest.mark.parametrize(
    "mention",
    [
        make_mention(title="<script>alert(1)</script>", text="<img src=x onerror=alert(1)> <!--pictures-->"),
        make_mention(title="标题\r\nBcc: all@example.com", text="正文\n证据：证据完整\n处置：已完成"),
        make_mention(url="javascript:alert(1)"),
        make_mention(author="\u202e反转\x00作者", title=None, text=""),
    ],
)
def test_hostile_posts_stay_text(world: World, mention: Mention) -> None:
    """Markup is escaped, lines are not forged, links are only web links."""
    world.consider(mention)
    world.outbox.deliver_due(now=DEADLINE)
    [card] = world.phone.sent
    assert "\n" not in card.title
    assert "\r" not in card.title
    assert "<script" not in card.html
    assert "<img" not in card.html
    assert 'href="javascript' not in card.html
    assert card.html.count("<!--pictures-->") == 1
    assert sum(line.startswith("证据：") for line in card.text.splitlines()) == 1
    assert sum(line.startswith("处置：") for line in card.text.splitlines()) == 1
    assert "\u202e" not in card.text


def test_a_folder_that_points_elsewhere_is_not_attached(rung: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the exhibits' own files leave the house."""
    rung.seal()
    with rung.database.write() as connection:
        connection.exec_driver_sql("UPDATE exhibits SET folder = '../../etc', pictures = '[\"passwd\"]'")
    rung.outbox.deliver_due(now=NOW)
    assert rung.phone.sent[0].attachments == ()


def test_a_time_unknown_and_a_time_ahead_are_said_plainly(world: World) -> None:
    """No number is made up."""
    future: datetime = NOW + HOUR
    world.consider(make_mention(1, event="x", published=None), make_mention(2, event="y", published=future))
    world.outbox.deliver_due(now=DEADLINE)
    texts = [message.text for message in world.phone.sent]
    assert any("来源未显示发布时间" in text for text in texts)
    assert any("来源显示的时间在未来" in text for text in texts)
