"""How the numbers beside a post grow: fast at first, towards a ceiling, and never down."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from demo.identities import steady
from demo.posts import Thread, WorldPost


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """What readers did with a Weibo post so far."""

    reposts: int
    comments: int
    likes: int


def grown(final: int, half: timedelta, age: timedelta) -> int:
    """The part of `final` that is reached at this age; half of it after `half`."""
    if age <= timedelta():
        return 0
    return int(final * (1 - 0.5 ** (age / half)))


def reach(post: WorldPost, now: datetime) -> Reach:
    """The counts below a Weibo post. What the content does not say is small and drawn from the id."""
    age = now - post.published
    likes = post.likes or 2 + steady(f"likes {post.author.name} {post.text}", 60)
    comments = post.reposts // 3 + likes // 9
    return Reach(
        reposts=grown(post.reposts, post.half, age),
        comments=grown(comments, post.half, age),
        likes=grown(likes, post.half, age),
    )


def views(thread: Thread, now: datetime) -> int:
    """How often a thread was opened."""
    final = 180 + steady(thread.title, 2400) + 90 * len(thread.posts)
    return len(thread.posts) + grown(final, timedelta(hours=20), now - thread.first.published)
