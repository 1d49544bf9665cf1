"""How each saved search stands: what it waits to tell, whether it can be read, and what became of its last message."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, select

from alerts.messages import MessageState, message_id
from alerts.saved_search import SavedSearch, problem
from alerts.saved_searches import SavedSearches, Standing
from core.schema import deliveries, messages
from index.rows import chunks

#: Results that nobody was told of this long after their turn came: nobody tells.
_LATE = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """The last message to one notifier, and what its provider said last."""

    notifier: str
    state: MessageState
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchSheet:
    """One search as its owner sees it."""

    search: SavedSearch
    standing: Standing
    #: Why its text cannot be read any more.
    problem: str | None
    #: Whom it tells although the settings know them no more.
    missing: tuple[str, ...]
    sendings: tuple[Sending, ...]

    def is_late(self, now: datetime) -> bool:
        """Whether what waits should have been told long ago."""
        search, since = self.search, self.standing.since
        if not search.watches or since is None:
            return False
        turn = since if search.told is None or search.told > now else max(since, search.told + search.pause)
        return now - turn > _LATE


def read_sheets(store: SavedSearches, found: Sequence[SavedSearch], *, now: datetime) -> list[SearchSheet]:
    """The sheets of these searches, in their order."""
    standings, settings = store.standings(), store.settings
    batches = {search.id: standings[search.id].batch for search in found if search.id in standings}
    with store.database.read() as connection:
        sent = _sent(
            connection,
            {
                message_id(batch, name, "search"): (search.id, name)
                for search in found
                if (batch := batches.get(search.id))
                for name in search.notify
            },
        )
    return [
        SearchSheet(
            search=search,
            standing=standings.get(search.id, Standing()),
            problem=problem(search, now=now, zone=settings.zone),
            missing=tuple(name for name in search.notify if name not in settings.notifiers),
            sendings=tuple(sent.get(search.id, ())),
        )
        for search in found
    ]


def _sent(connection: Connection, wanted: dict[str, tuple[str, str]]) -> dict[str, list[Sending]]:
    """By search the messages there are among `wanted`: message id to search and notifier."""
    said: dict[str, str] = {}
    found: dict[str, list[Sending]] = {}
    for chunk in chunks(list(wanted)):
        tries = select(deliveries.c.message, deliveries.c.reason).where(deliveries.c.message.in_(chunk))
        said.update((row.message, row.reason) for row in connection.execute(tries.order_by(deliveries.c.number)))
        for row in connection.execute(select(messages).where(messages.c.id.in_(chunk))):
            search, notifier = wanted[row.id]
            at = row.settled or row.created
            sending = Sending(notifier=notifier, state=row.state, at=at, reason=said.get(row.id, ""))
            found.setdefault(search, []).append(sending)
    return {search: sorted(sendings, key=lambda one: one.notifier) for search, sendings in found.items()}
