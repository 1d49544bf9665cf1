"""The text of posts' pictures in the durable store: one row a picture, also where nothing could be read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from core.database import Database
from core.model import Post
from core.schema import picture_texts
from index.rows import chunks, insert_into, storable


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureRow:
    """What is known of one picture; `state` as in `core.schema.picture_texts`."""

    post: str
    url: str
    state: str
    text: str = ""
    reason: str | None = None
    raw: str | None = None


class PictureStore:
    """Keeps what was read from pictures."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def unread(self, posts: Sequence[Post], *, most: int) -> dict[str, tuple[str, ...]]:
        """Of each post, among its first `most` pictures, the addresses of which nothing is known yet.

        Posts without any are left out.
        """
        known = {(row.post, row.url) for row in self._rows([post.id for post in posts if post.images])}
        found = {}
        for post in posts:
            urls = tuple(url for url in dict.fromkeys(post.images[:most]) if (post.id, storable(url)) not in known)
            if urls:
                found[post.id] = urls
        return found

    def save(self, connection: Connection, rows: Sequence[PictureRow], *, now: datetime) -> None:
        """Write rows within the caller's transaction; a picture read before is written anew."""
        if not rows:
            return
        values = [
            {
                "post": row.post,
                "url": storable(row.url),
                "state": row.state,
                "text": storable(row.text),
                "reason": row.reason,
                "raw": row.raw,
                "at": now,
            }
            for row in rows
        ]
        statement = insert_into(connection.dialect)(picture_texts)
        new = {column.name: statement.excluded[column.name] for column in picture_texts.c if not column.primary_key}
        connection.execute(statement.on_conflict_do_update(index_elements=["post", "url"], set_=new), values)

    def texts(self, posts: Sequence[Post]) -> Mapping[str, str]:
        """The text of each post's pictures, in the order in which the post shows them; posts without any are left out.

        A picture that the post no longer shows does not count.
        """
        shown = [post for post in posts if post.images]
        read: dict[str, dict[str, str]] = defaultdict(dict)
        for row in self._rows([post.id for post in shown]):
            if row.text:
                read[row.post][row.url] = row.text
        found = {}
        for post in shown:
            lines = [read[post.id][url] for url in map(storable, post.images) if url in read[post.id]]
            if lines:
                found[post.id] = "\n".join(lines)
        return found

    def of(self, post: str) -> list[PictureRow]:
        """Everything known of one post's pictures."""
        return self._rows([post])

    def _rows(self, ids: Sequence[str]) -> list[PictureRow]:
        found: list[PictureRow] = []
        if not ids:
            return found
        with self.database.read() as connection:
            for chunk in chunks(list(dict.fromkeys(ids))):
                wanted = select(picture_texts).where(picture_texts.c.post.in_(chunk)).order_by(picture_texts.c.url)
                found += [
                    PictureRow(
                        post=row.post, url=row.url, state=row.state, text=row.text, reason=row.reason, raw=row.raw
                    )
                    for row in connection.execute(wanted)
                ]
        return found
