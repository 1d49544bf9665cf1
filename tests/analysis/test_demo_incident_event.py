"""The demo's live incident is one event over forum, Weibo and news, however its posts arrive."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path

import pytest

from analysis.analyser import Analyser
from analysis.events import EventGrouper
from core.database import Database
from core.model import Post, Verdict
from core.schema import events
from tests.analysis.demo_world import WORLD_NOW, Labelled


@pytest.fixture
def incident(demo_posts: Sequence[Labelled]) -> list[Labelled]:
    return [one for one in demo_posts if one.is_incident]


def judge(analyser: Analyser, folder: Path, batches: Iterable[Sequence[Post]]) -> dict[str, Verdict]:
    """Judge batch by batch as the worker does: what was judged before is the context of what follows."""
    database = Database(f"sqlite:///{folder / 'incident.sqlite'}")
    database.migrate()
    grouper = EventGrouper(database)
    stored: dict[str, Post] = {}
    found: dict[str, Verdict] = {}

    def context(ids: Sequence[str]) -> dict[str, Post]:
        return {key: stored[key] for key in ids if key in stored}

    for batch in batches:
        stored |= {post.id: post for post in batch}
        with database.write() as connection:
            group = partial(grouper.assign, connection)
            given = analyser.assess(batch, now=WORLD_NOW, group=group, context=context)
        found |= {verdict.id: verdict for verdict in given}
    with database.read() as connection:
        rows = connection.execute(events.select()).all()
    database.close()
    assert len(rows) == 1, [row.title for row in rows]
    assert rows[0].channels == ["news", "forum", "weibo"]
    return found


def batched(posts: Sequence[Post], seed: int) -> list[Sequence[Post]]:
    """The posts in their order, cut at random places."""
    chance = random.Random(seed)
    cuts = sorted(chance.sample(range(1, len(posts)), 3))
    return [posts[start:end] for start, end in pairwise([0, *cuts, len(posts)])]


def parents_first(posts: Sequence[Post], seed: int) -> list[Sequence[Post]]:
    """One by one in a random order, but no answer before what it answers: pages show both together."""
    chance = random.Random(seed)
    left, done, order = list(posts), set[str](), list[Sequence[Post]]()
    while left:
        post = chance.choice([one for one in left if one.parent is None or one.parent in done])
        left.remove(post)
        done.add(post.id)
        order.append([post])
    return order


def check(incident: Sequence[Labelled], found: dict[str, Verdict]) -> None:
    graded = [one for one in incident if found[one.post.id].grade]
    assert len(graded) >= 6
    assert all(found[one.post.id].event for one in graded)
    for one in incident:
        if one.meant.label == "official":
            assert found[one.post.id].grade is None
        if one.meant.grade == "A":
            assert found[one.post.id].grade == "A"


def test_in_one_batch(demo_analyser: Analyser, incident: Sequence[Labelled], tmp_path: Path) -> None:
    """All at once: one event, the official replies raise nothing."""
    check(incident, judge(demo_analyser, tmp_path, [[one.post for one in incident]]))


def test_one_by_one(demo_analyser: Analyser, incident: Sequence[Labelled], tmp_path: Path) -> None:
    """Second by second, as the drill plays it."""
    check(incident, judge(demo_analyser, tmp_path, [[one.post] for one in incident]))


@pytest.mark.parametrize("seed", range(5))
def test_shuffled_in_one_batch(
    demo_analyser: Analyser, incident: Sequence[Labelled], tmp_path: Path, seed: int
) -> None:
    """The order within a batch means nothing."""
    posts = [one.post for one in incident]
    random.Random(seed).shuffle(posts)
    check(incident, judge(demo_analyser, tmp_path, [posts]))


@pytest.mark.parametrize("seed", range(5))
def test_in_several_batches(demo_analyser: Analyser, incident: Sequence[Labelled], tmp_path: Path, seed: int) -> None:
    """Wherever the batches are cut."""
    check(incident, judge(demo_analyser, tmp_path, batched([one.post for one in incident], seed)))


@pytest.mark.parametrize("seed", range(10))
def test_in_any_order_in_which_answers_follow(
    demo_analyser: Analyser, incident: Sequence[Labelled], tmp_path: Path, seed: int
) -> None:
    """News before the forum, the second repost before the first: still one event."""
    check(incident, judge(demo_analyser, tmp_path, parents_first([one.post for one in incident], seed)))
