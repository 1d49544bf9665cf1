"""The pictures of a Discuz! post: those in its text and those that were attached to it."""

from __future__ import annotations

import re

from crawlers.pages.markup import Element
from crawlers.pages.urls import absolute

_DECORATION = re.compile(
    r"/(?:smiley|smilies|smile|face|common|icon|avatar)s?/|avatar\.php|none\.gif|filetype/|uc_server", re.I
)
_MOST_IMAGES = 60
_BOXES = ("div", "dl", "ul", "ol", "table", "td", "p", "section", "ignore_js_op")
_LISTS = ("pattl", "t_attachlist", "img_list")
_ATTACHED = (
    ".//*[contains(@class,'pattl') or contains(@class,'t_attachlist')"
    " or @class='img_one' or starts-with(@class,'img_list')]//img"
)


def pictures(box: Element, message: Element, base: str, *, has_attachments: bool) -> tuple[str, ...]:
    """Pictures of the post and its attachments; smilies and icons are no pictures."""
    found: dict[str, None] = {}
    for image in [
        *message.iter("img"),
        *(box.xpath(_ATTACHED) if has_attachments else ()),
    ]:
        source = image.get("zoomfile") or image.get("file") or image.get("src")
        url = absolute(base, source)
        if url and not image.get("smilieid") and not _DECORATION.search(url):
            found.setdefault(url)
    return tuple(found)[:_MOST_IMAGES]


def has_attachments(root: Element) -> bool:
    """Whether there is a list of attachments anywhere: most pages have none, and looking in every post is slow."""
    classes = {element.get("class") for element in root.iter(*_BOXES)} - {None}
    return any(name == "img_one" or any(mark in name for mark in _LISTS) for name in classes)
