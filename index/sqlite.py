"""The embedded search index: SQLite's FTS5 in a file of its own, fast enough that one machine needs nothing else.

The FTS5 table keeps its own copy of the tokens: a table
without content cannot forget a row (before SQLite 3.43), and forgetting is what retention and edits need.
"""

from __future__ import annotations

import json
import logging
import re
import sqlite3
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from core.model import Mention
from index.base import Added, Facet, Hit, IndexState, Page, Piece, Query
from index.bodies import mention_of_body
from index.connections import Connections
from index.filing import file_all, remove
from index.highlight import highlight
from index.rows import chunks
from index.selection import select

log = logging.getLogger("tingfeng.index")

SCHEMA = """
CREATE TABLE mentions (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, channel TEXT NOT NULL, grade TEXT, site TEXT NOT NULL,
    event TEXT, day TEXT NOT NULL, hour TEXT NOT NULL, source TEXT, collected INTEGER NOT NULL, read INTEGER NOT NULL,
    risk INTEGER NOT NULL, negative REAL NOT NULL
);
CREATE INDEX mentions_by_risk ON mentions (risk, number);
CREATE TABLE bodies (number INTEGER PRIMARY KEY, mention TEXT NOT NULL);
CREATE TABLE labels (
    number INTEGER NOT NULL, kind TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (number, kind, value)
) WITHOUT ROWID;
CREATE VIRTUAL TABLE texts USING fts5(chars, words, tags, tokenize = 'ascii');
"""
#: Raised with every change of the schema or of what is written into it; a file of another format is emptied.
FORMAT = 103


