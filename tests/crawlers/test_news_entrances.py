"""A news site is watched through several entrances at once: what changed is read, and nothing twice."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.crawlers.conftest import Crawls, row
from tests.crawlers.news_site import NewsSite, tag_page
from tests.crawlers.site import NOW, Reply

LATER = NOW + timedelta(minutes=10)


@pytest.fixture
def news(sites: Any) -> NewsSite:
    return NewsSite.at(sites())


def article(number: int) -> str:
    return f"/a/2026/0315/{number}.html"


def test_one_entrance_that_fails_does_not_stop_the_others(crawls: Crawls, news: NewsSite) -> None:
    """The others are read, each with its own validators; the failed one is named."""
    news.publish(1, 2, 3)
    news.pages |= {
        "/rss": news.feed,
        "/map.xml": lambda: Reply(status=503),
        "/list/": lambda: news.section(*list(news.articles)[:1], *([article(9)] * 0)),
        "/feed.json": lambda: news.json_feed(article(3), article(4)),
    }
    also = [f"{news.site.url}{path}" for path in ("/map.xml", "/list/", "/feed.json")]
    source = row("paper", "news", f"{news.site.url}/rss", also=also)
    first = crawls.run(source)
    state, reason = first.state("paper")
    assert state == "ok"
    assert f"入口没有读到（{news.site.url}/map.xml）：站点返回状态码 503" in reason
    assert "/list/）：没有找到文章列表" in reason, "one link is no list"
    assert sorted(path for path in set(news.asked()) if path.startswith("/a/")) == [article(n) for n in (1, 2, 3)]

    news.publish(4, minutes_ago=-5)
    second = crawls.run(source, now=LATER)
    assert second.reports["paper"]["new"] == 1
    assert [path for path in news.asked() if path.startswith("/a/")] == [article(4)]


def test_where_all_entrances_fail_the_source_does(crawls: Crawls, news: NewsSite) -> None:
    """The first one's failure is the source's state."""
    news.pages |= {"/rss": lambda: Reply(status=403), "/map.xml": lambda: Reply(status=503)}
    outcome = crawls.run(row("paper", "news", f"{news.site.url}/rss", also=[f"{news.site.url}/map.xml"]))
    assert outcome.state("paper")[0] == "blocked"
    assert outcome.reports["paper"]["failed"]


def test_an_empty_feed_beside_a_full_sitemap_is_not_empty(crawls: Crawls, news: NewsSite) -> None:
    """The state is decided over all entrances."""
    news.pages |= {"/rss": news.feed, "/map.xml": lambda: news.sitemap(article(1))}
    empty = news.feed()
    news.publish(1)
    news.pages["/rss"] = lambda: empty
    outcome = crawls.run(row("paper", "news", f"{news.site.url}/rss", also=[f"{news.site.url}/map.xml"]))
    assert outcome.state("paper")[0] == "ok"
    assert len(crawls.posts()) == 1


def test_of_an_index_only_changed_sitemaps_with_articles_are_read(crawls: Crawls, news: NewsSite) -> None:
    """By name, by last change, packed or not; an index that did not change costs one request."""
    news.publish(1, 2, 3)
    children: dict[str, str | None] = {
        "/post-sitemap1.xml": "2026-03-14T10:00:00+08:00",
        "/post-sitemap2.xml.gz": "2026-03-15T10:00:00+08:00",
        "/category-sitemap.xml": "2026-03-15T10:00:00+08:00",
        "/wp-sitemap-users-1.xml": None,
        "/page-sitemap.xml": None,
    }
    news.pages |= {
        "/map.xml": lambda: news.index(children, etag=True),
        "/post-sitemap1.xml": lambda: news.sitemap(article(1)),
        "/post-sitemap2.xml.gz": lambda: news.sitemap(*list(news.articles)[1:], zipped=True),
    }
    source = row("paper", "news", f"{news.site.url}/map.xml")
    first = crawls.run(source)
    assert "3 个子站点地图只列栏目、标签或作者，没有读取" in first.state("paper")[1]
    assert news.asked() == ["/map.xml", "/post-sitemap1.xml", "/post-sitemap2.xml.gz", *(article(n) for n in (3, 2, 1))]

    quiet = crawls.run(source, now=LATER)
    assert quiet.state("paper") == ("ok", "没有新内容")
    assert news.asked() == ["/map.xml"]

    news.publish(4)
    children["/post-sitemap2.xml.gz"] = "2026-03-15T20:05:00+08:00"
    crawls.run(source, now=LATER + timedelta(minutes=10))
    assert news.asked() == ["/map.xml", "/post-sitemap2.xml.gz", article(4)]
    assert len(crawls.posts()) == 4


def test_a_crawl_that_ran_out_of_pages_goes_on_where_it_stopped(crawls: Crawls, news: NewsSite) -> None:
    """Neither the index nor its sitemap is taken for read while articles of it are not."""
    news.publish(*range(1, 7))
    news.pages |= {
        "/map.xml": lambda: news.index({"/m1.xml": "2026-03-15"}, etag=True),
        "/m1.xml": lambda: news.sitemap(*news.articles),
    }
    source = row("paper", "news", f"{news.site.url}/map.xml")
    first = crawls.run(source, max_pages=5)
    assert "达到单次 5 页的上限" in first.state("paper")[1]
    assert len(crawls.posts()) == 3
    news.asked()
    crawls.run(source, now=LATER, max_pages=20)
    assert news.asked() == ["/map.xml", "/m1.xml", article(3), article(2), article(1)]
    crawls.run(source, now=LATER + timedelta(minutes=10))
    assert news.asked() == ["/map.xml"]


def test_an_index_of_indexes_is_read_one_level_deep(crawls: Crawls, news: NewsSite) -> None:
    """And not for ever: an index that lists itself ends."""
    news.publish(1)
    news.pages |= {
        "/map.xml": lambda: news.index({"/news-map.xml": None}),
        "/news-map.xml": lambda: news.index({"/m1.xml": None, "/news-map.xml": None}),
        "/m1.xml": lambda: news.sitemap(article(1)),
    }
    outcome = crawls.run(row("paper", "news", f"{news.site.url}/map.xml"))
    assert outcome.state("paper")[0] == "ok"
    assert "索引嵌套过深" in outcome.state("paper")[1]
    assert len(crawls.posts()) == 1
    assert len(news.asked()) == 5


def test_a_feed_that_rolled_past_us_says_so(crawls: Crawls, news: NewsSite) -> None:
    """Where all entries are new, some may have come and gone unseen."""
    news.publish(*range(1, 7))
    news.pages["/rss"] = lambda: news.feed(etag=False)
    source = row("paper", "news", f"{news.site.url}/rss")
    assert "滚出" not in crawls.run(source).state("paper")[1]
    news.articles.clear()
    news.publish(*range(20, 26), minutes_ago=-5)
    assert "更早的可能已经滚出" in crawls.run(source, now=LATER).state("paper")[1]


def test_a_sitemap_that_fails_is_read_next_time(crawls: Crawls, news: NewsSite) -> None:
    """Its siblings are read; its last change is not taken for read."""
    news.publish(1, 2)
    broken = {"/m2.xml": True}
    news.pages |= {
        "/map.xml": lambda: news.index({"/m1.xml": "2026-03-15", "/m2.xml": "2026-03-15"}, etag=True),
        "/m1.xml": lambda: news.sitemap(article(1)),
        "/m2.xml": lambda: Reply(status=500) if broken else news.sitemap(article(2)),
    }
    source = row("paper", "news", f"{news.site.url}/map.xml")
    first = crawls.run(source)
    assert "子站点地图没有读到" in first.state("paper")[1]
    assert len(crawls.posts()) == 1
    broken.clear()
    news.asked()
    crawls.run(source, now=LATER)
    assert news.asked() == ["/map.xml", "/m2.xml", article(2)]


def test_what_is_no_article_is_remembered_and_never_a_post(crawls: Crawls, news: NewsSite) -> None:
    """A sitemap lists tags and fixed pages too: read once, stated, not asked for again."""
    news.publish(1)
    for name in ("brake", "recall"):
        news.pages[f"/t/{name}.html"] = lambda name=name: tag_page(name)  # type: ignore[misc]
    news.pages["/map.xml"] = lambda: news.sitemap("/t/brake.html", article(1), "/t/recall.html")
    source = row("paper", "news", f"{news.site.url}/map.xml")
    first = crawls.run(source)
    assert first.state("paper")[0] == "ok"
    assert "2 个页面读不出文章" in first.state("paper")[1]
    assert [post.native_id.partition("/")[2] for post in crawls.posts()] == [article(1)[1:]]
    news.asked()
    again = crawls.run(source, now=LATER)
    assert again.state("paper") == ("ok", "没有新内容")
    assert news.asked() == ["/map.xml"]


def test_nothing_but_unreadable_pages_is_a_changed_site(crawls: Crawls, news: NewsSite) -> None:
    """Three pages without an article, and none with one, on a source that never yielded a post."""
    for number in range(4):
        news.pages[f"/t/{number}.html"] = lambda number=number: tag_page(f"页面{number}")  # type: ignore[misc]
    news.pages["/map.xml"] = lambda: news.sitemap(*(f"/t/{number}.html" for number in range(4)))
    state, reason = crawls.run(row("paper", "news", f"{news.site.url}/map.xml")).state("paper")
    assert state == "broken"
    assert "4 个页面都读不出文章" in reason


def test_a_json_feed_and_a_section_are_followed_as_long_as_they_show_something_new(
    crawls: Crawls, news: NewsSite
) -> None:
    """To the next page at first, and not beyond the first page when it shows nothing new."""
    news.publish(*range(10, 22))
    ten = [article(number) for number in range(10, 22)]
    news.pages |= {
        "/list/": lambda: news.section(*ten[:6], following="/list/index_2.html"),
        "/list/index_2.html": lambda: news.section(*ten[6:], following="/list/index_3.html"),
        "/feed.json": lambda: news.json_feed(*ten[:2], following="/feed.json?page=2"),
        "/feed.json?page=2": lambda: news.json_feed(*ten[2:4]),
    }
    source = row("paper", "news", f"{news.site.url}/list/", also=[f"{news.site.url}/feed.json"])
    first = crawls.run(source)
    assert first.state("paper")[0] == "ok"
    asked = news.asked()
    assert "列表的下一页没有读到" in first.state("paper")[1], "index_3.html is not there"
    assert sorted(path for path in asked if path.startswith("/a/")) == sorted(ten)
    assert {"/list/index_2.html", "/feed.json?page=2"} <= set(asked)
    crawls.run(source, now=LATER)
    assert news.asked() == ["/list/", "/feed.json"]
    assert len(crawls.posts()) == 12


def test_a_feed_that_became_a_web_page_is_broken(crawls: Crawls, news: NewsSite) -> None:
    """Also where that page looks like a list of articles; a redirect to the home page is the usual way."""
    news.publish(*range(1, 9))
    news.pages["/rss"] = lambda: news.feed(etag=False)
    source = row("paper", "news", f"{news.site.url}/rss")
    assert crawls.run(source).state("paper")[0] == "ok"
    news.pages["/rss"] = lambda: Reply(status=302, headers=(("Location", "/"),))
    news.pages["/"] = lambda: news.section(*news.articles)
    state, reason = crawls.run(source, now=LATER).state("paper")
    assert (state, "入口原来是RSS 或 Atom，现在返回网页" in reason) == ("broken", True)


def test_a_feed_that_moved_is_followed(crawls: Crawls, news: NewsSite) -> None:
    """A redirect to another feed, whatever content type it claims."""
    news.publish(1)
    moved = news.feed(etag=False)
    news.pages["/rss"] = lambda: Reply(status=301, headers=(("Location", "/new/rss.xml"),))
    news.pages["/new/rss.xml"] = lambda: Reply(body=moved.body, kind="text/html; charset=iso-8859-1")
    assert crawls.run(row("paper", "news", f"{news.site.url}/rss")).state("paper")[0] == "ok"
    assert len(crawls.posts()) == 1


def test_what_lies_before_the_backfill_is_stated_once(crawls: Crawls, news: NewsSite) -> None:
    """History is not read; after a longer stop, what was missed is stated again."""
    news.publish(1)
    news.publish(2, minutes_ago=60 * 24 * 30)
    news.pages["/rss"] = lambda: news.feed(etag=False)
    source = row("paper", "news", f"{news.site.url}/rss")
    assert "1 篇早于 2026-03-08 的内容没有补采" in crawls.run(source).state("paper")[1]
    assert crawls.run(source, now=LATER).state("paper") == ("ok", "没有新内容")
    news.publish(3, minutes_ago=-60)
    late = crawls.run(source, now=NOW + timedelta(days=20)).state("paper")[1]
    assert "1 篇早于 2026-03-28 的内容没有补采" in late, "published while nobody watched"
