from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from scrapy.http import Response

from core.errors import Blocked, Down, LayoutChanged
from core.settings import CrawlSettings, Settings, SourceSettings
from crawlers.job import Job
from crawlers.middlewares import retry_after
from crawlers.pages.base import PageState
from crawlers.reports import Tally, conclude
from crawlers.run import crawl, scrapy_settings

OK = PageState(state="ok", reason="读到 5 个主题")
EMPTY = PageState(state="empty", reason="论坛提示：尚无主题")
CAPTCHA, GONE, DEAD = Blocked("u", "验证码"), LayoutChanged("u", "改版"), Down("u", "超时")
NEW = Tally(entrance=OK, proven=False, never_empty=True)
OLD = replace(NEW, proven=True)

#: Tally, state, whether it counts as a failure, a word of the reason.
CASES: list[tuple[str, Tally, str, bool, str]] = [
    ("all read", replace(NEW, read=5, posts=9, fresh=9), "ok", False, "9 条"),
    ("nothing new", OLD, "ok", False, "没有新内容"),
    ("first crawl, nothing in range", NEW, "empty", True, "请核实"),
    ("first crawl, pages without posts", replace(NEW, read=1), "broken", True, "没有一条帖文"),
    ("may be empty", replace(NEW, never_empty=False), "ok", False, "没有新内容"),
    ("many pages without a post", replace(OLD, read=3), "broken", True, "改版"),
    ("one deleted thread", replace(OLD, read=1), "ok", False, "没有新内容"),
    ("empty, never had any", replace(NEW, entrance=EMPTY), "empty", True, "本应有内容"),
    ("empty, had some", replace(OLD, entrance=EMPTY), "empty", True, "以前有内容"),
    ("empty, allowed", replace(NEW, entrance=EMPTY, never_empty=False), "empty", False, "尚无主题"),
    ("some failed", replace(OLD, read=4, posts=4, fresh=4, missed=(CAPTCHA,)), "ok", False, "1 个页面没有取到"),
    ("one locked thread", replace(OLD, missed=(CAPTCHA,)), "ok", False, "下次再取"),
    ("all blocked", replace(OLD, missed=(CAPTCHA,) * 3), "blocked", True, "验证码"),
    ("all redesigned", replace(OLD, missed=(GONE,) * 3), "broken", True, "改版"),
    ("all dead", replace(OLD, missed=(GONE, DEAD, DEAD)), "down", True, "超时"),
    ("the only thread of a new source", replace(NEW, missed=(CAPTCHA,)), "blocked", True, "验证码"),
    ("cut", replace(OLD, read=9, posts=9, fresh=9, notes=("达到上限",)), "ok", False, "达到上限"),
]


@pytest.mark.parametrize(("tally", "state", "failed", "word"), [case[1:] for case in CASES], ids=[c[0] for c in CASES])
def test_what_a_crawl_says_about_its_source(tally: Tally, state: str, failed: bool, word: str) -> None:
    """Blocked, empty and broken are three things, and silence must be earned."""
    conclusion = conclude(tally)
    assert (conclusion.state, conclusion.failed) == (state, failed)
    assert word in conclusion.reason


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120),
        (" 0 ", 0),
        ("Sun, 15 Mar 2026 12:01:00 GMT", 60),
        ("Sun, 15 Mar 2026 11:00:00 GMT", 0),
        ("99999999999999999999", 10**7),
        ("soon", None),
        ("", None),
        ("-5", None),
        ("١٢", None),
        ("Sun, 99 Mar 2026 99:00:00 GMT", None),
    ],
)
def test_retry_after_is_read_in_both_forms(now: datetime, value: str, seconds: int | None) -> None:
    """Seconds or a date; nonsense is no wish."""
    response = Response("http://site.test/", headers={"Retry-After": value.encode()})
    expected = None if seconds is None else timedelta(seconds=seconds)
    assert retry_after(response, now) == expected


def _source(name: str, url: str, **more: Any) -> SourceSettings:
    return SourceSettings(id=name, name=name, kind="forum", url=url, channel="forum", **more)


def test_the_operators_limits_reach_scrapy() -> None:
    """Delay, concurrency, timeout, size, agent; a source's own delay holds for its host, the longest wins."""
    crawl_settings = CrawlSettings(
        user_agent="OurBot/1 (+https://us.test)",
        delay="3s",  # type: ignore[arg-type]
        concurrency_per_host=2,
        timeout="7s",  # type: ignore[arg-type]
        max_response_mb=4,
    )
    sources = (
        _source("a", "http://one.test:81/x", delay="5s"),
        _source("b", "http://one.test/y", delay="9s"),
        _source("c", "http://two.test/"),
    )
    job = Job(sources=sources, settings=Settings(crawl=crawl_settings), clock=lambda: datetime.now(UTC))
    chosen = scrapy_settings(job)
    assert chosen["USER_AGENT"] == "OurBot/1 (+https://us.test)"
    assert chosen.getfloat("DOWNLOAD_DELAY") == 3
    assert chosen.getint("CONCURRENT_REQUESTS_PER_DOMAIN") == 2
    assert chosen.getfloat("DOWNLOAD_TIMEOUT") == 7
    assert chosen.getint("DOWNLOAD_MAXSIZE") == 4_000_000
    assert chosen.getdict("DOWNLOAD_SLOTS") == {"one.test": {"delay": 9.0}}
    assert not chosen.getbool("COOKIES_ENABLED")
    assert not chosen.getbool("REMOTE_CONTROL_ENABLED")
    assert not chosen.getbool("TELNETCONSOLE_ENABLED")


def test_one_crawl_takes_one_kind_of_source() -> None:
    """Two kinds are a mistake of the caller; no source is no crawl."""
    given: dict[str, Any] = {"settings": Settings(), "catalogue": None, "sink": None, "vault": None, "clock": None}
    news = SourceSettings(id="n", name="n", kind="news", url="http://n.test/", channel="news")
    with pytest.raises(ValueError, match="one kind"):
        crawl([_source("a", "http://one.test/"), news], **given)
    assert crawl([], **given) == []
