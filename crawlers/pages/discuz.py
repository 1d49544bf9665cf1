"""Discuz! boards and threads, from 6.0 to X3.5: most Chinese car and city forums run it.

Quirks: two address forms (rewritten and not) on one site; coloured names nest <font>; a list shows only the day of a
thread but the minute of its last reply; GBK and UTF-8 editions differ in nothing else. Seen on X3.5 and X3.4; 6 and 7
follow their public templates. The JSON for phones (/api/mobile, which robots.txt usually closes) is read too. Last
checked 2026-11.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

from core.model import Post
from core.text import clean, shorten
from core.times import parse_when
from crawlers.pages import discuz_archiver, discuz_mobile
from crawlers.pages.base import LeadsTo, Link, PageContext, PageParser, PageState, Parsed, stopped
from crawlers.pages.discuz_posts import read_posts
from crawlers.pages.forum_layout import declared_base
from crawlers.pages.markup import Element, first, parse_html, text_of
from crawlers.pages.refusals import refusal
from crawlers.pages.urls import absolute, canonical, is_board, site_of, thread_number

_ROWS = "//tbody[starts-with(@id,'normalthread_') or starts-with(@id,'stickthread_')]"
_TITLES = (
    ".//a[contains(concat(' ',@class,' '),' xst ')]",
    ".//span[starts-with(@id,'thread_')]//a",
    ".//th//a[contains(@href,'thread')]",
    ".//*[self::h1 or self::h2 or self::h3 or self::h4]//a[contains(@href,'tid=') or contains(@href,'thread-')]"
    "[normalize-space(string())]",
    "self::li//a[contains(@href,'thread')][normalize-space(string())]",
)
#: Bought themes show cards instead of a table; their headings still lead to threads.
_CARDS = (
    "//*[self::h1 or self::h2 or self::h3 or self::h4][.//a[contains(@href,'viewthread') or contains(@href,'thread-')]]"
    "/ancestor::*[self::li or self::tr or self::dl or self::article or self::div][1]"
)
_REPLIED = re.compile(r"最[后後新](?:回[复復覆]|发表|發表|回帖|跟帖)\s*(?:于|於|时间|時間)?\s*[:：]?\s*(.{2,24})")
#: The touch editions and the results of a search; what they show beside a title is when the thread
#: began, not its last reply.
_TOUCH_ROWS = "//*[contains(@class,'threadlist') or @id='threadlist']//li[.//a[contains(@href,'thread')]]"
#: From the anchors up: asking every element of a page for its classes takes ten times as long.
_NEXT = (
    "//a[@class='nxt' or @class='next']"
    "[ancestor::*[contains(concat(' ',@class,' '),' pg ') or contains(@class,'pages')]]"
)
_MOST_ROWS = 2000
_GONE = ("不存在", "已被删除", "正在被审核", "尚无主题", "没有找到匹配结果", "没有任何主题")


def looks_like_discuz(body: bytes) -> bool:
    """Whether the page says, by its generator or by its own marks, that Discuz! made it."""
    if body[:300].lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{":
        return discuz_mobile.answer_of(body) is not None
    head = body[:200_000]
    return (
        b'content="Discuz!' in head
        or b"Powered by Discuz" in head
        or b'id="authorposton' in head
        or b'"normalthread_' in head
    )


def parse(body: bytes, page: PageContext) -> Parsed:
    """The threads of a board page, or the posts of a thread page; never raises."""
    if (refused := refusal(body, page, expects="html")) is not None:
        return refused
    if site_of(page.url) and (answer := discuz_mobile.answer_of(body)) is not None:
        return discuz_mobile.read(answer, page)
    root = parse_html(body, page.content_type)
    if root is None or not site_of(page.url):
        return stopped("broken", "响应不是可读的网页")
    return read(root, page, base=declared_base(root, page.url)) or _notice(root)


def read(root: Element, page: PageContext, *, base: str) -> Parsed | None:
    """The threads or posts of a Discuz! page; `None` for a page that holds neither."""
    is_thread, posts = read_posts(root, page, base=base)
    if is_thread:
        return _thread(root, base, posts)
    if (archived := discuz_archiver.read(root, page, base=base)) is not None:
        return archived
    return _board(root, page, base)


def _thread(root: Element, base: str, posts: tuple[Post, ...]) -> Parsed:
    if not posts:
        if root.xpath("//*[contains(concat(' ',@class,' '),' locked ')]"):
            return stopped("blocked", "本页帖子的内容全部被隐藏或屏蔽，需要登录或权限")
        return stopped("broken", "帖子在，但都读不出正文，页面可能改版")
    following = tuple(_next_pages(root, base, "page"))
    undated = sum(1 for post in posts if post.published is None)
    nameless = sum(1 for post in posts if post.author.name is None)
    if undated == len(posts) or nameless == len(posts):
        missing = "发表时间" if undated == len(posts) else "作者"
        return Parsed(
            posts=posts,
            links=following,
            state=PageState(state="broken", reason=f"所有帖子都读不出{missing}，页面可能改版"),
        )
    return Parsed(posts=posts, links=following, state=PageState(state="ok", reason=f"读到 {len(posts)} 个帖子"))


def _board(root: Element, page: PageContext, base: str) -> Parsed | None:
    threads = tuple(_threads(root, page, base))
    if threads:
        links = threads + tuple(_next_pages(root, base, "list"))
        return Parsed(links=links, state=PageState(state="ok", reason=f"读到 {len(threads)} 个主题"))
    boards = tuple(_boards(root, base))
    if boards:
        return Parsed(links=boards, state=PageState(state="ok", reason=f"读到 {len(boards)} 个版块"))
    return None


def _threads(root: Element, page: PageContext, base: str) -> Iterator[Link]:
    rows = (
        root.xpath(_ROWS)
        or root.xpath("//*[contains(@class,'xst')]/ancestor::*[self::tr or self::li][1]")
        or root.xpath(_TOUCH_ROWS)
        or (root.xpath(_CARDS) if is_board(page.url) else [])
    )
    seen: set[str] = set()
    for row in rows[:_MOST_ROWS]:
        anchor = next((found[0] for path in _TITLES if (found := row.xpath(path))), None)
        url = absolute(base, anchor.get("href")) if anchor is not None else None
        thread = thread_number(url) if url else None
        if anchor is None or url is None or thread is None or thread[0] in seen:
            continue
        seen.add(thread[0])
        title = " ".join(text_of(anchor, skip=_is_byline).split()) or None
        yield Link(url=canonical(url), leads_to="thread", title=title, changed=_last_reply(row, page))


def _is_byline(element: Element) -> bool:
    return element.get("class") in ("by", "num", "mtime", "icon_top", "icon_tu")


def _last_reply(row: Element, page: PageContext) -> datetime | None:
    cells = row.xpath(".//td[contains(@class,'lastpost')]") or row.xpath(
        ".//td[contains(concat(' ',@class,' '),' by ')]"
    )
    if not cells:
        told = _REPLIED.search(" ".join(" ".join(row.itertext()).split())[:2000])
        words = told[1].split() if told else []
        tries = (parse_when(" ".join(words[:count]), now=page.now, zone=page.zone) for count in (2, 1))
        return next((when for when in tries if when), None)
    texts = [*cells[-1].xpath(".//span/@title"), *(em.xpath("string()") for em in cells[-1].xpath(".//em"))]
    times = (parse_when(text, now=page.now, zone=page.zone) for text in texts)
    return next((when for when in times if when), None)


def _boards(root: Element, base: str) -> Iterator[Link]:
    seen: set[str] = set()
    for anchor in root.xpath("//*[starts-with(@id,'category_')]//a[@href]"):
        url, title = absolute(base, anchor.get("href")), clean(anchor.xpath("string()"))
        if url and title and is_board(url) and canonical(url) not in seen:
            seen.add(canonical(url))
            yield Link(url=canonical(url), leads_to="list", title=title)


def _next_pages(root: Element, base: str, leads_to: LeadsTo) -> Iterator[Link]:
    """The page after this one; both page bars of a Discuz page name the same."""
    url = absolute(base, first(root.xpath(f"({_NEXT})[1]/@href")))
    if url:
        yield Link(url=canonical(url), leads_to=leads_to)


def _notice(root: Element) -> Parsed:
    """A page without posts and threads: what it says instead decides."""
    told = first(root.xpath("//*[@id='messagetext']"))
    if told is None:
        told = first(root.xpath("//*[@id='threadlist' or contains(@class,'threadlist') or contains(@class,'emp')]"))
    said = shorten(text_of(told), 80) if told is not None else ""
    if any(word in said for word in _GONE):
        return stopped("empty", f"论坛提示：{said}")
    return stopped("broken", f"论坛提示：{said}" if said else "没有找到主题或帖子，页面可能改版")


PARSER = PageParser(name="discuz", parse=parse, looks_like=lambda body, _: looks_like_discuz(body), rank=30)
