"""What a crawl of a bar decides without a network: which threads are read again, where it enters, how fast it goes."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from scrapy.settings import Settings as ScrapySettings

from core.clock import system_clock
from core.settings import CrawlSettings, Settings, SourceSettings
from crawlers.job import JOB_SETTING, Job
from crawlers.pages.base import Link
from crawlers.run import scrapy_settings
from crawlers.spiders.tieba import TiebaSpider
from crawlers.tieba.app import installed
from crawlers.tieba.reading import TiebaReading
from tests.crawlers.site import NOW

DAY = NOW.replace(hour=15, minute=59, second=59) - timedelta(days=1)  # 23:59:59 in Shanghai


def link(changed: datetime | None, replies: int | None, tid: int = 1) -> Link:
    return Link(
        url=f"https://tieba.baidu.com/p/{tid}",
        leads_to="thread",
        changed=changed,
        standing=None if replies is None else str(replies),
    )


def after(*read: Link, at: datetime = NOW - timedelta(minutes=30)) -> TiebaReading:
    """A second crawl, after one that read these."""
    first = TiebaReading.resume({}, backfill_from=NOW - timedelta(days=7))
    first.fresh(read, at=at, first_page=True)
    for one in read:
        first.done(one, at=at)
    return TiebaReading.resume(first.cursor(), backfill_from=NOW - timedelta(days=7))


@pytest.mark.parametrize(
    ("read", "shown", "wanted"),
    [
        pytest.param(link(NOW - timedelta(hours=1), 5), link(NOW - timedelta(hours=1), 5), False, id="same minute"),
        pytest.param(link(NOW - timedelta(hours=1), 5), link(NOW, 5), True, id="later, though the number stays"),
        pytest.param(link(NOW - timedelta(hours=1), 5), link(NOW, 6), True, id="later"),
        pytest.param(link(NOW - timedelta(hours=23), 5), link(DAY, 5), False, id="yesterday now, same number"),
        pytest.param(link(DAY - timedelta(minutes=4), 5), link(DAY, 6), True, id="yesterday now, one more"),
        pytest.param(link(DAY - timedelta(minutes=4), 5), link(DAY, 4), True, id="yesterday now, one less"),
        pytest.param(link(DAY - timedelta(minutes=4), 5), link(DAY, None), True, id="yesterday now, no number"),
        pytest.param(link(None, 5), link(None, 5), False, id="pinned, same number"),
        pytest.param(link(None, 5), link(None, 6), True, id="pinned, one more"),
        pytest.param(link(None, None), link(None, None), True, id="pinned, no number: looked at each time"),
    ],
)
def test_what_is_read_again(read: Link, shown: Link, wanted: bool) -> None:
    """Where the list shows no clock, the number of replies tells."""
    reading = after(read, at=(read.changed or NOW) + timedelta(minutes=2))
    assert bool(reading.fresh([shown], at=NOW, first_page=True)) is wanted


def test_a_walk_after_midnight_stops_at_what_is_known() -> None:
    """Yesterday's threads, all shown with the bare day: those that were read end the walk, one that grew does not."""
    noon = DAY - timedelta(hours=1)
    reading = after(link(noon, 5, 1), link(noon - timedelta(minutes=1), 7, 2), at=noon + timedelta(minutes=2))
    shown = [link(DAY, 6, 1), link(DAY, 7, 2)]
    fresh = reading.fresh(shown, at=NOW, first_page=True)
    assert [one.url[-1] for one in fresh] == ["1"]
    assert not reading.goes_on(shown, fresh, first_page=True)


def test_a_cursor_survives_json_and_stays_bounded() -> None:
    """Ten thousand threads and floors leave the last five thousand of each."""
    reading = TiebaReading.resume({}, backfill_from=NOW)
    for number in range(10_000):
        reading.done(link(NOW, number, number), at=NOW)
        reading.heard(str(number), number)
    again = TiebaReading.resume(reading.cursor(), backfill_from=NOW)
    assert (len(again.replies), len(again.comments)) == (5000, 5000)
    assert again.comments["9999"] == 9999
    assert again.grown_by(link(NOW, 10_001, 9999)) == 2
    assert again.grown_by(link(NOW, 3, 1)) is None


def source(url: str, **more: Any) -> SourceSettings:
    return SourceSettings(id="bar", name="星辰吧", kind="tieba", url=url, channel="tieba", **more)


