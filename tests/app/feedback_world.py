"""The product on a real store in a folder of its own, with a clock that the test moves."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from app.wiring import Product
from core.model import Mention, Post
from core.settings import General, RuleSettings, Settings, SubjectSettings

NOW = datetime(2026, 3, 15, 12, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
OUR_BRAND = SubjectSettings(name="曜行汽车", aliases=("曜行",))


@dataclass
class Clock:
    """A clock that the test moves."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now


def make_post(number: int, text: str, **changes: Any) -> Post:
    values: dict[str, Any] = {
        "kind": "forum",
        "site": "bbs.example",
        "native_id": str(number),
        "url": f"https://bbs.example/thread-{number}.html",
        "channel": "forum",
        "published": NOW - MINUTE,
        "collected": NOW,
    }
    return Post(text=text, **{**values, **changes})


@dataclass
class World:
    """A product, and what the tests ask of it."""

    folder: Path
    clock: Clock = field(default_factory=Clock)
    subjects: tuple[SubjectSettings, ...] = (OUR_BRAND,)

    def __post_init__(self) -> None:
        self.product = self.product_with(*self.subjects)

    def product_with(self, *subjects: SubjectSettings) -> Product:
        """Another process on the same data, with these subjects."""
        settings = Settings(
            general=General(data_dir=self.folder),
            subjects=subjects,
            rules=(RuleSettings(name="全部", grades=("A", "B", "C"), to=("console",)),),
        )
        return Product(settings, self.clock)

    def take_in(self, *posts: Post) -> None:
        """Keep, judge, publish."""
        self.product.posts.keep(posts, source="s", raw=None, now=self.clock())
        self.product.worker.drain()

    def mention(self, post: Post) -> Mention:
        [found] = self.product.verdicts.mentions([post.id])
        return found

    def rows(self, table: Any) -> list[Any]:
        with self.product.database.read() as connection:
            return list(connection.execute(select(table)))
