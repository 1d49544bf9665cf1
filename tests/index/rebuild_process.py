"""A rebuild that stops at a moment of its work and waits there to be killed.

Run: python -m tests.index.rebuild_process DATABASE_URL INDEX_FILE MOMENT
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from core.clock import system_clock
from core.database import Database
from core.model import Mention
from index.base import Added, Building
from index.rebuild import Rebuild
from index.sqlite import SqliteIndex
from index.verdicts import VerdictStore

#: Beginning; between a batch and the note of it; before, in and after the change.
MOMENTS = ("begun", "second batch", "second note", "full", "taking over", "taken over", "settled")


def here() -> None:
    sys.stdout.write("here\n")
    sys.stdout.flush()
    time.sleep(600)


class Stopping:
    """A building of the embedded index that says where it is and stays there."""

    def __init__(self, building: Building, moment: str) -> None:
        self.building, self.moment, self.batches = building, moment, 0

    def add_many(self, mentions: Sequence[Mention], *, as_of: datetime | None = None) -> Added:
        self.reached("begun")
        self.batches += 1
        if self.batches == 3:
            self.reached("second note")
        added = self.building.add_many(mentions, as_of=as_of)
        if self.batches == 2:
            self.reached("second batch")
        return added

    def count(self) -> int:
        return self.building.count()

    def take_over(self, *, progress: Callable[[int, int], None] | None = None) -> None:
        self.reached("full")

        def told(done: int, total: int) -> None:
            self.reached("taking over")
            if progress is not None:
                progress(done, total)

        self.building.take_over(progress=told)
        self.reached("taken over")

    def settled(self) -> None:
        self.reached("settled")
        self.building.settled()

    def discard(self) -> None:
        self.building.discard()

    def close(self) -> None:
        self.building.close()

    def reached(self, moment: str) -> None:
        if self.moment == moment:
            here()


class StoppingIndex(SqliteIndex):
    """The embedded index with such buildings."""

    moment = ""

    def beside(self, name: str) -> Stopping:  # type: ignore[override]
        return Stopping(super().beside(name), self.moment)


if __name__ == "__main__":
    url, file, moment = sys.argv[1:]
    database, index = Database(url), StoppingIndex(Path(file))
    index.moment = moment
    Rebuild(
        database=database, verdicts=VerdictStore(database), index=index, target="sqlite", queue="index",
        clock=system_clock, batch=10,
    ).run()  # fmt: skip
