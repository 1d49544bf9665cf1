"""Lists of complaints: a table with a row each (车质网 and its like), or cards; the newest complaint first."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime

from core.text import clean
from crawlers.pages.base import Link, PageContext
from crawlers.pages.complaint_fields import meaning_of
from crawlers.pages.markup import Element, first
from crawlers.pages.qa_boxes import boxes, innermost
from crawlers.pages.qa_thread import spaced, time_of, when_in
from crawlers.pages.urls import absolute, canonical, site_of

#: One complaint: a word for complaints and a number that is no list's place (those have several, joined by "-").
_DETAIL = re.compile(
    r"/zlts/\d{8}/\d{3,12}\.s?html?|"
    r"/(?:[a-z0-9_]{0,20}/)*(?:complaints?|complain|tousu|ts|tsxq|zlts|view|detail|show|info|case)[/_-](?:[a-z]{1,12}[/_-])?"
    r"(?:\d{4,8}/)?[a-z]{0,3}\d{3,20}(?:/|\.s?html?)?(?:\?.*)?$|[?&](?:sn|tsid|complaint_?id)=\d{3,20}",
    re.I,
)
_STATUS = re.compile(
    r"(?:商家|企业|厂家|厂商|经销商|平台|车主)?(?:已|待|未|处理|等待|正在|信息)(?:回复|答复|受理|处理|解决|完成|审核|评价|分配|中|结案|撤诉|撤销|确认|反馈)(?:中)?|"
    r"(?:厂家|企业|商家|厂商)(?:受理|回复|处理|反馈)(?:中)?|完成|撤诉|投诉完成|用户评分"
)
_ROW_TAGS = frozenset({"li", "tr", "dl", "article"})
_MOST_ROWS = 300


def is_detail(url: str) -> bool:
    """Whether the address names one complaint."""
    return bool(_DETAIL.search(url))


def rows(root: Element, page: PageContext) -> list[Link]:
    """The complaints that the page lists, in its order."""
    found: dict[str, Link] = {}
    for link in _table_rows(root, page):
        found.setdefault(link.url, link)
    if not found:
        for link in _cards(root, page):
            found.setdefault(link.url, link)
    return list(found.values())[:_MOST_ROWS]


def following(root: Element, page: PageContext) -> Iterator[Link]:
    """The list's next page."""
    anchors = root.xpath(
        "//a[@rel='next' or normalize-space(string())='下一页' or normalize-space(string())='下页' or "
        "normalize-space(string())='>' or normalize-space(string())='下一页>' or contains(@class,'next')]"
    )
    for anchor in anchors[:5]:
        url = absolute(page.url, anchor.get("href"))
        if url and site_of(url) == site_of(page.url) and not is_detail(url) and canonical(url) != canonical(page.url):
            yield Link(url=canonical(url), leads_to="list")
            return


def _table_rows(root: Element, page: PageContext) -> Iterator[Link]:
    meanings: Sequence[str | None] = ()
    for row in innermost(root.xpath("//tr")[: 3 * _MOST_ROWS]):
        cells = [cell for cell in row if cell.tag in ("td", "th")]
        labels = [meaning_of(clean(cell.xpath("string()"))[:20]) for cell in cells]
        if sum(1 for label in labels if label) >= 3:
            meanings = labels
            continue
        if len(cells) < 3:
            continue
        anchor, url = _anchor(row, page)
        if anchor is None or url is None:
            continue
        by_meaning = {name: cell for name, cell in zip(meanings, cells, strict=False) if name}
        yield Link(
            url=url,
            leads_to="thread",
            title=_title(anchor),
            changed=_when(by_meaning.get("time"), cells, page),
            standing=_standing(by_meaning.get("status"), row),
        )


def _anchor(row: Element, page: PageContext) -> tuple[Element | None, str | None]:
    """The link to the complaint itself: brand and series of a row lead elsewhere."""
    best: tuple[Element | None, str | None] = (None, None)
    longest = 0
    for anchor in row.xpath(".//a[@href]")[:12]:
        url = absolute(page.url, anchor.get("href"))
        title = _title(anchor) or ""
        if url and is_detail(url) and site_of(url) == site_of(page.url) and len(title) > longest:
            best, longest = (anchor, canonical(url)), len(title)
    return best


def _title(anchor: Element) -> str | None:
    """The whole title stands in the attribute where the text is cut."""
    shown, whole = clean(anchor.xpath("string()")), clean(anchor.get("title") or "")
    return " ".join((whole if len(whole) > len(shown.rstrip("….")) else shown).split()) or None


def _when(cell: Element | None, cells: Sequence[Element], page: PageContext) -> datetime | None:
    for one in ([cell] if cell is not None else []) + list(cells):
        text = clean(one.xpath("string()"))
        when = time_of(text, page) if len(text) <= 40 else None
        if when:
            return when
    return None


def _standing(cell: Element | None, row: Element) -> str | None:
    if cell is not None:
        return " ".join(clean(cell.xpath("string()")).split())[:40] or None
    for text in row.xpath(".//text()[string-length(normalize-space())<14]")[:40]:
        found = _STATUS.fullmatch("".join(str(text).split()))
        if found:
            return found[0]
    return None


def _cards(root: Element, page: PageContext) -> Iterator[Link]:
    titled: dict[str, Element] = {}
    for anchor in root.xpath("//body//a[@href]")[:5000]:
        url = absolute(page.url, anchor.get("href"))
        if url and is_detail(url) and site_of(url) == site_of(page.url) and _title(anchor):
            kept = titled.get(canonical(url))
            if kept is None or len(_title(anchor) or "") > len(_title(kept) or ""):
                titled[canonical(url)] = anchor
        if len(titled) >= _MOST_ROWS:
            break
    anchors = innermost(list(titled.values()))
    around = {anchor: box for box, anchor in boxes(anchors, is_box=lambda node: node.tag in _ROW_TAGS)}
    for url, anchor in titled.items():
        row = around.get(anchor, anchor)
        heading = first(anchor.xpath(".//*[self::h1 or self::h2 or self::h3 or self::h4 or contains(@class,'tit')]"))
        title = " ".join(clean(heading.xpath("string()")).split()) if heading is not None else _title(anchor)
        yield Link(
            url=url,
            leads_to="thread",
            title=(title or "")[:200] or None,
            changed=_card_time(row, page),
            standing=_standing(None, row),
        )


def _card_time(row: Element, page: PageContext) -> datetime | None:
    for text in row.xpath(".//text()[string-length(normalize-space())<60]")[:60]:
        when = when_in(str(text), page)
        if when:
            return when
    return when_in(spaced(row)[-80:], page)
