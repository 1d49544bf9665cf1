"""Building the index anew from the truth, beside the one in use."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from index.sqlite import SqliteIndex
from index.verdicts import VerdictStore

log = logging.getLogger("tingfeng.index")

#: A verdict is dated when its batch began: one that was saved during the rebuild may bear a time from before it.
_LONGEST_BATCH = timedelta(minutes=15)


def rebuild(
    path: Path,
    verdicts: VerdictStore,
    *,
    zone: ZoneInfo | None = None,
    progress: Callable[[int], None] | None = None,
) -> int:
    """Index every mention into a file beside `path`, then replace the content of `path` by it at one moment.

    Searches and additions go on meanwhile: what is judged during the rebuild is added again at the end. `progress` is
    called with how many mentions are in. Returns how many are in when all is done. A rebuild that dies leaves the
    index as it was, and the next one starts over.
    """
    newest, done = verdicts.last_judged(), 0
    index, fresh = SqliteIndex(path, zone=zone), SqliteIndex(path.with_name(path.name + ".rebuild"), zone=zone)
    _discard(fresh.path)
    try:
        fresh.count()  # makes the file, also where there is nothing to index
        for batch in verdicts.every():
            done += fresh.add_many(batch).count
            if progress:
                progress(done)
        fresh.optimise()
        fresh.close()
        index.take_over(fresh)
        for batch in verdicts.every(since=newest - _LONGEST_BATCH if newest else None):
            index.add_many(batch)
        log.info("index_rebuilt", extra={"mentions": done})
        return index.count()
    finally:
        index.close()
        fresh.close()
        _discard(fresh.path)


def _discard(path: Path) -> None:
    for name in (path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")):
        name.unlink(missing_ok=True)
