"""phpBB 3.0 to 3.3 in prosilver, subsilver2 and styles made from them, in any language pack.

Quirks: `sid=` in every link of a visitor without cookies; a thread has the same address with and without its board's
`f=`; pages go by `start=`, the number of posts before them; 3.2 and later tell times in <time datetime>, the older
ones in the board's own zone, which the footer names ("All times are UTC + 8 hours"). Chinese packs put Chinese words
into the English date pattern. Follows public templates; checked on self-written pages. Last checked 2026-11.
"""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit, urlunsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from crawlers.pages.base import PageContext, PageParser, Parsed, stopped
from crawlers.pages.forum_layout import Layout, declared_base, read_forum
from crawlers.pages.forum_outcome import neither
from crawlers.pages.markup import Element, first, parse_html
from crawlers.pages.refusals import refusal
from crawlers.pages.urls import site_of

_POST = re.compile(r"(?:p|post|post-)(\d{1,12})", re.ASCII)
_ZONE = re.compile(
    r"\b(?:UTC|GMT)\s*(?:([+\-−–])\s*(\d{1,2})(?::?00)?(?:\s*(?:hours?|小时|小時))?)?(\s*\[\s*(?:DST|夏)[^\]]{0,8}\])?"
)
_MARKS = (
    b'id="phpbb"',
    b'Powered by <a href="http://www.phpbb.com',
    b"https://www.phpbb.com/",
    b"http://www.phpbb.com/",
)


def plain_thread(url: str) -> str | None:
    """`viewtopic.php?t=N[&start=M]`: without session, board, highlights and reading order."""
    parts = urlsplit(url)
    if not parts.path.endswith("viewtopic.php"):
        return None
    asked = parse_qs(parts.query)
    thread = asked.get("t", [""])[0]
    if not (thread.isascii() and thread.isdigit() and len(thread) < 13) or "view" in asked:
        return None
    start = asked.get("start", ["0"])[0]
    later = f"&start={int(start)}" if start.isascii() and start.isdigit() and int(start[:9]) > 0 else ""
    return urlunsplit((parts.scheme, parts.netloc, parts.path, f"t={thread}{later}", ""))


def _before(address: str) -> int:
    start = parse_qs(urlsplit(address).query).get("start", ["0"])[0]
    return int(start) if start.isascii() and start.isdigit() and len(start) < 8 else 0


def _number(element: Element) -> str | None:
    anchor = element if element.get("id") else first(element.xpath(".//a[@name]"))
    name = (element.get("id") or (anchor.get("name") if anchor is not None else "")) or ""
    found = _POST.fullmatch(name)
    return found[1] if found else None


def _zone(root: Element, page: PageContext) -> ZoneInfo:
    """The zone of which the footer says that all times are in; the source's own where it says nothing."""
    told = root.xpath(
        "//*[contains(@class,'timezone') or contains(@class,'rightside') or contains(@class,'copyright')]"
    )
    told += root.xpath("//p[contains(.,'UTC') or contains(.,'GMT')]|//span[starts-with(@title,'UTC')]/parent::*")[:6]
    for node in reversed(told[-20:]):
        said = node.xpath("string()")
        found = _ZONE.search(said) if len(said) < 400 else None
        if found:
            hours = int(found[2] or 0) * (-1 if found[1] and found[1] != "+" else 1) + (1 if found[3] else 0)
            try:
                return ZoneInfo(f"Etc/GMT{-hours:+d}" if hours else "UTC")
            except (ZoneInfoNotFoundError, ValueError):
                return page.zone
    return page.zone


