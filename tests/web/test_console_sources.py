"""What an operator sees of the sources: states with their proof, the last days, cookies that end."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from core.model import SourceState
from core.secret import Secret
from core.settings import SourceSettings
from crawlers.reports import SourceReport
from evidence.vault import RawResponse, Vault
from web.console import Console
from web.server import create_app

HOUR = timedelta(hours=1)
WALL = "<title>请登录</title><script>alert(1)</script>\u202e请先登录"


def crawl(
    console: Console,
    state: SourceState,
    *,
    ago: timedelta,
    proof: str | None = None,
    reason: str = "没有新内容",
    every: timedelta | None = None,
) -> None:
    """The catalogue after a crawl of the board that ended `ago`."""
    at = console.clock() - ago
    failed = state not in ("ok", "empty")
    report = SourceReport(
        source="board", state=state, reason=reason, failed=failed, started=at, ended=at, proof=proof, new=0
    )
    source = console.settings.sources[0]
    console.catalogue.record(report, source.model_copy(update={"every": every or source.every}), now=at)


def saved(console: Console, body: str = WALL, **changes: Any) -> str:
    raw = RawResponse(
        url="https://bbs.example/f1",
        status=403,
        headers=(("Content-Type", "text/html; charset=utf-8"), ("X-Nasty", "<b>bold</b>")),
        body=body.encode(),
        fetched=console.clock(),
        ip="192.0.2.7",
    )
    return Vault(console.settings.data_dir / "vault").put_response(replace(raw, **changes))


def with_source(console: Console, **changes: Any) -> Any:
    """A browser on a console whose first source is another one."""
    from tests.web.conftest import Browser

    first = SourceSettings.model_validate({**dict(console.settings.sources[0]), **changes})
    settings = console.settings.model_copy(update={"sources": (first, *console.settings.sources[1:])})
    return Browser(replace(console, settings=settings))


def test_the_response_that_decided_a_state_is_shown_as_text(browser: Any, console: Console) -> None:
    """A block page can be read by the operator and cannot run."""
    crawl(console, "blocked", ago=HOUR, proof=saved(console), reason="页面标题是“请登录”")
    assert 'href="/sources/board/proof"' in browser.get("/sources").text
    answer = browser.get("/sources/board/proof")
    assert answer.status_code == 200
    assert "script-src" not in answer.headers["content-security-policy"]
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    page = answer.text
    for said in ("状态码 403", "192.0.2.7", "&lt;script&gt;alert(1)&lt;/script&gt;", "&lt;b&gt;bold&lt;/b&gt;"):
        assert said in page, said
    assert "<script" not in page
    assert "\u202e" not in page


def test_a_long_response_is_cut_and_says_so(browser: Any, console: Console) -> None:
    """A page of millions of characters does not become a page of millions of characters."""
    crawl(console, "broken", ago=HOUR, proof=saved(console, "长" * 400_000))
    page = browser.get("/sources/board/proof").text
    assert "页面只显示前一部分" in page
    assert len(page) < 80_000


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("/sources/unknown/proof", "a source nobody knows"),
        ("/sources/fresh/proof", "a source that was never crawled"),
        ("/sources/board/proof?of=OTHER", "a response of the vault that is not about this source"),
        ("/sources/board/proof?of=../../etc/passwd", "no address at all"),
        ("/sources/%3Cb%3Ex/proof", "markup for an id"),
    ],
)
def test_only_a_source_s_own_proofs_are_shown(browser: Any, console: Console, path: str, why: str) -> None:
    """The vault holds more than this page is for."""
    crawl(console, "blocked", ago=HOUR, proof=saved(console))
    answer = browser.get(path.replace("OTHER", saved(console, "别的响应")))
    assert answer.status_code == 404, why
    assert "<b>x" not in answer.text


def test_a_proof_that_retention_took_is_said(browser: Any, console: Console) -> None:
    """The state stays, its response is gone: a sentence, not an error."""
    crawl(console, "blocked", ago=HOUR, proof="0" * 64)
    answer = browser.get("/sources/board/proof")
    assert answer.status_code == 404
    assert "已不在库中" in answer.text


def test_the_last_days_are_intervals(browser: Any, console: Console) -> None:
    """A night without sight stays visible after it is over; what is older than a week is not shown."""
    seldom = timedelta(days=4)
    crawl(console, "down", ago=timedelta(days=9), reason="很久以前连接超时", every=seldom)
    crawl(console, "ok", ago=timedelta(days=8), every=seldom)
    crawl(console, "blocked", ago=timedelta(days=2), reason="出现<i>登录墙", every=seldom)
    crawl(console, "ok", ago=timedelta(days=2) - 3 * HOUR, every=seldom)
    page = browser.get("/sources").text
    assert "近 7 天有 1 段异常或暂停" in page
    assert "（3小时）" in page
    assert "出现&lt;i&gt;登录墙" in page
    assert "很久以前" not in page
    bars = re.findall(r'<rect class="week-(\w+)" x="([\d.]+)" y="0" width="([\d.]+)"', page)
    assert [bar[0] for bar in bars] == ["ok", "failed", "ok"]
    assert sum(float(bar[2]) for bar in bars) == pytest.approx(1000, abs=3)


def test_time_without_any_crawl_is_no_good_time(browser: Any, console: Console) -> None:
    """The product was off for two days: the days look like it."""
    crawl(console, "ok", ago=timedelta(days=3))
    crawl(console, "ok", ago=timedelta(days=1))
    page = browser.get("/sources").text
    assert "近 7 天有 1 段异常或暂停" in page
    assert "该到采集时间却没有采集，系统可能没有运行" in page


def test_an_emptiness_that_is_not_believed_is_not_called_true(browser: Any, console: Console) -> None:
    """确无新内容 is said only where it is believed."""
    crawl(console, "empty", ago=HOUR)
    assert ">确无新内容<" in browser.get("/sources").text
    report = SourceReport(
        source="board",
        state="empty",
        reason="可能被限流",
        failed=True,
        started=console.clock(),
        ended=console.clock(),
    )
    console.catalogue.record(report, console.settings.sources[0], now=console.clock())
    assert ">没有内容，存疑<" in browser.get("/sources").text


def test_a_source_that_is_not_crawled_any_more_is_overdue(browser: Any, console: Console) -> None:
    """`ok` from yesterday is no news of today, on the page of sources and beside the alerts."""
    crawl(console, "ok", ago=timedelta(days=1))
    assert "逾期未抓" in browser.get("/sources").text
    assert "看不到：车友论坛" in browser.get("/").text


def test_a_pause_is_no_fault_but_is_seen(browser: Any, console: Console, now: datetime) -> None:
    """An operator's own wish does not ring, and its reason stands there."""
    console.catalogue.pause("board", reason="站点<u>维护", now=now - HOUR)
    page = browser.get("/sources").text
    assert "已暂停" in page
    assert "站点&lt;u&gt;维护" in page
    assert "信源没有故障" in browser.get("/").text


@pytest.mark.parametrize(
    ("cookie", "said"),
    [
        ("SUB=x; ALF=1773878400", "还有 3天12小时"),
        ("SUB=x; ALF=1773532800", "已到期"),
        ("SUB=x", "未写明到期"),
        ("\x00", "无法识别"),
    ],
)
def test_a_cookie_counts_down(console: Console, cookie: str, said: str) -> None:
    """The operator renews a login before it ends, and its value is never on the page."""
    page = with_source(console, cookie=Secret(cookie)).get("/sources").text
    assert said in page
    assert "SUB" not in page


def test_an_override_of_robots_is_shown_with_its_reason(console: Console) -> None:
    """Who reads the page sees where we do not obey, and why."""
    browser = with_source(console, ignore_robots_because="本公司<b>自有站点")
    crawl(console, "ok", ago=timedelta(minutes=1))
    assert "不遵守 robots.txt，理由：本公司&lt;b&gt;自有站点" in browser.get("/sources").text


def test_no_source_at_all(console: Console) -> None:
    """A first start without sources says so."""
    from tests.web.conftest import Browser

    empty = replace(console, settings=console.settings.model_copy(update={"sources": ()}))
    assert create_app(empty)
    assert "还没有信源" in Browser(empty).get("/sources").text
