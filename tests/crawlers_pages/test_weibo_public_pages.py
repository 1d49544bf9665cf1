"""Weibo's saved public answers and pages, kept outside the project: every card, repost, comment and long text."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from core.model import post_id
from crawlers.pages import PageContext, Parsed, detect, parse_page
from crawlers.pages.weibo import long_text
from crawlers.pages.weibo_ids import SITE, bid_of, mid_of_bid

FIXTURES = Path(__file__).resolve().parents[2].parent / "shared" / "fixtures"
JSON_PAGES, WAP_PAGES = FIXTURES / "pages/weibo_m_json", FIXTURES / "pages/weibo_cn_html"
SHANGHAI = ZoneInfo("Asia/Shanghai")

pytestmark = pytest.mark.skipif(not FIXTURES.is_dir(), reason="the saved public pages (shared/fixtures) are not here")


def read(body: bytes, url: str, now: datetime, kind: str) -> Parsed:
    """The page as its own marks say what it is."""
    page = PageContext(url=url, now=now, zone=SHANGHAI)
    assert detect(body, page) == kind
    return parse_page("auto", body, page)


def literals() -> dict[str, Any]:
    """The objects of a saved script: `let name = {…};`."""
    text = (JSON_PAGES / "gottaegbert_response.js").read_text("utf-8")
    found = {}
    for start in re.finditer(r"^let\s+(\w+)\s*=\s*(?=\{)", text, re.MULTILINE):
        found[start[1]], _ = json.JSONDecoder(strict=False).raw_decode(text[start.end() :])
    return found


LISTS = ("weibo_ak_list_0", "weibo_ak_list_1", "weibo_ys_list_0")


@pytest.mark.parametrize("name", LISTS)
def test_short_forms_are_the_numbers(name: str) -> None:
    """Number and short form of every saved status lead to each other."""
    rows = json.loads((FIXTURES / f"expected/weibo_m_json__{name}.json.json").read_text("utf-8"))["posts"]
    assert rows
    assert [bid_of(row["mid"]) for row in rows] == [row["bid"] for row in rows]
    assert [mid_of_bid(row["bid"]) for row in rows] == [row["mid"] for row in rows]


@pytest.mark.parametrize("name", LISTS)
def test_saved_lists(name: str) -> None:
    """Every card, its long flag, its original; and where the list goes on."""
    wanted = json.loads((FIXTURES / f"expected/weibo_m_json__{name}.json.json").read_text("utf-8"))["posts"]
    now = datetime(2021, 6, 20, tzinfo=UTC)
    body = (JSON_PAGES / f"{name}.json").read_bytes()
    parsed = read(body, "https://m.weibo.cn/api/container/getIndex?containerid=1", now, "weibo")
    found = {post.native_id: post for post in parsed.posts}
    cut = {link.url.rpartition("=")[2] for link in parsed.links if link.leads_to == "status"}
    for row in wanted:
        parent = post_id("weibo", SITE, row["retweet_mid"]) if row["retweet_mid"] else None
        assert (row["mid"] in cut, found[row["mid"]].parent) == (row["is_long"], parent)
        assert parent is None or row["retweet_mid"] in found
    assert sum(link.leads_to == "list" for link in parsed.links) == 1


@pytest.mark.parametrize("mid", ["4645748019299849", "4649031014551911"])
def test_long_texts(mid: str) -> None:
    """The whole text begins like the cut one of the list and is longer."""
    whole = long_text((JSON_PAGES / f"weibo_detail_{mid}.json").read_bytes())
    lists = (json.loads((FIXTURES / f"expected/weibo_m_json__{name}.json.json").read_text("utf-8")) for name in LISTS)
    cut = next(row["text"] for rows in lists for row in rows["posts"] if row["mid"] == mid)
    squeezed = "".join(whole.text.split()) if whole else ""
    beginning = "".join(cut.partition("...全文")[0].split())
    assert squeezed.startswith(beginning[:60])
    assert len(squeezed) > len(beginning)


def test_saved_comments() -> None:
    """Comments of both saved shapes, each below its status, the one answer below its comment; and the next page."""
    saved, mid = literals(), "4383183661430868"
    now = datetime(2019, 6, 16, tzinfo=UTC)
    flow = saved["comments2"]
    hot = read(
        json.dumps(flow).encode(), f"https://m.weibo.cn/comments/hotflow?id={mid}&mid={mid}", now, "weibo_comments"
    )
    inner = sum(len(row["comments"]) for row in flow["data"]["data"] if row["comments"])
    assert len(hot.posts) == len(flow["data"]["data"]) + inner
    status = post_id("weibo", SITE, mid)
    assert sum(post.parent == status for post in hot.posts) == len(flow["data"]["data"])
    rows = {f"comment:{row['id']}": row for row in flow["data"]["data"]}
    for post in hot.posts:
        if post.native_id in rows:
            row = rows[post.native_id]
            assert post.author.name == row["user"]["screen_name"]
            assert post.counts.likes == row["like_count"]
            assert post.published == datetime.strptime(row["created_at"], "%a %b %d %H:%M:%S %z %Y")
    following = next(link.url for link in hot.links if link.leads_to == "page")
    assert f"max_id={flow['data']['max_id']}" in following
    old = saved["comments1"]["data"]
    shown = read(
        json.dumps(saved["comments1"]).encode(), f"https://m.weibo.cn/api/comments/show?id={mid}", now, "weibo_comments"
    )
    numbers = {str(row["id"]) for row in (*old["data"], *old["hot_data"])}
    assert {post.native_id.removeprefix("comment:") for post in shown.posts} == numbers


def test_saved_single_answers() -> None:
    """A profile leads to its list, a list shows all its cards, a repost brings its original."""
    saved = literals()
    now = datetime(2019, 6, 16, tzinfo=UTC)
    profile = read(json.dumps(saved["userInfo"]).encode(), "https://m.weibo.cn/api/container/getIndex", now, "weibo")
    assert [link.url.rpartition("=")[2] for link in profile.links] == ["1076031669879400"]
    cards = saved["cards1"]["data"]["cards"]
    blogs = [card["mblog"] for card in cards if "mblog" in card]
    numbers = {blog["id"] for blog in blogs} | {
        blog["retweeted_status"]["id"] for blog in blogs if "retweeted_status" in blog
    }
    listed = read(json.dumps(saved["cards1"]).encode(), "https://m.weibo.cn/api/container/getIndex", now, "weibo")
    assert {post.native_id for post in listed.posts} == numbers
    repost = read(json.dumps(saved["retweet01"]).encode(), "https://m.weibo.cn/statuses/show?id=x", now, "weibo")
    assert repost.posts[1].parent == repost.posts[0].id


@pytest.mark.parametrize(
    ("name", "statuses", "originals", "comments"),
    [
        ("2f62165fa3ca1e85", 10, 1, 0),
        ("4957814af5a123b8", 10, 1, 0),
        ("a4437630f3bdfa27", 10, 1, 0),
        ("d486235d4a17dd0a", 10, 5, 0),
        ("4d5ed0a3ebd0303c", 1, 1, 12),
    ],
)
def test_saved_pages_of_weibo_cn(name: str, statuses: int, originals: int, comments: int) -> None:
    """Every status with author, minute, counts and words, every original with its author, every comment with region."""
    body = (WAP_PAGES / f"{name}.html").read_bytes()
    parsed = read(body, "https://weibo.cn/1669879400?page=2", datetime(2025, 6, 19, tzinfo=UTC), "weibo_wap")
    below = [post for post in parsed.posts if post.native_id.startswith("comment:")]
    quoted = [post for post in parsed.posts if post.published is None]
    own = [post for post in parsed.posts if post not in below and post not in quoted]
    assert (len(own), len(quoted), len(below)) == (statuses, originals, comments)
    for post in own:
        assert post.author.id == "1669879400"
        assert None not in (post.counts.likes, post.counts.reposts, post.counts.replies)
        assert post.published
        assert not re.search(r"赞\[|转发理由|原文转发|收藏$|组图共", post.text)
    assert {post.parent for post in own if post.parent} == {post.id for post in quoted}
    assert all(post.author.name and post.text and post.counts.reposts for post in quoted)
    for post in below:
        assert post.parent == own[0].id
        assert post.published
        assert post.author.name
        assert post.counts.likes is not None
    if below:
        assert sum(post.author.region is not None for post in below) == 9
        assert sum(link.leads_to == "page" for link in parsed.links) == 1
    else:
        shown = set(re.findall(r'id="M_(\w+)"', body.decode()))
        assert {bid_of(post.native_id) for post in own} == shown
        assert sum(link.leads_to == "list" for link in parsed.links) == 1
