"""Fixtures of the search index's suite: an empty index for a test that changes it, a filled one for all that ask."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import ExitStack
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from index.base import Added, SearchIndex
from tests.contracts.search_world import ADAPTERS, MENTIONS, STORES, ZONE, Opened, put


@pytest.fixture(params=ADAPTERS)
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opened]:
    """Makes an empty index in a zone, with these stores."""
    with ExitStack() as stack:

        def make(zone: ZoneInfo = ZONE, stores: Collection[str] = STORES) -> SearchIndex:
            return stack.enter_context(ADAPTERS[request.param](request, tmp_path, zone=zone, stores=stores))

        yield make


@pytest.fixture
def index(opened: Opened) -> SearchIndex:
    """An empty index of the test's own."""
    return opened()


@pytest.fixture
def filled(index: SearchIndex) -> SearchIndex:
    """An index of the test's own, with `MENTIONS` in it."""
    assert put(index, MENTIONS) == Added(count=len(MENTIONS))
    return index


@pytest.fixture(scope="module", params=ADAPTERS)
def archive(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SearchIndex]:
    """An index with `MENTIONS` in it that no test changes: one for a whole file, since making one may cost a second."""
    folder = tmp_path_factory.mktemp("archive")
    with ADAPTERS[request.param](request, folder, zone=ZONE, stores=STORES) as made:
        assert put(made, MENTIONS) == Added(count=len(MENTIONS))
        yield made
