"""Answers of Tieba's app interface (protobuf): a bar, a thread, a floor's sub-comments.

[R aiotieba 4.8.2] Messages and field names are aiotieba's; not verified on the live site. See `crawlers.tieba.app`.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from core.model import Post
from crawlers.pages.base import LARGEST_BODY, Link, PageContext, PageParser, Parsed, stopped
from crawlers.pages.refusals import refusal
from crawlers.pages.tieba_answers import said_by
from crawlers.pages.tieba_api import Addresses, read_bar, read_floors, read_subposts
from crawlers.pages.tieba_facts import inner, ok, site
from crawlers.tieba.app import (
    BAR,
    THREAD,
    CodecMissing,
    Undecodable,
    bar_url,
    call_of,
    floor_url,
    thread_url,
    unpack,
)


def parse(body: bytes, page: PageContext) -> Parsed:
    """Posts and links of an answer; never raises."""
    refused = refusal(body, page, expects="binary")
    if refused:
        return refused
    call = call_of(page.url)
    if call is None or not site(page):
        return stopped("broken", "网址不是贴吧应用接口的地址")
    try:
        answer = unpack(call, body[:LARGEST_BODY])
    except CodecMissing as missing:
        return stopped("broken", str(missing))
    except Undecodable:
        return stopped("broken", "不是贴吧应用接口的数据，接口可能已改版")
    told = said_by(answer)
    if told:
        return told
    posts, links = _read(call, inner(answer, "data"), page)
    if posts or links:
        return ok(posts, links)
    return _nothing(call, inner(answer, "data"))


def _read(call: str, data: dict[str, Any], page: PageContext) -> tuple[list[Post], list[Link]]:
    parts = urlsplit(page.url)
    base = f"{parts.scheme}://{parts.netloc}"
    to = Addresses(
        bar=lambda name, at: bar_url(base, name, at),
        thread=lambda tid, at: thread_url(base, tid, at),
        comments=lambda tid, pid, at: floor_url(base, tid, pid, at),
    )
    if call == BAR:
        return read_bar(data, page, to)
    return read_floors(data, page, to) if call == THREAD else read_subposts(data, page, to)


def _nothing(call: str, data: dict[str, Any]) -> Parsed:
    """A good answer that shows nothing: only where it says itself whose nothing it is."""
    if call == BAR and inner(data, "forum").get("name"):
        return stopped("empty", "该吧没有主题")
    if call != BAR and inner(data, "thread").get("id"):
        return stopped("empty", "主题没有可见的内容")
    return stopped("broken", "应用接口的回答里没有主题、楼层或吧名，接口可能已改版")


def looks_like(body: bytes, page: PageContext) -> bool:
    """Only the address tells: protobuf has no marks of its own."""
    return call_of(page.url) is not None and body[:1] not in (b"{", b"<")


PARSER = PageParser(name="tieba_app", parse=parse, expects="binary", looks_like=looks_like, rank=14)
