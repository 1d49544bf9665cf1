"""A truth with judged posts, a clock that the test moves, and a filer before an index in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete

from app.filing import Filer
from core.database import Database
from core.model import Post, Verdict
from core.schema import posts, verdicts
from core.work import WorkQueue
from index.posts import PostStore
from index.verdicts import VerdictStore
from tests.app.memory_index import MemoryIndex

START = datetime(2026, 3, 15, 12, 0, tzinfo=UTC)


@dataclass
class Clock:
    """A clock that the test moves."""

    now: datetime = START

    def __call__(self) -> datetime:
        return self.now


@dataclass
class FilingWorld:
    """What a test of filing needs."""

    database: Database
    index: MemoryIndex = field(default_factory=MemoryIndex)
    clock: Clock = field(default_factory=Clock)

    @property
    def queue(self) -> WorkQueue:
        return WorkQueue(self.database, "index")

    @property
    def store(self) -> VerdictStore:
        return VerdictStore(self.database)

    def filer(self, **changes: object) -> Filer:
        values: dict[str, object] = {
            "database": self.database,
            "verdicts": self.store,
            "index": self.index,
            "clock": self.clock,
            "batch": 3,
        }
        return Filer(**{**values, **changes})  # type: ignore[arg-type]

    def judge(self, *texts: str, collected: datetime = START) -> list[str]:
        """Keep and judge posts; nothing is asked of the index yet."""
        made = [a_post(text, collected=collected) for text in texts]
        PostStore(self.database).keep(made, source="s", raw=None, now=START)
        with self.database.write() as connection:
            self.store.save(connection, [Verdict(id=post.id, negative=0.5) for post in made], now=self.clock())
        return [post.id for post in made]

    def rejudge(self, key: str, negative: float) -> None:
        [mention] = self.store.mentions([key])
        with self.database.write() as connection:
            self.store.save(connection, [replace(mention.verdict, negative=negative)], now=self.clock())

    def put(self, *keys: str, due: datetime | None = None) -> None:
        """Ask for filing; one after the other, so that the first is the oldest."""
        with self.database.write() as connection:
            for number, key in enumerate(keys):
                then = due or self.clock() - timedelta(seconds=len(keys) - number)
                self.queue.put(connection, [key], due=then, now=self.clock())

    def forget(self, key: str) -> None:
        """Remove a post from the truth."""
        with self.database.write() as connection:
            connection.execute(delete(verdicts).where(verdicts.c.id == key))
            connection.execute(delete(posts).where(posts.c.id == key))

    def reasons(self) -> list[str]:
        """Why keys were set aside."""
        with self.database.read() as connection:
            return list(connection.exec_driver_sql("SELECT reason FROM work WHERE buried").scalars())


def a_post(text: str, *, collected: datetime = START) -> Post:
    return Post(
        kind="forum", site="bbs.example", native_id=text, url="https://bbs.example/1", channel="forum", text=text,
        published=collected, collected=collected,
    )  # fmt: skip


def numbered(count: int, name: str = "第") -> Iterator[str]:
    return (f"{name}{number}条" for number in range(count))


def flat(batches: Sequence[Sequence[str]]) -> list[str]:
    return [key for batch in batches for key in batch]
