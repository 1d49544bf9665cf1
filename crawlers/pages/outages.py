"""Pages that a server, a host or an operator puts in a site's place with status 200: repairs, errors, parked domains.

They are neither an article nor an empty list: the site is not there, and only that may be reported. A sign is a short
page with hardly a link that carries a known title or sentence; an article that tells of maintenance has a site around.
"""

from __future__ import annotations

import re
from itertools import islice

from crawlers.pages.encoding import decode
from crawlers.pages.markup import released, visible_text

_TITLE = re.compile(r"<title[^>]{0,200}>([^<]{0,200})", re.I)
#: Where Discuz! and its kin say what they have to say.
_NOTICE = re.compile(r'id=["\']?messagetext["\']?[^>]{0,200}>(.{0,1500}?)</div', re.S | re.I)
_LINK = re.compile(r"<a\s[^>]{0,200}?href", re.I)
_WORK = r"(?:升级|维护|維護|改版|检修|迁移|搬迁)"
_SITE = r"(?:网站|網站|系统|系統|论坛|論壇|本站|站点|服务器?|平台|页面|数据库)"
_OUT_TITLES = re.compile(
    rf"{_SITE}?(?:正在|暂时|临时)?(?:进行)?(?:{_WORK}|关闭)+(?:中|通知|公告|提示)?[.。…!！]*|"
    r"(?:site |under )?maintenance(?: mode)?|"
    r"50\d(?:\s.{0,40})?|(?:error )?5\d\d|bad gateway|service (?:temporarily )?unavailable|"
    r"gateway time-?out|internal server error|"
    r"(?:数据库|服务器|系统(?:发生)?|网关)错误|服务不可用|database error|web server is down",
    re.I,
)
_NOTHING_TITLES = re.compile(
    r"welcome to (?:nginx|openresty|tengine|caddy|centos|apache|iis)\b.{0,40}|"
    r"iis(?:\s?\d+(?:\.\d)?)?(?: windows server)?|"
    r"(?:apache|nginx|http server|centos).{0,40}(?:default|test) page.{0,40}|(?:default|test) page.{0,60}|it works!?|"
    r"没有找到站点|(?:恭喜[，,]?)?站点创建成功.{0,6}|(?:抱歉[，,]?)?(?:该)?(?:站点|网站)已(?:经)?(?:被)?(?:暂停|停止|关闭|停用).{0,6}|"
    r"域名(?:出售|转让|停放|已?过期|交易).{0,10}|domain (?:for sale|parking|parked|expired).{0,20}|未备案.{0,10}",
    re.I,
)
#: "车机系统升级中黑屏" is what these sites are read for: what is under repair must be the site,
#: and it must say so to its reader.
_REPAIRED = r"(?:网站|網站|论坛|論壇|本站|站点|服务器|系统|平台)"
_POLITE = (
    r"(?:请(?:您)?(?:稍[后候等]|耐心|谅解|关注)|敬请|抱歉|不便|恢复|再(?:来|试|访问)|"
    r"暂(?:停|时)(?:服务|访问|无法|关闭)|暂停)"
)
_OUT_WORDS = re.compile(
    rf"{_REPAIRED}[^。，,！]{{0,8}}{_WORK}{{1,2}}.{{0,60}}?{_POLITE}|"
    rf"{_POLITE}.{{0,30}}?{_REPAIRED}[^。，,！]{{0,8}}{_WORK}|"
    r"[闭關关停]站(?:公告|通知)|停止(?:服务|运营)(?:公告|通知)|"
    r"建立数据库连接时出错|error establishing a database connection|sqlstate\[|discuz! (?:database|system) error|"
    r"uncaught (?:error|exception|pdoexception)|fatal error\s*:|502 bad gateway|"
    r"503 service (?:temporarily )?unavailable|"
    r"server error in '/' application|页面错误！请稍后再试|服务器(?:繁忙|内部错误|开小差)[^。]{0,8}(?:再试|重试)",
    re.I,
)
_NOTHING_WORDS = re.compile(
    r"(?:此|该|本|访问的)?域名[^。]{0,10}(?:转让|出售|待售|已过期|停放)|"
    r"domain (?:name )?(?:is|may be) for sale|buy this domain|"
    r"没有找到对应的站点|(?:站点|网站)已经?被管理员(?:停止运行|关闭)|网站[^。]{0,6}未备案|备案信息被取消|"
    r"web server is successfully installed",
    re.I,
)
#: In a forum's notice: closed, for now or at these hours (Discuz! can do both), and not one board or thread of it.
_CLOSED = re.compile(
    r"(?:本站点?|站点|网站|論壇|论坛)[^。！!]{0,30}?(?:暂停访问|暂时关闭|关闭|關閉|不开放|禁止访问)(?!注册|註冊|了?(?:该|此|搜索|发帖))|"
    r"时间?段[^。！!]{0,20}(?:不能|禁止|无法|不允许)(?:访问|浏览)"
)
_SHORT, _TINY, _FEW_LINKS = 900, 200, 8
_LOOK = 200_000


def outage_sign(body: bytes, content_type: str | None) -> str | None:
    """One Chinese sentence that says what stands in the site's place; `None` for a page of the site. Never raises."""
    if len(body) > _LOOK:
        return None
    markup = decode(body, content_type)
    if not markup.lstrip("\ufeff \t\r\n").startswith("<"):
        return None
    notice = _NOTICE.search(markup) if b"messagetext" in body.lower() else None
    told = visible_text(notice[1]) if notice else ""
    if len(told) < _TINY and (_OUT_WORDS.search(told) or _CLOSED.search(told)):
        return f"网站暂停服务：{told[:60]}"
    if len(list(islice(_LINK.finditer(markup), _FEW_LINKS + 1))) > _FEW_LINKS:
        return None
    seen = visible_text(released(markup), enough=_SHORT)
    if len(seen) >= _SHORT:
        return None
    found = _TITLE.search(markup)
    title = " ".join(found[1].split()) if found else ""
    for head in {title, *re.split(r"\s*[-_|–—]\s*", title)}:
        if head and _OUT_TITLES.fullmatch(head.strip()):
            return f"网站暂停服务（页面标题是“{title[:40]}”）"
        if head and _NOTHING_TITLES.fullmatch(head.strip()):
            return f"这个网址上没有网站（页面标题是“{title[:40]}”）"
    if len(seen) < _TINY:
        if words := _OUT_WORDS.search(seen):
            return f"网站暂停服务：{words[0][:40]}"
        if words := _NOTHING_WORDS.search(seen):
            return f"这个网址上没有网站：{words[0][:40]}"
    return None
