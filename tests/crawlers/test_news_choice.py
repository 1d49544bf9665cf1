"""What a news source remembers of its entrances, and which of their links it reads."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from crawlers.cursors import KnownReading
from crawlers.cursors.entrances import Entrances, lists_no_articles
from crawlers.pages.base import Link, PageState, Parsed
from crawlers.spiders.news_shown import Shown, latest, wanted
from crawlers.visits import Page
from evidence.vault import RawResponse

NOW = datetime(2026, 11, 22, 7, tzinfo=UTC)
MAIN = "http://n.test/rss"


def shown(*links: Link, loose: bool = True, into: Shown | None = None) -> Shown:
    raw = RawResponse(url=MAIN, status=200, headers=(), body=b"", fetched=NOW, ip=None)
    page = Page(raw=raw, parsed=Parsed(links=links, state=PageState(state="ok", reason="")), at=NOW)
    into = into or Shown()
    into.add(page, entrance=MAIN, loose=loose, home=MAIN)
    return into


def reading(cursor: dict[str, Any] | None = None, days: int = 7) -> KnownReading:
    return KnownReading.resume(cursor or {}, backfill_from=NOW - timedelta(days=days))


def article(path: str, hours_ago: float | None = None) -> Link:
    changed = None if hours_ago is None else NOW - timedelta(hours=hours_ago)
    return Link(url=f"http://n.test{path}", leads_to="article", changed=changed)


def test_the_first_versions_cursor_is_read() -> None:
    """Its single validators belong to the source's own address."""
    old = {"known": ["n.test/1"], "misses": {}, "etag": '"1"', "last_modified": "Sun, 22 Nov 2026 00:00:00 GMT"}
    entrances = Entrances.resume(old, main=MAIN)
    assert entrances.conditions(MAIN) == {"If-None-Match": '"1"', "If-Modified-Since": old["last_modified"]}
    assert entrances.conditions("http://n.test/other") == {}
    assert entrances.as_json() == {MAIN: {"etag": '"1"', "last_modified": old["last_modified"]}}


def test_what_is_forgotten_keeps_its_shape() -> None:
    """So that a feed which becomes a web page is noticed even after a crawl that was cut."""
    entrances = Entrances.resume({}, main=MAIN)
    entrances.learned(MAIN, {"shape": "sitemap", "etag": '"1"', "last_modified": None})
    entrances.learned("http://n.test/m1.xml", {"changed": "2026-11-22T00:00:00+00:00"}, index=MAIN)
    entrances.forget(["http://n.test/m1.xml"])
    assert entrances.as_json() == {MAIN: {"shape": "sitemap"}}
    assert entrances.conditions(MAIN) == {}


@pytest.mark.parametrize(
    ("path", "skipped"),
    [
        ("/wp-sitemap-posts-post-1.xml", False),
        ("/wp-sitemap-posts-page-1.xml", True),
        ("/wp-sitemap-taxonomies-category-1.xml", True),
        ("/wp-sitemap-taxonomies-post_tag-1.xml", True),
        ("/wp-sitemap-users-1.xml", True),
        ("/post-sitemap.xml", False),
        ("/post-sitemap12.xml", False),
        ("/page-sitemap.xml", True),
        ("/category-sitemap.xml", True),
        ("/post_tag-sitemap2.xml", True),
        ("/author-sitemap.xml", True),
        ("/sitemap-pages.xml", True),
        ("/sitemap-news.xml", False),
        ("/sitemap_2026_11.xml.gz", False),
        ("/sitemap.php?page=2", False),
        ("/news/sitemap1.xml", False),
    ],
)
def test_sitemaps_without_articles_are_known_by_name(path: str, skipped: bool) -> None:
    """Of WordPress, Yoast and their like; a host called "users" says nothing."""
    assert lists_no_articles(f"http://users.test{path}") is skipped


def test_too_many_sitemaps_are_read_newest_first() -> None:
    """By the change that the index shows, else by number; how many were left is told."""
    children = [Link(url=f"http://n.test/post-sitemap{n}.xml", leads_to="feed") for n in range(1, 31)]
    chosen, by_name, beyond = Entrances.resume({}, main=MAIN).to_read(children)
    assert [link.url for link in chosen] == [f"http://n.test/post-sitemap{n}.xml" for n in range(11, 31)]
    assert (by_name, beyond) == (0, 10)


def test_the_feeds_word_counts_before_the_sitemaps() -> None:
    """An old article that was touched yesterday is still old."""
    both = shown(article("/1", hours_ago=1))
    shown(article("/1", hours_ago=24 * 30), loose=False, into=both)
    choice = wanted(both, reading(), before=None)
    assert choice.links == ()
    assert not both.is_loose("n.test/1")


def test_a_bare_day_lasts_until_midnight() -> None:
    """A list that shows days only would lose the articles of the first day's evening."""
    day = datetime(2026, 11, 15, tzinfo=UTC)
    assert latest(day) == day + timedelta(days=1)
    assert latest(NOW.replace(minute=5)) == NOW.replace(minute=5)
    link = Link(url="http://n.test/1", leads_to="article", changed=day)
    assert wanted(shown(link), reading(), before=None).links == (link,)


def test_of_addresses_without_a_date_the_newest_come_first() -> None:
    """By the day in the address, then by its last number; more than can be remembered are left and told."""
    links = [article(f"/n/{n}.html") for n in range(1, 4203)] + [
        article("/2026/1121/7.html"),
        article("/2025/0101/99999.html"),
    ]
    choice = wanted(shown(*links), reading(), before=None)
    assert [link.url for link in choice.links[:3]] == [
        "http://n.test/2026/1121/7.html",
        "http://n.test/2025/0101/99999.html",
        "http://n.test/n/4202.html",
    ]
    assert len(choice.links) == 4000
    assert choice.notes == ("204 个没有日期的较旧网址没有读取",)


def test_history_is_told_once() -> None:
    """At the first crawl, and again only for what became history unread since."""
    old = shown(article("/1", hours_ago=24 * 30), article("/2", hours_ago=24 * 10))
    assert wanted(old, reading(), before=None).notes == ("2 篇早于 2026-11-15 的内容没有补采（超出 [crawl] backfill）",)
    later = (NOW - timedelta(days=12)).isoformat()
    assert wanted(old, reading(), before=later).notes == (
        "1 篇早于 2026-11-15 的内容没有补采（超出 [crawl] backfill）",
    )
    assert wanted(old, reading({"known": ["n.test/2"]}), before=later).notes == ()


def test_links_into_a_private_network_are_not_followed() -> None:
    """And how many there were is told."""
    inside = [
        Link(url=f"http://{host}/1", leads_to="article") for host in ("192.168.1.1", "localhost", "10.0.0.1:8080")
    ]
    choice = wanted(shown(*inside), reading(), before=None)
    assert choice.links == ()
    assert choice.notes == ("3 个链接指向内部网络，没有读取",)
