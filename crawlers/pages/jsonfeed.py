"""Lists of news as JSON: JSON Feed (jsonfeed.org, 1 and 1.1), WordPress' REST answer, and lists of rows like them.

Like any feed it leads to articles: the text that some carry is the article without its page, and the page is the
evidence.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from core.text import clean
from core.times import from_unix, parse_when
from crawlers.pages.base import LARGEST_BODY, Link, PageContext, PageParser, PageState, Parsed, stopped
from crawlers.pages.encoding import decode
from crawlers.pages.markup import html_to_text
from crawlers.pages.refusals import refusal
from crawlers.pages.urls import absolute, canonical, site_of, thread_number

#: Untrusted JSON: every access asks for the type first.
Json: TypeAlias = Any

_VERSION = "jsonfeed.org/version/"
_MOST_ENTRIES = 1000
#: Where sites' own APIs put the rows of a list, outermost first (`{"result": {"data": [{"title": …, "url": …}]}}`).
_ROW_KEYS = ("items", "data", "result", "list", "rows", "articles", "news", "posts", "newslist")
_ADDRESS_KEYS = ("url", "link", "external_url", "docurl", "article_url", "share_url", "wapurl")
#: UTC by name, then publication, then change.
_TIME_KEYS = (
    "date_gmt", "date_published", "date", "pubDate", "pubdate", "publish_time", "publishTime", "published", "ctime",
    "ptime", "time", "created_at", "create_time", "date_modified", "modified_gmt", "modified",
)  # fmt: skip
_DEEPEST = 4


def _loaded(body: bytes, page: PageContext) -> Json:
    """The JSON value, or `None`; a JSONP wrapper is taken off."""
    text = decode(body[:LARGEST_BODY], page.content_type).strip().lstrip("\ufeff")
    if not text.startswith(("{", "[")):
        head, bracket, _ = text[:100].partition("(")
        if not bracket or not head.replace(".", "").replace("_", "").replace("$", "").isalnum():
            return None
        text = text[len(head) + 1 :].rstrip().rstrip(";").rstrip().removesuffix(")")
    try:
        return json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return None


def looks_like_json_feed(body: bytes, page: PageContext) -> bool:
    """Whether the page says that it is a JSON Feed, or is WordPress' list of posts."""
    start = body[:400].lstrip(b"\xef\xbb\xbf \t\r\n")
    if not start.startswith((b"{", b"[")):
        return False
    if start.startswith(b"{"):
        if b"jsonfeed.org" not in body[:5000] and b"jsonfeed.org" not in body[-500:]:
            return False
        value = _loaded(body, page)
        return isinstance(value, dict) and _VERSION in str(value.get("version"))
    if b'"link"' not in body[:5000] or b'"rendered"' not in body[:8000]:
        return False
    return any(_is_wordpress(row) for row in _rows(_loaded(body, page)))


def _is_wordpress(row: Mapping[str, Json]) -> bool:
    return isinstance(row.get("link"), str) and isinstance(row.get("title"), dict) and "rendered" in row["title"]


def parse(body: bytes, page: PageContext) -> Parsed:
    """Links to the articles that the list shows; never raises and never fetches."""
    if (refused := refusal(body, page, expects="json")) is not None:
        return refused
    value = _loaded(body, page)
    if value is None or not site_of(page.url):
        return stopped("broken", "响应不是 JSON")
    if isinstance(value, dict) and (said := _refused(value)) is not None:
        return said
    rows = list(_rows(value))
    links = tuple(_links(rows[:_MOST_ENTRIES], page))
    if links:
        beyond = f"（共 {len(rows)} 个，只读前 {_MOST_ENTRIES} 个）" if len(rows) > _MOST_ENTRIES else ""
        following = _following(value, page)
        return Parsed(links=links + following, state=PageState(state="ok", reason=f"读到 {len(links)} 个条目{beyond}"))
    if rows:
        return stopped("broken", f"有 {len(rows)} 个条目，但都没有可用的链接")
    if value == [] or (isinstance(value, dict) and _VERSION in str(value.get("version")) and value.get("items") == []):
        return stopped("empty", "订阅源有效，但目前没有条目")
    return stopped("broken", "JSON 里没有文章列表")


def _refused(value: dict[str, Json]) -> Parsed | None:
    """WordPress' way to say no: `{"code": "rest_forbidden", "message": …, "data": {"status": 401}}`."""
    code, message, data = value.get("code"), value.get("message"), value.get("data")
    if not isinstance(code, str) or not isinstance(message, str) or not isinstance(data, dict):
        return None
    status = data.get("status")
    said = clean(message)[:60]
    if status in (401, 403):
        return stopped("blocked", f"接口拒绝了请求：{said}")
    return stopped("broken", f"接口返回错误：{said}") if isinstance(status, int) else None


def _rows(value: Json, depth: int = 0) -> Iterator[dict[str, Json]]:
    """The objects of the list, wherever an API of the usual kind puts it."""
    if isinstance(value, list):
        yield from (row for row in value if isinstance(row, dict))
    elif isinstance(value, dict) and depth < _DEEPEST:
        for key in _ROW_KEYS:
            inner = value.get(key)
            if isinstance(inner, dict | list) and inner:
                yield from _rows(inner, depth + 1)
                return


def _links(rows: list[dict[str, Json]], page: PageContext) -> Iterator[Link]:
    seen: set[str] = set()
    for row in rows:
        url = absolute(page.url, _address(row))
        title = _title(row)
        if url is None or (title is None and "id" not in row) or (url := canonical(url)) in seen:
            continue
        seen.add(url)
        yield Link(
            url=url,
            leads_to="thread" if thread_number(url) else "article",
            title=title,
            changed=_when(row, page),
        )


def _address(row: Mapping[str, Json]) -> str | None:
    for key in _ADDRESS_KEYS:
        value = row.get(key)
        if isinstance(value, str) and value.startswith(("http://", "https://", "/")):
            return value
    identifier = row.get("id")  # JSON Feed: "ideally a URL"
    return identifier if isinstance(identifier, str) and identifier.startswith(("http://", "https://")) else None


def _title(row: Mapping[str, Json]) -> str | None:
    raw = row.get("title")
    if isinstance(raw, dict):
        raw = raw.get("rendered")
    return clean(html_to_text(raw).replace("\n", " "))[:300] or None if isinstance(raw, str) else None


def _when(row: Mapping[str, Json], page: PageContext) -> datetime | None:
    for key in _TIME_KEYS:
        value = row.get(key)
        if isinstance(value, bool) or not isinstance(value, str | int | float) or not value:
            continue
        text = str(value)
        if isinstance(value, int | float) or (text.isascii() and text.isdigit() and len(text) in (10, 13)):
            when = from_unix(value)
            when = when.astimezone(page.zone) if when else None
        elif key.endswith("_gmt"):  # "2026-11-21T21:42:31", UTC without saying so
            when = parse_when(f"{text}Z" if text[-1:].isdigit() else text, now=page.now, zone=page.zone)
        else:
            when = parse_when(text, now=page.now, zone=page.zone)
        if when is not None and when <= page.now + timedelta(days=2):
            return when
    return None


def _following(value: Json, page: PageContext) -> tuple[Link, ...]:
    """A JSON Feed's next page."""
    url = (
        absolute(page.url, value["next_url"])
        if isinstance(value, dict) and isinstance(value.get("next_url"), str)
        else None
    )
    return (Link(url=url, leads_to="list"),) if url and url != page.url else ()


PARSER = PageParser(name="jsonfeed", parse=parse, expects="json", looks_like=looks_like_json_feed, rank=18)
