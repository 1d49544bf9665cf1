"""The columns in the file: a pack for every batch, small ones joined so that there are never many."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from index.embedded.columns import CELL, LABEL, Columns, Pack, no_columns

#: This many neighbours of about one size become one pack; larger ones than `_LARGEST` rows stay as they are.
_JOINED, _LARGEST = 8, 65_536


def brought_up_to_date(connection: sqlite3.Connection, known: Columns | None) -> Columns | None:
    """The columns as this connection's transaction sees the file; `None` where `known` is of a later moment."""
    epoch, last = connection.execute(
        "SELECT value, (SELECT coalesce(max(number), 0) FROM packs) FROM facts WHERE name = 'epoch'"
    ).fetchone()
    if known is None or known.epoch != epoch:
        known = no_columns(epoch)
    if known.last >= last:
        return known if known.last == last else None
    rows = connection.execute("SELECT cells, labels FROM packs WHERE number > ? ORDER BY number", (known.last,))
    return known.with_packs(last, [_unpacked(cells, labels) for cells, labels in rows])


def put_pack(connection: sqlite3.Connection, cells: NDArray[np.void], labels: NDArray[np.void]) -> None:
    """Say what these rows are from now on, within the caller's transaction."""
    connection.execute(
        "INSERT INTO packs (number, size, cells, labels) SELECT coalesce(max(number), 0) + 1, ?, ?, ? FROM packs",
        (len(cells), cells.tobytes(), labels.tobytes()),
    )
    while _join_last(connection):
        pass


def _join_last(connection: sqlite3.Connection) -> bool:
    last = connection.execute("SELECT number, size FROM packs ORDER BY number DESC LIMIT ?", (_JOINED,)).fetchall()
    if len(last) < _JOINED or sum(size for _, size in last) > _LARGEST:
        return False
    sizes = [size for _, size in last]
    if max(sizes) >= _JOINED * max(1, min(sizes)):
        return False
    first, newest = last[-1][0], last[0][0]
    rows = connection.execute("SELECT cells, labels FROM packs WHERE number >= ? ORDER BY number", (first,))
    cells, labels = joined([_unpacked(*row) for row in rows])
    connection.execute("DELETE FROM packs WHERE number >= ?", (first,))
    # Under the newest number: who has read that far has all of it, who has not reads all of it again.
    connection.execute("INSERT INTO packs VALUES (?, ?, ?, ?)", (newest, len(cells), cells.tobytes(), labels.tobytes()))
    return True


def joined(packs: Sequence[Pack]) -> Pack:
    """One pack that says the same."""
    cells = np.concatenate([cells for cells, _ in packs])
    # From the back: the first find of a row is its last word.
    _, at = np.unique(cells["row"][::-1], return_index=True)
    owners = np.repeat(np.arange(len(packs)), [len(cells) for cells, _ in packs])
    kept = np.sort(len(cells) - 1 - at)
    owner = dict(zip(cells["row"][kept].tolist(), owners[kept].tolist(), strict=True))
    labels = [
        labels[np.fromiter((owner[row] == number for row in labels["row"].tolist()), np.bool_, len(labels))]
        for number, (_, labels) in enumerate(packs)
    ]
    return cells[kept], np.concatenate(labels)


def _unpacked(cells: bytes, labels: bytes) -> Pack:
    return np.frombuffer(cells, CELL), np.frombuffer(labels, LABEL)
