"""Feeds and sitemaps made to hurt: each ends in a state, none in a post, none in a request to where it points."""

from __future__ import annotations

from typing import Any

import pytest

from tests.crawlers.conftest import Crawls, row
from tests.crawlers.news_site import NAMESPACE, XML, NewsSite
from tests.crawlers.site import Reply


@pytest.fixture
def news(sites: Any) -> NewsSite:
    return NewsSite.at(sites())


def article(number: int) -> str:
    return f"/a/2026/0315/{number}.html"


def bomb() -> bytes:
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    return f'<?xml version="1.0"?><!DOCTYPE urlset [<!ENTITY e0 "x">{entities}]><urlset {NAMESPACE}><url><loc>http://x.test/&e9;</loc></url></urlset>'.encode()


def outside() -> bytes:
    doctype = '<!DOCTYPE urlset SYSTEM "http://127.0.0.1:9/x.dtd">'
    return f'<?xml version="1.0"?>{doctype}<urlset {NAMESPACE}></urlset>'.encode()


@pytest.mark.parametrize(
    ("reply", "state"),
    [
        (Reply(body=bomb(), kind="application/xml"), "broken"),
        (Reply(body=outside(), kind="application/xml"), "empty"),
        (Reply(body=b"\x1f\x8b\x08\x00" + bytes(500), kind="application/gzip"), "broken"),
        (Reply(body=f"{XML}<urlset {NAMESPACE}><url><loc>http://x".encode()), "broken"),
        (Reply(body=b"{" * 100_000, kind="application/json"), "broken"),
        (Reply(body=b"", kind="application/xml"), "broken"),
    ],
    ids=["billion-laughs", "external-dtd", "gzip-of-nothing", "cut", "deep-json", "no-bytes"],
)
def test_hostile_entrances_end_in_a_state(crawls: Crawls, news: NewsSite, reply: Reply, state: str) -> None:
    """And never in a post, nor in a request to where they point."""
    news.pages["/map.xml"] = lambda: reply
    assert crawls.run(row("paper", "news", f"{news.site.url}/map.xml")).state("paper")[0] == state
    assert crawls.posts() == []


def test_a_sitemap_without_end_is_read_in_part_and_said_so(crawls: Crawls, news: NewsSite) -> None:
    """A million undated addresses cost a bounded number of requests, and the cursor stays small."""
    news.publish(999_999)
    rows = b"".join(
        b"<url><loc>%s/b/%d.html</loc></url>" % (news.site.url.encode(), number) for number in range(60_000)
    )
    newest = f"<url><loc>{news.site.url}{article(999_999)}</loc></url>".encode()
    body = f"{XML}<urlset {NAMESPACE}>".encode() + newest + rows + b"</urlset>"
    news.pages["/map.xml"] = lambda: Reply(body=body, kind="application/xml")
    outcome = crawls.run(row("paper", "news", f"{news.site.url}/map.xml"), max_pages=12, max_response_mb=10)
    state, reason = outcome.state("paper")
    assert (state, "达到单次 12 页的上限" in reason) == ("ok", True)
    assert "个没有日期的较旧网址没有读取" in reason
    assert [post.url for post in crawls.posts()] == [news.site.url + article(999_999)]
    assert len(str(outcome.sources["paper"]["cursor"])) < 5000
