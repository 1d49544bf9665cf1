"""The process that reads pictures: fetches those of posts that matter, reads them, and has the posts judged again."""

from __future__ import annotations

import asyncio
import logging
import threading
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.exc import SQLAlchemyError

from analysis.pictures import PictureReader
from app.wiring import Product
from core.work import WorkItem, WorkQueue, process_name
from evidence.pictures import Fetched, fetch_pictures
from index.pictures import PictureRow

log = logging.getLogger("tingfeng.app")

_LEASE = timedelta(minutes=5)
_POLL_SECONDS, _DATABASE_PAUSE_SECONDS = 0.5, 5.0
_ATTEMPTS = 3
#: Claims that ended without a word before a post's pictures are given up.
_DEADLY_ATTEMPTS = 6
_RETRY = timedelta(minutes=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureDesk:
    """Reads the pictures of one post at a time. Any number of desks share the queue."""

    product: Product
    reader: PictureReader

    def read_once(self) -> int:
        """Take one post. Returns how many were taken; 0 means that nothing waits."""
        queue = WorkQueue(self.product.database, "pictures")
        items = queue.claim(1, owner=process_name(), now=self.product.clock(), lease=_LEASE)
        for item in items:
            if item.attempts >= _DEADLY_ATTEMPTS:
                # Nobody came back to tell what happened: a picture that takes the process down must not do so for ever.
                self._set_aside(queue, item, "读图的进程多次中断", is_final=True)
                continue
            try:
                self._read(queue, item)
            except SQLAlchemyError:
                raise
            except Exception as bad:  # the boundary of a job: one bad picture stops only itself
                log.exception("pictures_failed", extra={"post": item.key})
                why = f"{type(bad).__name__}: {bad}"[:500]
                self._set_aside(queue, item, why, is_final=item.attempts + 1 >= _ATTEMPTS)
        return len(items)

    def _set_aside(self, queue: WorkQueue, item: WorkItem, why: str, *, is_final: bool) -> None:
        with self.product.database.write() as connection:
            if is_final:
                queue.bury(connection, item, reason=why)
            else:
                queue.retry(connection, item, due=self.product.clock() + _RETRY, reason=why)

    def read_forever(self, stop: threading.Event) -> None:
        """Work until `stop` is set."""
        while not stop.is_set():
            try:
                busy = self.read_once()
            except SQLAlchemyError:
                log.exception("database_failed")
                stop.wait(_DATABASE_PAUSE_SECONDS)
                continue
            if not busy:
                stop.wait(_POLL_SECONDS)

    def _read(self, queue: WorkQueue, item: WorkItem) -> None:
        product, settings = self.product, self.product.settings
        post = product.posts.get([item.key]).get(item.key)
        urls = product.pictures.unread([post], most=settings.pictures.most).get(post.id, ()) if post else ()
        fetched: list[Fetched] = []
        if post is not None and urls:
            fetched = asyncio.run(
                fetch_pictures(
                    urls,
                    referer=post.url,
                    user_agent=settings.crawl.user_agent,
                    allow_private=settings.evidence.allow_private,
                )
            )
        is_last = item.attempts + 1 >= _ATTEMPTS
        rows = [self._row(item.key, one) for one in fetched if is_last or not one.is_passing]
        now = product.clock()
        with product.database.write() as connection:
            product.pictures.save(connection, rows, now=now)
            if any(row.text for row in rows):
                WorkQueue(product.database, "assess").put(connection, [item.key], due=now, now=now)
            if len(rows) < len(fetched):
                reasons = "；".join(sorted({one.reason or "" for one in fetched if one.is_passing}))
                queue.retry(connection, item, due=now + _RETRY, reason=reasons)
            else:
                queue.done(connection, [item])
        log.info("pictures_read", extra={"post": item.key, "count": len(rows), "left": len(fetched) - len(rows)})

    def _row(self, post: str, fetched: Fetched) -> PictureRow:
        if fetched.content is None:
            state = "failed" if fetched.is_passing else "refused"
            return PictureRow(post=post, url=fetched.url, state=state, reason=fetched.reason)
        found = self.reader.read(fetched.content)
        raw = self.product.vault.put(fetched.content) if found.text else None
        return PictureRow(post=post, url=fetched.url, state=found.state, text=found.text, reason=found.reason, raw=raw)
