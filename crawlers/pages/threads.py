"""Forums of unknown software, read by structure alone; what no table of places knows comes here.

A list is rows of one form with a title, a person, a time, numbers. A thread is blocks of one form with a person, a time
and words. What shows neither is `broken`, not rubbish: menus, articles without comments, portals.

Identity: an opening post is named by its thread alone, so that it keeps its name when the first reply gives the page
another form. Replies: a post's own number where every block carries one (id, data-…, anchor), with the thread's number
before it, because such numbers may be floors. Without: floor, author and time, hashed; stable as long as the page keeps
them.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from urllib.parse import urlsplit

from core.model import Author, Post, post_id
from core.text import clean
from core.times import find_when
from crawlers.pages.base import PageContext, PageParser, Parsed, stopped
from crawlers.pages.forum_following import next_pages
from crawlers.pages.forum_layout import declared_base
from crawlers.pages.forum_outcome import board_page, neither, thread_page, unreadable_posts
from crawlers.pages.markup import Element, first, parse_html
from crawlers.pages.refusals import refusal
from crawlers.pages.threads_blocks import Block, find_blocks, words_of
from crawlers.pages.threads_marks import elements, floor_of, marks, times
from crawlers.pages.threads_opening import opening_apart
from crawlers.pages.threads_rows import as_links, find_listing
from crawlers.pages.urls import absolute, canonical, site_of

_PAGING = re.compile(r"(?:^|&)(?:page|p|pn|pageno|pageid|pagenum|start|offset|cpage|pg|from|sid|s)=[^&]*", re.I)
_PAGE_PART = re.compile(r"/(?:page|p|pn)[/_-]?\d{1,6}(?=/|\.|$)", re.I)
_TOKEN = re.compile(r"[A-Za-z0-9]*\d[A-Za-z0-9]*")
_PERSON_NUMBER = re.compile(
    r"(?:uid|user_?id|u|id|member|user|space|people|profile)[=/_-](\d{1,15})\b|/u(\d{1,15})\b", re.I
)
_TITLES = (
    "//h1[1]",
    "//meta[@property='og:title']/@content",
    "//*[contains(@class,'title')][self::h2 or self::h3][1]",
)
_PREVIOUS = (
    "//a[@href][@rel='prev' or @class='prev' or normalize-space(string())='上一页' or "
    "normalize-space(string())='上一頁' or normalize-space(string())='Previous' or normalize-space(string())='Prev']"
)
#: An address that names a later page than the first.
_LATER = re.compile(
    r"(?:^|[?&])(?:page|p|pn|pageno|start|offset)=(?!0*1?(?:&|$))\d|/page[/_-]?(?!1(?:\D|$))\d|"
    r"[_-](?!1\.)\d{1,4}\.s?html?$",
    re.I,
)
_LABEL = re.compile(r"^(?:主题|主題|标题|標題|话题|帖子|Topic|Thread)\s*[:：]\s*(?=\S)")
_EDITED = re.compile(r"编辑|編輯|edited|修改", re.I)
#: Characters of paragraphs.
_ARTICLE = 300
#: Said where replies would stand.
_UNANSWERED = re.compile(
    r"(?<!\d)0\s*(?:条|个|则)?\s*(?:回复|回帖|评论|回应)|(?:暂无|还没有|尚无|没有|暂时没有)(?:任何|人)?(?:回复|回帖|回应)|抢沙发|沙发空缺"
)
_FURNITURE = re.compile(r"avatar|face|smil|emoji|emot|icon|/rank|level|medal|spacer|loading|blank\.gif|none\.gif", re.I)


def looks_like_threads(body: bytes, page: PageContext) -> bool:
    """Whether nothing but a board or a thread is built like this page."""
    if len(body) > 3_000_000 or body[:200].lstrip()[:1] in (b"{", b"["):
        return False
    root = parse_html(body, page.content_type)
    if root is None or not site_of(page.url):
        return False
    nodes = elements(root)
    told = list(times(nodes, page))
    if len(told) < 2:
        return False
    blocks, sure = find_blocks(nodes, told)
    if blocks and sure and not _below_an_article(nodes, blocks[0].box):
        return True
    listing = find_listing(nodes, told, page, declared_base(root, page.url))
    return listing is not None and listing.sure


def _below_an_article(nodes: list[Element], box: Element) -> bool:
    """Whether so much text stands above the first block that the blocks are its comments."""
    said = 0
    for node in nodes:
        if node is box:
            return False
        said += len(clean(node.text or "")) if node.tag == "p" else 0
        if said >= _ARTICLE:
            return True
    return False


def parse(body: bytes, page: PageContext) -> Parsed:
    """The threads of a list, or the posts of a thread; never raises."""
    if (refused := refusal(body, page, expects="html")) is not None:
        return refused
    root = parse_html(body, page.content_type)
    if root is None or not site_of(page.url):
        return stopped("broken", "响应不是可读的网页")
    return read(root, page, base=declared_base(root, page.url)) or neither(root)


def read(root: Element, page: PageContext, *, base: str) -> Parsed | None:
    """The threads or posts of a page of unknown software; `None` where it shows neither."""
    nodes = elements(root)
    told = list(times(nodes, page))
    listing = find_listing(nodes, told, page, base)
    blocks, _ = find_blocks(nodes, told)
    if blocks and not (listing and _is_list(blocks, [row.box for row in listing.rows])):
        apart = opening_apart(nodes, told, blocks) if _is_first(root, page) else None
        posts = tuple(_posts(root, blocks, page, base, apart))
        return thread_page(posts, next_pages(root, base, page.url, "page")) if posts else unreadable_posts()
    if listing:
        return board_page(as_links(listing), next_pages(root, base, page.url, "list"))
    if _UNANSWERED.search(clean(root.xpath("string()")[:200_000])) and (alone := opening_apart(nodes, told, [])):
        return thread_page(tuple(_posts(root, [], page, base, alone)), ())
    return None


def _is_list(blocks: list[Block], rows: list[Element]) -> bool:
    """Whether the blocks are the rows of the list: each holds the link to a thread of its own."""
    boxes = {id(block.box) for block in blocks}
    inside = sum(id(row) in boxes or any(id(around) in boxes for around in row.iterancestors()) for row in rows)
    around = sum(any(id(up) == id(row) for row in rows for up in block.box.iterancestors()) for block in blocks[:200])
    return inside >= 0.5 * len(blocks) or around >= 0.5 * len(blocks)


def _posts(root: Element, blocks: list[Block], page: PageContext, base: str, apart: Block | None) -> Iterator[Post]:
    site, thread = site_of(page.url), thread_key(root, page.url, base)
    title, opening = _title(root), page.opening
    numbers, anchors = _numbers(blocks)
    floors = _floors(root, blocks, page)
    if apart is not None:
        # Such sites number the replies, some from 1: only the opening post is the first floor.
        shown = any(_shown_floor(block.box) is not None for block in blocks[:5])
        after = [None] * len(blocks) if shown else [place + 2 for place in range(len(blocks))]
        floors = [1, *(floors if 1 not in floors else after)]
        blocks, numbers, anchors = [apart, *blocks], [None, *numbers], [None, *anchors]
    for place, block in enumerate(blocks):
        text, images = words_of(block), _images(block, base)
        floor = floors[place]
        if not (text or images or (floor == 1 and title)):
            continue
        author = _author(block)
        own_name = "opening" if floor == 1 else numbers[place] or _made_up(block, floor, author, text)
        native_id = f"{thread}#{own_name}"
        own = post_id("forum", site, native_id)
        if floor == 1:
            opening = own
        anchor = anchors[place]
        yield Post(
            kind="forum",
            site=site,
            native_id=native_id,
            url=canonical(page.url) + (f"#{anchor}" if anchor else ""),
            channel=page.channel or "forum",
            title=title if floor == 1 else None,
            text=text,
            author=author,
            published=block.told.when,
            edited=_edited(block, page),
            collected=page.now,
            floor=floor,
            parent=opening if opening != own and floor != 1 else None,
            images=images,
        )


def thread_key(root: Element, url: str, base: str) -> str:
    """What all pages of a thread have in common: its number, else its path without the page's."""
    own = _tokens(url)
    pages = [_tokens(link.url) for link in next_pages(root, base, url, "page")]
    pages += [
        _tokens(target)
        for anchor in root.xpath("//a[@rel='prev'][@href]")[:1]
        if (target := absolute(base, anchor.get("href")))
    ]
    shared = [token for token in own if all(token in other for other in pages)] or own
    if shared:
        return max(shared, key=lambda token: (len(token), token))
    path = _PAGE_PART.sub("", urlsplit(url).path).rstrip("/")
    return hashlib.sha256(path.encode("utf-8", "replace")).hexdigest()[:12]


