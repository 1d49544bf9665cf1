"""Fixtures of the real Elasticsearch: one server for a whole test session, names of its own for every test.

`tests/conftest.py` imports them. Where no server can be had every test that asks for one is skipped, and the session
ends with a banner that says so: a suite that was not run must not look like one that passed.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from typing import Any

import pytest

from tests.elastic.obtain import Unobtainable
from tests.elastic.server import Server

_MISSING = pytest.StashKey[str]()
#: A server that lives for minutes is not worth Java's better compiler: starting costs half the computing without it.
_QUICK = "-XX:TieredStopAtLevel=1"
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def elasticsearch_server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """A running server without security, shared by all tests: no test may stop it or change its settings for good."""
    with server_or_skip(request.config) as server:
        yield server


@pytest.fixture
def elasticsearch_name(elasticsearch_server: Server) -> Iterator[str]:
    """What the names of all indices and templates of this test begin with; whatever is left of them is removed."""
    name = f"test-{os.getpid()}-{next(_numbers):04}"
    yield name
    elasticsearch_server.forget(name)


def server_or_skip(config: pytest.Config, **options: Any) -> Server:
    """A server of one's own, not started yet (`Server` says what may be asked for); skip where none can be had."""
    if _MISSING in config.stash:
        pytest.skip(config.stash[_MISSING])
    try:
        return Server(java_options=_QUICK, **options)
    except Unobtainable as missing:
        config.stash[_MISSING] = str(missing)
        pytest.skip(str(missing))


def report_missing(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say at the very end of a session that the tests of the real server were not run."""
    if _MISSING not in config.stash:
        return
    skipped = [one for one in terminalreporter.stats.get("skipped", []) if config.stash[_MISSING] in str(one.longrepr)]
    terminalreporter.section(
        "真实 Elasticsearch 的测试没有运行 / ELASTICSEARCH TESTS NOT RUN", "!", red=True, bold=True
    )
    terminalreporter.line(f"{len(skipped)} 项被跳过 / skipped")
    terminalreporter.line(config.stash[_MISSING])
