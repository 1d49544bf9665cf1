"""Holds what is published against the searches that watch: what one of them finds for the first time will be told.

It asks no index, so an index that is down delays no news and loses none. It decides only; `alerts.search_news` tells.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select

from alerts.known import read_priors
from alerts.saved_search import SavedSearch, of_row, query
from alerts.search_fresh import is_news
from alerts.search_hits import Find, note
from alerts.search_narrowing import Narrowed
from core.database import Database
from core.errors import QuerySyntaxError
from core.model import Mention
from core.schema import saved_searches as searches
from core.settings import Settings
from index.base import Node
from index.matching import matches, prepare
from index.rows import records
from index.tree import whole_tree

log = logging.getLogger("tingfeng.alerts")


@dataclass(slots=True, kw_only=True)
class SearchWatch:
    """Meets every batch that is published. One a process; the searches are read anew for each batch."""

    database: Database
    settings: Settings
    #: Searches whose text cannot be read, as they were said to be: each is said once.
    _said: set[tuple[str, str]] = field(default_factory=set)

    def consider(self, mentions: Sequence[Mention], *, now: datetime) -> list[Find]:
        """Note what each search finds for the first time, in one transaction. Safe to repeat.

        Comes after the dispatcher, whose record of a post says how long it has been known.
        """
        if not mentions:
            return []
        watching = self._watching()
        trees = self._trees(watching, now)
        if not trees:
            return []
        found = self._news(_found(mentions, trees, self.settings), mentions, now)
        if not found:
            return []
        rows = [{"search": one.search, "post": one.post, "at": now, "message": None} for one in found]
        with self.database.write() as connection:
            fresh = note(connection, rows)
        if fresh:
            log.info("searches_found", extra={"finds": len(fresh), "searches": len({one.search for one in fresh})})
        return fresh

    def _watching(self) -> list[SavedSearch]:
        wanted = select(searches).where(searches.c.muted.is_(False)).order_by(searches.c.id)
        with self.database.read() as connection:
            every = [of_row(row) for row in records(connection.execute(wanted))]
        return [search for search in every if search.watches]

    def _trees(self, watching: Sequence[SavedSearch], now: datetime) -> list[tuple[Node | None, str]]:
        """What each search asks for at this moment; one that cannot be read is said, once, and stops nobody."""
        trees: list[tuple[Node | None, str]] = []
        for search in watching:
            try:
                trees.append((whole_tree(query(search, now=now, zone=self.settings.zone)), search.id))
            except QuerySyntaxError as bad:
                if (search.id, search.text) not in self._said:
                    self._said.add((search.id, search.text))
                    fields = {"search": search.name, "owner": search.owner, "reason": bad.problem}
                    log.error("saved_search_unreadable", extra={**fields, "position": bad.position})
        return trees

    def _news(self, found: Sequence[Find], mentions: Sequence[Mention], now: datetime) -> list[Find]:
        """Without those of posts that were history when they came."""
        if not found:
            return []
        by_id = {mention.id: mention for mention in mentions}
        with self.database.read() as connection:
            priors = read_priors(connection, list(dict.fromkeys(one.post for one in found)))
        return [one for one in found if is_news(by_id[one.post], priors.get(one.post), settings=self.settings, now=now)]


def _found(mentions: Sequence[Mention], trees: Sequence[tuple[Node | None, str]], settings: Settings) -> list[Find]:
    found: dict[Find, None] = {}
    narrowed: Narrowed[str] | None = None
    for mention in mentions:
        prepared = prepare(mention, zone=settings.zone)
        narrowed = narrowed or Narrowed(trees, fields=prepared.values)
        for tree, search in narrowed.asked(prepared):
            if matches(tree, prepared):
                found[Find(search=search, post=mention.id)] = None
    return list(found)