def _tokens(url: str) -> list[str]:
    parts = urlsplit(canonical(url))
    return _TOKEN.findall(_PAGE_PART.sub("", parts.path) + "?" + _PAGING.sub("", parts.query))


def _title(root: Element) -> str | None:
    for path in _TITLES:
        node = first(root.xpath(path))
        said = clean(node if isinstance(node, str) else node.xpath("string()")) if node is not None else ""
        if 2 <= len(said) <= 200:
            return _LABEL.sub("", said.replace("\n", " "))
    plain = root.xpath("//h2[not(.//a)][not(ancestor::*[self::aside or self::nav or self::header])]")[:2]
    if len(plain) == 1 and 4 <= len(said := clean(plain[0].xpath("string()"))) <= 100:
        return said.replace("\n", " ")
    said = clean(root.xpath("string(//title)"))
    return re.split(r"\s+[-_|–—]\s+|_", said)[0].strip() or None


def _numbers(blocks: list[Block]) -> tuple[list[str | None], list[str | None]]:
    """Each block's own number, by the attribute that all have and none shares; and the fragment that leads to it."""
    found: list[dict[str, str]] = []
    for block in blocks:
        names: dict[str, str] = {}
        for name, value in marks(block.box):
            names.setdefault(name, value)
        found.append(names)
    common = Counter(name for names in found for name in names)
    for name, count in common.most_common():
        values = [names.get(name) for names in found]
        # An opening post may go without: it is named by its thread.
        told = values if count == len(blocks) else values[1:]
        if None not in told and len(set(told)) == len(told) and len(told) > 0:
            stem = name.partition(":")[2]
            is_anchor = "@id:" in name or "@name:" in name
            return list(values), [f"{stem}{value}" if is_anchor and value else None for value in values]
    return [None] * len(blocks), [None] * len(blocks)


