"""What a risk is computed from, and what comes out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from analysis.background import Background
from analysis.reading import Reading
from analysis.topics import Topic
from core.model import Event, Grade, Post, Reason

#: Channels whose neutral wording is a matter of style: an accident they report is an accident.
REPORTING = frozenset({"news", "broadcast"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that the risk of one mention is computed from."""

    post: Post
    reading: Reading
    #: Whom it is about.
    subjects: tuple[str, ...] = ()
    #: Calibrated probability.
    negative: float
    topics: Sequence[Topic]
    event: Event | None = None
    #: How many posts of the batch hold the same text.
    same_text: int = 1
    #: Whether the post is about its subject only because its thread is.
    is_inherited: bool = False
    #: Whether the subject itself answers here.
    is_service: bool = False
    #: What the archive knows around it, if it was asked.
    background: Background | None = None

    @property
    def when(self) -> datetime:
        """When it was published, at the latest when we fetched it: a time in the future is a mistake of its page."""
        return min(self.post.when, self.post.collected)

    @property
    def is_report(self) -> bool:
        """Whether a reporter speaks."""
        return self.post.channel in REPORTING

    @property
    def is_about_safety(self) -> bool:
        """Whether a category says so."""
        return any(topic.is_accident for topic in self.topics)


@dataclass(frozen=True, slots=True, kw_only=True)
class Risk:
    """The sum, capped to 0–100, its grade, and why."""

    score: int
    grade: Grade | None
    reasons: tuple[Reason, ...]


#: Of a post that is about nobody of ours.
NO_RISK = Risk(score=0, grade=None, reasons=())

#: Looks at one circumstance; every point it gives is a reason.
Weigher = Callable[[Facts], list[Reason]]


def step(steps: Sequence[tuple[int, int]], count: int | None) -> int:
    """The points of the highest step that the count reaches; an unknown count reaches none."""
    return max((points for least, points in steps if count is not None and count >= least), default=0)
