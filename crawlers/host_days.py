"""The count of requests that each host got on each day, shared by all crawls and machines.

A day is one of the operator's time zone: people read "today" in it.
"""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import case, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from core.database import Database
from core.schema import host_days as table

#: Days that are remembered of each host.
_REMEMBERED = timedelta(days=60)


class HostDays:
    """The table `host_days`: requests of a day to a host, those that were only reserved included."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def reserve(self, host: str, day: date, *, most: int, limit: int) -> int:
        """Take up to `most` requests of the day's `limit`; 0 when none are left."""
        key = (table.c.host == host) & (table.c.day == day.isoformat())
        with self.database.write() as connection:
            insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
            row = {"host": host, "day": day.isoformat(), "requests": 0}
            if connection.execute(insert(table).values(row).on_conflict_do_nothing()).rowcount > 0:
                too_old = (day - _REMEMBERED).isoformat()
                connection.execute(delete(table).where(table.c.host == host, table.c.day < too_old))
            made = connection.scalar(select(table.c.requests).where(key).with_for_update()) or 0
            granted = max(0, min(most, limit - made))
            connection.execute(update(table).where(key).values(requests=table.c.requests + granted))
        return granted

    def give_back(self, host: str, day: date, unused: int) -> None:
        """Return what was reserved and not asked for."""
        left = case((table.c.requests > unused, table.c.requests - unused), else_=0)
        with self.database.write() as connection:
            key = (table.c.host == host) & (table.c.day == day.isoformat())
            connection.execute(update(table).where(key).values(requests=left))

    def made(self, host: str, day: date) -> int:
        """Requests of that day so far."""
        key = (table.c.host == host) & (table.c.day == day.isoformat())
        with self.database.read() as connection:
            return connection.scalar(select(table.c.requests).where(key)) or 0
