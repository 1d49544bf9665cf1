"""From markup to the text a reader sees: paragraphs kept, scripts and hidden anti-copy noise gone, emoji named.

Everything here walks iteratively and in linear time, because pages are hostile.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from html import unescape
from typing import Any, TypeAlias

from lxml import etree
from lxml import html as lxml_html

from core.text import clean
from crawlers.pages.base import LARGEST_BODY
from crawlers.pages.encoding import decode

#: One class for every element: lxml.html's own lookup asks Python for each node that is touched.
_ONE_CLASS = etree.ElementDefaultClassLookup(element=lxml_html.HtmlElement)

#: lxml's stubs do not agree with lxml 6; elements come and go untyped here.
Element: TypeAlias = Any

_BLOCKS = frozenset({
    "address", "article", "aside", "blockquote", "body", "center", "dd", "details", "div", "dl", "dt",
    "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li",
    "main", "nav", "ol", "p", "pre", "section", "table", "tbody", "tfoot", "thead", "tr", "ul",
})  # fmt: skip
_SILENT = frozenset({
    "script", "style", "noscript", "template", "head", "title", "iframe", "object", "embed", "select",
    "textarea", "svg", "math",
})  # fmt: skip
_HIDDEN = re.compile(
    r"(?:display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0(?:px|pt|em|rem|%)?\s*(?:;|!|$))", re.I
)
_TAG = re.compile(r"<(?:(?P<comment>!--)|(?P<mute>script|style|noscript|template|title)\b|[/!?a-zA-Z][^<>]*>)", re.I)
_CLOSING = {
    name: re.compile(rf"</{name}\b[^<>]{{0,50}}>?", re.IGNORECASE)
    for name in ("script", "style", "noscript", "template", "title")
} | {"": re.compile("-->")}
#: <code class="pagelet_html" …><!-- … --></code>
_HELD_BACK = re.compile(r"(<code\b[^<>]{0,300}>)\s{0,50}<!--", re.IGNORECASE)
_HELD_END = re.compile(r"-->\s{0,50}</code>", re.IGNORECASE)

Skip = Callable[[Element], bool]


def parse_html(body: bytes, content_type: str | None = None) -> Element | None:
    """The page's tree, or `None` where the bytes are no markup that people could read."""
    return parse_markup(decode(body[:LARGEST_BODY], content_type))


def parse_markup(text: str) -> Element | None:
    """The tree of decoded markup; `None` for nothing and for plain text.

    libxml2 stops at 256 levels (`huge_tree` is off), so that no nesting overflows a stack further on.
    """
    text = text.replace("\x00", "")
    if "<" not in text:
        return None
    parser = etree.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, huge_tree=False)
    parser.set_element_class_lookup(_ONE_CLASS)
    try:
        root = lxml_html.document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    except (etree.LxmlError, ValueError):
        return None
    for stray in list(root.itersiblings()):  # a page with two <html>: what follows the first belongs to it
        root.append(stray)
    return root


def is_hidden(element: Element) -> bool:
    """Whether the element's own style keeps it from readers."""
    style = element.get("style")
    return bool(style and _HIDDEN.search(style)) or element.get("hidden") is not None


def text_of(root: Element, *, skip: Skip | None = None, hidden: bool = False) -> str:
    """The text a reader sees below `root`, one line a paragraph; emoji images give their alt text.

    `skip` names elements to leave out with everything below them; `hidden=True` keeps what styles hide.
    """
    parts: list[str] = []
    for event, element in (walker := etree.iterwalk(root, events=("start", "end"))):
        tag = element.tag if isinstance(element.tag, str) else ""
        if event == "end":
            parts.append("\n" if tag in _BLOCKS else " " if tag in ("td", "th") else "")
            if element is not root and element.tail:
                above = element.getparent()
                parts.append(_blank(element.tail, above.tag if above is not None else ""))
            continue
        if element is not root and (
            tag in _SILENT or not tag or (not hidden and is_hidden(element)) or (skip is not None and skip(element))
        ):
            walker.skip_subtree()
            continue
        if tag == "br" or tag in _BLOCKS:
            parts.append("\n")
        if tag == "img":
            parts.append(_emoji(element))
        # Line breaks of the source are blanks to a reader, except in <pre>.
        parts.append(_blank(element.text or "", tag))
    return clean("".join(parts))


def _blank(text: str, tag: str) -> str:
    return text if tag == "pre" else text.replace("\n", " ").replace("\r", " ")


def _emoji(image: Element) -> str:
    """Alt text in brackets ("[怒]") is an emoji; any other alt is a caption nobody reads."""
    alt = (image.get("alt") or "").strip()
    return alt if 2 < len(alt) <= 12 and alt[0] == "[" and alt[-1] == "]" else ""


def short_text(element: Element, longest: int) -> str:
    """The words below an element on one line; "" where they are longer, found out without reading on."""
    parts: list[str] = []
    size = 0
    for piece in element.itertext():
        size += len(piece.strip())
        if size > longest:
            return ""
        parts.append(piece)
    return " ".join("".join(parts).split())


def html_to_text(fragment: str) -> str:
    """Text of a fragment of markup, as APIs send it; the fragment itself where it holds no tag."""
    if "<" not in fragment:
        return clean(unescape(fragment))
    root = parse_markup(f"<div>{fragment[:LARGEST_BODY]}</div>")
    return "" if root is None else text_of(root)


def released(markup: str) -> str:
    """The markup with the parts that wait inside comments for a script to put them in place (Tieba) put in place."""
    if "<code" not in markup:
        return markup
    return _HELD_END.sub("</code>", _HELD_BACK.sub(r"\1", markup))


def visible_text(markup: str, *, enough: int | None = None) -> str:
    """A quick, tree-less look at what a page says; linear in the input, for signs of a block page only.

    With `enough` it stops looking when it has seen so many characters: only pages that say little are read to the end.
    """
    parts: list[str] = []
    place, gathered, goal = 0, 0, enough
    while found := _TAG.search(markup, place):
        start = found.start()
        if start > place:
            parts.append(markup[place:start])
            gathered += start - place
            if goal is not None and gathered >= goal:
                said = clean(unescape(" ".join(parts)))
                if len(said) >= (enough or 0):
                    return said
                goal = 2 * gathered  # blanks and entities shrink; looking again at ever longer texts stays linear
        place = found.end()
        if found["comment"] or found["mute"]:
            end = _CLOSING[(found["mute"] or "").lower()].search(markup, place)
            if end is None:
                return clean(unescape(" ".join(parts)))
            place = end.end()
    parts.append(markup[place:])
    return clean(unescape(" ".join(parts)))


def beginning(element: Element, most: int) -> str:
    """The first characters of an element's text, as it stands in the tree; never builds the rest."""
    parts: list[str] = []
    left = most
    for part in element.itertext():
        parts.append(part[:left])
        left -= len(part)
        if left <= 0:
            break
    return "".join(parts)


def first(nodes: Iterable[Element]) -> Element | None:
    """The first node, or `None`."""
    return next(iter(nodes), None)
