from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any

from tests.crawlers.board import ZONE
from tests.crawlers.conftest import Crawls, row
from tests.crawlers.site import NOW, Reply, Site, at

BODY = (
    "本报讯，{title}。记者昨日在现场看到，多位车主聚集在门店前，要求给出说法。门店负责人表示，已经安排技术人员逐一检测，"
    "检测结果将在三个工作日内公布。有车主告诉记者，同样的问题在保养之后反复出现，维修记录可以证明。"
)


@dataclass
class Paper:
    """A feed that knows ETag, and its articles."""

    articles: dict[int, datetime] = field(default_factory=dict)
    broken: dict[int, Reply] = field(default_factory=dict)

    def publish(self, number: int, minutes_ago: float) -> None:
        self.articles[number] = NOW - timedelta(minutes=minutes_ago)

    @property
    def etag(self) -> str:
        return f'"{sorted(self.articles)}"'

    def route(self, path: str) -> Reply | None:
        if path == "/feed.xml":
            items = "".join(
                f"<item><title>新闻{number}</title><link>/news/{number}.html</link><pubDate>{format_datetime(when)}</pubDate></item>"
                for number, when in self.articles.items()
            )
            xml = f'<?xml version="1.0"?><rss version="2.0"><channel><title>某报</title>{items}</channel></rss>'
            return Reply(body=xml.encode(), kind="application/rss+xml", headers=(("ETag", self.etag),))
        for number, when in self.articles.items():
            if path == f"/news/{number}.html":
                return self.broken.get(number) or self._article(number, when)
        return None

    def _article(self, number: int, when: datetime) -> Reply:
        title = f"某品牌汽车遭车主集体投诉第{number}期"
        paragraphs = "".join(f"<p>{BODY.format(title=title)}</p>" for _ in range(3))
        head = f'<title>{title}</title><meta property="og:type" content="article">'
        top = f"<h1>{title}</h1><span>{when.astimezone(ZONE):%Y-%m-%d %H:%M}</span>"
        page = f"<html><head>{head}</head><body>{top}<article>{paragraphs}</article></body></html>"
        return Reply(body=page.encode())


def unless_known(site: Site, paper: Paper) -> Callable[[str], Reply]:
    """The site's answers, 304 for a feed that the asker knows."""
    plain = site.answer

    def answer(path: str) -> Reply:
        known = site.headers[-1].get("If-None-Match") == paper.etag
        return Reply(status=304) if path == "/feed.xml" and known else plain(path)

    return answer


def test_only_unknown_articles_are_fetched_and_an_unchanged_feed_costs_one_request(crawls: Crawls, sites: Any) -> None:
    """First all, then a 304, then the one that is new."""
    paper = Paper()
    for number in (1, 2, 3):
        paper.publish(number, 60 * number)
    paper.publish(4, 60 * 24 * 30)
    site = sites(paper.route)
    site.answer = unless_known(site, paper)
    source = row("paper", "news", f"{site.url}/feed.xml")

    first = crawls.run(source)
    assert first.state("paper")[0] == "ok"
    assert site.pages() == ["/feed.xml", "/news/1.html", "/news/2.html", "/news/3.html"], "a month old is history"
    assert {post.title for post in crawls.posts()} == {f"某品牌汽车遭车主集体投诉第{n}期" for n in (1, 2, 3)}

    quiet = crawls.run(source, now=NOW + timedelta(minutes=10))
    assert quiet.state("paper") == ("ok", "没有新内容")
    assert site.pages() == ["/feed.xml"]
    assert crawls.raw(quiet.reports["paper"]["proof"]).status == 304
    assert quiet.sources["paper"]["cursor"] == first.sources["paper"]["cursor"]

    paper.publish(5, -5)
    crawls.run(source, now=NOW + timedelta(minutes=20))
    assert site.pages() == ["/feed.xml", "/news/5.html"]
    assert len(crawls.posts()) == 4


def test_an_article_that_failed_is_read_even_if_the_feed_says_unchanged(crawls: Crawls, sites: Any) -> None:
    """What failed is remembered by itself, apart from what the feed says."""
    paper = Paper()
    paper.publish(1, 60)
    paper.publish(2, 90)
    paper.broken[2] = Reply(status=503)
    site = sites(paper.route)
    site.answer = unless_known(site, paper)
    source = row("paper", "news", f"{site.url}/feed.xml")
    first = crawls.run(source)
    assert "1 个页面没有取到" in first.state("paper")[1]
    paper.broken.clear()
    site.pages()
    second = crawls.run(source, now=NOW + timedelta(minutes=10))
    assert second.state("paper")[0] == "ok"
    assert site.pages() == ["/feed.xml", "/news/2.html"]
    assert len(crawls.posts()) == 2


def test_feeds_that_are_no_feeds_are_told_apart(crawls: Crawls, sites: Any) -> None:
    """An empty feed, a page instead of a feed, a feed that breaks off, articles that are all walls."""
    empty = '<?xml version="1.0"?><rss version="2.0"><channel><title>某报</title></channel></rss>'
    walled = Paper()
    for number in (1, 2, 3):
        walled.publish(number, 60)
        walled.broken[number] = Reply(body="<html><head><title>请登录</title></head></html>".encode())
    servers = {
        "empty": sites(at("/feed", Reply(body=empty.encode(), kind="application/rss+xml"))),
        "page": sites(at("/feed", Reply(body="<html><body><p>我们改版了</p></body></html>".encode()))),
        "cut": sites(at("/feed", Reply(body=empty[:60].encode(), kind="application/rss+xml"))),
        "walled": sites(walled.route),
    }
    outcome = crawls.run(*(row(name, "news", f"{site.url}/feed.xml") for name, site in servers.items()))
    assert {name: outcome.state(name)[0] for name in servers} == {
        "empty": "empty",
        "page": "broken",
        "cut": "broken",
        "walled": "blocked",
    }
    assert crawls.posts() == []
