"""The oldest Weibo, weibo.cn: XHTML for feature phones, served with a login; lists, and one status with its comments.

Markup: `div.c#M_<bid>` holds a status, its last line the counts ("赞[3]", "转发[1]", "评论[2]") and `span.ct` with time
and source; a repost has "转发了 … 的微博:" before the original and "转发理由:" before the author's own words; below one
status (`/comment/<bid>`), where `M_` has no number, `div.c#C_<id>` holds a comment. Emoji close `span.ctt` too early,
so a text reaches up to the first link that belongs to the page, not to the end of its span.

Seen on six saved pages of 2020 and 2025 (shared/fixtures); not verified against the live site.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from core.model import Author, Post
from crawlers.pages.base import Link, PageContext, PageParser, PageState, Parsed, stopped
from crawlers.pages.markup import Element, first, parse_html, text_of
from crawlers.pages.refusals import refusal
from crawlers.pages.urls import absolute, site_of
from crawlers.pages.weibo_ids import mid_of_bid, on_host
from crawlers.pages.weibo_wap_posts import Owner, read_comment, read_status

_MOST_BOXES = 300
_NOTHING = re.compile(
    r"还没发过微博|还没有(?:发过?|任何)?微博|抱歉，?未找到|没有找到|还没有内容|没有相关|不存在|已被?删除|暂无"
)
#: "某某的微博", the title of a list of one person's statuses.
_OWNER = re.compile(r"^(.{1,60})的微博")
_OF_USER = re.compile(r"(?:[?&](?:uid|fuid)=|/u/|^/|weibo\.cn/)(\d{5,12})(?=$|[/?&#])", re.ASCII)
_BID_IN_PATH = re.compile(r"/(?:comment|repost|attitude)/([0-9A-Za-z]{6,12})(?=$|[/?#&])", re.ASCII)


def parse(body: bytes, page: PageContext) -> Parsed:
    """The statuses of a list, or one status and its comments; never raises."""
    if (refused := refusal(body, page, expects="html")) is not None:
        return refused
    root = parse_html(body, page.content_type) if site_of(page.url) else None
    if root is None:
        return stopped("broken", "响应不是 weibo.cn 的页面")
    boxes = root.xpath("//div[starts-with(@id, 'M_')]")[:_MOST_BOXES]
    owner, bid = _owner(root), _bid_of_page(root)
    posts: dict[str, Post] = {}
    links: list[Link] = []
    for box in boxes:
        found = read_status(box, page, owner=owner, bid=bid)
        for post in found.posts:
            if post.native_id not in posts or post.parent:
                posts[post.native_id] = post
        links.extend(found.links)
    for comment in _comments(root, page, tuple(posts.values())):
        posts.setdefault(comment.native_id, comment)
    following = _next_page(root, page)
    if following:
        links.append(following)
    if posts and all(post.published is None for post in posts.values()):
        state = PageState(state="broken", reason="所有微博都读不出发布时间，页面可能改版")
        return Parsed(posts=tuple(posts.values()), state=state)
    if posts:
        state = PageState(state="ok", reason=f"读到 {len(posts)} 条微博和评论")
        return Parsed(posts=tuple(posts.values()), links=tuple(links), state=state)
    return _without_posts(root, page, seen=len(boxes))


def _without_posts(root: Element, page: PageContext, *, seen: int) -> Parsed:
    if seen:
        return stopped("broken", f"有 {seen} 条微博，但都缺少编号或正文，页面可能改版")
    profile = _profile(root, page)
    if profile:
        return Parsed(links=(profile,), state=PageState(state="ok", reason="读到 1 个微博用户主页"))
    for box in root.xpath("//div[contains(concat(' ', @class, ' '), ' c ')]")[:_MOST_BOXES]:
        if len(told := " ".join(text_of(box).split())) < 80 and _NOTHING.search(told):
            return stopped("empty", f"页面提示：{told[:60]}")
    return stopped("broken", "没有读到微博，页面可能改版")


def _owner(root: Element) -> Owner:
    """Whose statuses a list shows: statuses of one person do not repeat the name."""
    title = first(root.xpath("//title/text()")) or ""
    heads = root.xpath("//div[@class='ut']//text()")[:3]
    named = next((found[1].strip() for text in (*heads, title) if (found := _OWNER.match(text.strip()))), None)
    if named is None:
        return Owner(author=Author(), many=True)
    hrefs = root.xpath("//div[@class='u']//a/@href | //div[@class='pms']//a[contains(@href, 'fuid=')]/@href")[:20]
    uid = next((found[1] for href in hrefs if (found := _OF_USER.search(href))), None)
    return Owner(author=Author(id=uid, name=named), many=False)


def _bid_of_page(root: Element) -> str | None:
    """The status that a page of comments is about, which does not name it on its box."""
    named = root.xpath("//form[contains(@action, 'comment')]//input[@name='id']/@value")
    hrefs = root.xpath("//div[@class='n']//a/@href | //span/a[contains(@href, '/repost/')]/@href")[:20]
    found = (match[1] for href in hrefs if (match := _BID_IN_PATH.search(href)))
    return next((bid for bid in (*named[:1], *found) if mid_of_bid(bid)), None)


def _comments(root: Element, page: PageContext, statuses: tuple[Post, ...]) -> Iterator[Post]:
    boxes = root.xpath("//div[starts-with(@id, 'C_')]")[:_MOST_BOXES]
    about = statuses[-1] if statuses else None  # the original stands before the status that reposts it
    for box in boxes:
        comment = read_comment(box, page)
        if comment is not None:
            address = f"{about.url}#{comment.native_id.replace(':', '-')}" if about else comment.url
            yield replace(comment, parent=about.id if about else None, url=address)


def _next_page(root: Element, page: PageContext) -> Link | None:
    for link in root.xpath("//div[@id='pagelist']//a")[:20]:
        url = absolute(page.url, link.get("href")) if "下页" in text_of(link) else None
        if url and site_of(url) == site_of(page.url):
            below_one = root.xpath("boolean(//div[starts-with(@id, 'C_')])")
            return Link(url=url, leads_to="page" if below_one else "list")
    return None


def _profile(root: Element, page: PageContext) -> Link | None:
    title = first(root.xpath("//title/text()")) or ""
    hrefs = root.xpath("//a[contains(@href, 'uid=')]/@href")[:20] if title.strip().endswith("的资料") else []
    uid = next((found[1] for href in hrefs if (found := _OF_USER.search(href))), None)
    return Link(url=on_host(page, f"/u/{uid}"), leads_to="list") if uid else None


def looks_like_wap(body: bytes, _: PageContext) -> bool:
    """Whether the page has the marks of weibo.cn: its boxes, or its foot with the name and the time."""
    look = body[:1_000_000]
    boxes = b'id="M_' in look or b'id="C_' in look
    return (boxes and b'class="c"' in look) or b'class="b">weibo.cn[' in look


PARSER = PageParser(name="weibo_wap", parse=parse, looks_like=looks_like_wap, rank=25)
