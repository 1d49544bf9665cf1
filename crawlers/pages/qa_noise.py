"""Baidu Zhidao hides words inside answers that only a copier gets to see: which elements are no part of the text."""

from __future__ import annotations

import re
from collections.abc import Callable

from crawlers.pages.markup import Element

_CLASS = re.compile(r"\.([A-Za-z_][\w-]{0,40})", re.ASCII)
_HIDES = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0(?![.\d])|opacity\s*:\s*0(?![.\d])|"
    r"(?:left|top|right|text-indent)\s*:\s*-\d{3,}|(?:width|height)\s*:\s*[01](?:px)?\s*(?:;|!|$)|"
    r"z-index\s*:\s*-\d|clip\s*:\s*rect\(0",
    re.I,
)
#: "e799bee5baa6e79fa5e98193" is 百度知道 in hexadecimal; the pieces are cut anywhere.
_HEX = re.compile(r"[0-9a-f]{12,200}", re.ASCII)
_WATERMARK = re.compile(
    r"(?:百度|知道|度知|内容来自|来自|版权|专属|原创|zhidao|baidu|copy|zd|抄袭|[百度知道内容来自版权专属抄袭]|\s){1,40}"
)
#: A made-up class name mixes letters and digits; names that people give seldom do.
_MADE_UP = re.compile(r"[A-Za-z]{1,20}\d{1,10}[A-Za-z0-9]{0,12}", re.ASCII)
_INLINE = frozenset({"span", "i", "em", "b", "font", "ins", "u", "s", "sub", "sup", "p"})
_CHROME = frozenset({
    "wgt-best-showbtn", "wgt-answers-showbtn", "wgt-best-mask", "wgt-answers-mask", "wgt-best-arrowdown",
    "wgt-answers-arrowdown", "show-hide-btn", "evaluate", "quality-info", "share-area", "btn-like", "noticeImg",
    "i-answer-text", "best-answer-tag", "answer-tag",
})  # fmt: skip
_MOST_RULES = 3000


def noise_of(root: Element) -> Callable[[Element], bool]:
    """What to leave out of the answers of this page: chrome, and watermarks that the page's own styles hide."""
    hidden = frozenset(_hidden_classes(root))

    def is_noise(element: Element) -> bool:
        names = (element.get("class") or "").split()
        if _CHROME.intersection(names):
            return True
        if element.tag not in _INLINE or len(element):
            return False
        if hidden.intersection(names):
            return True
        said = "".join((element.text or "").split())
        if _HEX.fullmatch(said):
            return True
        return bool(said) and any(_MADE_UP.fullmatch(name) for name in names) and bool(_WATERMARK.fullmatch(said))

    return is_noise


def _hidden_classes(root: Element) -> list[str]:
    """Classes of the page's style sheets that keep text from readers; rules inside @media are for other readers."""
    found: list[str] = []
    for style in root.xpath("//style")[:50]:
        depth = 0
        for chunk in (style.text or "")[:500_000].split("}")[:_MOST_RULES]:
            selector, brace, rules = chunk.rpartition("{")
            depth += chunk.count("{") - 1
            if brace and depth <= 0 and "@" not in selector and _HIDES.search(rules):
                found += _CLASS.findall(selector[-400:])
            depth = max(depth, 0)
    return found
