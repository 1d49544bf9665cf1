"""XenForo 2 in its own style and those made from it: car clubs abroad and in Hong Kong run it.

A thread's address ends in its number ("/threads/slug.123/page-2"); every post carries its own, its author and a time to
the second. Follows public templates; checked on self-written pages. Last checked 2026-11.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit, urlunsplit

from crawlers.pages.base import PageContext, PageParser, Parsed, stopped
from crawlers.pages.forum_layout import Layout, declared_base, read_forum
from crawlers.pages.forum_outcome import neither
from crawlers.pages.markup import Element, parse_html
from crawlers.pages.refusals import refusal
from crawlers.pages.urls import canonical, site_of

_THREAD = re.compile(
    r"(?P<path>.*/threads/(?:[^/]*\.)?\d{1,12})(?P<page>/page-\d{1,6})?(?:/(?:latest|unread|post-\d+)?)?/?$"
)
_POST = re.compile(r"(?:js-)?post-(\d{1,12})", re.ASCII)
_HAS = "contains(concat(' ',@class,' '),' {} ')"


def _plain_thread(url: str) -> str | None:
    parts = urlsplit(url)
    # Without rewriting the path stands in the query: index.php?threads/slug.123/page-2
    asked = parts.query if parts.query.startswith("threads/") else ""
    found = _THREAD.match(f"/{asked}" if asked else parts.path)
    if found is None:
        return None
    path = f"{found['path']}/{(found['page'] or '').removeprefix('/')}"
    if asked:
        return canonical(urlunsplit((parts.scheme, parts.netloc, parts.path, path.removeprefix("/"), "")))
    return canonical(urlunsplit((parts.scheme, parts.netloc, path, "", "")))


def _number(element: Element) -> str | None:
    found = _POST.fullmatch(element.get("data-content") or element.get("id") or "")
    return found[1] if found else None


def _before(address: str) -> int | None:
    return None if "/page-" in address else 0


LAYOUT = Layout(
    rows=(f"//*[{_HAS.format('structItem')}][.//*[contains(@class,'structItem-title')]]",),
    titles=(".//*[contains(@class,'structItem-title')]//a[contains(@href,'threads/')]",),
    changed=(
        ".//*[contains(@class,'structItem-cell--latest')]//time",
        ".//*[contains(@class,'structItem-latestDate')]",
        ".//time",
    ),
    thread_url=_plain_thread,
    posts=(
        f"//*[{_HAS.format('message')}][starts-with(@data-content,'post-')]",
        "//article[starts-with(@id,'js-post-')]",
    ),
    number=_number,
    authors=(
        ".//*[contains(@class,'message-name')]//*[contains(@class,'username')]",
        ".//*[contains(@class,'message-name')]",
        ".//a[contains(@class,'username')]",
    ),
    times=(
        ".//*[contains(@class,'message-attribution')]//time",
        ".//header//time",
        ".//time[not(ancestor::*[contains(@class,'message-lastEdit')])]",
    ),
    texts=(
        ".//*[contains(@class,'message-body')]//*[contains(@class,'bbWrapper')]",
        ".//*[contains(@class,'message-body')]",
    ),
    headings=("//h1[contains(@class,'p-title-value')]", "//h1"),
    edits=(".//*[contains(@class,'message-lastEdit')]",),
    floors=(".//*[contains(@class,'message-attribution-opposite')]//li[last()]//a",),
    pictures=(".//*[contains(@class,'message-attachments')]//img",),
    boards=("//*[contains(@class,'node-title')]//a",),
    unsaid=frozenset(
        {"bbCodeBlock--quote", "message-signature", "message-lastEdit", "bbCodeBlock-expandLink", "js-expandLink"}
    ),
    anchor="post-{}",
    before=_before,
    rows_test=_HAS.format("structItem"),
)


def looks_like_xenforo(body: bytes) -> bool:
    """Whether the page says by its own marks that XenForo made it."""
    head = body[:100_000]
    return b'<html id="XF"' in head or (b"data-xf-init" in head and b"p-body" in head)


def read(root: Element, page: PageContext, *, base: str) -> Parsed | None:
    """The threads or posts of a XenForo page; `None` for a page that holds neither."""
    return read_forum(LAYOUT, root, page, base=base)


def parse(body: bytes, page: PageContext) -> Parsed:
    """The threads of a board page, or the posts of a thread page; never raises."""
    if (refused := refusal(body, page, expects="html")) is not None:
        return refused
    root = parse_html(body, page.content_type)
    if root is None or not site_of(page.url):
        return stopped("broken", "响应不是可读的网页")
    return read(root, page, base=declared_base(root, page.url)) or neither(root)


PARSER = PageParser(name="xenforo", parse=parse, looks_like=lambda body, _: looks_like_xenforo(body), rank=33)
