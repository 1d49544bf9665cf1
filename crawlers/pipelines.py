"""The way of a page's posts into the durable store: the raw response first, then all posts in one transaction."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured

from core.clock import Clock
from crawlers.items import Batch
from crawlers.job import JOB_SETTING
from crawlers.sink import Kept, PostSink
from evidence.vault import Vault


class KeepPosts:
    """Keeps every batch. Not active in a crawl without a sink (`scrapy crawl` by hand)."""

    def __init__(self, *, sink: PostSink, vault: Vault, clock: Clock) -> None:
        self.sink, self.vault, self.clock = sink, vault, clock

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> KeepPosts:
        """Take sink and vault from the job."""
        job = crawler.settings.get(JOB_SETTING)
        if job is None or job.sink is None or job.vault is None:
            raise NotConfigured
        return cls(sink=job.sink, vault=job.vault, clock=job.clock)

    async def process_item(self, item: Batch) -> Batch:
        """Return the batch with what became of its posts; raise whatever the vault or the store raises."""
        # In a thread: a store that waits for its write lock must not stop all downloads.
        kept = await asyncio.to_thread(self._keep, item)
        return replace(item, kept=kept)

    def _keep(self, batch: Batch) -> Kept:
        raw = self.vault.put_response(batch.response)
        return self.sink.keep(batch.posts, source=batch.source, raw=raw, now=self.clock(), covers=batch.covers)
