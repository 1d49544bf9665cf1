"""The way of a page's posts into the durable store: the raw responses first, then all posts in one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured

from core.clock import Clock
from crawlers.items import Batch
from crawlers.job import JOB_SETTING
from crawlers.sink import Found, Kept, PostSink
from evidence.vault import Vault

#: Pages that are written in one transaction at most.
_TOGETHER = 32


class KeepPosts:
    """Keeps every batch. Not active in a crawl without a sink (`scrapy crawl` by hand)."""

    def __init__(self, *, sink: PostSink, vault: Vault, clock: Clock) -> None:
        self.sink, self.vault, self.clock = sink, vault, clock
        self._waiting: list[tuple[Batch, asyncio.Future[Kept]]] = []
        self._writer: asyncio.Future[None] | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> KeepPosts:
        """Take sink and vault from the job."""
        job = crawler.settings.get(JOB_SETTING)
        if job is None or job.sink is None or job.vault is None:
            raise NotConfigured
        return cls(sink=job.sink, vault=job.vault, clock=job.clock)

    async def process_item(self, item: Batch) -> Batch:
        """Return the batch with what became of its posts; raise whatever the vault or the store raises.

        What comes while the store writes is written together afterwards, in one transaction.
        """
        waiting: asyncio.Future[Kept] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, waiting))
        if self._writer is None:
            self._writer = asyncio.ensure_future(self._write())
        return replace(item, kept=await waiting)

    async def _write(self) -> None:
        while self._waiting:
            taken, self._waiting = self._waiting[:_TOGETHER], self._waiting[_TOGETHER:]
            await self._settle(taken)
        self._writer = None

    async def _settle(self, taken: Sequence[tuple[Batch, asyncio.Future[Kept]]]) -> None:
        """All together; where that fails each by itself, so that no source suffers from another's posts."""
        # In a thread: a store that waits for its write lock must not stop all downloads. Gathered, so that whatever it
        # raises reaches the visits whose posts they were.
        store = asyncio.to_thread(self._keep, [batch for batch, _ in taken])
        (kept,) = await asyncio.gather(store, return_exceptions=True)
        if isinstance(kept, BaseException) and len(taken) > 1:
            for one in taken:
                await self._settle([one])
            return
        for place, (_, waiting) in enumerate(taken):
            if waiting.done():  # nobody waits any more: the visit was called off
                continue
            if isinstance(kept, BaseException):
                waiting.set_exception(kept)
            else:
                waiting.set_result(kept[place])

    def _keep(self, batches: Sequence[Batch]) -> list[Kept]:
        found = [
            Found(
                posts=batch.posts,
                source=batch.source,
                raw=self.vault.put_response(batch.response),
                covers=batch.covers,
            )
            for batch in batches
        ]
        return self.sink.keep_all(found, now=self.clock())
