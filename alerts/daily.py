"""What a digest knows of one day, as values. Unknown is `None`; an empty day is a day with zeros, not without facts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from core.model import Case, CorrectionKind, Grade, SourceState, require_aware


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """One local day, up to the present where it is today."""

    day: date
    since: datetime
    until: datetime
    #: The day is not over.
    partial: bool

    def __post_init__(self) -> None:
        require_aware(self, since=self.since, until=self.until)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How much was said, and how much of it badly."""

    name: str
    mentions: int
    negative: int
    #: Mean of the same hours of the days before; `None` where nothing can be compared.
    usual_mentions: float | None = None
    usual_negative: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventLine:
    """One story of the day."""

    event: str
    title: str
    #: Mentions on that day.
    count: int
    #: All posts so far.
    size: int
    grade: Grade | None
    channels: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed:
    """How the day's alerts reached people."""

    alerts: int
    by_grade: dict[Grade, int]
    #: Alerts that at least one person's channel accepted.
    reached: int
    #: Of those, how many carried a picture or page in their first card.
    with_evidence: int
    #: From publication to acceptance, over posts whose source shows a time.
    median: timedelta | None
    slowest: timedelta | None
    #: Messages that were given up.
    failed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiet:
    """A graded mention nobody's phone rang for, because it was old when first seen."""

    title: str
    url: str
    when: datetime
    risk: int
    grade: Grade | None

    def __post_init__(self) -> None:
        require_aware(self, when=self.when)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """A stretch of the day in which a source could not be read or believed, or was paused."""

    state: SourceState
    reason: str
    #: Within the day: its own beginning and end where the stretch is longer.
    since: datetime
    until: datetime
    #: Whether it had not ended by then.
    lasts: bool

    def __post_init__(self) -> None:
        require_aware(self, since=self.since, until=self.until)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceLine:
    """How one source stands when the digest is made."""

    name: str
    #: `None`: never crawled.
    state: SourceState | None
    reason: str
    since: datetime | None
    last_ok: datetime | None
    #: Whether the day was seen: some crawl succeeded since it began.
    seen: bool
    #: Whether something is wrong with it: an empty list may be believed or not.
    failed: bool = False
    #: The day's outages, oldest first.
    outages: tuple[Outage, ...] = ()
    #: What was lost for good, as crawls of the day said: "11-02 08:00 至 11-15 08:00 的内容没有补采".
    lost: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        require_aware(self, since=self.since, last_ok=self.last_ok)


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """One day for readers."""

    window: Window
    made: datetime
    #: Posts of that day, whatever they are about.
    posts: int
    total: Tally
    #: How many earlier days the means are over; 0 when there is nothing to compare.
    days_compared: int
    channels: tuple[Tally, ...]
    categories: tuple[Tally, ...]
    subjects: tuple[Tally, ...]
    events: tuple[EventLine, ...]
    speed: Speed
    cases_opened: int
    cases_ended: int
    cases_open: int
    overdue: tuple[Case, ...]
    #: What people corrected on the day and did not take back, by kind.
    corrections: Mapping[CorrectionKind, int]
    #: Of the day's posts, those that people call false alarms; the counts above take them for what the machine says.
    false_alarms: int
    #: Graded mentions that were history when first seen: how many, and the gravest.
    old: int
    gravest_old: tuple[Quiet, ...]
    #: Graded mentions that no rule wanted.
    unmatched: int
    sources: tuple[SourceLine, ...]

    @property
    def troubled(self) -> tuple[SourceLine, ...]:
        """Sources that do not work now, or were not seen on that day or on part of it."""
        return tuple(
            line
            for line in self.sources
            if line.failed or line.state not in ("ok", "empty") or not line.seen or line.outages or line.lost
        )