_CLASS = "contains(concat(' ',@class,' '),' {} ')"
LAYOUT = Layout(
    rows=(
        f"//li[{_CLASS.format('row')}][.//a[contains(@class,'topictitle')]]",
        "//tr[.//a[contains(@class,'topictitle')]]",
        "//*[a[contains(@class,'topictitle')] or */a[contains(@class,'topictitle')]]",
    ),
    titles=(".//a[contains(@class,'topictitle')]",),
    changed=(
        ".//dd[contains(@class,'lastpost')]//time",
        ".//dd[contains(@class,'lastpost')]",
        ".//td[contains(@class,'lastpost')]",
        "./td[last()]//p[contains(@class,'topicdetails')]",
        "./td[last()]",
        ".//*[contains(@class,'responsive-show')]//time",
        ".//time",
    ),
    thread_url=plain_thread,
    posts=(
        f"//*[{_CLASS.format('post')}][starts-with(@id,'p')]",
        "//*[starts-with(@id,'p')][.//*[contains(@class,'postbody')]]",
        "//a[starts-with(@name,'p')]/ancestor::table[.//*[@class='postbody']][1]",
    ),
    number=_number,
    authors=(
        ".//p[contains(@class,'author')]//*[contains(@class,'username')]",
        ".//*[contains(@class,'postprofile')]//*[contains(@class,'username')]",
        ".//p[contains(@class,'author')]//a[contains(@href,'viewprofile')]",
        ".//*[contains(@class,'postprofile')]//a[contains(@href,'viewprofile')]",
        ".//p[contains(@class,'author')]/strong|.//p[contains(@class,'author')]//strong",
        ".//*[contains(@class,'postprofile')]//dt//strong|.//*[contains(@class,'postprofile')]/dt",
        ".//*[@class='postauthor']",
    ),
    times=(
        ".//p[contains(@class,'author')]//time",
        ".//*[contains(@class,'postbody')]//time[not(ancestor::*[@class='content' or contains(@class,'notice')])]",
        ".//p[contains(@class,'author')]",
        ".//*[contains(@class,'post-date') or contains(@class,'postdate') or contains(@class,'posttime')]",
        ".//td[@class='gensmall']/div[contains(@style,'right')]",
    ),
    texts=(
        f".//*[contains(@class,'postbody')]//*[{_CLASS.format('content')}]",
        f".//*[{_CLASS.format('content')}]",
        ".//*[@class='postbody']",
    ),
    headings=(
        f"//*[{_CLASS.format('topic-title')}]//a",
        f"//*[{_CLASS.format('topic-title')}]",
        "//h2/a[contains(@href,'viewtopic.php')]",
        "//a[@class='titles']",
        "//h3[@class='first']/a",
    ),
    edits=(
        f".//*[{_CLASS.format('notice')}][not(ancestor::*[{_CLASS.format('content')}])]",
        ".//*[contains(@class,'postbody')]/following-sibling::*[contains(@class,'gensmall')]",
    ),
    pictures=(".//*[contains(@class,'attachbox')]//img",),
    boards=("//a[contains(@class,'forumtitle') or contains(@class,'forumlink')]",),
    unsaid=frozenset(
        {
            "signature",
            "notice",
            "attachbox",
            "quotetitle",
            "quotecontent",
            "codebox-title",
            "rules",
            "inline-attachment",
            "file",
            "thumbnail",
        }
    ),
    before=_before,
    rows_test=_CLASS.format("row"),
    zone=_zone,
)


def looks_like_phpbb(body: bytes) -> bool:
    """Whether the page says by its own marks that phpBB made it."""
    look = body[:400_000] + body[-20_000:]
    return any(mark in look for mark in _MARKS) and (
        b"viewtopic.php" in look or b"viewforum.php" in look or b'id="phpbb"' in look
    )


def read(root: Element, page: PageContext, *, base: str) -> Parsed | None:
    """The threads or posts of a phpBB page; `None` for a page that holds neither."""
    return read_forum(LAYOUT, root, page, base=base)


def parse(body: bytes, page: PageContext) -> Parsed:
    """The threads of a board page, or the posts of a thread page; never raises."""
    if (refused := refusal(body, page, expects="html")) is not None:
        return refused
    root = parse_html(body, page.content_type)
    if root is None or not site_of(page.url):
        return stopped("broken", "响应不是可读的网页")
    return read(root, page, base=declared_base(root, page.url)) or neither(root)


PARSER = PageParser(name="phpbb", parse=parse, looks_like=lambda body, _: looks_like_phpbb(body), rank=32)
