"""What hostile posts, foreign names and mangled addresses cannot do to the console."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from core.errors import ConfigError
from core.model import Author, Mention, Reason
from core.settings import WebSettings
from web.console import Console
from web.server import create_app

NASTY = '<script>alert("1")</script><img src=x onerror=alert(2)>'
PAGES = ["/", "/?page=2", "/search", "/search?q=x", "/searches", "/sources", "/cases", "/cases?every=1"]


@pytest.mark.parametrize(
    "path", [*PAGES, "/healthz", "/nowhere", "/alerts/x", "/static/style.css", "/search?q=(", "/evidence/x/y"]
)
def test_every_answer_forbids_scripts_and_foreign_loads(browser: Any, path: str) -> None:
    """Whatever the answer, errors included, a browser is told to run and load nothing of others."""
    headers = browser.get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "base-uri 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "192.168.0.9:8315", "", "[fe80::1]", "localhost@evil"]
)
def test_requests_under_another_name_are_refused(browser: Any, host: str) -> None:
    """A page elsewhere that makes its name point at this machine reads nothing."""
    answer = browser.get("/", headers={"host": host})
    assert answer.status_code == 421
    assert "预警" not in answer.text


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:9", "127.0.0.1:1", "[::1]:8315"])
def test_loopback_names_are_served(browser: Any, host: str) -> None:
    """All names of this machine work, with any port."""
    assert browser.get("/", headers={"host": host}).status_code == 200


def test_another_address_is_refused_at_the_start(console: Console) -> None:
    """Without a login the console does not start for other machines."""
    open_wide = replace(console, settings=console.settings.model_copy(update={"web": WebSettings(host="0.0.0.0")}))
    with pytest.raises(ConfigError, match=r"web\.host"):
        create_app(open_wide)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
@pytest.mark.parametrize("path", ["/", "/cases", "/search"])
def test_nothing_can_be_changed(browser: Any, method: str, path: str) -> None:
    """The console reads; it says so to whoever tries to write."""
    answer = browser.request(method, path)
    assert answer.status_code == 405
    assert "只供查看" in answer.text


def test_hostile_posts_stay_text_everywhere(
    browser: Any, console: Console, now: datetime, a_mention: Callable[..., Mention], ring: Callable[..., None]
) -> None:
    """Tags, handlers and script addresses from a post reach no page as markup or link."""
    mention = a_mention(
        now,
        title=NASTY,
        text=f"刹车 {NASTY}",
        url="javascript:alert(3)",
        author=Author(name=NASTY, region=NASTY),
        site="<b>x",
    )
    hostile = replace(
        mention.verdict,
        subjects=(NASTY,),
        categories=(NASTY,),
        reasons=(Reason(code="x", text=NASTY, points=1, span=(0, 9)),),
    )
    mention = replace(mention, verdict=hostile)
    ring(mention)
    case = console.cases.of_event("e1")
    assert case is not None
    for path in (
        "/",
        "/alerts/a1",
        "/search?q=刹车",
        f"/search?q={NASTY}",
        f"/cases/{case.id}",
        "/cases",
        "/search?subject=" + NASTY,
    ):
        answer = browser.get(path)
        assert answer.status_code in (200, 400)
        for forbidden in ("<script", "<img src=x", 'href="javascript', "<b>x"):
            assert forbidden not in answer.text, (path, forbidden)
    assert "&lt;script&gt;" in browser.get("/alerts/a1").text


def test_a_huge_post_is_cut_on_the_page(
    browser: Any, a_mention: Callable[..., Mention], ring: Callable[..., None]
) -> None:
    """Four hundred thousand characters do not become a page of that size."""
    ring(a_mention(text="刹车失灵" * 100_000))
    for path in ("/", "/alerts/a1", "/search?q=刹车失灵"):
        answer = browser.get(path)
        assert answer.status_code == 200
        assert len(answer.text) < 120_000
    assert "页面只显示前一部分" in browser.get("/alerts/a1").text


@pytest.mark.parametrize(
    "path",
    ["/search?after=garbage", "/?page=-1", "/?page=" + "9" * 5000, "/?page=x", "/search?q=%FF%FE", "/search?q=%00"],
)
def test_mangled_addresses_do_no_harm(browser: Any, path: str) -> None:
    """Nothing in an address makes the console fail."""
    assert browser.get(path).status_code in (200, 400)


def test_a_broken_store_is_told_not_hidden(browser: Any, console: Console) -> None:
    """A page that fails says so in Chinese with all guards on; the health check turns red."""
    with console.database.write() as connection:
        connection.exec_driver_sql("DROP TABLE deliveries")
        connection.exec_driver_sql("DROP TABLE messages")
        connection.exec_driver_sql("DROP TABLE work")
    answer = browser.get("/")
    assert answer.status_code == 500
    assert "这一页无法显示" in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    health = browser.get("/healthz")
    assert (health.status_code, health.json()["ok"]) == (503, False)
