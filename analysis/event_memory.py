"""The grouping's memory of the database: what is near in time to the posts that ask, read once and kept up to date.

It is a cache and nothing else. What this process decided counts only once the database shows it (the caller may have
rolled back), what other processes filed, merged or split is picked up by the numbers of their rows, and whatever looks
wrong is forgotten and read again. Times are kept by whole days, so that a batch in which one post is a year old reads
the days around it and not the year.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

from sqlalchemy import Connection

from analysis.event_marks import long_hash
from analysis.event_rows import (
    Filed,
    changes_after,
    filed_after,
    filed_between,
    filed_posts,
    has_numbers,
    last_change,
    last_number,
    post_at,
    posts_between,
)
from analysis.event_stories import Stories

_DAY = 86_400.0
#: Posts of days nobody asks for that may stay: at least this many, and this share of all.
_SLACK, _SLACK_SHARE = 5_000, 0.2


class EventMemory:
    """Stories of the days that were asked for."""

    def __init__(self, *, window: timedelta, copies: timedelta) -> None:
        """See `Stories`."""
        self.window, self.copies = window, copies
        self.forget()

    def forget(self) -> None:
        """Know nothing; the next `refresh` reads what it needs."""
        self.stories = Stories(window=self.window, copies=self.copies)
        self._days: set[int] = set()
        #: The newest row and the newest merge or split that were looked at, and the post of that row.
        self._number, self._change = 0, 0
        self._newest: str | None = None
        #: What this process filed last, not seen in the database yet, and the newest change when it did.
        self._expected: dict[str, str] = {}

    def expect(self, connection: Connection, filed: Mapping[str, str]) -> None:
        """Remember that `filed` was written in the connection's transaction, whose rows are all known by now."""
        self._expected = dict(filed)
        self._change = last_change(connection)

    def refresh(self, connection: Connection, whens: Sequence[float]) -> None:
        """Know every filed post that could share a story with posts of these times (seconds since 1970)."""
        if not self._is_sound(connection):
            self.forget()
        needed = self._days_around(whens)
        self._drop(needed)
        if not self._days and not len(self.stories):
            self._change = last_change(connection)
        self._follow(connection)
        missing = sorted(needed - self._days)
        if missing:
            known = {int(post) for post in self.stories.shelf.marks.post.tolist()} if self._days else set()
            for start, end in _runs(missing):
                found = filed_between(connection, start * _DAY, end * _DAY)
                self._recall(one for one in found if long_hash(one.told.post) not in known)
            self._days |= needed
        self._number = last_number(connection)
        self._newest = post_at(connection, self._number) if self._number else None

    def _is_sound(self, connection: Connection) -> bool:
        """Whether what was filed last is in the database as it was filed, and rows kept their numbers."""
        if self._newest is not None and post_at(connection, self._number) != self._newest:
            return False
        if self._change > last_change(connection):
            return False  # a merge that was rolled back
        if not self._expected:
            return True
        found = {one.told.post for one in filed_posts(connection, [next(iter(self._expected))])}
        return bool(found)

    def _follow(self, connection: Connection) -> None:
        """Take in what others filed and changed since."""
        if not self._days:
            return
        if has_numbers(connection):
            new = [post for _, post, _ in filed_after(connection, self._number) if post not in self._expected]
        else:
            new = self._unknown(connection)
        if new:
            found = filed_posts(connection, new)
            self._recall(one for one in found if int(one.told.when // _DAY) in self._days)
        self._expected = {}
        for change in changes_after(connection, self._change):
            if change.action == "merge":
                self.stories.join(change.other, change.event)
            else:
                self.stories.move(change.posts, change.other)
            self._change = change.number

    def _unknown(self, connection: Connection) -> list[str]:
        """Posts of the known days that are not on the shelf; for stores whose rows have no numbers."""
        known = {int(post) for post in self.stories.shelf.marks.post.tolist()}
        return [
            post
            for start, end in _runs(sorted(self._days))
            for post in posts_between(connection, start * _DAY, end * _DAY)
            if long_hash(post) not in known
        ]

    def _recall(self, found: Iterable[Filed]) -> None:
        filed = list(found)
        if filed:
            self.stories.recall([one.told for one in filed], [one.event for one in filed])

    def _days_around(self, whens: Sequence[float]) -> set[int]:
        reach = int(self.copies.total_seconds() // _DAY) + 1
        return {
            day for middle in {int(when // _DAY) for when in whens} for day in range(middle - reach, middle + reach + 1)
        }

    def _drop(self, needed: set[int]) -> None:
        """Forget days that nobody asks for, once they are many."""
        spans = [(start * _DAY, end * _DAY) for start, end in _runs(sorted(needed & self._days))]
        when = self.stories.shelf.marks.when
        kept = sum(int(((when >= start) & (when < end)).sum()) for start, end in spans)
        if len(when) - kept > max(_SLACK, _SLACK_SHARE * kept):
            self.stories.keep(spans)
            self._days &= needed


def _runs(days: Sequence[int]) -> list[tuple[int, int]]:
    """Sorted days as spans, the end not included."""
    runs: list[tuple[int, int]] = []
    for day in days:
        if runs and runs[-1][1] == day:
            runs[-1] = (runs[-1][0], day + 1)
        else:
            runs.append((day, day + 1))
    return runs
