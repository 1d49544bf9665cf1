"""What makes the file good again after many changes, in steps between which others may write."""

from __future__ import annotations

import logging
import sqlite3
from datetime import datetime, timedelta

import numpy as np

from index.embedded.columns import LABELLED, Columns
from index.embedded.connections import Connections
from index.rownumber import milliseconds

log = logging.getLogger("tingfeng.index")

#: Pages of the text index that one step writes, about: a step holds the file for a fraction of a second.
_STEP = 2000
#: How long a removal is remembered: far longer than anybody may hold a reading before he writes it.
_REMEMBERED = timedelta(days=7)


def merge(connections: Connections) -> None:
    """Make one piece of each text index, so that searches read least and what was deleted leaves the file."""
    for table in ("chars", "words"):
        # A negative number begins a merge of all pieces, positive ones go on with it (FTS5's own words for it).
        pages = -_STEP
        while True:
            with connections.write() as connection:
                before = connection.total_changes
                connection.execute(f"INSERT INTO {table} ({table}, rank) VALUES ('merge', ?)", (pages,))
                if connection.total_changes - before < 2:
                    break
            pages = _STEP
    with connections.write() as connection:
        connection.execute("ANALYZE")
    log.info("index_merged", extra={"path": str(connections.path)})


def forget_old_removals(connection: sqlite3.Connection, *, now: datetime) -> None:
    """Forget what was removed so long ago that no older reading can still come."""
    connection.execute("DELETE FROM gone WHERE read < ?", (milliseconds(now - _REMEMBERED),))


def forget_values(connection: sqlite3.Connection, columns: Columns) -> None:
    """Forget the values of fields that only removed mentions had: names of people, say."""
    live = columns.mask("live")
    used = [columns.cells[name][live] for name in ("channel", "grade", "site", "source", "event", "author")]
    used += [columns.labels[name].codes[live[columns.labels[name].rows]] for name in LABELLED]
    kept = set(np.unique(np.concatenate(used)).tolist())
    known = connection.execute("SELECT code FROM terms").fetchall()
    connection.executemany("DELETE FROM terms WHERE code = ?", [row for row in known if row[0] not in kept])
