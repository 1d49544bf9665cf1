"""What a captured page shows: the post we came for, a refusal, a notice of deletion, or something else.

Pure functions over text. They are deliberately blind to layout: what counts is whether the post's own words are there.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from core.model import ExhibitState
from core.text import clean, fold

#: Emoticons that one side shows as an image and the other as "[笑cry]".
_EMOTICON = re.compile(r"\[[^\[\]\n]{1,8}\]")
_WINDOW = 24
_WINDOWS = 20
#: From this share of the post's text on, the page shows the post.
ENOUGH = 0.8

_BLOCK_SIGNS = (
    "安全验证",
    "访问验证",
    "人机验证",
    "请完成验证",
    "请输入验证码",
    "拖动滑块",
    "拖动下方滑块",
    "geetest",
    "访问异常",
    "访问过于频繁",
    "请求过于频繁",
    "操作过于频繁",
    "请先登录",
    "请登录后",
    "登录后查看",
    "登录后才能",
    "您还未登录",
    "您需要登录",
    "扫码登录",
    "没有权限访问",
)
_BLOCK_HOSTS = ("passport.", "login.", "captcha.", "verify.")
_BLOCK_STATUSES = (401, 403, 418, 429, 432)
_GONE_STATUSES = (404, 410)
_GONE_SIGNS = tuple(
    re.compile(pattern)
    for pattern in (
        r"(帖子?|主题|内容|微博|文章|页面|回答|视频|话题|信息|投诉)[^。\n]{0,12}(已被?(作者|用户|博主|管理员|楼主)?(删除|屏蔽|移除|下架)|不存在)",
        r"(已被?|被)(作者|用户|博主|管理员|楼主)?(删除|屏蔽)",
        r"(找不到|没有找到)[^。\n]{0,8}(页面|帖子|内容)",
        r"404 not found",
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageFacts:
    """What the browser ended up with."""

    #: Status of the main response; `None` if none came.
    status: int | None
    #: Where the browser stands now.
    url: str
    #: Visible text.
    text: str
    asks_password: bool = False
    #: Why capturing stopped early or lacks something, in Chinese.
    shortcomings: Sequence[str] = ()
    #: What the network did, in Chinese, where no page came.
    network: str | None = None
    #: Whether that will be the same in a minute.
    is_final: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What a capture is worth. `reason` is one Chinese sentence, `None` for `complete`."""

    state: ExhibitState
    reason: str | None = None
    #: Whether trying again soon may help.
    transient: bool = False


def comparable(text: str) -> str:
    """Letters and digits only, folded; emoticons, blanks and punctuation differ between a crawl and a page."""
    return "".join(char for char in _EMOTICON.sub("", fold(clean(text))) if char.isalnum())


def windows(expected: str) -> list[str]:
    """Pieces of the comparable text that are looked for one by one; the first one starts the post."""
    text = comparable(expected)[: _WINDOW * _WINDOWS]
    pieces = [text[start : start + _WINDOW] for start in range(0, len(text), _WINDOW)]
    if len(pieces) > 1 and len(pieces[-1]) < _WINDOW // 2:
        rest = pieces.pop()
        pieces[-1] += rest
    return pieces


def share_shown(expected: str, shown: str) -> float | None:
    """How much of the post's text the page shows, 0 to 1; `None` if the post has no text to look for."""
    pieces = windows(expected)
    if not pieces:
        return None
    page = comparable(shown)
    return sum(piece in page for piece in pieces) / len(pieces)


def block_sign(facts: PageFacts) -> str | None:
    """The sign of a login wall or captcha, in Chinese."""
    host = facts.url.partition("://")[2].partition("/")[0]
    if facts.status in _BLOCK_STATUSES:
        return f"网站返回 {facts.status}"
    if host.startswith(_BLOCK_HOSTS):
        return f"跳转到 {host}"
    folded = fold(facts.text)
    for sign in _BLOCK_SIGNS:
        if sign in folded:
            return f"页面出现“{sign}”"
    return "页面要求输入密码" if facts.asks_password else None


def gone_sign(facts: PageFacts) -> str | None:
    """The sign of a deleted post, in Chinese."""
    if facts.status in _GONE_STATUSES:
        return f"网站返回 {facts.status}"
    folded = fold(facts.text)
    for sign in _GONE_SIGNS:
        if found := sign.search(folded):
            return f"页面提示“{found[0]}”"
    return None


def judge(facts: PageFacts, expected: str | None) -> Judgement:
    """What the capture is worth. `expected` is the post's text as the crawl read it, `None` if it is not known."""
    if facts.network or facts.url.startswith("chrome-error:") or facts.status is None:
        return Judgement(state="failed", reason=facts.network or "页面没有打开", transient=not facts.is_final)
    share = share_shown(expected or "", facts.text)
    is_success = 200 <= facts.status < 300
    if share is None or share < ENOUGH:
        # A page that quotes part of the post may still be a notice; one that shows none of it surely is.
        if share is None or share == 0:
            if facts.status in _GONE_STATUSES:
                return Judgement(state="deleted_before_capture", reason=f"取证时帖文已不可见：网站返回 {facts.status}")
            if sign := block_sign(facts):
                return Judgement(state="blocked", reason=f"网站拒绝访问：{sign}")
            if sign := gone_sign(facts):
                return Judgement(state="deleted_before_capture", reason=f"取证时帖文已不可见：{sign}")
        if facts.status >= 500:
            return Judgement(state="failed", reason=f"网站出错，返回 {facts.status}", transient=True)
    missing = None if is_success else f"网站返回 {facts.status}"
    if share is None:
        missing = missing or "帖文没有可核对的文字"
    elif share == 0:
        missing = missing or "页面上没有找到帖文原文"
    elif share < ENOUGH:
        missing = missing or f"页面上只找到帖文原文的 {share:.0%}"
    reasons = [*([missing] if missing else []), *facts.shortcomings]
    return Judgement(state="partial", reason="；".join(reasons)) if reasons else Judgement(state="complete")
