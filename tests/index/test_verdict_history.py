"""Verdicts that were replaced: kept when they differ, in the same transaction, with the reason; never twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.database import Database
from core.model import Post, Reason, Verdict
from core.schema import verdict_history
from index.posts import PostStore
from index.verdicts import Saved, VerdictStore
from index.verdicts_replaced import WHY_NAMES, differ

NOW = datetime(2026, 3, 15, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def make_post(number: int = 1) -> Post:
    return Post(
        kind="forum",
        site="bbs.example",
        native_id=str(number),
        url=f"https://bbs.example/{number}",
        channel="forum",
        text=f"第{number}条",
        collected=NOW,
    )


def verdict(post: Post | None = None, **changes: Any) -> Verdict:
    values: dict[str, Any] = {
        "negative": 0.8,
        "subjects": ("甲", "乙"),
        "categories": ("x", "y"),
        "event": "e1",
        "risk": 55,
        "grade": "B",
        "reasons": (Reason(code="negative", text="负面概率 80%", points=55, span=(0, 1)),),
        "model": "m1",
    }
    return Verdict(id=(post or make_post()).id, **{**values, **changes})


@pytest.fixture
def store(database: Database) -> VerdictStore:
    PostStore(database).keep([make_post(1), make_post(2)], source="s", raw=None, now=NOW)
    return VerdictStore(database)


def save(store: VerdictStore, *found: Verdict, hours: int = 0, why: str = "rejudged", keep: bool = False) -> Saved:
    with store.database.write() as connection:
        return store.save(connection, found, now=NOW + hours * HOUR, why=why, keep_events=keep)


DIFFERENT = [
    {"grade": "A"},
    {"grade": None},
    {"risk": 54},
    {"categories": ("x",)},
    {"categories": ("x", "z")},
    {"subjects": ("甲",)},
    {"event": "e2"},
    {"event": None},
    {"negative": 0.82},
    {"model": "m2"},
]
THE_SAME = [
    {},
    {"negative": 0.805},
    {"categories": ("y", "x")},
    {"subjects": ("乙", "甲")},
    {"reasons": ()},
]


@pytest.mark.parametrize("changes", DIFFERENT)
def test_a_different_judgement_keeps_the_one_before(store: VerdictStore, changes: dict[str, Any]) -> None:
    """Whole, with when it was made, when it ended, and why."""
    save(store, verdict())
    saved = save(store, verdict(**changes), hours=2, why="reassess")
    [old] = store.history(make_post().id)
    assert (old.verdict, old.judged, old.replaced, old.why) == (verdict(), NOW, NOW + 2 * HOUR, "reassess")
    assert saved.before == {make_post().id: verdict()}
    assert differ(verdict(), verdict(**changes))


@pytest.mark.parametrize("changes", THE_SAME)
def test_judging_the_same_again_adds_nothing(store: VerdictStore, changes: dict[str, Any]) -> None:
    """Wording, order and the last digits make no other verdict; the newest is what stands."""
    save(store, verdict())
    save(store, verdict(**changes), hours=2)
    assert store.history(make_post().id) == []
    [mention] = store.mentions([make_post().id])
    assert mention.verdict == verdict(**changes)


def test_the_history_is_in_order_and_one_posts_own(store: VerdictStore) -> None:
    save(store, verdict(), verdict(make_post(2)))
    save(store, verdict(grade="A"), hours=1)
    save(store, verdict(grade="C"), hours=2, why="correction")
    assert [one.verdict.grade for one in store.history(make_post().id)] == ["B", "A"]
    assert store.history(make_post(2).id) == store.history("unknown") == []


def test_first_verdicts_have_no_history(store: VerdictStore) -> None:
    assert save(store, verdict()).before == {}
    assert store.history(make_post().id) == []


def test_a_transaction_that_fails_keeps_neither(store: VerdictStore) -> None:
    """The old verdict stands, and is not said to have ended."""
    save(store, verdict())
    with pytest.raises(OSError, match="full"), store.database.write() as connection:
        store.save(connection, [verdict(grade="A")], now=NOW + HOUR)
        raise OSError("disk full")
    assert store.history(make_post().id) == []
    assert store.mentions([make_post().id])[0].verdict.grade == "B"


def test_an_event_is_kept_where_that_is_asked_for(store: VerdictStore) -> None:
    """A new event still replaces it, and a post that never had one gets none."""
    save(store, verdict(), verdict(make_post(2), event=None))
    saved = save(store, verdict(event=None, grade=None), verdict(make_post(2), event=None), hours=1, keep=True)
    assert [one.event for one in saved.verdicts] == ["e1", None]
    assert save(store, verdict(event="e9"), hours=2, keep=True).verdicts[0].event == "e9"


def test_large_batches_are_read_and_kept_whole(database: Database) -> None:
    """More posts than one question to the database may name."""
    posts = [make_post(number) for number in range(1200)]
    PostStore(database).keep(posts, source="s", raw=None, now=NOW)
    store = VerdictStore(database)
    save(store, *(verdict(post) for post in posts))
    assert len(save(store, *(verdict(post, grade="A") for post in posts), hours=1).before) == 1200
    with database.read() as connection:
        assert len(connection.execute(verdict_history.select()).all()) == 1200


def test_every_reason_in_use_has_words() -> None:
    assert {"rejudged", "reassess", "correction"} <= WHY_NAMES.keys()
