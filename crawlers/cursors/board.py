"""A walk down a board sorted by last reply: which threads hold something that was not there at the last crawl."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from crawlers.cursors.misses import Misses
from crawlers.pages.base import Link
from crawlers.pages.urls import identity

#: Lists show the minute of the last reply: a reply in the same minute, after we looked, looks like no reply.
_RESOLUTION = timedelta(minutes=1)
_OVERLAP = 2 * _RESOLUTION
#: Bounds of what a cursor remembers.
_MOST_PLACES = 2000
_MOST_UNTIMED = 5000


def _time(value: Any) -> datetime | None:
    return datetime.fromisoformat(value) if isinstance(value, str) else None


def _last(entries: Mapping[str, Any], most: int) -> dict[str, Any]:
    return dict(list(entries.items())[-most:])


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """How far a thread of several pages was read."""

    #: Address of the last page read.
    url: str
    #: Id of the opening post, which only the first page shows.
    opening: str | None


@dataclass(slots=True, kw_only=True)
class BoardReading:
    """A walk down a board that is sorted by last reply, newest first."""

    #: Threads whose last reply is older are done with, unless they failed.
    floor: datetime
    #: Last replies shown by threads that were read, by thread: at the boundary, "not older" does not mean "not read".
    seen: dict[str, str | None]
    places: dict[str, Place]
    misses: Misses
    #: The latest reply that a list has shown.
    newest: datetime
    #: Whether the last walk ended above its floor: then a known thread says nothing about those below it.
    unfinished: bool = False
    #: Whether this walk ended above the floor; then the next one goes down to the same floor.
    cut: bool = False
    _top: datetime | None = None
    #: The oldest last reply on the lists of this walk.
    _bottom: datetime | None = None
    _read: dict[str, str | None] = field(default_factory=dict)
    _tried: set[str] = field(default_factory=set)

    @classmethod
    def resume(cls, cursor: Mapping[str, Any], *, backfill_from: datetime) -> BoardReading:
        """Go on where the cursor says, but not further back than `backfill_from`, as a first crawl does not either.

        What lies between is lost, and `crawlers.endings` says so.
        """
        newest = _time(cursor.get("newest"))
        unfinished = _time(cursor.get("floor"))
        places = {key: Place(url=url, opening=opening) for key, (url, opening) in cursor.get("places", {}).items()}
        return cls(
            floor=max(backfill_from, unfinished or (newest - _OVERLAP if newest else backfill_from)),
            seen=dict(cursor.get("seen", {})),
            places=places,
            misses=Misses.resume(cursor),
            newest=newest or backfill_from,
            unfinished=unfinished is not None,
        )

    def fresh(self, threads: Iterable[Link], *, at: datetime, first_page: bool) -> list[Link]:
        """Those to fetch. `at` is when the server made the list."""
        if self._top is None:
            self._top = at
        wanted = []
        for link in threads:
            if link.changed:
                self._bottom = min(self._bottom or link.changed, link.changed)
                # Never beyond the moment of the first list: what was answered after it may be on no list we read.
                self.newest = max(self.newest, min(link.changed, self._top))
            if self._wants(link, first_page=first_page):
                wanted.append(link)
        return wanted

    def _wants(self, link: Link, *, first_page: bool) -> bool:
        key = identity(link.url)
        if key in self._read:
            return False
        if self.misses.again(key):
            return True
        if link.changed is None:
            # No time to go by: a reply shows nowhere but at the top of the list.
            return first_page or key not in self.seen
        if link.changed < self.floor:
            return False
        read = _time(self.seen.get(key))
        return read is None or link.changed > read

    def goes_on(self, threads: Sequence[Link], fresh: Sequence[Link], *, first_page: bool) -> bool:
        """Whether the list's next page may hold something new.

        The last thread of a page decides: above it may be sticky ones, below it are only older ones.
        """
        timed = [link for link in threads if link.changed]
        if not timed:
            return any(not first_page or identity(link.url) not in self.seen for link in fresh)
        last = timed[-1]
        if last.changed is None or last.changed < self.floor:
            return False
        return self.unfinished or last in fresh or identity(last.url) in self._read

    def left_over(self) -> list[Link]:
        """Threads that failed in earlier crawls and are on no list that this one read."""
        return [
            Link(url=url, leads_to="thread")
            for key, (url, _) in self.misses.counts.items()
            if key not in self._read and key not in self._tried
        ]

    def place(self, link: Link) -> Place | None:
        """Where to go on in a thread of several pages."""
        return self.places.get(identity(link.url))

    def reached(self, link: Link, place: Place) -> None:
        """A page of a thread of several pages was read."""
        key = identity(link.url)
        self.places.pop(key, None)
        self.places[key] = place

    def done(self, link: Link, *, at: datetime) -> None:
        """A thread was read to its end; `at` is when the list showed its last reply."""
        key = identity(link.url)
        self.misses.worked(key)
        settled = link.changed is None or link.changed + _RESOLUTION <= at
        # A reply within the shown minute may have come after we looked: look once more.
        before = None if link.changed is None else (link.changed - timedelta(microseconds=0 if settled else 1))
        self._read[key] = before.isoformat() if before else None

    def missed(self, link: Link, *, at: datetime) -> bool:
        """A thread could not be read. Returns whether it is given up."""
        self._tried.add(identity(link.url))
        if not self.misses.missed(identity(link.url), link.url):
            return False
        self.done(link, at=at)
        return True

    def cursor(self) -> dict[str, Any]:
        """Where the next crawl goes on."""
        seen = {**self.seen, **self._read}
        if not self.cut:
            boundary = self.newest - _OVERLAP
            timed = {key: at for key, at in seen.items() if at and datetime.fromisoformat(at) >= boundary}
            untimed = {key: at for key, at in seen.items() if at is None}
            seen = {**_last(untimed, _MOST_UNTIMED), **timed}
        places = {key: [place.url, place.opening] for key, place in self.places.items()}
        return {
            "newest": self.newest.isoformat(),
            "floor": self.floor.isoformat() if self.cut else None,
            "reached": self._bottom.isoformat() if self.cut and self._bottom else None,
            "seen": seen,
            "places": _last(places, _MOST_PLACES),
            "misses": self.misses.as_json(),
        }
