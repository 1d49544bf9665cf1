"""An article is one post, however many pages it is cut into, and its readers' comments are posts of their own."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from core.model import post_id
from tests.crawlers.conftest import Crawls, row
from tests.crawlers.news_site import SENTENCES, XML, NewsSite, page
from tests.crawlers.site import NOW, Reply

LATER = NOW + timedelta(minutes=10)


@pytest.fixture
def news(sites: Any) -> NewsSite:
    return NewsSite.at(sites())


TITLE = "车主反映刹车异响 门店：已上报厂家"


def in_pages(news: NewsSite, *, gone: set[int]) -> None:
    """An article of three pages at /a/2026/0315/7.html."""
    for number, sentence in enumerate(SENTENCES, start=1):
        path = f"/a/2026/0315/7{'' if number == 1 else f'_{number}'}.html"
        following = f'<div class="page"><a href="7_{number + 1}.html">下一页</a></div>' if number < 3 else ""
        text = (
            f"第{number}页。{sentence.format(title=TITLE)}",
            f"车主在第{number}页说：“店里换了两次刹车片都没有用。”",
        )
        reply = page(
            TITLE, *text, *[line.format(title=TITLE) + f"（{number}）" for line in SENTENCES], when=NOW, below=following
        )
        news.pages[path] = lambda number=number, reply=reply: Reply(status=500) if number in gone else reply  # type: ignore[misc]
    news.pages["/map.xml"] = lambda: news.sitemap("/a/2026/0315/7.html")


def test_an_article_of_several_pages_is_one_post(crawls: Crawls, news: NewsSite) -> None:
    """All pages' text in order, known by the first page's address."""
    in_pages(news, gone=set())
    crawls.run(row("paper", "news", f"{news.site.url}/map.xml"))
    (post,) = crawls.posts()
    assert post.url.endswith("/a/2026/0315/7.html")
    places = [post.text.find(f"第{number}页。") for number in (1, 2, 3)]
    assert places == sorted(places)
    assert -1 not in places


def test_an_article_that_is_cut_is_kept_stated_and_completed(crawls: Crawls, news: NewsSite) -> None:
    """What could be read is a post at once; the rest follows when it can be read."""
    gone = {2}
    in_pages(news, gone=gone)
    source = row("paper", "news", f"{news.site.url}/map.xml")
    first = crawls.run(source)
    assert "文章共多页，只读到第 1 页" in first.state("paper")[1]
    assert "第1页。" in crawls.posts()[0].text
    gone.clear()
    second = crawls.run(source, now=LATER)
    assert second.reports["paper"]["changed"] == 1
    assert "第3页。" in crawls.posts()[0].text
    news.asked()
    crawls.run(source, now=LATER + timedelta(minutes=10))
    assert news.asked() == ["/map.xml"]


def comment(number: int, words: str) -> str:
    return (
        f'<li id="comment-{number}" class="comment"><div class="comment-author"><b class="fn">车主{number}</b></div>'
        f'<time datetime="2026-03-15T10:00:00+08:00">x</time><div class="comment-content"><p>{words}</p></div></li>'
    )


@pytest.mark.parametrize("wanted", [True, False])
def test_comments_are_posts_where_the_source_asks_for_them(crawls: Crawls, news: NewsSite, wanted: bool) -> None:
    """From the page at first, later from the site's feed of comments; never without being asked for."""
    below = f'<ol class="comment-list">{comment(5, "我的车也是这样，换了两次都没用。")}</ol>'
    said = page(TITLE, *(line.format(title=TITLE) for line in SENTENCES), when=NOW, below=below)
    link = b'<link rel="alternate" type="application/rss+xml" href="/comments/feed/"></head>'
    news.pages["/a/1.html"] = lambda: Reply(body=said.body.replace(b"</head>", link))
    news.pages["/map.xml"] = lambda: news.sitemap("/a/1.html")
    items = (
        f"<item><title>评论</title><link>{news.site.url}/a/1.html#comment-6</link><description>店里说一周内答复。</description>"
        "<pubDate>Sun, 15 Mar 2026 11:00:00 +0000</pubDate></item>"
    )
    feed = f"{XML}<rss><channel><title>评论</title>{items}</channel></rss>".encode()
    news.pages["/comments/feed/"] = lambda: Reply(body=feed, kind="application/rss+xml")
    source = row("paper", "news", f"{news.site.url}/map.xml", comments=wanted)
    crawls.run(source)
    crawls.run(source, now=LATER)
    comments = [post for post in crawls.posts() if post.native_id.startswith("comment:")]
    assert [post.native_id for post in comments] == (["comment:5", "comment:6"] if wanted else [])
    host = news.site.url.removeprefix("http://")
    assert {post.parent for post in comments} == ({post_id("news", host, f"{host}/a/1.html")} if wanted else set())
    assert ("/comments/feed/" in news.asked()) is wanted
