"""What follows from a provider's answer: settled, another try at a given time, or given up. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from alerts.notifiers.base import Delivery
from core.settings import AlertSettings

#: No pause between two tries is longer, unless the provider itself asks for more.
LONGEST_PAUSE = timedelta(hours=1)
#: Even with `retry_after = "0s"`, a dead provider is not asked without end.
SHORTEST_PAUSE = timedelta(seconds=1)
#: A provider that asks for more than this is not obeyed: an alert a day late is no alert.
LONGEST_WISH = timedelta(hours=6)

#: A number from 0 to 1; `random.random` in the product, a constant in tests.
Jitter = Callable[[], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What to do with a message after one try."""

    state: Literal["sent", "waiting", "failed"]
    #: Only with "waiting".
    pause: timedelta = timedelta()
    reason: str = ""


def next_step(delivery: Delivery, failures: int, settings: AlertSettings, jitter: Jitter) -> Step:
    """The step after an answer; `failures` counts the tries that failed before this one."""
    if delivery.ok:
        return Step(state="sent", reason=delivery.reason)
    if not delivery.retry:
        return Step(state="failed", reason=delivery.reason)
    if failures + 1 >= settings.max_attempts:
        return Step(state="failed", reason=f"已尝试 {failures + 1} 次：{delivery.reason}")
    wished = min(delivery.after or timedelta(), LONGEST_WISH)
    return Step(state="waiting", pause=max(pause_after(failures, settings, jitter), wished), reason=delivery.reason)


def pause_after(failures: int, settings: AlertSettings, jitter: Jitter) -> timedelta:
    """The pause after so many earlier failures: `retry_after` doubled each time up to an hour, less up to a quarter.

    The part that is left to chance keeps messages that failed together from coming back together.
    """
    doubled = settings.retry_after * 2.0 ** min(failures, 20)
    return max(min(doubled, LONGEST_PAUSE) * (1 - 0.25 * jitter()), SHORTEST_PAUSE)
