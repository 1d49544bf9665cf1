"""One moment of the index for a search: a read transaction, the columns of that moment, and what was found before."""

from __future__ import annotations

import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from index.embedded.columns import Columns
from index.embedded.connections import Connections
from index.embedded.packs import brought_up_to_date

RowNumbers = NDArray[np.uint32]

#: Bytes of rows remembered: what people look for, page by page and facet by facet, is much the same.
_REMEMBERED = 32 << 20


class Remembered:
    """Which rows contained what, up to a row: true for ever, since rows never change their text nor come twice."""

    def __init__(self) -> None:
        self._found: OrderedDict[tuple[int, str, str], tuple[int, RowNumbers]] = OrderedDict()
        self._guard = threading.Lock()
        self._bytes = 0

    def rows(self, key: tuple[int, str, str], size: int, find: Callable[[int, int], RowNumbers]) -> RowNumbers:
        """The rows below `size`; `find` looks them up from a row up to another (not included)."""
        with self._guard:
            upto, known = self._found.get(key, (0, None))
        if known is not None and upto > size:
            return known[: np.searchsorted(known, size)]
        if known is None or upto < size:
            more = find(upto, size)
            known = more if known is None else np.concatenate([known, more])
            self._keep(key, size, known)
        return known

    def known(self, key: tuple[int, str, str], size: int) -> RowNumbers | None:
        """The rows below `size` where they were looked up before."""
        with self._guard:
            upto, known = self._found.get(key, (0, None))
        return None if known is None or upto < size else known[: np.searchsorted(known, size)]

    def _keep(self, key: tuple[int, str, str], size: int, rows: RowNumbers) -> None:
        with self._guard:
            old = self._found.pop(key, None)
            self._bytes += rows.nbytes - (old[1].nbytes if old else 0)
            self._found[key] = size, rows
            while self._bytes > _REMEMBERED or len(self._found) > 1000:
                _, (_, dropped) = self._found.popitem(last=False)
                self._bytes -= dropped.nbytes

    def forget(self) -> None:
        """Forget everything."""
        with self._guard:
            self._found.clear()
            self._bytes = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What a search works on."""

    connection: sqlite3.Connection
    columns: Columns
    remembered: Remembered

    def containing(self, table: str, expression: str, low: int = 0, high: int | None = None) -> RowNumbers:
        """The rows whose text an FTS5 expression matches, upwards; between two rows where these are given."""
        size = self.columns.size

        def find(start: int, stop: int) -> RowNumbers:
            return self._find(table, expression, start, stop, stop - start)

        if low > 0 or (high is not None and high < size):
            return find(low, size if high is None else high)
        return self.remembered.rows((self.columns.epoch, table, expression), size, find)

    def at_most(self, most: int, table: str, expression: str) -> RowNumbers | None:
        """The rows of mentions there are, where these are not more than `most`, else `None`: then it costs little.

        What is remembered may hold rows forgotten since: left in, two processes would score the same hits unlike.
        """
        size, live = self.columns.size, self.columns.mask("live")
        rows = self.remembered.known((self.columns.epoch, table, expression), size)
        if rows is None:
            rows = self._find(table, expression, 0, size, most + 1)
            if len(rows) > most:
                return None
        elif len(rows) > most + size - int(np.count_nonzero(live)):
            return None  # whichever of them are forgotten
        rows = rows[live[rows]]
        return rows if len(rows) <= most else None

    def _find(self, table: str, expression: str, start: int, stop: int, most: int) -> RowNumbers:
        # One text with all numbers: six times sooner than a row for each.
        found = self.connection.execute(
            f"SELECT group_concat(rowid) FROM (SELECT rowid FROM {table} "
            f"WHERE {table} MATCH ? AND rowid >= ? AND rowid < ? LIMIT ?)",
            (expression, start, stop, most),
        ).fetchone()[0]
        return np.fromstring(found, np.uint32, sep=",") if found else np.zeros(0, np.uint32)


class Snapshots:
    """Makes snapshots of one file, for any number of threads."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._columns: Columns | None = None
        self._remembered = Remembered()
        self._guard = threading.Lock()

    @contextmanager
    def read(self) -> Iterator[Snapshot]:
        """A snapshot that is held until the block ends."""
        while True:
            known = self._columns
            with self._connections.read() as connection:
                columns = self._up_to_date(connection, known)
                if columns is not None:
                    yield Snapshot(connection=connection, columns=columns, remembered=self._remembered)
                    return
            # Another thread has seen a later moment since our transaction began: begin again.

    def _up_to_date(self, connection: sqlite3.Connection, known: Columns | None) -> Columns | None:
        """The columns as this transaction sees the file; `known` are those there were before it began."""
        with self._guard:
            columns = brought_up_to_date(connection, self._columns)
            if columns is None and self._columns is known:
                # Nobody went ahead of us, so the file went back: somebody put an older copy of it in its place.
                self._remembered.forget()
                columns = brought_up_to_date(connection, None)
            if columns is not None:
                if self._columns is not None and columns.epoch != self._columns.epoch:
                    self._remembered.forget()
                self._columns = columns
            return columns

    def forget(self) -> None:
        """Give the memory back."""
        with self._guard:
            self._columns = None
            self._remembered.forget()
