"""The complainant's own words, where a page sets them into one part with the facts, or into a part without a name."""

from __future__ import annotations

import re

from core.text import clean
from crawlers.pages.base import PageContext
from crawlers.pages.complaint_fields import meaning_of
from crawlers.pages.markup import Element, text_of
from crawlers.pages.urls import absolute

_BOXES = ("div", "td", "section", "article", "dd", "li")
_FURNITURE = re.compile(r"版权|copyright|ICP备|备\d{5,}|免责声明|本站|客服|All Rights", re.I)
_LABEL = re.compile(r"^\s*[【\[]?([\u4e00-\u9fff4Ss]{2,9})[】\]]?\s*[:\uff1a]")
_MANY_LABELS = 3
_FEWEST, _MOST_BOXES = 10, 5000


def story_alone(text: str, title: str | None) -> str:
    """A part's text without the facts and the answers that stand in the same part."""
    lines = text.split("\n")
    if sum(_is_fact(line) for line in lines) < _MANY_LABELS:
        return text
    begin = next((number + 1 for number, line in enumerate(lines) if meaning_of(line) == "text"), 0)
    rest = lines[begin:]
    end = next((number for number, line in enumerate(rest) if meaning_of(line) in ("reply", "replied")), len(rest))
    wanted = "".join((title or "").split())
    kept = [line for line in rest[:end] if not _is_fact(line) and "".join(line.split()) != wanted]
    return "\n".join(kept).strip()


def _is_fact(line: str) -> bool:
    found = _LABEL.match(line)
    return found is not None and meaning_of(found[1]) not in (None, "text")


def story_below(root: Element) -> str:
    """The part with most words of its own that is no table of facts, no menu and no imprint; empty where none is."""
    best, longest = "", _FEWEST - 1
    for box in list(root.iter(*_BOXES))[:_MOST_BOXES]:
        own = [box.text or "", *(child.tail or "" for child in box)]
        paragraphs = [child.xpath("string()") for child in box if child.tag == "p" and not child.xpath(".//a")]
        said = len("".join("".join([*own, *paragraphs]).split()))
        if said <= longest:
            continue
        text = text_of(box)
        facts = sum(_is_fact(line) for line in text.split("\n"))
        if facts or _FURNITURE.search(text) or meaning_of(clean(text)[:12]) is not None:
            continue
        best, longest = text, said
    return best


def images_of(root: Element, page: PageContext) -> tuple[str, ...]:
    """Pictures that the complainant set into the story."""
    found = root.xpath(
        "//*[contains(@class,'tsnr') or contains(@class,'ts-reply') or contains(@class,'complaint')]//img"
    )
    sources = [image.get("data-src") or image.get("src") or "" for image in found[:40]]
    urls = (absolute(page.url, source) for source in sources if not source.startswith("data:"))
    return tuple(dict.fromkeys(url for url in urls if url))[:20]
