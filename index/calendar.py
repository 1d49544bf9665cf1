"""Days as moments: from midnight to midnight in the operator's zone, also where clocks change."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

#: No post is older than the first year, and no index has numbers for moments long after the last.
EARLIEST, LATEST = 1900, 2100


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """From a moment on and before another; `until` is `None` where it reaches into what is still to come."""

    since: datetime
    until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """Where somebody stands in time who says "yesterday". Every method raises `ValueError` outside of its years."""

    now: datetime
    zone: ZoneInfo

    @property
    def today(self) -> date:
        """The day it is."""
        return self.now.astimezone(self.zone).date()

    def days(self, first: date, behind: date) -> Span:
        """From the beginning of a day to the beginning of another."""
        return Span(since=self._midnight(first), until=self._midnight(behind))

    def is_day(self, since: datetime | None, until: datetime | None) -> bool:
        """Whether that is one day, from its beginning to its end."""
        if since is None or until is None:
            return False
        day = since.astimezone(self.zone).date()
        return self.days(day, day + timedelta(days=1)) == Span(since=since, until=until)

    def since_day(self, first: date) -> Span:
        """From the beginning of a day on; what a page's fast clock dates ahead of now is in."""
        return Span(since=self._midnight(first), until=None)

    def back(self, back: timedelta) -> Span:
        """From so long before now on."""
        return Span(since=self.local(self.now.astimezone(UTC) - back), until=None)

    def lasting(self, start: datetime, length: timedelta) -> Span:
        """From a moment on, so long as clocks on the wall do not matter."""
        return Span(since=self.local(start), until=self.local(start.astimezone(UTC) + length))

    def local(self, moment: datetime) -> datetime:
        """The same moment in the operator's zone."""
        if not EARLIEST <= moment.year <= LATEST + 1:
            raise ValueError(f"not a year for a search: {moment}")
        return moment.astimezone(UTC).astimezone(self.zone)

    def _midnight(self, day: date) -> datetime:
        # Where clocks skip midnight this is the moment behind the gap, where they show it twice the first.
        return self.local(datetime.combine(day, time(), self.zone))
