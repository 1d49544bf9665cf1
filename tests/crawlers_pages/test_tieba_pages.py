"""Tieba's pages beyond the saved ones: a real list, the site's own notations, and answers of any shape."""

from __future__ import annotations

import json
import logging
import sys
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawlers.pages import PageContext, parse_page
from crawlers.pages.blocks import block_sign
from crawlers.pages.markup import parse_markup
from crawlers.pages.tieba_facts import data_field, face_name, last_reply, tid_of
from crawlers.tieba.app import bar_url, floor_url, installed, pack, thread_url

FIXTURES = Path(__file__).resolve().parents[2].parent / "shared" / "fixtures"
SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 3, 15, 18, 30, tzinfo=SHANGHAI)


def page(url: str, now: datetime = NOW, **more: Any) -> PageContext:
    return PageContext(url=url, now=now, zone=SHANGHAI, **more)


@pytest.mark.skipif(not FIXTURES.is_dir(), reason="the saved public pages (shared/fixtures) are not here")
def test_a_real_list() -> None:
    """All fifty threads of a saved public list: number, title, author's unique name, replies, last reply, next page."""
    wanted = json.loads((FIXTURES / "expected/tieba__gne_list_1.html.json").read_text("utf-8"))["threads"]
    body = (FIXTURES / "pages/tieba/gne_list_1.html").read_bytes()
    saved = datetime(2020, 8, 2, 16, 12, tzinfo=SHANGHAI)
    parsed = parse_page("auto", body, page("https://tieba.baidu.com/f?kw=x&ie=utf-8", saved))
    posts = {post.url.rpartition("/")[2]: post for post in parsed.posts}
    threads = {link.url.rpartition("/")[2]: link for link in parsed.links if link.leads_to == "thread"}
    assert list(threads) == [str(one["tid"]) for one in wanted]
    for one in wanted:
        post, link = posts[str(one["tid"])], threads[str(one["tid"])]
        assert (link.title, link.standing) == (one["title"], str(one["replies"]))
        assert (post.title, post.author.name, post.counts.replies) == (one["title"], one["author"], one["replies"])
    assert all(post.author.id for post in posts.values())
    assert sum(link.changed is not None for link in threads.values()) == 48, "two pinned threads show no time"
    following = [link.url for link in parsed.links if link.leads_to == "list"]
    assert following == [
        "https://tieba.baidu.com/f?kw=%E8%B4%B4%E5%90%A7%E7%83%AD%E8%AE%AE&ie=utf-8&pn=50",
    ]


@pytest.mark.parametrize(
    ("attribute", "wanted"),
    [
        ('{"pid":1,"total_num":null}', {"pid": 1, "total_num": None}),
        ("{&quot;pid&quot;:1}", {"pid": 1}),
        ("{'pid':'1','showname':'你的隔壁王哥🍺'}", {"pid": "1", "showname": "你的隔壁王哥🍺"}),
        ("{total_num:16,total_page:2}", {"total_num": 16, "total_page": 2}),
        ("{'un':'it's'}", {}),
        ("", {}),
        ("[1]", {}),
        ("{}", {}),
        ("{" * 5000, {}),
    ],
)
def test_data_fields(attribute: str, wanted: dict[str, Any]) -> None:
    """JSON, the lax notation of the site's scripts, and nothing for the rest."""
    root = parse_markup(f'<p data-field="{attribute.replace(chr(34), "&quot;")}">x</p>')
    assert root is not None
    assert data_field(root.xpath("//p")[0]) == wanted


@pytest.mark.parametrize(
    ("shown", "wanted"),
    [
        ("16:10", "2026-03-15T16:10:00+08:00"),
        (" \n 16:10 ", "2026-03-15T16:10:00+08:00"),
        ("18:34", "2026-03-15T18:34:00+08:00"),
        ("19:00", "2026-03-14T19:00:00+08:00"),
        ("3-14", "2026-03-14T23:59:59+08:00"),
        ("8-6", "2025-08-06T23:59:59+08:00"),
        ("3-15", "2026-03-15T18:30:00+08:00"),
        ("2024-01", "2024-01-31T23:59:59+08:00"),
        ("2023-12", "2023-12-31T23:59:59+08:00"),
        ("2024-01-05", "2024-01-05T23:59:59+08:00"),
        ("2011-11-20 09:30", "2011-11-20T09:30:00+08:00"),
        ("3分钟前", "2026-03-15T18:27:00+08:00"),
        ("2024-13", None),
        ("置顶", None),
        ("", None),
    ],
)
def test_last_replies(shown: str, wanted: str | None) -> None:
    """A bare day is its last second, a month its last day's, and nothing lies ahead of us by more than clocks do."""
    when = last_reply(shown, page("https://tieba.baidu.com/f?kw=x"))
    assert (when.isoformat() if when else None) == wanted


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("image_emoticon25", "滑稽"),
        ("image_emoticon", "呵呵"),
        ("https://x/tb/editor/images/client/image_emoticon6.png?t=1", "怒"),
        ("http://static.tieba.baidu.com/tb/editor/images/face/i_f17.png", "吐"),
        ("image_emoticon999", "表情"),
        ("shoubai_emoji_face_03", "表情"),
        ("", "表情"),
    ],
)
def test_faces(source: str, name: str) -> None:
    """Emoticons have no words on the page: their numbers name them."""
    assert face_name(source) == name


