"""The doctor: green only where silence means that nothing was said."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from app.doctor import examine
from app.findings import Finding
from app.wiring import Product
from core.config import load_settings
from core.secret import Secret
from core.work import WorkQueue
from crawlers.reports import SourceReport

MINUTE = timedelta(minutes=1)


@pytest.fixture
def product(demo_config: Path, now: datetime) -> Product:
    return Product(load_settings(demo_config, {}), clock=lambda: now)


def finding(product: Product, item: str) -> Finding:
    [found] = [one for one in examine(product) if one.item == item]
    return found


@pytest.mark.parametrize(("waited", "level"), [(MINUTE, "ok"), (60 * MINUTE, "bad")])
def test_work_that_nobody_does_is_bad(product: Product, now: datetime, waited: timedelta, level: str) -> None:
    """A queue that is not worked on looks like a quiet day."""
    with product.database.write() as connection:
        WorkQueue(product.database, "assess").put(connection, ["a"], due=now - waited, now=now - waited)
    assert finding(product, "待研判").level == level


@pytest.mark.parametrize(("ago", "level"), [(MINUTE, "ok"), (timedelta(days=1), "bad")])
def test_a_source_that_is_not_crawled_any_more_is_bad(
    product: Product, now: datetime, ago: timedelta, level: str
) -> None:
    """Its last state was good, and is old."""
    source, then = product.settings.sources[0], now - ago
    report = SourceReport(source=source.id, state="ok", reason="没有新内容", failed=False, started=then, ended=then)
    product.catalogue.record(report, source, now=then)
    assert finding(product, f"信源 {source.name}").level == level


@pytest.mark.parametrize(
    ("url", "agent", "warned"),
    [
        ("https://bbs.cheyou.net/forum-2-1.html", "TingfengBot/0.1 (contact: pr@example.invalid)", True),
        ("https://bbs.cheyou.net/forum-2-1.html", "TingfengBot/0.1 (+https://pinpai.cn; pr@pinpai.cn)", False),
        ("http://127.0.0.1:8321/forum-2-1.html", "TingfengBot/0.1 (contact: pr@example.invalid)", False),
    ],
)
def test_an_agent_that_nobody_can_reach_is_warned_of(product: Product, url: str, agent: str, warned: bool) -> None:
    """A site that is bothered by us must be able to say so; our own look-alikes need not."""
    source = product.settings.sources[0].model_copy(update={"url": url})
    crawl = product.settings.crawl.model_copy(update={"user_agent": agent})
    settings = product.settings.model_copy(update={"sources": (source,), "crawl": crawl})
    found = [one.item for one in examine(replace(product, settings=settings))]
    assert ("抓取标识" in found) is warned


def test_a_name_of_one_character_is_warned_of(product: Product) -> None:
    [subject, *_] = product.settings.subjects
    short = product.settings.model_copy(update={"subjects": (subject.model_copy(update={"aliases": ("车",)}),)})
    found = finding(replace(product, settings=short), f"监测对象 {subject.name}")
    assert found.level == "warn"
    assert "「车」" in found.state


@pytest.mark.parametrize(
    ("cookie", "level", "said"),
    [
        ("SUB=x; ALF=1776000000", "ok", "还有"),
        ("SUB=x; ALF=1773700000", "warn", "还有"),
        ("SUB=x; ALF=1773500000", "bad", "已经到期"),
        ("SUB=x", "ok", "没有写明"),
        ("nonsense", "bad", "无法识别"),
    ],
)
def test_a_cookie_is_warned_of_before_it_ends(product: Product, cookie: str, level: str, said: str) -> None:
    """A login that ends on a weekend is seen on Friday; its value is seen by nobody."""
    found = finding(_with_source(product, cookie=Secret(cookie)), f"Cookie {product.settings.sources[0].name}")
    assert (found.level, said in found.state) == (level, True)
    assert "SUB" not in found.state


def test_an_exception_from_robots_is_listed_with_its_reason(product: Product) -> None:
    found = finding(_with_source(product, ignore_robots_because="自有站点"), "robots.txt")
    assert "自有站点" in found.state


def test_a_parser_nobody_wrote_is_bad(product: Product) -> None:
    found = finding(_with_source(product, parser="acme"), "页面解析器")
    assert found.level == "bad"
    assert "acme" in found.state
    assert "discuz" in found.fix


def test_a_pause_and_a_doubted_emptiness_are_not_green(product: Product, now: datetime) -> None:
    """Both are silences that say nothing."""
    paused, empty, *_ = product.settings.sources
    product.catalogue.pause(paused.id, reason="维护", now=now)
    assert finding(product, f"信源 {paused.name}").level == "warn"
    report = SourceReport(source=empty.id, state="empty", reason="请核实", failed=True, started=now, ended=now)
    product.catalogue.record(report, empty, now=now)
    assert finding(product, f"信源 {empty.name}").level == "bad"


def _with_source(product: Product, **changes: object) -> Product:
    first, *others = product.settings.sources
    sources = (first.model_copy(update=changes), *others)
    return replace(product, settings=product.settings.model_copy(update={"sources": sources}))


def test_a_damaged_page_of_versions_is_named_with_what_to_do(product: Product) -> None:
    """Reinstalling the product would not help."""
    product.versions.page.parent.mkdir(parents=True, exist_ok=True)
    product.versions.page.write_text("{half", encoding="utf-8")
    found = finding(product, "模型")
    assert (found.level, "versions.json" in found.fix) == ("bad", True)
