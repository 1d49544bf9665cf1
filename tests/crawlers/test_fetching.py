from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any

import pytest
from scrapy import Request
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
    ResponseDataLossError,
    UnsupportedURLSchemeError,
)
from scrapy.http import Response

from core.errors import Blocked, Down, LayoutChanged, PageError
from core.secret import Secret
from crawlers.bounds import is_inside, may_follow
from crawlers.cookies import read_cookies
from crawlers.fetching import Answer, Fetcher, Gone
from crawlers.middlewares import RedirectsForever
from crawlers.resolving import LeadsInside
from crawlers.robots import RobotsForbid, RobotsUnreachable

URL = "http://site.test/page"


def _fetch(now: datetime, world: Response | BaseException, *, expects: Any = "html") -> Answer:
    async def download(_: Request) -> Response:
        if isinstance(world, BaseException):
            raise world
        return world

    fetcher = Fetcher(download=download, clock=lambda: now, obey_robots=True, largest_mb=10)
    return asyncio.run(fetcher.fetch(URL, expects=expects))


@pytest.mark.parametrize(
    ("error", "kind", "word"),
    [
        (RobotsForbid(Response(URL)), Blocked, "robots.txt 不允许"),
        (RobotsUnreachable("robots.txt 返回状态码 503"), Down, "503"),
        (LeadsInside("x"), LayoutChanged, "域名指向内部网络"),
        (RedirectsForever("x"), Blocked, "反复重定向"),
        (DownloadTimeoutError("x"), Down, "超时"),
        (DownloadConnectionRefusedError("x"), Down, "拒绝"),
        (CannotResolveHostError("x"), Down, "域名"),
        (ResponseDataLossError("x"), Down, "没有传完"),
        (DownloadCancelledError("x"), LayoutChanged, "10 MB"),
        (IgnoreRequest("decompressed size exceeds"), LayoutChanged, "10 MB"),
        (DownloadFailedError("x"), Down, "连接失败"),
        (UnsupportedURLSchemeError("x"), LayoutChanged, "http"),
        (ConnectionResetError("x"), Down, "连接失败"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_what_the_world_did_is_named(now: datetime, error: Exception, kind: type[PageError], word: str) -> None:
    """Each failure of a request is blocked, broken or down, with one sentence."""
    answer = _fetch(now, error)
    assert type(answer.error) is kind
    assert word in str(answer.error)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (200, None), (204, None), (304, None), (400, LayoutChanged), (401, Blocked), (403, Blocked), (404, Gone),
        (408, Down), (410, Gone), (414, Blocked), (418, Blocked), (429, Blocked), (432, Blocked), (451, Blocked),
        (500, Down), (502, Down), (503, Down), (301, LayoutChanged),
    ],
)  # fmt: skip
def test_what_a_status_means(now: datetime, status: int, kind: type[PageError] | None) -> None:
    """The status alone, on a page that says nothing."""
    answer = _fetch(now, Response(URL, status=status, body=b"<html><body><p>hm</p></body></html>"))
    assert (type(answer.error) if answer.error else None) is kind
    assert answer.raw is not None
    assert answer.raw.status == status


@pytest.mark.parametrize(
    ("url", "headers", "sent"),
    [
        (URL, {}, b"SUB=secret"),
        ("http://site.test/other", {"Referer": URL}, b"SUB=secret"),
        ("http://elsewhere.test/page", {}, None),
        ("http://site.test:8080/page", {}, None),
        (URL, {"Cookie": "visitor=1"}, b"visitor=1"),
        (URL, {"cookie": "visitor=1"}, b"visitor=1"),
        ("http://elsewhere.test/page", {"Cookie": "visitor=1"}, b"visitor=1"),
    ],
)
def test_the_operators_login_goes_to_the_source_only(
    now: datetime, url: str, headers: dict[str, str], sent: bytes | None
) -> None:
    """A cookie of the source is sent to its server, unless the spider brings one; never anywhere else."""
    asked: list[Request] = []

    async def download(request: Request) -> Response:
        asked.append(request)
        return Response(request.url)

    cookies = read_cookies(Secret("SUB=secret"), host="site.test")
    fetcher = Fetcher(
        download=download, clock=lambda: now, obey_robots=True, largest_mb=10, source_url=URL, cookies=cookies
    )
    asyncio.run(fetcher.fetch(url, expects="html", headers=headers))
    assert asked[0].headers.get("Cookie") == sent
    assert "secret" not in f"{fetcher!r} {asked[0]!r}"


def test_a_fault_of_ours_is_not_blamed_on_the_site(now: datetime) -> None:
    """What nobody expected passes through."""
    with pytest.raises(ZeroDivisionError):
        _fetch(now, ZeroDivisionError())


@pytest.mark.parametrize(
    ("url", "source", "may"),
    [
        ("http://b.test/x", "http://a.test/", True),
        ("https://8.8.8.8/x", "http://a.test/", True),
        ("http://127.0.0.1/x", "http://a.test/", False),
        ("http://127.0.0.1:9/x", "http://127.0.0.1:80/", True),
        ("http://10.1.2.3/", "http://a.test/", False),
        ("http://10.1.2.3/", "http://10.1.2.4/", False),
        ("http://169.254.169.254/latest/meta-data/", "http://a.test/", False),
        ("http://[::1]/", "http://a.test/", False),
        ("http://[::ffff:127.0.0.1]/", "http://a.test/", False),
        ("http://localhost/", "http://a.test/", False),
        ("http://LOCALHOST./", "http://a.test/", False),
        ("http://db.internal/", "http://a.test/", False),
        ("http://2130706433/", "http://a.test/", False),
        ("http://127.1/", "http://a.test/", False),
        ("http://0x7f.0.0.0x1/", "http://a.test/", False),
        ("ftp://b.test/x", "http://a.test/", False),
        ("javascript:alert(1)", "http://a.test/", False),
        ("http://[bad/", "http://a.test/", False),
        ("http:///x", "http://a.test/", False),
    ],
)
def test_pages_do_not_lead_into_our_network(url: str, source: str, may: bool) -> None:
    """Literal inside addresses in every spelling are refused, unless the source itself lies on that host."""
    assert may_follow(url, source_url=source) is may


def test_inside_names_are_whole_names() -> None:
    """A public name that only ends like an inside one is public."""
    assert not is_inside("mylocalhost.com")
    assert not is_inside("notinternal.test")
    assert is_inside("a.b.internal")
