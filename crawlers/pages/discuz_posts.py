"""The posts of one Discuz! thread page: who, when, what, on which floor."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from lxml import etree

from core.model import Author, Counts, Post, post_id
from core.text import clean
from core.times import find_when, parse_when
from crawlers.pages.base import PageContext
from crawlers.pages.counts import parse_count
from crawlers.pages.discuz_pictures import has_attachments, pictures
from crawlers.pages.discuz_text import edited_at, unsaid_on
from crawlers.pages.markup import Element, Skip, beginning, first, text_of
from crawlers.pages.urls import absolute, canonical, site_of, thread_number

_FLOOR_NAMES = {"楼主": 1, "樓主": 1, "沙发": 2, "沙發": 2, "板凳": 3, "椅子": 3, "地板": 4, "地下室": 5}
_BUTTON = re.compile(r"replybtn_(\d{1,15})\b", re.ASCII)
_DIGITS = re.compile(r"\d+", re.ASCII)
#: "12#", "第12楼", "12"; not the views that a theme shows at that place.
_FLOOR = re.compile(r"(?<!\d)(\d{1,7})(?:[#＃楼樓层層]|F\b)|^(?:第|No\.?|[#＃])?(\d{1,7})$", re.ASCII)
_UID = re.compile(r"uid[=-](\d{1,12})", re.ASCII)
_POSTED = re.compile(
    r"(?:发[表布]于|發[表佈布]於)\s*[::]?\s*(\d{4}[-/.]\d{1,2}[-/.]\d{1,2}\s+\d{1,2}:\d\d(?::\d\d)?|[^\s|]{1,8}\s*(?:前|\d{1,2}:\d\d))"
)
_HAS_CELLS = etree.XPath("boolean(.//td or .//*[@class])")
#: A page shows 10 to 100 posts; only a hostile one shows more than this.
_MOST_POSTS = 1000
_VIEWS, _REPLIES = ("查看", "Views"), ("回复", "回覆", "回復", "Replies")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Thread:
    """What the posts of a page share."""

    page: PageContext
    base: str
    site: str
    #: Address of this page of the thread.
    url: str
    tid: str | None
    number: int
    title: str | None
    counts: Counts
    #: What stands in a post without being said by its author.
    unsaid: Skip
    has_attachments: bool
    #: The elements of the page by their id.
    ids: Mapping[str, Element]


def read_posts(root: Element, page: PageContext, *, base: str) -> tuple[bool, tuple[Post, ...]]:
    """Whether this is a thread page, and the posts it shows; posts that the forum hides are left out."""
    named: list[Element] = root.xpath("//*[@id]")
    boxes = _boxes(named) or _touch_boxes(root)
    if not boxes:
        return False, ()
    thread = _thread(root, page, base, named)
    posts: list[Post] = []
    opening, floor = page.opening, 0 if thread.number == 1 else None
    for number, box in boxes.items():
        floor = _floor(box, thread.ids, number, after=floor)
        post = _post(box, number, thread, floor=floor, opening=opening)
        if floor == 1:
            opening = post_id("forum", thread.site, _native_id(number))
        if post:
            posts.append(post)
    return True, tuple(posts)


def _native_id(number: str) -> str:
    return f"pid:{number}"


def _boxes(named: list[Element]) -> dict[str, Element]:
    """Post number → its element, in page order; X wraps table#pidN in div#post_N, 6 has the table alone."""
    boxes: dict[str, Element] = {}
    for element in named:
        if len(boxes) >= _MOST_POSTS:
            return boxes
        name: str = element.get("id")
        if not name.startswith(("post_", "pid")):
            continue
        number = name.removeprefix("post_").removeprefix("pid")
        if number.isascii() and number.isdigit() and len(number) < 16 and _HAS_CELLS(element):
            boxes.setdefault(number, element)
    return boxes


def _touch_boxes(root: Element) -> dict[str, Element]:
    """The touch edition before X3.4 numbers only the button that answers a post."""
    boxes: dict[str, Element] = {}
    buttons = root.xpath("//*[@href or @id][starts-with(@href,'#replybtn_') or starts-with(@id,'replybtn_')]")
    for button in buttons[: 2 * _MOST_POSTS]:
        number = _BUTTON.search(button.get("href") or button.get("id") or "")
        box = first(button.xpath("ancestor::*[contains(concat(' ',@class,' '),' plc ')][1]"))
        if number and box is not None and len(boxes) < _MOST_POSTS:
            boxes.setdefault(number[1], box)
    return boxes


