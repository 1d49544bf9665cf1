"""Tables on the terminal. Cells are text as it stands: what a post says is never read as Rich's markup."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

#: Columns of a table that goes into a pipe or a file.
_PIPE_WIDTH = 160


def show_table(title: str, headings: Sequence[str], rows: Iterable[Sequence[str | Text]]) -> None:
    """Print one table."""
    table = Table(title=Text(title), title_justify="left")
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*(cell if isinstance(cell, Text) else Text(cell) for cell in row))
    console = Console()
    if not console.is_terminal:
        console = Console(width=max(console.width, _PIPE_WIDTH))
    console.print(table)