@pytest.mark.parametrize(
    ("row", "entrance"),
    [
        (
            source("https://tieba.baidu.com", keyword="星辰 A/B"),
            "https://tieba.baidu.com/f?kw=%E6%98%9F%E8%BE%B0%20A%2FB&ie=utf-8&pn=0",
        ),
        (source("https://tieba.baidu.com/", keyword="x"), "https://tieba.baidu.com/f?kw=x&ie=utf-8&pn=0"),
        (source("https://tieba.baidu.com/f?kw=%B3%A4"), "https://tieba.baidu.com/f?kw=%B3%A4"),
        (source("https://tieba.baidu.com/f?kw=%B3%A4", keyword="长"), "https://tieba.baidu.com/f?kw=%B3%A4"),
        (
            source("https://tieba.baidu.com/mo/q/m", keyword="长"),
            "https://tieba.baidu.com/mo/q/m?kw=%E9%95%BF&pn=0",
        ),
        (
            source("https://tieba.baidu.com", keyword="长", surface="app"),
            "https://tiebac.baidu.com/c/f/frs/page?cmd=301001&kw=%E9%95%BF&pn=1",
        ),
        (
            source("https://tieba.baidu.com/f?kw=%B3%A4", surface="app"),
            "https://tiebac.baidu.com/c/f/frs/page?cmd=301001&kw=%E9%95%BF&pn=1",
        ),
    ],
)
def test_entrances(row: SourceSettings, entrance: str) -> None:
    """From the base address and the bar's name, or from the operator's own address of a list."""
    assert TiebaSpider(job=_job(row)).entrance(row) == entrance


def _job(*rows: SourceSettings, delay: timedelta | None = None) -> Job:
    crawl = CrawlSettings() if delay is None else CrawlSettings(delay=delay)
    return Job(sources=rows, settings=Settings(crawl=crawl), clock=system_clock)


@pytest.mark.parametrize(
    ("row", "delay", "paces"),
    [
        (source("https://tieba.baidu.com", keyword="x"), None, {"tieba.baidu.com": 3.0}),
        (
            source("https://tieba.baidu.com", keyword="x", surface="app"),
            None,
            {"tieba.baidu.com": 3.0, "tiebac.baidu.com": 3.0},
        ),
        (source("https://tieba.baidu.com", keyword="x", delay="10s"), None, {"tieba.baidu.com": 10.0}),
        (source("https://tieba.baidu.com", keyword="x", delay="1s"), None, {"tieba.baidu.com": 1.0}),
        (source("https://tieba.baidu.com", keyword="x"), timedelta(seconds=8), {}),
        (source("https://tieba.baidu.com", keyword="x"), timedelta(seconds=1), {}),
    ],
)
def test_the_pace(row: SourceSettings, delay: timedelta | None, paces: dict[str, float]) -> None:
    """Three seconds between pages, unless the operator has set another pace for the source or for all."""
    settings = scrapy_settings(_job(row, delay=delay))
    TiebaSpider.update_settings(settings)
    slots = {host: slot["delay"] for host, slot in settings.getdict("DOWNLOAD_SLOTS").items()}
    assert slots == paces
    assert settings.getfloat("DOWNLOAD_DELAY") == (delay.total_seconds() if delay else 2.0)


def test_by_hand_the_pace_holds_too() -> None:
    """`scrapy crawl tieba` waits as long; -s DOWNLOAD_DELAY says otherwise."""
    settings = ScrapySettings({"DOWNLOAD_DELAY": 2.0}, priority="project")
    TiebaSpider.update_settings(settings)
    assert settings.getfloat("DOWNLOAD_DELAY") == 3.0
    settings.set("DOWNLOAD_DELAY", 0, priority="cmdline")
    assert settings.get(JOB_SETTING) is None
    assert settings.getfloat("DOWNLOAD_DELAY") == 0


@pytest.mark.parametrize(
    ("row", "url", "asked", "parser"),
    [
        (source("https://tieba.baidu.com", keyword="x"), "/p/1?pid=5", "https://tieba.baidu.com/p/1?pid=5", "tieba"),
        (
            source("https://tieba.baidu.com/mo/q/m", keyword="x"),
            "/p/1?pid=5",
            "https://tieba.baidu.com/mo/q/m?kz=1",
            "tieba",
        ),
        (
            source("https://tieba.baidu.com", keyword="x", surface="app"),
            "/p/1",
            "https://tiebac.baidu.com/c/f/pb/page?cmd=302001&kz=1&pn=1",
            "tieba_app",
        ),
        (
            source("https://tieba.baidu.com", keyword="x", surface="app"),
            "/p/1?pid=5&cid=6",
            "https://tiebac.baidu.com/c/f/pb/floor?cmd=302002&kz=1&pid=5&pn=1",
            "tieba_app",
        ),
        (
            source("https://tieba.baidu.com", keyword="x", surface="app"),
            "/f?kw=x",
            "https://tieba.baidu.com/f?kw=x",
            "tieba",
        ),
    ],
)
def test_posts_are_read_again_where_their_surface_serves_them(
    row: SourceSettings, url: str, asked: str, parser: str
) -> None:
    """A post's address is the web site's; the app and the touch edition know it by another."""
    if not installed():
        pytest.skip("the extra tingfeng[tieba] is not installed")
    spider = TiebaSpider(job=_job(row))
    address, body = spider.asks_at(row, f"https://tieba.baidu.com{url}")
    assert (address, bool(body)) == (asked, parser == "tieba_app")
    kind, headers = spider.reads_posts_with(row, address)
    assert (kind, "x_bd_data_type" in headers) == (parser, parser == "tieba_app")
