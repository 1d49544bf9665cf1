"""One status is one post: its number in two forms, exact in JSON, the same on every host of Weibo."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.model import post_id
from crawlers.pages import PageContext, parse_page
from crawlers.pages.weibo_ids import as_mid, bid_of, is_mid, mid_in_query, mid_of_bid, weibo_site

PAGES = Path(__file__).resolve().parents[1] / "pages"
NOW = datetime(2026, 3, 15, 2, tzinfo=UTC)
SHANGHAI = ZoneInfo("Asia/Shanghai")


@given(st.integers(min_value=10_000, max_value=10**19 - 1))
def test_number_and_short_form_are_one(number: int) -> None:
    """Every number has one short form, which leads back to it."""
    assert mid_of_bid(bid_of(str(number))) == str(number)


@given(st.text(alphabet="0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", max_size=14))
def test_what_is_no_short_form_is_refused(text: str) -> None:
    """A text is the short form of at most one number, and that number's own."""
    mid = mid_of_bid(text)
    assert mid is None or (is_mid(mid) and bid_of(mid) == text)


@given(st.text(max_size=30))
def test_any_text_is_survived(text: str) -> None:
    """Whatever an address holds, it is a number or nothing."""
    mid = as_mid(text)
    assert mid is None or is_mid(mid)
    assert mid_in_query(f"https://m.weibo.cn/x?id={text}", "id") in (None, mid) or "&" in text


@pytest.mark.parametrize(
    ("text", "mid"),
    [
        ("5277300000000001", "5277300000000001"),
        ("QwqVq0001", "5277300000000001"),
        ("0", None),
        ("", None),
        ("１２３４５６７８９０", None),
        ("5.2773e15", None),
        ("QwqVq0001x!", None),
    ],
)
def test_both_forms_in_an_address(text: str, mid: str | None) -> None:
    """An address names a status by either form."""
    assert as_mid(text) == mid


@pytest.mark.parametrize(
    ("url", "site"),
    [
        ("https://m.weibo.cn/detail/1", "m.weibo.cn"),
        ("https://weibo.com/ajax/statuses/show?id=1", "m.weibo.cn"),
        ("https://www.weibo.com/u/1", "m.weibo.cn"),
        ("https://s.weibo.com/weibo?q=1", "m.weibo.cn"),
        ("https://weibo.cn/u/1", "m.weibo.cn"),
        ("http://127.0.0.1:8123/x", "127.0.0.1:8123"),
        ("https://weibo.com.example.test/x", "weibo.com.example.test"),
        ("https://notweibo.com/x", "notweibo.com"),
        ("https://passport.weibo.com/visitor", "passport.weibo.com"),
        ("https://m.weibo.cn:8443/x", "m.weibo.cn:8443"),
        ("nonsense", ""),
    ],
)
def test_weibos_hosts_are_one_site(url: str, site: str) -> None:
    """The real hosts share the identity under which posts were stored first; others keep their own."""
    assert weibo_site(url) == site


def test_the_same_status_on_five_surfaces_is_one_post() -> None:
    """Mobile JSON, weibo.com's JSON, the desktop search, weibo.cn and a repost's parent: one id, one address."""
    mid = "5277300000000001"
    mobile = {"id": mid, "bid": "QwqVq0001", "created_at": "刚刚", "text": "同一条", "user": None}
    repost = {
        "id": "5277300000000099",
        "created_at": "刚刚",
        "text": "转发微博",
        "user": None,
        "retweeted_status": mobile,
    }
    seen = {}
    for kind, folder, url in (
        ("weibo", "web_show", "https://weibo.com/ajax/statuses/show?id=QwqVq0001"),
        ("weibo_search", "results", "https://s.weibo.com/weibo?q=x"),
        ("weibo_wap", "user_list", "https://weibo.cn/7000000001"),
    ):
        body = next((PAGES / kind / folder).glob("page.*")).read_bytes()
        parsed = parse_page(kind, body, PageContext(url=url, now=NOW, zone=SHANGHAI))
        seen[kind, folder] = next(post for post in parsed.posts if post.native_id == mid)
    answer = json.dumps({"ok": 1, "data": {"list": [mobile, repost]}}).encode()
    listed = parse_page("weibo", answer, PageContext(url="https://m.weibo.cn/api/x", now=NOW, zone=SHANGHAI)).posts
    wanted = post_id("weibo", "m.weibo.cn", mid)
    assert {post.id for post in seen.values()} == {wanted}
    assert {post.url for post in (*seen.values(), listed[0])} == {f"https://m.weibo.cn/detail/{mid}"}
    assert (listed[0].id, listed[1].parent) == (wanted, wanted)


@given(st.integers(min_value=2**53 + 1, max_value=10**19 - 1))
def test_numbers_in_json_stay_exact(number: int) -> None:
    """A number beyond 2^53 that is no string in the JSON keeps its last digit."""
    status = f'{{"ok":1,"data":{{"id":{number},"created_at":"刚刚","text":"x"}}}}'.encode()
    parsed = parse_page("weibo", status, PageContext(url="https://m.weibo.cn/x", now=NOW, zone=SHANGHAI))
    assert [post.native_id for post in parsed.posts] == [str(number)]
