"""The capture process: claims requests, has them captured, seals them, tells the rest of the product.

Seal, ledger, database: in this order, each step repeatable. Whatever a crash interrupts, the request is still in the
queue; the next run finds the sealed folder in its place and goes on from there, or captures again.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from core.clock import Clock
from core.database import Database
from core.errors import EvidenceError, NotFound
from core.model import Exhibit, Post
from core.settings import Settings
from core.work import WorkItem, process_name
from evidence.bundle import MANIFEST, Sealed, Shelf, opened, seal
from evidence.capture import Camera, CaptureRequest
from evidence.exhibits import ExhibitStore
from evidence.ledger import Ledger
from evidence.vault import RawResponse, Vault

log = logging.getLogger("tingfeng.evidence")

OnSealed = Callable[[Connection, Exhibit], None]

_POLL_SECONDS = 0.2
_DATABASE_PAUSE_SECONDS = 2.0
_GRACE_SECONDS = 5.0
_TRIES = 3
#: A page that took the whole process down this often is sealed without a browser.
_DEADLY_TRIES = 6


def exhibits_folder(data_dir: Path) -> Path:
    """Where sealed exhibits lie; `Exhibit.folder` is relative to it."""
    return data_dir / "exhibits"


def ledger_of(data_dir: Path) -> Ledger:
    """The ledger of all exhibits."""
    return Ledger(data_dir / "ledger.jsonl")


def pause_after(attempts: int) -> timedelta:
    """How long to wait before the next try, from 5 seconds to 5 minutes."""
    return timedelta(seconds=min(300, 5 * 3 ** min(attempts, 6)))


def capture_forever(
    *,
    settings: Settings,
    database: Database,
    vault: Vault,
    raw_of: Callable[[str], str | None],
    post_of: Callable[[str], Post | None],
    on_sealed: OnSealed,
    clock: Clock,
    stop: threading.Event,
) -> None:
    """Work off the queue "capture" until `stop` is set; captures under way then get a few seconds to finish.

    `raw_of` gives the vault address of the response a post was read from, `post_of` the post, both by post id.
    `on_sealed` runs in the transaction that settles the exhibit.
    """
    service = CaptureService(
        settings=settings,
        database=database,
        vault=vault,
        raw_of=raw_of,
        post_of=post_of,
        on_sealed=on_sealed,
        clock=clock,
    )
    asyncio.run(service.run(stop))


def capture_once(
    *, settings: Settings, database: Database, vault: Vault, post: Post, raw: str | None, clock: Clock
) -> Exhibit:
    """Capture one post now, seal it and return the exhibit. `raw` is the vault address of its response, if kept."""
    service = CaptureService(
        settings=settings,
        database=database,
        vault=vault,
        raw_of=lambda _: raw,
        post_of=lambda _: post,
        on_sealed=lambda _connection, _exhibit: None,
        clock=clock,
    )
    return asyncio.run(service.once(post))


class CaptureService:
    """What `capture_forever` does, in pieces."""

    def __init__(
        self,
        *,
        settings: Settings,
        database: Database,
        vault: Vault,
        raw_of: Callable[[str], str | None],
        post_of: Callable[[str], Post | None],
        on_sealed: OnSealed,
        clock: Clock,
    ) -> None:
        self._settings, self._database, self._vault = settings, database, vault
        self._raw_of, self._post_of, self._on_sealed, self._clock = raw_of, post_of, on_sealed, clock
        self._store = ExhibitStore(database)
        self._queue = self._store.queue
        self._shelf = Shelf(exhibits_folder(settings.data_dir))
        self._ledger = ledger_of(settings.data_dir)
        self._complained = float("-inf")

    async def run(self, stop: threading.Event) -> None:
        """The loop: as many captures at once as there are workers."""
        await asyncio.to_thread(self._clear_up)
        running: set[asyncio.Task[None]] = set()
        async with Camera(self._settings, self._clock) as camera:
            while not stop.is_set():
                free = self._settings.evidence.workers - len(running)
                for item in await self._claimed(free) if free else []:
                    task = asyncio.ensure_future(self._handle(item, camera))
                    running.add(task)
                    task.add_done_callback(running.discard)
                await asyncio.sleep(_POLL_SECONDS / 2)
            if running:
                await asyncio.wait(running, timeout=_GRACE_SECONDS)
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    async def once(self, post: Post) -> Exhibit:
        """Capture, seal and settle one post, without the queue."""
        exhibit = await asyncio.to_thread(self._enter, post)
        if exhibit.state == "pending":
            async with Camera(self._settings, self._clock) as camera:
                sealed = await self._sealed(exhibit, camera, attempts=_TRIES)
            assert sealed is not None
            await asyncio.to_thread(self._settle, exhibit, sealed, None)
        return await asyncio.to_thread(self._store.get, exhibit.id)

    async def _handle(self, item: WorkItem, camera: Camera) -> None:
        try:
            await self._take_care_of(item, camera)
        except asyncio.CancelledError:
            self._retry(item, timedelta(0), "进程停止")
            raise
        except Exception as bad:  # the boundary of the job: it must come back, and the others go on
            log.exception("capture_failed", extra={"exhibit": item.key, "attempts": item.attempts})
            await asyncio.to_thread(self._retry, item, pause_after(item.attempts), f"{type(bad).__name__}: {bad}")

    async def _take_care_of(self, item: WorkItem, camera: Camera) -> None:
        try:
            exhibit = await asyncio.to_thread(self._store.get, item.key)
        except NotFound:
            log.error("exhibit_unknown", extra={"exhibit": item.key})
            await asyncio.to_thread(self._forget, item)
            return
        if exhibit.state != "pending":
            await asyncio.to_thread(self._forget, item)
            return
        sealed = await self._sealed(exhibit, camera, attempts=item.attempts)
        if sealed is None:
            await asyncio.to_thread(self._retry, item, pause_after(item.attempts), "暂时无法打开，稍后重试")
            return
        await asyncio.to_thread(self._settle, exhibit, sealed, item)

    async def _sealed(self, exhibit: Exhibit, camera: Camera, *, attempts: int) -> Sealed | None:
        """The exhibit on disk, from an earlier run or captured now; `None` if trying again soon may help."""
        home = self._shelf.home(exhibit.id, exhibit.requested)
        if (home / MANIFEST).exists():
            log.info("exhibit_adopted", extra={"exhibit": exhibit.id})
            return await asyncio.to_thread(opened, home)
        request = await asyncio.to_thread(self._request, exhibit, attempts)
        with self._shelf.bench(home) as folder:
            judgement = await camera.capture(request, folder)
            if judgement.transient and attempts < _TRIES - 1:
                log.info("capture_again", extra={"exhibit": exhibit.id, "reason": judgement.reason})
                return None
            return await asyncio.to_thread(seal, folder, home)

    def _request(self, exhibit: Exhibit, attempts: int) -> CaptureRequest:
        post = self._post_of(exhibit.post)
        text = None if post is None else post.text.strip() or post.title
        deadly = f"此页面已使取证中断 {attempts} 次，不再用浏览器打开" if attempts >= _DEADLY_TRIES else None
        return CaptureRequest(
            exhibit=exhibit.id,
            post=exhibit.post,
            url=exhibit.url,
            text=text,
            requested=exhibit.requested,
            raw=self._raw(exhibit.post),
            without_browser=deadly,
        )

    def _raw(self, post: str) -> RawResponse | None:
        address = self._raw_of(post)
        if address is None:
            return None
        try:
            return self._vault.get_response(address)
        except EvidenceError as bad:
            log.error("crawl_response_lost", extra={"post": post, "reason": str(bad)})
            return None

    def _settle(self, exhibit: Exhibit, sealed: Sealed, item: WorkItem | None) -> None:
        self._ledger.append(exhibit=exhibit.id, manifest=sealed.manifest, at=self._clock())
        record = sealed.record
        settled = Exhibit(
            id=exhibit.id,
            post=exhibit.post,
            url=exhibit.url,
            state=record["state"],
            requested=exhibit.requested,
            captured=datetime.fromisoformat(record["finished"]),
            reason=record["reason"],
            folder=self._shelf.relative(sealed.folder),
            manifest=sealed.manifest,
            pictures=tuple(record["pictures"]),
        )
        with self._database.write() as connection:
            is_first = self._store.settle(connection, settled)
            if item is not None:
                self._queue.done(connection, [item])
            if is_first:
                self._on_sealed(connection, settled)
        log.info("exhibit_sealed", extra={"exhibit": exhibit.id, "state": settled.state, "reason": settled.reason})

    async def _claimed(self, limit: int) -> list[WorkItem]:
        try:
            return await asyncio.to_thread(self._claim, limit)
        except SQLAlchemyError:
            # What is being captured goes on: a database that is away for a while must not cost a browser's work.
            log.exception("database_failed")
            await asyncio.sleep(_DATABASE_PAUSE_SECONDS)
            return []

    def _claim(self, limit: int) -> list[WorkItem]:
        if not self._queue.backlog()[0]:
            return []
        if not self._shelf.has_room():
            if time.monotonic() - self._complained > 60:
                self._complained = time.monotonic()
                log.error("disk_full", extra={"folder": str(self._shelf.root)})
            return []
        lease = 2 * self._settings.evidence.timeout + timedelta(seconds=120)
        return self._queue.claim(limit, owner=process_name(), now=self._clock(), lease=lease)

    def _clear_up(self) -> None:
        """Remove what dead processes of this machine left, and free what they had claimed."""
        removed = self._shelf.sweep()
        host, dead = socket.gethostname(), []
        for owner in self._queue.owners():
            name, _, pid = owner.rpartition(":")
            if name == host and pid.isdigit() and not Path(f"/proc/{pid}").exists():
                dead.append(owner)
        if dead:
            with self._database.write() as connection:
                self._queue.release(connection, dead)
        if removed or dead:
            log.info("cleared_up", extra={"folders": removed, "owners": dead, "by": os.getpid()})

    def _enter(self, post: Post) -> Exhibit:
        with self._database.write() as connection:
            return self._store.enter(connection, post, now=self._clock())[0]

    def _forget(self, item: WorkItem) -> None:
        with self._database.write() as connection:
            self._queue.done(connection, [item])

    def _retry(self, item: WorkItem, pause: timedelta, reason: str) -> None:
        with self._database.write() as connection:
            self._queue.retry(connection, item, due=self._clock() + pause, reason=reason[:500])
