"""What a crawl of a bar remembers beyond a board's: how many replies each thread and each floor had when it was read.

A bar's list shows the minute of the last reply only on the day itself, then the bare day, and nothing at all for pinned
threads; a reply below a floor changes no page but its own. Numbers of replies tell what times do not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from crawlers.cursors import BoardReading
from crawlers.pages.base import Link
from crawlers.pages.urls import identity

#: Bounds of what a cursor remembers.
_MOST_THREADS = 5000
_MOST_FLOORS = 5000


@dataclass(kw_only=True)
class TiebaReading(BoardReading):
    """A walk down a bar."""

    #: Number of replies and last reply of each thread, as the list showed them when the thread was last read.
    replies: dict[str, tuple[int | None, str | None]] = field(default_factory=dict)
    #: Number of sub-comments of each floor that were read, by the floor's number.
    comments: dict[str, int] = field(default_factory=dict)

    @classmethod
    def resume(cls, cursor: Mapping[str, Any], *, backfill_from: datetime) -> TiebaReading:
        """Go on where the cursor says; without one, read back to `backfill_from`."""
        reading = super().resume(cursor, backfill_from=backfill_from)
        assert isinstance(reading, TiebaReading)
        reading.replies = {key: (number, last) for key, (number, last) in cursor.get("replies", {}).items()}
        reading.comments = dict(cursor.get("comments", {}))
        return reading

    def _wants(self, link: Link, *, first_page: bool) -> bool:
        key = identity(link.url)
        known, now = self.replies.get(key, (None, None))[0], _number(link)
        if known is None or now is None or not _is_coarse(link):
            return super()._wants(link, first_page=first_page)
        if key in self._read:
            return False
        # Without a clock only the number tells; a pinned thread has no time at all.
        return self.misses.again(key) or (now != known and (link.changed is None or link.changed >= self.floor))

    def grown_by(self, link: Link) -> int | None:
        """How many replies the list shows more than when the thread was last read; `None` where that is unknown."""
        known, now = self.replies.get(identity(link.url), (None, None))[0], _number(link)
        return None if known is None or now is None else now - known

    def read_until(self, link: Link) -> datetime | None:
        """The last reply that the list showed when the thread was last read; for a pinned one, when that was."""
        text = self.replies.get(identity(link.url), (None, None))[1]
        return datetime.fromisoformat(text) if text else None

    def done(self, link: Link, *, at: datetime) -> None:
        """A thread was read to its end; `at` is when the list showed its last reply."""
        super().done(link, at=at)
        key = identity(link.url)
        before = self.replies.pop(key, (None, None))
        number = _number(link)
        self.replies[key] = (before[0] if number is None else number, (link.changed or at).isoformat())

    def heard(self, floor: str, comments: int) -> None:
        """So many sub-comments of a floor were read."""
        self.comments.pop(floor, None)
        self.comments[floor] = comments

    def cursor(self) -> dict[str, Any]:
        """Where the next crawl goes on."""
        return {
            **super().cursor(),
            "replies": {key: list(entry) for key, entry in list(self.replies.items())[-_MOST_THREADS:]},
            "comments": dict(list(self.comments.items())[-_MOST_FLOORS:]),
        }


def _number(link: Link) -> int | None:
    return int(link.standing) if link.standing and link.standing.isdigit() else None


def _is_coarse(link: Link) -> bool:
    """Whether the list shows no clock: a bare day is written as its last second (`tieba_facts.last_reply`)."""
    return link.changed is None or link.changed.second == 59
