"""The database's side of exhibits: which were asked for, and what became of them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Connection, Row, insert, select, update

from core.database import Database
from core.errors import NotFound
from core.model import Exhibit, ExhibitState, Post
from core.schema import exhibits
from core.text import fingerprint
from core.work import WorkQueue


def exhibit_id(post: Post) -> str:
    """32 hex digits over post, address and text: an edited post deserves a new exhibit, an unchanged one does not."""
    parts = (post.id, post.url, fingerprint(post.full_text))
    return hashlib.sha256("\x1f".join(parts).encode("utf-8", "replace")).hexdigest()[:32]


class ExhibitStore:
    """Table `exhibits` and the queue of captures."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.queue = WorkQueue(database, "capture")

    def request(self, connection: Connection, post: Post, *, now: datetime) -> Exhibit:
        """Ask for a capture of this post, within the caller's transaction.

        Asking again for the same text gives the exhibit that is there, whatever became of it.
        """
        exhibit, is_new = self.enter(connection, post, now=now)
        if is_new:
            self.queue.put(connection, [exhibit.id], due=now, now=now)
        return exhibit

    def enter(self, connection: Connection, post: Post, *, now: datetime) -> tuple[Exhibit, bool]:
        """The exhibit of this post and text, pending if it is new; second, whether it is. Queues nothing."""
        found = _read(connection, exhibit_id(post))
        if found is not None:
            return found, False
        exhibit = Exhibit(id=exhibit_id(post), post=post.id, url=post.url, state="pending", requested=now)
        connection.execute(
            insert(exhibits).values(
                id=exhibit.id, post=exhibit.post, url=exhibit.url, state=exhibit.state, requested=now, pictures=[]
            )
        )
        return exhibit, True

    def settle(self, connection: Connection, sealed: Exhibit) -> bool:
        """Write what became of a pending exhibit. `False` if somebody settled it before."""
        changed = connection.execute(
            update(exhibits)
            .where(exhibits.c.id == sealed.id, exhibits.c.state == "pending")
            .values(
                state=sealed.state,
                captured=sealed.captured,
                reason=sealed.reason,
                folder=sealed.folder,
                manifest=sealed.manifest,
                pictures=list(sealed.pictures),
            )
        )
        return changed.rowcount == 1

    def get(self, exhibit: str) -> Exhibit:
        """The exhibit with this id. Raise `NotFound`."""
        with self._database.read() as connection:
            found = _read(connection, exhibit)
        if found is None:
            raise NotFound(f"没有证据 {exhibit}")
        return found

    def for_post(self, post: str) -> list[Exhibit]:
        """All exhibits of a post, newest first."""
        return self._listed(select(exhibits).where(exhibits.c.post == post))

    def recent(self, limit: int) -> list[Exhibit]:
        """The exhibits asked for last, newest first."""
        return self._listed(select(exhibits).limit(limit))

    def _listed(self, statement: Any) -> list[Exhibit]:
        with self._database.read() as connection:
            rows = connection.execute(statement.order_by(exhibits.c.requested.desc(), exhibits.c.id)).all()
        return [_exhibit(row) for row in rows]


def _read(connection: Connection, exhibit: str) -> Exhibit | None:
    row = connection.execute(select(exhibits).where(exhibits.c.id == exhibit)).first()
    return None if row is None else _exhibit(row)


def _exhibit(row: Row[Any]) -> Exhibit:
    pictures: Sequence[str] = row.pictures
    return Exhibit(
        id=row.id,
        post=row.post,
        url=row.url,
        state=cast("ExhibitState", row.state),
        requested=row.requested,
        captured=row.captured,
        reason=row.reason,
        folder=row.folder,
        manifest=row.manifest,
        pictures=tuple(pictures),
    )
