"""Exports for Excel: real dates and numbers, every text a text, in constant memory however many rows there are."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import xlsxwriter
from xlsxwriter.exceptions import FileCreateError

from index.export_cells import COLUMNS, Cell, Names, rows_of
from index.export_pages import Batch
from index.safe_cells import cut, is_formula

#: Of one sheet in Excel, the heading counted; and the UTF-16 units of one cell.
SHEET_ROWS, LONGEST_CELL = 1_048_576, 32_767
#: Excel counts days from 1900, with a leap day that never was; before March it cannot be right.
_FIRST_DAY = datetime(1900, 3, 1)  # noqa: DTZ001  # Excel knows no zones
_OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}


class ExcelFile:
    """A workbook that grows row by row in a file. Use as a context; left by an exception it is not finished."""

    def __init__(self, path: Path, *, zone: ZoneInfo, about: str = "", sheet_rows: int = SHEET_ROWS) -> None:
        self.zone, self.sheet_rows = zone, sheet_rows
        # Half-written rows lie beside the file, where there is room for it, and not in the shared temporary folder.
        self.book = xlsxwriter.Workbook(str(path), {**_OPTIONS, "tmpdir": str(path.parent)})
        self.book.use_zip64()
        self.book.set_properties({"title": "听风检索结果", "comments": about[:30_000]})
        self.heading = self.book.add_format({"bold": True, "bottom": 1})
        self.guarded = self.book.add_format({"quote_prefix": True})
        self.styles = [self.book.add_format({"num_format": one.style} if one.style else {}) for one in COLUMNS]
        self.sheet: Any = None
        self.row = 0

    def __enter__(self) -> ExcelFile:
        self._turn_over()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                self._finish_sheet()
                self.book.close()
        except FileCreateError as refused:  # the library's wrapping of what the disk said
            raise refused.args[0] from None
        finally:
            for sheet in self.book.worksheets():
                sheet._opt_close()  # else an unfinished workbook leaves its rows open

    def add(self, batch: Batch, *, names: Names) -> None:
        """Write the mentions of one batch."""
        for cells in rows_of(batch.mentions, names=names, zone=self.zone):
            if self.row == self.sheet_rows:
                self._finish_sheet()
                self._turn_over()
            for at, cell in enumerate(cells):
                self._write(at, cell)
            self.row += 1

    def say(self, sentence: str) -> None:
        """A last row with one sentence."""
        if self.row == self.sheet_rows:
            self._finish_sheet()
            self._turn_over()
        self.sheet.write_string(self.row, 0, sentence)
        self.row += 1

    def _write(self, at: int, cell: Cell) -> None:
        if isinstance(cell, str):
            style = self.guarded if is_formula(cell) else None
            self.sheet.write_string(self.row, at, cut(cell, LONGEST_CELL), style)
        elif isinstance(cell, datetime):
            if cell >= _FIRST_DAY:
                self.sheet.write_datetime(self.row, at, cell, self.styles[at])
            else:
                self.sheet.write_string(self.row, at, cell.isoformat(sep=" "))
        elif cell is not None:
            self.sheet.write_number(self.row, at, cell, self.styles[at])

    def _turn_over(self) -> None:
        number = len(self.book.worksheets()) + 1
        self.sheet = self.book.add_worksheet("检索结果" if number == 1 else f"检索结果 {number}")
        for at, column in enumerate(COLUMNS):
            self.sheet.set_column(at, at, column.width)
            self.sheet.write_string(0, at, column.title, self.heading)
        self.sheet.freeze_panes(1, 0)
        self.row = 1

    def _finish_sheet(self) -> None:
        self.sheet.autofilter(0, 0, max(1, self.row - 1), len(COLUMNS) - 1)


def write_xlsx(
    path: Path, batches: Iterable[Batch], *, names: Names, zone: ZoneInfo, about: str = "", tell_cut: bool = False
) -> None:
    """The mentions as a workbook; with `tell_cut` a last row says how many hits are left out, if any are."""
    last: Batch | None = None
    with ExcelFile(path, zone=zone, about=about) as book:
        for last in batches:
            book.add(last, names=names)
        if tell_cut and last is not None and last.left_out:
            book.say(last.left_out)
