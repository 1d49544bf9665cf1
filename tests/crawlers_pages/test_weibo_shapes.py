"""Answers of any shape and cards of any markup: Weibo's field names with values of any type never raise."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawlers.pages import PageContext, parse_page
from crawlers.pages.weibo import long_text

NOW = datetime(2026, 3, 15, 2, tzinfo=UTC)
SHANGHAI = ZoneInfo("Asia/Shanghai")
NAMES = [
    "ok", "data", "list", "cards", "mblog", "mid", "id", "mblogid", "bid", "text", "text_raw", "user", "created_at",
    "retweeted_status", "msg", "rootid", "comments", "reply_comment", "like_counts", "total_number", "max_id",
    "max_id_type", "longTextContent", "url_struct", "short_url", "url_title", "pic_infos", "pic_ids", "analysis_extra",
    "source", "region_name", "isLongText", "since_id", "cardlistInfo", "tabsInfo", "tabs", "userInfo",
]  # fmt: skip
PLAIN = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6)
    | st.sampled_from(["5277300000000001", "QwqVq0001", "刚刚", "来自湖南", "http://t.cn/a", "mid:5277300000000001"])
)  # fmt: skip
SHAPES = st.recursive(
    PLAIN,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=6),
    max_leaves=25,
)
URLS = [
    "https://m.weibo.cn/comments/hotflow?id=5277300000000001&mid=5277300000000001&max_id_type=0",
    "https://weibo.com/ajax/statuses/buildComments?id=5277300000000001&fetch_level=1",
    "https://weibo.com/ajax/statuses/mymblog?uid=7&page=x",
    "https://m.weibo.cn/api/container/getIndex?containerid=1&page=2",
]


@settings(max_examples=300, deadline=None)
@given(SHAPES, st.sampled_from(["weibo", "weibo_comments"]), st.sampled_from(URLS))
def test_json_of_any_shape(value: object, kind: str, url: str) -> None:
    """There is always a state with a reason, and never an ok without anything, but for a long text."""
    body = json.dumps(value).encode()
    parsed = parse_page(kind, body, PageContext(url=url, now=NOW, zone=SHANGHAI))
    assert parsed.state.reason
    assert parsed.state.state != "ok" or parsed.posts or parsed.links or long_text(body)


TAGS = st.sampled_from(
    [
        '<div class="card-wrap" mid="5277300000000001">', '<div class="card-wrap">', "</div>", "<ul><li>赞</li></ul>",
        '<p node-type="feed_list_content">词', '<p node-type="feed_list_content_full" style="display:none">全', "</p>",
        '<a class="name" nick-name="名" href="//weibo.com/7">', '<a class="name" href="http://[bad">', "</a>",
        '<div class="from"><a href="//weibo.com/7/QwqVq0001?x">今天12:30</a></div>', '<p class="from"><a>?</a></p>',
        '<div class="card-comment">', '<div class="card-act"><ul><li>转发 1万+</li><li><a action-type="x"></li></ul>',
        '<div class="media"><img src="//wx1.sinaimg.cn/orj360/a.jpg"><img>', '<ul node-type="feed_list_page_morelist">',
        '<a href="/weibo?q=x&page=99999999">', '<a href="?page=2" class="next">', '<div class="card-no-result">抱歉',
        '<div class="c" id="M_QwqVq0001"><div>', '<div class="c" id="C_5277300000000021">', '<span class="ctt">字',
        '<span class="cmt">转发了 <a href="/u/7">名</a> 的微博:</span>', '<span class="cmt">转发理由:</span>',
        "</span>",
        '<span class="ct">03月14日 12:30 来自来自河南</span>',
        '<a href="/comment/QwqVq0002?rl=0" class="cc">评论[3]</a>',
        '<div id="pagelist"><a href="/x?page=2">下页</a></div>', "<title>某人的微博</title>",
        "<title>某人的资料</title>",
    ]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(TAGS, max_size=14), st.sampled_from(["weibo_search", "weibo_wap"]))
def test_markup_of_any_shape(tags: list[str], kind: str) -> None:
    """Pieces of both markups in any order end in a state with a reason, never in an ok without anything."""
    page = PageContext(url="https://s.weibo.com/weibo?q=x", now=NOW, zone=SHANGHAI)
    parsed = parse_page(kind, "".join(tags).encode(), page)
    assert parsed.state.reason
    assert parsed.state.state != "ok" or parsed.posts or parsed.links
    assert len({post.id for post in parsed.posts}) == len(parsed.posts)


@pytest.mark.parametrize(
    ("further", "state"), [("", "broken"), ("&page=1", "broken"), ("&page=7", "empty"), ("&since_id=9", "empty")]
)
def test_nothing_on_a_further_page_is_the_end(further: str, state: str) -> None:
    """A list that counts 41 and shows none is strange on its first page, and at its end on a further one."""
    answer = {"ok": 1, "data": {"cardlistInfo": {"total": 41}, "cards": []}}
    page = PageContext(url=f"https://m.weibo.cn/api/container/getIndex?containerid=1{further}", now=NOW, zone=SHANGHAI)
    assert parse_page("weibo", json.dumps(answer).encode(), page).state.state == state


def test_one_text_from_both_sites() -> None:
    """The long text of weibo.com, with its links by title, is that of m.weibo.cn: the same status is not "edited"."""
    web = {
        "longTextContent": "#车市# 看 http://t.cn/A6abc [怒]​",
        "url_struct": [{"short_url": "http://t.cn/A6abc", "url_title": "网页链接"}],
    }
    mobile = {
        "longTextContent": '<a href="/x"><span class="surl-text">#车市#</span></a> 看 <a href="http://t.cn/A6abc">'
        '<span class="url-icon"><img src="l.png"></span><span class="surl-text">网页链接</span></a> '
        '<span class="url-icon"><img alt=[怒] src="n.png"></span>'
    }
    texts = [long_text(json.dumps({"ok": 1, "data": data}).encode()) for data in (web, mobile)]
    assert {text.text if text else None for text in texts} == {"#车市# 看 网页链接 [怒]"}
