"""Pages made to be slow: what would cost the square of their size must end like any other page."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawlers.pages import PageContext, parse_page

PAGE = PageContext(
    url="http://n.example.test/list/", now=datetime(2026, 11, 22, 7, tzinfo=UTC), zone=ZoneInfo("Asia/Shanghai")
)
LONG = "很长的文字，没有尽头。" * 60_000
NESTED_LINKS = "".join(f'<a href="/a/2026/1120/{n}0000.html"><div><h3>' for n in range(90)) + LONG
NESTED_ROWS = "<div>" * 200 + "".join(
    f'<a href="/a/2026/1120/9{n:05}.html">某品牌汽车遭车主投诉{n}</a>' for n in range(6000)
)
NESTED_COMMENTS = (
    "<h1>标题足够长的一篇文章</h1><article><p>" + "一句完整的话，后面还有一句。" * 20 + "</p></article>"
    + "".join(f'<div id="comment-{n}"><p class="comment-content">' for n in range(100)) + "<b class=time>x</b>" * 8000
)  # fmt: skip
NAMESPACE = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
SITEMAP = f"<urlset {NAMESPACE}>" + "<url><loc>http://n.example.test/1</loc>" * 80_000
ENTRIES = (
    f"<urlset {NAMESPACE}>" + "".join(f"<url><loc>http://n.test/{n}</loc></url>" for n in range(60_000)) + "</urlset>"
)
STATES = "<script>" + "var abc={" * 200_000 + "</script>" + '<script>var abcd = {"a":undefined};</script>' * 5000

HOSTILE: dict[str, str] = {
    "links in links": f"<html><body>{NESTED_LINKS}</body></html>",
    "six thousand links in one row": f"<html><body>{NESTED_ROWS}</body></html>",
    "comments in comments": f"<html><body>{NESTED_COMMENTS}</body></html>",
    "entries in entries": SITEMAP,
    "states without end": f"<html><body><p>x</p>{STATES}</body></html>",
    "next pages": "<html><body>" + '<a href="/list/?page=2">下一页</a>' * 60_000,
    "text areas": "<html><body>" + '<textarea class="article-content">&lt;p&gt;x&lt;/p&gt;</textarea>' * 40_000,
    "one row with dates": "<html><body><ul><li>"
    + "<a href='/a/20261120/1.html'>某品牌汽车遭车主投诉</a>11-20 " * 30_000,
}


@pytest.mark.parametrize("kind", ["article", "section", "sitemap", "comments", "entrance", "auto"])
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_pages_end_in_a_state(name: str, kind: str) -> None:
    """Nothing is called ok without posts or links, and nothing takes the square of its size."""
    parsed = parse_page(kind, HOSTILE[name].encode()[:5_000_000], PAGE)
    assert parsed.state.reason
    assert parsed.state.state != "ok" or parsed.posts or parsed.links


def test_a_sitemap_is_read_up_to_the_protocols_bound() -> None:
    """And says that there was more."""
    parsed = parse_page("sitemap", ENTRIES.encode(), PAGE)
    assert len(parsed.links) == 50_000
    assert "超出上限" in parsed.state.reason


def test_a_gzip_bomb_is_unpacked_in_part() -> None:
    """Half a gigabyte of blanks in a small file is no sitemap, and is never held whole."""
    bomb = gzip.compress(f"<urlset {NAMESPACE}>".encode() + b" " * 200_000_000, compresslevel=1, mtime=0)
    assert parse_page("sitemap", bomb, PAGE).state.state == "broken"


_NAMES = [
    "items",
    "data",
    "result",
    "url",
    "link",
    "title",
    "rendered",
    "version",
    "date",
    "ctime",
    "id",
    "code",
    "message",
]
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8)
    | st.sampled_from(["https://jsonfeed.org/version/1", "http://n.test/1", "2026-11-20"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_NAMES), inner, max_size=5),
    max_leaves=20,
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(_JSON)
def test_json_of_any_shape(value: object) -> None:
    """The names of JSON feeds with values of any other type never raise."""
    assert parse_page("jsonfeed", json.dumps(value).encode(), PAGE).state.reason


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet="<>/&;!?[]\"' =urlsetloclastmodsitemapindexCDATA\x00\n", max_size=300))
def test_xml_of_any_shape(text: str) -> None:
    """Nor does any mixture of a sitemap's letters."""
    assert parse_page("sitemap", f"<urlset>{text}".encode(), PAGE).state.reason
