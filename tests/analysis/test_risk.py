"""How much a mention matters."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from analysis.reading import read
from analysis.risk import Facts, Risk, RiskScale, bundled_table, grade_of
from analysis.topics import bundled_topics
from core.model import Author, Channel, Counts, Event, Post
from core.settings import RiskSettings

#: A day without a sensitive window.
NOON = datetime(2026, 6, 10, 4, 0, tzinfo=UTC)
SCALE = RiskScale(bundled_table(), RiskSettings(), ZoneInfo("Asia/Shanghai"))


def post(text: str, *, channel: Channel = "forum", **more: Any) -> Post:
    return Post(
        kind="manual", site="manual", native_id=text, url="", channel=channel, text=text, collected=NOON, **more
    )


def risk(one: Post, *, negative: float = 0.9, event: Event | None = None, same_text: int = 1) -> Risk:
    reading = read(one.full_text)
    facts = Facts(
        post=one,
        reading=reading,
        negative=negative,
        topics=bundled_topics().find(reading),
        event=event,
        same_text=same_text,
    )
    return SCALE.weigh(facts)


def event(size: int, *channels: Channel) -> Event:
    return Event(
        id="e",
        title="t",
        first_post="p",
        first_published=NOON,
        last_published=NOON,
        size=size,
        channels=channels,
    )


@pytest.mark.parametrize(
    ("text", "negative", "grade"),
    [
        ("曜行S7发动机起火，没人管", 0.5, "A"),
        ("曜行S7开着开着突然失去动力", 0.6, "A"),
        ("曜行店拒绝退定金，已打12315维权", 0.5, "B"),
        ("曜行店消费欺诈，求媒体曝光", 0.8, "B"),
        ("曜行S7低速异响", 0.5, "C"),
        ("曜行店服务态度差", 0.5, "C"),
        ("曜行店乱收费", 0.99, "C"),
        ("曜行S7低速异响", 0.49, None),
        ("曜行S7发动机起火", 0.3, "A"),
        ("曜行S7发动机起火", 0.2, "A"),
        ("曜行S7发动机起火", 0.1, None),
        ("曜行店把我的四条胎都换了，已打12345", 0.2, "C"),
        ("曜行店要不要打12345", 0.2, None),
        ("曜行店帮了大忙，已打12345表扬", 0.2, None),
        ("曜行店拒绝退定金，已打12315维权", 0.1, None),
        ("曜行真让人失望", 0.9, "C"),
        ("曜行真让人失望", 0.5, None),
    ],
)
def test_grades_of_complaints(text: str, negative: float, grade: str | None) -> None:
    """Accidents are A, fraud with a threat B, ordinary complaints C, everything else nothing."""
    assert risk(post(text), negative=negative).grade == grade


def test_every_point_has_a_reason() -> None:
    """The score is the sum of what the reader sees."""
    one = post(
        "曜行店欺诈，12315见，求曝光",
        author=Author(followers=200_000),
        counts=Counts(views=20_000, replies=150, reposts=3),
        images=("https://example.test/a.jpg",),
    )
    found = risk(one, event=event(12, "forum", "weibo"))
    assert found.score == sum(reason.points for reason in found.reasons)
    codes = {reason.code: reason.points for reason in found.reasons}
    assert codes["reach.followers"] == 6
    assert codes["reach.views"] == 5
    assert codes["reach.replies"] == 4
    assert "reach.reposts" not in codes
    assert codes["spread"] == 12
    assert codes["evidence"] == 3
    assert codes["rights"] == 17


def test_unknown_counts_add_nothing() -> None:
    """None is not a number, and a single post has not spread."""
    codes = {reason.code for reason in risk(post("曜行S7异响"), event=event(1, "forum")).reasons}
    assert not any(code.startswith(("reach", "spread", "evidence")) for code in codes)


def test_the_score_never_exceeds_a_hundred() -> None:
    """However much comes together."""
    one = post(
        "曜行S7起火，欺诈，12315，维权，曝光，起诉，退一赔三，拉横幅",
        author=Author(followers=10_000_000),
        counts=Counts(views=10_000_000, replies=9_999, reposts=9_999),
        images=("https://example.test/a.jpg",),
    )
    assert risk(one, negative=1.0, event=event(900, "news", "forum", "weibo")).score == 100


@pytest.mark.parametrize("channel", ["news", "broadcast"])
def test_a_reported_accident_is_graded_in_neutral_words(channel: Channel) -> None:
    """News write soberly; the accident counts all the same, and a reason says so."""
    found = risk(post("一辆曜行S7在高架上起火，无人受伤", channel=channel), negative=0.01)
    assert found.grade == "A"
    assert "sober.safety" in {reason.code for reason in found.reasons}
    assert "negative" not in {reason.code for reason in found.reasons}


def test_sober_news_without_an_accident_are_nothing() -> None:
    """The exception is for accidents only."""
    assert risk(post("曜行发布财报，售后收入增长", channel="news"), negative=0.1) == Risk(
        score=0, grade=None, reasons=()
    )


@pytest.mark.parametrize(
    ("text", "same_text", "code"),
    [
        ("曜行不给钱就一直发，异响", 1, "malice.demand"),
        ("曜行异响，已同时投诉12315、消协、信访、纪委", 1, "malice.bodies"),
        ("匿名举报曜行店，异响", 1, "malice.anonymous"),
        ("曜行异响", 3, "malice.same_text"),
    ],
)
def test_marks_of_malice_are_remarks(text: str, same_text: int, code: str) -> None:
    """A human decides about slander: the mark is shown and weighs nothing."""
    found = {reason.code: reason.points for reason in risk(post(text), same_text=same_text).reasons}
    assert found[code] == 0


def test_numbers_inside_numbers_are_no_rights_words() -> None:
    """315 is a day, 13155 is a price."""
    assert "rights" not in {reason.code for reason in risk(post("曜行异响，换件13155元")).reasons}
    assert "rights" in {reason.code for reason in risk(post("曜行异响，3·15见")).reasons}


def test_reasons_point_into_the_full_text() -> None:
    """Spans count from the title."""
    one = post("跑了三趟没修好", title="曜行S7异响")
    quality = next(reason for reason in risk(one).reasons if reason.code == "category.quality")
    assert quality.span is not None
    assert one.full_text[slice(*quality.span)] == "异响"


@pytest.mark.parametrize(
    ("score", "grade"), [(100, "A"), (75, "A"), (74, "B"), (50, "B"), (49, "C"), (30, "C"), (29, None)]
)
def test_grades_begin_where_settings_say(score: int, grade: str | None) -> None:
    """A threshold belongs to its grade."""
    assert grade_of(score, RiskSettings()) == grade
