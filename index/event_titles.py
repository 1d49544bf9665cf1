"""What events are called, for tables and lists that know only their ids."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select

from core.database import Database
from core.schema import events
from index.rows import chunks


def titles_of(database: Database, ids: Collection[str]) -> dict[str, str]:
    """The titles of these events; those without one, and ids of none, are left out."""
    found: dict[str, str] = {}
    with database.read() as connection:
        for chunk in chunks(sorted(ids)):
            rows = connection.execute(select(events.c.id, events.c.title).where(events.c.id.in_(chunk)))
            found.update((row.id, row.title) for row in rows if row.title.strip())
    return found
