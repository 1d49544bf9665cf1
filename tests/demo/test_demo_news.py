"""The newspaper: a feed that answers 304, sections, articles with their facts in the usual places."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.robotparser import RobotFileParser

import pytest
from lxml import etree, html

from demo.world import World

if TYPE_CHECKING:
    from tests.demo.conftest import Reader

FEED = "/rss/auto.xml"


def _tree(text: str) -> Any:
    """lxml types an XPath's result as one of nine things; the tests know which."""
    return html.document_fromstring(text)


def _xml(body: bytes) -> Any:
    return etree.fromstring(body)


def _path(reader: Reader, url: str) -> str:
    return url.removeprefix(reader.root("news"))


def test_the_feed_lists_every_article_newest_first(reader: Reader, world: World) -> None:
    """RSS 2.0 with title, link, time and description of all that is published."""
    response = reader.get("news", FEED)
    items = _xml(response.content).findall("channel/item")
    published = world.published(reader.clock(), "news")
    assert response.headers["content-type"].startswith("application/rss+xml")
    assert [item.findtext("title") for item in items] == [
        post.title for post in sorted(published, key=lambda post: post.published, reverse=True)
    ]
    assert all(item.findtext("pubDate").endswith(" +0800") and item.findtext("description") for item in items)


@pytest.mark.parametrize(("header", "source"), [("If-None-Match", "etag"), ("If-Modified-Since", "last-modified")])
def test_an_unchanged_feed_is_304_until_the_incident(reader: Reader, header: str, source: str) -> None:
    """A reader who has the newest version gets no body; the article of the incident makes a new version."""
    first = reader.get("news", FEED)
    known = {header: first.headers[source]}
    reader.clock.after_incident(74)
    same = reader.get("news", FEED, known)
    assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", first.headers["etag"])
    reader.clock.after_incident(75)
    changed = reader.get("news", FEED, known)
    assert changed.status_code == 200
    assert "起火" in _xml(changed.content).findtext("channel/item/title")
    assert changed.headers["etag"] != first.headers["etag"]


@pytest.mark.parametrize(
    "headers",
    [{"If-None-Match": '"other"'}, {"If-None-Match": '"other"', "If-Modified-Since": "Sun, 22 Nov 2037 05:40:00 GMT"},
     {"If-Modified-Since": "not a date"}, {"If-Modified-Since": "Sun, 22 Nov 2020 05:40:00 GMT"}, {}],
)  # fmt: skip
def test_a_reader_without_this_version_gets_the_feed(reader: Reader, headers: dict[str, str]) -> None:
    """A different ETag outweighs any date, and an unreadable date counts as none."""
    assert reader.get("news", FEED, headers).status_code == 200


def test_several_etags_are_understood(reader: Reader) -> None:
    """A list of versions, weak ones included."""
    etag = reader.get("news", FEED).headers["etag"]
    assert reader.get("news", FEED, {"If-None-Match": f'"a", W/{etag}'}).status_code == 304


def test_sections_and_sitemap_reach_every_article(reader: Reader, world: World) -> None:
    """Ten articles a section page; sitemap and sections name the same addresses."""
    number = len(world.published(reader.clock(), "news"))
    found: list[str] = []
    for path in ("/auto/", "/auto/index_2.html"):
        links = _tree(reader.get("news", path).text).xpath('//ul[@class="list"]//h3/a/@href')
        assert len(links) <= 10
        found += links
    places = _xml(reader.get("news", "/sitemap.xml").content).xpath("//*[local-name()='loc']/text()")
    assert len(set(found)) == number
    assert sorted(places) == sorted(found)


def test_an_article_states_its_facts(reader: Reader, world: World) -> None:
    """Title, time, author, source and every paragraph; five other articles; an editor."""
    reader.clock.after_incident(80)
    for item in _xml(reader.get("news", FEED).content).findall("channel/item"):
        tree = _tree(reader.get("news", _path(reader, item.findtext("link"))).text)
        post = next(post for post in world.posts if post.title == item.findtext("title"))
        assert tree.xpath("string(//h1)") == post.title
        assert tree.xpath("string(//meta[@property='article:published_time']/@content)").endswith("+08:00")
        assert tree.xpath("string(//meta[@name='author']/@content)") == post.author.name
        assert post.source in tree.xpath("string(//span[@class='source'])")
        assert tree.xpath("//div[@id='article']/p/text()") == post.text.splitlines()
        assert len(tree.xpath("//*[@class='related']//li/a")) == 5
        assert bool(tree.xpath("//figure/img")) == bool(post.picture)


@pytest.mark.parametrize("path", ["/auto/2026/1122/1.shtml", "/auto/2025/0101/{number}.shtml", "/images/none.svg"])
def test_a_wrong_address_is_404(reader: Reader, world: World, path: str) -> None:
    """An unknown number, a right number under a wrong day, an unknown picture."""
    number = world.published(reader.clock(), "news")[0].native_id
    assert reader.get("news", path.format(number=number)).status_code == 404


def test_an_article_does_not_exist_before_its_time(reader: Reader, world: World) -> None:
    """The address of the incident's article works from the second it is published."""
    reader.clock.after_incident(75)
    link = _xml(reader.get("news", FEED).content).findtext("channel/item/link")
    assert reader.get("news", _path(reader, link)).status_code == 200
    reader.clock.now -= timedelta(seconds=1)
    assert reader.get("news", _path(reader, link)).status_code == 404


def test_robots_allow_the_articles_and_name_the_sitemap(reader: Reader) -> None:
    """Nothing a spider needs is refused."""
    robots = RobotFileParser()
    robots.parse(reader.get("news", "/robots.txt").text.splitlines())
    assert robots.can_fetch("TingfengBot", f"{reader.root('news')}{FEED}")
    assert not robots.can_fetch("TingfengBot", f"{reader.root('news')}/admin/")
    assert robots.site_maps() == [f"{reader.root('news')}/sitemap.xml"]
