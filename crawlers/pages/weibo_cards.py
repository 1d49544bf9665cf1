"""One card of Weibo's search page: the status it shows, and the original of a repost inside it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from urllib.parse import urlsplit

from core.model import Author, Counts, Post
from core.text import clean
from core.times import parse_when
from crawlers.pages.base import PageContext
from crawlers.pages.counts import parse_count
from crawlers.pages.markup import Element, first, text_of
from crawlers.pages.urls import absolute
from crawlers.pages.weibo_ids import as_mid, is_mid, mid_of_bid, status_url, weibo_site

_ADVERT = frozenset({"广告", "推广"})
_FOLDS = re.compile(r"(?:展开|收起)(?:全文)?[a-z]?|全文", re.I)
_ICONS = frozenset({"wbicon", "iconfont"})
#: "今天12:30 转赞人数超过20": the page's own remark behind the time.
_REMARK = re.compile(r"\s*转赞人数.*$", re.S)
_REGION = re.compile(r"(?:发布于|IP属地[::：]?)\s*([^\s,，|·]{2,12})")
_UID = re.compile(r"(?:/u)?/(\d{5,12})/?$", re.ASCII)
_NUMBER = re.compile(r"\d[\d.,]*\s*[万亿wk千]?\+?", re.I | re.ASCII)
#: Sizes in which Weibo's image hosts serve the same picture: the first folder of the path.
_SIZE = re.compile(r"^(https?://[^/]*sinaimg\.[^/]+)/(?:thumb|orj|mw|bmiddle|wap|square|crop|small)[^/]*/", re.I)
_MOST_IMAGES = 18
#: No card holds more of anything; a hostile one is not read further.
_MOST_NODES = 40
_COUNTED = {"转发": "reposts", "评论": "replies", "赞": "likes"}
_ACTIONS = {"feed_list_forward": "reposts", "feed_list_comment": "replies", "feed_list_like": "likes"}
_FROM = ".//*[self::div or self::p][contains(concat(' ', @class, ' '), ' from ')]"


def has_class(element: Element, name: str) -> bool:
    """Whether the element has this class."""
    return name in (element.get("class") or "").split()


def read_card(card: Element, page: PageContext) -> list[Post] | None:
    """The status, after the original that it reposts; empty where it cannot be read, `None` for an advertisement."""
    if _is_advert(card):
        return None
    quoted = first(node for node in card.iter("div") if has_class(node, "card-comment"))
    original = _status(quoted, page, within=None, mid=_mid_of_quoted(quoted)) if quoted is not None else None
    own = _status(card, page, within=quoted, mid=card.get("mid") or "")
    if own is None:
        return []
    if original is None:
        return [own]
    return [original, replace(own, parent=original.id)]


def _is_advert(card: Element) -> bool:
    if (card.get("feedtype") or "").lower() == "ad" or "adid" in (card.get("action-data") or ""):
        return True
    labels = card.xpath(
        f"{_FROM}//text() | "
        ".//*[contains(@class, 'ad-tag') or contains(@class, 'icon-ad') or contains(@class, 'card-top')]//text()"
    )
    return any(clean(label) in _ADVERT for label in labels[:40])


def _mid_of_quoted(quoted: Element) -> str:
    said = quoted.xpath(".//a[@action-type='feed_list_like']/@action-data")
    found = re.search(r"mid=(\d+)", said[0]) if said else None
    return found[1] if found else ""


def _outside(nodes: Sequence[Element], within: Element | None) -> list[Element]:
    """Those that do not lie in the quoted original."""
    if within is None:
        return list(nodes[:_MOST_NODES])
    return [node for node in nodes[:_MOST_NODES] if all(above is not within for above in node.iterancestors())]


def _status(root: Element, page: PageContext, *, within: Element | None, mid: str) -> Post | None:
    line = first(_outside(root.xpath(_FROM), within))
    link = first(line.iter("a")) if line is not None else None
    href = (link.get("href") or "") if link is not None else ""
    number = mid if is_mid(mid) else _mid_of_address(href)
    text = _text(root, within)
    if number is None or not text:
        return None
    return Post(
        kind="weibo",
        site=weibo_site(page.url),
        native_id=number,
        url=status_url(page, number),
        channel=page.channel or "weibo",
        text=text,
        author=_author(root, line, within),
        published=_time(link, page),
        collected=page.now,
        counts=_counts(root, within),
        images=_images(root, page, within),
    )


def _mid_of_address(href: str) -> str | None:
    # "//weibo.com/1234567890/PxYz12AbC?refer_flag=1001030103_"
    try:
        parts = urlsplit(href).path.strip("/").split("/")
    except ValueError:
        return None
    return (mid_of_bid(parts[-1]) or as_mid(parts[-1])) if len(parts) >= 2 else None


def _text(root: Element, within: Element | None) -> str:
    """The whole text where the page carries it folded away, else the one that is shown."""
    for path in (
        ".//*[@node-type='feed_list_content_full']",
        ".//*[@node-type='feed_list_content']",
        ".//p[contains(concat(' ', @class, ' '), ' txt ')]",
    ):
        for node in _outside(root.xpath(path), within)[:3]:
            text = text_of(node, skip=_is_button)
            if text:
                return text
    return ""


def _is_button(element: Element) -> bool:
    if any(name in _ICONS for name in (element.get("class") or "").split()):
        return True
    if element.tag != "a":
        return False
    if element.get("action-type") in ("fl_unfold", "fl_fold"):
        return True
    flat = len(element) <= 3 and all(len(inner) == 0 for inner in element)
    return flat and bool(_FOLDS.fullmatch("".join("".join(element.itertext()).split())))


def _author(root: Element, line: Element | None, within: Element | None) -> Author:
    shown = text_of(line) if line is not None else ""
    region = _REGION.search(" ".join(shown.split()))
    named = _outside(root.xpath(".//a[contains(concat(' ', @class, ' '), ' name ') or @nick-name]"), within)
    link = first(one for one in named if one.get("nick-name") or text_of(one))
    if link is None:
        return Author(region=region[1] if region else None)
    name = clean(link.get("nick-name") or text_of(link)).lstrip("@")
    try:
        uid = _UID.search(urlsplit(link.get("href") or "").path)
    except ValueError:
        uid = None
    return Author(id=uid[1] if uid else None, name=name or None, region=region[1] if region else None)


def _time(link: Element | None, page: PageContext) -> datetime | None:
    shown = _REMARK.sub("", text_of(link)) if link is not None else ""
    return parse_when(shown, now=page.now, zone=page.zone) if shown else None


def _counts(root: Element, within: Element | None) -> Counts:
    """A word without a number means none yet; a button that is not there means that we do not know."""
    found: dict[str, int | None] = {}
    rows = root.xpath(".//*[contains(@class, 'card-act')]//li[not(ancestor::li)]")
    rows = rows or root.xpath(".//ul[contains(@class, 'act')]/li[not(ancestor::li)]")
    for row in _outside(rows, within):
        said = " ".join(text_of(row).split())
        actions = row.xpath(".//@action-type")
        name = next((_ACTIONS[action] for action in actions if action in _ACTIONS), None)
        name = name or next((field for word, field in _COUNTED.items() if said.startswith(word)), None)
        if name is None and row.xpath(".//em | .//*[contains(@class, 'like')]"):
            name = "likes"
        if name is not None and name not in found:
            number = _NUMBER.search(said)
            found[name] = parse_count(number[0]) if number else 0
    return Counts(reposts=found.get("reposts"), replies=found.get("replies"), likes=found.get("likes"))


def _images(root: Element, page: PageContext, within: Element | None) -> tuple[str, ...]:
    nodes = root.xpath(".//*[contains(@class, 'media') or @node-type='feed_list_media_prev']//img")
    found: dict[str, None] = {}
    for image in _outside(nodes, within):
        if any(has_class(above, "avator") or has_class(above, "face") for above in image.iterancestors()):
            continue
        url = absolute(page.url, image.get("src") or image.get("data-src"))
        if url and "/emoticon/" not in url:
            found[_SIZE.sub(r"\1/large/", url)] = None
    return tuple(found)[:_MOST_IMAGES]
