"""Holds what is published against the searches that watch: what one of them finds for the first time will be told.

It asks no index, so an index that is down delays no news and loses none. It decides only; `alerts.search_news` tells.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
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
    #: What the searches asked for in the minute named first: reading them costs more than most batches.
    _read: tuple[object, Narrowed[str]] | None = None

    def consider(self, mentions: Sequence[Mention], *, now: datetime) -> list[Find]:
        """Note what each search finds for the first time, in one transaction. Safe to repeat.

        Comes after the dispatcher, whose record of a post says how long it has been known.
        """
        watching = self._watching() if mentions else []
        if not watching:
            return []
        prepared = {mention.id: prepare(mention, zone=self.settings.zone) for mention in mentions}
        asked = self._asked(watching, next(iter(prepared.values())).values, now)
        found = [
            Find(search=search, post=post)
            for post, mention in prepared.items()
            for tree, search in asked.asked(mention)
            if matches(tree, mention)
        ]
        news = self._news(found, {mention.id: mention for mention in mentions}, now)
        if not news:
            return []
        rows = [{"search": one.search, "post": one.post, "at": now, "message": None} for one in news]
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

    def _asked(self, watching: Sequence[SavedSearch], fields: Iterable[str], now: datetime) -> Narrowed[str]:
        """What the searches ask for. Times in them are true to the minute: 近3小时 may begin up to a minute earlier."""
        minute = now.replace(second=0, microsecond=0)
        key = (minute, [(search.id, search.text, search.filters) for search in watching])
        if self._read is None or self._read[0] != key:
            self._read = (key, Narrowed(self._trees(watching, minute), fields=fields))
        return self._read[1]

    def _trees(self, watching: Sequence[SavedSearch], now: datetime) -> list[tuple[Node | None, str]]:
        """One tree a search; one that cannot be read is said, once, and stops nobody."""
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

    def _news(self, found: Sequence[Find], mentions: Mapping[str, Mention], now: datetime) -> list[Find]:
        """Without those of posts that were history when they came."""
        if not found:
            return []
        posts = list(dict.fromkeys(one.post for one in found))
        with self.database.read() as connection:
            priors = read_priors(connection, posts)
        news = {post for post in posts if is_news(mentions[post], priors.get(post), settings=self.settings, now=now)}
        return [one for one in found if one.post in news]
