"""What a running server refuses: locked indices, foreign mappings, one document, everything for a while."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from core.database import Database
from core.errors import IndexMismatch, IndexUnavailable
from index.base import Query
from index.elastic import ElasticIndex, writing
from tests.elastic.filing_world import NOW, Clock, World, make_mention, server_settings
from tests.elastic.manual import commands
from tests.elastic.proxy import PRODUCT, Asked, Gateway, Reply, Said
from tests.elastic.server import Server
from tests.elastic.shell import run_commands

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


@pytest.fixture
def make_world(
    database: Database, elasticsearch_server: Server, elasticsearch_name: str
) -> Iterator[Callable[..., World]]:
    made: list[World] = []

    def make(url: str = "", **changes: Any) -> World:
        world = World(database, server_settings(url or elasticsearch_server.url, elasticsearch_name), **changes)
        made.append(world)
        return world

    yield make
    for world in made:
        world.close()


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "_FIRST_PAUSE", 0.001)


def test_a_read_only_block_is_named_and_waited_out(
    make_world: Callable[..., World], elasticsearch_server: Server, elasticsearch_name: str
) -> None:
    """As at flood stage: additions wait, nothing is set aside, searches go on; the page's command frees it."""
    world = make_world()
    first = world.judge([make_mention(number) for number in range(10)])
    world.catch_up()
    block = {"index.blocks.read_only_allow_delete": True}
    elasticsearch_server.request("PUT", f"/{elasticsearch_name}-m-*/_settings", block)
    later = world.judge([make_mention(number) for number in range(10, 20)])
    assert world.filer.file_once() == 0
    assert "磁盘将满" in world.reasons().pop()
    assert [one.id for one in world.found()] == first
    assert any("read_only_allow_delete" in remark for remark in world.index.state().remarks)
    run_commands(commands("unblock").replace("tingfeng", elasticsearch_name), elasticsearch_server)
    assert world.catch_up() == 10
    assert [one.id for one in world.found()] == [*first, *later]
    assert world.buried() == {}


def test_a_read_only_index_is_named(
    make_world: Callable[..., World], elasticsearch_server: Server, elasticsearch_name: str
) -> None:
    """An index that somebody locked on purpose is waited for as well, and the error says that it is locked."""
    world = make_world()
    world.judge([make_mention(1)])
    world.catch_up()
    elasticsearch_server.request("PUT", f"/{elasticsearch_name}-m-*/_settings", {"index.blocks.write": True})
    world.judge([make_mention(2)])
    assert world.filer.file_once() == 0
    assert "锁定" in world.reasons().pop()
    elasticsearch_server.request("PUT", f"/{elasticsearch_name}-m-*/_settings", {"index.blocks.write": None})
    assert world.catch_up() == 1


def test_one_poison_document_is_set_aside_by_name(
    make_world: Callable[..., World], elasticsearch_server: Server
) -> None:
    """One document of 300 arrives in a shape that the server does not take: it alone is set aside, with its words."""
    poison = make_mention(150)

    def spoilt(asked: Asked) -> Said:
        key = poison.id.encode()
        if not asked.is_bulk() or key not in asked.body:
            return None
        at = asked.body.index(b'"risk":60', asked.body.index(key))
        body = asked.body[:at] + b'"risk":{}' + asked.body[at + len(b'"risk":60') :]
        return gateway.forward(replace(asked, body=body))

    with Gateway(elasticsearch_server.url, answer=spoilt) as gateway:
        world = make_world(gateway.url, batch=100)
        ids = world.judge([make_mention(number) for number in range(300)])
        world.catch_up()
        assert world.waiting() == 0
        assert list(world.buried()) == [poison.id]
        assert "字段值与索引的结构冲突" in world.buried()[poison.id]
        assert "[risk]" in world.buried()[poison.id]
        assert {one.id for one in world.found()} == set(ids) - {poison.id}
        # Judged again, and this time it arrives whole.
        gateway.answer = None
        world.judge([poison])
        world.catch_up()
        assert world.buried() == {}
        assert [one.id for one in world.found()] == ids


@pytest.mark.parametrize("year", [2110, 2250, 2300, 9000])
def test_far_futures_never_stop_a_batch(elasticsearch_server: Server, elasticsearch_name: str, year: int) -> None:
    """Whatever moment a broken page gives: `add_many` answers, and the others are in."""
    index = ElasticIndex(server_settings(elasticsearch_server.url, elasticsearch_name), clock=Clock())
    odd = make_mention(1, when=datetime(year, 6, 1, tzinfo=UTC), collected=NOW)
    added = index.add_many([odd, make_mention(2)])
    assert set(added.refused) <= {odd.id}
    index.refresh()
    assert index.count() == added.count >= 1
    index.close()


def test_an_index_of_the_month_that_somebody_made_with_another_mapping(
    make_world: Callable[..., World], elasticsearch_server: Server, elasticsearch_name: str
) -> None:
    """What is written there could not be found: nothing is written, the difference and the remedy are named."""
    month = f"{elasticsearch_name}-m-first-2026-03"
    elasticsearch_server.request("PUT", f"/{month}", {"mappings": {"properties": {"number": {"type": "text"}}}})
    world = make_world()
    world.judge([make_mention(number) for number in range(10)])
    assert world.filer.file_once() == 0
    (reason,) = world.reasons()
    assert month in reason
    assert "tingfeng index rebuild" in reason
    assert world.waiting() == 10
    assert elasticsearch_server.request("GET", f"/{month}/_count")["count"] == 0


def test_a_mapping_that_was_changed_is_found_at_the_start(
    make_world: Callable[..., World], elasticsearch_server: Server, elasticsearch_name: str
) -> None:
    """A month of which the mapping is not ours (made by another template, say) stops searches that could be wrong."""
    world = make_world()
    world.judge([make_mention(1)])
    world.catch_up()
    foreign = f"{elasticsearch_name}-m-first-2026-04"
    elasticsearch_server.request("DELETE", f"/_index_template/{elasticsearch_name}-mentions")
    elasticsearch_server.request(
        "PUT", f"/{foreign}",
        {"mappings": {"properties": {"risk": {"type": "keyword"}}}, "aliases": {f"{elasticsearch_name}-mentions": {}}},
    )  # fmt: skip
    again = make_world()
    with pytest.raises(IndexMismatch, match=rf"{foreign}.*tingfeng index rebuild"):
        again.index.search(Query())
    assert any(foreign in remark for remark in again.index.state().remarks)
    elasticsearch_server.request("DELETE", f"/{foreign}")
    assert len(again.found()) == 1


def test_a_template_that_somebody_changed_is_put_right(
    make_world: Callable[..., World], elasticsearch_server: Server, elasticsearch_name: str
) -> None:
    """Our template is written at the first use: a new month is as we want it, whatever somebody did meanwhile."""
    template = f"/_index_template/{elasticsearch_name}-mentions"
    body = {"index_patterns": [f"{elasticsearch_name}-m-*"], "priority": 1, "template": {"settings": {}}}
    elasticsearch_server.request("PUT", template, body)
    world = make_world()
    ids = world.judge([make_mention(number) for number in range(5)])
    world.catch_up()
    assert [one.id for one in world.found()] == ids


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
        (_half_of_the_items(_UNAVAILABLE, 503), 4),
    ],
    ids=["429 of a whole request", "503 of a gateway", "429 of some items", "503 of some items"],
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
