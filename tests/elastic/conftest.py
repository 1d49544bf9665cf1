"""Worlds in front of the shared server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from core.database import Database
from tests.elastic.filing_world import World, server_settings
from tests.elastic.server import Server


@pytest.fixture
def make_world(
    database: Database, elasticsearch_server: Server, elasticsearch_name: str
) -> Iterator[Callable[..., World]]:
    made: list[World] = []

    def make(url: str = "", **changes: Any) -> World:
        world = World(database, server_settings(url or elasticsearch_server.url, elasticsearch_name), **changes)
        made.append(world)
        return world

    yield make
    for world in made:
        world.close()
