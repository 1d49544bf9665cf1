"""The page after this one: links say "next" in five ways, and some page bars only number the pages."""

from __future__ import annotations

import re

from crawlers.pages.base import LeadsTo, Link
from crawlers.pages.markup import Element
from crawlers.pages.urls import absolute, canonical, identity, site_of

_NEXT_WORDS = frozenset(
    (
        "下一页", "下一頁", "下页", "下頁", "后一页", "後一頁", "下一页>", "下一页>>", "下一页»", "下一页›", "下一页→",
        "next", "next page", "nextpage", "next>", "next>>", "next»", "next›", ">", ">>", "»", "›", "→", "▶",
    )
)  # fmt: skip
_CLASS = re.compile(r"(?:^|[\s_-])(?:nxt|next|nextpage|next-page|pagination-next|pagenav-jump--next)(?:$|[\s_-])", re.I)
_BAR = (
    "//*[contains(@class,'pag') or contains(@id,'pag') or contains(@class,'pg') or contains(@class,'turn_page')]"
    "[count(.//a)>0][count(.//a)<60]"
)
#: Another thread, not another page of this one.
_OTHER = re.compile(r"goto=next|view=(?:next|previous)|next(?:new|old)est|goto=(?:nextnewset|nextoldset)", re.I)
_MOST_LINKS, _MOST_BARS = 4000, 12


def next_pages(root: Element, base: str, url: str, leads_to: LeadsTo, *, ignore: str | None = None) -> tuple[Link, ...]:
    """The link to the next page, or nothing. `ignore` is an XPath test of boxes whose page bars belong to others."""
    here = identity(url)
    for reference in _candidates(root, ignore):
        target = absolute(base, reference)
        if target is None or _OTHER.search(target) or site_of(target) != site_of(url):
            continue
        if identity(target) != here:
            return (Link(url=canonical(target), leads_to=leads_to),)
    return ()


def _candidates(root: Element, ignore: str | None) -> list[str]:
    found = [link.get("href") for link in root.xpath("//link[@rel='next'][@href]")[:3]]
    outside = f"[not(ancestor::*[{ignore}])]" if ignore else ""
    anchors = root.xpath(f"//a[@href]{outside}")
    anchors = anchors if len(anchors) <= _MOST_LINKS else anchors[: _MOST_LINKS // 2] + anchors[-_MOST_LINKS // 2 :]
    by_rel = [a for a in anchors if "next" in (a.get("rel") or "").split()]
    by_class = [a for a in anchors if _CLASS.search(f"{a.get('class') or ''}") or _next_item(a)]
    by_word = [a for a in anchors if _says_next(a)]
    found += [a.get("href") for a in (*by_rel, *by_class, *by_word)]
    return [*found, *_numbered(root, outside)]


def _next_item(anchor: Element) -> bool:
    parent = anchor.getparent()
    return parent is not None and parent.tag == "li" and bool(_CLASS.search(parent.get("class") or ""))


def _says_next(anchor: Element) -> bool:
    if len(anchor) > 3:
        return False
    said = "".join(anchor.xpath("string()")[:40].split()).lower()
    return said in _NEXT_WORDS or (anchor.get("title") or "").strip().lower() in ("下一页", "下一頁", "next page")


def _numbered(root: Element, outside: str) -> list[str]:
    """The number after the one that is marked as current, or has no link."""
    for bar in root.xpath(f"{_BAR}{outside}")[:_MOST_BARS]:
        current = None
        for node in bar.iter("a", "strong", "span", "em", "b", "li", "button"):
            said = "".join(node.itertext()).strip() if len(node) < 3 else ""
            if not (said.isascii() and said.isdigit() and len(said) < 6):
                continue
            linked = node.tag == "a" and node.get("href")
            marked = node.tag in ("strong", "em", "b") or re.search(
                r"(?:^|[\s_-])(?:cur|current|active|on|this|now|selected|thisclass)(?:$|[\s_-])",
                node.get("class") or "",
            )
            if node.tag in ("li", "span", "strong", "em", "b") and node.find(".//a[@href]") is not None and not marked:
                continue
            if current is None and (marked or not linked) and not _is_outer_link(node):
                current = int(said)
            elif current is not None and linked and int(said) == current + 1:
                return [node.get("href")]
    return []


def _is_outer_link(node: Element) -> bool:
    parent = node.getparent()
    return node.tag != "a" and parent is not None and parent.tag == "a" and bool(parent.get("href"))
