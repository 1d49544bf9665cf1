"""What is built on searches gives the same on every index: posts alike, proposals, exports."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from core.model import Mention
from index.base import Query, SearchIndex
from index.export import export_lines
from index.export_cells import Names
from index.export_pages import batches
from index.like import like
from index.near_names import KnownNames
from index.query import parse
from index.suggest import suggestions
from tests.contracts.search_world import put
from tests.index.export_world import NOW, ZONE, mention

STORY = "在曜行汽车城北店提的新车，开了三天变速箱顿挫，找了四次都说正常，售后推诿不给说法，要求退一赔三"


def told(number: int, text: str, *, event: str | None = None) -> Mention:
    found = mention(number, text, title=None)
    return replace(found, verdict=replace(found.verdict, event=event))


ASKED = told(0, STORY, event="e7")
ARCHIVE = [
    ASKED,
    told(1, f"转：{STORY}！"),
    told(2, STORY[:30] + "，后来换了总成"),
    told(3, "听说有家店卖的车有毛病", event="e7"),
    told(4, "我的也是变速箱顿挫，售后推诿"),
    *(told(number, f"今天天气真好，去吃饭 {number}") for number in range(5, 40)),
]


@pytest.fixture
def stored(index: SearchIndex) -> SearchIndex:
    put(index, ARCHIVE)
    return index


def numbers(mentions: list[Mention]) -> list[int]:
    return [int(one.post.native_id) for one in mentions]


def test_posts_alike(stored: SearchIndex) -> None:
    """In the same order, with the same likeness, whatever the engine thinks of relevance."""
    found = like(stored, ASKED.post, event="e7")
    assert numbers([one.mention for one in found]) == [1, 2, 4, 3]
    among = Query(where=parse("售后推诿 -退一赔三", now=NOW, zone=ZONE))
    assert numbers([one.mention for one in like(stored, ASKED.post, among=among)]) == [4]


@pytest.mark.parametrize(
    ("text", "wishes", "first"),
    [
        ("推诿变速箱", {}, "把“推诿变速箱”拆成“推诿”“变速箱”有 3 条"),
        ("变速箱 -顿挫 等级:A", {}, "去掉排除“顿挫”有 4 条"),
        ("变速箱 渠道:微博", {}, "去掉“渠道:微博”有 4 条"),
        ("天气", {"subjects": ("星辰",)}, "“对象:星辰”改为“对象:星辰汽车”有 35 条"),
        ("子虚乌有", {}, None),
    ],
)
def test_proposals(stored: SearchIndex, text: str, wishes: dict[str, Any], first: str | None) -> None:
    query = Query(where=parse(text, now=NOW, zone=ZONE), **wishes)
    found = [one.reason for one in suggestions(stored, query, known=KnownNames(), zone=ZONE)]
    assert next(iter(found), None) == first


@pytest.mark.parametrize("sort", ["time", "risk"])
def test_exports(stored: SearchIndex, sort: Any) -> None:
    """Every hit once and in order, over many pages, while others come in."""
    pages = batches(stored, Query(sort=sort), size=7)
    lines = [
        line for piece in export_lines(pages, form="jsonl", names=Names(), zone=ZONE) for line in piece.splitlines()
    ]
    assert [int(json.loads(line)["native_id"]) for line in lines] == list(range(40))
