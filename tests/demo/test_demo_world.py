"""The world at a moment: remembered by its epoch, growing, and never ahead of the clock."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from demo import identities, script
from demo.growth import grown, reach, views
from demo.posts import SITES
from demo.world import BadEpoch, World

SECOND = timedelta(seconds=1)


def test_the_history_stands_at_the_epoch(world: World) -> None:
    """At least 300 posts exist when the world begins, and nothing of the incident."""
    published = world.published(world.epoch)
    assert len(published) >= 300
    assert all(post.label != "incident" for post in published)
    assert {post.site for post in published} == set(SITES)


@pytest.mark.parametrize("seconds", [-86_400, -600, 0, 24, 25, 45, 60, 100, 145, 3600])
def test_nothing_is_published_in_the_future(world: World, seconds: int) -> None:
    """Whatever a site can show at a moment was published by then."""
    now = world.epoch + seconds * SECOND
    shown = [*world.published(now)]
    for site in ("forum", "bbs"):
        shown += [post for thread in world.threads(site, now) for post in thread.posts]
    assert all(post.published <= now for post in shown)


def test_ids_are_unique_within_a_site(world: World) -> None:
    """Two posts of a site never share a native id, and a thread id belongs to one thread."""
    assert len({(post.site, post.native_id) for post in world.posts}) == len(world.posts)
    assert len({(post.site, post.thread, post.floor) for post in world.posts if post.thread}) == sum(
        post.thread is not None for post in world.posts
    )


def test_a_restart_finds_the_same_world(tmp_path: Path, world: World) -> None:
    """The second start keeps the epoch of the first, and with it every id and time."""
    first = World.open(tmp_path, world.epoch + timedelta(microseconds=250))
    again = World.open(tmp_path, world.epoch + timedelta(hours=5))
    assert again.epoch == first.epoch == world.epoch
    assert [(post.native_id, post.published) for post in again.posts] == [
        (post.native_id, post.published) for post in first.posts
    ]


def test_a_later_incident_moves_only_the_incident(world: World) -> None:
    """Ids do not depend on when the incident starts, except Weibo's, which contain the second."""
    later = World.at(world.epoch, incident_after=timedelta(minutes=5))
    steady = [(post.site, post.native_id) for post in world.posts if post.site != "weibo"]
    assert [(post.site, post.native_id) for post in later.posts if post.site != "weibo"] == steady
    assert later.posts[0] == world.posts[0]
    assert later.incident_start - world.incident_start == timedelta(minutes=5) - timedelta(seconds=25)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        '{"epoch": "yesterday", "incident_after": 25}',
        '{"epoch": "2026-11-22T06:00:00", "incident_after": 25}',
    ],
)
def test_a_damaged_epoch_is_named(tmp_path: Path, text: str) -> None:
    """A broken file is an error that names the file and the way out, never a silent new world."""
    (tmp_path / "epoch.json").write_text(text, encoding="utf-8")
    with pytest.raises(BadEpoch, match=r"epoch\.json.*删去"):
        World.open(tmp_path, datetime.fromisoformat("2026-11-22T06:00:00+00:00"))


def test_a_naive_moment_is_refused(tmp_path: Path) -> None:
    """An epoch without a zone would shift the whole world by eight hours."""
    with pytest.raises(ValueError, match="time zone"):
        World.open(tmp_path, datetime(2026, 11, 22, 6))  # noqa: DTZ001
    assert not (tmp_path / "epoch.json").exists()


def test_the_epoch_file_is_plain(tmp_path: Path, world: World) -> None:
    """What a person finds in the folder is one readable JSON object."""
    World.open(tmp_path, world.epoch, incident_after=timedelta(seconds=90))
    assert json.loads((tmp_path / "epoch.json").read_text()) == {
        "epoch": "2026-11-22T06:00:00+00:00",
        "incident_after": 90.0,
    }


def test_the_incident_unfolds_by_the_clock(world: World) -> None:
    """Thread at once, replies from 20 s, the large account at 40 s, the article at 75 s, the official word at 120 s."""
    start = world.incident_start

    def seen(seconds: int) -> list[tuple[str, str]]:
        posts = world.published(start + seconds * SECOND)
        return [(post.site, post.label) for post in posts if post.published >= start]

    assert seen(-1) == []
    assert seen(0) == [("forum", "incident")]
    assert seen(34) == [("forum", "incident")] * 2 + [("forum", "neutral"), ("forum", "incident")]
    assert seen(39)[-1][0] == "forum"
    assert seen(40)[-1] == ("weibo", "incident")
    assert [site for site, _ in seen(74)].count("weibo") == 3
    assert seen(75)[-1] == ("news", "incident")
    assert ("forum", "official") not in seen(119)
    assert seen(120)[-1] == ("forum", "official")


def test_the_large_account_spreads(world: World) -> None:
    """The retelling comes from an account of 1.8 million, is worded differently, and its reposts grow by the minute."""
    start = world.incident_start
    posts = world.published(start + 600 * SECOND)
    large = next(post for post in posts if post.author.followers >= 1_800_000 and post.published >= start)
    opening = next(post for post in posts if post.label == "incident" and post.site == "forum")
    assert large.text not in opening.text
    counts = [reach(large, large.published + second * SECOND).reposts for second in range(0, 300, 30)]
    assert counts == sorted(set(counts))
    assert counts[0] == 0
    assert counts[-1] > 5000
    assert sum(post.parent == large.native_id for post in posts) == 2


@pytest.mark.parametrize(("age", "expected"), [(-5, 0), (0, 0), (60, 50), (120, 75), (6000, 100)])
def test_counts_approach_their_ceiling(age: int, expected: int) -> None:
    """Half is reached after the half time, the whole long after, and nothing before publication."""
    assert grown(100, timedelta(minutes=1), age * SECOND) == expected


def test_views_grow(world: World) -> None:
    """A thread is read more and more."""
    now = world.epoch
    tid = world.threads("forum", now)[3].tid
    moments = [now + timedelta(hours=hours) for hours in range(0, 30, 6)]
    threads = [world.thread("forum", tid, moment) for moment in moments]
    counts = [views(thread, moment) for thread, moment in zip(threads, moments, strict=True) if thread]
    assert len(counts) == 5
    assert counts == sorted(set(counts))


def test_unpublished_posts_cannot_be_asked_for(world: World) -> None:
    """A post is unknown one second before it is published, by either of its ids."""
    for post in world.posts[-12:]:
        assert world.post(post.site, post.native_id, post.published - SECOND) is None
        assert world.post(post.site, post.native_id, post.published) is post
    assert world.post("weibo", "1", world.epoch) is None
    last = next(post for post in reversed(world.posts) if post.site == "weibo")
    assert world.post("weibo", identities.bid(last.native_id), last.published) is last


def test_a_short_id_is_made_like_weibo_s() -> None:
    """The published pair of a real status: mid and bid."""
    assert identities.bid("4645748019299849") == "Kjc77D1jz"


def test_the_timeline_is_described_for_people(world: World) -> None:
    """Every beat has its line, counted from the start of the drill; the official words are marked as quiet."""
    lines = script.describe(world.incident_after).splitlines()
    assert len(lines) == 1 + len(script.timeline())
    assert "25秒" in lines[1]
    assert "起火" in lines[1]
    assert all(beat.summary for beat in script.timeline())
    assert [line for line in lines if "不应报警" in line] == [line for line in lines[1:] if "官方" in line]
