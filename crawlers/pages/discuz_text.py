"""What the author of a Discuz! post said: no quotations, edit notes, permission notices, and no anti-copy noise.

Noise is words that a copier gets and a reader does not see: `.jammer`, `font-size:0`, `display:none`, or spans of a
random class that a <style> of the page hides.
"""

from __future__ import annotations

import re
from datetime import datetime

from core.times import find_when, parse_when
from crawlers.pages.base import PageContext
from crawlers.pages.markup import Element, Skip, first

_EDITED = re.compile(r"(?:于|在|於)\s*(.{6,40}?)\s*(?:编辑|編輯)", re.S)
_UNSAID = frozenset({
    "quote", "reply_wrap",
    "pstatus", "jammer", "locked", "tip", "aimg_tip", "attach_nopermission", "attachlist", "a_pr",
    "a_p", "modact", "aimg_msg", "blockcode_copy", "rate",
})  # fmt: skip
#: Declarations that take words away from a reader.
_HIDES = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0(?:px|pt|em|rem|%)?\s*(?:;|!|$)", re.I
)
_BRACE = re.compile(r"([^{}]*)([{}])")
_ONE_CLASS = re.compile(r"(?:[a-z]{1,10})?\.([\w-]{1,60})", re.I)
#: Noise is strewn between words; boxes that a style hides may be opened by a script.
_INLINE = frozenset({"span", "font", "i", "em", "b", "u", "s", "ins", "small", "label"})
_MOST_STYLE = 200_000


def unsaid_on(root: Element) -> Skip:
    """The test for elements of this page that its authors did not say."""
    hidden = _hidden_classes(root)

    def unsaid(element: Element) -> bool:
        classes = (element.get("class") or "").split()
        if not _UNSAID.isdisjoint(classes):
            return True
        return element.tag in _INLINE and not hidden.isdisjoint(classes)

    return unsaid


def _hidden_classes(root: Element) -> frozenset[str]:
    """Classes that the page's own styles hide from a screen, each by a rule for itself alone."""
    found: set[str] = set()
    for style in root.iter("style"):
        around: list[str] = []
        for piece in _BRACE.finditer((style.text or "")[:_MOST_STYLE]):
            if piece[2] == "{":
                around.append(piece[1])
                continue
            selectors = around.pop() if around else ""
            if _HIDES.search(piece[1]) and not any("@" in rule and "print" in rule for rule in around):
                named = (_ONE_CLASS.fullmatch(selector.strip()) for selector in selectors.split(","))
                found.update(one[1] for one in named if one)
    return frozenset(found)


def edited_at(message: Element, page: PageContext) -> datetime | None:
    """When the post says that it was last changed."""
    for note in message.xpath(".//*[contains(concat(' ',@class,' '),' pstatus ')]"):
        exact = first(note.xpath(".//span[@title]/@title"))
        found = _EDITED.search(note.xpath("string()"))
        said = exact or (found[1] if found else "")
        when = parse_when(said, now=page.now, zone=page.zone) or find_when(
            note.xpath("string()")[:200], now=page.now, zone=page.zone
        )
        if when:
            return when
    return None
