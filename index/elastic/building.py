"""A generation of the index that is filled beside the one in use."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime

from elasticsearch import Elasticsearch

from core.model import Mention
from index.base import Added
from index.elastic.generations import aliases_of, create, go_live, live_generation, remove, remove_retired
from index.elastic.mapping import REFRESH
from index.elastic.naming import Names
from index.elastic.reading import count
from index.elastic.server import Server

#: Nobody searches it yet, and what is lost with a disk is built again.
_WHILE_BUILT = {"refresh_interval": "-1", "number_of_replicas": 0}


class Beside:
    """Where the mentions of a generation go that is not in use."""

    def __init__(self, names: Names, generation: str) -> None:
        self.names, self.generation = names, generation

    def alias(self, month: str) -> str:
        """The alias of a month."""
        return self.names.write(month, self.generation)

    def open_month(self, client: Elasticsearch, month: str) -> None:
        """Make the index of a month, with its alias."""
        index = self.names.index(self.generation, month)
        create(client, index, settings=_WHILE_BUILT)
        client.indices.put_alias(index=index, name=self.alias(month))


class ElasticBuilding:
    """A `Building`: what is in is on the server, so another process can go on with it by its name."""

    def __init__(self, server: Server, name: str, add: Callable[[Beside, Sequence[Mention], datetime | None], Added]):
        if not re.fullmatch(r"[a-z0-9]{1,40}", name):
            raise ValueError(f"not a name of a building: {name!r}")
        self._server, self._name, self._add = server, name, add
        self._place = Beside(server.names, name)
        with server.speaking() as client:
            create(client, server.names.base(name), settings=_WHILE_BUILT)

    def add_many(self, mentions: Sequence[Mention], *, as_of: datetime | None = None) -> Added:
        """As the index does."""
        return self._add(self._place, mentions, as_of)

    def count(self) -> int:
        """How many mentions are in."""
        pattern = self._server.names.generation(self._name)
        with self._server.speaking() as client:
            client.indices.refresh(index=pattern)
            return count(client, pattern)

    def take_over(self, *, progress: Callable[[int, int], None] | None = None) -> None:
        """Become the index in use, in one step of the server; then the old generation is deleted.

        Units of `progress` are steps. A mention that was added to the old generation after it was read for this one
        is not here: the caller adds it again.
        """
        names, steps = self._server.names, iter(range(1, 5))

        def done() -> None:
            if progress:
                progress(next(steps), 4)

        with self._server.speaking() as client:
            pattern = names.generation(self._name)
            settings = self._server.settings
            client.indices.put_settings(
                index=pattern, settings={"refresh_interval": REFRESH, "number_of_replicas": settings.replicas}
            )
            done()
            client.indices.refresh(index=pattern)
            done()
            go_live(client, names, self._name)
            done()
            remove_retired(client, names)
            done()
        self._server.look_again()

    def settled(self) -> None:
        """Nothing: taking over once more does no harm, and the old generation is gone."""

    def discard(self) -> None:
        """Delete it. A generation that has taken over is in use and stays."""
        names = self._server.names
        with self._server.speaking() as client:
            if live_generation(client, names) == self._name:
                return
            there = aliases_of(client, names)
            remove(client, [one for one in there if (back := names.read_back(one)) and back[0] == self._name])

    def close(self) -> None:
        """Nothing to give back: the connection is the index's."""
