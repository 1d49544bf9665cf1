"""A search as a file: CSV and XLSX for people, JSON Lines for programs, of any size, whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from index.export_cells import Names
from index.export_pages import Batch
from index.export_text import csv_lines, json_lines
from index.export_xlsx import write_xlsx
from index.whole_file import whole_file

Format = Literal["csv", "xlsx", "jsonl"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What became of an export."""

    rows: int
    #: How many hits there were, and one sentence if not all are in.
    total: int
    left_out: str | None = None
    #: What the index said of its answer, such as that it comes from the fallback.
    notice: str | None = None


def export_file(
    target: Path,
    batches: Iterable[Batch],
    *,
    form: Format,
    names: Names,
    zone: ZoneInfo,
    about: str = "",
    tell_cut: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Exported:
    """Write `index.export_pages.batches` to a file, page by page.

    A file of this name is replaced when all is written; an export that ends before leaves nothing. `about` goes into
    the properties of a workbook. `tell_cut` adds a last row where a limit leaves hits out (CSV and XLSX).
    `progress` hears how many of how many rows are written. Raise `OSError`, and what the index raises.
    """
    watch = _Watch(batches, progress)
    with whole_file(target) as path:
        if form == "xlsx":
            write_xlsx(path, watch, names=names, zone=zone, about=about, tell_cut=tell_cut)
        else:
            with path.open("wb") as file:
                file.writelines(export_lines(watch, form=form, names=names, zone=zone, tell_cut=tell_cut))
    return watch.summary()


def export_lines(
    batches: Iterable[Batch],
    *,
    form: Literal["csv", "jsonl"],
    names: Names,
    zone: ZoneInfo,
    tell_cut: bool = False,
) -> Iterator[bytes]:
    """The same as a stream, for a pipe or a browser; pages are read as the stream is taken."""
    if form == "csv":
        return csv_lines(batches, names=names, zone=zone, tell_cut=tell_cut)
    return json_lines(batches)


class _Watch:
    """Batches that are counted as they pass."""

    def __init__(self, batches: Iterable[Batch], progress: Callable[[int, int], None] | None) -> None:
        self.batches, self.progress = batches, progress
        self.last = Batch(mentions=(), done=0, wanted=0, total=0)
        self.notice: str | None = None

    def __iter__(self) -> Iterator[Batch]:
        for batch in self.batches:
            yield batch
            self.last, self.notice = batch, batch.notice or self.notice
            if self.progress:
                self.progress(batch.done, batch.wanted)

    def summary(self) -> Exported:
        last = self.last
        return Exported(rows=last.done, total=last.total, left_out=last.left_out, notice=self.notice)
