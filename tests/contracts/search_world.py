"""What the suite of the search index is run on: a few mentions, and every adapter by its name.

A new adapter is one more row in `ADAPTERS`. Whoever makes an index gets the request of the test, so that a row can ask
for a server (and so skip where there is none); what it makes is empty, and shares nothing with any other.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import pytest

from core.model import Author, Channel, ExhibitState, Grade, Mention, Post, Verdict
from core.settings import ElasticsearchSettings
from index.base import Added, Node, Query, SearchIndex
from index.query import parse
from index.sqlite import SqliteIndex

ZONE = ZoneInfo("Asia/Shanghai")
STORES = ("城东店", "城西店")
START = datetime(2026, 3, 14, 15, 30, tzinfo=UTC)  # 23:30 of the 14th in Shanghai
HOUR = timedelta(hours=1)


class Make(Protocol):
    """Makes an empty index of its own, in a folder or on a server, and takes everything away again at the end."""

    def __call__(
        self, request: pytest.FixtureRequest, folder: Path, *, zone: ZoneInfo, stores: Collection[str]
    ) -> AbstractContextManager[SearchIndex]: ...


@contextmanager
def embedded(
    request: pytest.FixtureRequest, folder: Path, *, zone: ZoneInfo, stores: Collection[str]
) -> Iterator[SearchIndex]:
    index = SqliteIndex(Path(mkdtemp(dir=folder)) / "index.sqlite", zone=zone, stores=stores)
    try:
        yield index
    finally:
        index.close()


@contextmanager
def on_a_server(
    request: pytest.FixtureRequest, folder: Path, *, zone: ZoneInfo, stores: Collection[str]
) -> Iterator[SearchIndex]:
    from index.elastic import ElasticIndex  # half a second, for those who have a server

    server = request.getfixturevalue("elasticsearch_server")
    name = f"contract-{os.getpid()}-{next(_NUMBERS)}"
    index = ElasticIndex(ElasticsearchSettings(hosts=(server.url,), name=name), zone=zone, stores=stores)
    try:
        yield index
    finally:
        index.close()
        server.forget(f"{name}-")


_NUMBERS = count()

ADAPTERS: dict[str, Make] = {
    "sqlite": embedded,
    "elasticsearch": on_a_server,
}


def mention(
    number: int,
    text: str,
    *,
    title: str | None = None,
    channel: Channel = "forum",
    grade: Grade | None = None,
    risk: int = 10,
    negative: float = 0.5,
    subjects: tuple[str, ...] = (),
    categories: tuple[str, ...] = (),
    event: str | None = None,
    author: str | None = None,
    site: str = "bbs.example",
    when: datetime | None = None,
    collected: datetime | None = None,
    images: tuple[str, ...] = (),
    source: str | None = None,
    evidence: ExhibitState | None = None,
) -> Mention:
    """A mention whose native id is `number`; the next number is an hour later."""
    post = Post(
        kind="forum",
        site=site,
        native_id=str(number),
        url=f"https://{site}/{number}",
        channel=channel,
        title=title,
        text=text,
        author=Author(name=author),
        published=when or START + number * HOUR,
        collected=collected or START + 100 * HOUR,
        images=images,
    )
    verdict = Verdict(
        id=post.id,
        negative=negative,
        subjects=subjects,
        categories=categories,
        event=event,
        grade=grade,
        risk=risk,
        model="m",
    )
    return Mention(post=post, verdict=verdict, source=source, evidence=evidence)


MENTIONS = [
    mention(0, "提车三天刹车异响，4S店说是正常现象。", title="星辰S7刹车问题", grade="A", risk=80, negative=0.93,
            subjects=("星辰汽车", "城东店"), categories=("质量",), event="e1", author="李先生",
            source="tieba-star", evidence="complete", images=("https://bbs.example/0.jpg",)),
    mention(1, "４Ｓ店 异响！找了三次都没修好", channel="weibo", grade="B", risk=60, negative=0.8,
            subjects=("星辰汽车",), categories=("质量", "服务"), event="e1", author="老王",
            source="weibo", evidence="partial"),
    mention(2, "服务很好，交车顺利，感谢城东店的小张。", channel="weibo", risk=0, negative=0.02, subjects=("城东店",),
            source="weibo", evidence="failed"),
    mention(3, "iPhone15 连不上 CarPlay，版本 3.15 之后才好", channel="qa", grade="C", risk=35, author="li xian",
            source="ＱＡ", evidence="pending"),
    mention(4, "14S店异响", channel="news", site="news.example", title="标题到此为刹", source="qa"),
    mention(5, "车停了，刹不住的期待🍋"),
]  # fmt: skip


def put(index: SearchIndex, mentions: Sequence[Mention], *, as_of: datetime | None = None) -> Added:
    """Add, and make it visible."""
    added = index.add_many(mentions, as_of=as_of)
    index.refresh()
    return added


def ask(text: str = "", **wishes: Any) -> Query:
    """A query by its search text."""
    return Query(where=parse(text, now=START, zone=ZONE), **wishes)


def numbers(index: SearchIndex, query: Query) -> list[int]:
    """The numbers of the mentions that a query finds, in their order."""
    return [int(hit.mention.post.native_id) for hit in index.search(query).hits]


def find(index: SearchIndex, text: str = "", **wishes: Any) -> list[int]:
    """What a search text finds."""
    return numbers(index, ask(text, **wishes))


def find_node(index: SearchIndex, node: Node, **wishes: Any) -> list[int]:
    """What a tree made by hand finds."""
    return numbers(index, Query(where=node, **wishes))


Opened = Callable[..., SearchIndex]
