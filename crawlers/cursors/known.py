"""A walk through things that are read once and known by their key: statuses, articles."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from crawlers.cursors.misses import Misses

#: Bound of what a cursor remembers.
_MOST_KNOWN = 5000


@dataclass(slots=True, kw_only=True)
class KnownReading:
    """A walk through things that are read once and known by their key: statuses, articles."""

    known: dict[str, None]
    misses: Misses
    #: Older things are history that nobody asked for.
    floor: datetime
    #: Whether the last walk ended above its floor: then known things do not end this one.
    unfinished: bool = False
    #: Whether this walk does.
    cut: bool = False
    _done: dict[str, None] = field(default_factory=dict)
    _tried: set[str] = field(default_factory=set)

    @classmethod
    def resume(cls, cursor: Mapping[str, Any], *, backfill_from: datetime) -> KnownReading:
        """Go on where the cursor says."""
        return cls(
            known=dict.fromkeys(cursor.get("known", ())),
            misses=Misses.resume(cursor),
            floor=backfill_from,
            unfinished=bool(cursor.get("unfinished")),
        )

    def wants(self, key: str, when: datetime | None) -> bool:
        """Whether it is to be read: unknown and not history, or it failed before."""
        if key in self._done:
            return False
        return self.misses.again(key) or (key not in self.known and (when is None or when >= self.floor))

    def goes_on(self, shown: Iterable[tuple[str, datetime | None]]) -> bool:
        """Whether the list may hold something new below a page that shows these."""
        things = list(shown)
        if self.unfinished:
            return any(when is None or when >= self.floor for _, when in things)
        return any(self.wants(key, when) for key, when in things)

    def still_shown(self, keys: Iterable[str]) -> None:
        """What a list still shows is remembered longest: forgetting it would mean reading it again."""
        for key in keys:
            if key in self.known:
                self.known[key] = self.known.pop(key)

    def done(self, key: str) -> None:
        """It was read."""
        self.misses.worked(key)
        self._done[key] = None

    def missed(self, key: str, url: str) -> bool:
        """It could not be read. Returns whether it is given up."""
        self._tried.add(key)
        if not self.misses.missed(key, url):
            return False
        self._done[key] = None
        return True

    def left_over(self) -> list[str]:
        """Addresses of what failed in earlier crawls and is shown no more."""
        return [url for key, (url, _) in self.misses.counts.items() if key not in self._done and key not in self._tried]

    def forget_left_over(self) -> None:
        """For things that cannot be read once they are shown no more."""
        self.misses.counts = {key: miss for key, miss in self.misses.counts.items() if key in self._tried}

    def cursor(self) -> dict[str, Any]:
        """Where the next crawl goes on; what is still shown stays known."""
        known = {key: None for key in self.known if key not in self._done} | self._done
        return {"known": list(known)[-_MOST_KNOWN:], "misses": self.misses.as_json(), "unfinished": self.cut}
