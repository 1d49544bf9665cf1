"""What came of reading one page: a page, or why it is none; what it says of itself and of others. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime

from core.errors import Blocked, Down, LayoutChanged, PageError
from crawlers.coverage import Coverage, coverage_of
from crawlers.fetching import header
from crawlers.pages.base import Parsed
from crawlers.pages.encoding import decode
from evidence.vault import RawResponse

#: What a page says when it was deleted, and not merely empty.
_DELETED = re.compile("不存在|已?被?删除|已删|删帖|已失效|屏蔽|隐藏|审核|deleted|removed", re.I)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Peek:
    """What came of reading a page beside the walk."""

    found: Parsed | PageError
    #: `None` where no response came.
    raw: RawResponse | None = None


def covered(parsed: Parsed, raw: RawResponse) -> Coverage | None:
    """What a response that was read like this shows without a gap."""
    if parsed.state.state != "ok":
        return None
    return coverage_of(parsed.posts, url=raw.url, text=lambda: decode(raw.body, header(raw, "Content-Type")))


def says_deleted(page: Page) -> bool:
    """Whether a page says that its thread or article is no more."""
    return page.parsed.state.state == "empty" and (
        page.raw.status in (404, 410) or _DELETED.search(page.parsed.state.reason) is not None
    )


def as_error(url: str, parsed: Parsed) -> PageError | None:
    """What keeps a page from being read, as the error it is; `None` for one that could be read."""
    match parsed.state.state:
        case "blocked":
            return Blocked(url, parsed.state.reason)
        case "broken":
            return LayoutChanged(url, parsed.state.reason)
        case "down":
            return Down(url, parsed.state.reason)
    return None


def server_time(raw: RawResponse) -> datetime:
    """The earlier of the server's clock and ours."""
    try:
        said = parsedate_to_datetime(header(raw, "Date") or "")
    except ValueError:
        return raw.fetched
    return min(said, raw.fetched) if said.utcoffset() is not None else raw.fetched
