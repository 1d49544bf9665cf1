"""What Weibo is asked, on which surface, as whom: addresses, headers, identities; no network."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from core.clock import system_clock
from core.errors import Blocked, LayoutChanged, PageError
from core.settings import Settings, SourceSettings
from crawlers.job import Job
from crawlers.pages.weibo_ids import SITE
from crawlers.spiders.weibo import WeiboSpider
from crawlers.weibo.session import has_run_out
from crawlers.weibo.surfaces import (
    comments_url,
    desktop_search_url,
    headers_of,
    passport,
    search_url,
    surface_of,
    timeline_url,
)
from crawlers.weibo.visitor import cookies_set, read_given, remembered


def watched(**more: Any) -> SourceSettings:
    return SourceSettings(
        **{"id": "w", "name": "w", "kind": "weibo", "url": f"https://{SITE}", "channel": "weibo", **more}
    )


@pytest.mark.parametrize(
    ("row", "surface"),
    [
        ({}, "mobile"),
        ({"url": "https://weibo.com"}, "web"),
        ({"url": "https://www.weibo.com/"}, "web"),
        ({"url": "https://s.weibo.com"}, "search"),
        ({"url": "http://127.0.0.1:9"}, "mobile"),
        ({"url": "http://127.0.0.1:9", "surface": "search"}, "search"),
        ({"url": "https://weibo.com", "surface": "mobile"}, "mobile"),
    ],
)
def test_the_surface(row: dict[str, str], surface: str) -> None:
    """Named by the operator, or by the address."""
    assert surface_of(watched(**row)) == surface


def test_addresses() -> None:
    """As the sites' own pages write them; `containerid` is one value, a window two parameters."""
    search = search_url("https://m.weibo.cn/", "星辰 & 汽车", 2)
    assert parse_qs(urlsplit(search).query)["containerid"] == ["100103type=61&q=星辰 & 汽车"]
    assert search.endswith("&page_type=searchall&page=2")
    assert "page=" not in search_url("https://m.weibo.cn", "星辰", 1)
    assert timeline_url("mobile", "https://m.weibo.cn", "7").endswith("value=7&containerid=1076037")
    assert "/ajax/statuses/mymblog?uid=7&page=1" in timeline_url("web", "https://weibo.com/x", "7")
    assert comments_url("mobile", "https://m.weibo.cn", "5").endswith("/comments/hotflow?id=5&mid=5&max_id_type=0")
    assert "id=5&is_show_bulletin=2&is_mix=0" in comments_url("web", "https://weibo.com", "5")
    assert (
        desktop_search_url("https://s.weibo.com/", "星 辰", page=3)
        == "https://s.weibo.com/weibo?q=%E6%98%9F+%E8%BE%B0&page=3"
    )
    assert passport("https://weibo.com/u/1") == "https://passport.weibo.com"
    assert passport("http://127.0.0.1:9/x") == "http://127.0.0.1:9"


@pytest.mark.parametrize(
    ("row", "url", "asked", "kind"),
    [
        ({}, f"https://{SITE}/detail/5277300000000001", f"https://{SITE}/statuses/show?id=5277300000000001", "weibo"),
        (
            {"url": "https://weibo.com"},
            f"https://{SITE}/detail/5277300000000001#comment-1",
            "https://weibo.com/ajax/statuses/show?id=QwqVq0001&locale=zh-CN&isGetLongText=true",
            "weibo",
        ),
        ({"url": "https://s.weibo.com"}, f"https://{SITE}/detail/5277300000000001", None, "auto"),
        ({"url": "https://s.weibo.com"}, "https://s.weibo.com/weibo?q=x", None, "weibo_search"),
        ({}, f"https://{SITE}/comments/hotflow?id=5&mid=5", None, "weibo_comments"),
        ({}, "https://elsewhere.example.test/detail/5277300000000001", None, "auto"),
        ({}, f"https://{SITE}/api/container/getIndex?containerid=1", None, "weibo"),
    ],
)
def test_what_is_read_again(row: dict[str, str], url: str, asked: str | None, kind: str) -> None:
    """A status is asked for as JSON where its surface has some; a canary is read as what it is."""
    spider = WeiboSpider(job=Job(sources=(), settings=Settings(), clock=system_clock))
    address, body = spider.asks_at(watched(**row), url)
    assert (address, body) == (asked or url, None)
    assert spider.reads_posts_with(watched(**row), address)[0] == kind


