"""Pages that a person found: each address is fetched once, with the manners of every crawl, and its posts are kept.

There is no source, no cursor and no schedule: the job's "sources" are the addresses, nameless, so that a post's kind
and channel are what the page's parser says. An address inside our own network is read, because a person named it; a
page from outside still cannot lead us there.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from core.errors import PageError
from core.model import SourceState
from core.settings import SourceSettings
from crawlers.endings import crash_reason
from crawlers.job import Job
from crawlers.pages.base import Parsed
from crawlers.reports import state_of
from crawlers.spiders.base import SourceSpider
from crawlers.visits import Spent, Visit

log = logging.getLogger("tingfeng.crawlers")


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What became of one address."""

    url: str
    state: SourceState
    #: One Chinese sentence.
    reason: str
    #: Posts that the page yielded and that are kept now; 0 means that nothing was taken.
    posts: int = 0
    new: int = 0
    changed: int = 0
    #: Vault address of the response that decided a refusal; `None` where no response came.
    proof: str | None = None


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class ManualJob(Job):
    """Addresses to take, and whom to tell about each."""

    #: Name of a page parser, or "auto".
    parser: str = "auto"
    #: Called once for each address that ended, as it ends.
    tell: Callable[[Taken], None]


def nameless(urls: Iterable[str]) -> tuple[SourceSettings, ...]:
    """The addresses as a job's sources, without id and channel; not checked again."""
    return tuple(
        SourceSettings.model_construct(id="", name=url[:60], kind="news", url=url, channel=None) for url in urls
    )


class ManualSpider(SourceSpider):
    """Takes the pages of a `ManualJob`. By hand (`scrapy crawl manual -a url=…`) it only shows a page's posts."""

    name = "manual"
    kind = "news"
    channel = "other"

    async def _visit(self, source: SourceSettings) -> None:
        visit = self._new_visit(source)
        # Gathered, so that whatever goes wrong with one address stays with it.
        ends = await asyncio.gather(self._take(visit), return_exceptions=True)
        end: Taken | BaseException = ends[0]
        if isinstance(end, asyncio.CancelledError) or not self.crawler.engine.running:
            return  # asked to stop: whoever waits sees that this address has no outcome
        if isinstance(end, BaseException):
            end = await self._failed(visit, end)
        log.info("page_taken", extra={"url": end.url, "state": end.state, "reason": end.reason, "posts": end.posts})
        if isinstance(self.job, ManualJob):
            self.job.tell(end)

    async def _take(self, visit: Visit) -> Taken:
        parser = self.job.parser if isinstance(self.job, ManualJob) else "auto"
        page = await visit.enter(visit.source.url, parser)
        posts = page.parsed.posts
        if not posts:
            return Taken(url=visit.source.url, state="empty", reason=nothing_here(page.parsed))
        await visit.keep(posts, page)
        same = len(posts) - visit.new - visit.changed
        reason = f"新 {visit.new} 条，有改动 {visit.changed} 条，已有 {same} 条"
        return Taken(
            url=visit.source.url, state="ok", reason=reason, posts=len(posts), new=visit.new, changed=visit.changed
        )

    async def _failed(self, visit: Visit, error: BaseException) -> Taken:
        url, proof = visit.source.url, None
        if visit.last_bad is not None and visit.vault is not None:
            proof = await asyncio.to_thread(visit.vault.put_response, visit.last_bad)
        if isinstance(error, PageError):
            return Taken(url=url, state=state_of(error), reason=error.sign, proof=proof)
        if isinstance(error, Spent):
            return Taken(url=url, state="down", reason=error.sign, proof=proof)
        log.error("page_crashed", extra={"url": url}, exc_info=error)
        return Taken(url=url, state="broken", reason=crash_reason(error), proof=proof)


def nothing_here(parsed: Parsed) -> str:
    """Why a page that could be read gave no post."""
    if parsed.state.state == "empty" or not parsed.links:
        return parsed.state.reason
    return "这是列表页，没有帖文；请给出具体帖子的网址，或把它配置成信源"
