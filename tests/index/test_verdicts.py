"""The durable verdicts: the newest one counts, and mentions come back whole."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert

from core.database import Database
from core.model import ExhibitState, Mention, Post, Reason, Verdict
from core.schema import exhibits
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


def capture(
    store: VerdictStore, post: Post, state: ExhibitState, captured: datetime | None, *, number: int = 0
) -> None:
    row = {"id": f"{post.id}{number}", "post": post.id, "url": post.url, "state": state, "requested": START}
    with store.database.write() as connection:
        connection.execute(insert(exhibits).values(**row, captured=captured, pictures=[]))


def test_a_mention_comes_back_whole(store: VerdictStore, posts: list[Post]) -> None:
    """Post and verdict are read as they were written, in the order asked for; what is not judged is left out."""
    verdicts = [make_verdict(post) for post in posts[:3]]
    save(store, verdicts)
    asked = [posts[2].id, posts[4].id, "unknown", posts[0].id, posts[2].id]
    assert store.mentions(asked) == [
        Mention(post=posts[2], verdict=verdicts[2], source="s"),
        Mention(post=posts[0], verdict=verdicts[0], source="s"),
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


def test_every_goes_on_behind_an_id(store: VerdictStore, posts: list[Post]) -> None:
    """A rebuild that was stopped reads what is left, once."""
    save(store, [make_verdict(post) for post in posts])
    ids = sorted(post.id for post in posts)
    for at, after in enumerate(ids):
        assert [mention.id for part in store.every(after=after, batch=2) for mention in part] == ids[at + 1 :]


def test_every_since_reads_what_was_captured_from_then_on(store: VerdictStore, posts: list[Post]) -> None:
    """Evidence that was sealed later is news of a post that was judged before."""
    save(store, [make_verdict(post) for post in posts], now=START - HOUR)
    capture(store, posts[1], "complete", START + HOUR)
    capture(store, posts[2], "failed", START - HOUR)
    assert [mention.id for part in store.every(START) for mention in part] == [posts[1].id]


def test_what_was_collected_before_is_left_out(store: VerdictStore, posts: list[Post]) -> None:
    """An archive that keeps a year of mentions in its index rebuilds a year of them."""
    save(store, [make_verdict(post) for post in posts])
    since = posts[3].collected
    found = {mention.id for part in store.every(collected=since, batch=1) for mention in part}
    assert found == {post.id for post in posts[3:]}
    assert (store.count(), store.count(collected=since)) == (5, 2)


@pytest.mark.parametrize(
    ("states", "best"),
    [
        ((), None),
        (("pending",), "pending"),
        (("failed", "pending"), "failed"),
        (("deleted_before_capture", "failed"), "deleted_before_capture"),
        (("blocked", "deleted_before_capture"), "blocked"),
        (("partial", "blocked", "pending"), "partial"),
        (("failed", "complete", "partial"), "complete"),
    ],
)
def test_a_mention_knows_its_source_and_its_best_evidence(
    store: VerdictStore, posts: list[Post], states: tuple[ExhibitState, ...], best: ExhibitState | None
) -> None:
    """Of several captures the best one counts; a post is one mention however many there are."""
    save(store, [make_verdict(post) for post in posts[:2]])
    for number, state in enumerate(states):
        capture(store, posts[0], state, None if state == "pending" else START, number=number)
    [mention] = store.mentions([posts[0].id])
    assert (mention.source, mention.evidence) == ("s", best)
    assert [one.evidence for part in store.every() for one in part if one.id != posts[0].id] == [None]


def test_an_import_has_no_source(store: VerdictStore, database: Database) -> None:
    made = make_post(7)
    PostStore(database).keep([made], source="", raw=None, now=START)
    save(store, [make_verdict(made)])
    assert store.mentions([made.id])[0].source is None


def test_latest_graded_and_event(store: VerdictStore, posts: list[Post]) -> None:
    """The console's lists: newest graded first; an event earliest first."""
    save(store, [make_verdict(post, grade="C" if at % 2 else None, risk=at) for at, post in enumerate(posts)])
    assert [mention.post for mention in store.latest_graded()] == [posts[3], posts[1]]
    assert [mention.post for mention in store.of_event("e1", limit=2)] == posts[:2]
    assert store.of_event("unknown") == []
