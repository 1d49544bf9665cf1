"""The searches that people keep, in the durable store: by owner and name, each with what it found and told.

A search that begins to watch (it is new, asks for something else, or is loud again) first looks around: what the
archive holds already is noted as known (`alerts.search_start`), so that later only what is new is told.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from alerts.letters import MentionReader
from alerts.saved_search import PAUSE, Filters, SavedSearch, checked, of_row, proper_name, refusal, values_of
from alerts.search_hits import KNOWN
from alerts.search_start import look_around
from core.database import Database
from core.errors import NotFound
from core.schema import saved_search_hits as hits
from core.schema import saved_searches as searches
from core.settings import Settings
from index.rows import records
from index.verdicts import VerdictStore

#: Searches of one owner.
MOST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What became of a search's finds."""

    #: Found and not told yet.
    waiting: int = 0
    #: Found and told.
    told: int = 0
    #: When the oldest of those that wait was found.
    since: datetime | None = None
    #: The batch that told last: what its messages are about (see `alerts.messages.message_id`).
    batch: str | None = None


class SavedSearches:
    """Keeps them. Every method that takes an id raises `NotFound` for one that does not exist."""

    def __init__(self, database: Database, settings: Settings, *, mentions: MentionReader | None = None) -> None:
        self.database, self.settings = database, settings
        self.mentions = mentions or VerdictStore(database).mentions

    def add(
        self,
        *,
        owner: str,
        name: str,
        text: str,
        filters: Filters = Filters(),  # noqa: B008 - frozen
        notify: Sequence[str] = (),
        pause: timedelta = PAUSE,
        now: datetime,
    ) -> SavedSearch:
        """Keep a search. Raise `QuerySyntaxError` for its text, `ConfigError` for anything else that is wrong."""
        wished = SavedSearch(
            id=uuid.uuid4().hex,
            owner=owner,
            name=name,
            text=text,
            filters=filters,
            notify=tuple(notify),
            pause=pause,
            created=now,
        )
        search = self._checked(wished, now)
        with self.database.write() as connection:
            _refuse_twin(connection, search)
            many = connection.scalar(select(func.count()).where(searches.c.owner == search.owner)) or 0
            if many >= MOST:
                fix = "先用 tingfeng searches remove 删去不用的"
                raise refusal("owner", search.owner, f"已有 {many} 个检索订阅，达到上限", fix)
            _write(connection, insert(searches).values(values_of(search)), search)
        self._begin(search, now)
        return search

    def change(
        self,
        search: str,
        *,
        text: str | None = None,
        filters: Filters | None = None,
        notify: Sequence[str] | None = None,
        pause: timedelta | None = None,
        now: datetime,
    ) -> SavedSearch:
        """Ask for something else, tell others, or at another pace; `None` leaves things as they are.

        Raises as `add` does. What was found before and waits is told all the same.
        """
        before = self.by_id(search)
        wished = replace(
            before,
            text=before.text if text is None else text,
            filters=before.filters if filters is None else filters,
            notify=before.notify if notify is None else tuple(notify),
            pause=before.pause if pause is None else pause,
        )
        # A notifier that has left the settings since may stay where nobody touched the list.
        found = self._checked(wished, now, kept=before.notify if notify is None else ())
        asks = (found.text, found.filters) != (before.text, before.filters)
        columns = {key: values_of(found)[key] for key in ("text", "filters", "notify", "pause")}
        return self._update(before, columns, begins=asks or not before.watches, now=now)

    def rename(self, search: str, name: str, *, now: datetime) -> SavedSearch:
        """Call it something else. Raise `ConfigError` for a name its owner uses already, and for an empty one."""
        before = self.by_id(search)
        return self._update(before, {"name": proper_name(name)}, begins=False, now=now)

    def mute(self, search: str, *, now: datetime) -> SavedSearch:
        """Set it aside: nothing is noted or told until `unmute`."""
        return self._update(self.by_id(search), {"muted": True}, begins=False, now=now)

    def unmute(self, search: str, *, now: datetime) -> SavedSearch:
        """Let it tell again: of what comes from now on, and of what waited when it was muted."""
        before = self.by_id(search)
        return self._update(before, {"muted": False}, begins=before.muted, now=now)

    def remove(self, search: str) -> int:
        """Forget it with everything it found; returns how many finds nobody was told of.

        Messages that are in the outbox already go out.
        """
        with self.database.write() as connection:
            untold = select(func.count()).where(hits.c.search == search, hits.c.message.is_(None))
            waiting = connection.scalar(untold) or 0
            connection.execute(delete(hits).where(hits.c.search == search))
            if connection.execute(delete(searches).where(searches.c.id == search)).rowcount == 0:
                raise NotFound(f"没有这个检索订阅：{search}")
        return waiting

    def get(self, owner: str, name: str) -> SavedSearch:
        """The owner's search of this name. Raise `NotFound` that says which names there are, and who else uses it."""
        every, wanted = self.list(), " ".join(name.split())
        for search in every:
            if (search.owner, search.name) == (owner, wanted):
                return search
        known = [one.name for one in every if one.owner == owner]
        others = [one.owner for one in every if one.name == wanted]
        says = f"已有：{'、'.join(known)}" if known else "还没有任何检索订阅"
        hint = f"；{'、'.join(others)} 有同名的，用 --owner 指明" if others else ""
        raise NotFound(f"{owner} 没有名为“{wanted}”的检索订阅；{says}{hint}")

    def by_id(self, search: str) -> SavedSearch:
        """One search."""
        with self.database.read() as connection:
            row = next(records(connection.execute(select(searches).where(searches.c.id == search))), None)
        if row is None:
            raise NotFound(f"没有这个检索订阅：{search}")
        return of_row(row)

    def list(self, owner: str | None = None) -> list[SavedSearch]:
        """All searches, or those of one owner, by owner and name."""
        wanted = select(searches).order_by(searches.c.owner, searches.c.name)
        if owner is not None:
            wanted = wanted.where(searches.c.owner == owner)
        with self.database.read() as connection:
            return [of_row(row) for row in records(connection.execute(wanted))]

    def standings(self) -> Mapping[str, Standing]:
        """What became of the finds of each search, by id; searches that found nothing are left out."""
        waits = hits.c.message.is_(None)
        counted = select(
            hits.c.search,
            func.count().filter(waits).label("waiting"),
            func.count().filter(~waits, hits.c.message != KNOWN).label("told"),
            func.min(hits.c.at, type_=hits.c.at.type).filter(waits).label("since"),
        ).group_by(hits.c.search)
        with self.database.read() as connection:
            rows = connection.execute(counted).all()
            last = _last_batches(connection)
        return {
            row.search: Standing(waiting=row.waiting, told=row.told, since=row.since, batch=last.get(row.search))
            for row in rows
        }

    def _checked(self, search: SavedSearch, now: datetime, *, kept: Sequence[str] = ()) -> SavedSearch:
        return checked(search, settings=self.settings, kept=kept, now=now)

    def _update(self, before: SavedSearch, columns: Mapping[str, Any], *, begins: bool, now: datetime) -> SavedSearch:
        with self.database.write() as connection:
            statement = update(searches).where(searches.c.id == before.id)
            if "name" in columns:
                _refuse_twin(connection, replace(before, name=columns["name"]))
            if _write(connection, statement.values(columns), before) == 0:
                raise NotFound(f"没有这个检索订阅：{before.name}")
        after = self.by_id(before.id)
        if begins:
            self._begin(after, now)
        return after

    def _begin(self, search: SavedSearch, now: datetime) -> None:
        if search.watches:
            look_around(self.database, self.settings, search, mentions=self.mentions, now=now)


