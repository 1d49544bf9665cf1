"""A search as a download: what `tingfeng export` writes, for those who only have the console.

Lines are sent as they are read. What goes wrong before the first of them is a page that says so; what goes wrong later
breaks the connection off, so that no browser takes half a file for a whole one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO

from starlette.responses import Response, StreamingResponse

from core.errors import NotFound, TingfengError
from index.export import export_file, export_lines
from index.export_names import export_names
from index.export_pages import Batch, batches
from web.console import Console
from web.search_form import read_form

#: A browser gets no more; the file says so in its last row and its name.
MOST_ROWS = 50_000
_PIECE = 1 << 16
_TYPES: Mapping[str, str] = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "jsonl": "application/x-ndjson; charset=utf-8",
}


class RefusedExport(TingfengError):
    """The address asks for something else than it seems to: its file would answer another question."""


class Exports:
    """Answers with files."""

    def __init__(self, console: Console, *, most: int = MOST_ROWS) -> None:
        self.console, self.most = console, most

    def answer(self, form: str, values: Sequence[tuple[str, str]]) -> Response:
        """The hits of the search that an address asks for, in its order (by time where that is relevance).

        Raise `NotFound` for an unknown format, `RefusedExport`, `QuerySyntaxError` and what the index raises.
        """
        if form not in _TYPES:
            raise NotFound(f"没有导出格式“{form[:20]}”，可用：csv、xlsx、jsonl")
        asked = read_form(values)
        if asked.problems or asked.like:
            raise RefusedExport("；".join(asked.problems) or "相似的帖文不能导出，请导出一个检索")
        settings, now = self.console.settings, self.console.clock()
        pages = batches(self.console.index, asked.query(now=now, zone=settings.zone), limit=self.most)
        first = next(pages)
        every, names = chain([first], pages), export_names(settings, self.console.database)
        if form == "xlsx":
            about = f"听风控制台导出，检索式：{asked.q or '（全部）'}"
            body = self._workbook(every, about)
        else:
            kind = "csv" if form == "csv" else "jsonl"
            body = export_lines(every, form=kind, names=names, zone=settings.zone, tell_cut=True)  # type: ignore[arg-type]
        cut = f"-first-{self.most}" if first.left_out else ""
        name = f"tingfeng-{now.astimezone(settings.zone):%Y%m%d-%H%M%S}{cut}.{form}"
        disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
        return StreamingResponse(body, media_type=_TYPES[form], headers=disposition)

    def _workbook(self, every: Iterator[Batch], about: str) -> Iterator[bytes]:
        """A workbook is one only when it is complete; it lies on the disk without a name until it is sent."""
        settings = self.console.settings
        with TemporaryDirectory(prefix="tingfeng-export-") as folder:
            path = Path(folder) / "export.xlsx"
            export_file(
                path,
                every,
                form="xlsx",
                names=export_names(settings, self.console.database),
                zone=settings.zone,
                about=about,
                tell_cut=True,
            )
            file = path.open("rb")
        return _pieces(file)


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while piece := file.read(_PIECE):
            yield piece
