"""The Discuz! look-alikes: real structure, real bytes, every post reachable."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.robotparser import RobotFileParser

import pytest
from lxml import html

from demo.posts import SiteName
from demo.sites import wall_time
from demo.world import World

if TYPE_CHECKING:
    from tests.demo.conftest import Reader

START: dict[SiteName, str] = {
    "forum": "/forum.php?mod=forumdisplay&fid=2",
    "bbs": "/forum.php?mod=forumdisplay&fid=40",
}
AGENT = "TingfengBot"
pytestmark = pytest.mark.parametrize("site", list(START))


def _tree(body: bytes, charset: str) -> Any:
    return html.document_fromstring(body.decode(charset))


def _charset(site: SiteName) -> str:
    return "gbk" if site == "forum" else "utf-8"


def _list_pages(reader: Reader, site: SiteName) -> Iterator[Any]:
    """The trees of all list pages, following "下一页"."""
    path: str | None = START[site]
    while path:
        response = reader.get(site, path)
        tree = _tree(response.content, _charset(site))
        yield tree
        following = tree.xpath('string(//div[@class="pg"]/a[@class="nxt"]/@href)')
        path = f"/{following}" if following else None


def test_the_bytes_are_what_the_header_says(reader: Reader, site: SiteName) -> None:
    """The old forum speaks strict GBK, the new one UTF-8, in the header, in the meta element and in fact."""
    charset = _charset(site)
    for path in (START[site], _thread_paths(reader, site)[0], "/forum.php?mod=viewthread&tid=1"):
        response = reader.get(site, path)
        assert response.headers["content-type"] == f"text/html; charset={charset}"
        assert f'<meta charset="{charset}"' in response.content.decode(charset, "strict")
    if site == "forum":
        with pytest.raises(UnicodeDecodeError):
            reader.get(site, START[site]).content.decode("utf-8")


def _thread_paths(reader: Reader, site: SiteName) -> list[str]:
    rows = '//tbody[starts-with(@id, "normalthread_") or starts-with(@id, "stickthread_")]'
    found = [tree.xpath(f'{rows}//a[contains(@class, "xst")]/@href') for tree in _list_pages(reader, site)]
    return [f"/{link}" for links in found for link in links]


def test_lists_have_the_structure_of_discuz(reader: Reader, site: SiteName) -> None:
    """Twenty threads a page; author, opening day, replies and last reply stand where Discuz puts them."""
    first, *others = list(_list_pages(reader, site))
    rows = first.xpath('//tbody[starts-with(@id, "normalthread_")]')
    assert len(rows) == 20
    assert len(first.xpath('//tbody[starts-with(@id, "stickthread_")]')) == 1
    assert all(not page.xpath('//tbody[starts-with(@id, "stickthread_")]') for page in others)
    assert first.xpath('string(//meta[@name="generator"]/@content)') in ("Discuz! X3.4", "Discuz! X3.5")
    for row in rows:
        assert row.xpath('string(.//td[@class="by"][1]/cite/a)').strip()
        assert row.xpath('string(.//td[@class="num"]/a)').isdecimal()
        assert re.fullmatch(
            r"\d{4}-\d{1,2}-\d{1,2}", row.xpath('string((.//td[@class="by"])[1]//em//span[@title]/@title)')
        )
        assert re.fullmatch(
            r"\d{4}-\d{1,2}-\d{1,2} \d\d:\d\d", row.xpath('string((.//td[@class="by"])[2]//em//span/@title)')
        )


def test_every_post_can_be_reached(reader: Reader, world: World, site: SiteName) -> None:
    """List pages and thread pages together show each published floor exactly once, ten floors a page."""
    shown: list[str] = []
    for path in _thread_paths(reader, site):
        following: str | None = path
        while following:
            tree = _tree(reader.get(site, following).content, _charset(site))
            posts = tree.xpath('//div[@id="postlist"]/div[starts-with(@id, "post_")]/@id')
            assert 1 <= len(posts) <= 10
            shown += [str(post).removeprefix("post_") for post in posts]
            link = tree.xpath('string((//div[@class="pg"])[1]/a[@class="nxt"]/@href)')
            following = f"/{link}" if link else None
    expected = [post.native_id for post in world.published(reader.clock(), site)]
    assert sorted(shown) == sorted(expected)


def test_a_thread_shows_each_post_where_discuz_has_it(reader: Reader, world: World, site: SiteName) -> None:
    """Author, time, text, quotes and the edit note of every floor of every thread's first page."""
    now = reader.clock()
    for thread in world.threads(site, now):
        tree = _tree(reader.get(site, f"/forum.php?mod=viewthread&tid={thread.tid}").content, _charset(site))
        assert tree.xpath('string(//span[@id="thread_subject"])') == thread.title
        for post in thread.posts[:10]:
            box = tree.get_element_by_id(f"post_{post.native_id}")
            assert box.xpath('string(.//div[@class="authi"]/a[@class="xw1"])') == post.author.name
            _assert_time(box.get_element_by_id(f"authorposton{post.native_id}"), post.published, now)
            cell = box.xpath(f'.//td[@class="t_f"][@id="postmessage_{post.native_id}"]')[0]
            assert bool(cell.xpath('.//i[@class="pstatus"]')) == post.was_edited(now)
            assert bool(cell.xpath('.//div[@class="quote"]//blockquote')) == (post.parent is not None)
            text = "".join(cell.text_content().split())
            assert "".join(post.text.split()) in text


