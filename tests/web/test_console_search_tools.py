"""What the search page offers beside hits: facets, bars, proposals, posts alike; all by links, none by script."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from core.errors import IndexUnavailable
from core.model import Mention
from core.settings import SubjectSettings
from index.base import Facet, Page, Query
from tests.web.conftest import NASTY, Browser
from web.console import Console
from web.search_desk import SearchDesk
from web.search_form import read_form

Make = Callable[..., Mention]


@pytest.fixture
def archive(console: Console, a_mention: Make, now: Any) -> Console:
    """Six posts of three days on two sites; two proven, one by another subject."""
    mentions = [
        a_mention(1),
        a_mention(2, text="4S店推脱责任，现要求退一赔三！转", channel="weibo"),
        a_mention(3, title="空调不凉", text="城东店说没货", site="news.example", channel="news"),
        a_mention(4, title="轮胎异响", text="换了也没用", published=now - timedelta(days=1)),
        a_mention(5, title="漏油", text="等了一周", published=now - timedelta(days=3)),
    ]
    proven = [
        replace(one, evidence="complete" if at < 2 else "failed", source="board") for at, one in enumerate(mentions)
    ]
    console.index.add_many(proven)
    return console


def links(page: str) -> dict[str, str]:
    """Text to address of every link."""
    found = re.findall(r'<a[^>]* href="([^"]*)"[^>]*>(.*?)</a>', page, re.DOTALL) + re.findall(
        r'<a href="([^"]*)"[^>]*>(.*?)</a>', page, re.DOTALL
    )
    return {re.sub(r"<[^>]*>", "", text).strip(): html.unescape(address) for address, text in found}


def total(page: str) -> int:
    [found] = re.findall(r"共 ([\d,]+) 条", page)
    return int(found.replace(",", ""))


def test_every_value_of_a_facet_narrows_to_its_count_and_back(browser: Browser, archive: Console) -> None:
    """What stands beside a link is what a click on it shows; a second click takes it back."""
    page = browser.get("/search", params={"q": "", "open": ["site", "source", "event"]}).text
    boxes = re.findall(r'<li><a href="([^"]*)"><bdi>(.*?)</bdi></a> <span class="mute">([\d,]+)</span>', page)
    assert {"特急", "论坛", "微博", "星辰汽车", "安全", "news.example", "车友论坛"} <= {name for _, name, _ in boxes}
    for address, name, count in boxes:
        narrowed = browser.get(html.unescape(address)).text
        assert total(narrowed) == int(count), name
        back = re.search(rf'<a href="([^"]*)" aria-current="true"><bdi>{re.escape(name)}</bdi> ✕</a>', narrowed)
        assert back
        assert total(browser.get(html.unescape(back[1])).text) == 5


def test_a_chosen_value_leaves_its_neighbours_to_choose(browser: Browser, archive: Console) -> None:
    """Several values of one facet are alternatives: the others stay, with what they would add."""
    page = browser.get("/search", params={"channel": "weibo"}).text
    assert total(page) == 1
    assert total(browser.get(links(page)["论坛"]).text) == 4


def test_a_value_without_hits_can_be_taken_back(browser: Browser, archive: Console) -> None:
    page = browser.get("/search", params={"subject": "星辰汽车", "category": "不存在的类别", "q": "刹车"}).text
    assert total(page) == 0
    assert total(browser.get(links(page)["类别：不存在的类别 ✕"]).text) == 2


def test_only_what_is_shown_is_counted(archive: Console) -> None:
    """A closed facet costs no question to the index; a chosen one is open."""
    asked: list[str] = []
    count_by = archive.index.count_by

    def noted(query: Query, facet: Facet, *, limit: int = 1000) -> dict[str, int]:
        asked.append(facet)
        return count_by(query, facet, limit=limit)

    archive.index.count_by = noted  # type: ignore[method-assign]
    desk = SearchDesk(archive)
    desk.answer(read_form([]))
    assert asked == ["grade", "channel", "subject", "category", "day"]
    asked.clear()
    desk.answer(read_form([("open", "site"), ("event", "e1")]))
    assert asked == ["grade", "channel", "subject", "category", "event", "site", "day"]
    asked.clear()
    desk.answer(read_form([("q", "子虚乌有")]))
    assert set(asked) <= {"source", "site"}


def test_stores_are_a_facet_where_there_are_any(archive: Console, a_mention: Make) -> None:
    settings = replace_subjects(archive, SubjectSettings(name="星辰汽车", kind="store"))
    sheet = SearchDesk(settings).answer(read_form([]))
    assert "门店" in [box.name for box in sheet.facets]
    assert "门店" not in [box.name for box in SearchDesk(archive).answer(read_form([])).facets]


def replace_subjects(console: Console, *subjects: SubjectSettings) -> Console:
    return replace(console, settings=console.settings.model_copy(update={"subjects": subjects}))


def test_bars_narrow_to_their_day(browser: Browser, archive: Console) -> None:
    """One bar a day, none left out; the click shows as many as the bar said; one day is drawn by hours."""
    page = browser.get("/search").text
    bars = re.findall(r"<title>(2026-03-1\d)：(\d+) 条</title>", page)
    assert bars == [("2026-03-12", "1"), ("2026-03-13", "0"), ("2026-03-14", "1"), ("2026-03-15", "3")]
    addresses = re.findall(r'<a href="([^"]*since=[^"]*)"><rect', page)
    assert [total(browser.get(html.unescape(address)).text) for address in addresses] == [1, 1, 3]
    hours = browser.get(html.unescape(addresses[-1])).text
    assert "<title>03-15 19 时：3 条</title>" in hours
    assert len(re.findall(r'class="slot"', hours)) == 24


@pytest.mark.parametrize(
    "path", ["/search", "/search?q=刹车", "/search?q=子虚 刹车", "/search?like=https://bbs.example/t/1"]
)
def test_no_page_needs_script_or_inline_style(browser: Browser, archive: Console, path: str) -> None:
    page = browser.get(path).text
    assert "<script" not in page
    assert " style=" not in page
    assert "onclick" not in page


@pytest.mark.parametrize(
    ("text", "is_told"),
    [
        ("刹车", False),
        ("刹车 失灵", False),
        ("", False),
        ("刹车 近7天", True),
        ("刹车 或 异响", True),
        ("风险>=60", True),
    ],
)
def test_how_a_search_was_understood(browser: Browser, archive: Console, text: str, is_told: bool) -> None:
    """Said where the words alone do not say it."""
    assert ("理解为：" in browser.get("/search", params={"q": text}).text) is is_told


@pytest.mark.parametrize(
    ("wishes", "proposal", "found"),
    [
        ({"q": "失灵刹车"}, "把“失灵刹车”拆成“失灵”“刹车”有 2 条", 2),
        ({"q": "刹车", "channel": "qa"}, "去掉“渠道:问答”有 2 条", 2),
        ({"q": "漏油", "since": "2026-03-15"}, "不限日期有 1 条，最近的在 2026-03-12", 1),
        ({"q": "漏油", "risk": "99"}, "去掉风险下限有 1 条", 1),
        ({"q": "漏油", "has": "evidence"}, "去掉“有证据”有 1 条", 1),
        ({"q": "漏油", "site": "news.example"}, "去掉“站点:news.example”有 1 条", 1),
        ({"q": "刹车", "subject": "星辰"}, "“对象:星辰”改为“对象:星辰汽车”有 2 条", 2),
    ],
)
def test_a_proposal_leads_to_what_it_promises(
    browser: Browser, archive: Console, wishes: dict[str, str], proposal: str, found: int
) -> None:
    page = browser.get("/search", params=wishes).text
    assert total(page) == 0
    assert total(browser.get(links(page)[proposal]).text) == found


def test_a_proposal_keeps_the_other_filters(browser: Browser, archive: Console) -> None:
    page = browser.get("/search", params={"q": "失灵刹车", "source": "board", "channel": "weibo", "sort": "risk"}).text
    address = links(page)["把“失灵刹车”拆成“失灵”“刹车”有 1 条"]
    assert "channel=weibo" in address
    assert "sort=risk" in address
    assert total(browser.get(address).text) == 1


def test_where_nothing_helps_the_page_says_what_silence_means(browser: Browser, archive: Console) -> None:
    assert "没有找到不等于没有发生" in browser.get("/search", params={"q": "子虚乌有"}).text


def test_evidence_is_marked_and_can_be_asked_for(browser: Browser, archive: Console) -> None:
    page = browser.get("/search").text
    assert len(re.findall(r"exhibit-complete\">有证据", page)) == 2
    assert total(browser.get("/search", params={"has": "evidence"}).text) == 2


def test_posts_alike(browser: Browser, archive: Console, ring: Callable[..., None], a_mention: Make) -> None:
    """From each hit a link to those like it; the copy first; a post that is not there is said to be not there."""
    ring(a_mention(1))
    address = next(
        value for name, value in links(browser.get("/search", params={"q": "转"}).text).items() if name == "找相似"
    )
    assert address.startswith("/search?like=")
    alike = browser.get("/search", params={"like": a_mention(1).id}).text
    assert "与“<bdi>提车三天刹车失灵</bdi>”相似的帖文" in alike
    assert re.findall(r'<span class="tag">(几乎同文|大段相同)</span>', alike)
    assert 'href="https://bbs.example/t/2"' in alike
    gone = browser.get("/search", params={"like": "ffffffff"})
    assert gone.status_code == 404
    assert "没有编号以 ffffffff 开头的帖文" in gone.text


def test_what_the_index_says_of_its_answer_is_shown(browser: Browser, archive: Console) -> None:
    search = archive.index.search

    def fallen_back(query: Query) -> Page:
        return replace(search(query), notice="结果来自内置索引")

    archive.index.search = fallen_back  # type: ignore[method-assign]
    assert '<p class="notice">结果来自内置索引</p>' in browser.get("/search").text


def test_an_index_that_is_down_is_said_with_503(browser: Browser, archive: Console) -> None:
    def down(query: Query) -> Page:
        raise IndexUnavailable("检索服务没有应答：http://127.0.0.1:9200。")

    archive.index.search = down  # type: ignore[method-assign]
    for path in ("/search", "/search?like=https://bbs.example/t/1", "/export.csv"):
        answer = browser.get(path)
        assert answer.status_code in (503, 404)
    assert "检索服务没有应答" in browser.get("/search").text


def test_hostile_values_stay_text(browser: Browser, console: Console, a_mention: Make) -> None:
    """In facets, chips, addresses and bars."""
    evil = a_mention(1, site=NASTY, title=NASTY)
    verdict = replace(evil.verdict, subjects=(NASTY,), categories=(NASTY,), event=NASTY)
    console.index.add_many([Mention(post=evil.post, verdict=verdict, source=NASTY)])
    values = dict.fromkeys(("q", "subject", "category", "site", "event", "source", "open", "since", "like"), NASTY)
    for wishes in ({"open": ["site", "source", "event"]}, {"subject": NASTY, "site": NASTY}, values):
        page = browser.get("/search", params=wishes).text
        assert "<script" not in page
        assert "<img src=x" not in page
