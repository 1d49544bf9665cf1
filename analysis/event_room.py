"""Room for rows that grows by half when it is full: adding a batch must not copy the whole window."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np
import numpy.typing as npt

from analysis.event_marks import Marks, marks_of

_FIRST = 1_024


class Room:
    """Marks, the event of each, and whether it opened it."""

    def __init__(self) -> None:
        self.size = 0
        empty = marks_of([], [], [])
        self._columns = {
            field.name: getattr(empty, field.name)[:, :0] if field.name == "bands" else getattr(empty, field.name)
            for field in fields(empty)
        }
        self._events, self._opened = np.empty(0, dtype=np.int32), np.empty(0, dtype=np.bool_)

    @property
    def marks(self) -> Marks:
        """The rows in use."""
        return Marks(**{name: column[: self.size] for name, column in self._columns.items()})

    @property
    def events(self) -> npt.NDArray[np.int32]:
        """The event of each row, -1 where it is not known yet; may be written to."""
        return self._events[: self.size]

    @property
    def opened(self) -> npt.NDArray[np.bool_]:
        """Whether the row's post opened its event; may be written to."""
        return self._opened[: self.size]

    def add(self, marks: Marks) -> None:
        """Add rows whose events are unknown yet; what the rows were found by (the bands) is not kept."""
        end = self.size + len(marks)
        if end > len(self._events):
            self._grow(max(end, _FIRST, self.size * 3 // 2))
        for name, column in self._columns.items():
            if name != "bands":
                column[self.size : end] = getattr(marks, name)
        self._events[self.size : end], self._opened[self.size : end] = -1, False
        self.size = end

    def keep(self, rows: npt.NDArray[np.intp]) -> None:
        """Forget all other rows."""
        self._columns = {name: column[rows] for name, column in self._columns.items()}
        self._events, self._opened = self._events[rows], self._opened[rows]
        self.size = len(rows)

    def _grow(self, size: int) -> None:
        more = size - len(self._events)
        self._columns = {name: _longer(column, more) for name, column in self._columns.items()}
        self._events, self._opened = _longer(self._events, more), _longer(self._opened, more)


def _longer(column: npt.NDArray[Any], more: int) -> npt.NDArray[Any]:
    return np.concatenate((column, np.zeros((more, *column.shape[1:]), dtype=column.dtype)))
