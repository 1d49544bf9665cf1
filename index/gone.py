"""Posts that their source shows no more: which ones a page proves to be gone, and how they come back.

Everything here joins the caller's transaction. Gone is never deleted: what was said stays in the store.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select, update

from core.schema import posts, verdicts
from crawlers.coverage import PREFIX, Coverage, number_of
from crawlers.sink import KnownPage
from index.rows import chunks

#: Answers of answers are followed so deep.
_DEPTH = 3


def page_of(url: str) -> str:
    """What all posts of one page share: a hash of the page's identity."""
    # Imported here: only a process that keeps posts needs it, and it brings all page parsers along.
    from crawlers.pages.urls import identity

    return hashlib.sha256(identity(url.partition("#")[0]).encode("utf-8", "replace")).hexdigest()[:24]


def mark_missing(connection: Connection, covers: Coverage, shown: Collection[str], *, now: datetime) -> int:
    """Known replies that the page should show and does not are gone. Returns how many are so since now."""
    candidates = select(posts.c.id, posts.c.native_id).where(
        posts.c.parent == covers.opening, posts.c.gone.is_(None), posts.c.native_id.startswith(PREFIX)
    )
    low, high = str(covers.lowest), str(covers.highest)
    if len(low) == len(high):  # then their order as text is their order as numbers
        candidates = candidates.where(
            posts.c.native_id > f"{PREFIX}{low}",
            posts.c.native_id < f"{PREFIX}{high}",
            func.length(posts.c.native_id) == len(PREFIX) + len(low),
        )
    known = {number_of(row.native_id): row.id for row in connection.execute(candidates) if row.id not in shown}
    gone = covers.lacks(number for number in known if number is not None)
    return sum(_mark(connection, [known[number]], reason, now) for number, reason in gone.items())


def mark_page(connection: Connection, url: str, *, reason: str, now: datetime) -> int:
    """The thread or article at `url` is gone, with all answers. Returns how many posts are gone since now.

    A later page of a thread that is no more proves nothing: its replies move to the page before when others go.
    """
    on_page = select(posts.c.id, posts.c.parent, posts.c.floor).where(posts.c.page == page_of(url))
    rows = connection.execute(on_page).all()
    roots = [row.id for row in rows if row.floor == 1 or (row.floor is None and row.parent is None)]
    if not roots:
        return 0
    found = {row.id for row in rows}
    layer: Iterable[str] = roots
    for _ in range(_DEPTH):
        layer = [key for key in _answers(connection, list(layer)) if key not in found]
        found.update(layer)
    return _mark(connection, sorted(found), reason, now)


def gone_of(connection: Connection, ids: Collection[str]) -> dict[str, tuple[datetime, str]]:
    """Of these posts those that are gone: when that was found, and the sign."""
    found: dict[str, tuple[datetime, str]] = {}
    for chunk in chunks(list(ids)):
        wanted = select(posts.c.id, posts.c.gone, posts.c.gone_reason)
        for row in connection.execute(wanted.where(posts.c.id.in_(chunk), posts.c.gone.is_not(None))):
            found[row.id] = (row.gone, row.gone_reason or "")
    return found


def pages_to_revisit(connection: Connection, source: str, *, since: datetime, limit: int) -> list[KnownPage]:
    """Pages of a source with graded posts published from `since` on, the longest unseen first."""
    columns = ("id", "url", "page", "parent", "floor", "published", "collected", "seen", "gone")
    wanted = (
        select(*(posts.c[name] for name in columns))
        .join(verdicts, verdicts.c.id == posts.c.id)
        # Wrapped, so that the few graded posts are looked at, not the many posts of the source.
        .where(verdicts.c.grade.in_(("A", "B", "C")), func.coalesce(posts.c.source, "") == source)
        .where(func.coalesce(posts.c.published, posts.c.collected, type_=posts.c.collected.type) >= since)
        .where(posts.c.page.is_not(None))
        .order_by(posts.c.seen, posts.c.id)
    )
    pages: dict[str, list[Any]] = {}
    for row in connection.execute(wanted):
        pages.setdefault(row.page, []).append(row)
    found = sorted((_page(rows) for rows in pages.values()), key=lambda page: (page.seen, page.url))
    return found[:limit]


def _page(rows: list[Any]) -> KnownPage:
    opening = next((row.id if row.floor == 1 else row.parent for row in rows if row.floor == 1 or row.parent), None)
    return KnownPage(
        url=rows[0].url.partition("#")[0],
        opening=opening,
        when=max(row.published or row.collected for row in rows),
        # Of several, the one that was not seen longest decides: it may be the one that is gone.
        seen=min(max(row.seen, row.gone or row.seen) for row in rows),
    )


def _answers(connection: Connection, parents: list[str]) -> list[str]:
    found: list[str] = []
    for chunk in chunks(parents):
        found += connection.scalars(select(posts.c.id).where(posts.c.parent.in_(chunk)))
    return found


def _mark(connection: Connection, ids: Collection[str], reason: str, now: datetime) -> int:
    marked = 0
    for chunk in chunks(list(ids)):
        fresh = update(posts).where(posts.c.id.in_(chunk), posts.c.gone.is_(None))
        marked += connection.execute(fresh.values(gone=now, gone_reason=reason)).rowcount
    return marked


def again(before: Mapping[str, Any]) -> dict[str, None]:
    """The columns that say that a post is there again."""
    return {"gone": None, "gone_reason": None} if before["gone"] is not None else {}
