"""A refusal is recognised by its sign; a page that only speaks of captchas or offers a login is none."""

from __future__ import annotations

import pytest

from crawlers.pages.base import Expects
from crawlers.pages.blocks import block_sign

ASKED = "https://m.site.example/list?page=2"


def sign(
    body: str = "", *, status: int = 200, url: str = ASKED, expects: Expects = "html", content_type: str | None = None
) -> str | None:
    return block_sign(
        status=status, url=url, requested_url=ASKED, content_type=content_type, body=body.encode(), expects=expects
    )


def html(text: str, title: str = "某站") -> str:
    return f"<html><head><title>{title}</title></head><body>{text}</body></html>"


LONG = "这是一篇正常的长文章，讲的是车主维权的经过，以及商家的回应与监管部门的意见。" * 40


@pytest.mark.parametrize("status", [401, 403, 412, 414, 418, 429, 432, 451])
def test_refusal_statuses(status: int) -> None:
    """Statuses with which Chinese sites refuse are named with their number."""
    assert str(status) in (sign(status=status) or "")


@pytest.mark.parametrize(
    "url",
    [
        "https://passport.weibo.com/visitor/visitor?entry=miniblog",
        "https://login.sina.com.cn/sso/login.php",
        "https://wappass.baidu.com/static/captcha/tuxing.html?ak=1",
        "https://m.site.example/captcha?back=1",
        "https://m.site.example/account/unhuman?need_login=1",
        "https://m.site.example/member.php?mod=logging&action=login",
        "https://sso.site.example/",
    ],
)
@pytest.mark.parametrize("status", [200, 302])
def test_sent_to_the_gate(url: str, status: int) -> None:
    """A final address, or an unfollowed redirect, at a login or captcha place is a refusal."""
    assert "登录或验证页面" in (sign(html("欢迎"), url=url, status=status) or "")


@pytest.mark.parametrize(
    "body",
    [
        html("请稍候", "百度安全验证"),
        html("网络不给力", "安全验证 - 某论坛"),
        html("请稍候", "Just a moment..."),
        html("请稍候", "访问验证"),
        html("欢迎光临本站，页面正在重新载入", "页面重载开启"),
        html("请输入验证码以继续访问"),
        html("您的访问过于频繁，请稍后再试"),
        html("检测到您的网络环境存在异常"),
        html("登录后查看全文"),
        html("请您先登录再访问本页"),
        html('<div class="geetest_panel"></div><p>加载中</p>'),
        html('<iframe src="https://wappass.baidu.com/static/captcha/x"></iframe>'),
        html('<div id="messagetext"><p>抱歉，您需要先登录才能继续本操作</p></div>' + LONG),
        html('<div id="messagetext"><p>抱歉，您的 IP 地址不在被允许，或您的账号被禁用，无法访问本站点</p></div>'),
        "<html><body></body><script src=a.js></script></html>",
    ],
)
def test_gate_pages(body: str) -> None:
    """Captcha pages, reload pages and login walls are refusals though they come with status 200."""
    assert sign(body)


@pytest.mark.parametrize(
    "body",
    [
        html(LONG),
        html(LONG + "登录后查看全文？网友吐槽请先登录再访问的页面太多。", "安全验证让人头疼 - 某站"),
        html(LONG + "请输入验证码以继续访问", "验证码"),
        html("<a href=/login>登录</a> <a href=/reg>注册</a> 您需要登录后才可以回帖 <p>刹车异响怎么办？</p>"),
        html("<a href=/login>登录</a><p>小短文一篇，讲验证码。</p>"),
        html("<script>var captcha_url='/x'; initGeetest()</script>" + LONG),
        html('<form><input name="captcha"></form>' + LONG),
        html("暂无内容"),
        html("", "空页"),
        "",
        "纯文本",
    ],
)
def test_normal_pages(body: str) -> None:
    """Normal pages, empty ones included, carry no sign."""
    assert sign(body) is None


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('{"ok":-100,"url":"https://m.site.example/captcha?scene=limit"}', "-100"),
        ('{"ok":0,"url":"https://passport.site.example/"}', "登录"),
        ('{"ok":0,"msg":"请先登录"}', "请先登录"),
        ('{"ok":0,"msg":"请求过于频繁，歇歇吧"}', "频繁"),
        ("<!DOCTYPE html><html><body>发现新鲜事，和朋友一起分享</body></html>", "JSON"),
    ],
)
def test_refusing_answers(body: str, said: str) -> None:
    """An API refuses in its body, or sends a page in place of JSON."""
    assert said in (sign(body, expects="json") or "")


@pytest.mark.parametrize(
    "body",
    [
        '{"ok":0,"msg":"这里还没有内容","data":{"cards":[]}}',
        '{"ok":1,"data":{"cards":[{"mblog":{"text":"请先登录才能看，太烦了，还要输验证码"}}]}}',
        '{"ok":1,"msg":"请先登录"}',
        "[]",
        "{bad",
        "",
    ],
)
def test_answers_without_a_sign(body: str) -> None:
    """A status that speaks of logins, an empty list and broken JSON are no refusals."""
    assert sign(body, expects="json") is None


def test_asking_for_the_gate_is_no_refusal() -> None:
    """An operator may watch a login page's news; only being sent there is a sign."""
    url = "https://passport.site.example/news"
    assert (
        block_sign(status=200, url=url, requested_url=url, content_type=None, body=html(LONG).encode(), expects="html")
        is None
    )


def test_a_feed_that_is_a_page_is_not_called_blocked() -> None:
    """HTML where a feed is expected may be a moved address; the feed parser calls it broken."""
    assert sign(html("欢迎"), expects="xml") is None
