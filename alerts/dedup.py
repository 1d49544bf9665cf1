"""One event, one alert: whether a mention of an event that rang before may ring again, decided without input or output.

Only the order of arrival counts. A post that was published earlier but found later is judged like any other, because
what people already know is what the last alert told them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from core.model import GRADES, Event, Grade, Mention
from core.settings import AlertSettings

#: An event has grown when it is this many times as large as at the last alert …
GROWTH_FACTOR = 3
#: … and at least by this many posts, so that 1 → 3 is no news.
GROWTH_POSTS = 5


class Reason(StrEnum):
    """Why a mention rings, or why it does not."""

    FIRST_OF_EVENT = "first_of_event"
    GRADE_RAISED = "grade_raised"
    SPREAD_TO_CHANNEL = "spread_to_channel"
    NEW_READER = "new_reader"
    GREW = "grew"
    RESURFACED = "resurfaced"
    REPEAT_SUPPRESSED = "repeat_suppressed"
    UNCHANGED = "unchanged"

    @property
    def rings(self) -> bool:
        """Whether somebody must be told."""
        return self not in (Reason.REPEAT_SUPPRESSED, Reason.UNCHANGED)


REASON_NAMES: Mapping[Reason, str] = {
    Reason.FIRST_OF_EVENT: "新事件首次预警",
    Reason.GRADE_RAISED: "风险等级上升",
    Reason.SPREAD_TO_CHANNEL: "扩散到新渠道",
    Reason.NEW_READER: "事件新涉及其他负责人",
    Reason.GREW: "相关帖文快速增多",
    Reason.RESURFACED: "已关闭的事件再次出现",
    Reason.REPEAT_SUPPRESSED: "事件仍在增长，静默期内不重复提醒",
    Reason.UNCHANGED: "事件已预警，情况无变化",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LastAlert:
    """What people know about an event from all its alerts so far."""

    #: The highest grade that any of them had.
    grade: Grade
    #: When the latest one was raised.
    opened: datetime
    #: The largest size that any of them told.
    size: int
    channels: frozenset[str]
    #: Notifiers that have a message about this event.
    told: frozenset[str] = frozenset()
    #: The case was handled to its end since; not so for a dismissed or malicious one, which stays quiet.
    closed: bool = False


def decide(
    last: LastAlert | None,
    event: Event | None,
    mention: Mention,
    now: datetime,
    settings: AlertSettings,
    *,
    to: frozenset[str] = frozenset(),
) -> Reason:
    """Why this mention rings or not. `to` are the notifiers that the rules name for it."""
    grade = mention.verdict.grade
    if grade is None:
        return Reason.UNCHANGED
    if last is None:
        return Reason.FIRST_OF_EVENT
    if is_higher(grade, last.grade):
        return Reason.GRADE_RAISED
    # The mention's own channel: a card that says "spread" must show the post that spread it.
    if mention.post.channel not in last.channels:
        return Reason.SPREAD_TO_CHANNEL
    if to - last.told:
        return Reason.NEW_READER
    quiet = now - last.opened < settings.repeat_after
    if last.closed and not quiet:
        return Reason.RESURFACED
    if _grew(last.size, size_of(event)):
        return Reason.REPEAT_SUPPRESSED if quiet else Reason.GREW
    return Reason.UNCHANGED


def is_higher(grade: Grade, than: Grade | None) -> bool:
    """Whether a grade is more urgent than another; any grade is more urgent than none."""
    return than is None or GRADES.index(grade) < GRADES.index(than)


def highest(one: Grade, other: Grade) -> Grade:
    """The more urgent of two grades."""
    return one if is_higher(one, other) else other


def channels_of(event: Event | None, mention: Mention) -> frozenset[str]:
    """Where the story is known to be told. A post without an event is its own event."""
    return frozenset(event.channels if event else ()) | {mention.post.channel}


def size_of(event: Event | None) -> int:
    """How many posts tell the story."""
    return event.size if event else 1


def _grew(before: int, size: int) -> bool:
    return size >= GROWTH_FACTOR * before and size >= before + GROWTH_POSTS
