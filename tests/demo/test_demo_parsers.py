"""The product's own page parsers read the look-alikes completely: every post's author, time and text."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from core.model import Post
from demo.posts import SiteName, WorldPost
from demo.sites import wall_time
from demo.world import World

if TYPE_CHECKING:
    from crawlers.pages import Link, Parsed
    from tests.demo.conftest import Reader

pages = pytest.importorskip("crawlers.pages", reason="the page parsers are not written yet")
pytestmark = pytest.mark.usefixtures("late")


@pytest.fixture
def late(reader: Reader) -> None:
    """Ten minutes into the incident: everything is published."""
    reader.clock.after_incident(600)


def _parse(reader: Reader, site: SiteName, path: str, kind: str) -> Parsed:
    response = reader.get(site, path)
    context = pages.PageContext(
        url=str(response.url),
        now=reader.clock(),
        zone=wall_time.ZONE,
        content_type=response.headers["content-type"],
        status=response.status_code,
    )
    parsed: Parsed = pages.parse_page(kind, response.content, context)
    assert parsed.state.state == "ok", (path, parsed.state)
    return parsed


def _path(reader: Reader, site: SiteName, link: Link) -> str:
    assert link.url.startswith(reader.root(site)), link
    return link.url.removeprefix(reader.root(site))


def _walk(reader: Reader, site: SiteName, start: str) -> Iterator[Post]:
    """All posts behind the links of a forum, each page once."""
    todo, seen = [start], {start}
    while todo:
        parsed = _parse(reader, site, todo.pop(), "discuz")
        yield from parsed.posts
        for link in parsed.links:
            path = _path(reader, site, link)
            if path not in seen:
                seen.add(path)
                todo.append(path)


def _squeezed(text: str) -> str:
    return "".join(text.split())


@pytest.mark.parametrize(
    ("site", "start"),
    [("forum", "/forum.php?mod=forumdisplay&fid=2"), ("bbs", "/forum.php?mod=forumdisplay&fid=40")],
)
def test_every_forum_post_is_read(reader: Reader, world: World, site: SiteName, start: str) -> None:
    """Author, floor, text without quotes and edit notes, and the time to the precision that the page shows."""
    read = {post.native_id.removeprefix("pid:"): post for post in _walk(reader, site, start)}
    written = {post.native_id: post for post in world.published(reader.clock(), site)}
    assert set(read) == set(written)
    for native, post in written.items():
        found = read[native]
        assert found.author.name == post.author.name
        assert found.floor == post.floor
        assert _squeezed(found.text) == _squeezed(post.text)
        assert found.published == _shown(post, reader)
        assert bool(found.images) == bool(post.picture)
        assert (found.edited is not None) == post.was_edited(reader.clock())


def _shown(post: WorldPost, reader: Reader) -> object:
    relative = wall_time.relative(post.published, reader.clock())
    return post.published if relative else post.published.replace(second=0)


def test_every_status_is_read(reader: Reader, world: World) -> None:
    """All pages of the search, reposts with their originals; cut texts keep their beginning and a link to the whole."""
    read: dict[str, Post] = {}
    long: set[str] = set()
    path: str | None = (
        f"/api/container/getIndex?containerid={quote('100103type=61&q=曜行', safe='')}&page_type=searchall"
    )
    while path:
        parsed = _parse(reader, "weibo", path, "weibo")
        read |= {post.native_id: post for post in parsed.posts}
        long |= {link.url.rpartition("=")[2] for link in parsed.links if link.leads_to == "status"}
        following = [link for link in parsed.links if link.leads_to == "list"]
        path = _path(reader, "weibo", following[0]) if following else None
    written = {post.native_id: post for post in world.published(reader.clock(), "weibo")}
    assert set(read) == set(written)
    assert long == {native for native, post in written.items() if len(post.text) > 140}
    for native, post in written.items():
        found = read[native]
        assert (found.author.name, found.author.region) == (post.author.name, post.author.region)
        # "4.7万" is all that the site shows of 47,200.
        assert found.author.followers == pytest.approx(post.author.followers, abs=500 if found.author.followers else 0)
        assert found.published == post.published
        if native not in long:
            assert _squeezed(found.text) == _squeezed(post.text)


def test_every_article_is_read(reader: Reader, world: World) -> None:
    """The feed leads to every article; title, reporter, minute and all paragraphs are found."""
    links = [link for link in _parse(reader, "news", "/rss/auto.xml", "feed").links if link.leads_to == "article"]
    written = {post.title: post for post in world.published(reader.clock(), "news")}
    assert {link.title for link in links} == set(written)
    for link in links:
        (found,) = _parse(reader, "news", _path(reader, "news", link), "article").posts
        post = written[str(link.title)]
        assert found.title == post.title
        assert found.author.name == post.author.name
        assert found.published is not None
        assert abs(found.published - post.published) < timedelta(minutes=1)
        text = _squeezed(found.text)
        assert [line for line in post.text.splitlines() if _squeezed(line) not in text] == []


def test_an_empty_search_is_told_from_a_broken_one(reader: Reader) -> None:
    """A word that nobody wrote gives the state `empty`."""
    path = f"/api/container/getIndex?containerid={quote('100103type=61&q=并无此词', safe='')}"
    response = reader.get("weibo", path)
    context = pages.PageContext(
        url=str(response.url), now=reader.clock(), zone=wall_time.ZONE, content_type="application/json", status=200
    )
    assert pages.parse_page("weibo", response.content, context).state.state == "empty"
