"""A crawl as the product runs it: a real process, a real database, a real vault, a real server on loopback."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from core.database import Database
from core.model import Post
from evidence.vault import RawResponse, Vault
from index.posts import PostStore
from tests.crawlers.site import NOW, Site, serving

ROOT = Path(__file__).resolve().parents[2]
_CHANNEL = {"forum": "forum", "weibo": "weibo", "news": "news"}


def row(source: str, kind: str, url: str, **more: Any) -> dict[str, Any]:
    """One row of `sources.toml`."""
    return {"id": source, "name": source, "kind": kind, "url": url, "channel": _CHANNEL.get(kind, kind), **more}


@dataclass
class Outcome:
    """What a crawl reported, and what the catalogue says after it."""

    reports: dict[str, dict[str, Any]]
    sources: dict[str, dict[str, Any]]
    log: str

    def state(self, source: str) -> tuple[str, str]:
        """State and reason; the catalogue agrees with the report."""
        report, kept = self.reports[source], self.sources[source]
        assert (report["state"], report["reason"], report["proof"]) == (kept["state"], kept["reason"], kept["proof"])
        return report["state"], report["reason"]


def drive() -> subprocess.Popen[str]:
    """A process that runs the orders it is sent; in a group of its own, so that a test can kill all of it."""
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-m", "tests.crawlers.drive"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        start_new_session=True,
    )


@dataclass
class Crawls:
    """One data folder, crawled as often as a test likes."""

    data: Path
    driver: subprocess.Popen[str]
    #: Id of the source whose posts the store has no room for.
    no_room_for: str = ""
    #: The setting `[evidence] browser`.
    browser: str = "auto"
    #: What host names resolve to; the machine's own resolver where empty.
    names: dict[str, str] = field(default_factory=dict)

    def order(self, *sources: dict[str, Any], now: datetime = NOW, **limits: Any) -> str:
        """A line for `drive.py`."""
        order = {
            "data": str(self.data),
            "now": now.isoformat(),
            "sources": sources,
            "crawl": limits,
            "no_room_for": self.no_room_for,
            **({"names": self.names} if self.names else {}),
            "browser": self.browser,
            "answer": str(self.data / "answer.json"),
            "log": str(self.data / "log.txt"),
        }
        return json.dumps(order)

    def run(self, *sources: dict[str, Any], now: datetime = NOW, **limits: Any) -> Outcome:
        """Crawl once."""
        (self.data / "log.txt").unlink(missing_ok=True)
        assert self.driver.stdin
        assert self.driver.stdout
        self.driver.stdin.write(self.order(*sources, now=now, **limits) + "\n")
        self.driver.stdin.flush()
        status = int(self.driver.stdout.readline())
        log = (self.data / "log.txt").read_text(encoding="utf-8")
        assert status == 0, log
        assert self.no_room_for or "Traceback" not in log, log
        return Outcome(**json.loads((self.data / "answer.json").read_text(encoding="utf-8")), log=log)

    def posts(self) -> list[Post]:
        """Everything kept, oldest first."""
        database = Database(f"sqlite:///{self.data / 'tingfeng.sqlite'}")
        try:
            found = PostStore(database).latest(10_000)
        finally:
            database.close()
        return sorted(found, key=lambda post: (post.published or datetime.min.replace(tzinfo=UTC), post.native_id))

    def raw(self, address: str | None) -> RawResponse:
        """A response from the vault."""
        assert address
        return Vault(self.data / "vault").get_response(address)

    def raw_of(self, post: Post) -> RawResponse:
        """The response a post was read from."""
        database = Database(f"sqlite:///{self.data / 'tingfeng.sqlite'}")
        try:
            return self.raw(PostStore(database).raw_of(post.id))
        finally:
            database.close()


@pytest.fixture(scope="session")
def driver() -> Iterator[subprocess.Popen[str]]:
    process = drive()
    yield process
    process.communicate()


@pytest.fixture
def crawls(tmp_path: Path, driver: subprocess.Popen[str]) -> Crawls:
    return Crawls(tmp_path, driver)


@pytest.fixture
def sites() -> Iterator[Any]:
    """Opens servers: `sites(routes…)` starts one."""
    with ExitStack() as stack:
        yield lambda *routes, **more: stack.enter_context(serving(Site(routes=list(routes), **more)))
