"""Whatever bytes come, a parser answers with a state and a reason; it never raises and never calls nothing ok."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import NotFound
from crawlers.pages import PARSERS, PageContext, parse_page
from crawlers.pages.weibo import long_text

PAGE = PageContext(
    url="http://bbs.example.test/thread-1-1-1.html",
    now=datetime(2026, 3, 15, 2, tzinfo=UTC),
    zone=ZoneInfo("Asia/Shanghai"),
)
THREAD = (
    '<html><head><meta name="generator" content="Discuz! X3.5"></head><body><div id="post_{n}"><table id="pid{n}"><tr>'
    '<td class="pls">{a}</td><td class="plc">{b}</td></tr></table></div></body></html>'
)

HOSTILE: dict[str, bytes] = {
    "empty": b"",
    "blank": b" \r\n\t",
    "nulls": b"\x00" * 5000,
    "nulls in markup": b"<ht\x00ml><bo\x00dy>" + b"\x00" * 100 + b"</body>",
    "binary": bytes(range(256)) * 400,
    "png": b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20,
    "gzip not unpacked": b"\x1f\x8b\x08\x00" + bytes(range(255, 0, -1)) * 20,
    "only an opening": b"<",
    "five megabytes of div": b"<div>" * 1_000_000,
    "five megabytes of <": b"<" * 5_000_000,
    "a million script tags": b"<script>" * 600_000,
    "comments never closed": b"<!--" * 200_000,
    "attributes without end": b"<a " + b"x" * 2_000_000,
    "one long line": b"<p>" + "很长".encode() * 500_000 + b"</p>",
    "truncated utf-8": "<html><body><p>刹车失灵".encode()[:-1],
    "utf-16 without mark": "<html><body>你好</body></html>".encode("utf-16-le"),
    "big5": "<html><body><p>車輛召回公告與維修說明</p></body></html>".encode("big5"),
    "wrong label": '<html><head><meta charset="x-nonsense"></head><body><p>你好</p></body></html>'.encode("gbk"),
    "label is no charset": b'<meta charset="base64"><p>\xff\xfe\xfd hello \xff</p>',
    "entity bomb": b'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">'
    b'<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;">]>'
    b"<rss><channel><item><title>&d;</title>"
    b"</item></channel></rss>",
    "external entity": b'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><rss><channel><item>'
    b"<title>&x;</title></item></channel></rss>",
    "rss root only": b"<rss>",
    "xml declared as html": b'<?xml version="1.0" encoding="gbk"?><html><body><p>a</p></body></html>',
    "json null": b"null",
    "json number": b"1e999",
    "json list": b"[1, 2, 3]",
    "json string": b'"ok"',
    "json deep": b"[" * 200_000,
    "json deep object": b'{"a":' * 100_000,
    "json cards of junk": json.dumps(
        {"ok": 1, "data": {"cards": [None, 1, "x", [], {}, {"mblog": 5}, {"mblog": {}}, {"card_group": {"a": 1}}]}}
    ).encode(),
    "json fields of other types": json.dumps(
        {"ok": 1, "data": {"cards": [{"mblog": {"mid": [1], "id": {}, "text": 5, "created_at": 7, "user": "x"}}]}}
    ).encode(),
    "json user junk": json.dumps(
        {
            "ok": 1,
            "data": {
                "cards": [
                    {
                        "mblog": {
                            "id": 1234567890, "text": "x" * 100_000, "created_at": "never",
                            "user": {"id": True, "screen_name": 5},
                            "reposts_count": {}, "pics": {"a": 1}, "region_name": 5, "retweeted_status": {"user": []},
                        }
                    }
                ],
                "cardlistInfo": [],
            },
        }
    ).encode(),
    "json data is a list": b'{"ok":1,"data":[1]}',
    "json msg is a number": b'{"ok":0,"msg":5}',
    "json lone surrogate": b'{"ok":0,"msg":"\\ud800"}',
    "thread without anything": THREAD.format(n=1, a="", b="").encode(),
    "thread with a huge number": THREAD.format(n="9" * 400, a="<a class='xw1'>x</a>", b="y").encode(),
    "thread with a strange id": THREAD.format(n="1'] | //*", a="x", b="y").encode(),
    "thread with a bad base": THREAD.format(n=1, a="", b="<div id='postmessage_1'>x</div>")
    .replace("<head>", "<head><base href='http://[::1'>")
    .encode(),
    "next data of junk": b'<html><script id="__NEXT_DATA__">{"title":[],"content":{"a":[[[[]]]]}}</script></html>',
    "meta of junk": b'<html><meta name="pubdate" content="9999999999999"><meta property="og:title"></html>',
}  # fmt: skip


@pytest.mark.parametrize("kind", [*PARSERS, "auto"])
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_bytes_get_a_state(name: str, kind: str) -> None:
    """Hostile bytes end as broken, blocked or empty with a reason."""
    parsed = parse_page(kind, HOSTILE[name], PAGE)
    assert parsed.state.reason
    assert parsed.state.state in ("broken", "blocked", "empty") or parsed.posts or parsed.links


@pytest.mark.parametrize("kind", PARSERS)
@pytest.mark.parametrize(("status", "state"), [(403, "blocked"), (418, "blocked"), (432, "blocked"), (502, "down")])
def test_a_bad_status_is_named(kind: str, status: int, state: str) -> None:
    """A refusal status is blocked and a server error down, whatever the body."""
    page = PageContext(url=PAGE.url, now=PAGE.now, zone=PAGE.zone, status=status)
    assert parse_page(kind, b"", page).state.state == state


@pytest.mark.parametrize("kind", PARSERS)
@pytest.mark.parametrize("url", ["", "x", "http://[bad", "javascript:alert(1)", "http://"])
def test_a_bad_address_is_survived(kind: str, url: str) -> None:
    """An address that names no host gives no posts, and no error."""
    page = PageContext(url=url, now=PAGE.now, zone=PAGE.zone)
    parsed = parse_page(kind, THREAD.format(n=1, a="a", b="<div id='postmessage_1'>x</div>").encode(), page)
    assert not parsed.posts
    assert parsed.state.state != "ok"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=400), st.sampled_from([*PARSERS, "auto"]))
def test_random_bytes(body: bytes, kind: str) -> None:
    """No bytes raise."""
    assert parse_page(kind, body, PAGE).state.reason


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["ok", "data", "cards", "mblog", "mid", "id", "text", "user", "created_at", "retweeted_status", "msg"]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


@settings(max_examples=200, deadline=None)
@given(_JSON)
def test_json_of_any_shape(value: object) -> None:
    """Weibo's field names with values of any other type never raise."""
    body = json.dumps(value).encode()
    assert parse_page("weibo", body, PAGE).state.reason
    long_text(body)


