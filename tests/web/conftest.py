"""The console on real stores; `a_mention` makes one, `ring` raises its alert, `captured` seals its exhibit."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import insert

from alerts.cases import CaseBook
from core.clock import Clock
from core.database import Database
from core.model import Author, Counts, Exhibit, Mention, Post, Reason, Verdict
from core.schema import alerts, deliveries, events, messages
from core.settings import General, Settings, SourceSettings
from crawlers.sources import SourceCatalogue
from evidence.bundle import Shelf, seal
from evidence.exhibits import ExhibitStore
from evidence.ledger import Ledger
from index.posts import PostStore
from index.sqlite import SqliteIndex
from index.verdicts import VerdictStore
from web.console import Console
from web.server import create_app

MINUTE = timedelta(minutes=1)
NASTY = '<script>alert("1")</script><img src=x onerror=alert(2)>'
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 20


@pytest.fixture
def clock(now: datetime) -> Clock:
    return lambda: now


@pytest.fixture
def console(tmp_path: Path, database: Database, clock: Clock) -> Iterator[Console]:
    settings = Settings(
        general=General(data_dir=tmp_path / "var"),
        sources=(
            SourceSettings(id="board", name="车友论坛", kind="forum", url="https://bbs.example/f1", channel="forum"),
            SourceSettings(id="fresh", name="新信源", kind="news", url="https://news.example/feed", channel="news"),
        ),
    )
    made = Console(
        settings=settings,
        clock=clock,
        database=database,
        index=SqliteIndex(settings.data_dir / "index.sqlite"),
        verdicts=VerdictStore(database),
        exhibits=ExhibitStore(database),
        ledger=Ledger(settings.data_dir / "ledger.jsonl"),
        catalogue=SourceCatalogue(database, jitter=lambda: 0.0),
        cases=CaseBook(database, settings),
    )
    yield made
    made.index.close()


class Browser:
    """Asks the application directly, without a socket; a failure of a page is an answer, as it is on the network."""

    def __init__(self, console: Console) -> None:
        self.transport = httpx.ASGITransport(create_app(console), raise_app_exceptions=False)

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        async def ask() -> httpx.Response:
            async with httpx.AsyncClient(transport=self.transport, base_url="http://127.0.0.1:8315") as client:
                return await client.request(method, path, **options)

        return asyncio.run(ask())

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.request("GET", path, **options)


@pytest.fixture
def browser(console: Console) -> Browser:
    return Browser(console)


def make_mention(now: datetime, number: int = 1, **changes: object) -> Mention:
    post = Post(
        kind="forum",
        site="bbs.example",
        native_id=str(number),
        url=f"https://bbs.example/t/{number}",
        channel="forum",
        title="提车三天刹车失灵",
        text="4S店推脱责任，现要求退一赔三。",
        author=Author(name="李先生", region="浙江"),
        published=now - 7 * MINUTE,
        collected=now - 5 * MINUTE,
        counts=Counts(views=1234),
    )
    post = replace(post, **changes)  # type: ignore[arg-type]
    verdict = Verdict(
        id=post.id,
        negative=0.97,
        subjects=("星辰汽车",),
        categories=("安全",),
        event="e1",
        risk=86,
        grade="A",
        reasons=(
            Reason(code="category.safety", text="涉及行车安全", points=40, span=(4, 8)),
            Reason(code="claim", text="要求退一赔三", points=15, span=(17, 22)),
        ),
        model="m1",
    )
    return Mention(post=post, verdict=verdict)


def raise_alert(console: Console, mention: Mention, *, exhibit: Exhibit | None = None, key: str = "a1") -> None:
    """Put a mention through the stores as the worker and the dispatcher do."""
    now = console.clock()
    PostStore(console.database).keep([mention.post], source="board", raw=None, now=now)
    with console.database.write() as connection:
        console.verdicts.save(connection, [mention.verdict], now=now)
        event = {
            "id": "e1", "title": "刹车失灵", "first_post": mention.id, "first_published": mention.post.when,
            "last_published": mention.post.when, "size": 3, "channels": ["forum", "weibo"],
        }  # fmt: skip
        connection.execute(insert(events).prefix_with("OR IGNORE").values(event))
        row = {
            "id": key, "event": "e1", "grade": "A", "post": mention.id, "reason": "first_of_event", "rule": "特急",
            "opened": now - 4 * MINUTE, "exhibit": exhibit.id if exhibit else None, "event_size": 1,
            "event_channels": [],
        }  # fmt: skip
        connection.execute(insert(alerts).values(row))
        console.cases.open_or_raise(
            connection,
            event="e1",
            grade="A",
            title=mention.post.title or "无题",
            subjects=("星辰汽车",),
            now=now - 4 * MINUTE,
        )
        for name, state in (("wecom", "sent"), ("mail", "waiting")):
            values = {
                "id": f"{key}-{name}", "notifier": name, "kind": "alert", "alert": key, "body": None, "created": now,
                "state": state, "settled": now if state == "sent" else None,
            }  # fmt: skip
            connection.execute(insert(messages).values(values))
        proof = {"message": f"{key}-wecom", "at": now, "ok": True, "retry": False, "reason": "已接受",
                 "provider_code": "errcode 0", "evidence": "complete"}  # fmt: skip
        connection.execute(insert(deliveries).values(proof))
    console.index.add_many([mention])


def seal_exhibit(console: Console, mention: Mention) -> Exhibit:
    """A sealed exhibit of a post, as the capture process leaves it."""
    now, shelf = console.clock(), Shelf(console.settings.data_dir / "exhibits")
    PostStore(console.database).keep([mention.post], source="board", raw=None, now=now)
    with console.database.write() as connection:
        exhibit = console.exhibits.request(connection, mention.post, now=now)
    home = shelf.home(exhibit.id, now)
    files = {"post.png": PNG, "page.html": NASTY.encode(), "page.mhtml": b"x", "raw.bin": NASTY.encode(),
             "capture.json": b"{}", "capture.log": b"log"}  # fmt: skip
    with shelf.bench(home) as folder:
        for name, body in files.items():
            (folder / name).write_bytes(body)
        sealed = seal(folder, home)
    console.ledger.append(exhibit=exhibit.id, manifest=sealed.manifest, at=now)
    done = replace(
        exhibit,
        state="complete",
        captured=now,
        folder=shelf.relative(home),
        manifest=sealed.manifest,
        pictures=("post.png",),
    )
    with console.database.write() as connection:
        console.exhibits.settle(connection, done)
    return done


@pytest.fixture
def a_mention(now: datetime) -> Callable[..., Mention]:
    return lambda number=1, **changes: make_mention(now, number, **changes)


@pytest.fixture
def ring(console: Console) -> Callable[..., None]:
    return lambda mention, exhibit=None: raise_alert(console, mention, exhibit=exhibit)


@pytest.fixture
def captured(console: Console) -> Callable[[Mention], Exhibit]:
    return lambda mention: seal_exhibit(console, mention)
