"""What a forum page comes to, whatever software made it: the same states and sentences for all of them."""

from __future__ import annotations

from collections.abc import Sequence

from core.model import Post
from crawlers.pages.base import Link, PageState, Parsed, stopped
from crawlers.pages.markup import Element, text_of

#: Where forum software puts the one sentence of a page that is neither list nor thread.
_NOTICES = (
    "//*[@id='messagetext']",
    "//*[@id='message']//*[contains(@class,'content') or contains(@class,'inner')]",
    "//*[contains(concat(' ',@class,' '),' blockMessage ') or contains(concat(' ',@class,' '),' panel ')]",
    "//*[contains(@class,'alert') or contains(@class,'notice') or contains(@class,'empty')]",
)
_EMPTY = (
    "不存在", "已被删除", "已删除", "正在被审核", "尚无主题", "没有找到匹配结果", "没有任何主题", "暂无主题",
    "没有主题", "還沒有主題", "没有新主题", "沒有主題", "沒有任何主題", "沒有文章", "没有文章", "版面没有文章",
    "没有帖子", "还没有任何主题", "no topics", "no posts", "no threads", "does not exist", "no new topics",
    "could not be found", "has been deleted", "no topic", "isn't a single topic",
)  # fmt: skip
_WALLS = (
    "登录后", "登入後", "需要登录", "先登录", "先登入", "必须登录", "必須登入", "没有权限", "沒有權限", "无权", "無權",
    "not authorised", "not authorized", "must be logged in", "must log in", "requires you to be", "permission",
)  # fmt: skip


def thread_page(posts: Sequence[Post], following: Sequence[Link]) -> Parsed:
    """A thread of which posts could be read; `broken` where the whole page lacks times or authors."""
    undated = all(post.published is None for post in posts)
    nameless = all(post.author.name is None for post in posts)
    if undated or nameless:
        missing = "发表时间" if undated else "作者"
        state = PageState(state="broken", reason=f"所有帖子都读不出{missing}，页面可能改版")
        return Parsed(posts=tuple(posts), links=tuple(following), state=state)
    return Parsed(
        posts=tuple(posts), links=tuple(following), state=PageState(state="ok", reason=f"读到 {len(posts)} 个帖子")
    )


def board_page(threads: Sequence[Link], following: Sequence[Link]) -> Parsed:
    """A list of threads and the page after it."""
    state = PageState(state="ok", reason=f"读到 {len(threads)} 个主题")
    return Parsed(links=(*threads, *following), state=state)


def index_page(boards: Sequence[Link]) -> Parsed:
    """A list of boards."""
    return Parsed(links=tuple(boards), state=PageState(state="ok", reason=f"读到 {len(boards)} 个版块"))


def unreadable_posts() -> Parsed:
    """Posts are there, but none gives its text."""
    return stopped("broken", "帖子在，但都读不出正文，页面可能改版")


def neither(root: Element) -> Parsed:
    """A page without threads and posts: what it says of itself decides."""
    for path in _NOTICES:
        for told in root.xpath(path)[:4]:
            said = " ".join(text_of(told).split())
            if not 0 < len(said) < 200:
                continue
            if any(word in said.lower() for word in _WALLS):
                return stopped("blocked", f"论坛提示：{said[:80]}")
            if any(word in said.lower() for word in _EMPTY):
                return stopped("empty", f"论坛提示：{said[:80]}")
    return stopped("broken", "没有找到主题或帖子，页面可能改版")
