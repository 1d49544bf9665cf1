"""The embedded search index: one file, fast enough that one machine needs nothing else."""

from __future__ import annotations

import logging
import re
import sqlite3
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from core.model import Mention
from index.base import Added, Facet, Hit, IndexState, Page, Piece, Query, Sort
from index.cursor import read_cursor, write_cursor
from index.embedded.bodies import unpacked
from index.embedded.columns import Mask, Numbers
from index.embedded.connections import Connections
from index.embedded.counting import counted
from index.embedded.filing import file_all, remove, remove_all
from index.embedded.matches import Matches
from index.embedded.ordering import after, first_rows, risk_keys, time_keys, values_at
from index.embedded.packs import brought_up_to_date
from index.embedded.relevance import has_something_to_score, ranked_keys, scores
from index.embedded.schema import FORMAT, SCHEMA
from index.embedded.snapshots import Snapshot, Snapshots
from index.embedded.upkeep import forget_old_removals, forget_values, merge
from index.highlight import highlight
from index.rownumber import milliseconds
from index.tree import whole_tree

log = logging.getLogger("tingfeng.index")


class SqliteIndex:
    """A `SearchIndex` in one file. Safe for threads and processes: readers never wait for the one writer."""

    def __init__(self, path: Path, *, zone: ZoneInfo | None = None, stores: Collection[str] = ()) -> None:
        self.path = path
        #: In which a day begins.
        self.zone = zone or ZoneInfo("Asia/Shanghai")
        #: Which subjects are stores.
        self.stores = frozenset(stores)
        self._connections = Connections(path, schema=SCHEMA, version=FORMAT)
        self._snapshots = Snapshots(self._connections)

    def add_many(self, mentions: Sequence[Mention], *, as_of: datetime | None = None) -> Added:
        """Add or replace, in one transaction."""
        read = milliseconds(as_of or datetime.now(UTC))
        with self._connections.write() as connection:
            refused = file_all(connection, mentions, self.zone, read=read)
        for key, problem in refused.items():
            log.warning("mention_refused", extra={"mention": ascii(key), "reason": problem})
        return Added(count=len(mentions) - len(refused), refused=refused)

    def search(self, query: Query) -> Page:
        """One page of hits, with the total, both from the same moment of the index."""
        with self._snapshots.read() as snapshot:
            order = _Order.of(query)
            found = Matches(snapshot=snapshot).of_query(whole_tree(query))
            keys = order.keys(query, snapshot, found)
            left = found & after(keys, order.last) if order.last else found
            limit = max(1, query.limit)
            rows = first_rows(np.flatnonzero(left), keys, limit + 1).tolist()
            hits = tuple(self._hit(snapshot, query, row, keys[0] if order.sort == "relevance" else None)
                         for row in rows[: query.limit])  # fmt: skip
            more = write_cursor(order.sort, *values_at(keys, rows[limit - 1])) if len(rows) > limit else None
            return Page(hits=hits, total=int(np.count_nonzero(found)), next=more if hits else None)

    def count_by(self, query: Query, facet: Facet, *, limit: int = 1000) -> dict[str, int]:
        """How many matching mentions each value has; mentions without a value are left out."""
        with self._snapshots.read() as snapshot:
            found = Matches(snapshot=snapshot).of_query(whole_tree(query))
            return counted(snapshot.connection, snapshot.columns, found, facet, stores=self.stores, limit=limit)

    def count(self) -> int:
        """How many mentions are in."""
        return self._fact("count")

    def delete(self, ids: Sequence[str], *, as_of: datetime | None = None) -> int:
        """Remove mentions, tokens included."""
        keys = sorted({key for key in ids if re.fullmatch("[0-9a-f]{24}", key)})
        read = milliseconds(as_of or datetime.now(UTC))
        with self._connections.write() as connection:
            return remove_all(connection, keys, read=read)

    def prune(self, before: datetime) -> int:
        """Remove what was collected before this moment, some at a time, so that additions go on."""
        removed = 0
        while True:
            with self._connections.write() as connection:
                found = connection.execute(
                    "SELECT row FROM mentions WHERE collected < ? LIMIT 1000", (milliseconds(before),)
                ).fetchall()
                remove(connection, [row for (row,) in found])
            removed += len(found)
            if not found:
                return removed

    def maintain(self) -> None:
        """Merge the text index in steps, between which additions go on; forget values that no mention has any more."""
        with self._connections.write() as connection:
            forget_old_removals(connection, now=datetime.now(UTC))
        self._forget_values()
        merge(self._connections)

    def refresh(self) -> None:
        """Nothing to do: what a transaction added is visible at once."""

    def state(self) -> IndexState:
        """One file; a remark where much of it is of no use any more."""
        count, rows, stale = self.count(), self._fact("next_row"), self._fact("stale")
        remarks = []
        if stale:
            remarks.append(
                f"有 {stale} 条已移除提及的检索词因词典更新尚未清除，重建索引后清除（tingfeng index rebuild）"
            )
        if rows > 2 * count + 10_000:
            remarks.append(f"编号中仅 {count / rows:.0%} 仍有提及，重建可使检索更快（tingfeng index rebuild）")
        size = sum(path.stat().st_size for path in self._files() if path.exists())
        return IndexState(
            engine=f"SQLite {sqlite3.sqlite_version}",
            mentions=count,
            pieces=(Piece(name=self.path.name, mentions=count, size=size),),
            remarks=tuple(remarks),
        )

    def beside(self, name: str) -> SqliteBuilding:
        """A file next to this one. Raise `ValueError` for a name that is none."""
        if not re.fullmatch("[a-z0-9]{1,40}", name):
            raise ValueError(f"no name of a building: {name!r}")
        path = self.path.with_name(f"{self.path.stem}.{name}.building{self.path.suffix}")
        return SqliteBuilding(self, SqliteIndex(path, zone=self.zone, stores=self.stores))

    def take_over(self, other: SqliteIndex, *, progress: Callable[[int, int], None] | None = None) -> None:
        """Replace all content by another index's, at one moment: readers see the old whole or the new whole."""
        self._connections.copy_from(other.path, progress=progress)

    def close(self) -> None:
        """Close the file."""
        self._snapshots.forget()
        self._connections.close()

    def discard(self) -> None:
        """Close the file and remove it."""
        self.close()
        for path in self._files():
            path.unlink(missing_ok=True)

    def _forget_values(self) -> None:
        with self._connections.write() as connection:
            columns = brought_up_to_date(connection, None)
            assert columns is not None
            forget_values(connection, columns)

    def _files(self) -> list[Path]:
        return [self.path.with_name(self.path.name + end) for end in ("", "-wal", "-shm")]

    def _fact(self, name: str) -> int:
        with self._connections.read() as connection:
            return int(connection.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()[0])

    def _hit(self, snapshot: Snapshot, query: Query, row: int, score: Numbers | None) -> Hit:
        mention = _mention(snapshot.connection, row)
        return Hit(
            mention=mention,
            highlight=highlight(mention.post, query.where),
            score=None if score is None else float(score[row].item()),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Order:
    """The order a query means, and where its page begins."""

    sort: Sort
    last: list[float]

    @classmethod
    def of(cls, query: Query) -> _Order:
        """Raise `QuerySyntaxError` for a cursor that does not belong to it."""
        plain = query.sort == "relevance" and not has_something_to_score(query.where)
        sort: Sort = "time" if plain else query.sort
        count = {"time": 3, "risk": 4, "relevance": 2}[sort]
        return cls(sort=sort, last=read_cursor(query.after, sort, count) if query.after else [])

    def keys(self, query: Query, snapshot: Snapshot, found: Mask) -> list[Numbers]:
        if self.sort == "relevance" and query.where is not None:
            return ranked_keys(
                scores(snapshot, query.where, found, lambda row: _mention(snapshot.connection, row).post)
            )
        return risk_keys(snapshot.columns) if self.sort == "risk" else time_keys(snapshot.columns)


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
        self._fresh.maintain()
        self._fresh.close()
        self._index.take_over(self._fresh, progress=progress)

    def settled(self) -> None:
        """Remove the file, which until now spared whoever was killed a new beginning, and what others left."""
        self._fresh.discard()
        for left in self._index.path.parent.glob(f"{self._index.path.stem}.*.building{self._index.path.suffix}*"):
            left.unlink(missing_ok=True)

    def discard(self) -> None:
        """Remove the file."""
        self._fresh.discard()

    def close(self) -> None:
        """Close the file."""
        self._fresh.close()


def _mention(connection: sqlite3.Connection, row: int) -> Mention:
    return unpacked(connection.execute("SELECT body FROM bodies WHERE row = ?", (row,)).fetchone()[0])