def _refuse_twin(connection: Connection, search: SavedSearch) -> None:
    twin = select(searches.c.id).where(
        searches.c.owner == search.owner, searches.c.name == search.name, searches.c.id != search.id
    )
    if connection.scalar(twin) is not None:
        raise _twin(search)


def _twin(search: SavedSearch) -> Exception:
    return refusal("name", search.name, f"{search.owner} 已有同名的检索订阅", "换一个名字，或用 change 修改原来的")


def _write(connection: Connection, statement: Any, search: SavedSearch) -> int:
    """How many rows; on PostgreSQL another process may have taken the name at this moment."""
    try:
        return int(connection.execute(statement).rowcount)
    except IntegrityError:
        raise _twin(search) from None


def _last_batches(connection: Connection) -> dict[str, str]:
    """By search the batch of its latest find that was told: whoever tells tells everything that waits."""
    is_told = and_(hits.c.message.is_not(None), hits.c.message != KNOWN)
    latest = select(hits.c.search, func.max(hits.c.at).label("at")).where(is_told).group_by(hits.c.search).subquery()
    same = and_(hits.c.search == latest.c.search, hits.c.at == latest.c.at, is_told)
    found = select(hits.c.search, hits.c.message).join(latest, same).distinct()
    return {row.search: row.message for row in connection.execute(found)}
