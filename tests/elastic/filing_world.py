"""The truth, the queue and the filer in front of an index: what waits, and what becomes of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select

from app.filing import Filer
from core.database import Database
from core.model import Mention, Post, Verdict
from core.schema import work
from core.settings import ElasticsearchSettings
from core.work import WorkQueue
from index.base import Added, Query
from index.elastic import ElasticIndex
from index.posts import PostStore
from index.verdicts import VerdictStore

#: The first of a month: the days before lie in another one, and in another index.
NOW = datetime(2026, 3, 1, 4, 0, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


def server_settings(url: str, name: str, **changes: Any) -> ElasticsearchSettings:
    return ElasticsearchSettings(hosts=(url,), name=name, **changes)


def make_mention(number: int, text: str = "", **changes: Any) -> Mention:
    """Number after number a minute older, over months."""
    when = changes.pop("when", NOW - number * MINUTE)
    post = Post(
        kind="forum",
        site="bbs.example",
        native_id=str(number),
        url=f"https://bbs.example/{number}",
        channel="forum",
        text=text or f"提车第{number}天，变速箱顿挫，店里说再观察。",
        published=when,
        collected=changes.pop("collected", when),
    )
    values: dict[str, Any] = {"negative": 0.8, "subjects": ("星辰汽车",), "risk": 60, "grade": "B", "model": "m"}
    return Mention(post=post, verdict=Verdict(id=post.id, **{**values, **changes}), source="bbs")


@dataclass
class Clock:
    """A clock that the test moves: nobody waits for a rest to be over."""

    now: datetime = NOW + DAY

    def __call__(self) -> datetime:
        return self.now


class Recording(ElasticIndex):
    """The adapter, with a list of what it was given to add and took."""

    taken: list[list[str]]
    given: list[list[str]]

    def __init__(self, settings: ElasticsearchSettings, **options: Any) -> None:
        super().__init__(settings, **options)
        self.taken, self.given = [], []

    def add_many(self, mentions: Sequence[Mention], *, as_of: datetime | None = None) -> Added:
        ids = [mention.id for mention in mentions]
        self.given.append(ids)
        added = super().add_many(mentions, as_of=as_of)
        self.taken.append([one for one in ids if one not in added.refused])
        return added


@dataclass
class World:
    """A database, an index on a server, and the filer between them."""

    database: Database
    settings: ElasticsearchSettings
    batch: int = 1000
    clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        self.posts, self.verdicts = PostStore(self.database), VerdictStore(self.database)
        self.index = Recording(self.settings, clock=self.clock)
        self.filer = Filer(
            database=self.database, verdicts=self.verdicts, index=self.index, clock=self.clock, batch=self.batch
        )
        self.queue = WorkQueue(self.database, "index")

    def judge(self, mentions: Sequence[Mention]) -> list[str]:
        """Put mentions into the truth and ask for their filing. Returns the ids in the order asked for."""
        self.posts.keep([one.post for one in mentions], source="bbs", raw=None, now=NOW)
        ids = [one.id for one in mentions]
        with self.database.write() as connection:
            self.verdicts.save(connection, [one.verdict for one in mentions], now=NOW)
            self.queue.put(connection, ids, due=self.clock(), now=self.clock())
        return ids

    def rest(self) -> None:
        """Let so much time pass that the filer tries again."""
        self.clock.now += 2 * MINUTE

    def catch_up(self) -> int:
        """File until nothing waits. Returns how many keys were dealt with."""
        self.rest()
        return self.filer.drain()

    def waiting(self) -> int:
        return self.queue.backlog()[0]

    def buried(self) -> dict[str, str]:
        """What was set aside, and why."""
        with self.database.read() as connection:
            rows = connection.execute(select(work.c.key, work.c.reason).where(work.c.buried.is_(True)))
            return {str(row.key): str(row.reason) for row in rows}

    def reasons(self) -> set[str]:
        """Why what waits waits."""
        with self.database.read() as connection:
            found = connection.scalars(select(work.c.reason).where(work.c.buried.is_(False)))
            return {str(one) for one in found if one}

    def found(self, **wishes: Any) -> list[Mention]:
        """Everything that a search finds, in one page."""
        self.index.refresh()
        page = self.index.search(Query(limit=50_000, **wishes))
        assert page.total == len(page.hits)
        return [hit.mention for hit in page.hits]

    def close(self) -> None:
        self.index.close()