def _assert_time(element: Any, published: datetime, now: datetime) -> None:
    exact = element.xpath("string(./span/@title)")
    if wall_time.relative(published, now) is None:
        assert exact == ""
        assert element.text_content() == f"发表于 {wall_time.plain(published)}"
    else:
        assert exact == wall_time.plain(published, seconds=True)


def test_both_ways_of_writing_times_occur(reader: Reader, world: World, site: SiteName) -> None:
    """Recent posts show a relative time, posts older than a week an absolute one."""
    now = reader.clock()
    kinds = {wall_time.relative(post.published, now) is None for post in world.published(now, site)}
    assert kinds == {True, False}


def test_coloured_names_are_nested(reader: Reader, world: World, site: SiteName) -> None:
    """A coloured name stands inside a font element, as on real boards."""
    thread = next(thread for thread in world.threads(site, reader.clock()) if thread.first.author.colour)
    tree = _tree(reader.get(site, f"/forum.php?mod=viewthread&tid={thread.tid}").content, _charset(site))
    assert tree.xpath('string(//a[@class="xw1"]/font)') == thread.first.author.name


def test_robots_allow_reading_and_refuse_the_rest(reader: Reader, site: SiteName) -> None:
    """Like Discuz's own file: boards and threads yes, searching and posting no."""
    robots = RobotFileParser()
    robots.parse(reader.get(site, "/robots.txt").text.splitlines())
    root = reader.root(site)
    for path in (START[site], "/thread-86003-1-1.html", "/data/attachment/forum/202611/fire.svg"):
        assert robots.can_fetch(AGENT, root + path), path
    for path in ("/search.php", "/member.php?mod=logging", "/api/mobile/index.php", "/misc.php?mod=ranklist"):
        assert not robots.can_fetch(AGENT, root + path), path


@pytest.mark.parametrize(
    "path",
    ["/forum.php?mod=viewthread&tid=1", "/forum.php?mod=viewthread&tid=x", "/thread-99999-1-1.html",
     "/forum.php?mod=forumdisplay&fid=99", "/forum.php?mod=post&action=newthread", "/forum.php?mod=redirect&pid=7",
     "/data/attachment/forum/202611/none.svg"],
)  # fmt: skip
def test_what_does_not_exist_is_404(reader: Reader, site: SiteName, path: str) -> None:
    """An unknown thread, board or picture is refused in the site's own words and charset."""
    response = reader.get(site, path)
    assert response.status_code == 404
    response.content.decode(_charset(site), "strict")


def test_a_page_beyond_the_end_is_the_last(reader: Reader, site: SiteName) -> None:
    """Discuz never shows an empty list page."""
    tree = _tree(reader.get(site, START[site] + "&page=99").content, _charset(site))
    assert tree.xpath('//tbody[starts-with(@id, "normalthread_")]')
    assert not tree.xpath('//a[@class="nxt"]')


def test_a_floor_has_a_permanent_address(reader: Reader, world: World, site: SiteName) -> None:
    """`goto=findpost` leads to the page of the thread that shows the floor, also beyond the first ten."""
    for post in world.published(reader.clock(), site):
        if post.floor not in (2, 12):
            continue
        path = f"/forum.php?mod=redirect&goto=findpost&ptid={post.thread}&pid={post.native_id}"
        response = reader.get(site, path)
        assert f'id="post_{post.native_id}"' in response.content.decode(_charset(site))
