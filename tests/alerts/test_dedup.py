"""One event, one alert: the table of when it rings again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from alerts.dedup import REASON_NAMES, LastAlert, Reason, decide
from core.model import Channel, Event, Grade
from core.settings import AlertSettings
from tests.alerts.world import HOUR, NOW, make_mention

LAST = LastAlert(grade="B", opened=NOW - HOUR, size=4, channels=frozenset({"forum"}), told=frozenset({"phone"}))
SETTINGS = AlertSettings()


def make_event(size: int = 5, channels: tuple[Channel, ...] = ("forum",)) -> Event:
    return Event(
        id="e1", title="t", first_post="p", first_published=NOW, last_published=NOW, size=size, channels=channels
    )


@pytest.mark.parametrize(
    ("last", "event", "grade", "channel", "reason"),
    [
        (None, make_event(), "C", "forum", Reason.FIRST_OF_EVENT),
        (None, None, "A", "forum", Reason.FIRST_OF_EVENT),
        (None, make_event(), None, "forum", Reason.UNCHANGED),
        (LAST, make_event(), "A", "forum", Reason.GRADE_RAISED),
        (LAST, make_event(), "B", "forum", Reason.UNCHANGED),
        (LAST, make_event(), "C", "forum", Reason.UNCHANGED),
        # The post that spread it rings, not an old channel's next post.
        (LAST, make_event(channels=("forum", "weibo")), "B", "forum", Reason.UNCHANGED),
        (LAST, make_event(), "C", "weibo", Reason.SPREAD_TO_CHANNEL),
        (LAST, make_event(channels=("forum", "weibo")), "A", "weibo", Reason.GRADE_RAISED),
        (LAST, None, "B", "forum", Reason.UNCHANGED),
        # 4 posts were told: 11 are not three times as many, 12 are.
        (replace(LAST, opened=NOW - 5 * HOUR), make_event(11), "B", "forum", Reason.UNCHANGED),
        (replace(LAST, opened=NOW - 5 * HOUR), make_event(12), "B", "forum", Reason.GREW),
        (replace(LAST, opened=NOW - 4 * HOUR), make_event(12), "B", "forum", Reason.GREW),
        (replace(LAST, opened=NOW - 3 * HOUR), make_event(12), "B", "forum", Reason.REPEAT_SUPPRESSED),
        # 1 → 3 is three times as many and still no news.
        (replace(LAST, opened=NOW - 5 * HOUR, size=1), make_event(3), "B", "forum", Reason.UNCHANGED),
        (replace(LAST, opened=NOW - 5 * HOUR, size=1), make_event(6), "B", "forum", Reason.GREW),
        # A case that people closed, and the story is back.
        (replace(LAST, opened=NOW - 5 * HOUR, closed=True), make_event(5), "C", "forum", Reason.RESURFACED),
        (replace(LAST, opened=NOW - 3 * HOUR, closed=True), make_event(5), "C", "forum", Reason.UNCHANGED),
        # Alerts of the future (a clock that was set back) keep the event quiet rather than ringing without end.
        (replace(LAST, opened=NOW + HOUR), make_event(50), "B", "forum", Reason.REPEAT_SUPPRESSED),
    ],
)
def test_decision(last: LastAlert | None, event: Event | None, grade: Grade, channel: Channel, reason: Reason) -> None:
    """Each state of the event has one reason."""
    mention = make_mention(grade=grade, channel=channel)
    assert decide(last, event, mention, NOW, SETTINGS, to=frozenset({"phone"})) is reason


@pytest.mark.parametrize(
    ("to", "reason"),
    [
        ({"phone"}, Reason.UNCHANGED),
        ({"phone", "store"}, Reason.NEW_READER),
        ({"store"}, Reason.NEW_READER),
        (set(), Reason.UNCHANGED),
    ],
)
def test_somebody_who_was_never_told_is_told(to: set[str], reason: Reason) -> None:
    """A second store in the same story has its own reader."""
    assert decide(LAST, make_event(), make_mention(grade="B"), NOW, SETTINGS, to=frozenset(to)) is reason


def test_the_age_of_the_post_does_not_matter() -> None:
    """Out of order: an older post found later is judged by what people know."""
    late = make_mention(grade="B", published=NOW - timedelta(hours=20))
    assert decide(LAST, make_event(), late, NOW, SETTINGS) is Reason.UNCHANGED


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_has_words(reason: Reason) -> None:
    """Whatever the code decides, a person can read."""
    words: Any = REASON_NAMES[reason]
    assert words
    assert words.isprintable()


def test_only_two_reasons_are_silent() -> None:
    """A new reason rings unless somebody decides otherwise."""
    assert {reason for reason in Reason if not reason.rings} == {Reason.REPEAT_SUPPRESSED, Reason.UNCHANGED}
