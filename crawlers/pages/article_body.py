"""The text of an article, chosen by agreement of extractors that fail in different places.

The one most like the others is taken. On saved Chinese pages each alone loses some pages wholly.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass

import trafilatura
from lxml import etree
from readability import Document
from readability.readability import Unparseable

from core.text import clean
from crawlers.pages.markup import Element, Skip, html_to_text, is_hidden, text_of

#: Libraries made for good pages may fail on hostile ones in any of these ways; their voice is then missing.
_LIBRARY_ERRORS = (
    Unparseable, etree.LxmlError, ValueError, TypeError, AttributeError, KeyError, IndexError, AssertionError,
    RecursionError,
)  # fmt: skip
#: Bodies that a publisher marks as such, or that CMSes in wide use do; the first that holds text wins.
_MARKED = (
    "//*[@id='js_content']",
    "//*[@itemprop='articleBody']",
    "//*[@id='artibody' or @id='endText' or @id='rwb_zw' or @id='Cnt-Main-Article-QQ' or @id='ozoom']",
    "//*[@id='UCAP-CONTENT' or @id='zoom' or @id='Zoom' or @id='ContentBody' or @id='artical_real']",
    "//*[contains(@class,'TRS_Editor') or contains(@class,'rich_media_content') or contains(@class,'entry-content')]",
    "//*[contains(@class,'article-content') or contains(@class,'article_content') or contains(@class,'article-body')]",
    "//*[contains(@class,'post_body') or contains(@class,'post-content') or contains(@class,'news_txt')]",
    "//*[starts-with(@class,'main_content') or contains(@class,'art_context') or contains(@class,'all-txt')]",
)
#: No <form>: ASP.NET wraps the whole page in one.
_CLUTTER_TAGS = frozenset({
    "script", "style", "noscript", "iframe", "nav", "footer", "aside", "select", "button", "template",
    "textarea", "svg",
})  # fmt: skip
_CLUTTER = re.compile(
    r"(?:^|[\s_-])(?:related?|recommend\w*|comments?|commentlist|share\w*|social|sidebar|side|footer|header|nav|navbar|breadcrumb\w*|"
    r"crumbs?|copyright|toolbar|pagination|pager|hotnews|hot-?list|rank\w*|ad|ads|advert\w*|gg|qrcode|login|popup|tags?)(?:$|[\s_-])",
    re.I,
)
#: Gone before anyone looks: scripts are most of many pages, and what one keeps in a text area is no text of the page.
_NO_TEXT = ("script", "style", "svg", "textarea")
_PUNCTUATION = re.compile(r"[，。、；：？！“”…（）《》,.;:?!]")
_SENTENCE_END = re.compile(r"[。；！？]|[.!?](?:\s|$)")
_SHORTEST = 40
#: A news flash is one sentence; only the page's own markup can vouch for so little.
_SHORTEST_MARKED = 10
_GRAM = 4
_NO_AGREEMENT = 0.25
#: A caption or an editor's line is all that texts as alike as this differ in.
_SETTLED = 0.9
_SHORTEST_RUN = 8
#: A body may be followed by an editor's line or a caption outside its element.
_NEARLY_ALL = 0.75
_INLINE = frozenset({
    "a", "abbr", "b", "big", "br", "cite", "code", "em", "font", "i", "img", "ins", "label", "mark", "q", "s",
    "small", "span", "strike", "strong", "sub", "sup", "tt", "u",
})  # fmt: skip
_LONGEST_COMPARED = 30_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """The chosen text, which extractor it came from, and how much the others agree (0 to 1)."""

    text: str
    chosen: str
    agreement: float


def read_body(root: Element, *, said: Sequence[str] = ()) -> Body | None:
    """The article's text, or `None` where no extractor finds one; `said` are bodies that the page's own data gives."""
    hidden = _reveal(root)
    if len(hidden) >= _SHORTEST:
        return Body(text=hidden, chosen="marked", agreement=1.0)
    root = deepcopy(root)  # the caller still reads dates from scripts
    etree.strip_elements(root, *_NO_TEXT, with_tail=False)
    marked = _marked(root)
    voices = {"prose": _prose(root), "readability": _readability(root)}
    if marked:
        voices["marked"] = marked
    if said:
        voices["data"] = max(said, key=len)
    if not _settled(voices):
        voices["trafilatura"] = _trafilatura(root)
    long = {name: text for name, text in voices.items() if len(text) >= _SHORTEST}
    body = _vote(long) if long else None
    if marked and (body is None or body.agreement < _NO_AGREEMENT):  # a flash on a page full of other things
        return Body(text=marked, chosen="marked", agreement=0.0)
    return body


def _reveal(root: Element) -> str:
    """WeChat hides the article until its script runs, so that the libraries drop it: the one body known by name."""
    for node in root.xpath("//*[@id='js_content']"):
        node.attrib.pop("style", None)
        return text_of(node)
    return ""


def _settled(voices: dict[str, str]) -> bool:
    """Whether all who were asked say nearly the same, so that the slowest need not be."""
    grams = [_grams(text) for text in voices.values()]
    return all(_likeness(grams[0], other) >= _SETTLED for other in grams[1:]) and bool(grams[0].total() >= _SHORTEST)


def _vote(voices: dict[str, str]) -> Body:
    grams = {name: _grams(text) for name, text in voices.items()}
    scores = {
        name: sum(_likeness(own, other) for rival, other in grams.items() if rival != name) / max(1, len(grams) - 1)
        for name, own in grams.items()
    }
    chosen = max(scores, key=lambda name: scores[name])
    if scores[chosen] < _NO_AGREEMENT:  # nobody agrees, but the page itself may name its body
        chosen = next((name for name in ("marked", "data") if name in voices), chosen)
    return Body(text=voices[chosen], chosen=chosen, agreement=scores[chosen])


def _grams(text: str) -> Counter[str]:
    plain = "".join(text.split())[:_LONGEST_COMPARED]
    return Counter(plain[place : place + _GRAM] for place in range(max(1, len(plain) - _GRAM + 1)))


def _likeness(one: Counter[str], other: Counter[str]) -> float:
    """Dice over character 4-grams."""
    total = one.total() + other.total()
    return 2 * (one & other).total() / total if total else 0.0


def _readability(root: Element) -> str:
    try:
        return html_to_text(Document(deepcopy(root)).summary(html_partial=True))
    except _LIBRARY_ERRORS:
        return ""


def _trafilatura(root: Element) -> str:
    try:
        found = trafilatura.extract(deepcopy(root), include_comments=False, include_tables=True)
    except _LIBRARY_ERRORS:
        return ""
    return clean(found or "")


def _marked(root: Element) -> str:
    for path in _MARKED:
        nodes = root.xpath(path)
        if nodes:
            text = max((text_of(node, skip=_is_clutter) for node in nodes[:5]), key=len)
            if len(text) >= _SHORTEST_MARKED:
                return text
    return ""


def _is_clutter(element: Element) -> bool:
    if element.tag in _CLUTTER_TAGS:
        return True
    names = f"{element.get('class') or ''} {element.get('id') or ''}"
    return bool(names.strip()) and len(names) < 200 and _CLUTTER.search(names) is not None


@dataclass(slots=True)
class _Weight:
    """Text of a subtree: the run of inline text still open, and what closed runs count as prose."""

    chars: int = 0
    linked: int = 0
    marks: int = 0
    ends: int = 0
    prose: int = 0

    def close(self) -> None:
        """A block ends: its inline text is prose when it has punctuation and is not mostly links."""
        if (self.ends or self.marks > 2) and self.chars >= _SHORTEST_RUN and self.linked <= self.chars * 0.4:
            self.prose += self.chars
        self.chars = self.linked = self.marks = self.ends = 0

    def take(self, child: _Weight, tail: str) -> None:
        """Add a finished child and the text after it."""
        self.chars += child.chars
        self.linked += child.linked
        self.marks += child.marks
        self.ends += child.ends
        self.prose += child.prose
        self.read(tail)

    def read(self, text: str) -> None:
        """Add text of the open run."""
        plain = text.strip()
        self.chars += len(plain)
        self.marks += len(_PUNCTUATION.findall(plain))
        self.ends += len(_SENTENCE_END.findall(plain))


def _prose(root: Element) -> str:
    """The innermost element that still holds nearly all prose of the page."""
    body = root.find("body")
    node = body if body is not None else root
    weights = _weigh(node, skip=_is_clutter)
    every = _weigh(node, skip=None)
    if weights.get(node, 0) < every.get(node, 0) * 0.1:  # a theme that calls the article "post-footer-ad"
        weights = every
    total = weights.get(node, 0)
    if total < _SHORTEST:
        return ""
    while True:
        heavy = max(node, key=lambda child: weights.get(child, 0), default=None)
        if heavy is None or weights.get(heavy, 0) < total * _NEARLY_ALL or heavy.tag == "p":
            return text_of(node, skip=_is_clutter)
        node = heavy


def _weigh(top: Element, *, skip: Skip | None) -> dict[Element, int]:
    """Prose characters below every element that has some."""
    weights: dict[Element, int] = {}
    stack: list[_Weight] = []
    for event, element in (walker := etree.iterwalk(top, events=("start", "end"))):
        if event == "start":
            stack.append(_Weight())
            if element.tag in _CLUTTER_TAGS or is_hidden(element) or (skip is not None and skip(element)):
                walker.skip_subtree()
            else:
                stack[-1].read(element.text or "")
            continue
        weight = stack.pop()
        if element.tag == "a":
            weight.linked = weight.chars
        elif element.tag not in _INLINE:
            weight.close()
        if weight.prose:
            weights[element] = weight.prose
        if stack:
            if element.tag not in _INLINE and element.tag != "a" and element.tag != "br":
                stack[-1].close()
            stack[-1].take(weight, element.tail or "")
    return weights