@pytest.mark.parametrize(
    ("url", "tid"),
    [
        ("https://tieba.baidu.com/p/123?pn=2#5", "123"),
        ("https://tieba.baidu.com/mo/q/m?kz=123&pn=30", "123"),
        ("http://tieba.baidu.com/mo/q---A--1-3-0--2--wapp_1/m?kz=123", "123"),
        ("https://tieba.baidu.com/p/comment?tid=123&pid=4", "123"),
        ("https://tieba.baidu.com/f?kw=%B3%A4", None),
        ("http://[bad", None),
    ],
)
def test_threads_of_addresses(url: str, tid: str | None) -> None:
    """Every edition names the same thread in its own way."""
    assert tid_of(url) == tid


def test_an_app_host_is_the_same_site() -> None:
    """The touch host's posts have the identity of the web site's."""
    body = '<ul><li class="list_item" tid="5" fn="1"><div class="content">刹车异响</div></li></ul>'.encode()
    sites = [
        parse_page("tieba", body, page(f"https://{host}/mo/q/m?kz=1")).posts[0]
        for host in ("tieba.baidu.com", "wapp.baidu.com", "c.tieba.baidu.com")
    ]
    assert {(post.id, post.url) for post in sites} == {(sites[0].id, "https://tieba.baidu.com/p/1")}


def test_a_captcha_word_in_a_post_is_no_captcha() -> None:
    """A short thread in which somebody speaks of a safety check is a thread."""
    floor = (
        '<div class="l_post" data-field="{&quot;content&quot;:{&quot;post_id&quot;:5,&quot;post_no&quot;:1}}">'
        '<div id="post_content_5" class="d_post_content">一进论坛就是百度安全验证，烦死了'
        f"{'，车机也卡' * 60}</div></div>"
    )
    body = f"<html><head><title>吐槽_星辰吧_百度贴吧</title></head><body>{floor}</body></html>".encode()
    assert parse_page("tieba", body, page("https://tieba.baidu.com/p/1")).state.state == "ok"


# -- the app ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        bar_url("https://tiebac.baidu.com", "星辰汽车", 1),
        thread_url("https://tiebac.baidu.com", "9100000001", 2),
        floor_url("https://tiebac.baidu.com", "9100000001", "5", 1),
    ],
)
def test_packing_leaves_logging_alone(address: str) -> None:
    """The codec renames levels and hides logging errors when it is imported; the program keeps its own."""
    if not installed():
        pytest.skip("the extra tingfeng[tieba] is not installed")
    request = pack(address)
    assert request.url == address
    assert request.body.startswith(b'---*_r1999\r\nContent-Disposition: form-data; name="data"')
    assert (logging.getLevelName(logging.WARNING), logging.raiseExceptions) == ("WARNING", True)


@pytest.mark.parametrize("address", ["https://tiebac.baidu.com/c/s/sync", "https://tieba.baidu.com/p/1"])
def test_other_addresses_are_not_packed(address: str) -> None:
    """Only the three calls that read."""
    with pytest.raises(ValueError, match="not a call"):
        pack(address)


def test_without_the_codec(monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer that cannot be read says which extra to install."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "aiotieba"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "aiotieba", None)
    parsed = parse_page("tieba_app", b"\x12\x00", page(bar_url("https://tiebac.baidu.com", "星辰", 1)))
    assert parsed.state.state == "broken"
    assert 'pip install "tingfeng[tieba]"' in parsed.state.reason


@pytest.mark.parametrize(
    ("body", "sign"),
    [
        ("请先登录后查看".encode(), None),
        (b"<\x08 protobuf may begin with this byte", None),
        (b'{"error_code":1,"msg":"\xe8\xaf\xb7\xe5\x85\x88\xe7\x99\xbb\xe5\xbd\x95"}', "接口拒绝了请求：请先登录"),
        (b"<html><body><p>hello hello hello</p></body></html>", "本应返回应用数据，却收到了网页"),
        ("<html><title>百度安全验证</title><body></body></html>".encode(), "页面标题是“百度安全验证”"),
    ],
)
def test_binary_answers_are_not_judged_by_their_words(body: bytes, sign: str | None) -> None:
    """What people write is inside the data; only a page or a message in its place is a refusal."""
    url = "https://tiebac.baidu.com/c/f/pb/page"
    told = block_sign(status=200, url=url, requested_url=url, content_type=None, body=body, expects="binary")
    assert (told or "").startswith(sign or "")
    assert (told is None) == (sign is None)


_NAMES = [
    "data", "comment_list", "comment_info", "comment_id", "content", "user_list", "thread", "thread_list",
    "post_list", "id", "first_floor", "sub_post_list", "subpost_list", "post", "page", "total_page",
    "current_page", "has_more", "page_data", "feed_list", "feed", "business_info_map", "thread_id", "title",
    "components", "type", "text", "html", "error_code", "author", "sub_post_number", "time", "floor", "error",
    "errorno", "errmsg", "now_time", "5", "last_time_int", "reply_num",
]  # fmt: skip
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6) | st.just("5"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_NAMES), inner, max_size=6),
    max_leaves=25,
)


@settings(max_examples=300, deadline=None)
@given(_JSON)
def test_answers_of_any_shape(value: object) -> None:
    """Tieba's field names with values of any other type never raise, and nothing is never ok."""
    parsed = parse_page("tieba", json.dumps(value).encode(), page("https://tieba.baidu.com/p/comment?tid=1&pid=2"))
    assert parsed.state.reason
    assert parsed.posts or parsed.links or parsed.state.state != "ok"
