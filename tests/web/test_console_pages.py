"""What a duty officer and an operator see."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from core.model import Exhibit, Mention
from crawlers.reports import SourceReport
from index.posts import PostStore
from web.console import Console

MINUTE = timedelta(minutes=1)
PAGES = ["/", "/?page=2", "/search", "/search?q=x", "/sources", "/cases", "/cases?every=1"]


@pytest.mark.parametrize("path", PAGES)
def test_every_page_opens_on_empty_stores(browser: Any, path: str) -> None:
    """The first minute of the first run shows pages, not errors."""
    answer = browser.get(path)
    assert answer.status_code == 200
    assert "听风" in answer.text


def test_the_latest_alert_tells_what_one_must_know(
    browser: Any, a_mention: Callable[..., Mention], ring: Callable[..., None], captured: Callable[[Mention], Exhibit]
) -> None:
    """Grade, title, reasons, age, evidence with its picture, delivery and the case's clock stand on the first page."""
    mention = a_mention()
    exhibit = captured(mention)
    ring(mention, exhibit=exhibit)
    page = browser.get("/").text
    for said in ("特急", "提车三天刹车失灵", "涉及行车安全", "+40", "星辰汽车", "7分前发布", "新事件首次预警",
                 "证据完整", "wecom 已送达", "mail 待发送", "处置单：新建", "剩余 2小时56分",
                 "事件共 3 帖"):  # fmt: skip
        assert said in page, said
    assert f'<img src="/evidence/{exhibit.id}/post.png"' in page
    assert '<a class="out" href="https://bbs.example/t/1" rel="noreferrer noopener nofollow"' in page


def test_one_alert_shows_text_reasons_proof_and_the_rest_of_the_event(
    browser: Any,
    console: Console,
    now: datetime,
    a_mention: Callable[..., Mention],
    ring: Callable[..., None],
    captured: Callable[[Mention], Exhibit],
) -> None:
    """The alert's page: marked text, points, hashes, verification, deliveries, other posts of the event."""
    mention = a_mention()
    exhibit = captured(mention)
    ring(mention, exhibit=exhibit)
    other = a_mention(2, title="另一位车主也说刹车失灵")
    PostStore(console.database).keep([other.post], source="board", raw=None, now=now)
    with console.database.write() as connection:
        console.verdicts.save(connection, [other.verdict], now=now)
    page = browser.get("/alerts/a1").text
    assert '<mark title="涉及行车安全">刹车失灵</mark>' in page
    assert "另一位车主也说刹车失灵" in page
    assert "核验通过" in page
    assert exhibit.manifest in page
    assert len(re.findall(r"\b[0-9a-f]{64}\b", page)) == 7
    for said in ("errcode 0", "已接受", "浏览 1234", "回复 未知", "不证明内容属实", "+15"):
        assert said in page, said


def test_an_edited_post_shows_its_earlier_words(
    browser: Any, console: Console, now: datetime, a_mention: Callable[..., Mention], ring: Callable[..., None]
) -> None:
    """What was said before the edit stays readable."""
    mention = a_mention()
    ring(mention)
    edited = replace(mention.post, text="已经解决了。")
    PostStore(console.database).keep([edited], source="board", raw=None, now=now + MINUTE)
    page = browser.get("/alerts/a1").text
    assert "编辑前的文字（1 版）" in page
    assert "退一赔三。" in page
    assert "已经解决了。" in page


def test_an_alert_whose_post_expired_still_opens(
    browser: Any, console: Console, a_mention: Callable[..., Mention], ring: Callable[..., None]
) -> None:
    """Retention may take the post; the alert and its proof of delivery remain."""
    mention = a_mention()
    ring(mention)
    with console.database.write() as connection:
        connection.exec_driver_sql("DELETE FROM verdicts")
        connection.exec_driver_sql("DELETE FROM posts")
    assert "帖文已不在库中" in browser.get("/").text
    assert "errcode 0" in browser.get("/alerts/a1").text


@pytest.mark.parametrize("path", ["/alerts/unknown", "/cases/unknown", "/evidence/unknown/post.png", "/alerts/<b>x"])
def test_what_does_not_exist_is_said_politely(browser: Any, path: str) -> None:
    """An old link gives a Chinese page with status 404."""
    answer = browser.get(path)
    assert answer.status_code == 404
    assert "<b>x" not in answer.text
    assert "找不到" in answer.text


def test_sources_tell_blocked_from_fresh(browser: Any, console: Console, now: datetime) -> None:
    """A blocked source stands out with its reason, on its page and beside the alerts; a new one is not healthy."""
    report = SourceReport(
        source="board", state="blocked", reason="出现登录墙<b>", failed=True, started=now - MINUTE, ended=now
    )  # fmt: skip
    console.catalogue.record(report, console.settings.sources[0], now=now)
    page = browser.get("/sources").text
    for said in ("车友论坛", "被拦截", "出现登录墙&lt;b&gt;", "新信源", "尚未抓取", "后<br>", "连续失败 1 次"):
        assert said in page, said
    assert "看不到：车友论坛" in browser.get("/").text


def test_cases_show_clock_and_history(
    browser: Any, console: Console, now: datetime, a_mention: Callable[..., Mention], ring: Callable[..., None]
) -> None:
    """The ledger shows who must act by when; a closed case leaves the open list and stays in the full one."""
    ring(a_mention())
    case = console.cases.of_event("e1")
    assert case is not None
    assert "剩余 2小时56分" in browser.get("/cases").text
    console.cases.act(case.id, action="dismiss", actor="值班员", note="同名 <i>车型", now=now)
    page = browser.get(f"/cases/{case.id}").text
    for said in ("自动立案", "判为误报", "值班员", "同名 &lt;i&gt;车型", "新建 → 误报", "提车三天刹车失灵"):
        assert said in page, said
    assert case.id not in browser.get("/cases").text
    assert case.id in browser.get("/cases?every=1").text


def test_health_is_json(browser: Any, a_mention: Callable[..., Mention], ring: Callable[..., None]) -> None:
    """A machine that watches us reads whether the stores answer, and what waits."""
    ring(a_mention())
    answer = browser.get("/healthz")
    assert answer.status_code == 200
    facts = answer.json()
    assert (facts["ok"], facts["mentions"]) == (True, 1)
    assert facts["queues"]["assess"] == {"waiting": 1, "buried": 0}


@pytest.mark.parametrize("path", ["/", "/search?q=刹车失灵", "/alerts/a1", "/cases/CASE"])
def test_a_post_that_its_source_deleted_says_so(
    browser: Any,
    console: Console,
    now: datetime,
    a_mention: Callable[..., Mention],
    ring: Callable[..., None],
    path: str,
) -> None:
    """Whoever calls the poster knows first that the post is gone, since when, and by what sign; the text stays."""
    mention = a_mention(floor=1)
    ring(mention)
    case = console.cases.of_event("e1")
    assert case is not None
    path = path.replace("CASE", case.id)
    assert "已删除" not in browser.get(path).text
    url = mention.post.url
    assert PostStore(console.database).gone(url, raw=None, now=now, reason="论坛提示：主题<b>不存在") == 1
    page = browser.get(path).text
    assert "已删除（2026-03-15 20:00:00）" in page
    assert "主题&lt;b&gt;不存在" in page
    assert "刹车失灵" in page
