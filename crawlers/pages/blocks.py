"""A refused crawl that reads as "no results" hides a crisis, so every refusal is recognised by a named sign.

A sign is something only a refusal page has: a status, a host, a title, a short page of one known sentence. That a page
speaks about captchas or offers a login is no sign.
"""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import urlsplit

from crawlers.pages.base import Expects
from crawlers.pages.encoding import decode
from crawlers.pages.markup import released, visible_text

_REFUSALS = {
    401: "要求登录",
    403: "拒绝访问",
    407: "要求代理认证",
    412: "触发了访问验证",
    414: "请求过于频繁",
    418: "识别为爬虫并拒绝",
    429: "请求过于频繁",
    432: "拒绝未登录或异常的访问",
    451: "因法律原因拒绝访问",
}
_GATE_HOST = re.compile(r"(?:^|\.)(?:passport|wappass|login|signin|sso|captcha|verify|safe-?check)\.", re.I)
_GATE_PATH = re.compile(
    r"/(?:visitor/visitor|sso/login|sso/signin|static/captcha|captcha|signin/welcome|member\.php|login(?:\.php|\.jsp|\.html?)?$|"
    r"antispider|antibot|waf_|unhuman|account/unhuman|sorry/)",
    re.I,
)
_TITLE = re.compile(r"<title[^>]{0,200}>([^<]{0,200})", re.I)
_GATE_TITLES = re.compile(
    r"(?:百度|网站|系统|用户)?安全(?:验证|中心验证|检测|检查)|(?:滑动|滑块|图形|访问|人机|身份|浏览器|机器人)(?:身份)?(?:验证|校验|检测)|"
    r"(?:请)?输入?验证码|验证码|访问(?:被拒绝|受限|频繁|过于频繁|异常|禁止)|禁止访问|请求被拒绝|sina visitor system|"
    r"微博[- ]?登录|登录[- ]?(?:新浪)?微博|"
    r"新浪通行证|用户登录|请登录|登录|just a moment\.*|attention required!?|access denied|403 forbidden|forbidden|"
    r"频繁刷新限制|代理服务器访问限制|页面重载开启|(?:网站|应用|云)防火墙|(?:网站)?拦截(?:提示|页面)|(?:验证码|访问|请求)(?:已)?拦截|请稍[候后]\W*|"
    r"(?:安全检查|正在(?:检查|验证))\S{0,8}|\S{2,6}\s(?:人机|安全)验证|创宇盾|百度云加速|restricted access|"
    r"robot check|are you a robot\??|captcha|waf|您的访问出错了",
    re.I,
)
_GATE_MARKS = (
    b"wappass.baidu.com/static/captcha",
    b"geetest",
    b"tcaptcha",
    b"captcha-container",
    b'id="captcha"',
    b"nc_1_n1z",
    b"aliyuncaptcha",
    b"g-recaptcha",
    b"h-captcha",
    b"cf-challenge",
    b"cf-turnstile",
    b"/cdn-cgi/challenge-platform",
    b"_____tmd_____/punish",
)
#: Scripts of firewalls that set a cookie or solve a sum and load the page again.
_RELOAD_MARKS = (
    b"acw_sc__v2",
    b"__jsl_clearance",
    b"security_verify_data",
    b"wzwschallenge",
    b"x5secdata",
    b"document.cookie",
    b"location.reload",
    b"location.href",
    b"location.replace",
    b"location=",
    b"location =",
)
#: A page that a script draws brings what it draws with it; a gate does not.
_DATA_MARKS = (
    b'id="__next_data__"',
    b'id="render_data"',
    b'id="__nuxt_data__"',
    b"window.__nuxt__",
    b"window.__initial_state__",
    b"application/ld+json",
    b"var alldata",
    b"window.data",
    b'id="js-initialdata"',
    b"apidocument",
    b'class="article-content"',
)
_GATE_WORDS = re.compile(
    r"页面重载开启|频繁刷新限制|代理服务器访问限制|(?:请|需要?)(?:您)?(?:完成|进行|输入|拖动|滑动).{0,12}(?:安全验证|验证码|人机验证|滑块)|"
    r"(?:访问|请求|操作)(?:过于|太|太过)(?:频繁|快)|(?:检测|监测)到.{0,12}(?:异常|机器|爬虫|自动).{0,10}|"
    r"您的(?:ip|IP).{0,20}(?:限制|禁止|封禁|异常)|"
    r"(?:网站)?管理员设置.{0,8}(?:拦截|阻断)|请求带有不合法参数|[您你][^。]{0,12}(?:访问|请求|操作|行为)[^。]{0,30}(?:阻断|拦截|安全威胁|造成威胁)|疑似(?:黑客|网络)攻击|"
    r"正在(?:检查|检测|验证)您的(?:浏览器|访问|网络)|blocked by .{0,30}(?:security|policy|firewall)|"
    r"(?:enable|turn on) javascript and cookies to continue|checking your browser",
    re.I,
)
_WALL_WORDS = re.compile(
    r"(?:请|需要?|必须)(?:您)?先?(?:行)?(?:登录|登陆)(?:后|才|再|以|之后)?[^。，,]{0,8}(?:查看|访问|浏览|阅读|继续)|"
    r"登[录陆]后(?:才能|才可以?|可以?|即可)?(?:查看|访问|浏览|阅读)(?:全文|内容|更多|本页|此页|该页)?|无权(?:限)?(?:访问|查看|浏览)|没有(?:访问|阅读|浏览|查看)?权限|要求阅读权限|"
    r"输入正确的密码|版块需要密码|(?:受|有)密码保护|密码才能(?:浏览|访问|查看)"
)
_LOGIN_FIRST = re.compile(r"请?先登[录陆]|(?:尚未|还未|没有)登[录陆]|频繁|验证码|不在被允许|无法访问本站")
_NOTICE = re.compile(r'id=["\']?messagetext["\']?[^>]{0,200}>(.{0,1500}?)</div', re.S | re.I)
#: A page or a message where binary data should be; the data itself may well begin with one of these bytes.
_TEXT_AFTER_ALL = re.compile(r"<[a-z!?]|[{\[]\s*[\"{]")
#: "https://m.weibo.cn/captcha?scene=limit", "https://weibo.com/login.php?url=…"
_GATE_TARGET = re.compile(r"captcha|passport|/login(?:\.php|[/?]|$)|/signin", re.I)
_LOOK = 200_000
_SHORT, _TINY = 900, 300


