"""One crawl of one source: reads pages within a budget, hands posts over, and remembers what went wrong on the way."""

from __future__ import annotations

import asyncio
import errno
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy.exc import DBAPIError

from core.clock import Clock
from core.errors import Blocked, Down, LayoutChanged, PageError
from core.model import Post
from core.settings import CrawlSettings, SourceSettings
from crawlers.budget import DaySpent
from crawlers.budget import Spent as Spent  # what a walk catches
from crawlers.fetching import Answer, Fetcher, Gone, header
from crawlers.pages import expects, parse_page
from crawlers.pages.base import Expects, PageContext, Parsed, stopped
from crawlers.reports import Conclusion, SourceReport, SourceStatus, Tally, conclude, refused
from crawlers.sink import Kept
from evidence.vault import RawResponse, Vault

log = logging.getLogger("tingfeng.crawlers")

#: What a disk of ours says; a network says other things.
_DISK = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO})

#: A source whose pages fail so often in a row is left alone for now.
_ENOUGH_FAILURES = 5
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page that could be read."""

    raw: RawResponse
    parsed: Parsed
    #: When the server made it, by the earlier of its clock and ours: what came later is not on it.
    at: datetime

    @property
    def unchanged(self) -> bool:
        """Whether the server said that nothing changed since the last crawl."""
        return self.raw.status == 304


#: Puts posts into the pipeline and waits until they are kept; raises what the pipeline raised.
HandOver = Callable[[Sequence[Post], RawResponse], Awaitable[Kept | None]]


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
    #: Sentences about limits that cut this crawl.
    notes: list[str] = field(default_factory=list)
    missed: list[PageError] = field(default_factory=list)
    read: int = 0
    _pages: int = 0
    _posts: int = 0
    _new: int = 0
    _changed: int = 0
    _failures_in_a_row: int = 0
    _entrance: Page | None = None
    _last_bad: RawResponse | None = None
    _retry_after: timedelta | None = None

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
        if (
            self._entrance is None or self._entrance.parsed.state.state == "empty"
        ):  # of several, one that shows something
            self._entrance = page
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
        self._failures_in_a_row = 0
        self.read += 1
        return page

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
            self._last_bad, self._retry_after = answer.raw, answer.retry_after
            raise answer.error or Down(url, "没有响应")
        return answer.raw

    async def _fetch(
        self, url: str, *, expects: Expects, headers: Mapping[str, str] | None, body: bytes | None
    ) -> Answer:
        if self._pages >= self.limits.max_pages:
            raise Spent(self.limits.max_pages)
        self._pages += 1
        try:
            return await self.fetcher.fetch(url, expects=expects, headers=headers, body=body)
        except DaySpent as spent:
            self._pages -= 1
            self._retry_after = spent.left
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
        answer = await self._fetch(url, expects=expects(kind), headers=headers, body=body)
        if answer.raw is not None and may_be_gone and isinstance(answer.error, Gone):
            return Page(raw=answer.raw, parsed=stopped("empty", answer.error.sign), at=_server_time(answer.raw))
        if answer.raw is None or answer.error is not None:
            self._last_bad, self._retry_after = answer.raw, answer.retry_after
            raise answer.error or Down(url, "没有响应")
        parsed = await asyncio.to_thread(self._parse, answer.raw, kind, opening)
        error = _as_error(url, parsed)
        if error and not (may_be_other and parsed.state.state == "broken"):
            self._last_bad = answer.raw
            raise error
        return Page(raw=answer.raw, parsed=parsed, at=_server_time(answer.raw))

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
        kept = await self.hand_over(posts, page.raw)
        self._posts += len(posts)
        if kept:
            self._new += kept.new
            self._changed += kept.changed

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

    # -- ending ------------------------------------------------------------------------------------------------------

    async def finished(self, cursor: Mapping[str, Any]) -> SourceReport:
        """The report of a walk that came to its end."""
        if self._entrance is None:  # the day's requests were used up before the first page
            return await self.ran_out("；".join(self.notes))
        tally = Tally(
            entrance=self._entrance.parsed.state,
            proven=self.proven,
            never_empty=self.source.never_empty,
            pages=self._pages,
            read=self.read,
            missed=tuple(self.missed),
            posts=self._posts,
            fresh=self._new + self._changed,
            notes=tuple(self.notes),
        )
        conclusion = conclude(tally)
        deciding = self._entrance.raw if conclusion.state in ("ok", "empty") else self._last_bad or self._entrance.raw
        return await self._report(conclusion, deciding, cursor=None if conclusion.failed else cursor)

    async def ran_out(self, sign: str) -> SourceReport:
        """The report of a walk that our own limit ended outside the spider's care: nothing is known, nothing moves."""
        return await self._report(Conclusion(state="down", reason=sign, failed=True), None, cursor=None)

    async def broke_off(self, error: PageError) -> SourceReport:
        """The report of a walk that the site ended."""
        return await self._report(refused(error), self._last_bad, cursor=None)

    async def crashed(self, error: BaseException) -> SourceReport:
        """The report of a walk that a fault of ours ended: in our store, or in the program."""
        return await self._report(
            Conclusion(state="broken", reason=crash_reason(error), failed=True), None, cursor=None
        )

    async def _report(
        self, conclusion: Conclusion, deciding: RawResponse | None, *, cursor: Mapping[str, Any] | None
    ) -> SourceReport:
        proof = None
        if deciding is not None and self.vault is not None:
            proof = await asyncio.to_thread(self.vault.put_response, deciding)
        return SourceReport(
            source=self.source.id,
            state=conclusion.state,
            reason=conclusion.reason,
            failed=conclusion.failed,
            started=self.started,
            ended=self.clock(),
            proof=proof,
            pages=self._pages,
            posts=self._posts,
            new=self._new,
            changed=self._changed,
            cursor=cursor,
            retry_after=self._retry_after,
        )


def _as_error(url: str, parsed: Parsed) -> PageError | None:
    match parsed.state.state:
        case "blocked":
            return Blocked(url, parsed.state.reason)
        case "broken":
            return LayoutChanged(url, parsed.state.reason)
        case "down":
            return Down(url, parsed.state.reason)
    return None


def _server_time(raw: RawResponse) -> datetime:
    """The earlier of the server's clock and ours."""
    try:
        said = parsedate_to_datetime(header(raw, "Date") or "")
    except ValueError:
        return raw.fetched
    return min(said, raw.fetched) if said.utcoffset() is not None else raw.fetched


def crash_reason(error: BaseException) -> str:
    """One sentence that tells a store of ours that refused from a program that is wrong."""
    if isinstance(error, DBAPIError):
        return f"本机没能保存（{_line(error.orig)}），与该信源无关，下次再取"
    if isinstance(error, OSError) and error.errno in _DISK:
        return f"本机没能保存（{error.strerror}），与该信源无关，下次再取"
    return f"采集程序出错，已记录（{type(error).__name__}：{_line(error)}）"


def _line(error: BaseException | None) -> str:
    return str(error).partition("\n")[0][:120]
