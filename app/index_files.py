"""What happens to the file of the embedded index when it cannot be read: set aside, so that a new one can be made."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path


def set_aside_if_unreadable(path: Path) -> Path | None:
    """Rename a file that SQLite does not read as a database: nothing can be copied into it. Returns its new name.

    Processes that hold the old file open notice that it is another one, and open the new one.
    """
    if not path.exists():
        return None
    try:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA schema_version").fetchone()
    except sqlite3.DatabaseError as bad:
        if bad.sqlite_errorcode not in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
            raise
        aside = path.with_name(f"{path.name}.damaged")
        for end in ("", "-wal", "-shm"):
            part = path.with_name(path.name + end)
            if part.exists():
                part.rename(path.with_name(aside.name + end))
        return aside
    return None
