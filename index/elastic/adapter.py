"""The search index in Elasticsearch 9: for archives that one machine does not hold, or that many read."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from elasticsearch import Elasticsearch

from core.clock import Clock, system_clock
from core.model import Mention
from core.settings import ElasticsearchSettings
from index.base import Added, Facet, IndexState, Page, Query
from index.elastic import reading, removal, upkeep
from index.elastic.building import ElasticBuilding
from index.elastic.documents import documents
from index.elastic.generations import open_month
from index.elastic.naming import Names, month_of
from index.elastic.server import Server, check_drift
from index.elastic.writing import Place, Writer, prepared, version_of

log = logging.getLogger("tingfeng.index")


class Live:
    """Where the mentions of the index in use go."""

    def __init__(self, names: Names) -> None:
        self.names = names

    def alias(self, month: str) -> str:
        """The alias of a month."""
        return self.names.write(month)

    def open_month(self, client: Elasticsearch, month: str) -> None:
        """Make the index of a month in the generation in use."""
        open_month(client, self.names, month, check=lambda index: check_drift(client, index))


class ElasticIndex:
    """A `SearchIndex` on a server. Safe for threads, processes and machines; connects on first use.

    `zone` is in which days and hours begin, `stores` the names of the subjects that are stores.
    """

    def __init__(
        self,
        settings: ElasticsearchSettings,
        *,
        zone: ZoneInfo | None = None,
        stores: Collection[str] = (),
        clock: Clock = system_clock,
    ) -> None:
        self.settings, self.zone = settings, zone or ZoneInfo("Asia/Shanghai")
        self.stores, self.clock = frozenset(stores), clock
        self._server = Server(settings)
        self._names = self._server.names
        self._timeout = settings.timeout.total_seconds()

    def add_many(self, mentions: Sequence[Mention], *, as_of: datetime | None = None) -> Added:
        """Add or replace. Trouble in the middle leaves some in: adding all again is right and changes nothing."""
        with self._server.asking() as client:
            return self._write(client, Live(self._names), mentions, as_of)

    def search(self, query: Query) -> Page:
        """One page of hits; the total is exact."""
        with self._server.asking() as client:
            return reading.search(client, self._names.read, query, timeout=self._timeout)

    def count_by(self, query: Query, facet: Facet, *, limit: int = 1000) -> dict[str, int]:
        """How many matching mentions each value has; mentions without a value are left out."""
        with self._server.asking() as client:
            return reading.count_by(
                client, self._names.read, query, facet, limit=limit, stores=self.stores, timeout=self._timeout
            )

    def count(self) -> int:
        """How many mentions are in."""
        with self._server.asking() as client:
            return reading.count(client, self._names.read)

    def delete(self, ids: Sequence[str], *, as_of: datetime | None = None) -> int:
        """Remove mentions; what was read from the truth before `as_of` does not bring them back for an hour."""
        with self._server.asking() as client:
            return removal.delete(client, self._names, ids, version=version_of(as_of or self.clock()))

    def prune(self, before: datetime) -> int:
        """Drop whole months: those of which every post was collected before this moment."""
        with self._server.asking() as client:
            return removal.prune(client, self._names, before)

    def maintain(self) -> None:
        """Check the mapping, remove what rebuilds left over, merge past months (the server goes on by itself)."""
        self._server.look_again()
        with self._server.asking() as client:
            upkeep.maintain(client, self._names, month=month_of(self.clock()))

    def refresh(self) -> None:
        """Make everything added so far visible to searches."""
        with self._server.asking() as client:
            client.indices.refresh(index=self._names.read)

    def state(self) -> IndexState:
        """How it is; also where its structure is not ours, which is then a remark."""
        with self._server.speaking() as client:
            return upkeep.state(client, self._names)

    def beside(self, name: str) -> ElasticBuilding:
        """The generation of this name, opened or made."""
        return ElasticBuilding(self._server, name, self._add_beside)

    def close(self) -> None:
        """Close the connections."""
        self._server.close()

    def _add_beside(self, place: Place, mentions: Sequence[Mention], as_of: datetime | None) -> Added:
        with self._server.speaking() as client:
            return self._write(client, place, mentions, as_of)

    def _write(self, client: Elasticsearch, place: Place, mentions: Sequence[Mention], as_of: datetime | None) -> Added:
        writer = Writer(
            client=client,
            place=place,
            version=version_of(as_of or self.clock()),
            check=lambda index: check_drift(client, index),
        )
        writer.write(prepared(mentions, lambda some: documents(some, self.zone), writer.refused))
        for key, problem in writer.refused.items():
            log.warning("mention_refused", extra={"mention": ascii(key), "reason": problem})
        return Added(count=len(mentions) - len(writer.refused), refused=writer.refused)