def _thread(root: Element, page: PageContext, base: str, named: list[Element]) -> _Thread:
    ids = {element.get("id"): element for element in reversed(named)}  # the first of a name counts
    found = thread_number(page.url)
    url = page.url
    if found is None:
        declared = absolute(base, first(root.xpath("//link[@rel='canonical']/@href")))
        found = thread_number(declared) if declared else None
        url = declared if declared and found and site_of(declared) == site_of(page.url) else page.url
    return _Thread(
        page=page,
        base=base,
        site=site_of(page.url),
        url=canonical(url),
        tid=found[0] if found else None,
        number=found[1] if found else 1,
        title=_title(root, ids),
        unsaid=unsaid_on(root),
        has_attachments=has_attachments(root),
        ids=ids,
        counts=_counts(root, ids),
    )


def _title(root: Element, ids: Mapping[str, Element]) -> str | None:
    subject = ids.get("thread_subject")
    if subject is not None and (title := clean(subject.xpath("string()"))):
        return title
    for path in (
        "//*[@id='threadtitle']//h1",
        "//*[contains(@class,'viewthread')]//h1",
        "//*[@class='view_tit']",
    ):
        node = first(root.xpath(path))
        if node is not None and (title := clean(node.xpath("string()"))):
            return title
    touch = clean(" ".join(root.xpath("(//*[@class='postlist']/h2)[1]/text()")))
    if touch:
        return touch
    title = clean(root.xpath("string(//title)"))
    return title.split(" - ")[0].strip() or None


def _counts(root: Element, ids: Mapping[str, Element]) -> Counts:
    """What the page says of the whole thread; labels differ with the edition's language."""
    spans = [((span.text or "").strip() or beginning(span, 40).strip(), span) for span in root.iter("span")]
    views, replies = _shown(spans, *_VIEWS), _shown(spans, *_REPLIES)
    if views is None or replies is None:  # old themes write both into a running line
        list_ = ids.get("postlist")
        list_ = first(root.xpath("(//*[contains(@class,'viewthread')])[1]")) if list_ is None else list_
        head = beginning(list_, 2000) if list_ is not None else ""
        views = _told(head, *_VIEWS) if views is None else views
        replies = _told(head, *_REPLIES) if replies is None else replies
    return Counts(views=views, replies=replies)


def _shown(spans: list[tuple[str, Element]], *labels: str) -> int | None:
    """The count in the element behind one of these words."""
    after = [next(span.itersiblings(), None) for said, span in spans if said.startswith(labels)]
    counts = (parse_count(node.xpath("string()")) for node in [node for node in after if node is not None][:3])
    return next((count for count in counts if count is not None), None)


def _told(head: str, *labels: str) -> int | None:
    """The count that stands behind one of these words in a text."""
    found = re.search(rf"(?:{'|'.join(labels)})\s*[:：]\s*(\d{{1,12}})", head)
    return int(found[1]) if found else None


def _named(box: Element, ids: Mapping[str, Element], *names: str) -> Element | None:
    """The element of the box that has one of these ids; one walk over the page serves all its posts."""
    found = next((ids[name] for name in names if name in ids), None)
    return found if found is not None and any(above is box for above in found.iterancestors()) else None


def _floor(box: Element, ids: Mapping[str, Element], number: str, *, after: int | None) -> int | None:
    label = _named(box, ids, f"postnum{number}", f"postnum_{number}")
    if label is None:  # the touch editions
        label = first(
            box.xpath(
                ".//*[@class='mtit']/span[@class='y']|.//ul[@class='authi']/li[1]/em[1]|"
                ".//*[@class='bm_user']/em[not(@id)][1]"
            )
        )
    shown = "".join(label.xpath("string()").split()) if label is not None else ""
    if shown in _FLOOR_NAMES:
        return _FLOOR_NAMES[shown]
    several = label is not None and sum(bool(_DIGITS.search(said)) for said in label.itertext()) > 1
    digits = _FLOOR.search(shown)
    if digits and not several:
        return int(digits[1] or digits[2])
    return after + 1 if after is not None else None


