"""A world in which people keep searches: a store, the watch over what is published, and rounds of telling."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from alerts.notifiers.base import Message
from alerts.saved_search import Filters, SavedSearch
from alerts.saved_searches import SavedSearches, Standing
from alerts.search_hits import Find
from alerts.search_news import Told, tell
from alerts.search_watch import SearchWatch
from core.database import Database
from core.model import Mention
from core.settings import ConsoleNotifierSettings
from tests.alerts.world import NOW, Recorder, World, make_settings

#: When searches are saved unless a test says otherwise: before anything is published.
SAVED = NOW - timedelta(days=1)


@dataclass
class Searching:
    """The world with its searches."""

    world: World
    watch: SearchWatch

    @property
    def store(self) -> SavedSearches:
        return SavedSearches(self.world.database, self.world.settings)

    def save(self, text: str = "", *, now: datetime = SAVED, **more: Any) -> SavedSearch:
        """Keep a search that tells "phone"; `filters` are those of `Filters`."""
        values: dict[str, Any] = {"owner": "李经理", "name": f"检索{len(self.store.list())}", "notify": ("phone",)}
        filters = {name: more.pop(name) for name in list(more) if name in Filters.__dataclass_fields__}
        return self.store.add(**{**values, **more}, text=text, filters=Filters(**filters), now=now)

    def publish(self, *mentions: Mention, now: datetime = NOW) -> list[Find]:
        """Store, dispatch and hold against the searches, as the worker does."""
        self.world.consider(*mentions, now=now)
        return self.watch.consider(mentions, now=now)

    def tell(self, now: datetime = NOW) -> Told:
        return tell(self.world.database, self.world.settings, now=now)

    def delivered(self, now: datetime = NOW) -> list[Message]:
        """What "phone" got of searches by now."""
        self.world.outbox.deliver_due(now=now)
        return [message for message in self.world.phone.sent if message.kind == "search"]

    def standing(self, search: SavedSearch) -> Standing:
        return self.store.standings().get(search.id, Standing())


def make_searching(database: Database, folder: Path, **more: Any) -> Searching:
    """Notifiers "phone" and "mail"; nobody is told of alerts, so that what they get is of searches."""
    names = ("phone", "mail")
    blocks = {name: ConsoleNotifierSettings(type="console") for name in names}
    settings = make_settings(folder, notifiers=blocks, rules=(), **more)
    world = World(database=database, settings=settings, notifiers={name: Recorder() for name in names})
    return Searching(world, SearchWatch(database=database, settings=settings))
