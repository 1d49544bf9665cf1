"""How a story grows and spreads, counted from its posts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert

from core.database import Database
from core.model import Author, Channel, Counts, Post
from core.schema import event_posts, events
from index.event_facts import EventFacts, read_event_facts
from index.posts import PostStore

NOW = datetime(2026, 3, 15, 12, 0, tzinfo=UTC)
EVENT = "e" * 24


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    found = Database(f"sqlite:///{tmp_path / 'facts.sqlite'}")
    found.migrate()
    yield found
    found.close()


def post(
    number: int,
    hours_ago: float,
    *,
    site: str = "bbs.example",
    channel: Channel = "forum",
    author: Author | None = None,
    counts: Counts | None = None,
) -> Post:
    return Post(
        kind="forum",
        site=site,
        native_id=str(number),
        url=f"http://{site}/{number}",
        channel=channel,
        text="起火了",
        author=author or Author(name=f"车主{number}"),
        published=NOW - timedelta(hours=hours_ago),
        collected=NOW,
        counts=counts or Counts(),
    )


def facts(database: Database, *told: Post, now: datetime = NOW) -> EventFacts | None:
    PostStore(database).keep(list(told), source="s1", raw=None, now=NOW)
    with database.write() as connection:
        first = {"id": EVENT, "title": "起火", "first_post": "", "size": len(told), "channels": []}
        connection.execute(insert(events).values(**first, first_published=NOW, last_published=NOW))
        for one in told:
            row = {"post": one.id, "event": EVENT, "published": one.published, "channel": one.channel}
            connection.execute(insert(event_posts).values(**row, signature="{}"))
    with database.read() as connection:
        return read_event_facts(connection, [EVENT, "0" * 24], now=now).get(EVENT)


def test_growth(database: Database) -> None:
    """Posts of the last hour, six hours and day, the mean an hour, and how fast the story doubled."""
    found = facts(database, *(post(at, ago) for at, ago in enumerate((0.5, 0.9, 2, 5, 20, 30))))
    assert found is not None
    assert (found.size, found.last_hour, found.last_six_hours, found.last_day) == (6, 2, 4, 5)
    assert found.per_hour == (2.0, 4 / 6, 5 / 24)
    assert found.doubled_in == timedelta(hours=5)
    assert found.first_published == NOW - timedelta(hours=30)
    assert found.first_author == "车主5"


def test_spread(database: Database) -> None:
    """Channels, sites, authors and reach; what no source says stays unknown."""
    one = Author(id="7", name="甲", followers=900)
    found = facts(
        database,
        post(1, 1, author=one, counts=Counts(views=100)),
        post(2, 2, author=Author(id="7", name="甲改名", followers=1000), counts=Counts(views=50, reposts=3)),
        post(3, 3, site="news.example", channel="news", author=Author()),
    )
    assert found is not None
    assert (found.channels, found.sites, found.authors) == (("news", "forum"), 2, 1)
    assert (found.views, found.reposts, found.replies, found.followers) == (150, 3, None, 1000)
    assert found.doubled_in is None


def test_what_is_not_yet_is_not_counted(database: Database) -> None:
    """Facts as of an earlier moment see only what was published by then; none is none."""
    told = [post(1, 1), post(2, 3)]
    found = facts(database, *told, now=NOW - timedelta(hours=2))
    assert found is not None
    assert (found.size, found.first_post) == (1, told[1].id)
    with database.read() as connection:
        assert read_event_facts(connection, [EVENT], now=NOW - timedelta(hours=9)) == {}
        assert read_event_facts(connection, [], now=NOW) == {}
