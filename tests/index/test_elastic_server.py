"""What only a server can show: generations, months, drift, exact counts over many shards. On the session's server."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from elasticsearch import Elasticsearch

from core.errors import IndexMismatch, IndexUnavailable
from core.model import Mention, Post, Verdict
from core.settings import ElasticsearchSettings
from index.base import Query
from index.elastic import ElasticIndex
from index.elastic.generations import live_generation, open_month
from index.elastic.naming import Names
from tests.elastic.server import Server

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 3, 15, 12, tzinfo=UTC)
MONTH = timedelta(days=31)


def mention(number: int, *, collected: datetime = NOW, event: str | None = None, text: str = "刹车失灵") -> Mention:
    post = Post(
        kind="forum", site="bbs.example", native_id=str(number), url=f"https://bbs.example/{number}", channel="forum",
        text=text, published=NOW - timedelta(hours=number), collected=collected,
    )  # fmt: skip
    return Mention(post=post, verdict=Verdict(id=post.id, negative=0.5, event=event))


class Place:
    """A server, a name on it, and a client of the test's own to meddle with it."""

    def __init__(self, server: Server, name: str) -> None:
        self.settings = ElasticsearchSettings(hosts=(server.url,), name=name)
        self.names = Names(name)
        self.client = Elasticsearch(server.url)
        self.opened: list[ElasticIndex] = []

    def open(self, **changes: Any) -> ElasticIndex:
        index = ElasticIndex(self.settings.model_copy(update=changes), zone=ZONE, clock=lambda: NOW)
        self.opened.append(index)
        return index

    def aliases(self) -> dict[str, list[str]]:
        found = self.client.indices.get_alias(index=self.names.everything)
        return {index: sorted(row["aliases"]) for index, row in found.items()}

    def close(self) -> None:
        for index in self.opened:
            index.close()
        self.client.close()


@pytest.fixture
def place(elasticsearch_server: Server, elasticsearch_name: str) -> Iterator[Place]:
    made = Place(elasticsearch_server, elasticsearch_name)
    yield made
    made.close()


def test_a_month_has_an_index_and_two_aliases(place: Place) -> None:
    """Read through one alias for all months, written through one for each; the base is there from the first."""
    names = place.names
    place.open().add_many([mention(1), mention(2, collected=NOW - MONTH), mention(3)])
    assert place.aliases() == {
        names.base("first"): [names.live, names.read],
        names.index("first", "2026-02"): [names.read, names.write("2026-02")],
        names.index("first", "2026-03"): [names.read, names.write("2026-03")],
    }


def test_many_find_the_server_empty_at_once(place: Place) -> None:
    """Processes that start together make one index of each month, and nothing is written twice or lost."""
    indices = [place.open() for _ in range(4)]
    start = threading.Barrier(4)
    problems: list[BaseException] = []

    def add(index: ElasticIndex) -> None:
        start.wait()
        try:
            index.add_many([mention(number, collected=NOW - (number % 3) * MONTH) for number in range(30)])
        except BaseException as problem:  # noqa: BLE001 - a thread's failure is told to the test
            problems.append(problem)

    threads = [threading.Thread(target=add, args=(index,)) for index in indices]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    indices[0].refresh()
    assert indices[0].count() == indices[0].search(Query()).total == 30
    assert len(place.aliases()) == 4


