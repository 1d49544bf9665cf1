"""An alias that is thought of today finds every old post that contains it, with no index written anew."""

from __future__ import annotations

import random

import pytest

from core.model import Mention
from index.base import Query, SearchIndex
from index.query import parse, quoted
from tests.contracts.answers_corpus import START, ZONE, corpus
from tests.contracts.search_world import mention, put

#: No dictionary has them; each with spellings that mean the same.
ALIASES = {
    "绝绝子战车": ("绝绝子战车", "絕絕子戰車", "绝绝子，战车", "绝 绝 子 战 车", "「绝绝子」战车"),
    "囧驰": ("囧驰", "囧馳", "囧·驰"),
    "X7pro蔚星": ("X7pro蔚星", "ｘ７ＰＲＯ蔚星", "x7PRO 蔚星", "X7pro\n蔚星"),
    "老六S7": ("老六S7", "老六Ｓ７", "老六 s7", "老六-S7"),
    "🍋精车": ("🍋精车", "🍋 精車"),
    "𠮷星88": ("𠮷星88", "𠮷星 ８８"),
    "3.15黑榜王": ("3.15黑榜王", "３·１５黑榜王", "3 15 黑榜王"),
    # Longer than a token may be: cut after 100 and 200 characters, in the text as in the alias.
    "vin" + "0123456789" * 21 + "号车": (
        "vin" + "0123456789" * 21 + "号车",
        "VIN" + "０１２３４５６７８９" * 21 + " 号车",
    ),
    "x" * 100 + "尾": ("x" * 100 + "尾", "Ｘ" * 100 + "，尾"),
    "神" * 120: ("神" * 120,),
}
#: What is no alias, though it looks like one.
STRANGERS = ("绝绝子战马", "战车绝绝子", "X7pro2蔚星", "aX7pro蔚星", "老六S70", "囧里驰", "x" * 101 + "尾", "神" * 119)
SAID_BEFORE = ("", "听说", "刚提了", "买了三年的", "车主：", "\u200b", "… ")
SAID_AFTER = ("", "真不错", "又出事了", "！！", "。\n求推荐", " 的")


@pytest.fixture
def archive_of_old_posts(index: SearchIndex) -> tuple[SearchIndex, dict[str, list[Mention]]]:
    """An index, and the mentions in it that contain each alias: among others that contain none."""
    chance = random.Random(315)
    old: dict[str, list[Mention]] = {alias: [] for alias in ALIASES}
    number = 10_000
    for alias, spellings in ALIASES.items():
        for spelling in spellings * 8:
            number += 1
            said = chance.choice(SAID_BEFORE) + spelling + chance.choice(SAID_AFTER)
            as_title = chance.random() < 0.3
            old[alias].append(mention(number, "见标题" if as_title else said, title=said if as_title else None))
    strangers = [mention(number + at, said) for at, said in enumerate(STRANGERS, start=1)]
    every = [*corpus(size=400), *strangers, *(one for some in old.values() for one in some)]
    chance.shuffle(every)
    assert not put(index, every).refused
    return index, old


def test_every_old_post_is_found_by_an_alias_of_today(
    archive_of_old_posts: tuple[SearchIndex, dict[str, list[Mention]]],
) -> None:
    """All posts that contain the alias, in every spelling that reads the same, and no other."""
    index, old = archive_of_old_posts
    for alias, mentions in old.items():
        for typed in {alias, alias.upper(), *ALIASES[alias]}:
            page = index.search(Query(where=parse(quoted(typed), now=START, zone=ZONE), limit=1000))
            found = {hit.mention.id for hit in page.hits}
            assert found == {one.id for one in mentions}, typed
            assert page.total == len(mentions)
            assert all("\ue000" in hit.highlight for hit in page.hits), typed
