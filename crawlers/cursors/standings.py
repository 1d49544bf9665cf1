"""A walk through lists that show how far each thread has come (answers, status) but not when that changed.

A search for questions is sorted by relevance and dated by the day of asking; complaints are dated by the day of
complaining. An answer shows only in the number of answers, or in the status: that is what is remembered.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from crawlers.cursors.misses import Misses
from crawlers.pages.base import Link
from crawlers.pages.urls import identity

#: Bound of what a cursor remembers.
_MOST_KNOWN = 5000


@dataclass(slots=True, kw_only=True)
class StandingReading:
    """What each thread's standing was when it was last read, or first seen and too old to be read."""

    known: dict[str, str | None]
    misses: Misses
    #: Threads that are older and unknown are history that nobody asked for, until their standing changes.
    floor: datetime
    #: Whether the last walk ended above its floor: then known threads say nothing about those below them.
    unfinished: bool = False
    #: Whether this walk does.
    cut: bool = False
    _shown: dict[str, str | None] = field(default_factory=dict)
    _tried: set[str] = field(default_factory=set)
    #: The oldest day on the lists of this walk.
    _bottom: datetime | None = None

    @classmethod
    def resume(cls, cursor: Mapping[str, Any], *, backfill_from: datetime) -> StandingReading:
        """Go on where the cursor says; without one, read back to `backfill_from`."""
        return cls(
            known=dict(cursor.get("standings", {})),
            misses=Misses.resume(cursor),
            floor=backfill_from,
            unfinished=bool(cursor.get("floor")),
        )

    def fresh(self, threads: Iterable[Link], *, first_page: bool) -> list[Link]:
        """Those to fetch; old ones that nobody asked for are remembered as they stand."""
        wanted: dict[str, Link] = {}
        for link in threads:
            if link.changed:
                self._bottom = min(self._bottom or link.changed, link.changed)
            key = identity(link.url)
            if key in self._shown or key in wanted:
                continue
            if self._wants(key, link, first_page=first_page):
                wanted[key] = link
            else:
                self._shown[key] = link.standing
        return list(wanted.values())

    def _wants(self, key: str, link: Link, *, first_page: bool) -> bool:
        if key in self._tried:
            return False
        if self.misses.again(key):
            return True
        recent = link.changed is None or link.changed >= self.floor
        if key not in self.known:
            return recent
        if link.standing is not None:
            return self.known[key] != link.standing
        # Nothing to go by: a reply shows nowhere but where the newest stand.
        return first_page and recent

    def goes_on(self, threads: Iterable[Link], fresh: Iterable[Link]) -> bool:
        """Whether the list's next page may hold something new."""
        if any(True for _ in fresh):
            return True
        return self.unfinished and any(link.changed is None or link.changed >= self.floor for link in threads)

    def done(self, link: Link) -> None:
        """A thread was read to its end."""
        key = identity(link.url)
        self.misses.worked(key)
        self._shown[key] = link.standing if link.standing is not None else self.known.get(key)

    def missed(self, link: Link) -> bool:
        """A thread could not be read. Returns whether it is given up."""
        key = identity(link.url)
        self._tried.add(key)
        if not self.misses.missed(key, link.url):
            return False
        self._shown[key] = link.standing
        return True

    def left_over(self) -> list[Link]:
        """Threads that failed in earlier crawls and are on no list that this one read."""
        return [
            Link(url=url, leads_to="thread")
            for key, (url, _) in self.misses.counts.items()
            if key not in self._shown and key not in self._tried
        ]

    def cursor(self) -> dict[str, Any]:
        """Where the next crawl goes on; what is still shown stays known."""
        known = {key: standing for key, standing in self.known.items() if key not in self._shown} | self._shown
        return {
            "standings": dict(list(known.items())[-_MOST_KNOWN:]),
            "floor": self.floor.isoformat() if self.cut else None,
            "reached": self._bottom.isoformat() if self.cut and self._bottom else None,
            "misses": self.misses.as_json(),
        }
