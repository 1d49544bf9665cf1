"""What every test may ask for: a fresh database, a fixed moment, the shared fixtures folder."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.database import Database
from tests.elastic.fixtures import elasticsearch_name, elasticsearch_server, report_missing

__all__ = ["elasticsearch_name", "elasticsearch_server"]

#: 2026-03-15 20:00 in Shanghai: a day on which this product earns its keep.
NOW = datetime(2026, 3, 15, 12, 0, tzinfo=UTC)


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    store = Database(f"sqlite:///{tmp_path / 'tingfeng.sqlite'}")
    store.migrate()
    yield store
    store.close()


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real pages and labelled data that lies beside the checkout on the developers' machines."""
    folder = Path(__file__).resolve().parents[1].parent / "shared"
    if not (folder / "fixtures").is_dir():
        pytest.skip(f"needs the shared fixtures, which are not at {folder}")
    return folder


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    report_missing(terminalreporter, config)
