"""What every search index promises of an index that is built beside the one in use."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from index.base import Added, Query, SearchIndex
from tests.contracts.search_world import MENTIONS, START, find, mention, put


def test_what_is_built_beside_takes_over_at_once(filled: SearchIndex) -> None:
    """Until then nothing of it is seen; from then on nothing of the old one is."""
    building = filled.beside("b1")
    assert building.count() == 0
    assert building.add_many([MENTIONS[0], mention(7, "只在新索引里")]) == Added(count=2)
    assert building.count() == 2
    assert filled.count() == len(MENTIONS)
    assert find(filled, "只在新索引里") == []
    told: list[tuple[int, int]] = []
    building.take_over(progress=lambda done, total: told.append((done, total)))
    building.close()
    filled.refresh()
    assert find(filled) == [7, 0]
    assert find(filled, "4s店") == [0]
    assert filled.count() == filled.state().mentions == 2
    assert filled.count_by(Query(), "subject") == {"城东店": 1, "星辰汽车": 1}
    assert all(0 <= done <= total for done, total in told)


def test_after_it_took_over_life_goes_on(filled: SearchIndex) -> None:
    """The new one is added to, deleted from, maintained, and replaced once more."""
    for round_ in range(2):
        building = filled.beside(f"round{round_}")
        building.add_many(MENTIONS)
        building.take_over()
        building.settled()
        building.close()
        put(filled, [mention(10 + round_, "接着写入")])
        assert find(filled, "接着写入") == [10 + round_]
        assert filled.delete([MENTIONS[4].id]) == 1
        filled.refresh()
        assert find(filled, "异响") == [1, 0]
        filled.maintain()
        assert filled.count() == len(MENTIONS)


def test_a_building_is_opened_again_by_its_name(filled: SearchIndex) -> None:
    """A rebuild that was cut off goes on where it was; another name is another building."""
    first = filled.beside("b1")
    first.add_many(MENTIONS[:2])
    first.close()
    again, other = filled.beside("b1"), filled.beside("b2")
    assert (again.count(), other.count()) == (2, 0)
    again.add_many(MENTIONS[1:3])
    assert again.count() == 3
    again.take_over()
    again.take_over()  # by whoever goes on after a crash
    again.settled()
    again.close()
    filled.refresh()
    assert find(filled) == [2, 1, 0]
    other.discard()


def test_a_discarded_building_is_forgotten(filled: SearchIndex) -> None:
    """Nothing of it is in the index in use, nor in a building of the same name."""
    building = filled.beside("b1")
    building.add_many([mention(7, "白费功夫")])
    building.discard()
    filled.refresh()
    assert find(filled, "白费功夫") == []
    assert filled.count() == len(MENTIONS)
    again = filled.beside("b1")
    assert again.count() == 0
    again.discard()


def test_a_building_keeps_the_order_of_readings(index: SearchIndex) -> None:
    """In a building too, what was read earlier never replaces what was read later, also after it took over."""
    building = index.beside("b1")
    building.add_many([mention(1, "后来读到")], as_of=START + timedelta(seconds=5))
    building.add_many([mention(1, "先前读到")], as_of=START)
    building.take_over()
    building.close()
    put(index, [mention(1, "先前读到")], as_of=START + timedelta(seconds=4))
    assert find(index, "后来读到") == [1]
    put(index, [mention(1, "最后读到")], as_of=START + timedelta(seconds=6))
    assert find(index, "最后读到") == [1]


def test_an_empty_building_empties_the_index(filled: SearchIndex) -> None:
    """No judged posts, no hits."""
    building = filled.beside("b1")
    building.take_over()
    building.close()
    filled.refresh()
    assert filled.count() == 0
    assert find(filled) == []
    put(filled, MENTIONS[:1])
    assert find(filled) == [0]


def test_a_bad_mention_is_refused_in_a_building_too(index: SearchIndex) -> None:
    """By name, and the others are in."""
    building = index.beside("b1")
    good = mention(1, "好的")
    added = building.add_many([replace(mention(2, "张冠李戴"), verdict=replace(good.verdict, id="0" * 24)), good])
    assert (added.count, set(added.refused)) == (1, {"0" * 24})
    building.discard()


@pytest.mark.parametrize("name", ["", "../x", "A", "a b", "a" * 41, "中", "a.b"])
def test_a_name_that_is_none_is_refused(index: SearchIndex, name: str) -> None:
    """Names are [a-z0-9]{1,40}: nothing that a file system or a server could read otherwise."""
    with pytest.raises(ValueError):
        index.beside(name)