def _floors(root: Element, blocks: list[Block], page: PageContext) -> list[int | None]:
    """The floors that the blocks show; on a first page their order tells, where they show none."""
    shown = [_shown_floor(block.box) for block in blocks]
    known = [floor for floor in shown if floor is not None]
    if known and len(set(known)) == len(known) and len(known) >= 0.5 * len(blocks):
        for place, floor in enumerate(shown):
            before = shown[place - 1] if place else None
            if floor is None and before is not None:
                shown[place] = before + 1
            elif floor is None and page.opening is None and len(shown) > 1 and shown[1] == 2:
                shown[place] = 1
        return shown
    return [place + 1 if _is_first(root, page) else None for place in range(len(blocks))]


def _is_first(root: Element, page: PageContext) -> bool:
    """Whether this is a thread's first page."""
    return page.opening is None and not _LATER.search(page.url) and not root.xpath(_PREVIOUS)


def _shown_floor(box: Element) -> int | None:
    floors = (floor_of(node) for node in box.iter() if isinstance(node.tag, str))
    return next((floor for floor in floors if floor is not None), None)


def _author(block: Block) -> Author:
    name = clean(block.author.xpath("string()")).replace("\n", " ")
    found = _PERSON_NUMBER.search(block.author.get("href") or "")
    told = block.author.get("data-uid") or block.author.get("data-user-id") or block.author.get("uid")
    number = told or (found[1] or found[2] if found else None)
    return Author(id=number, name=name or None)


def _made_up(block: Block, floor: int | None, author: Author, text: str) -> str:
    """Without a number: what the page will say again next time. A relative time will not, so the text stands in."""
    when = block.told.when.isoformat() if block.told.absolute else text[:80]
    where = "" if floor is None else str(floor)
    return hashlib.sha256("\x1f".join((where, author.name or "", when)).encode("utf-8", "replace")).hexdigest()[:16]


def _edited(block: Block, page: PageContext) -> datetime | None:
    for node in block.box.iter():
        said = clean(node.text or "") if isinstance(node.tag, str) else ""
        if 8 <= len(said) < 120 and _EDITED.search(said):
            return find_when(said, now=page.now, zone=page.zone)
    return None


def _images(block: Block, base: str) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for image in block.words.iter("img"):
        source = image.get("data-src") or image.get("data-original") or image.get("file") or image.get("src")
        url = absolute(base, source)
        if url and not _FURNITURE.search(url):
            found.setdefault(canonical(url))
    return tuple(found)[:60]


PARSER = PageParser(name="threads", parse=parse, looks_like=looks_like_threads, rank=80)
