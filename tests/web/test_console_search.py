"""The search page: hits, filters, pages, mistakes."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from core.model import Mention
from web.console import Console


def test_search_finds_marks_and_counts(browser: Any, console: Console, a_mention: Callable[..., Mention]) -> None:
    """Hits with marked matches, the total, and facets that narrow."""
    console.index.add_many([a_mention(), a_mention(2, title="轮胎异响", text="换了", channel="weibo")])
    page = browser.get("/search", params={"q": "刹车 或 异响"}).text
    assert "<mark>刹车</mark>失灵" in page
    assert "<mark>异响</mark>" in page
    assert "共 2 条" in page
    narrowed = browser.get("/search", params={"q": "刹车 或 异响", "channel": "weibo"}).text
    assert "共 1 条" in narrowed
    assert 'value="weibo" checked' in narrowed
    assert re.search(r'href="/search\?q=[^"]*channel=forum[^"]*"', page)


@pytest.mark.parametrize(
    ("wishes", "total"),
    [
        ({"grade": "A"}, 30),
        ({"grade": "B"}, 0),
        ({"risk": "86"}, 30),
        ({"risk": "87"}, 0),
        ({"since": "2026-03-15", "until": "2026-03-15"}, 30),
        ({"until": "2026-03-14"}, 0),
        ({"subject": "星辰汽车", "category": "安全"}, 30),
        ({"q": "-刹车"}, 0),
        ({"sort": "risk"}, 30),
        ({"sort": "relevance", "q": "刹车"}, 30),
    ],
)
def test_search_filters(
    browser: Any, console: Console, wishes: dict[str, str], total: int, a_mention: Callable[..., Mention]
) -> None:
    """Every field of the form reaches the index; the last day counts in whole."""
    console.index.add_many([a_mention(number) for number in range(30)])
    assert f"共 {total} 条" in browser.get("/search", params=wishes).text


def test_search_pages_through_all_hits(browser: Any, console: Console, a_mention: Callable[..., Mention]) -> None:
    """Next leads through every hit once and keeps the form."""
    console.index.add_many([a_mention(number) for number in range(45)])
    seen: list[str] = []
    address: str | None = "/search?q=刹车&sort=risk"
    while address:
        page = browser.get(address).text
        seen += re.findall(r'href="https://bbs\.example/t/(\d+)"', page)
        found = re.search(r'href="([^"]*after=[^"]*)"', page)
        address = found.group(1).replace("&amp;", "&") if found else None
    assert sorted(map(int, seen)) == list(range(45))


def test_a_mistake_in_the_search_text_is_shown_where_it_is(browser: Any) -> None:
    """The page says which character is wrong and why, and keeps what was typed."""
    answer = browser.get("/search", params={"q": "刹车 (异响"})
    assert answer.status_code == 400
    assert "第 4 个字符处：括号没有闭合" in answer.text
    assert '刹车 <mark class="here">(</mark>异响' in answer.text
    assert 'value="刹车 (异响"' in answer.text


@pytest.mark.parametrize(
    "wishes",
    [
        {"grade": "Z"},
        {"channel": "火星"},
        {"since": "昨天"},
        {"until": "9999-99-99"},
        {"risk": "-1"},
        {"risk": "9" * 5000},
        {"sort": "random"},
    ],
)
def test_senseless_filters_are_named_and_dropped(browser: Any, wishes: dict[str, str]) -> None:
    """A mangled address still gives a page, which says what it ignored."""
    answer = browser.get("/search", params=wishes)
    assert answer.status_code == 200
    assert 'class="late"' in answer.text
