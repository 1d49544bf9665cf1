"""A server that has too much to do, and gateways that do not let everything through: put off, sent again, in once."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from core.errors import IndexUnavailable
from index.base import Query
from index.elastic import writing
from tests.elastic.filing_world import World, make_mention
from tests.elastic.proxy import PRODUCT, Asked, Gateway, Reply, Said
from tests.elastic.server import Server

#: A server is started, and killed, and started again: on a busy machine that takes minutes.
pytestmark = pytest.mark.timeout(900)

#: Word for word what an Elasticsearch 9.3.2 says of a whole request (indexing_pressure.memory.limit was 20 kB) …
_PRESSURE = {
    "type": "es_rejected_execution_exception",
    "reason": "rejected execution of coordinating operation [coordinating_and_primary_bytes=17248, replica_bytes=0, "
    "all_bytes=17248, coordinating_operation_bytes=17248, max_coordinating_bytes=20480]",
}
#: … and of one item (thread_pool.write.queue_size was 1), cut in the middle.
_QUEUE = {
    "type": "es_rejected_execution_exception",
    "reason": "rejected execution of TimedRunnable{original=org.elasticsearch.action.bulk.TransportShardBulkAction$2…} "
    "on TaskExecutionTimeTrackingEsThreadPoolExecutor[name = vm/write, queue capacity = 1, task execution EWMA = 0s]",
}
_TOO_MANY = Reply(429, json.dumps({"error": {"root_cause": [_PRESSURE], **_PRESSURE}, "status": 429}).encode())
_UNAVAILABLE = {"type": "unavailable_shards_exception", "reason": "[x][0] primary shard is not active Timeout: [1m]"}


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "_FIRST_PAUSE", 0.001)


def _refusing(
    bulks: int, refusal: Callable[[Gateway, Asked], Said], gateways: list[Gateway]
) -> Callable[[Asked], Said]:
    """Refuse the first bulks, let the others through."""

    def answer(asked: Asked) -> Said:
        if asked.is_bulk() and sum(one.is_bulk() for one in gateways[0].seen) <= bulks:
            return refusal(gateways[0], asked)
        return None

    return answer


def _half_of_the_items(error: dict[str, str], status: int) -> Callable[[Gateway, Asked], Said]:
    """The server takes every second item; the others it puts off."""

    def refusal(gateway: Gateway, asked: Asked) -> Said:
        lines = asked.body.rstrip(b"\n").split(b"\n")
        pairs = [lines[at : at + 2] for at in range(0, len(lines), 2)]
        kept = b"".join(b"\n".join(pair) + b"\n" for pair in pairs[::2])
        taken = gateway.forward(replace(asked, body=kept))
        assert isinstance(taken, Reply)
        items: Iterator[Any] = iter(json.loads(taken.body)["items"])
        put_off = {"index": {"status": status, "error": error, "_index": "x"}}
        answers = [put_off if number % 2 else next(items) for number in range(len(pairs))]
        return Reply(200, json.dumps({"errors": True, "items": answers}).encode())

    return refusal


@pytest.mark.parametrize(
    ("refusal", "bulks"),
    [
        (lambda gateway, asked: _TOO_MANY, 4),
        (lambda gateway, asked: Reply(503, b"upstream connect error", {"Content-Type": "text/plain"}), 4),
        (_half_of_the_items(_QUEUE, 429), 4),
    ],
    ids=["429 of a whole request", "503 of a gateway", "429 of some items"],
)
def test_a_busy_server_is_given_time(
    elasticsearch_server: Server,
    make_world: Callable[..., World],
    refusal: Callable[[Gateway, Asked], Said],
    bulks: int,
) -> None:
    """What is put off is sent again after a pause, and only that; in the end each is in once."""
    gateways: list[Gateway] = []
    with Gateway(elasticsearch_server.url, answer=_refusing(bulks, refusal, gateways)) as gateway:
        gateways.append(gateway)
        world = make_world(gateway.url)
        ids = world.judge([make_mention(number) for number in range(64)])
        world.catch_up()
        assert (world.waiting(), world.buried()) == (0, {})
        assert len(world.index.given) == 1
        assert sum(one.is_bulk() for one in gateway.seen) >= bulks + 1
        assert [one.id for one in world.found()] == ids


def test_a_shard_that_is_not_there_is_named_and_waited_for(
    elasticsearch_server: Server, make_world: Callable[..., World]
) -> None:
    """Some of a batch found no shard, though the server waited for it: the batch waits, and is in once in the end."""
    gateways: list[Gateway] = []
    answer = _refusing(1, _half_of_the_items(_UNAVAILABLE, 503), gateways)
    with Gateway(elasticsearch_server.url, answer=answer) as gateway:
        gateways.append(gateway)
        world = make_world(gateway.url)
        ids = world.judge([make_mention(number) for number in range(20)])
        assert world.filer.file_once() == 0
        assert "分片不可用" in world.reasons().pop()
        assert world.catch_up() == 20
        assert [one.id for one in world.found()] == ids


def test_a_server_that_stays_busy_is_left_alone_for_a_while(
    elasticsearch_server: Server, make_world: Callable[..., World]
) -> None:
    """After a few tries the batch goes back to its place, and the filer rests; nothing is set aside."""
    gateways: list[Gateway] = []
    answer = _refusing(1_000_000, lambda gateway, asked: _TOO_MANY, gateways)
    with Gateway(elasticsearch_server.url, answer=answer) as gateway:
        gateways.append(gateway)
        world = make_world(gateway.url)
        ids = world.judge([make_mention(number) for number in range(10)])
        assert world.filer.file_once() == 0
        asked = len(gateway.seen)
        assert world.filer.file_once() == 0
        assert len(gateway.seen) == asked
        assert (world.waiting(), world.buried()) == (10, {})
        assert "429" in world.reasons().pop()
        gateway.answer = None
        assert world.catch_up() == 10
        assert [one.id for one in world.found()] == ids


def test_a_request_that_is_too_large_is_sent_in_parts(
    elasticsearch_server: Server, make_world: Callable[..., World]
) -> None:
    """A gateway that takes only small bodies (413): the batch goes in parts, what is too large alone is refused."""
    limit = 20_000

    def small_only(asked: Asked) -> Said:
        too_large = asked.is_bulk() and len(asked.body) > limit
        return (
            Reply(413, b"<html>413 Request Entity Too Large</html>", {"Content-Type": "text/html"})
            if too_large
            else None
        )

    with Gateway(elasticsearch_server.url, answer=small_only) as gateway:
        world = make_world(gateway.url)
        giant = make_mention(7, text="长" * limit)
        ids = world.judge([giant if number == 7 else make_mention(number) for number in range(40)])
        world.catch_up()
        assert list(world.buried()) == [giant.id]
        assert "太大" in world.buried()[giant.id]
        assert {one.id for one in world.found()} == set(ids) - {giant.id}


def test_a_part_of_an_answer_is_no_answer(elasticsearch_server: Server, make_world: Callable[..., World]) -> None:
    """A search that some shards did not answer is an error, never a shorter list."""

    def one_shard_less(asked: Asked) -> Said:
        if "/_search" not in asked.path:
            return None
        reply = gateway.forward(asked)
        assert isinstance(reply, Reply)
        body = json.loads(reply.body)
        body["_shards"]["failed"] = 1
        return Reply(200, json.dumps(body).encode(), PRODUCT)

    with Gateway(elasticsearch_server.url) as gateway:
        world = make_world(gateway.url)
        world.judge([make_mention(1)])
        world.catch_up()
        assert len(world.found()) == 1
        gateway.answer = one_shard_less
        with pytest.raises(IndexUnavailable, match="只查了一部分"):
            world.index.search(Query())
        with pytest.raises(IndexUnavailable, match="只查了一部分"):
            world.index.count_by(Query(), "grade")
