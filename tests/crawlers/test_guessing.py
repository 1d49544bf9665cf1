"""What kind of source an address is: by the platforms known by name, else by what its page lists; else nothing."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from crawlers.guessing import guess_by_address, guess_by_page
from crawlers.pages import PageContext, detect

PAGES = Path(__file__).resolve().parents[1] / "pages"

ADDRESSES = [
    ("https://tieba.baidu.com/f?kw=%E6%B1%BD%E8%BD%A6&ie=utf-8", "tieba", "汽车", "", "https://tieba.baidu.com"),
    ("http://tieba.baidu.com/f?ie=gbk&kw=%C6%FB%B3%B5", "tieba", "汽车", "", "https://tieba.baidu.com"),
    ("https://tieba.baidu.com/mo/q/m?kw=%E6%B1%BD%E8%BD%A6", "tieba", "汽车", "", "https://tieba.baidu.com/mo/q/m"),
    ("https://tieba.baidu.com/", "tieba", "", "", ""),
    ("https://m.weibo.cn/search?containerid=100103type%3D61%26q%3D%E5%88%B9%E8%BD%A6", "weibo", "刹车", "", "https://m.weibo.cn"),
    ("https://s.weibo.com/weibo?q=%E5%88%B9%E8%BD%A6&page=2", "weibo", "刹车", "", "https://s.weibo.com"),
    ("https://s.weibo.com/weibo/%E5%88%B9%E8%BD%A6", "weibo", "刹车", "", "https://s.weibo.com"),
    ("https://weibo.com/u/1234567890", "weibo", "", "1234567890", "https://weibo.com"),
    ("https://m.weibo.cn/profile/1234567890", "weibo", "", "1234567890", "https://m.weibo.cn"),
    ("https://weibo.com/", "weibo", "", "", ""),
    ("https://zhidao.baidu.com/search?word=%B3%B5", "qa", "", "", ""),
    ("https://www.zhihu.com/question/1", "qa", "", "", ""),
    ("https://www.12365auto.com/zlts/0-0-0-0-0-0_0-0-1.shtml", "complaint", "", "", ""),
]  # fmt: skip
NOT_KNOWN = [
    "https://bbs.example.invalid/forum-2-1.html",
    "https://weibo.com.example.invalid/u/1234567890",
    "https://nottieba.baidu.com.example.invalid/f?kw=a",
    "https://example.invalid/?next=https://m.weibo.cn/",
    "https://myweibo.cn/u/1234567890",
    "http://[::1",
    "",
]


@pytest.mark.parametrize(("url", "kind", "keyword", "user", "base"), ADDRESSES)
def test_platforms_are_known_by_their_address(url: str, kind: str, keyword: str, user: str, base: str) -> None:
    """Kind, words and user stand in the address; the source's own address is what remains."""
    found = guess_by_address(url)
    assert found is not None
    assert (found.kind, found.keyword, found.user) == (kind, keyword, user)
    assert found.url.replace("http:", "https:") == base


@pytest.mark.parametrize("url", NOT_KNOWN)
def test_no_other_address_is_taken_for_a_platform(url: str) -> None:
    """A name inside a name, a platform in a parameter, no address at all."""
    assert guess_by_address(url) is None


@pytest.mark.parametrize(
    ("page", "kind"),
    [
        ("discuz/x35_board", "forum"),
        ("discuz/x25_gbk_board", "forum"),
        ("discuz/touch_board", "forum"),
        ("discuz/archiver_board", "forum"),
        ("discuz/search_results", "forum"),
        ("feed/atom", "news"),
        ("feed/rss_gbk", "news"),
        ("discuz/x35_thread", None),
        ("discuz/login_wall", None),
        ("discuz/empty_board", None),
        ("discuz/new_layout", None),
        ("feed/no_items", None),
        ("article/old_table_gbk", None),
        ("blocks/slider", None),
        ("blocks/scripts_only", None),
    ],
)
def test_a_page_is_what_it_lists(page: str, kind: str | None) -> None:
    """Only a page with a list is the entrance of a source; a thread, an article, a wall is none."""
    folder = PAGES / page
    facts = json.loads((folder / "expected.json").read_text("utf-8"))
    body = next(folder.glob("page.*")).read_bytes()
    context = PageContext(
        url=facts["url"],
        now=datetime.fromisoformat(facts["now"]),
        zone=ZoneInfo("Asia/Shanghai"),
        content_type=facts.get("content_type"),
    )
    found = guess_by_page(body, context, parser=detect(body, context))
    assert (found.kind if found else None) == kind
