"""How a search that Weibo cuts after 50 pages is split until nothing is cut: days, hours, provinces, cities.

Pure: windows in, windows out. The parts of a window cover its whole time without a gap and meet at whole hours, in
China's time, which is what the site's `timescope` counts in. Both ends of a `timescope` are taken to belong to it, so a
status of the full hour may be shown twice; it is one post all the same.

That ten statuses a page and 50 pages are the limit, and that 46 or more pages announce it, is what weibo-search's users
found [read in its code and threads, not checked against the live site]. Whether every status has a region is not known:
a split by region is therefore always said to the operator.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from core.model import require_aware
from crawlers.weibo.regions import cities, provinces

ZONE = ZoneInfo("Asia/Shanghai")
#: The pager of a search that shows so many pages has probably left some out.
CUT_FROM = 46
#: No search shows more.
MOST_PAGES = 50
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A stretch of time, by whole hours in China's time, perhaps of one province or city only."""

    start: datetime
    end: datetime
    province: int | None = None
    city: int | None = None

    def __post_init__(self) -> None:
        require_aware(self, start=self.start, end=self.end)
        if not self.start < self.end:
            raise ValueError(f"a window ends after it starts, not {self.start} to {self.end}")
        if _floor(self.start) != self.start or _floor(self.end) != self.end:
            raise ValueError("a window starts and ends with a whole hour")
        if self.city is not None and self.province is None:
            raise ValueError("a city lies in a province")

    @property
    def timescope(self) -> str:
        """The value of the search's parameter: "custom:2026-03-15-9:2026-03-15-10"."""
        return f"custom:{_stamp(self.start)}:{_stamp(self.end)}"

    @property
    def region(self) -> str | None:
        """The value of the search's parameter: "custom:44:1000" for a province, "custom:44:3" for a city."""
        return None if self.province is None else f"custom:{self.province}:{1000 if self.city is None else self.city}"

    def __str__(self) -> str:
        """For the operator: "3月15日9时至3月15日10时（广东深圳）"."""
        place = ""
        if self.province is not None:
            place = provinces()[self.province] + ("" if self.city is None else cities(self.province)[self.city])
        return f"{_words(self.start)}至{_words(self.end)}" + (f"（{place}）" if place else "")


def window_over(start: datetime, end: datetime) -> Window:
    """The smallest window that holds both moments."""
    first, last = _floor(start), _floor(end)
    return Window(start=first, end=last if last == end and last > first else last + _HOUR)


def split(window: Window) -> tuple[Window, ...]:
    """The parts that hold everything of a window, newest first; empty where it cannot be split further."""
    if window.end - window.start > _HOUR:
        days = list(_cut_at(window, _midnights(window)))
        parts = days if len(days) > 1 else list(_cut_at(window, _hours(window)))
        return tuple(reversed(parts))
    if window.province is None:
        return tuple(replace(window, province=code) for code in provinces())
    if window.city is None:
        return tuple(replace(window, city=code) for code in cities(window.province))
    return ()


def as_json(window: Window) -> list[Any]:
    """What a cursor keeps."""
    return [window.start.isoformat(), window.end.isoformat(), window.province, window.city]


def from_json(kept: Sequence[Any]) -> Window:
    """The window that a cursor kept."""
    start, end = (datetime.fromisoformat(text).astimezone(ZONE) for text in kept[:2])
    return Window(start=start, end=end, province=kept[2], city=kept[3])


def _cut_at(window: Window, cuts: Iterator[datetime]) -> Iterator[Window]:
    start = window.start
    for cut in cuts:
        yield replace(window, start=start, end=cut)
        start = cut
    yield replace(window, start=start)


def _midnights(window: Window) -> Iterator[datetime]:
    midnight = window.start.replace(hour=0) + timedelta(days=1)
    while midnight < window.end:
        yield midnight
        midnight += timedelta(days=1)


def _hours(window: Window) -> Iterator[datetime]:
    hour = window.start + _HOUR
    while hour < window.end:
        yield hour
        hour += _HOUR


def _floor(moment: datetime) -> datetime:
    return moment.astimezone(ZONE).replace(minute=0, second=0, microsecond=0)


def _stamp(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d}-{moment.hour}"


def _words(moment: datetime) -> str:
    return f"{moment.year}年{moment.month}月{moment.day}日{moment.hour}时"