def test_a_month_is_not_opened_in_a_generation_that_was_replaced(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody who looked before a rebuild took over opens the month in the new generation, and leaves nothing."""
    index = place.open()
    index.add_many([mention(1)])
    building = index.beside("second")
    building.take_over()
    seen = iter(["first"])
    from index.elastic import generations

    real = generations.ensure_live
    monkeypatch.setattr(generations, "ensure_live", lambda client, names: next(seen, None) or real(client, names))
    generations.create(place.client, place.names.base("first"))  # as if it had not been deleted yet
    open_month(place.client, place.names, "2026-07", check=lambda _: None)
    assert next(seen, None) is None
    assert place.names.index("second", "2026-07") in place.aliases()
    assert place.names.index("first", "2026-07") not in place.aliases()


def test_taking_over_is_one_step_and_can_be_repeated(place: Place) -> None:
    """The new generation has the aliases of the old, the old is gone; a second time nothing happens."""
    index, names = place.open(), place.names
    index.add_many([mention(1), mention(2, collected=NOW - MONTH)])
    building = index.beside("second")
    building.add_many([mention(number) for number in range(5)])
    assert building.count() == 5
    index.refresh()
    assert index.count() == 2
    for _ in range(2):
        building.take_over()
        assert place.aliases() == {
            names.base("second"): [names.live, names.read],
            names.index("second", "2026-03"): [names.read, names.write("2026-03")],
        }
    assert index.count() == 5
    settings = place.client.indices.get_settings(index=names.index("second", "2026-03"))
    assert settings[names.index("second", "2026-03")]["settings"]["index"]["refresh_interval"] == "2s"
    index.add_many([mention(9)])
    index.refresh()
    assert index.count() == 6


def test_a_process_that_ended_between_the_change_and_the_tidying(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was replaced is marked in the same step, so the daily upkeep finds it."""
    from index.elastic import building as module

    index = place.open()
    index.add_many([mention(1)])
    building = index.beside("second")
    with monkeypatch.context() as broken:
        broken.setattr(module, "remove_retired", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            building.take_over()
    assert place.aliases()[place.names.base("first")] == [place.names.retired]
    assert any("first" in remark for remark in index.state().remarks)
    index.maintain()
    assert list(place.aliases()) == [place.names.base("second")]
    assert index.state().remarks == ()


def test_discarding_removes_all_of_a_building_and_never_the_index_in_use(place: Place) -> None:
    """Given up before it took over: nothing remains. After: it is the index, and stays."""
    index = place.open()
    index.add_many([mention(1)])
    first = index.beside("unwanted")
    first.add_many([mention(1), mention(2)])
    first.discard()
    first.discard()
    assert not any("unwanted" in name for name in place.aliases())
    second = index.beside("wanted")
    second.add_many([mention(1), mention(2)])
    second.take_over()
    second.discard()
    index.refresh()
    assert index.count() == 2


@pytest.mark.parametrize("name", ["", "A", "a-b", "a" * 41, "ä", "../x"])
def test_names_of_buildings_are_plain(place: Place, name: str) -> None:
    """They become part of the names of indices."""
    with pytest.raises(ValueError, match="not a name"):
        place.open().beside(name)


def test_a_foreign_mapping_is_named_before_anything_is_written(place: Place) -> None:
    """Index, field, what is there, what should be, and the command that mends it; the rebuild itself goes on."""
    place.open().add_many([mention(1)])
    names, index = place.names, place.names.index("first", "2026-03")
    place.client.indices.delete(index=index)
    place.client.indices.create(
        index=index, aliases={names.read: {}, names.write("2026-03"): {}},
        mappings={"properties": {"risk": {"type": "keyword"}}},
    )  # fmt: skip
    changed = place.open()
    expected = rf"索引 {index} 的结构与本程序不符.*字段 risk\.type 是 keyword，应为 integer.*tingfeng index rebuild"
    for ask in (lambda: changed.search(Query()), lambda: changed.add_many([mention(2)])):
        with pytest.raises(IndexMismatch, match=expected):
            ask()
    assert any("risk" in remark for remark in changed.state().remarks)
    building = changed.beside("mended")
    building.add_many([mention(1), mention(2)])
    building.take_over()
    assert changed.search(Query()).total == 2


def test_a_mapping_that_changes_while_we_run_is_noticed_when_it_refuses(place: Place) -> None:
    """A document that conflicts is not blamed where the index is to blame: nothing is refused for good."""
    index, names = place.open(), place.names
    index.add_many([mention(1)])
    month = names.index("first", "2026-03")
    place.client.indices.delete(index=month)
    place.client.indices.create(
        index=month, aliases={names.read: {}, names.write("2026-03"): {}},
        mappings={"properties": {"when": {"type": "ip"}}},
    )  # fmt: skip
    with pytest.raises(IndexMismatch, match=r"when\.type 是 ip，应为 date"):
        index.add_many([mention(2)])


def test_an_index_that_vanished_is_no_empty_answer(place: Place) -> None:
    """Somebody deleted everything while we run: searches say that nothing is there to search, not that nothing is."""
    index = place.open()
    index.add_many([mention(1)])
    place.client.indices.delete(index=list(place.aliases()))
    with pytest.raises(IndexMismatch, match=r"找不到索引.*rebuild"):
        index.search(Query())


def test_a_shard_that_is_missing_is_no_partial_answer(place: Place) -> None:
    """Half of the archive cannot be read: the search says so and gives nothing."""
    index = place.open()
    index.add_many([mention(1), mention(2, collected=NOW - MONTH)])
    index.refresh()
    month = place.names.index("first", "2026-02")
    place.client.indices.delete(index=month)
    place.client.indices.create(
        index=month, aliases={place.names.read: {}, place.names.write("2026-02"): {}}, wait_for_active_shards=0,
        settings={"index.routing.allocation.require._name": "a node that there is not"},
    )  # fmt: skip
    for ask in (lambda: index.search(Query()), lambda: index.count_by(Query(), "site"), index.count):
        with pytest.raises(IndexUnavailable, match="分片"):
            ask()
    assert any("red" in remark for remark in index.state().remarks)


def test_a_block_is_named_and_ends(place: Place) -> None:
    """An index that is locked for writing takes mentions again when it is free; the state names the lock."""
    index = place.open()
    index.add_many([mention(1)])
    month = place.names.index("first", "2026-03")
    place.client.indices.put_settings(index=month, settings={"index.blocks.read_only_allow_delete": True})
    with pytest.raises(IndexUnavailable, match="磁盘将满，索引被设为只读"):
        index.add_many([mention(2)])
    assert any(month in remark and "锁定" in remark for remark in index.state().remarks)
    place.client.indices.put_settings(index=month, settings={"index.blocks.read_only_allow_delete": None})
    assert index.add_many([mention(2)]).count == 1


def test_counts_are_exact_over_many_shards(place: Place) -> None:
    """A value that is rare on every shard and frequent in all is not lost: the counts are those of counting."""
    index = place.open(shards=5)
    chance = [(number * 7919) % 97 for number in range(900)]
    index.add_many(
        [mention(at, collected=NOW - (at % 4) * MONTH, event=f"e{value:02}") for at, value in enumerate(chance)]
    )
    index.refresh()
    counted = {f"e{value:02}": chance.count(value) for value in set(chance)}
    expected = sorted(counted.items(), key=lambda row: (-row[1], row[0]))
    for limit in (1, 3, 50, 1000):
        assert list(index.count_by(Query(), "event", limit=limit).items()) == expected[:limit]


def test_more_than_the_server_gives_at_once(place: Place) -> None:
    """A page larger than 10,000 is put together; its end is where the next begins."""
    index = place.open()
    index.add_many([mention(number, text="车") for number in range(10_050)])
    index.refresh()
    page = index.search(Query(limit=10_020))
    assert (len(page.hits), page.total) == (10_020, 10_050)
    rest = index.search(Query(limit=100, after=page.next))
    assert (len(rest.hits), rest.total, rest.next) == (30, 10_050, None)
    assert len({hit.mention.id for hit in (*page.hits, *rest.hits)}) == 10_050


def test_months_are_dropped_whole(place: Place) -> None:
    """Retention removes the months that are over by then, and only those; new mentions of such a month come in."""
    index = place.open()
    index.add_many([mention(number, collected=NOW - number * MONTH) for number in range(4)])
    index.refresh()
    assert index.prune(datetime(2026, 2, 28, tzinfo=UTC)) == 2
    assert [piece.name for piece in index.state().pieces] == [
        place.names.index("first", "2026-02"), place.names.index("first", "2026-03"),
    ]  # fmt: skip
    assert index.count() == 2
    assert index.add_many([mention(7, collected=NOW - 3 * MONTH)]).count == 1
    index.refresh()
    assert index.count() == 3


def test_maintenance_merges_past_months(place: Place) -> None:
    """Many small pieces of a month that is over become one; the month that is written to is left alone."""
    index = place.open()
    for number in range(6):
        index.add_many([mention(number), mention(number + 100, collected=NOW - MONTH)])
        index.refresh()

    def pieces(month: str) -> int:
        found = place.client.indices.segments(index=place.names.index("first", month))["indices"]
        return sum(
            len(copy["segments"]) for row in found.values() for shard in row["shards"].values() for copy in shard
        )

    assert pieces("2026-02") > 4
    before = pieces("2026-03")
    index.maintain()
    assert (pieces("2026-02"), pieces("2026-03")) == (1, before)


def test_two_installations_on_one_server(place: Place) -> None:
    """Whose names differ share nothing."""
    one, other = place.open(), place.open(name=f"{place.settings.name}-b")
    one.add_many([mention(1)])
    other.add_many([mention(2), mention(3)])
    for index in (one, other):
        index.refresh()
    assert (one.count(), other.count()) == (1, 2)
    other.beside("second").take_over()
    other.maintain()
    assert (one.count(), other.count()) == (1, 0)
    assert live_generation(place.client, place.names) == "first"
