"""Exports that are lines: CSV for spreadsheets, JSON Lines for programs. Each is a stream of bytes.

CSV is that of RFC 4180 with a byte order mark, without which Excel takes UTF-8 for the code page of its country. Every
text stands in quotes, so that no other separator than the comma can cut a cell in two when the file is opened.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from core.wire import dumps, mention_to_json
from index.export_cells import COLUMNS, Cell, Names, rows_of
from index.export_pages import Batch
from index.safe_cells import harmless

_MARK = "\ufeff"


def csv_lines(batches: Iterable[Batch], *, names: Names, zone: ZoneInfo, tell_cut: bool) -> Iterator[bytes]:
    """The mentions as CSV; with `tell_cut` a last row says how many hits are left out, if any are."""
    yield (_MARK + _csv([tuple(column.title for column in COLUMNS)])).encode()
    last: Batch | None = None
    for last in batches:
        yield _csv([tuple(map(_cell, row)) for row in rows_of(last.mentions, names=names, zone=zone)]).encode()
    if tell_cut and last is not None and last.left_out:
        yield _csv([(last.left_out, *("" for _ in COLUMNS[1:]))]).encode()


def json_lines(batches: Iterable[Batch]) -> Iterator[bytes]:
    """The mentions in their wire form, one a line."""
    for batch in batches:
        yield "".join(f"{dumps(mention_to_json(mention))}\n" for mention in batch.mentions).encode()


def _cell(cell: Cell) -> Cell:
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ")
    return harmless(cell) if isinstance(cell, str) else cell


def _csv(rows: Iterable[tuple[Cell, ...]]) -> str:
    page = io.StringIO(newline="")
    csv.writer(page, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\r\n").writerows(rows)
    return page.getvalue()