def _post(box: Element, number: str, thread: _Thread, *, floor: int | None, opening: str | None) -> Post | None:
    message = _message(box, thread.ids, number)
    is_opening = floor == 1
    text = text_of(message, skip=thread.unsaid) if message is not None else ""
    images = pictures(box, message, thread.base, has_attachments=thread.has_attachments) if message is not None else ()
    if message is None or not (text or images or (is_opening and thread.title)):
        return None
    own = post_id("forum", thread.site, _native_id(number))
    return Post(
        kind="forum",
        site=thread.site,
        native_id=_native_id(number),
        url=f"{thread.url}#pid{number}",
        channel=thread.page.channel or "forum",
        title=thread.title if is_opening else None,
        text=text,
        author=_author(box),
        published=_published(box, thread.ids, number, thread.page),
        edited=edited_at(message, thread.page),
        collected=thread.page.now,
        floor=floor,
        parent=opening if opening != own and not is_opening else None,
        counts=thread.counts if is_opening else Counts(),
        images=images,
    )


def _message(box: Element, ids: Mapping[str, Element], number: str) -> Element | None:
    """The post's text; themes that drop the id keep the class, the touch edition has its own."""
    named = _named(box, ids, f"postmessage_{number}")
    if named is not None:
        return named
    for path in (
        ".//*[contains(concat(' ',@class,' '),' t_f ') or contains(@class,'t_msgfont')]",
        ".//*[@class='message']",
        f"./following-sibling::*[1]//*[@id='postmessage_{number}']",  # the mobile edition of X2
    ):
        message = first(box.xpath(path))
        if message is not None:
            return message
    return None


def _author(box: Element) -> Author:
    named = _signed(
        box,
        ".//div[@class='authi']/a[@class='xw1']",  # as nearly all pages have it; the next line is slower
        ".//*[contains(@class,'authi')]/a[contains(concat(' ',@class,' '),' xw1 ')]",
        ".//a[contains(@class,'posterlink')]",
        ".//*[@class='authi']/a[contains(@href,'uid=') or contains(@href,'uid-')]",  # names above the text
        ".//*[contains(@class,'postauthor')]//cite//a[contains(@href,'uid')]",
        ".//*[@class='mtit']//a[contains(@href,'uid')]",
        ".//ul[@class='authi']/li[1]//a[contains(@href,'uid')]",
        ".//*[@class='bm_user']/a[contains(@href,'uid')]",
    )
    if named:
        return named
    # Anonymous, guest or deleted: a bare name with a remark in <em>.
    side = first(
        box.xpath(".//*[contains(@class,'pls') or contains(@class,'postauthor')]//*[contains(@class,'authi')]")
    )
    if side is None:
        side = first(box.xpath(".//td[contains(@class,'pls')]//*[@class='pi']|.//ul[@class='authi']/li[1]/b"))
    bare = clean(side.text or side.xpath("string(a/text())")) if side is not None else ""
    if bare:
        return Author(name=bare)
    any_link = ".//*[contains(@class,'postauthor') or contains(@class,'pls')]//a[contains(@href,'uid') and string(.)]"
    return _signed(box, any_link) or Author()


def _signed(box: Element, *paths: str) -> Author | None:
    """The author whom the first of these links names; string(), because coloured names nest <font>."""
    for path in paths:
        anchor = first(box.xpath(path))
        if anchor is not None and (name := clean(anchor.xpath("string()"))):
            uid = _UID.search(anchor.get("href") or "")
            return Author(id=uid[1] if uid else None, name=name)
    return None


def _published(box: Element, ids: Mapping[str, Element], number: str, page: PageContext) -> datetime | None:
    posted = _named(box, ids, f"authorposton{number}")
    if posted is not None:
        exact = first(posted.xpath(".//span[@title]/@title"))
        shown = exact or posted.xpath("string()")
        return parse_when(shown, now=page.now, zone=page.zone) or find_when(shown, now=page.now, zone=page.zone)
    for line in box.xpath(".//*[contains(@class,'postinfo') or contains(@class,'authi') or contains(@class,'pti')]"):
        found = _POSTED.search(clean(line.xpath("string()")))
        if found:
            return parse_when(found[1], now=page.now, zone=page.zone)
    for line in box.xpath(".//*[@class='mtime']|.//ul[@class='authi']/li")[:6]:
        touch = first(line.xpath("./span[@title]/@title")) or "".join(line.xpath("./text()"))
        if when := parse_when(touch, now=page.now, zone=page.zone):
            return when
    return None
