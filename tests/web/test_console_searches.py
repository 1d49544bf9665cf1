"""The page of saved searches: who keeps which, whom it tells, what waits, and what is wrong with it."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from sqlalchemy import update

from alerts.saved_search import Filters, address, query
from alerts.saved_searches import SavedSearches
from alerts.search_news import tell
from alerts.search_watch import SearchWatch
from core.model import Mention
from core.schema import saved_searches
from index.posts import PostStore
from index.tree import whole_tree
from tests.web.conftest import NASTY, make_mention
from web.console import Console
from web.search_form import read_form

HOUR = timedelta(hours=1)
FULL = Filters(
    grades=("A", "B"),
    channels=("forum", "weibo"),
    subjects=("星辰汽车", "a&b=c"),
    categories=("安全",),
    min_risk=60,
    min_negative=0.85,
    sort="risk",
)


def save(console: Console, text: str = "刹车", **more: Any) -> Any:
    values: dict[str, Any] = {"owner": "李经理", "name": "刹车", "notify": ("console",), **more}
    return SavedSearches(console.database, console.settings).add(text=text, now=console.clock() - HOUR, **values)


def publish(console: Console, mention: Mention) -> None:
    PostStore(console.database).keep([mention.post], source="board", raw=None, now=console.clock())
    with console.database.write() as connection:
        console.verdicts.save(connection, [mention.verdict], now=console.clock())
    SearchWatch(database=console.database, settings=console.settings).consider([mention], now=console.clock())


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def test_every_search_is_listed_with_what_matters(browser: Any, console: Console) -> None:
    """Name, owner, what it asks for, whom it tells, what waits, what was told and whether that arrived."""
    save(console, filters=Filters(grades=("A",)))
    save(console, "漏油", name="漏油", owner="王店长", notify=(), pause=2 * HOUR)
    publish(console, make_mention(console.clock(), 1))
    page = text_of(browser.get("/searches").text)
    for said in ("刹车；等级 特急", "李经理", "console", "间隔 10分", "从未", "1／0", "正常", "王店长", "不通知"):
        assert said in page
    tell(console.database, console.settings, now=console.clock())
    page = text_of(browser.get("/searches").text)
    assert "0／1" in page
    assert "2026-03-15 20:00:00 console 待发送" in page


def test_nothing_kept_says_how_to_begin(browser: Any) -> None:
    page = browser.get("/searches").text
    assert "还没有检索订阅" in page
    assert "tingfeng searches add" in page


@pytest.mark.parametrize("path", ["/", "/search", "/searches", "/cases"])
def test_every_page_leads_there(browser: Any, path: str) -> None:
    assert 'href="/searches"' in browser.get(path).text


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"text": "(刹车"}, "失效：第 1 个字符处括号没有闭合"),
        ({"notify": ["fax", "console"]}, "渠道 fax 已不在设置中"),
        ({"muted": True}, "已暂停"),
        ({"told": None}, "迟迟未通知"),
    ],
)
def test_what_is_wrong_is_said(browser: Any, console: Console, changes: dict[str, Any], said: str) -> None:
    save(console)
    publish(console, make_mention(console.clock(), 1))
    at = console.clock() - HOUR
    with console.database.write() as connection:
        connection.execute(update(saved_searches).values(changes))
        connection.exec_driver_sql("UPDATE saved_search_hits SET at = ?", (f"{at:%Y-%m-%d %H:%M:%S}.000000",))
    page = browser.get("/searches").text
    assert said in text_of(page)
    assert ("/search?q=" in page) is ("text" not in changes)  # what cannot be run has no link that runs it


@pytest.mark.parametrize(
    ("text", "filters"),
    [
        ("刹车", Filters()),
        ("刹车 或 漏油 -二手", Filters(min_negative=0.5)),
        ("", Filters(min_negative=0.123456)),
        ('"4S 店+1" 100% a=b', FULL),
        ("近7天 日期:昨天", FULL),
    ],
)
def test_the_link_runs_the_very_search(browser: Any, console: Console, text: str, filters: Filters) -> None:
    """The search page reads the link's address as the same search."""
    saved = save(console, text, filters=filters)
    form = read_form(parse_qsl(urlsplit(address(saved)).query))
    assert form.problems == ()
    now, zone = console.clock(), console.settings.zone
    by_page, by_search = form.query(now=now, zone=zone), query(saved, now=now, zone=zone)
    assert _parts(whole_tree(by_page)) == _parts(whole_tree(by_search))
    assert by_page.sort == by_search.sort
    link = re.search(r'<td><a href="(/search\?[^"]*)"', browser.get("/searches").text)
    assert link
    assert browser.get(link.group(1).replace("&amp;", "&")).status_code == 200


def _parts(tree: Any) -> set[Any]:
    """What must hold, in whatever order it stands."""
    return set(getattr(tree, "nodes", (tree,)))


def test_hostile_names_stay_text(browser: Any, console: Console) -> None:
    save(console, "alert", name=NASTY[:60], owner=NASTY)
    answer = browser.get("/searches")
    assert answer.status_code == 200
    assert "<script>" not in answer.text
    assert "<img" not in answer.text
    assert "&lt;script&gt;" in answer.text


def test_the_page_only_reads(browser: Any) -> None:
    """There is no login: nothing on it writes, and nothing is taken."""
    page = browser.get("/searches").text
    assert re.findall(r'method="(\w+)"', page) == ["get"]  # the search box of every page
    assert browser.request("POST", "/searches").status_code == 405
