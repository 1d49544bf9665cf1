"""What follows from an answer: the schedule of tries."""

from __future__ import annotations

from datetime import timedelta

import pytest

from alerts.notifiers.base import Delivery
from alerts.retries import next_step, pause_after
from core.settings import AlertSettings

SETTINGS = AlertSettings()
AGAIN = Delivery(ok=False, retry=True, reason="忙")


@pytest.mark.parametrize(
    ("failures", "seconds"),
    [(0, 5), (1, 10), (2, 20), (3, 40), (4, 80), (9, 2560), (10, 3600), (11, 3600), (99, 3600), (10**6, 3600)],
)
def test_pauses_double_up_to_an_hour(failures: int, seconds: float) -> None:
    """From `retry_after` on."""
    assert pause_after(failures, SETTINGS, lambda: 0.0) == timedelta(seconds=seconds)
    assert pause_after(failures, SETTINGS, lambda: 1.0) == timedelta(seconds=seconds * 0.75)


def test_a_pause_is_never_nothing() -> None:
    """A setting of "0s" does not turn into a busy loop."""
    assert pause_after(0, AlertSettings(retry_after=timedelta()), lambda: 1.0) == timedelta(seconds=1)


@pytest.mark.parametrize(
    ("delivery", "failures", "state", "pause"),
    [
        (Delivery(ok=True), 0, "sent", 0),
        (Delivery(ok=True), 11, "sent", 0),
        (Delivery(ok=False, reason="无此人"), 0, "failed", 0),
        (AGAIN, 0, "waiting", 5),
        (AGAIN, 10, "waiting", 3600),
        (AGAIN, 11, "failed", 0),
        (AGAIN, 50, "failed", 0),
        (Delivery(ok=False, retry=True, after=timedelta(minutes=2)), 0, "waiting", 120),
        (Delivery(ok=False, retry=True, after=timedelta(seconds=1)), 3, "waiting", 40),
        (Delivery(ok=False, retry=True, after=timedelta(days=9)), 0, "waiting", 6 * 3600),
    ],
)
def test_steps(delivery: Delivery, failures: int, state: str, pause: int) -> None:
    """Success settles, a refusal gives up, anything else waits, and waiting ends after `max_attempts`."""
    step = next_step(delivery, failures, SETTINGS, lambda: 0.0)
    assert (step.state, step.pause) == (state, timedelta(seconds=pause))


def test_giving_up_says_how_often_it_was_tried() -> None:
    """The operator reads the number and the last reason."""
    assert next_step(AGAIN, 11, SETTINGS, lambda: 0.0).reason == "已尝试 12 次：忙"
