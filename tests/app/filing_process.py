"""A filing process that stops at a moment of its work and waits there to be killed.

Run: python -m tests.app.filing_process DATABASE_URL INDEX_FILE MOMENT
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from app.filing import Filer
from core.clock import system_clock
from core.database import Database
from core.model import Mention
from index.base import Added
from index.sqlite import SqliteIndex
from index.verdicts import VerdictStore

#: The batch in which it stops: one is in and done, more wait.
STOPS_IN = 2


class Stopping(SqliteIndex):
    """The embedded index; says where it is and stays there."""

    moment = ""
    batches = 0

    def add_many(self, mentions: Sequence[Mention], *, as_of: datetime | None = None) -> Added:
        self.batches += 1
        self.reached("read")
        added = super().add_many(mentions, as_of=as_of)
        self.reached("written")
        return added

    def reached(self, moment: str) -> None:
        if self.batches == STOPS_IN and self.moment == moment:
            sys.stdout.write("here\n")
            sys.stdout.flush()
            time.sleep(600)


if __name__ == "__main__":
    url, file, moment = sys.argv[1:]
    database, index = Database(url), Stopping(Path(file))
    index.moment = moment
    Filer(database=database, verdicts=VerdictStore(database), index=index, clock=system_clock, batch=10).drain()
