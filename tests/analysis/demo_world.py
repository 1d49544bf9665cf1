"""The demo world as posts: what the crawl would hand over, without crawling it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from core.model import Author, Counts, Post, SourceKind, post_id
from demo.posts import SiteName, WorldPost
from demo.world import World

EPOCH = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
#: Ten minutes later everything is published.
WORLD_NOW = EPOCH + timedelta(minutes=10)
KINDS: dict[SiteName, SourceKind] = {"forum": "forum", "bbs": "forum", "weibo": "weibo", "news": "news"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """A post of the demo world, and what its author meant it to be."""

    post: Post
    #: label and grade are the yardstick.
    meant: WorldPost

    @property
    def is_incident(self) -> bool:
        """Whether it belongs to the live incident."""
        return self.meant.published >= EPOCH


def labelled_posts() -> list[Labelled]:
    """Every post of the demo world in the order of publication; a reply's parent is its thread's first post."""
    world = World.at(EPOCH)
    opening: dict[tuple[SiteName, int | None], str] = {
        (one.site, one.thread): one.native_id for one in world.posts if one.thread and one.floor == 1
    }
    return [Labelled(post=_post(one, opening), meant=one) for one in world.posts]


def _post(one: WorldPost, opening: dict[tuple[SiteName, int | None], str]) -> Post:
    parent = one.parent if one.thread is None else opening[one.site, one.thread] if one.floor > 1 else None
    kind = KINDS[one.site]
    return Post(
        kind=kind,
        site=f"{one.site}.example",
        native_id=one.native_id,
        url=f"https://{one.site}.example/{one.native_id}",
        channel="forum" if kind == "forum" else "weibo" if kind == "weibo" else "news",
        title=one.title if one.title and one.floor == 1 else None,
        text=one.text,
        author=Author(id=str(one.author.uid), name=one.author.name, followers=one.author.followers or None),
        published=one.published,
        collected=WORLD_NOW,
        floor=one.floor if one.thread else None,
        parent=post_id(kind, f"{one.site}.example", parent) if parent else None,
        counts=Counts(reposts=one.reposts or None),
        images=("https://forum.example/1.jpg",) if one.picture else (),
    )
