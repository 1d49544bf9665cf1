"""A page of Weibo's search for a desktop browser, s.weibo.com/weibo?q=…: HTML, ten statuses a page, 50 pages at most.

Markup: `div.card-wrap[@mid]` holds one status; `p[node-type=feed_list_content]` its text and, where that is cut,
`feed_list_content_full` the whole; `div.from` (before 2023 `p.from`) time and source; `.card-act li` the counts, as
words where they are zero; `div.card-comment` the original of a repost. `ul[node-type=feed_list_page_morelist]` lists
the pages. A page in the middle can be empty and is then no end: the links say how many pages there are.

Without the cookie of a login the site sends visitors away or draws a page of scripts only. Read in public code (2019 to
2026; the shell of scripts was reported in September 2026); not verified against the live site.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

from core.model import Post
from crawlers.pages.base import Link, PageContext, PageParser, PageState, Parsed, stopped
from crawlers.pages.markup import Element, parse_html, text_of
from crawlers.pages.refusals import refusal
from crawlers.pages.urls import absolute, site_of
from crawlers.pages.weibo_cards import has_class, read_card

_MOST_CARDS = 200
_MOST_PAGES = 60
_LOOK = 300_000
#: What the site serves in the place of a search to somebody without a login, or to something it takes for a robot.
_SHELLS = (
    (b"wbbotdetector", "页面是微博的机器人检测页"),
    (b"passport.weibo.com/visitor", "页面转到微博访客验证，需要登录 Cookie"),
    (b"login.sina.com.cn", "页面转到新浪登录，需要登录 Cookie"),
    (b"passport.weibo.com/sso/signin", "页面转到微博登录，需要登录 Cookie"),
)
_HOME = re.compile(r"<title>\s*(?:微博\s*[-–—_|]\s*随时随地|Sina Visitor|新浪通行证|登录)", re.I)
_NOTHING = re.compile(r"抱歉|未找到|没有找到|找不到|没有相关|无结果")
_RESULT_MARKS = (b"feed_list_content", b"card-no-result", b"feed_list_item", b"feed_list_page")


def parse(body: bytes, page: PageContext) -> Parsed:
    """The statuses of one page of results, and how many pages there are; never raises."""
    if (refused := refusal(body, page, expects="html")) is not None:
        return refused
    root = parse_html(body, page.content_type) if site_of(page.url) else None
    if root is None:
        return stopped("broken", "响应不是微博搜索页")
    posts: dict[str, Post] = {}
    seen = 0
    for card in _cards(root):
        found = read_card(card, page)
        seen += found is not None
        for post in found or ():
            # A status seen on its own says more than the same one inside a repost.
            if post.native_id not in posts or post.parent:
                posts[post.native_id] = post
    links = tuple(_links(root, page))
    if posts and all(post.published is None for post in posts.values()):
        state = PageState(state="broken", reason="所有微博都读不出发布时间，页面可能改版")
        return Parsed(posts=tuple(posts.values()), state=state)
    if posts:
        state = PageState(state="ok", reason=f"读到 {len(posts)} 条微博")
        return Parsed(posts=tuple(posts.values()), links=links, state=state)
    return _without_posts(root, body, links, seen=seen)


def _without_posts(root: Element, body: bytes, links: tuple[Link, ...], *, seen: int) -> Parsed:
    if seen:
        return stopped("broken", f"有 {seen} 张微博卡片，但都缺少编号或正文，页面可能改版")
    told = next((text_of(node)[:60] for node in root.xpath("//div[contains(@class, 'card-no-result')]")), "")
    if told and (_NOTHING.search(told) or not links):
        # The pager is kept: an empty page in the middle is not the end.
        return Parsed(links=links, state=PageState(state="empty", reason=f"微博搜索提示：{' '.join(told.split())}"))
    sign = shell_sign(body)
    return stopped("blocked", sign) if sign else stopped("broken", "没有读到微博卡片，页面可能改版")


def shell_sign(body: bytes) -> str | None:
    """What gives away a page that stands in the place of the results; ask only where there are none."""
    look = body[:_LOOK]
    lowered = look.lower()
    for mark, sign in _SHELLS:
        if mark in lowered:
            return sign
    found = _HOME.search(look.decode("utf-8", "replace"))
    return "返回的是微博首页或登录页，需要登录 Cookie" if found else None


def _cards(root: Element) -> Iterator[Element]:
    cards = root.xpath("//div[contains(concat(' ', @class, ' '), ' card-wrap ')]")
    for card in cards[:_MOST_CARDS]:
        # Cards never lie in each other: a page that nests them would be read once for every level.
        if any(has_class(above, "card-wrap") for above in card.iterancestors("div")):
            continue
        if card.get("mid") or card.xpath(".//*[starts-with(@node-type, 'feed_list_content')]"):
            yield card


def _links(root: Element, page: PageContext) -> Iterator[Link]:
    """Every page of the pager ("page", with its number as title), and the next one ("list")."""
    pager = root.xpath("//ul[@node-type='feed_list_page_morelist' or @action-type='feed_list_page_morelist']//a/@href")
    pager = pager or root.xpath("//div[contains(@class, 'm-page')]//ul[contains(@class, 's-scroll')]//a/@href")
    for href in pager[:_MOST_PAGES]:
        url = absolute(page.url, href)
        number = page_number(url) if url else None
        if url and number and site_of(url) == site_of(page.url):
            yield Link(url=url, leads_to="page", title=f"第{number}页")
    following = root.xpath("//div[contains(@class, 'm-page')]//a[contains(@class, 'next')]/@href")
    following = following or root.xpath("//a[contains(concat(' ', @class, ' '), ' next ')]/@href")
    url = absolute(page.url, following[0]) if following else None
    if url and site_of(url) == site_of(page.url):
        yield Link(url=url, leads_to="list")


def page_number(url: str) -> int | None:
    """Which page of the results an address names; the first where it names none."""
    try:
        named = parse_qs(urlsplit(url).query).get("page", ["1"])[0]
    except ValueError:
        return None
    return int(named) if named.isascii() and named.isdigit() and len(named) < 5 else None


def looks_like_search(body: bytes, _: PageContext) -> bool:
    """Whether the page has the marks of search results, with or without any."""
    look = body[:5_000_000]
    return b"card-wrap" in look and any(mark in look for mark in _RESULT_MARKS) and b"<" in look[:400]


PARSER = PageParser(name="weibo_search", parse=parse, looks_like=looks_like_search, rank=20)
