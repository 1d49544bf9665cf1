"""The world at a fixed epoch, a clock that tests turn by hand, and a reader that asks the sites without a network."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from demo import server
from demo.posts import SiteName
from demo.world import World

#: Sunday, 2026-11-22, 14:00 in Shanghai.
EPOCH = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
BASE_PORT = 18600


@dataclass
class HandClock:
    """Shows the time that the test sets."""

    now: datetime = EPOCH

    def __call__(self) -> datetime:
        return self.now

    def after_incident(self, seconds: float) -> None:
        self.now = EPOCH + timedelta(seconds=25 + seconds)


@dataclass
class Reader:
    """Fetches pages of the four sites in this process, following redirects."""

    world: World
    clock: HandClock = field(default_factory=HandClock)

    def __post_init__(self) -> None:
        self.applications = server.applications(self.world, self.clock)

    def root(self, site: SiteName) -> str:
        return f"http://127.0.0.1:{server.ports(BASE_PORT)[site]}"

    def get(self, site: SiteName, path: str, headers: Mapping[str, str] | None = None) -> httpx.Response:
        return asyncio.run(self._get(site, path, headers or {}))

    async def _get(self, site: SiteName, path: str, headers: Mapping[str, str]) -> httpx.Response:
        transport = httpx.ASGITransport(self.applications[site])
        async with httpx.AsyncClient(transport=transport, base_url=self.root(site), follow_redirects=True) as client:
            return await client.get(path, headers=headers)


@pytest.fixture(scope="session")
def world() -> World:
    return World.at(EPOCH)


@pytest.fixture
def reader(world: World) -> Reader:
    return Reader(world)
