"""What a saved search finds in the archive when it begins to watch: that is known, and later no news.

Without this, a post that is judged again the day after a search was saved would ring as if it were new; and a search
that only looked at when a post was published would miss one that came in late. Here "new" is exact: whatever was
published to people before the search watched is known, and whatever is published after may ring.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, or_, select

from alerts.letters import MentionReader
from alerts.saved_search import SavedSearch, query
from alerts.search_fresh import is_news
from alerts.search_hits import KNOWN, note
from alerts.stages import Prior
from core.database import Database
from core.schema import corrections, dispatches, posts, verdicts
from core.settings import Settings
from index.matching import matches, prepare
from index.rows import chunks
from index.tree import whole_tree

#: A batch that was being published while the search was saved may have missed it: what was published this shortly
#: before counts as new. Told once too often is better than never.
_MARGIN = timedelta(minutes=1)


def look_around(
    database: Database, settings: Settings, search: SavedSearch, *, mentions: MentionReader, now: datetime
) -> int:
    """Note what the search finds among posts that could still ring; returns how many. Safe to repeat.

    What the dispatcher has not seen yet is left alone: it is on its way, and rings when it is published.
    """
    tree = whole_tree(query(search, now=now, zone=settings.zone))
    noted = 0
    for chunk in chunks(_published(database, search, settings, now)):
        priors = dict(chunk)
        found = [one for one in mentions(list(priors)) if matches(tree, prepare(one, zone=settings.zone))]
        rows = []
        for one in found:
            prior = priors[one.id]
            is_late = prior.at > now - _MARGIN and is_news(one, prior, settings=settings, now=now)
            rows.append({"search": search.id, "post": one.id, "at": now, "message": None if is_late else KNOWN})
        with database.write() as connection:
            noted += len(note(connection, rows))
    return noted


def _published(database: Database, search: SavedSearch, settings: Settings, now: datetime) -> list[tuple[str, Prior]]:
    """Posts that might be found and could ring yet, with what the dispatcher said of them."""
    since = now - settings.crawl.backfill
    by_people = select(corrections.c.post).where(corrections.c.withdrawn.is_(None))
    recent = or_(
        posts.c.published >= since,
        posts.c.collected >= since,
        posts.c.edited >= since,
        posts.c.id.in_(by_people),  # what a person says of a post rings however old it is
    )
    wanted = (
        select(posts.c.id, dispatches)
        .join(verdicts, verdicts.c.id == posts.c.id)
        .join(dispatches, dispatches.c.post == posts.c.id)
        .where(recent, *_cheap(search))
        .order_by(posts.c.id)
    )
    with database.read() as connection:
        rows = connection.execute(wanted)
        return [(row.id, Prior(at=row.at, outcome=row.outcome, reason=row.reason, grade=row.grade)) for row in rows]


def _cheap(search: SavedSearch) -> list[ColumnElement[bool]]:
    """Those filters that a column answers."""
    asked = search.filters
    conditions: list[ColumnElement[bool]] = []
    if asked.grades:
        conditions.append(verdicts.c.grade.in_(asked.grades))
    if asked.channels:
        conditions.append(posts.c.channel.in_(asked.channels))
    if asked.min_risk is not None:
        conditions.append(verdicts.c.risk >= asked.min_risk)
    if asked.min_negative is not None:
        conditions.append(verdicts.c.negative >= asked.min_negative)
    return conditions
