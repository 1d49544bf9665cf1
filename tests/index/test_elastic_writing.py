"""What is done about each answer to `_bulk`. The answers are a real server's of version 9.3.2, word for word."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from elastic_transport import TransportError
from elasticsearch import ApiError, Elasticsearch
from elasticsearch import ConnectionError as NoConnection

from core.errors import IndexMismatch, IndexUnavailable
from core.model import Mention, Post, Verdict
from index.elastic import writing
from index.elastic.naming import Names
from index.elastic.writing import Item, Writer, chunked, pause, prepared, version_of
from tests.index.elastic_node import Node, Said

IN: dict[str, Any] = {"status": 201}
NEWER = {
    "status": 409,
    "error": {
        "type": "version_conflict_engine_exception",
        "reason": "[1]: version conflict, current version [5] is higher than the one provided [4]",
    },
}
BAD = {
    "status": 400,
    "_index": "t-m-first-2026-03",
    "error": {
        "type": "document_parsing_exception",
        "reason": "[1:9] failed to parse field [risk] of type [integer] in document with id '1'. "
        "Preview of field's value: 'hoch'",
        "caused_by": {"type": "number_format_exception", "reason": 'For input string: "hoch"'},
    },
}
BUSY = {
    "status": 429,
    "error": {
        "type": "es_rejected_execution_exception",
        "reason": "rejected execution of coordinating operation [coordinating_and_primary_bytes=53687091]",
    },
}
MISSING = {
    "status": 404,
    "error": {
        "type": "index_not_found_exception",
        "reason": "no such index [t-w-2026-03] and [require_alias] request flag is [true] and [t-w-2026-03] is not an "
        "alias",
    },
}
FLOODED = {
    "status": 429,
    "error": {
        "type": "cluster_block_exception",
        "reason": "index [t-m-first-2026-03] blocked by: [TOO_MANY_REQUESTS/12/disk usage exceeded flood-stage "
        "watermark, index has read-only-allow-delete block; for more information, see …];",
    },
}
LOCKED = {
    "status": 403,
    "error": {
        "type": "cluster_block_exception",
        "reason": "index [t-x] blocked by: [FORBIDDEN/8/index write (api)];",
    },
}
GONE = {
    "status": 503,
    "error": {
        "type": "unavailable_shards_exception",
        "reason": "[red-1][0] primary shard is not active Timeout: [1s], request: [BulkShardRequest [[red-1][0]] "
        'containing [index {[red-1][1], source[{"author":"李先生"}]}]]',
    },
}
CLOSED = {"status": 400, "error": {"type": "index_closed_exception", "reason": "closed"}}


class Months:
    """A place that notes which months were opened."""

    def __init__(self) -> None:
        self.opened: list[str] = []

    def alias(self, month: str) -> str:
        return Names("t").write(month)

    def open_month(self, client: Elasticsearch, month: str) -> None:
        self.opened.append(month)


def items(*keys: str) -> list[Item]:
    return [Item(key, "2026-03", b'{"risk":1}') for key in keys]


class World:
    """A writer before a node that gives, for every id, one answer after another; the last one for ever."""

    def __init__(self, **answers: list[dict[str, Any]]) -> None:
        self.answers = answers
        self.node = Node(self.answer)
        self.place, self.slept, self.checked = Months(), list[float](), list[str]()
        self.writer = Writer(
            client=self.node.client(), place=self.place, version=1_000, check=self.checked.append,
            sleep=self.slept.append,
        )  # fmt: skip
        self.failures: list[Said | TransportError] = []

    def answer(self, method: str, target: str, body: bytes) -> Said | TransportError:
        if self.failures:
            return self.failures.pop(0)
        said = []
        for action, _ in self.node.bulks[-1]:
            left = self.answers.get(action["index"]["_id"], [IN])
            said.append({"index": left.pop(0) if len(left) > 1 else left[0]})
        return 200, {"items": said}

    @property
    def sent(self) -> list[list[str]]:
        return [[action["index"]["_id"] for action, _ in bulk] for bulk in self.node.bulks]


def test_each_item_carries_its_alias_and_the_moment_of_reading() -> None:
    """An alias that must be there, an id, a version that only grows."""
    world = World()
    world.writer.write(items("a"))
    assert world.node.bulks == [
        [
            (
                {"index": {"_index": "t-w-2026-03", "_id": "a", "version": 1000, "version_type": "external_gte"}},
                {"risk": 1},
            )
        ]
    ]
    assert "require_alias=true" in world.node.asked[0][1]


@pytest.mark.parametrize(
    ("answers", "sent", "refused"),
    [
        ({}, [["a", "b"]], {}),
        ({"a": [NEWER]}, [["a", "b"]], {}),
        ({"a": [BAD]}, [["a", "b"]], {"a": "字段值与索引的结构冲突"}),
        ({"a": [BUSY, BUSY, IN]}, [["a", "b"], ["a"], ["a"]], {}),
        ({"a": [BUSY, NEWER], "b": [BUSY, BAD]}, [["a", "b"], ["a", "b"]], {"b": "字段值与索引的结构冲突"}),
        ({"a": [MISSING, IN]}, [["a", "b"], ["a"]], {}),
        ({"a": [{"status": 413}]}, [["a", "b"]], {"a": "太大，服务器不接收"}),
        ({"a": [{**BUSY, "status": 503}, IN]}, [["a", "b"], ["a"]], {}),
    ],
)
def test_only_what_is_not_in_is_sent_again(
    answers: dict[str, list[dict[str, Any]]], sent: list[list[str]], refused: dict[str, str]
) -> None:
    """What is in, or a newer one of it, is done; what cannot be is refused with words; the rest waits its turn."""
    world = World(**{key: list(rows) for key, rows in answers.items()})
    world.writer.write(items("a", "b"))
    assert world.sent == sent
    assert world.writer.refused.keys() == refused.keys()
    for key, words in refused.items():
        assert words in world.writer.refused[key]


def test_a_poison_document_makes_us_look_at_its_index() -> None:
    """It may be the index that is wrong: then nothing is refused, and the trouble is named."""
    world = World(a=[BAD])
    world.writer.write(items("a"))
    assert world.checked == ["t-m-first-2026-03"]

    def drifted(index: str) -> None:
        raise IndexMismatch(f"索引 {index} 的结构与本程序不符")

    with pytest.raises(IndexMismatch):
        replace(world.writer, check=drifted, refused={}).write(items("a"))


def test_a_month_is_opened_once_and_at_once() -> None:
    """However many mentions found it missing; nobody waits for it."""
    world = World(a=[MISSING, IN], b=[MISSING, IN])
    world.writer.write(items("a", "b"))
    assert world.place.opened == ["2026-03"]
    assert world.slept == []


def test_busy_for_ever_ends() -> None:
    """After some tries the caller is told how many wait and why; the pauses grow and are never the same."""
    world = World(a=[BUSY])
    with pytest.raises(IndexUnavailable, match=r"1 条提及还没有进入索引：429 rejected execution"):
        world.writer.write(items("a", "b"))
    assert len(world.sent) == writing.TRIES
    assert len(world.slept) == writing.TRIES - 1
    assert world.slept == sorted(world.slept)
    assert pause(3) != pause(3)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (FLOODED, "磁盘将满，索引被设为只读"),
        (LOCKED, "被锁定"),
        (GONE, r"分片不可用（集群可能为 red）：\[red-1\]\[0\] primary shard is not active Timeout: \[1s\]。"),
        (CLOSED, "没有写入（400 index_closed_exception）"),
        ({"status": 500, "error": {"type": "io_exception", "reason": "No space left on device"}}, "No space left"),
        ({"status": 400, "error": {"type": "illegal_argument_exception",
          "reason": "no write index is defined for alias [t-w-2026-03]."}}, "指向了多个索引"),
    ],
)  # fmt: skip
def test_what_concerns_the_index_refuses_nobody(answer: dict[str, Any], words: str) -> None:
    """A full disk, a lock, a closed index: the mentions wait, the reason is named, nothing is hammered."""
    world = World(a=[answer])
    with pytest.raises(IndexUnavailable, match=words):
        world.writer.write(items("a", "b"))
    assert world.writer.refused == {}
    assert len(world.sent) == 1


def test_a_chunk_that_is_too_large_is_halved_until_one_is() -> None:
    """413 for the whole: the halves are sent; what is too large alone is refused by name."""
    world = World()

    def limited(method: str, target: str, body: bytes) -> Said | TransportError:
        return (413, "") if b"LARGE" in body or body.count(b"\n") > 4 else World.answer(world, method, target, body)

    world.node.answer = limited
    world.writer.send([*items("a", "b"), Item("c", "2026-03", b'{"t":"LARGE"}'), *items("d")])
    assert world.writer.refused == {"c": "太大（0.0 MB），服务器不接收"}
    accepted = [key for keys in world.sent for key in keys]
    assert set(accepted) == {"a", "b", "c", "d"}
    assert world.sent[-1] == ["d"]


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_busy_server_is_asked_again(status: int) -> None:
    """The whole request is put off: later, and the same."""
    world = World()
    world.failures = [(status, {"error": {"type": "x", "reason": "later"}}), (status, {})]
    world.writer.write(items("a"))
    assert world.sent == [["a"]] * 3
    assert len(world.slept) == 2


@pytest.mark.parametrize(
    "failure", [(401, {"error": {"type": "security_exception"}}), (400, {}), NoConnection("refused")]
)
def test_any_other_failure_is_the_callers(failure: Said | TransportError) -> None:
    """It is not sent again by us: what it means is said where it is known which server it was."""
    world = World()
    world.failures = [failure] * 9
    with pytest.raises((ApiError, NoConnection)):
        world.writer.write(items("a"))
    assert world.slept == []


def test_chunks_are_neither_long_nor_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """A large one stands alone; none is left out, and their order stays."""
    monkeypatch.setattr(writing, "CHUNK_ITEMS", 3)
    monkeypatch.setattr(writing, "CHUNK_BYTES", 100)
    sizes = [10, 10, 10, 10, 95, 10, 300, 10, 60, 60]
    made = list(chunked([Item(str(at), "m", b"x" * size) for at, size in enumerate(sizes)]))
    assert [[len(item.document) for item in chunk] for chunk in made] == [
        [10, 10, 10], [10], [95], [10], [300], [10, 60], [60],
    ]  # fmt: skip


def _mention(native: str, text: str = "车", *, verdict_of: str | None = None) -> Mention:
    post = Post(kind="forum", site="s", native_id=native, url="", channel="forum", text=text,
                collected=datetime(2026, 3, 1, tzinfo=UTC))  # fmt: skip
    other = replace(post, native_id=verdict_of) if verdict_of else post
    return Mention(post=post, verdict=Verdict(id=other.id, negative=0.1))


def test_of_one_batch_the_last_of_each_is_prepared() -> None:
    """Two chunks on their way could change places; a verdict of another post is refused."""
    refused: dict[str, str] = {}
    texts: Callable[[Any], list[bytes]] = lambda some: [one.post.text.encode() for one in some]  # noqa: E731
    wrong = _mention("3", verdict_of="4")
    made = list(prepared([_mention("1"), _mention("2"), wrong, _mention("1", "店")], texts, refused))
    assert [(item.key, item.month, item.document.decode()) for item in made] == [
        (_mention("1").id, "2026-03", "店"),
        (_mention("2").id, "2026-03", "车"),
    ]
    assert refused == {wrong.verdict.id: "研判与帖文的编号不一致"}


@pytest.mark.parametrize(
    ("read", "version"),
    [
        (datetime(1970, 1, 1, 0, 0, 1, 5, tzinfo=UTC), 1_000_005),
        (datetime(1960, 1, 1, tzinfo=UTC), 0),
        (datetime(2026, 3, 15, 12, tzinfo=UTC), 1_773_576_000_000_000),
    ],
)
def test_versions_are_microseconds(read: datetime, version: int) -> None:
    """Two readings are told apart if a clock can, and none is negative, which no server takes."""
    assert version_of(read) == version
