"""Complaint sites: 车质网 (12365auto.com), 黑猫's saved pages, and others by their labelled facts.

Quirks: 车质网 wrote GBK for years and codes its typical problems ("B12"), whose names only a script knows; the list
shows when a complaint was made, not when it was answered, so its status tells that something was said. A complaint is
floor 1; what the company answered is a post of its own. Facts from public crawlers [R]; not verified against the live
sites. Last checked 2026-11.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from crawlers.pages import complaint_detail, complaint_heimao, complaint_list
from crawlers.pages.base import PageContext, PageParser, PageState, Parsed, stopped
from crawlers.pages.markup import Element, parse_html, text_of
from crawlers.pages.qa_boxes import MOST_ELEMENTS
from crawlers.pages.refusals import refusal
from crawlers.pages.urls import site_of

_MARKS = (b"tslb_b", b'class="tsnr"', b"ts-d-question", b"ts-q-list", b'class="jbqk"')
_WORDS = ("投诉编号", "投诉对象", "投诉诉求", "投诉进度", "投诉时间", "投诉内容", "投诉状态", "典型问题", "投诉品牌")
_ENCODED = tuple((word.encode(), word.encode("gb18030")) for word in _WORDS)
_HOME = re.compile(r"12365auto\.com/zlts|^tousu\.")
_PLACE = re.compile(r"tousu|zlts|complain|12365|315|/ts/|/tsxq", re.I)
_NOTHING = re.compile(
    r"(?:暂无|暂时没有|没有(?:找到|查询到|查到|搜索到|相关|符合条件))(?:相关|符合条件|任何)?的?(?:投诉|数据|记录|信息|内容|结果)|"
    r"共\s*0\s*条"
)
_GONE = re.compile(
    r"(?:投诉|信息|页面|内容|您访问的)[^。\uff0c,]{0,12}(?:不存在|已被?删除|已撤销|已撤诉|未通过审核|已失效|已屏蔽)"
)
#: A notice is short.
_LINE = 40


def parse(body: bytes, page: PageContext) -> Parsed:
    """The complaints of a list, or one complaint with its replies; never raises."""
    if (refused := refusal(body, page, expects="html")) is not None:
        return refused
    if not site_of(page.url):
        return stopped("broken", "网址里没有主机名，无法辨认投诉")
    if body.lstrip()[:1] in (b"{", b"["):
        return complaint_heimao.read(body, page)
    root = parse_html(body, page.content_type)
    if root is None:
        return stopped("broken", "响应不是可读的网页")
    if root.xpath("count(//*)") > MOST_ELEMENTS:
        return stopped("broken", "页面的元素多得不像网页")
    if complaint_list.is_detail(page.url):
        return complaint_detail.read(root, page) or _list(root, page) or _nothing(root)
    return _list(root, page) or complaint_detail.read(root, page) or _nothing(root)


def _list(root: Element, page: PageContext) -> Parsed | None:
    found = complaint_list.rows(root, page)
    if not found:
        return None
    links = (*found, *complaint_list.following(root, page))
    return Parsed(links=links, state=PageState(state="ok", reason=f"读到 {len(found)} 条投诉"))


def _nothing(root: Element) -> Parsed:
    """A line of its own that says so; the same words inside a story mean nothing."""
    lines = [line for line in text_of(root).split("\n")[:3000] if len(line) <= _LINE]
    told = next((line for line in lines if _GONE.search(line) or _NOTHING.search(line)), None)
    if told:
        return stopped("empty", f"页面提示：{told}")
    return stopped("broken", "没有找到投诉列表或投诉内容，页面可能改版")


def looks_like(body: bytes, page: PageContext) -> bool:
    """Whether the page has the marks of a complaint site, or stands in one and speaks of complaints."""
    try:
        parts = urlsplit(page.url)
    except ValueError:
        return False
    place = parts.netloc + parts.path
    head = body[:300_000]
    if body.lstrip()[:1] in (b"{", b"["):
        return complaint_heimao.looks_like(body) or parts.netloc.startswith("tousu.")
    if _HOME.search(place) or any(mark in head for mark in _MARKS):
        return True
    return bool(_PLACE.search(place)) and any(word in head for spellings in _ENCODED for word in spellings)


PARSER = PageParser(name="complaint", parse=parse, looks_like=looks_like, rank=34)
