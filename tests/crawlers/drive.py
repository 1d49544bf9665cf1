"""Runs crawls, each in a process of its own, as the product does: Twisted's reactor starts only once.

Reads one JSON object a line from standard input and runs each in a fork, which writes its answer to the file `answer`
and its log to the file `log`; prints the exit status. The fork saves the seconds that the imports take.
"""

from __future__ import annotations

import importlib
import json
import logging
import os
import socket
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from core.database import Database
from core.secret import Secret
from core.settings import CrawlSettings, EvidenceSettings, Settings, SourceSettings
from crawlers.run import crawl
from crawlers.sink import Found, Kept, KnownPage
from crawlers.sources import SourceCatalogue
from evidence.vault import Vault
from index.posts import PostStore

#: What Scrapy and Alembic load only when they run.
SLOW_TO_LOAD = (
    "scrapy.core.downloader.handlers.http11",
    "scrapy.core.engine",
    "scrapy.extensions.feedexport",
    "scrapy.downloadermiddlewares.cookies",
    "scrapy.downloadermiddlewares.httpcache",
    "scrapy.extensions.remote_control",
    "scrapy.spidermiddlewares.referer",
    "crawlers.exporters",
    "crawlers.spiders.forum",
    "crawlers.spiders.news",
    "crawlers.spiders.weibo",
    "alembic.command",
)


@dataclass(frozen=True)
class FullDisk:
    """The real store, which has no room for the posts of one source."""

    store: PostStore
    source: str

    def keep_all(self, found: Sequence[Found], *, now: datetime) -> list[Kept]:
        if any(page.source == self.source for page in found):
            raise OSError(28, "No space left on device")
        return self.store.keep_all(found, now=now)

    def gone(self, url: str, *, raw: str | None, now: datetime, reason: str) -> int:
        return self.store.gone(url, raw=raw, now=now, reason=reason)

    def to_revisit(self, source: str, *, since: datetime, limit: int) -> list[KnownPage]:
        return self.store.to_revisit(source, since=since, limit=limit)


def _name_hosts(names: dict[str, str]) -> None:
    """Let some names resolve as a test wants, and no others: the resolver's last step is this function."""

    def resolve(name: str) -> str:
        if name in names or name == "127.0.0.1":
            return names.get(name, name)
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    socket.gethostbyname = resolve


def main(order: dict[str, Any]) -> dict[str, Any]:
    if "names" in order:
        _name_hosts(order["names"])
    data = Path(order["data"])
    now = datetime.fromisoformat(order["now"])
    database = Database(f"sqlite:///{data / 'tingfeng.sqlite'}")
    database.migrate()
    limits = {"delay": "0s", "timeout": "5s", "max_response_mb": 1, **order.get("crawl", {})}
    settings = Settings(crawl=CrawlSettings(**limits), evidence=EvidenceSettings(browser=order.get("browser", "auto")))
    sources = [
        SourceSettings(**{**row, "cookie": Secret(row["cookie"])} if "cookie" in row else row)
        for row in order["sources"]
    ]
    catalogue = SourceCatalogue(database, jitter=lambda: 0.0)
    reports = crawl(
        sources,
        settings=settings,
        catalogue=catalogue,
        sink=FullDisk(PostStore(database), order.get("no_room_for", "")),
        vault=Vault(data / "vault"),
        clock=lambda: now,
    )
    rows = {key: asdict(status) for key, status in catalogue.statuses().items()}
    return {"reports": {report.source: asdict(report) for report in reports}, "sources": rows}


def child(order: dict[str, Any]) -> None:
    logging.basicConfig(level=logging.INFO, filename=order["log"], format="%(name)s %(levelname)s %(message)s")
    answer = main(order)
    Path(order["answer"]).write_text(json.dumps(answer, default=str, ensure_ascii=False), encoding="utf-8")


if __name__ == "__main__":
    for name in SLOW_TO_LOAD:
        importlib.import_module(name)
    assert "twisted.internet.reactor" not in sys.modules
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            child(json.loads(line))
            break
        sys.stdout.write(f"{os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])}\n")
        sys.stdout.flush()