def test_an_unknown_kind_is_the_callers_mistake() -> None:
    """A kind without a parser is named, with those that exist."""
    with pytest.raises(NotFound, match="discuz"):
        parse_page("no-such-kind", b"", PAGE)


def test_links_lead_only_to_web_addresses() -> None:
    """javascript:, data: and file: links of a page are never followed."""
    rows = "".join(
        f'<tbody id="normalthread_{n}"><tr><th><a class="s xst" href="{href}">t</a></th></tr></tbody>'
        for n, href in enumerate(["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "thread-7-1-1.html"])
    )
    parsed = parse_page("discuz", f"<html><body><table>{rows}</table></body></html>".encode(), PAGE)
    assert [link.url for link in parsed.links] == ["http://bbs.example.test/thread-7-1-1.html"]


def test_a_foreign_base_does_not_move_the_links() -> None:
    """A <base> on another host changes paths, not the host that we crawl."""
    body = (
        b"<html><head><base href='http://evil.example/forum/'></head><body><table><tbody id='normalthread_1'><tr><th>"
        b"<a class='s xst' href='thread-7-1-1.html'>t</a></th></tr></tbody></table></body></html>"
    )
    parsed = parse_page("discuz", body, PAGE)
    assert [link.url for link in parsed.links] == ["http://bbs.example.test/forum/thread-7-1-1.html"]
