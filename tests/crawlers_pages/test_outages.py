"""What a firewall, a server or an operator puts in a site's place is neither an article nor an empty list."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from crawlers.pages import PageContext, parse_page
from crawlers.pages.outages import outage_sign

SHANGHAI = ZoneInfo("Asia/Shanghai")


def state(body: str, *, kind: str = "article", status: int = 200) -> str:
    page = PageContext(
        url="https://news.site.example/2026/1120/77.html",
        now=datetime(2026, 11, 22, 12, tzinfo=SHANGHAI),
        zone=SHANGHAI,
        status=status,
    )
    return parse_page(kind, body.encode(), page).state.state


def html(text: str, title: str) -> str:
    return f'<html><head><meta charset="utf-8"><title>{title}</title></head><body>{text}</body></html>'


FIREWALLS = [
    html("<div>很抱歉，由于您访问的URL有可能对网站造成安全威胁，您的访问被阻断。</div>", "405"),
    html("<p>您的请求带有不合法参数，已被网站管理员设置拦截！</p><ul><li>检查提交内容</li></ul>", "网站防火墙"),
    html("<p>当前访问疑似黑客攻击，已被设置为拦截</p>", "D盾_拦截提示"),
    html("<p>当前网址暂不可用</p>", "创宇盾"),
    html("<p>系统正在检测您的访问环境，请稍候</p>", "安全检查中……"),
    html("<h1>正在检查您的浏览器</h1>", "请稍候… | 百度云加速"),
    html("<p>正在进行识别</p>", "宝塔 人机验证"),
    html("<p>The URL was blocked by the site's security policy</p>", "Oops"),
    "<html><script>var arg1='4A';setCookie('acw_sc__v2', x);document.location.reload();</script></html>",
    "<script>document.cookie='__jsl_clearance_s=1';location.href=location.pathname</script>",
    "<html><head><script>self.location = here + '&security_verify_data=31';</script></head></html>",
]
OUTAGES = [
    html("<h1>网站维护中</h1><p>系统正在升级维护，预计2026年11月22日18:00恢复，敬请谅解。</p>", "网站维护中"),
    html("<p>本站服务器迁移中，请稍后再来。</p>", "某车友会"),
    html("<h2>闭站公告</h2><p>因业务调整，本站将于2026年10月31日起停止服务。</p>", "某车友会"),
    html("<h1>Welcome to nginx!</h1><p>the web server is successfully installed and working.</p>", "Welcome to nginx!"),
    html('<a href="http://go.example/"><img src="iisstart.png"></a>', "IIS Windows Server"),
    html(
        "<h3>您的请求在Web服务器中没有找到对应的站点！</h3><p>可能原因：您没有将此域名绑定到对应站点</p>",
        "没有找到站点",
    ),
    html("<h1>该站点已经被管理员停止运行，请联系管理员了解详情！</h1>", "抱歉，站点已暂停"),
    html("<h1>您正在访问的域名可以转让！</h1><p>如有兴趣请联系我们报价。</p>", "news.site.example"),
    html("<h1>502 Bad Gateway</h1><hr><center>nginx</center>", "502 Bad Gateway"),
    html("<h1>建立数据库连接时出错</h1>", "数据库错误"),
    html("<h1>页面错误！请稍后再试～</h1>", "系统发生错误"),
    "<br />\n<b>Fatal error</b>:  Uncaught PDOException: SQLSTATE[HY000] in /www/index.php:33<br />",
    html('<div id="messagetext"><p>抱歉，本站点每日 0:00 至 7:00 关闭，请稍后再来</p></div>', "提示信息 - 某论坛"),
    html('<div id="messagetext"><p>抱歉，您所在的时间段内不能访问本站</p></div>', "提示信息 - 某论坛"),
    html('<div id="messagetext" class="alert_info"><p>论坛升级中，请稍后访问</p></div>', "提示信息 - 某论坛"),
]
SITES = [
    html("<p>车机系统升级中黑屏，重启也没用，有人遇到过吗？</p>", "车机系统升级中黑屏 - 某论坛"),
    html("<p>官方客服说服务器升级，远程控车用不了。</p>", "远程控车用不了"),
    html("<p>我的行为被4S店拦截，不让我进店拍视频。</p>", "不让进店"),
    html("<a href='/1'>一</a>" * 20 + "<p>平台维护，敬请谅解：租车平台今日维护。</p>", "租车平台维护 - 快讯"),
    html('<div id="messagetext"><p>本主题已关闭，不再接受新回复</p></div>', "提示信息 - 某论坛"),
    html('<div id="messagetext"><p>本版块已关闭</p></div>', "提示信息 - 某论坛"),
    html('<div id="messagetext"><p>抱歉，论坛关闭注册</p></div>', "提示信息 - 某论坛"),
    html("", "空页"),
    '{"code":0,"msg":"系统升级中，请稍后"}',
    "",
]


@pytest.mark.parametrize("body", FIREWALLS)
@pytest.mark.parametrize("kind", ["article", "discuz", "threads", "section", "complaint"])
def test_firewalls_block(body: str, kind: str) -> None:
    """A firewall's page is a refusal for every kind of page, though it comes with status 200."""
    assert state(body, kind=kind) == "blocked"


@pytest.mark.parametrize("body", OUTAGES)
@pytest.mark.parametrize("kind", ["article", "discuz", "threads", "section", "complaint"])
def test_a_site_that_is_not_there_is_down(body: str, kind: str) -> None:
    """Maintenance, a server's own page, an error with status 200 and a parked domain: the site is down, not empty."""
    assert state(body, kind=kind) == "down"


@pytest.mark.parametrize("body", SITES)
def test_people_write_about_upgrades(body: str) -> None:
    """A short page of a site that tells of upgrades and blocked doors is a page of the site."""
    assert outage_sign(body.encode(), None) is None
    assert state(body) not in ("blocked", "down")
