"""How the crawl of one source ended, and what that says about the source: blocked, empty and broken are three things.

An operator must be able to trust the silence, so a crawl without posts is only `ok` where the source has proved
that it can be read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from core.errors import Blocked, Down, PageError
from core.model import SourceState, require_aware
from crawlers.pages.base import PageState

#: So many pages of a list that all fail say something about the source, not about these pages.
_MANY = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceStatus:
    """How a source stands. `state` is `None` until its first crawl has ended."""

    id: str
    state: SourceState | None = None
    #: One Chinese sentence.
    reason: str | None = None
    #: When it came into this state.
    since: datetime | None = None
    #: Vault address of the response that decided the state.
    proof: str | None = None
    last_run: datetime | None = None
    #: When a crawl last read it without trouble.
    last_ok: datetime | None = None
    #: When its turn comes; `None` means now.
    next_run: datetime | None = None
    #: Failed crawls in a row.
    failures: int = 0
    #: Posts that were new when this source showed them.
    posts_seen: int = 0
    #: Where the next crawl goes on; belongs to the spider of the source's kind.
    cursor: Mapping[str, Any]
    #: When it was first crawled: older posts are history, not news.
    added: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceReport:
    """How one crawl of one source ended."""

    source: str
    state: SourceState
    #: One Chinese sentence, with every limit that cut the crawl.
    reason: str
    #: Whether something is wrong: the next crawl is put off.
    failed: bool
    started: datetime
    ended: datetime
    #: Vault address of the response that decided the state; `None` where no response came.
    proof: str | None = None
    pages: int = 0
    posts: int = 0
    new: int = 0
    changed: int = 0
    #: Where the next crawl goes on; `None` leaves the cursor where it was.
    cursor: Mapping[str, Any] | None = None
    #: How long the site asked us to stay away.
    retry_after: timedelta | None = None
    #: Whether posts can still be read although something is wrong: then the next crawl is put off only a little.
    readable: bool = False
    #: Share of the posts read that had each field; without the fields that none of them could have.
    filled: Mapping[str, float] = field(default_factory=dict)
    #: From when to when nothing was collected, now or ever: longer ago than the crawl reads back.
    lost: tuple[datetime, datetime] | None = None

    def __post_init__(self) -> None:
        require_aware(self, started=self.started, ended=self.ended)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What one crawl came across."""

    #: What the list, search or feed said of itself.
    entrance: PageState
    #: Whether this source has ever yielded a post, before this crawl.
    proven: bool
    never_empty: bool
    #: Requests that were made, lists included.
    pages: int = 0
    #: Threads' pages and articles that were read, or found gone.
    read: int = 0
    #: Pages of posts that could not be read, oldest first.
    missed: tuple[PageError, ...] = ()
    #: Pages that failed in this crawl and those before it, since one was last read.
    failing: int = 0
    posts: int = 0
    #: Posts that are new or read differently.
    fresh: int = 0
    #: Limits that cut the crawl and the like: sentences without a full stop.
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Conclusion:
    """What a crawl says about its source."""

    state: SourceState
    reason: str
    failed: bool


def state_of(error: PageError) -> SourceState:
    """The state of a source whose deciding page failed like this."""
    if isinstance(error, Blocked):
        return "blocked"
    return "down" if isinstance(error, Down) else "broken"


def refused(error: PageError) -> Conclusion:
    """The entrance itself could not be read."""
    return Conclusion(state=state_of(error), reason=error.sign, failed=True)


def conclude(tally: Tally) -> Conclusion:
    """What a crawl says whose entrance could be read."""
    if tally.missed and tally.read == tally.posts == 0 and _speaks_for_all(tally):
        last, count = tally.missed[-1], max(len(tally.missed), tally.failing)
        return _said(tally, state_of(last), f"列表可读，但 {count} 个页面全部没有取到：{last.sign}", failed=True)
    if tally.entrance.state == "empty":
        return _empty(tally)
    if tally.posts == 0 and (tally.read >= _MANY or (tally.read and _owes_posts(tally))):
        return _said(tally, "broken", f"读了 {tally.read} 个页面却没有一条帖文，页面可能已改版", failed=True)
    if tally.posts == 0 and _owes_posts(tally):
        return _said(tally, "empty", "列表可读，但首次采集的时间范围内没有内容，请核实该信源", failed=True)
    nothing = "没有读到新内容" if tally.missed else "没有新内容"
    parts = f"读取 {tally.pages} 个页面、{tally.posts} 条帖文，新增或变化 {tally.fresh} 条" if tally.fresh else nothing
    if tally.missed:
        parts += f"；{len(tally.missed)} 个页面没有取到，下次再取（{tally.missed[-1].sign}）"
    return _said(tally, "ok", parts, failed=False)


def _speaks_for_all(tally: Tally) -> bool:
    """One locked thread is a locked thread; many failures, or one on a source that never worked, are the source's.

    A quiet source shows one new page a crawl: there, many are counted over the crawls in which nothing could be read.
    """
    return max(len(tally.missed), tally.failing) >= _MANY or not tally.proven


def _owes_posts(tally: Tally) -> bool:
    return tally.never_empty and not tally.proven


def _empty(tally: Tally) -> Conclusion:
    doubt = ""
    if tally.proven:
        doubt = "；该信源以前有内容，可能被限流，请核实"
    elif tally.never_empty:
        doubt = "；该信源本应有内容，请核实是否被限流或地址有误"
    return _said(tally, "empty", tally.entrance.reason + doubt, failed=bool(doubt))


def _said(tally: Tally, state: SourceState, reason: str, *, failed: bool) -> Conclusion:
    return Conclusion(state=state, reason="；".join((reason, *tally.notes)), failed=failed)
