"""A demo folder for each module of end-to-end tests."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.e2e.harness import Demo, free_ports


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """A demo folder, not started yet; whatever runs on it at the end is stopped."""
    base = free_ports(5)
    environment = {**os.environ, "TINGFENG_WEB__PORT": str(base + 4), "NO_COLOR": "1", "COLUMNS": "200"}
    running = Demo(tmp_path_factory.mktemp("demo") / "data", base, environment)
    yield running
    running.stop()
