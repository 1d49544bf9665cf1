"""Mentions for the tests of the risk: a post, what is known of it, and the points it gets."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from analysis.background import Background
from analysis.reading import read
from analysis.risk import Facts, Risk, RiskScale, RiskTable, bundled_table
from analysis.topics import Topic, bundled_topics
from core.model import Channel, Event, Post
from core.settings import RiskSettings

#: A day without a sensitive window.
NOON = datetime(2026, 6, 10, 4, 0, tzinfo=UTC)
SHANGHAI = ZoneInfo("Asia/Shanghai")
SCALE = RiskScale(bundled_table(), RiskSettings(), SHANGHAI)


def make_post(text: str, *, channel: Channel = "forum", **more: Any) -> Post:
    """A post of NOON."""
    values: dict[str, Any] = {
        "kind": "manual",
        "site": "bbs.example",
        "native_id": text,
        "url": "",
        "collected": NOON,
        **more,
    }
    return Post(channel=channel, text=text, **values)


def facts_of(
    post: Post,
    *,
    negative: float = 0.9,
    event: Event | None = None,
    background: Background | None = None,
    same_text: int = 1,
    topics: Sequence[Topic] | None = None,
) -> Facts:
    """What the analyser would know of it, by the words of the bundled categories unless topics are given."""
    reading = read(post.full_text)
    return Facts(
        post=post,
        reading=reading,
        subjects=("曜行汽车",),
        negative=negative,
        topics=bundled_topics().find(reading) if topics is None else topics,
        event=event,
        background=background,
        same_text=same_text,
    )


def weigh(facts: Facts, table: RiskTable | None = None) -> Risk:
    """By the bundled table, or another."""
    return (RiskScale(table, RiskSettings(), SHANGHAI) if table else SCALE).weigh(facts)


def points(facts: Facts, table: RiskTable | None = None) -> dict[str, int]:
    """Code to points, of every reason."""
    return {reason.code: reason.points for reason in weigh(facts, table).reasons}


def make_event(size: int, *channels: Channel) -> Event:
    """An event of NOON."""
    return Event(
        id="e", title="t", first_post="p", first_published=NOON, last_published=NOON, size=size, channels=channels
    )
