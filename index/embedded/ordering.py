"""The first rows of an order, and those after a cursor, without sorting all of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from index.embedded.columns import Columns, Mask, Numbers, Rows

#: An order is columns of which the largest value comes first, the next one deciding among equals. The last is the row.
Keys = Sequence[Numbers]


def time_keys(columns: Columns) -> list[Numbers]:
    """Newest first."""
    return [columns.cells["time"], columns.cells["bits"], np.arange(columns.size)]


def risk_keys(columns: Columns) -> list[Numbers]:
    """Highest risk first, then newest."""
    return [columns.cells["risk"], *time_keys(columns)]


def first_rows(rows: Rows, keys: Keys, count: int) -> Rows:
    """The first `count` of these rows, in order."""
    chosen = _leading(rows, keys, count)
    order = np.lexsort([-key[chosen].astype(np.float64 if key.dtype.kind == "f" else np.int64) for key in keys[::-1]])
    return chosen[order][:count]


def after(keys: Keys, last: Sequence[float]) -> Mask:
    """Which rows come after one with these values."""
    follows: Mask = np.zeros(len(keys[0]), np.bool_)
    equal: NDArray[np.bool_] = np.ones(len(keys[0]), np.bool_)
    for key, value in zip(keys, last, strict=True):
        follows |= equal & (key < value)
        equal &= key == value
    return follows


def values_at(keys: Keys, row: int) -> list[float]:
    """What a cursor must know of a row."""
    return [key[row].item() for key in keys]


def _leading(rows: Rows, keys: Keys, count: int) -> Rows:
    """At least the first `count` rows, few others, in no order."""
    if len(rows) <= 2 * count or not keys:
        return rows
    key, *rest = keys
    values = key[rows]
    bound = np.partition(values, len(values) - count)[len(values) - count]
    above = rows[values > bound]
    equal = rows[values == bound]
    return np.concatenate([above, _leading(equal, rest, count - len(above))])
