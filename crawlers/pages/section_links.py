"""Which links of a page lead to its articles, told by shape: no site's names are known here.

A section's articles share an address shape with a date or a number in it, carry headlines for text, stand in rows that
repeat, and often have a date beside them. Menus, tags, authors and page numbers fail at least one of these.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from urllib.parse import urlsplit

from core.text import clean
from core.times import find_when, parse_when
from crawlers.pages.base import PageContext
from crawlers.pages.markup import Element, short_text, text_of
from crawlers.pages.urls import absolute, canonical, site_of

_MOST_ANCHORS = 5000
_FEWEST_ALIKE = 3
_SHORTEST_TITLE, _LONGEST_TITLE = 6, 120
#: 2026/1120, 20/0801, 2026-11-20, t20261120, 202611/20: the day in an address.
_DATED = re.compile(
    r"(?:19|20)\d\d[-/]?(?:0[1-9]|1[0-2])(?:[-/]?(?:0[1-9]|[12]\d|3[01]))?(?!\d{3})|/\d\d/(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])/"
)
_NUMBERED = re.compile(
    r"\d{5,}|(?=[0-9A-Za-z]{10,}\b)(?=[A-Za-z]*\d)[0-9A-Za-z]{10,}(?:\.s?html?)|"
    r"[-_/](?:article|content|detail|show|view|news|info|archives?|doc|story|post|p|a|c|n)[-_/]?(?:[\w-]{0,20}[-_/])?\d{1,12}(?:\.\w{2,5})?/?$",
    re.I | re.ASCII,
)
_NUMBERED_QUERY = re.compile(
    r"(?:^|&)(?:id|aid|nid|newsid|news_id|articleid|article_id|infoid|contentid|docid|p|a|cid=\d+&id|itemid)=\d{1,15}(?=&|$)",
    re.I | re.ASCII,
)
_NEVER = re.compile(
    r"/(?:tags?|tagged|category|categories|author|users?|u|search|login|register|member|about|contact|help|list|index|special|feed|rss|comments?|"
    r"page|home|app|download|video/list|live)(?:[/_.-]|$)|[/_-](?:list|index|page)[-_]?\d*\.\w+$|^/?$",
    re.I,
)
_FILE = re.compile(r"\.(?:jpe?g|png|gif|webp|svg|pdf|zip|rar|apk|exe|mp[34]|docx?|xlsx?|css|js|xml|json)$", re.I)
_NO_HEADLINE = re.compile(
    r"(?:https?://|www\.)\S+|[\w.+-]+@[\w.]+|.{0,12}(?:更多|查看详情|阅读全文|点击查看|加载中|下载客户端|下载APP|客户端下载|备案号|ICP[备证].*|公网安备.*|"
    r"版权所有.*|设为首页|加入收藏|联系我们|关于我们|隐私政策|用户协议|网站地图|登录|注册)|\d+条?(?:评论|跟帖|参与)|第?\d+页?|[\d\s:./年月日-]+",
    re.I,
)
_ROWS = frozenset({"li", "tr", "dd", "dl", "article", "section", "div", "p", "td"})
_LONGEST_ROW = 600
_LONGEST_LINK = 400
#: A link or a row that holds more is a part of the page, not of the list.
_MOST_IN_LINK, _MOST_IN_ROW, _MOST_LINKS = 60, 300, 8
_LONGEST_BYLINE = 60
_MOST_PIECES, _MOST_LINES = 80, 60
_AROUND = " \t\r\n[]()（）【】|·"
_DAYS = frozenset({"刚刚", "昨天", "今天", "前天"})
_COUNTRY_SECOND = frozenset({"com", "net", "org", "gov", "edu", "ac", "co"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One article as the list shows it."""

    url: str
    title: str
    changed: datetime | None