class SqliteIndex:
    """A `SearchIndex` in one file. Safe for threads and processes: readers never wait for the one writer."""

    def __init__(self, path: Path, *, zone: ZoneInfo | None = None, stores: Collection[str] = ()) -> None:
        self.path = path
        #: Which subjects are stores.
        self.stores = frozenset(stores)
        #: In which a day begins.
        self.zone = zone or ZoneInfo("Asia/Shanghai")
        self._connections = Connections(path, schema=SCHEMA, version=FORMAT)

    def add_many(self, mentions: Sequence[Mention], *, as_of: datetime | None = None) -> Added:
        """Add or replace, in one transaction."""
        with self._connections.write() as connection:
            refused = file_all(connection, mentions, self.zone, as_of=as_of)
        for key, problem in refused.items():
            log.warning("mention_refused", extra={"mention": ascii(key), "reason": problem})
        return Added(count=len(mentions) - len(refused), refused=refused)

    def search(self, query: Query) -> Page:
        """One page of hits, with the total, both from the same moment of the index."""
        chosen = select(query)
        with self._read() as connection:
            total = connection.execute(*chosen.counted()).fetchone()[0]
            found = connection.execute(*chosen.page()).fetchall()
            hits = tuple(
                Hit(
                    mention=(mention := _mention(connection, row[0])),
                    highlight=highlight(mention.post, query.where),
                    score=-row[1] if chosen.sort == "relevance" else None,
                )
                for row in found[: query.limit]
            )
        more = len(found) > query.limit
        return Page(hits=hits, total=total, next=chosen.cursor(found[query.limit - 1]) if more and hits else None)

    def count_by(self, query: Query, facet: Facet, *, limit: int = 1000) -> dict[str, int]:
        """How many matching mentions each value has; mentions without a value are left out."""
        with self._read() as connection:
            found = connection.execute(*select(replace(query, after=None)).counted_by(facet)).fetchall()
        wanted = [row for row in found if facet != "store" or row[0] in self.stores]
        return dict(wanted[:limit])

    def delete(self, ids: Sequence[str], *, as_of: datetime | None = None) -> int:
        """Remove mentions, tokens included. Nothing remembers that they were there, so any reading brings them back."""
        removed = 0
        with self._connections.write() as connection:
            for chunk in chunks(list(dict.fromkeys(ids))):
                marks = ",".join("?" * len(chunk))
                found = connection.execute(f"SELECT number FROM mentions WHERE id IN ({marks})", chunk).fetchall()
                remove(connection, [number for (number,) in found])
                removed += len(found)
        return removed

    def count(self) -> int:
        """How many mentions are in."""
        with self._read() as connection:
            return int(connection.execute("SELECT count(*) FROM mentions").fetchone()[0])

    def prune(self, before: datetime) -> int:
        """Remove what was collected before this moment."""
        with self._connections.write() as connection:
            found = connection.execute(
                "SELECT number FROM mentions WHERE collected < ?", (int(before.timestamp() * 1000),)
            ).fetchall()
            remove(connection, [number for (number,) in found])
        return len(found)

    def maintain(self) -> None:
        """Merge the text index."""
        self.optimise()

    def state(self) -> IndexState:
        """One file."""
        size = sum(path.stat().st_size for path in self.path.parent.glob(self.path.name + "*"))
        count = self.count()
        return IndexState(
            engine=f"SQLite {sqlite3.sqlite_version}",
            mentions=count,
            pieces=(Piece(name=self.path.name, mentions=count, size=size),),
        )

    def beside(self, name: str) -> SqliteBuilding:
        """A file next to this one. Raise `ValueError` for a name that is none."""
        if not re.fullmatch("[a-z0-9]{1,40}", name):
            raise ValueError(f"no name of a building: {name!r}")
        path = self.path.with_name(f"{self.path.stem}.{name}.building{self.path.suffix}")
        return SqliteBuilding(self, SqliteIndex(path, zone=self.zone, stores=self.stores))

    def refresh(self) -> None:
        """Nothing to do: what a transaction added is visible at once."""

    def optimise(self) -> None:
        """Merge the text index into one piece: after a rebuild, so that searches read least."""
        with self._connections.write() as connection:
            connection.execute("INSERT INTO texts(texts) VALUES ('optimize')")
            connection.execute("ANALYZE mentions")

    def take_over(self, other: SqliteIndex, *, progress: Callable[[int, int], None] | None = None) -> None:
        """Replace all content by another index's, at one moment: readers see the old whole or the new whole."""

        def told(_: int, left: int, total: int) -> None:
            if progress:
                progress(total - left, total)

        self._connections.copy_from(other.path, progress=told)

    def close(self) -> None:
        """Close the file."""
        self._connections.close()

    @contextmanager
    def _read(self) -> Iterator[sqlite3.Connection]:
        with self._connections.read() as connection:
            yield connection


class SqliteBuilding:
    """A `Building`: a file next to the one in use."""

    def __init__(self, index: SqliteIndex, fresh: SqliteIndex) -> None:
        self._index, self._fresh = index, fresh
        fresh.count()  # makes the file

    def add_many(self, mentions: Sequence[Mention], *, as_of: datetime | None = None) -> Added:
        """As the index's."""
        return self._fresh.add_many(mentions, as_of=as_of)

    def count(self) -> int:
        """How many mentions are in."""
        return self._fresh.count()

    def take_over(self, *, progress: Callable[[int, int], None] | None = None) -> None:
        """Become the content of the index's file, in one transaction."""
        self._fresh.optimise()
        self._fresh.close()
        self._index.take_over(self._fresh, progress=progress)
        self.discard()

    def discard(self) -> None:
        """Remove the file."""
        self._fresh.close()
        for end in ("", "-wal", "-shm"):
            self._fresh.path.with_name(self._fresh.path.name + end).unlink(missing_ok=True)

    def close(self) -> None:
        """Close the file."""
        self._fresh.close()


def _mention(connection: sqlite3.Connection, number: int) -> Mention:
    body = connection.execute("SELECT mention FROM bodies WHERE number = ?", (number,)).fetchone()[0]
    return mention_of_body(json.loads(body))
