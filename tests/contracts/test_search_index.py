"""What every search index promises of searching: texts, filters, orders, pages, highlights."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from core.errors import QuerySyntaxError
from index.base import Query, SearchIndex, Sort
from tests.contracts.search_world import (
    HOUR,
    START,
    Opened,
    ask,
    find,
    mention,
    numbers,
    put,
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", [5, 4, 3, 2, 1, 0]),
        ("刹车", [0]),
        ("异响", [4, 1, 0]),
        ("4S店异响", [1]),
        ("4s店", [1, 0]),
        ("４ｓ店", [1, 0]),
        ("s店", []),
        ("星辰S7", [0]),
        ("星辰", [0]),
        ("3.15", [3]),
        ("3·15", [3]),
        ("carplay", [3]),
        ("IPHONE15", [3]),
        ("iphone", []),
        ("🍋", [5]),
        ("刹车停", []),
        ("题刹", []),
        ("为刹14S店", []),
        ("异响 正常", [0]),
        ("异响 AND 正常现象", [0]),
        ("刹车 OR 服务", [2, 0]),
        ("刹车 或 服务", [2, 0]),
        ("异响 非 4s店", [4]),
        ("异响 -4s店", [4]),
        ("NOT 异响", [5, 3, 2]),
        ("-异响 -服务", [5, 3]),
        ("NOT (异响 OR 服务)", [5, 3]),
        ("NOT NOT 服务", [2]),
        ("服务 OR NOT 店", [5, 3, 2]),
        ('"现象。"', [0]),
        ('"找了 三次"', [1]),
        ("channel:微博", [2, 1]),
        ("渠道：微博 等级：紧急", [1]),
        ("grade:a", [0]),
        ("subject:星辰汽车", [1, 0]),
        ("对象:城东店 -grade:A", [2]),
        ("subject:星辰", []),
        ("category:质量", [1, 0]),
        ("author:李先生", [0]),
        ('author:"LI  XIAN"', [3]),
        ("site:news.example", [4]),
        ("event:e1 channel:forum", [0]),
        ("day:2026-03-14", [0]),
        ("day:03-15", [5, 4, 3, 2, 1]),
        ("子虚乌有", []),
    ],
)
def test_search_texts(archive: SearchIndex, text: str, found: list[int]) -> None:
    """What people type finds these mentions, newest first."""
    assert find(archive, text) == found


@pytest.mark.parametrize(
    ("wishes", "found"),
    [
        ({"grades": ("A",)}, [0]),
        ({"grades": ("A", "C")}, [3, 0]),
        ({"channels": ("weibo", "news")}, [4, 2, 1]),
        ({"channels": ("weibo",), "grades": ("B",)}, [1]),
        ({"subjects": ("城东店",)}, [2, 0]),
        ({"categories": ("服务", "没有的")}, [1]),
        ({"since": START + 4 * HOUR}, [5, 4]),
        ({"until": START + HOUR}, [0]),
        ({"since": START + HOUR, "until": START + 3 * HOUR}, [2, 1]),
        ({"since": START + HOUR + timedelta(milliseconds=1), "until": START + 3 * HOUR}, [2]),
        ({"min_risk": 35}, [3, 1, 0]),
        ({"min_risk": 0}, [5, 4, 3, 2, 1, 0]),
        ({"min_negative": 0.8}, [1, 0]),
        ({"min_risk": 35, "channels": ("qa", "forum"), "since": START + HOUR}, [3]),
        ({"sort": "risk"}, [0, 1, 3, 5, 4, 2]),
        ({"sort": "relevance"}, [5, 4, 3, 2, 1, 0]),
        ({"limit": 2}, [5, 4]),
    ],
)
def test_filters_and_orders(archive: SearchIndex, wishes: dict[str, Any], found: list[int]) -> None:
    """Filters narrow, orders order, alone and with a search text."""
    assert find(archive, **wishes) == found
    with_text = find(archive, "异响 OR NOT 异响", **wishes)
    if wishes.get("sort") == "relevance":
        assert sorted(with_text) == sorted(found)
    else:
        assert with_text == found


def test_filters_join_a_search_text(archive: SearchIndex) -> None:
    """A text and filters together mean both."""
    assert find(archive, "异响 OR 服务", channels=("weibo",)) == [2, 1]
    assert find(archive, "NOT 服务", channels=("weibo",)) == [1]


def test_relevance_prefers_what_says_it_more(index: SearchIndex) -> None:
    """The mention that is about the words comes before the one that has them in passing, and scores say so."""
    put(
        index,
        [
            mention(1, "刹车失灵！刹车失灵！刹车失灵！"),
            mention(2, "今天天气很好，我们去了公园，路上说起刹车失灵的新闻，后来吃了饭，又看了一场电影才回家。"),
            mention(3, "天气很好"),
        ],
    )
    page = index.search(ask("刹车失灵", sort="relevance"))
    assert [hit.mention.post.native_id for hit in page.hits] == ["1", "2"]
    assert page.hits[0].score is not None
    assert page.hits[1].score is not None
    assert page.hits[0].score > page.hits[1].score


@pytest.mark.parametrize("sort", ["time", "risk", "relevance"])
@pytest.mark.parametrize("text", ["", "店"])
def test_pages_join_to_the_whole(index: SearchIndex, sort: Sort, text: str) -> None:
    """Page after page gives every hit once, in the order of one long page, with the same total on each."""
    put(index, [mention(number, "店" * (number % 5 + 1), risk=number % 3, when=START) for number in range(23)])
    query = ask(text, sort=sort, limit=100)
    whole = [hit.mention.id for hit in index.search(query).hits]
    assert len(set(whole)) == 23
    pages, after = [], None
    while True:
        page = index.search(replace(query, limit=4, after=after))
        assert page.total == 23
        pages += [hit.mention.id for hit in page.hits]
        if page.next is None:
            break
        after = page.next
    assert pages == whole


def test_a_new_mention_does_not_disturb_the_pages_after_it(filled: SearchIndex) -> None:
    """Someone who turns the page while news comes in misses nothing and sees nothing twice."""
    first = filled.search(Query(limit=3))
    put(filled, [mention(50, "刚刚发布")])
    second = filled.search(Query(limit=10, after=first.next))
    assert [int(hit.mention.post.native_id) for hit in second.hits] == [2, 1, 0]


@pytest.mark.parametrize(
    "cursor", ["x", "", "!!!!", "e30", "WyJyaXNrIiwxLDJd", "WyJ0aW1lIiwieCJd", "WyJ0aW1lIiwxZTk5XQ", "é"]
)
def test_a_cursor_that_is_none_is_refused(archive: SearchIndex, cursor: str) -> None:
    """A mangled address is an error that the page can show, not a crash; an empty one is the first page."""
    if cursor == "":
        assert len(archive.search(Query(after=cursor)).hits) == 6
        return
    with pytest.raises(QuerySyntaxError, match="翻页标记无效"):
        archive.search(Query(after=cursor))


def test_highlights_mark_matches_only(archive: SearchIndex) -> None:
    """Every match of a wanted term is marked, at its place in the original, none of an unwanted one."""
    hits = archive.search(ask("4s店异响 -服务")).hits
    assert [hit.highlight for hit in hits] == ["\ue000４Ｓ店 异响\ue001！找了三次都没修好"]
    assert "\ue000" not in archive.search(Query()).hits[0].highlight


@pytest.mark.parametrize("sort", ["time", "risk"])
def test_equal_moments_have_one_order(opened: Opened, sort: Sort) -> None:
    """Of one millisecond the ids decide, by their first 21 bits and downwards: so all adapters agree."""
    index = opened()
    many = [mention(number, "同时", when=START, risk=number % 2) for number in range(40)]
    put(index, many)
    by_id = sorted(many, key=lambda one: int(one.id[:6], 16) >> 3, reverse=True)
    wanted = by_id if sort == "time" else sorted(by_id, key=lambda one: -one.verdict.risk)
    assert [hit.mention.id for hit in index.search(Query(sort=sort, limit=100)).hits] == [one.id for one in wanted]


def test_a_cursor_of_another_order_is_refused(archive: SearchIndex) -> None:
    """A page by risk does not go on by time."""
    cursor = archive.search(Query(limit=1, sort="risk")).next
    assert cursor is not None
    assert numbers(archive, Query(limit=1, sort="risk", after=cursor)) == [1]
    with pytest.raises(QuerySyntaxError, match="翻页标记无效"):
        archive.search(Query(limit=1, sort="time", after=cursor))
