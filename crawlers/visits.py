"""One crawl of one source: reads pages within a budget, hands posts over, and remembers what went wrong on the way."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from core.clock import Clock
from core.errors import Down, PageError
from core.model import Post
from core.settings import CrawlSettings, SourceSettings
from crawlers.budget import DaySpent
from crawlers.budget import Spent as Spent  # what a walk catches
from crawlers.coverage import Coverage
from crawlers.expectations import Filled
from crawlers.fetching import Answer, Fetcher, Gone, header
from crawlers.history import SourceHistory
from crawlers.looks import Page as Page  # what a walk is given
from crawlers.looks import Peek, as_error, covered, says_deleted, server_time
from crawlers.pages import expects, parse_page
from crawlers.pages.base import Expects, PageContext, Parsed, stopped
from crawlers.pages.urls import identity
from crawlers.reports import SourceStatus
from crawlers.sink import Kept, PostSink
from evidence.vault import RawResponse, Vault

log = logging.getLogger("tingfeng.crawlers")

#: A source whose pages fail so often in a row is left alone for now.
_ENOUGH_FAILURES = 5
#: So many refusals are remembered with their responses.
_MOST_REFUSALS = 8
#: A page of so many bytes is parsed on the spot: in milliseconds, which a thread would not save. Larger ones might
#: keep all other sources waiting.
_AT_ONCE = 100_000
_T = TypeVar("_T")


#: Puts posts into the pipeline and waits until they are kept; raises what the pipeline raised. The coverage is what the
#: response shows without a gap.
HandOver = Callable[[Sequence[Post], RawResponse, Coverage | None], Awaitable[Kept | None]]
#: The parser and the headers with which a page of posts is read, by its address.
ReadsWith = Callable[[str], tuple[str, Mapping[str, str]]]


@dataclass(slots=True, kw_only=True)
class Visit:
    """What a spider works with while it walks through one source."""

    source: SourceSettings
    limits: CrawlSettings
    zone: ZoneInfo
    clock: Clock
    fetcher: Fetcher
    hand_over: HandOver
    vault: Vault | None
    before: SourceStatus | None
    started: datetime
    #: Where what was found gone is noted, and what is to be read again is asked for.
    sink: PostSink | None = None
    history: SourceHistory | None = None
    #: For pages that the walk itself does not lead to.
    reads_with: ReadsWith = lambda _: ("auto", {})
    asks_at: Callable[[str], tuple[str, bytes | None]] = lambda url: (url, None)
    #: Sentences about limits that cut this crawl.
    notes: list[str] = field(default_factory=list)
    missed: list[PageError] = field(default_factory=list)
    #: Pages below the entrance that say that their thread or article is no more: address, response, sign.
    deleted: list[tuple[str, RawResponse, str]] = field(default_factory=list)
    #: Pages below the entrance that were read, the deleted ones among them.
    read: int = 0
    #: Requests that were made.
    pages: int = 0
    posts: int = 0
    new: int = 0
    changed: int = 0
    gone: int = 0
    #: Pages that were read again beside the walk.
    reread: int = 0
    filled: Filled = field(default_factory=Filled)
    entrance: Page | None = None
    #: The last page that yielded posts.
    sample: RawResponse | None = None
    last_bad: RawResponse | None = None
    retry_after: timedelta | None = None
    _failures_in_a_row: int = 0
    _refusals: dict[PageError, RawResponse | None] = field(default_factory=dict)

    @property
    def cursor(self) -> Mapping[str, Any]:
        """Where the last good crawl ended."""
        return self.before.cursor if self.before else {}

    @property
    def proven(self) -> bool:
        """Whether this source has ever yielded a post."""
        return self.before is not None and self.before.posts_seen > 0

    # -- reading -----------------------------------------------------------------------------------------------------

    async def enter(
        self, url: str, kind: str, *, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> Page:
        """Read a page that the crawl cannot do without: list, search, feed. Raise `PageError` if it cannot be read.

        With a `body` the request is a POST.
        """
        page = await self._page(url, kind, headers=headers, body=body)
        if self.entrance is None or self.entrance.parsed.state.state == "empty":  # of several, one that shows something
            self.entrance = page
        return page

    async def look(
        self,
        url: str,
        kind: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        opening: str | None = None,
        may_be_other: bool = False,
    ) -> Page | None:
        """Read one page of many; one that was deleted reads as empty. With a `body` the request is a POST.

        `None` where it failed; raise its `PageError` where too many failed in a row. With `may_be_other` a page of
        another kind than was hoped for (a sitemap lists what it likes) is no failure, only a page without posts.
        """
        try:
            page = await self._page(
                url, kind, headers=headers, body=body, opening=opening, may_be_gone=True, may_be_other=may_be_other
            )
        except PageError as bad:
            log.info("page_missed", extra={"source": self.source.id, "url": bad.url, "sign": bad.sign})
            self.missed.append(bad)
            self._failures_in_a_row += 1
            if self._failures_in_a_row >= _ENOUGH_FAILURES:
                raise
            return None
        if says_deleted(page):
            if identity(url) in {identity(bad.url) for bad in self.missed}:
                return page  # there is no other edition of a page that was refused: as good as not asked
            self.deleted.append((url, page.raw, page.parsed.state.reason))
        self._failures_in_a_row = 0
        self.read += 1
        return page

    async def peek(self, url: str, *, opening: str | None = None) -> Peek:
        """Read one page beside the walk (the canary, a page read again): it says nothing about how the walk went."""
        address, body = self.asks_at(url)
        kind, headers = self.reads_with(address)
        try:
            answer = await self.fetcher.fetch(address, expects=expects(kind), headers=headers, body=body)
        except DaySpent as spent:
            return Peek(found=Down(url, spent.sign))
        if answer.raw is None or answer.error is not None:
            return Peek(raw=answer.raw, found=answer.error or Down(url, "没有响应"))
        parsed = await self._read(answer.raw, kind, opening)
        return Peek(raw=answer.raw, found=as_error(url, parsed) or parsed)

    async def ask(
        self,
        url: str,
        *,
        expects: Expects,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> RawResponse:
        """Fetch what is no page (a token, a session) within the same budget. Raise `PageError` if it cannot be had."""
        answer = await self._fetch(url, expects=expects, headers=headers, body=body)
        if answer.raw is None or answer.error is not None:
            self.retry_after = answer.retry_after
            raise self._refused(answer.error or Down(url, "没有响应"), answer.raw)
        return answer.raw

    async def _fetch(
        self,
        url: str,
        *,
        expects: Expects,
        headers: Mapping[str, str] | None,
        body: bytes | None,
        parsed: bool = False,
    ) -> Answer:
        if self.pages >= self.limits.max_pages:
            raise Spent(self.limits.max_pages)
        self.pages += 1
        try:
            return await self.fetcher.fetch(url, expects=expects, headers=headers, body=body, parsed=parsed)
        except DaySpent as spent:
            self.pages -= 1
            self.retry_after = spent.left
            raise

    async def _page(
        self,
        url: str,
        kind: str,
        *,
        headers: Mapping[str, str] | None,
        body: bytes | None = None,
        opening: str | None = None,
        may_be_gone: bool = False,
        may_be_other: bool = False,
    ) -> Page:
        answer = await self._fetch(url, expects=expects(kind), headers=headers, body=body, parsed=True)
        if answer.raw is not None and may_be_gone and isinstance(answer.error, Gone):
            return Page(raw=answer.raw, parsed=stopped("empty", answer.error.sign), at=server_time(answer.raw))
        if answer.raw is None or answer.error is not None:
            self.retry_after = answer.retry_after
            raise self._refused(answer.error or Down(url, "没有响应"), answer.raw)
        parsed = await self._read(answer.raw, kind, opening)
        error = as_error(url, parsed)
        if error:
            self._refused(error, answer.raw)
            if not (may_be_other and parsed.state.state == "broken"):
                raise error
        return Page(raw=answer.raw, parsed=parsed, at=server_time(answer.raw))

    def _refused(self, error: PageError, raw: RawResponse | None) -> PageError:
        """Remember which response an error came from: a spider may try another way, and raise it afterwards."""
        self.last_bad = raw
        self._refusals[error] = raw
        if len(self._refusals) > _MOST_REFUSALS:
            del self._refusals[next(iter(self._refusals))]
        return error

    def proof_of(self, error: PageError) -> RawResponse | None:
        """The response that an error came from; `None` where none came."""
        return self._refusals.get(error, self.last_bad)

    async def _read(self, raw: RawResponse, kind: str, opening: str | None) -> Parsed:
        if len(raw.body) <= _AT_ONCE:
            return self._parse(raw, kind, opening)
        return await asyncio.to_thread(self._parse, raw, kind, opening)

    def _parse(self, raw: RawResponse, kind: str, opening: str | None) -> Parsed:
        if raw.status == 304:
            return stopped("ok", "没有新内容")
        context = PageContext(
            url=raw.url,
            now=raw.fetched,
            zone=self.zone,
            content_type=header(raw, "Content-Type"),
            status=raw.status,
            channel=self.source.channel,
            opening=opening,
        )
        return parse_page(kind, raw.body, context)

    async def keep(self, posts: Sequence[Post], page: Page) -> None:
        """Hand over posts that were read from `page`, and wait until they are durable."""
        if not posts:
            return
        kept = await self.hand_over(posts, page.raw, covered(page.parsed, page.raw))
        self.posts += len(posts)
        self.filled.add(posts)
        self.sample = page.raw
        if kept:
            self.new += kept.new
            self.changed += kept.changed
            self.gone += kept.gone

    async def each(self, things: Iterable[_T], work: Callable[[_T], Awaitable[None]]) -> None:
        """Do the work on all things, as many at once as the host bears; the first exception ends it."""
        waiting = deque(things)

        async def worker() -> None:
            while waiting:
                await work(waiting.popleft())

        workers = [asyncio.ensure_future(worker()) for _ in range(min(self.limits.concurrency_per_host, len(waiting)))]
        try:
            await asyncio.gather(*workers)
        finally:
            for one in workers:
                one.cancel()
            await asyncio.gather(*workers, return_exceptions=True)
