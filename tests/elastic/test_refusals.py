"""What a running server refuses: locked indices, foreign mappings, one document, everything for a while."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from core.errors import IndexMismatch
from index.base import Query
from index.elastic import ElasticIndex
from tests.elastic.filing_world import NOW, Clock, World, make_mention, server_settings
from tests.elastic.manual import commands
from tests.elastic.proxy import Asked, Gateway, Said
from tests.elastic.server import Server
from tests.elastic.shell import run_commands

#: A server is started, and killed, and started again: on a busy machine that takes minutes.
pytestmark = pytest.mark.timeout(900)


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
