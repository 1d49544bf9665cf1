"""Which rows carry a key, in arrays: an index of millions of entries without a Python object each."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Keys = npt.NDArray[np.uint64]
Rows = npt.NDArray[np.int32]

#: Entries that arrived lately are kept apart up to this many, so that not every batch moves all of them.
_LATELY = 262_144


class _Sorted:
    """Entries in the order of their keys; the rows of one key in the order in which they came."""

    def __init__(self, keys: Keys, rows: Rows) -> None:
        self.keys, self.rows = keys, rows

    def with_more(self, keys: Keys, rows: Rows) -> _Sorted:
        order = np.argsort(keys, kind="stable")
        keys, rows = keys[order], rows[order]
        at = np.searchsorted(self.keys, keys, side="right")
        return _Sorted(np.insert(self.keys, at, keys), np.insert(self.rows, at, rows))

    def find(self, keys: Keys, most: int) -> tuple[npt.NDArray[np.intp], Rows]:
        """For each hit the place of the asked key and the row; of one key the newest `most`."""
        end = np.searchsorted(self.keys, keys, side="right")
        start = np.maximum(np.searchsorted(self.keys, keys, side="left"), end - most)
        count = end - start
        asked = np.repeat(np.arange(len(keys)), count)
        within = np.arange(len(asked)) - np.repeat(np.cumsum(count) - count, count)
        return asked, self.rows[np.repeat(start, count) + within]


class Postings:
    """Rows by key. Rows are numbered in the order of arrival."""

    def __init__(self) -> None:
        self._old, self._new = _nothing(), _nothing()

    def __len__(self) -> int:
        return len(self._old.keys) + len(self._new.keys)

    def add(self, keys: Keys, rows: Rows) -> None:
        """Remember that these rows carry these keys, pair by pair."""
        self._new = self._new.with_more(keys, rows)
        if len(self._new.keys) > _LATELY:
            self._old = self._old.with_more(self._new.keys, self._new.rows)
            self._new = _nothing()

    def find(self, keys: Keys, most: int) -> tuple[npt.NDArray[np.intp], Rows]:
        """For each hit the place of the asked key and the row: of each key at least the newest `most`, if there are.

        Of the entries that arrived lately and of those before, each gives its newest `most`.
        """
        asked, rows = self._old.find(keys, most)
        asked_too, rows_too = self._new.find(keys, most)
        return np.concatenate((asked, asked_too)), np.concatenate((rows, rows_too))

    def renumber(self, numbers: Rows) -> None:
        """Give each row its new number; a negative one forgets it. The order must stay."""
        for part in (self._old, self._new):
            renamed = numbers[part.rows]
            kept = renamed >= 0
            part.keys, part.rows = part.keys[kept], renamed[kept]


def _nothing() -> _Sorted:
    return _Sorted(np.empty(0, dtype=np.uint64), np.empty(0, dtype=np.int32))