def read_listed(root: Element, page: PageContext) -> tuple[Listed, ...]:
    """The section's articles in page order; empty where no three links are alike."""
    home = _domain(site_of(page.url))
    groups: dict[str, dict[str, tuple[Element, str]]] = defaultdict(dict)
    order: dict[str, str] = {}
    for number, anchor in enumerate(root.iter("a")):
        if number >= _MOST_ANCHORS:
            break
        url = absolute(page.url, anchor.get("href"))
        if url is None or _domain(site_of(url)) != home or not _may_be_article(url, page.url, anchor):
            continue
        title = _headline(anchor)
        if title is None:
            continue
        url = canonical(url)
        shape = order.setdefault(url, _shape(url))
        kept = groups[shape].get(url)
        if kept is None or _better((anchor, title), kept):
            groups[shape][url] = (anchor, title)
    alike = {url: found for group in groups.values() if len(group) >= _FEWEST_ALIKE for url, found in group.items()}
    return tuple(
        Listed(url=url, title=alike[url][1], changed=_beside(alike[url][0], url, page)) for url in order if url in alike
    )


def _may_be_article(url: str, base: str, anchor: Element) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    if _FILE.search(parts.path) or (parts.path, parts.query) == (urlsplit(base).path, urlsplit(base).query):
        return False
    told = _DATED.search(parts.path) or _NUMBERED.search(parts.path) or _NUMBERED_QUERY.search(parts.query)
    if told:
        return not _NEVER.search(parts.path) or bool(_DATED.search(parts.path))
    # A slug says nothing by itself; a heading around the link does.
    return not _NEVER.search(parts.path) and _is_heading(anchor)


def _better(new: tuple[Element, str], old: tuple[Element, str]) -> bool:
    """Of two links to one article, which names it: the heading's, then words, then what the other was cut from."""
    ours, theirs = _rank(*new), _rank(*old)
    if ours != theirs:
        return ours > theirs
    cut = old[1].rstrip(".…")
    return len(new[1]) > len(old[1]) and len(cut) >= _SHORTEST_TITLE and new[1].startswith(cut)


def _rank(anchor: Element, title: str) -> tuple[bool, bool]:
    """A picture's link has its title in an attribute only, which may describe the picture."""
    return _is_heading(anchor), title[:_SHORTEST_TITLE] in short_text(anchor, _LONGEST_LINK)


def _is_heading(anchor: Element) -> bool:
    node = anchor
    for _ in range(2):
        node = node.getparent()
        if node is None:
            return False
        if node.tag in ("h1", "h2", "h3", "h4"):
            return True
    return False


def _headline(anchor: Element) -> str | None:
    """The link's text where it reads like a headline; its title attribute where the text is cut or a picture."""
    if not _is_small(anchor, _MOST_IN_LINK):
        return None
    heading = next(iter(anchor.xpath(".//h1|.//h2|.//h3|.//h4|.//*[contains(@class,'title')]")), None)
    text = short_text(heading if heading is not None else anchor, _LONGEST_LINK)
    said = " ".join(clean(anchor.get("title") or "").split())
    if said and (len(text) < _SHORTEST_TITLE or text.endswith(("...", "…")) or len(text) > _LONGEST_TITLE):
        text = said
    text = re.sub(r"^\s*[·•\-\[【(]?\s*|\s+\d{1,2}[-/]\d{1,2}(?:\s+\d{1,2}:\d\d)?$", "", text).strip() if text else ""
    if not _SHORTEST_TITLE <= len(text) <= _LONGEST_TITLE or _NO_HEADLINE.fullmatch(text):
        return None
    return text


_LETTERS = re.compile(r"[a-z]+", re.I)


def _shape(url: str) -> str:
    """The address without what differs between two articles of one section."""
    parts = urlsplit(url)
    folders = parts.path.split("/")
    last = folders.pop()
    plain = ["9" if any(char.isdigit() for char in folder) else folder for folder in folders]
    stem, dot, ending = last.rpartition(".") if "." in last else (last, "", "")
    if any(char.isdigit() for char in stem):
        stem = "x" if len(stem) >= 10 else re.sub(r"\d+", "9", stem)
    elif not ending:
        stem = "slug"
    query = "&".join(sorted(pair.partition("=")[0] for pair in parts.query.split("&") if pair))
    return f"{'/'.join(plain)}/{stem}{dot}{ending}?{query}"


