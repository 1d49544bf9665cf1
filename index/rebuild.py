"""Building the index anew from the truth, beside the one in use."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

from core.clock import Clock
from index.sqlite import SqliteIndex
from index.verdicts import VerdictStore

log = logging.getLogger("tingfeng.index")


def rebuild(
    index: SqliteIndex, verdicts: VerdictStore, *, clock: Clock, progress: Callable[[int, int], None] | None = None
) -> int:
    """Index every mention into a file beside `index`, then replace the content of `index` by it at one moment.

    Searches and additions go on meanwhile: what is judged during the rebuild is added again at the end. `progress` is
    called with how many mentions are in and how many there are. Returns how many are in. A rebuild that dies leaves
    `index` as it was, and the next one starts over.
    """
    started, total, done = clock(), verdicts.count(), 0
    beside = index.path.with_name(index.path.name + ".rebuild")
    _discard(beside)
    fresh = SqliteIndex(beside, zone=index.zone)
    try:
        fresh.count()  # makes the file, also where there is nothing to index
        for batch in verdicts.every():
            done += fresh.add_many(batch).count
            if progress:
                progress(done, total)
        fresh.optimise()
        fresh.close()
        index.take_over(fresh)
    finally:
        fresh.close()
        _discard(beside)
    for batch in verdicts.every(since=started):
        index.add_many(batch)
    log.info("index_rebuilt", extra={"mentions": done, "seconds": (clock() - started).total_seconds()})
    return index.count()


def _discard(path: Path) -> None:
    for name in (path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")):
        name.unlink(missing_ok=True)
