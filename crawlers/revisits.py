"""Pages with graded posts are read again, a few a crawl: an edit becomes a version, a deletion is noticed.

How long a page rests grows with its age when it was last seen: an hour, then about three, eight, a day, two days. A
page that cannot be read rests twice as long at each try, and a site that refuses us is left alone altogether. What
failed is remembered in the cursor under `KEY`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from core.errors import Blocked, PageError
from crawlers.fetching import Gone
from crawlers.looks import Page, covered, says_deleted
from crawlers.pages.base import Parsed
from crawlers.sink import KnownPage
from crawlers.visits import Visit
from evidence.vault import RawResponse

log = logging.getLogger("tingfeng.crawlers")

#: The cursor's entry: address → [when it was tried, how often in a row it failed]; "" stands for the site.
KEY = "revisits"
#: Requests a crawl.
MOST = 5
_SHORTEST, _LONGEST = timedelta(hours=1), timedelta(days=2)
_LONGEST_AFTER_FAILURES = timedelta(days=7)
_SITE_RESTS = timedelta(hours=6)
_MOST_REMEMBERED = 200
#: More pages than this are looked at only for what is due among them.
_MOST_KNOWN = 500

#: Address → when it was tried, and how often in a row it failed.
Tries = dict[str, tuple[datetime, int]]


def due(pages: Sequence[KnownPage], tries: Tries, now: datetime) -> list[KnownPage]:
    """Those to read again now, the most overdue first; none while the site refuses us."""
    tried, failures = tries.get("", (now, 0))
    if failures and now < tried + min(_SITE_RESTS * 2.0 ** (min(failures, 20) - 1), _LONGEST_AFTER_FAILURES):
        return []
    turns = sorted(((_turn(page, tries), page.url, page) for page in pages), key=lambda entry: entry[:2])
    return [page for turn, _, page in turns if turn <= now][:MOST]


def _turn(page: KnownPage, tries: Tries) -> datetime:
    tried, failures = tries.get(page.url, (page.seen, 0))
    last = max(page.seen, tried)
    pause = min(max(2 * (last - page.when), _SHORTEST), _LONGEST)
    return last + min(pause * 2.0 ** min(failures, 20), max(pause, _LONGEST_AFTER_FAILURES))


async def look_again(visit: Visit) -> Tries:
    """Read up to `MOST` pages again and keep what they say; returns what failed, for the cursor."""
    tries = _resume(visit.cursor)
    span = visit.limits.revisit
    if visit.sink is None or not span:
        return tries
    now = visit.clock()
    known = await asyncio.to_thread(
        visit.sink.to_revisit, visit.source.id, since=visit.started - span, limit=_MOST_KNOWN
    )
    changed = visit.changed
    wanted = due(known, tries, now)
    for page in wanted:
        peek = await visit.peek(page.url, opening=page.opening)
        if isinstance(peek.found, Blocked):
            tries[""] = (now, tries.get("", (now, 0))[1] + 1)
            log.info("revisit_refused", extra={"source": visit.source.id, "url": page.url, "sign": peek.found.sign})
            break
        tries.pop("", None)
        failures = tries.pop(page.url, (now, 0))[1]
        if not await _take(visit, page, peek.found, peek.raw):
            tries[page.url] = (now, failures + 1)
    await note_deleted(visit)
    if visit.changed > changed:
        visit.notes.append(f"复查 {len(wanted)} 个页面，{visit.changed - changed} 条有改动")
    if visit.gone:
        visit.notes.append(f"{visit.gone} 条已删除或隐藏")
    return dict(sorted(tries.items(), key=lambda entry: entry[1][0])[-_MOST_REMEMBERED:])


async def _take(visit: Visit, known: KnownPage, found: Parsed | PageError, raw: RawResponse | None) -> bool:
    """Keep what a page read again says. Returns whether its posts were seen."""
    if raw is None:
        return False
    if isinstance(found, Gone):
        visit.deleted.append((known.url, raw, found.sign))
        return False
    if isinstance(found, PageError):
        return False
    page = Page(raw=raw, parsed=found, at=raw.fetched)
    if says_deleted(page):
        visit.deleted.append((known.url, raw, found.state.reason))
    if not found.posts:
        return False
    visit.reread += 1
    kept = await visit.hand_over(found.posts, raw, covered(found, raw))
    if kept:
        visit.new, visit.changed, visit.gone = (
            visit.new + kept.new,
            visit.changed + kept.changed,
            visit.gone + kept.gone,
        )
    return True


async def note_deleted(visit: Visit) -> None:
    """Note what pages said of themselves that were deleted; not where every page of a site says so at once."""
    deleted, visit.deleted = visit.deleted, []
    if visit.sink is None or (len(deleted) > 2 and not (visit.posts or visit.reread)):
        return
    for url, raw, sign in deleted:
        address = await asyncio.to_thread(visit.vault.put_response, raw) if visit.vault else None
        visit.gone += await asyncio.to_thread(
            visit.sink.gone, url, raw=address, now=visit.clock(), reason=f"原页面已不可见：{sign}"
        )


def _resume(cursor: Mapping[str, Any]) -> Tries:
    return {url: (datetime.fromisoformat(tried), failures) for url, (tried, failures) in cursor.get(KEY, {}).items()}


def as_json(tries: Tries) -> dict[str, list[Any]]:
    """What the cursor keeps."""
    return {url: [tried.isoformat(), failures] for url, (tried, failures) in tries.items()}
