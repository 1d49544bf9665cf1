"""An article cut into pages: which link leads to its next page, or to all of it on one.

"下一页" is not enough, since galleries and lists say it too: the address must be the article's own with another page
number in it (`_2.html`, `-2.html`, `/2/`, `?page=2`), one higher than this page's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from urllib.parse import parse_qsl, urlsplit

from crawlers.pages.base import Link, PageContext
from crawlers.pages.markup import Element, short_text
from crawlers.pages.urls import absolute, identity, site_of

_NEXT = re.compile(
    r"[\[【(（]?\s*(?:下一?页|下页|后一页|下一頁|下頁|next(?:\s*page)?|继续阅读|余下全文)?\s*[>›»→]{0,2}\s*[\]】)）]?",
    re.I,
)
_WHOLE = re.compile(
    r"[\[【(（]?\s*(?:(?:点击)?(?:在)?(?:本页)?(?:阅读|查看|显示|展开|浏览)(?:剩余)?(?:全文|全部|余下全文|完整版|所有)|全文阅读|单页阅读|余下全文|"
    r"不分页(?:阅读|显示)?|閱讀全文|全文閱讀|full\s*(?:text|article)|view\s*all|single\s*page)\s*[>›»→]{0,2}\s*[\]】)）]?",
    re.I,
)
_DIGITS = re.compile(r"[\[【(（第]?\s*(\d{1,3})\s*[\]】)）页]?")
#: The page number at the end of a path: "a_2.html", "a-2.html", "a/2", "a/2.html", "a.html/2".
_PATH_PAGE = re.compile(
    r"^(?P<stem>.+?)(?:[_-](?P<file>\d{1,3}|all)(?P<ending>\.\w{2,5})|/(?P<folder>\d{1,3}|all)/?)$", re.I
)
_PAGE_NAMES = frozenset(
    {"page", "p", "pn", "pageno", "page_no", "pagenum", "currentpage", "paged", "pageindex", "curpage"}
)
_ALL_NAMES = frozenset({"all", "full", "viewall", "single"})
_MOST_ANCHORS = 3000
_LONGEST_WORDS = 12


def page_links(root: Element, page: PageContext) -> tuple[Link, ...]:
    """The whole article on one page, where the site offers that, else its next page; empty for the last or only one."""
    here = _place(page.url)
    following: str | None = None
    for words, url in _candidates(root, page):
        stem, number = _place(url)
        if not _same(stem, here[0]):
            continue
        if number is None and here[1] is not None and _WHOLE.fullmatch(words):
            return (Link(url=url, leads_to="page"),)
        digits = _DIGITS.fullmatch(words)
        says_next = _NEXT.fullmatch(words) or (digits is not None and int(digits[1]) == number)
        # Some sites count from nothing: "a.html" goes on at "a_1.html".
        second = here[1] == number == 1 and _NEXT.fullmatch(words) and identity(url) != identity(page.url)
        if (here[1] is not None and number == here[1] + 1 and says_next) or second:
            following = following or url
    return (Link(url=following, leads_to="page"),) if following else ()


def joined(texts: Iterable[str]) -> str:
    """The pages' texts as one; lines that the pages share (a head, a repeated teaser) stand once."""
    lines: dict[str, None] = {}
    for text in texts:
        lines.update(dict.fromkeys(text.split("\n")))
    return "\n".join(lines)


def _candidates(root: Element, page: PageContext) -> Iterator[tuple[str, str]]:
    site = site_of(page.url)
    for number, anchor in enumerate(root.iter("a")):
        if number >= _MOST_ANCHORS:
            return
        words = short_text(anchor, _LONGEST_WORDS) or (anchor.get("title") or "").strip()
        if not 0 < len(words) <= _LONGEST_WORDS or not (
            _NEXT.fullmatch(words) or _WHOLE.fullmatch(words) or _DIGITS.fullmatch(words)
        ):
            continue
        url = absolute(page.url, anchor.get("href"))
        if url and site_of(url) == site:
            yield words, url


def _place(url: str) -> tuple[str, int | None]:
    """The address without its page number, and the number: 1 where there is none, `None` for all pages in one."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url, 1
    path, number = parts.path, 1
    whole = False
    kept = []
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        lowered = name.lower()
        if lowered in _PAGE_NAMES and value.isascii() and value.isdigit() and len(value) <= 3:
            number = int(value)
        elif lowered in _ALL_NAMES or (lowered in _PAGE_NAMES and value.lower() == "all"):
            whole = True
        else:
            kept.append(f"{name}={value}")
    found = _PATH_PAGE.match(path)
    if found and number == 1 and not whole:
        said = (found["file"] or found["folder"]).lower()
        whole, number = said == "all", 1 if said == "all" else int(said)
        path = found["stem"] + (found["ending"] or "")
    return f"{parts.netloc}{path.rstrip('/')}?{'&'.join(kept)}", None if whole else number


def _same(one: str, other: str) -> bool:
    """Equal but for a file ending: "a.html" goes on at "a/2"."""
    return re.sub(r"\.\w{2,5}(?=\?)", "", one) == re.sub(r"\.\w{2,5}(?=\?)", "", other)
