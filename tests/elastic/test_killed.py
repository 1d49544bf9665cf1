"""kill -9 of the server in the middle of 20,000 mentions, and a disk that fills up: on a server of its own."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from core.database import Database
from core.errors import IndexUnavailable
from index.base import Query
from tests.elastic.filing_world import World, make_mention, server_settings
from tests.elastic.fixtures import server_or_skip
from tests.elastic.proxy import Asked, Gateway, HangUp, Said
from tests.elastic.server import Server

#: A server is started, and killed, and started again: on a busy machine that takes minutes.
pytestmark = pytest.mark.timeout(900)

MENTIONS = 20_000
#: The bulk in which the server dies: with batches of 1,000 about the middle.
_FATAL = 9


@pytest.fixture(scope="module")
def fragile(request: pytest.FixtureRequest) -> Iterator[Server]:
    """A server that a test may kill, and whose disk it may declare full."""
    # How often it looks at its disk: ten seconds is the shortest it takes.
    with server_or_skip(request.config, settings={"cluster.info.update.interval": "10s"}) as server:
        yield server


def test_a_server_killed_in_a_bulk_has_everything_once_in_the_end(database: Database, fragile: Server) -> None:
    """20,000 mentions over two weeks and two months are filed; during the ninth bulk the server is killed with -9.

    What the killed server had written of that bulk nobody knows; what it had confirmed before is not sent again. After
    it is up again and the queue has run empty each of the 20,000 is there as the truth has it, once, and they went in
    in the order in which they waited.
    """
    died = threading.Event()

    def kill_in_the_middle(asked: Asked) -> Said:
        if not asked.is_bulk() or asked.before != _FATAL - 1 or died.is_set():
            return None
        sending = threading.Thread(target=gateway.forward, args=(asked,))
        sending.start()
        fragile.kill()
        sending.join()
        died.set()
        return HangUp()

    with Gateway(fragile.url, answer=kill_in_the_middle) as gateway:
        world = World(database, server_settings(gateway.url, "killed"))
        ids = world.judge([make_mention(number) for number in range(MENTIONS)])
        world.filer.drain()
        assert died.is_set()
        taken = sum(map(len, world.index.taken))
        assert 0 < taken < MENTIONS
        assert world.waiting() == MENTIONS - taken
        with pytest.raises(IndexUnavailable, match="Elasticsearch"):
            world.index.search(Query())
        fragile.start()
        assert world.catch_up() == MENTIONS - taken

        assert [one for batch in world.index.taken for one in batch] == ids
        assert (world.waiting(), world.buried()) == (0, {})
        found = world.found()
        assert len(found) == MENTIONS
        assert found == world.verdicts.mentions(ids)  # newest first, which is how they were made
        months = {row.name: row.mentions for row in world.index.state().pieces}
        assert len(months) == 2
        assert sum(months.values()) == MENTIONS
        world.close()
    everywhere = fragile.request("GET", "/killed-m-*/_count")["count"]
    assert everywhere == MENTIONS


def test_a_disk_at_flood_stage_is_named_and_waited_out(database: Database, fragile: Server) -> None:
    """The server locks its indices by itself, since the disk is over the mark; searches go on; freed, all goes in."""
    marks = ("low", "high", "flood_stage")
    prefix = "cluster.routing.allocation.disk"
    world = World(database, server_settings(fragile.url, "flooded"))
    first = world.judge([make_mention(number) for number in range(20)])
    world.catch_up()
    full = {f"{prefix}.watermark.{mark}": "1%" for mark in marks}
    fragile.request("PUT", "/_cluster/settings", {"persistent": {**full, f"{prefix}.threshold_enabled": "true"}})
    fragile.until("GET", "/flooded-m-*/_settings/index.blocks.*", lambda found: bool(found))
    try:
        later = world.judge([make_mention(number) for number in range(20, 40)])
        assert world.filer.file_once() == 0
        assert "磁盘将满" in world.reasons().pop()
        assert (world.waiting(), world.buried()) == (20, {})
        assert [one.id for one in world.found()] == first
        assert any("磁盘将满" in remark for remark in world.index.state().remarks)
    finally:
        free = dict.fromkeys([*full, f"{prefix}.threshold_enabled"])
        fragile.request("PUT", "/_cluster/settings", {"persistent": free})
    fragile.until("GET", "/flooded-m-*/_settings/index.blocks.*", lambda found: not found)
    assert world.catch_up() == 20
    assert [one.id for one in world.found()] == [*first, *later]
    world.close()
