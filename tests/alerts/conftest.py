"""A world in which one notifier, "phone", is told of everything that has a grade."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.database import Database
from tests.alerts.searching import Searching, make_searching
from tests.alerts.world import Recorder, World, make_settings


@pytest.fixture
def world(database: Database, tmp_path: Path) -> World:
    return World(database=database, settings=make_settings(tmp_path), notifiers={"phone": Recorder()})


@pytest.fixture
def searching(database: Database, tmp_path: Path) -> Searching:
    return make_searching(database, tmp_path)
