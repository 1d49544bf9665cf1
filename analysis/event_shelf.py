"""The memory of the grouping: the window's posts as arrays, and which of them a new post could share a story with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.event_fit import Fits, Places, Rarity, Side, compare
from analysis.event_marks import ENOUGH, Marks, keys_of
from analysis.event_postings import Postings
from analysis.event_room import Room

#: Posts compared per clue: the newest of a story speak for it.
_MOST_COMPARED = 24
#: Posts that one post is compared with: those that share most.
_MOST_PAIRS = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """Posts of one batch (places in it) beside posts of the shelf (rows), and how well they fit."""

    asked: Places
    rows: Places
    fits: Fits
    #: The row is the post that this one answers; another answer to it; or answers this one.
    is_parent: npt.NDArray[np.bool_]
    is_thread: npt.NDArray[np.bool_]
    #: Seconds between the two.
    apart: npt.NDArray[np.float64]


class Shelf:
    """Posts with their events (as small numbers), in the order in which they were put here."""

    def __init__(self, *, window: float, copies: float) -> None:
        """Seconds: for how long posts of one story are compared, and for how long copies are."""
        self.window, self.copies = window, copies
        self._room = Room()
        self._postings = Postings()
        self.rarity = Rarity()

    def __len__(self) -> int:
        return self._room.size

    @property
    def marks(self) -> Marks:
        """All rows; the bands are not kept."""
        return self._room.marks

    @property
    def events(self) -> npt.NDArray[np.int32]:
        """The event of each row, -1 where it is not known yet."""
        return self._room.events

    def put(self, marks: Marks) -> int:
        """Add posts, their events unknown yet. Returns the row of the first one."""
        first = len(self)
        self._room.add(marks)
        found = keys_of(marks, self.rarity.nats(marks), window=self.window, asking=False)
        self._postings.add(found.keys, found.rows + np.int32(first))
        return first

    def tell(self, first: int, events: Sequence[int], opened: Sequence[bool]) -> None:
        """The events of the posts from row `first` on, and which of them opened theirs."""
        end = first + len(events)
        self.events[first:end], self._room.opened[first:end] = events, opened
        self.rarity.count(self.marks.take(first + np.flatnonzero(opened)), 1)

    def join(self, one: int, into: int) -> None:
        """All posts of one event belong to another from now on."""
        self.events[self.events == one] = into

    def move(self, posts: Sequence[int], event: int) -> None:
        """These posts (hashes of their ids) belong to this event from now on."""
        self.events[np.isin(self.marks.post, np.array(posts, dtype=np.uint64))] = event

    def keep(self, chosen: npt.NDArray[np.bool_]) -> None:
        """Forget all other rows."""
        numbers = np.where(chosen, np.cumsum(chosen) - 1, -1).astype(np.int32)
        self.rarity.count(self.marks.take(np.flatnonzero(~chosen & self._room.opened)), -1)
        self._postings.renumber(numbers)
        self._room.keep(np.flatnonzero(chosen))

    def pairs(self, first: int, batch: Marks) -> Pairs:
        """What is near to the posts of a batch, put at row `first`: on the shelf, and among themselves."""
        left_side = Side(marks=batch, nats=self.rarity.nats(batch))
        asked, rows = self._near(left_side)
        apart = np.abs(batch.when[asked] - self.marks.when[rows])
        near = (rows != asked + first) & (apart <= max(self.window, self.copies))
        asked, rows, apart = asked[near], rows[near], apart[near]
        others, places = np.unique(rows, return_inverse=True)
        right = self.marks.take(others)
        fits = compare(left_side, Side(marks=right, nats=self.rarity.nats(right)), asked, places)
        # A form filled in again next week is another story; the same text, word for word, is the old one.
        late = apart > np.where(fits.copied & fits.sure, self.copies, self.window)
        score = np.where(late, np.float32(0), fits.score)
        parent, mine = batch.parent[asked], batch.post[asked]
        is_parent = (parent != 0) & (parent == self.marks.post[rows])
        same = (parent != 0) & (parent == self.marks.parent[rows])
        thread = (is_parent | same | (self.marks.parent[rows] == mine)) & (apart <= self.window)
        thread &= np.any(
            (batch.subjects[asked][:, :, None] == right.subjects[places][:, None, :])
            & (batch.subjects[asked][:, :, None] != 0),
            axis=(1, 2),
        )
        return Pairs(
            asked=asked,
            rows=rows,
            fits=Fits(score=score, copied=fits.copied, sure=fits.sure & ~late),
            is_parent=is_parent & thread,
            is_thread=thread,
            apart=apart,
        )

    def _near(self, batch: Side) -> tuple[Places, Places]:
        """Pairs of a batch's place and a row that share enough keys, each once, in the order of the places."""
        found = keys_of(batch.marks, batch.nats, window=self.window, asking=True)
        hit, rows = self._postings.find(found.keys, _MOST_COMPARED)
        pair = (found.rows[hit].astype(np.int64) << np.int64(32)) | rows
        order = np.argsort(pair, kind="stable")
        pair, says = pair[order], found.says[hit][order]
        if not len(pair):
            return np.empty(0, np.intp), np.empty(0, np.intp)
        starts = np.flatnonzero(np.concatenate(([True], pair[1:] != pair[:-1])))
        pair, says = pair[starts], np.add.reduceat(says, starts)
        enough = says >= ENOUGH
        pair, says = pair[enough], says[enough]
        # Of each asked post those that promise most; of equals the newest.
        order = np.lexsort((-(pair & np.int64(0xFFFFFFFF)), -says, pair >> np.int64(32)))
        of = (pair >> np.int64(32))[order]
        rank = np.arange(len(of)) - np.searchsorted(of, of)
        pair = np.sort(pair[order][rank < _MOST_PAIRS])
        return (pair >> np.int64(32)).astype(np.intp), (pair & np.int64(0xFFFFFFFF)).astype(np.intp)
