"""Tells people what their saved searches newly found: one message a search and notifier, not more often than it asks.

A message and the note that its results were told are one transaction: a crash leaves either both or neither, and two
processes that tell at the same time tell once.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, case, select, update
from sqlalchemy.exc import SQLAlchemyError

from alerts.compose import templates
from alerts.letters import MentionReader
from alerts.messages import MessageRows
from alerts.saved_search import SavedSearch, of_row, query
from alerts.search_words import LINES, news
from core.database import Database
from core.errors import QuerySyntaxError
from core.schema import saved_search_hits as hits
from core.schema import saved_searches as searches
from core.schema import verdicts
from core.settings import Settings
from index.base import Node
from index.rows import chunks, records
from index.verdicts import VerdictStore

log = logging.getLogger("tingfeng.alerts")

_WAITS = hits.c.message.is_(None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What one round put into the outbox."""

    searches: int = 0
    results: int = 0
    messages: int = 0


def tell(database: Database, settings: Settings, *, now: datetime, mentions: MentionReader | None = None) -> Told:
    """Put into the outbox what every search whose pause is over has found since. Safe to repeat.

    A notifier that has left the settings gets its message as well: it is seen failing, and can be sent again when the
    notifier is back.
    """
    desk = _Desk(database, settings, mentions or VerdictStore(database).mentions, now)
    told = [desk.tell_or_log(search) for search in _ripe(database, now)]
    sum_ = Told(
        searches=sum(one.searches for one in told),
        results=sum(one.results for one in told),
        messages=sum(one.messages for one in told),
    )
    if sum_.messages:
        log.info("searches_told", extra={"searches": sum_.searches, "finds": sum_.results, "messages": sum_.messages})
    return sum_


def is_anything_to_tell(database: Database, now: datetime) -> bool:
    """Whether a round would tell anybody anything: one indexed look."""
    return bool(_ripe(database, now))


def _ripe(database: Database, now: datetime) -> list[SavedSearch]:
    wanted = (
        select(searches)
        .where(searches.c.muted.is_(False), searches.c.id.in_(select(hits.c.search).where(_WAITS)))
        .order_by(searches.c.id)
    )
    with database.read() as connection:
        every = [of_row(row) for row in records(connection.execute(wanted))]
    return [search for search in every if search.watches and not _rests(search, now)]


def _rests(search: SavedSearch, now: datetime) -> bool:
    """Whether its pause is not over. A time from the future comes from a clock that has since been set back."""
    return search.told is not None and search.told <= now < search.told + search.pause


class _Desk:
    """One round."""

    def __init__(self, database: Database, settings: Settings, mentions: MentionReader, now: datetime) -> None:
        self.database, self.settings, self.mentions, self.now = database, settings, mentions, now
        self.rows, self.pages = MessageRows(database), templates()

    def tell_or_log(self, search: SavedSearch) -> Told:
        """Tell of one search. What is wrong with it must not silence those behind it: each is a job of its own."""
        try:
            return self.tell(search.id)
        except SQLAlchemyError:
            raise  # the store itself: nobody can be told
        except Exception:
            log.exception("search_not_told", extra={"search": search.id, "search_name": search.name})
            return Told()

    def tell(self, key: str) -> Told:
        with self.database.write() as connection:
            # Read anew under the lock: another round may have told meanwhile, or its owner may have changed it.
            wanted = select(searches).where(searches.c.id == key).with_for_update()
            row = next(records(connection.execute(wanted)), None)
            search = of_row(row) if row else None
            if search is None or not search.watches or _rests(search, self.now):
                return Told()
            posts = list(connection.scalars(select(hits.c.post).where(hits.c.search == key, _WAITS)))
            if not posts:
                return Told()
            batch = batch_of(key, posts)
            gravest = _gravest(connection, key)
            put = self.rows.put(
                connection,
                batch,
                search.notify,
                kind="search",
                due=self.now,
                now=self.now,
                body=news(
                    search,
                    self._where(search),
                    self.mentions(gravest),
                    total=len(posts),
                    settings=self.settings,
                    pages=self.pages,
                ),
            )
            for chunk in chunks(posts):
                told = update(hits).where(hits.c.search == key, hits.c.post.in_(chunk), _WAITS)
                connection.execute(told.values(message=batch))
            connection.execute(update(searches).where(searches.c.id == key).values(told=self.now))
        return Told(searches=1, results=len(posts), messages=put)

    def _where(self, search: SavedSearch) -> Node | None:
        """What is marked in the excerpts; a text that cannot be read any more marks nothing."""
        try:
            return query(search, now=self.now, zone=self.settings.zone).where
        except QuerySyntaxError:
            return None


def batch_of(search: str, posts: Sequence[str]) -> str:
    """What the messages of these results are about. A result is told once, so no two batches of a search are alike."""
    return hashlib.sha256("\x1f".join((search, *sorted(posts))).encode()).hexdigest()


def _gravest(connection: Connection, search: str) -> list[str]:
    """The waiting results that a message names: the highest grade first, then risk, then what was found last."""
    order = case({"A": 0, "B": 1, "C": 2}, value=verdicts.c.grade, else_=3)
    wanted = (
        select(hits.c.post)
        .outerjoin(verdicts, verdicts.c.id == hits.c.post)
        .where(hits.c.search == search, _WAITS)
        .order_by(order, verdicts.c.risk.desc(), hits.c.at.desc(), hits.c.post)
        .limit(LINES)
    )
    return list(connection.scalars(wanted))
