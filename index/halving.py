"""One mention that an index breaks on must not keep out the others of its batch."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Sequence

from sqlalchemy.exc import SQLAlchemyError

from core.errors import IndexTrouble
from core.model import Mention
from index.base import Added

log = logging.getLogger("tingfeng.index")

#: What SQLite says of a value or a statement, not of its file.
FAULTS_OF_A_MENTION = (
    sqlite3.DataError,
    sqlite3.IntegrityError,
    sqlite3.InterfaceError,
    sqlite3.NotSupportedError,
    sqlite3.ProgrammingError,
)
#: What the world does to an index: all that was to be written waits.
FAULTS_OF_THE_WORLD = (IndexTrouble, SQLAlchemyError, sqlite3.Error, OSError)


def is_of_the_world(bad: Exception) -> bool:
    """Whether a failure is the index's, the database's or the disk's, and no mention's."""
    return isinstance(bad, FAULTS_OF_THE_WORLD) and not isinstance(bad, FAULTS_OF_A_MENTION)


def add_or_halve(add: Callable[[Sequence[Mention]], Added], mentions: Sequence[Mention]) -> Added:
    """Add a batch; where that fails its halves, until what fails is one mention, which is refused by name.

    A failure that is the world's is raised.
    """
    try:
        return add(mentions)
    except Exception as bad:
        if is_of_the_world(bad):
            raise
        if len(mentions) == 1:
            reason = f"{type(bad).__name__}: {bad}"[:500]
            log.error("mention_not_indexed", extra={"post": mentions[0].id, "reason": reason})
            return Added(count=0, refused={mentions[0].id: reason})
    middle = len(mentions) // 2
    first, second = add_or_halve(add, mentions[:middle]), add_or_halve(add, mentions[middle:])
    return Added(count=first.count + second.count, refused={**first.refused, **second.refused})