def test_headers() -> None:
    """JSON is asked for as the page does it; the token goes along only where there is one."""
    sent = headers_of("web", "https://weibo.com/", token="t")
    assert (sent["X-XSRF-TOKEN"], sent["Referer"], sent["X-Requested-With"]) == (
        "t",
        "https://weibo.com/",
        "XMLHttpRequest",
    )
    assert "X-XSRF-TOKEN" not in headers_of("mobile", "https://m.weibo.cn")
    assert headers_of("mobile", "https://m.weibo.cn", below="detail/5")["Referer"] == "https://m.weibo.cn/detail/5"
    assert headers_of("search", "https://s.weibo.com") == {"Referer": "https://s.weibo.com/"}


GIVEN = b'window.visitor_gray_callback && visitor_gray_callback({"retcode":20000000,"msg":"succ","data":%s});'


def test_an_identity_is_read() -> None:
    """With the callback around it, or bare."""
    data = b'{"tid":"01a=","sub":"_2AkM","subp":"0033","new_tid":true}'
    wanted = {"tid": "01a=", "sub": "_2AkM", "subp": "0033"}
    assert read_given(GIVEN % data, "u") == wanted
    assert read_given(b'{"retcode":20000000,"data":' + data + b"}", "u") == wanted


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"", LayoutChanged),
        (b"<html></html>", LayoutChanged),
        (b"visitor_gray_callback(", LayoutChanged),
        (b"[" * 5000, LayoutChanged),
        (b'visitor_gray_callback({"retcode":50111261,"msg":"x"})', Blocked),
        (b"visitor_gray_callback([])", Blocked),
        (GIVEN % b"null", LayoutChanged),
        (GIVEN % b'{"tid":1,"sub":"a","subp":"b"}', LayoutChanged),
        (GIVEN % b'{"tid":"1","sub":"a; domain=evil","subp":"b"}', LayoutChanged),
        (GIVEN % b'{"tid":"1","sub":"a\\r\\nX: y","subp":"b"}', LayoutChanged),
    ],
)
def test_no_identity(body: bytes, error: type[PageError]) -> None:
    """A refusal, a page, junk, and values that would write headers of their own."""
    with pytest.raises(error):
        read_given(body, "https://passport.weibo.com/visitor/genvisitor2")


def test_cookies_that_are_set() -> None:
    """Only a visitor's, the last of a name, without attributes; removed ones do not count."""
    lines = [
        "SUB=one; expires=Mon, 22-Nov-2027 00:00:00 GMT; path=/; domain=.weibo.com; httponly",
        "SUB=two; path=/",
        "SUBP=deleted; expires=Thu, 01-Jan-1970 00:00:01 GMT",
        "tid=x; path=/",
        "XSRF-TOKEN=tok",
        "nonsense",
        "WBPSESS=a b",
    ]
    assert cookies_set(lines) == {"SUB": "two", "XSRF-TOKEN": "tok"}


def test_an_identity_is_remembered() -> None:
    """As the cursor kept it; a cursor without one, or with junk, has none."""
    kept = {"visitor": {"cookie": "SUB=a", "since": "2026-03-15T12:00:00+00:00"}}
    visitor = remembered(kept)
    assert visitor is not None
    assert visitor.as_json() == kept["visitor"]
    assert remembered({}) is None
    assert remembered({"visitor": {"cookie": "", "since": ""}}) is None


@pytest.mark.parametrize(
    ("sign", "body", "runs_out"),
    [
        ("请求被转到登录或验证页面：passport.weibo.com", b"", True),
        ("接口返回 ok=-100，要求登录或输入验证码", b'{"ok":-100,"url":"https://weibo.com/login.php"}', True),
        ("页面标题是“Sina Visitor System”", b"<html>", True),
        ("接口返回 ok=-100，要求登录或输入验证码", b'{"ok":-100,"url":"https://m.weibo.cn/captcha?x"}', False),
        ("站点返回状态码 432，拒绝未登录或异常的访问", b"", False),
        ("站点返回状态码 418，识别为爬虫并拒绝", b"", False),
        ("robots.txt 不允许", b"", False),
    ],
)
def test_when_an_identity_has_run_out(sign: str, body: bytes, runs_out: bool) -> None:
    """Only where the site sends the identity away, and never where it means us."""
    assert has_run_out(sign, body) is runs_out
