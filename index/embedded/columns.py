"""What decides about a row beside its text, as columns of numbers in memory: one place a row.

The file holds the same in packs: each says what some rows are from then on, later packs overrule earlier ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: One row in a pack. Codes are those of the table `terms`, 0 for none; times are milliseconds of UTC, hours are counted
#: from 1970 on the operator's clock; `bits` are the leading bits of the id, which order what has the same time.
CELL = np.dtype(
    [
        ("row", "<u4"),
        ("live", "?"),
        ("evidence", "?"),
        ("image", "?"),
        ("risk", "u1"),
        ("length", "<u2"),
        ("bits", "<u4"),
        ("hour", "<i4"),
        ("time", "<i8"),
        ("negative", "<f8"),
        ("channel", "<u4"),
        ("grade", "<u4"),
        ("site", "<u4"),
        ("source", "<u4"),
        ("event", "<u4"),
        ("author", "<u4"),
    ]
)
#: One of possibly several values of a row in a pack.
LABEL = np.dtype([("row", "<u4"), ("kind", "u1"), ("code", "<u4")])
#: What a label says, by its `kind`.
LABELLED = ("subject", "category")
_COLUMNS = tuple(name for name in CELL.names or () if name != "row")

Rows = NDArray[np.intp]
Mask = NDArray[np.bool_]
#: A column, of whatever numbers.
Numbers = NDArray[Any]
Pack = tuple[NDArray[np.void], NDArray[np.void]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """Values of which a row may have several: which row has which code."""

    rows: NDArray[np.uint32]
    codes: NDArray[np.uint32]

    def joined(self, kept: Mask, fresh: NDArray[np.void]) -> Labels:
        """Those that are kept, and these from a pack."""
        return Labels(
            rows=np.concatenate([self.rows[kept], fresh["row"]]),
            codes=np.concatenate([self.codes[kept], fresh["code"]]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """One state of the index. Never changed: what changes makes a new one."""

    #: Which filling of the file, and its last pack that is in.
    epoch: int
    last: int
    #: Rows there ever were.
    size: int
    cells: Mapping[str, Numbers]
    labels: Mapping[str, Labels]

    def mask(self, name: str) -> Mask:
        """A column of yes and no."""
        return self.cells[name].astype(np.bool_, copy=False)

    def with_packs(self, last: int, packs: Sequence[Pack]) -> Columns:
        """The state after these packs, in their order."""
        if not packs:
            return self
        cells = np.concatenate([cells for cells, _ in packs])
        labels = np.concatenate([labels for _, labels in packs])
        rows = cells["row"].astype(np.intp)
        size = max(self.size, int(rows.max(initial=-1)) + 1)
        # Mostly there are only new rows, each once and in order.
        is_new = len(rows) == size - self.size and bool((rows == np.arange(self.size, size)).all())
        places = slice(self.size, size) if is_new else rows
        columns = {}
        for name in _COLUMNS:
            column = np.zeros(size, CELL[name])
            column[: self.size] = self.cells[name]
            column[places] = cells[name]  # of a row that comes twice the last counts
            columns[name] = column
        kept = {name: np.ones(len(old.rows), np.bool_) for name, old in self.labels.items()}
        if not is_new:
            owner = _owners(packs, rows, size)
            of_pack = np.repeat(np.arange(len(packs), dtype=np.int32), [len(labels) for _, labels in packs])
            labels = labels[owner[labels["row"]] == of_pack]
            kept = {name: owner[old.rows] < 0 for name, old in self.labels.items()}
        return Columns(
            epoch=self.epoch,
            last=last,
            size=size,
            cells=columns,
            labels={
                name: self.labels[name].joined(kept[name], labels[labels["kind"] == kind])
                for kind, name in enumerate(LABELLED)
            },
        )


def _owners(packs: Sequence[Pack], rows: Rows, size: int) -> NDArray[np.int32]:
    """Which pack speaks last of each row, -1 where none does."""
    owner = np.full(size, -1, np.int32)
    owner[rows] = np.repeat(np.arange(len(packs), dtype=np.int32), [len(cells) for cells, _ in packs])
    return owner


def no_columns(epoch: int) -> Columns:
    """Those of an empty index."""
    nothing = np.zeros(0, np.uint32)
    return Columns(
        epoch=epoch,
        last=0,
        size=0,
        cells={name: np.zeros(0, CELL[name]) for name in _COLUMNS},
        labels={name: Labels(rows=nothing, codes=nothing) for name in LABELLED},
    )
