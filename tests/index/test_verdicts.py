"""The durable verdicts: the newest one counts, and mentions come back whole."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from core.database import Database
from core.model import Mention, Post, Reason, Verdict
from index.posts import PostStore
from index.verdicts import VerdictStore

START = datetime(2026, 3, 14, 16, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def make_post(number: int, *, published: datetime | None = None) -> Post:
    return Post(
        kind="weibo",
        site="weibo.example",
        native_id=str(number),
        url=f"https://weibo.example/{number}",
        channel="weibo",
        text=f"第{number}条",
        published=published,
        collected=START + number * HOUR,
    )


def make_verdict(post: Post, **changes: object) -> Verdict:
    values: dict[str, object] = {
        "negative": 0.75,
        "subjects": ("星辰汽车",),
        "categories": ("安全",),
        "event": "e1",
        "risk": 80,
        "grade": "A",
        "reasons": (
            Reason(code="category.safety", text="涉及安全", points=40, span=(0, 2)),
            Reason(code="x", text="备注"),
        ),
        "model": "m1",
    }
    return Verdict(id=post.id, **{**values, **changes})  # type: ignore[arg-type]


@pytest.fixture
def posts(database: Database) -> list[Post]:
    made = [make_post(number) for number in range(5)]
    PostStore(database).keep(made, source="s", raw=None, now=START)
    return made


@pytest.fixture
def store(database: Database) -> VerdictStore:
    return VerdictStore(database)


def save(store: VerdictStore, verdicts: Sequence[Verdict], now: datetime = START) -> None:
    with store.database.write() as connection:
        store.save(connection, verdicts, now=now)


def test_a_mention_comes_back_whole(store: VerdictStore, posts: list[Post]) -> None:
    """Post and verdict are read as they were written, in the order asked for; what is not judged is left out."""
    verdicts = [make_verdict(post) for post in posts[:3]]
    save(store, verdicts)
    asked = [posts[2].id, posts[4].id, "unknown", posts[0].id, posts[2].id]
    assert store.mentions(asked) == [
        Mention(post=posts[2], verdict=verdicts[2]),
        Mention(post=posts[0], verdict=verdicts[0]),
    ]
    assert store.count() == 3
    save(store, [])


def test_a_new_judgement_replaces_the_old_one(store: VerdictStore, posts: list[Post]) -> None:
    """A post has one verdict, the newest, also within one call."""
    save(store, [make_verdict(posts[0])])
    changed = make_verdict(posts[0], grade=None, event=None, risk=3, negative=0.1, reasons=(), subjects=(), model="m2")
    save(store, [make_verdict(posts[0]), changed])
    assert [mention.verdict for mention in store.mentions([posts[0].id])] == [changed]


def test_a_verdict_on_an_unknown_post_is_refused(store: VerdictStore) -> None:
    """No verdict floats without its post."""
    with pytest.raises(Exception, match="FOREIGN KEY"):
        save(store, [make_verdict(make_post(99))])


def test_between_reads_a_day_by_publication_or_first_sight(store: VerdictStore, database: Database) -> None:
    """The digest's day: published in it, or first seen in it where the source shows no time; the end is outside."""
    made = [
        make_post(0, published=START),
        make_post(1, published=START - HOUR),
        make_post(2),
        make_post(3, published=START + 24 * HOUR),
        make_post(30, published=START + HOUR),
        make_post(31, published=START + HOUR),
        make_post(24),
    ]
    PostStore(database).keep(made, source="s", raw=None, now=START)
    save(store, [make_verdict(post) for post in made])
    for batch in (1, 2, 100):
        found = [mention.post for mention in store.between(START, START + 24 * HOUR, batch=batch)]
        middle = sorted(made[4:6], key=lambda post: post.id)
        assert found == [made[0], *middle, made[2]]


@pytest.mark.parametrize("batch", [1, 2, 5, 100])
def test_every_reads_each_mention_once(store: VerdictStore, posts: list[Post], batch: int) -> None:
    """However the batches fall, a rebuild sees every judged post exactly once."""
    save(store, [make_verdict(post) for post in posts])
    found = [mention.id for part in store.every(batch=batch) for mention in part]
    assert sorted(found) == sorted(post.id for post in posts)
    assert len(set(found)) == len(found)


def test_every_since_reads_what_was_judged_from_then_on(store: VerdictStore, posts: list[Post]) -> None:
    """The catch-up after a rebuild needs only the new judgements."""
    save(store, [make_verdict(post) for post in posts[:3]], now=START)
    save(store, [make_verdict(post) for post in posts[2:]], now=START + HOUR)
    found = {mention.id for part in store.every(START + HOUR, batch=2) for mention in part}
    assert found == {post.id for post in posts[2:]}
    assert list(store.every(START + 2 * HOUR)) == []


def test_latest_graded_and_event(store: VerdictStore, posts: list[Post]) -> None:
    """The console's lists: newest graded first; an event earliest first."""
    save(store, [make_verdict(post, grade="C" if at % 2 else None, risk=at) for at, post in enumerate(posts)])
    assert [mention.post for mention in store.latest_graded()] == [posts[3], posts[1]]
    assert [mention.post for mention in store.of_event("e1", limit=2)] == posts[:2]
    assert store.of_event("unknown") == []
