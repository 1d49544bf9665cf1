"""s.weibo.com: windows of time, the 50-page cap, empty pages in the middle, logins that run out."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.crawlers.conftest import Crawls, row
from tests.crawlers.site import NOW, Reply, at
from tests.crawlers.weibo_desktop import HOME, DesktopSearch

KEYWORD = "星辰汽车"


def opened(sites: Any, search: DesktopSearch) -> Any:
    search.site = sites(search.route)
    return search.site


def source(site: Any, **more: Any) -> dict[str, Any]:
    return row("search", "weibo", site.url, surface="search", keyword=KEYWORD, **more)


def texts(crawls: Crawls) -> set[str]:
    return {post.text for post in crawls.posts()}


def test_all_pages_of_the_window_are_read_though_one_is_empty(crawls: Crawls, sites: Any) -> None:
    """An empty page in the middle is not the end: the pager says how many there are."""
    search = DesktopSearch(per_page=2, gaps={2})
    for number in range(1, 10):
        search.say(number * 30, f"第{number}条")
    site = opened(sites, search)
    first = crawls.run(source(site), backfill="2d")
    assert first.state("search")[0] == "ok"
    assert texts(crawls) == {f"第{number}条" for number in (1, 2, 5, 6, 7, 8, 9)}
    assert len(search.windows) == 1
    assert len(site.pages()) == 6, "the search of all time, and five pages of one window"


def test_a_later_crawl_reads_only_the_time_since(crawls: Crawls, sites: Any) -> None:
    """The next window begins where the last one ended, with an overlap, at a whole hour of China's time."""
    search = DesktopSearch(per_page=5)
    search.say(600, "早上的一条")
    site = opened(sites, search)
    crawls.run(source(site), backfill="1d")
    search.windows.clear()
    search.say(-20, "新的一条")
    later = crawls.run(source(site), now=NOW + timedelta(minutes=30))
    assert search.windows == ["custom:2026-03-15-18:2026-03-15-21"]
    assert later.reports["search"]["new"] == 1
    quiet = crawls.run(source(site), now=NOW + timedelta(minutes=40))
    assert quiet.state("search") == ("ok", "没有新内容")


def test_quiet_hours_are_no_reason_for_doubt(crawls: Crawls, sites: Any) -> None:
    """The search of all time proves that the search works: an empty window is then really empty."""
    search = DesktopSearch(per_page=5)
    search.say(60 * 20, "昨天的一条")
    site = opened(sites, search)
    crawls.run(source(site), backfill="2d")
    assert crawls.run(source(site), now=NOW + timedelta(minutes=20)).state("search") == ("ok", "没有新内容")


def test_a_cut_window_is_split_into_days_and_hours(crawls: Crawls, sites: Any) -> None:
    """60 pages in two days are cut at 50; by days and hours nothing is lost."""
    search = DesktopSearch()
    for number in range(60):
        search.say(20 + number * 25, f"第{number}条")
    site = opened(sites, search)
    outcome = crawls.run(source(site), backfill="3d", max_pages=300)
    assert outcome.state("search")[0] == "ok"
    assert "不完整" not in outcome.state("search")[1]
    assert len(crawls.posts()) == 60
    assert not any("44:" in window for window in search.windows)


def test_a_cut_hour_is_split_by_region_and_what_stays_cut_is_named(crawls: Crawls, sites: Any) -> None:
    """Provinces, then cities; a city that is still cut in one hour is named to the operator."""
    search = DesktopSearch()
    for number in range(55):
        search.say(10 + number / 2, f"深圳{number}", province=44, city=3)
    for number in range(10):
        search.say(11 + number, f"广州{number}", province=44, city=1)
        search.say(11 + number, f"武汉{number}", province=42, city=1)
    site = opened(sites, search)
    outcome = crawls.run(source(site), backfill="1h", max_pages=400)
    state, reason = outcome.state("search")
    assert state == "ok"
    assert "2026年3月15日19时至2026年3月15日20时（广东深圳）的结果超过 50 页且不能再拆分，该时段不完整" in reason
    assert "没有地区资料" in reason
    found = texts(crawls)
    assert {f"广州{number}" for number in range(10)} <= found
    assert {f"武汉{number}" for number in range(10)} <= found
    assert len([text for text in found if text.startswith("深圳")]) == 50, "no more than the site shows"


def test_what_the_budget_left_is_read_by_the_next_crawls(crawls: Crawls, sites: Any) -> None:
    """A walk that the budget ends goes on where it stopped, after the new time."""
    search = DesktopSearch()
    for number in range(30):
        search.say(20 + number * 40, f"第{number}条")
    site = opened(sites, search)
    first = crawls.run(source(site), backfill="2d", max_pages=12)
    assert "达到单次 12 页的上限" in first.state("search")[1]
    seen = [len(crawls.posts())]
    for crawl in range(1, 6):
        crawls.run(source(site), backfill="2d", max_pages=12, now=NOW + timedelta(minutes=10 * crawl))
        seen.append(len(crawls.posts()))
    assert seen == sorted(seen)
    assert seen[-1] == 30


def test_a_cookie_that_runs_out_in_the_middle_blocks_and_loses_nothing(crawls: Crawls, sites: Any) -> None:
    """What was read is kept, the source is blocked, and the next good crawl reads the same time again."""
    search = DesktopSearch(cookie="mine", lasts=4)
    for number in range(12):
        search.say(20 + number * 10, f"第{number}条")
    site = opened(sites, search)
    cut_off = crawls.run(source(site, cookie="SUB=mine"), backfill="1d")
    state, reason = cut_off.state("search")
    assert (state, reason) == ("blocked", "返回的是微博首页或登录页，需要登录 Cookie")
    assert 0 < len(crawls.posts()) < 12
    assert crawls.raw(cut_off.reports["search"]["proof"]).body == HOME.encode()
    search.lasts = 1000
    assert crawls.run(source(site, cookie="SUB=mine"), backfill="1d", now=NOW + timedelta(minutes=30)).state("search")[
        0
    ] == ("ok")
    assert len(crawls.posts()) == 12


def test_nobody_finds_nothing_and_that_is_told(crawls: Crawls, sites: Any) -> None:
    """Without a login: blocked. A keyword that nobody used: empty. A new layout: broken."""
    shut = DesktopSearch(cookie="mine")
    shut.say(10, "一条")
    servers = {"shut": opened(sites, shut), "none": opened(sites, DesktopSearch())}
    servers["changed"] = sites(at("/weibo", Reply(body=b"<html><body><div class='feed-v2'>" + b"x " * 900 + b"</div>")))
    rows = [
        row(name, "weibo", site.url, surface="search", keyword=KEYWORD, never_empty=False)
        for name, site in servers.items()
    ]
    outcome = crawls.run(*rows)
    states = {name: outcome.state(name)[0] for name in servers}
    assert states == {"shut": "blocked", "none": "empty", "changed": "broken"}
    assert len(servers["none"].pages()) == 1, "no windows of a search that finds nothing at all"
    assert not crawls.posts()


def test_comments_are_said_to_be_missing(crawls: Crawls, sites: Any) -> None:
    """s.weibo.com has no comments: who asked for them is told."""
    search = DesktopSearch()
    search.say(10, "一条")
    outcome = crawls.run(source(opened(sites, search), comments=True), backfill="1h")
    assert "评论没有读取" in outcome.state("search")[1]
