"""Proposals where nothing was found: each finds something, the nearest comes first, and few questions are asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import IndexUnavailable
from core.model import Mention
from index.base import Query, SearchIndex
from index.filters import narrowed
from index.near_names import KnownNames, near_names
from index.query import parse
from index.suggest import QUESTIONS, Suggestion, suggestions
from tests.index.export_world import NOW, ZONE, mention
from tests.index.plain_index import PlainIndex, plain

KNOWN = KnownNames(of={"subject": ["星辰汽车", "城东店"], "category": ["安全", "质量"]}, aliases={"小星": "星辰汽车"})


def judged(number: int, text: str, **changes: Any) -> Mention:
    found = mention(number, text)
    return replace(found, verdict=replace(found.verdict, **changes)) if changes else found


ARCHIVE = [
    judged(1, "刹车失灵，换了三次"),
    judged(2, "方向盘异响，也说不清", grade="B", risk=50),
    judged(3, "失灵的是刹车", grade=None, risk=5, subjects=()),
    judged(4, "空调不凉", subjects=("城东店",), categories=("服务",)),
    replace(judged(5, "去年漏油"), post=mention(5, "去年漏油", published=NOW - timedelta(days=400)).post),
]


def proposed(text: str, index: SearchIndex | None = None, **wishes: Any) -> list[str]:
    return [one.reason for one in found(text, index, **wishes)]


def found(text: str, index: SearchIndex | None = None, **wishes: Any) -> Sequence[Suggestion]:
    query = Query(where=parse(text, now=NOW, zone=ZONE), **wishes)
    return suggestions(index or plain(*ARCHIVE), query, known=KNOWN, zone=ZONE)


@pytest.mark.parametrize(
    ("text", "wishes", "wanted"),
    [
        ("刹车 等级:B", {}, ["去掉“等级:紧急”有 2 条", "去掉“刹车”有 1 条"]),
        ("刹车失灵 渠道:微博", {}, ["去掉“渠道:微博”有 1 条"]),
        ("刹车失灵", {"channels": ("weibo",)}, ["去掉“渠道:微博”有 1 条"]),
        ("空调", {"min_risk": 90}, ["去掉风险下限有 1 条"]),
        ("空调", {"min_negative": 0.99}, ["去掉负面概率下限有 1 条"]),
        ("空调 -不凉", {}, ["去掉排除“不凉”有 1 条"]),
        ("失灵刹车", {}, ["把“失灵刹车”拆成“失灵”“刹车”有 2 条"]),
        ("异响 漏油", {}, ["去掉“异响”有 1 条", "去掉“漏油”有 1 条", "含其中任一词的有 2 条"]),
        ("漏油", {"since": NOW - timedelta(days=30)}, ["不限日期有 1 条，最近的在 2025-02-08"]),
        ("对象:星晨汽车 刹车", {}, ["“对象:星晨汽车”改为“对象:星辰汽车”有 1 条"]),
        ("对象:星辰 刹车", {}, ["“对象:星辰”改为“对象:星辰汽车”有 1 条"]),
        ("刹车", {"subjects": ("星辰",)}, ["“对象:星辰”改为“对象:星辰汽车”有 1 条"]),
        ("刹车", {"categories": ("质量问题",)}, ["“类别:质量问题”改为“类别:质量”有 2 条"]),
        ("site:bbs.exampel", {}, ["“站点:bbs.exampel”改为“站点:bbs.example”有 5 条"]),
        ("子虚 乌有 空调", {}, ["含其中任一词的有 1 条"]),
        ("子虚 (空调 或 异响) 乌有", {}, ["只搜“\"空调\" OR \"异响\"”有 2 条"]),
        ("子虚 等级:A 乌有", {}, ["只搜“等级:特急”有 3 条"]),
    ],
)  # fmt: skip
def test_what_is_proposed(text: str, wishes: dict[str, Any], wanted: list[str]) -> None:
    """The near proposals, with how much each finds."""
    assert [one for one in proposed(text, **wishes) if one in wanted] == wanted


@pytest.mark.parametrize(
    ("text", "wishes", "first"),
    [
        ("对象:小星 刹车", {}, "改为“对象:星辰汽车”"),
        ("失灵刹车 等级:A", {}, "把“失灵刹车”拆成"),
        ("去年漏油 近7天 等级:A", {}, "不限日期"),
        ("刹车失灵 等级:C", {}, "去掉“等级:一般”"),
    ],
)
def test_the_nearest_comes_first(text: str, wishes: dict[str, Any], first: str) -> None:
    assert first in proposed(text, **wishes)[0]


@pytest.mark.parametrize(
    "text", ["子虚乌有", "对象:没有的名字", "近7天 子虚", "-刹车 -异响 子虚", "等级:C", "渠道:微博"]
)
def test_where_nothing_helps_nothing_is_proposed(text: str) -> None:
    """Least of all the whole archive."""
    assert [one for one in found(text) if one.query.where is None] == []
    assert all("去掉" not in one.reason for one in found(text)) or " " in text


def test_a_proposal_keeps_everything_else_of_the_query() -> None:
    """Order, page size and the other filters stay; the first page is meant."""
    wishes: dict[str, Any] = {"sort": "risk", "limit": 50, "min_risk": 10, "grades": ("A",), "after": "somewhere"}
    [one, *_] = found("刹车失灵 渠道:微博", **wishes)
    assert one.query == Query(where=parse("刹车失灵", now=NOW, zone=ZONE), **{**wishes, "after": None})
    assert one.hits == 1
    assert one.text == '"刹车失灵"'


def test_pages_filters_are_proposals_too() -> None:
    """What a page narrows by beside the search text can be left out as well."""
    query = narrowed(Query(where=parse("刹车失灵", now=NOW, zone=ZONE)), sources=["elsewhere"], evidence=True)
    told = [one.reason for one in suggestions(plain(*ARCHIVE), query, known=KnownNames(), zone=ZONE)]
    assert told == ["去掉“信源:elsewhere”有 1 条"]


def test_at_most_five() -> None:
    assert len(found(" ".join(f"词{number}" for number in range(30)) + " 刹车", plain(*ARCHIVE))) <= 5


@pytest.mark.parametrize("words", [1, 30, 100])
def test_the_number_of_questions_is_bounded(words: int) -> None:
    index = PlainIndex(ARCHIVE)
    found(" ".join(f"子虚乌有{number}" for number in range(words)), index)  # type: ignore[arg-type]
    assert len(index.asked) <= QUESTIONS


def test_the_index_counts_names_only_where_a_name_is_asked_for() -> None:
    index = PlainIndex(ARCHIVE)
    found("刹车 漏油", index)  # type: ignore[arg-type]
    assert index.counted == []
    found("site:x site:y author:z", index)  # type: ignore[arg-type]
    assert index.counted == ["site"]


def test_an_index_that_fails_says_so() -> None:
    class Down(PlainIndex):
        def search(self, query: Query) -> Any:
            raise IndexUnavailable("没有应答")

    with pytest.raises(IndexUnavailable):
        found("刹车 漏油", Down([]))  # type: ignore[arg-type]


@given(
    st.text(max_size=30),
    st.lists(st.sampled_from(["刹车", "异响", "-空调", "等级:A", "近7天", "风险>=60"]), max_size=5),
)
@settings(max_examples=150, deadline=None)
def test_every_proposal_finds_what_it_promises(text: str, parts: list[str]) -> None:
    """Whatever was typed: its query has its number of hits, and its search text reads back as the same tree."""
    from core.errors import QuerySyntaxError

    index = plain(*ARCHIVE)
    try:
        query = Query(where=parse(" ".join([text, *parts]), now=NOW, zone=ZONE))
    except QuerySyntaxError:
        return
    for one in suggestions(index, query, known=KNOWN, zone=ZONE):
        assert index.search(one.query).total == one.hits > 0
        assert parse(one.text, now=NOW, zone=ZONE) == one.query.where


@pytest.mark.parametrize(
    ("typed", "names", "wanted"),
    [
        ("星辰", ["星辰汽车", "城东店"], ["星辰汽车"]),
        ("星晨汽车", ["星辰汽车", "城东店"], ["星辰汽车"]),
        ("城东星辰店", ["星辰", "城东店"], ["星辰", "城东店"]),
        ("ＢＹＤ", ["byd", "byd秦"], ["byd秦"]),
        ("城東店", ["城东店"], []),
        ("店", ["城东店"], []),
        ("", ["城东店"], []),
        ("完全不同", ["城东店"], []),
        ("x", [], []),
    ],
)
def test_near_names(typed: str, names: list[str], wanted: list[str]) -> None:
    assert near_names(typed, names) == wanted