def block_sign(
    *, status: int, url: str, requested_url: str, content_type: str | None, body: bytes, expects: Expects
) -> str | None:
    """One Chinese sentence that names what gave the refusal away, or `None` where the page was not refused.

    `url` is the final address, or the target of a redirect that was not followed.
    """
    gate = _gate(url, requested_url)
    if gate:
        return f"请求被转到登录或验证页面：{gate}"
    look = body[:_LOOK]
    markup = decode(look, content_type)
    start = markup.lstrip("\ufeff \t\r\n")[:300].lower()
    is_text = expects != "binary" or _TEXT_AFTER_ALL.match(start) is not None
    sign = None
    if is_text:
        said = start.startswith(("{", "["))
        sign = _said_by_api(body) if said else _shown_by_page(markup, look, whole=len(body) <= _LOOK)
    if sign:
        return sign
    if status in _REFUSALS:
        return f"站点返回状态码 {status}，{_REFUSALS[status]}"
    if expects == "json" and start.startswith("<"):
        return "本应返回 JSON，却收到了网页，通常是登录页或验证页"
    if expects == "binary" and is_text and start.startswith("<"):
        return "本应返回应用数据，却收到了网页，通常是登录页或验证页"
    return None


def _gate(url: str, requested: str) -> str | None:
    """The gatekeeper's host and path, where we did not ask for it ourselves."""
    try:
        came, asked = urlsplit(url), urlsplit(requested)
        host, wanted = came.hostname or "", asked.hostname or ""
    except ValueError:
        return None
    if host != wanted and _GATE_HOST.search(host):
        return host
    if came.path != asked.path and _GATE_PATH.search(came.path):
        is_thread_login = came.path.endswith("member.php") and "logging" not in came.query
        return None if is_thread_login else host + came.path
    return None


def _said_by_api(body: bytes) -> str | None:
    try:
        answer: Any = json.loads(body[:5_000_000])
    except (ValueError, RecursionError):
        return None
    if not isinstance(answer, dict):
        return None
    message = answer.get("msg") or answer.get("message") or answer.get("errmsg") or ""
    message = message if isinstance(message, str) else ""
    if answer.get("ok") == -100:
        return "接口返回 ok=-100，要求登录或输入验证码"
    target = answer.get("url")
    if answer.get("ok") != 1 and isinstance(target, str) and _GATE_TARGET.search(target):
        return "接口要求转到登录或验证码页面"
    if message and len(message) < 100 and answer.get("ok") != 1:
        refused = _GATE_WORDS.search(message) or _WALL_WORDS.search(message) or _LOGIN_FIRST.search(message)
        return f"接口拒绝了请求：{message}" if refused else None
    return None


def _shown_by_page(markup: str, body: bytes, *, whole: bool) -> str | None:
    seen = visible_text(released(markup), enough=_SHORT) if whole else ""
    short = whole and len(seen) < _SHORT
    found = _TITLE.search(markup)
    title = " ".join(found[1].split()) if found else ""
    # A site's name may follow the title ("安全验证 - 某论坛"); an article's title is longer than a gate's.
    heads = {title, *re.split(r"\s*[-_|–—]\s*", title)}
    if short and title:
        for head in heads:
            if head and _GATE_TITLES.fullmatch(head.strip()):
                return f"页面标题是“{title[:40]}”"
    notice = _NOTICE.search(markup) if b"messagetext" in body.lower() else None
    if notice:
        told = visible_text(notice[1])
        wall = _WALL_WORDS.search(told) or _GATE_WORDS.search(told) or _LOGIN_FIRST.search(told)
        if wall:
            return f"页面提示：{told[:60]}"
    if not short:
        return None
    words = _GATE_WORDS.search(seen) or _WALL_WORDS.search(seen)
    if words and len(seen) < _TINY:
        return f"页面只有一句提示：{words[0][:40]}"
    lowered = body.lower()
    if len(seen) < _TINY:
        for mark in _GATE_MARKS:
            if mark in lowered:
                return "页面是验证码页"
    drawn = any(mark in lowered for mark in _DATA_MARKS)
    scripted = b"<script" in lowered and (b"<body" in lowered or any(mark in lowered for mark in _RELOAD_MARKS))
    if not seen and not drawn and scripted:
        return "页面没有正文，只有脚本，通常是反爬验证"
    return None