def _domain(site: str) -> str:
    """The registered name of a host, roughly: sister hosts of one publisher share it."""
    host = site.rpartition(":")[0] if ":" in site and not site.endswith("]") else site
    labels = host.split(".")
    if len(labels) < 3 or labels[-1].isdigit():
        return site if labels[-1].isdigit() else host
    return ".".join(labels[-3:] if labels[-2] in _COUNTRY_SECOND and len(labels[-1]) == 2 else labels[-2:])


def _beside(anchor: Element, url: str, page: PageContext) -> datetime | None:
    """The date in the link's row, else the day in its address."""
    node = anchor
    for _ in range(4):
        node = node.getparent()
        if node is None or node.tag in ("body", "ul", "ol", "table", "tbody"):
            break
        if node.tag not in _ROWS:
            continue
        if not _is_small(node, _MOST_IN_ROW) or len({link.get("href") for link in node.iter("a")}) > _MOST_LINKS:
            break
        when = _in_row(node, page)
        if when:
            return when
    return _in_address(url, page)


def _is_small(element: Element, most: int) -> bool:
    """Whether it holds few elements, found out without counting on."""
    return sum(1 for _ in islice(element.iter(), most + 1)) <= most


def _in_row(row: Element, page: PageContext) -> datetime | None:
    for node in row.xpath(".//time[@datetime]")[:2]:
        when = parse_when(node.get("datetime") or "", now=page.now, zone=page.zone)
        if when:
            return when
    for piece in islice(row.itertext(), _MOST_PIECES):
        said = piece.strip(_AROUND)
        if len(said) <= _LONGEST_BYLINE and (any(char.isdigit() for char in said) or said in _DAYS):
            when = _sane(parse_when(said, now=page.now, zone=page.zone), page)
            if when:
                return when
    lines = [line for line in text_of(row).split("\n") if len(line) <= _LONGEST_ROW]
    return next((when for line in lines[:_MOST_LINES] if (when := _sane(_in_line(line, page), page))), None)


def _sane(when: datetime | None, page: PageContext) -> datetime | None:
    return when if when and when <= page.now + timedelta(days=1) else None


_DATE = (
    r"(?:(?:20\d\d[-/.年])?\d{1,2}[-/.月]\d{1,2}日?(?:\s+\d{1,2}:\d\d(?::\d\d)?)?|\d+\s*(?:分钟|小时|天)前|"
    r"[昨今前]天\s*\d{1,2}:\d\d)"
)
_AT_END, _AT_START = re.compile(rf"{_DATE}(?=\D*$)"), re.compile(rf"\W{{0,3}}{_DATE}(?!\d)")


def _in_line(line: str, page: PageContext) -> datetime | None:
    """A date at an end of a row ("某品牌召回 [11-20 09:30]"), or a full one anywhere in a short one."""
    ends = _AT_START.match(line), _AT_END.search(line[-40:]) if len(line) <= _LONGEST_TITLE else None
    dates = (parse_when(found[0].strip(_AROUND), now=page.now, zone=page.zone) for found in ends if found)
    when = next((date for date in dates if date), None)
    return when or (find_when(line, now=page.now, zone=page.zone) if len(line) <= _LONGEST_BYLINE else None)


_ADDRESS_DAY = re.compile(
    r"(?<!\d)(?P<y>20[0-3]\d)[-/_]?(?P<m>0[1-9]|1[0-2])[-/_]?(?P<d>0[1-9]|[12]\d|3[01])(?!\d)|"
    r"/(?P<yy>[0-3]\d)/(?P<mm>0[1-9]|1[0-2])(?P<dd>0[1-9]|[12]\d|3[01])/"
)


def _in_address(url: str, page: PageContext) -> datetime | None:
    found = _ADDRESS_DAY.search(urlsplit(url).path)
    if not found:
        return None
    day = f"{found['y'] or '20' + found['yy']}-{found['m'] or found['mm']}-{found['d'] or found['dd']}"
    when = parse_when(day, now=page.now, zone=page.zone)
    return when if when and when <= page.now + timedelta(days=1) else None
