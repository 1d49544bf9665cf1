"""How many of the matching rows have which value."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from index.base import Facet
from index.embedded.columns import Columns, Mask
from index.embedded.matches import day_text, hour_text

Counts = NDArray[np.intp]

_LABELS: dict[Facet, Literal["subject", "category"]] = {
    "subject": "subject", "store": "subject", "category": "category"}  # fmt: skip


def counted(
    connection: sqlite3.Connection, columns: Columns, found: Mask, facet: Facet, *, stores: Collection[str], limit: int
) -> dict[str, int]:
    """The most frequent values with their numbers, most first, then by value."""
    if facet == "hour":
        return _histogram(columns.cells["hour"][found], hour_text, limit)
    if facet == "day":
        return _histogram(columns.cells["hour"][found] // 24, lambda day: day_text(day * 24), limit)
    if facet in _LABELS:
        labels = columns.labels[_LABELS[facet]]
        codes = labels.codes[found[labels.rows]]
    else:
        codes = columns.cells[facet][found].astype(np.uint32, copy=False)
    counts = np.bincount(codes) if len(codes) else np.zeros(1, np.intp)
    counts[0] = 0
    kind = _LABELS.get(facet, facet)
    if facet == "store":
        counts = _only(connection, counts, kind, stores)
    return _most(connection, counts, kind, limit)


def _histogram(numbers: NDArray[np.generic], text: Callable[[int], str], limit: int) -> dict[str, int]:
    values, counts = np.unique(numbers, return_counts=True)
    order = np.lexsort((values, -counts))[:limit]
    return {text(int(values[at])): int(counts[at]) for at in order}


def _only(connection: sqlite3.Connection, counts: Counts, kind: str, values: Collection[str]) -> Counts:
    kept = np.zeros_like(counts)
    for value in values:
        code = connection.execute("SELECT code FROM terms WHERE kind = ? AND value = ?", (kind, value)).fetchone()
        if code and code[0] < len(counts):
            kept[code[0]] = counts[code[0]]
    return kept


def _most(connection: sqlite3.Connection, counts: Counts, kind: str, limit: int) -> dict[str, int]:
    codes = np.flatnonzero(counts)
    if limit < 1 or not len(codes):
        return {}
    bound = 0
    if len(codes) > limit:
        bound = int(np.partition(counts[codes], len(codes) - limit)[len(codes) - limit])
    found = [
        (value, int(counts[code]))
        for code in codes[counts[codes] > bound].tolist()
        for (value,) in connection.execute("SELECT value FROM terms WHERE code = ?", (code,))
    ]
    left = limit - len(found)
    if bound and left:
        # Of many values with one number the first by name: walk along the names until there are enough.
        tied = counts == bound
        for code, value in connection.execute("SELECT code, value FROM terms WHERE kind = ? ORDER BY value", (kind,)):
            if code < len(tied) and tied[code]:
                found.append((value, bound))
                left -= 1
                if not left:
                    break
    return dict(sorted(found, key=lambda pair: (-pair[1], pair[0])))
