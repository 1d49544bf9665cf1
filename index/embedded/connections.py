"""The file of the embedded index: who may read, who may write, and what happens to a file of another format."""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

log = logging.getLogger("tingfeng.index")

_PRAGMAS = (
    "busy_timeout=30000",
    "journal_mode=WAL",
    # The index can be rebuilt: a power cut may cost its last moments, never its consistency.
    "synchronous=NORMAL",
    "cache_size=-64000",
    "temp_store=MEMORY",
)
_PAGES_A_STEP = 4096


#: Which file a path means: the device and the number of the file there.
Identity = tuple[int, int]


class Connections:
    """A pool of connections to one file. Made on first use, handed to one thread at a time.

    A file that another one took the place of (a damaged one, set aside by an operator) is left for the new one.
    """

    def __init__(self, path: Path, *, schema: str, version: int) -> None:
        self.path, self.schema, self.version = path, schema, version
        self._idle: list[sqlite3.Connection] = []
        self._guard = threading.Lock()
        self._writer = threading.Lock()
        #: The file that has our tables and that the idle connections are open on.
        self._ready: Identity | None = None

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """A connection that sees one moment of the index, whatever is written meanwhile."""
        with self._borrowed() as connection:
            connection.execute("BEGIN")
            try:
                yield connection
            finally:
                _roll_back(connection)

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """A transaction: all of it is in the index when the block ends, none of it if the block raises."""
        with self._writer, self._borrowed() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")  # a full disk refuses here
            finally:
                _roll_back(connection)

    def copy_from(self, other: Path, *, progress: Callable[[int, int], None] | None = None) -> None:
        """Replace the content by that of another file, as one transaction that readers do not wait for.

        The file itself stays: renaming another one over it would leave the open connections of other processes with
        the old file and the new file with the old write-ahead log.
        """

        def told(_: int, left: int, total: int) -> None:
            if progress:
                progress(total - left, total)

        with self._writer, self._borrowed() as connection, closing(_open(other)) as source:
            source.backup(connection, pages=_PAGES_A_STEP, progress=told)
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Close all idle connections; those in use close when they come back."""
        with self._guard:
            self._close_idle()
            self._ready = None

    @contextmanager
    def _borrowed(self) -> Iterator[sqlite3.Connection]:
        with self._guard:
            self._prepare()
            opened, connection = self._ready, self._idle.pop() if self._idle else _open(self.path)
        try:
            yield connection
        finally:
            with self._guard:
                if opened == self._ready:
                    self._idle.append(connection)
                else:
                    connection.close()

    def _prepare(self) -> None:
        """Make the tables on first use; empty a file that an older or newer program wrote."""
        if self._ready is not None and self._ready == _identity(self.path):
            return
        self._close_idle()
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with closing(_open(self.path)) as connection:
            if _format(connection) != self.version:
                connection.execute("BEGIN IMMEDIATE")
                # Another process may have been here while we waited for the lock.
                found = _format(connection)
                if found != self.version:
                    self._create(connection, found)
                connection.execute("COMMIT")
            self._ready = _identity(self.path)

    def _close_idle(self) -> None:
        idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _create(self, connection: sqlite3.Connection, found: int) -> None:
        if found:
            log.warning("index_emptied", extra={"path": str(self.path), "format": found, "wanted": self.version})
        tables = connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE 'CREATE VIRTUAL%' "
            "UNION ALL SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        ).fetchall()
        for (name,) in tables:
            connection.execute(f'DROP TABLE IF EXISTS "{name}"')
        for statement in filter(str.strip, self.schema.split(";")):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {self.version}")


def _roll_back(connection: sqlite3.Connection) -> None:
    """End a transaction that was not committed; some errors make SQLite end it by itself."""
    if connection.in_transaction:
        connection.execute("ROLLBACK")


def _identity(path: Path) -> Identity | None:
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=64)
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
    return connection


def _format(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])
