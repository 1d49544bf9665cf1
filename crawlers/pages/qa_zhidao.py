"""Baidu Zhidao: search results and question pages (GBK and UTF-8, with and without a best answer).

Quirks: an answer's only date may be "推荐于2017-11-23", the day on which it was recommended; "热心网友" is every author
without an account; hidden watermarks stand inside the text (`qa_noise`); a search row shows one date, a day, and the
number of answers. Facts from public crawlers [R]; not verified against the live site. Last checked 2026-11.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime

from core.model import Author, Counts
from core.text import clean
from crawlers.pages.base import LeadsTo, Link, PageContext, PageState, Parsed, stopped
from crawlers.pages.markup import Element, first, text_of
from crawlers.pages.qa_boxes import boxes, classes, innermost
from crawlers.pages.qa_noise import noise_of
from crawlers.pages.qa_thread import (
    MOST_ANSWERS,
    Saying,
    count,
    own_words,
    question_number,
    spaced,
    thread,
    time_of,
    when_in,
)
from crawlers.pages.urls import absolute, canonical, site_of

_TITLE = "//*[contains(@class,'ask-title') or contains(@class,'question-title') or contains(@class,'qTitle')]"
_CONTENT = (
    "//*[contains(@class,'q-content') or @accuse='qContent' or contains(@class,'ask-detail') or "
    "contains(@class,'question-detail') or contains(@class,'question-content') or contains(@class,'qContent')]"
)
_ANSWER = (
    "//*[@accuse='aContent' or starts-with(@id,'best-content-') or starts-with(@id,'answer-content-') or "
    "contains(concat(' ',@class,' '),' best-text ') or contains(concat(' ',@class,' '),' answer-text ') or "
    "contains(concat(' ',@class,' '),' answer-content ')]"
)
_BOX = frozenset({"answer", "best-answer", "answer-item", "wgt-best", "wgt-answer", "reply-item"})
_NUMBERED = re.compile(r"(?:^|-)(?:answer|content|all|evaluate|best)-(\d{4,20})$", re.ASCII)
_WHEN = (
    ".//*[contains(@class,'wgt-replyer-all-time') or contains(@class,'card-time') or "
    "contains(@class,'pos-time') or contains(@class,'answer-time') or "
    "contains(@class,'reply-time') or contains(@class,'grid-r') or contains(@class,'f-light') or self::time]"
)
_WHO = (
    ".//*[contains(@class,'wgt-replyer-all-uname') or contains(@class,'replyer-uname') or "
    "contains(@class,'user-name') or contains(@class,'answer-user') or contains(@class,'uname')]"
)
_ROWS = "//dl[contains(concat(' ',@class,' '),' dl ') or ancestor::*[@id='wgt-list']]"
#: "其他 2 条回答" leaves out the best one.
_ANSWERS = re.compile(r"(?P<others>其[他它]\s*)?(?P<number>\d{1,7})\s*(?:个|条)\s*回答")
_VIEWS = re.compile(r"浏览\s*(\d{1,12})\s*次")
_LATER_PAGE = re.compile(r"[?&]pn=[1-9]")
_ROLE = re.compile(r"^(?:回答者|提问者)?\s*[:\uff1a]?\s*")
_NOTHING = re.compile(r"没有找到|未找到|暂无相关|没有相关|抱歉.{0,12}没有")
_MOST_ROWS = 300

Skip = Callable[[Element], bool]


def is_zhidao(body: bytes, page: PageContext) -> bool:
    """Whether the page comes from Zhidao or has the marks of its own templates."""
    if site_of(page.url).startswith("zhidao."):
        return True
    head = body[:300_000]
    marks = (b"ask-title", b"wgt-ask", b'id="wgt-list"', b"wgt-replyer-all", b'accuse="aContent"', b"wgt-answers")
    return any(mark in head for mark in marks)


def read(root: Element, page: PageContext) -> Parsed | None:
    """The question of the page, or the questions of a result list; `None` for a page of another kind."""
    title = _text(first(root.xpath(_TITLE)))
    if title:
        return _question(root, page, title)
    rows = tuple(_rows(root, page))
    if rows:
        following = tuple(_following(root, page, "list"))
        return Parsed(links=rows + following, state=PageState(state="ok", reason=f"读到 {len(rows)} 个问题"))
    box = first(root.xpath("//*[@id='wgt-list' or contains(@class,'no-result') or contains(@class,'list-none')]"))
    if box is not None:
        said = text_of(root)[:2000]
        found = _NOTHING.search(said)
        return stopped("empty", "搜索没有结果") if found else stopped("broken", "结果列表读不出问题，页面可能改版")
    return None


def _question(root: Element, page: PageContext, title: str) -> Parsed:
    skip = noise_of(root)
    answers = [_answer(box, content, page, skip) for box, content in _boxes(root)]
    whole = own_words(root)
    promised = _promised(whole)
    views = _VIEWS.search(whole)
    content = first(innermost(root.xpath(_CONTENT)[:10]))
    question = Saying(
        number=question_number(page.url),
        title=title,
        text=text_of(content, skip=skip) if content is not None else "",
        author=Author(name=_asker(root)),
        published=_asked(root, page),
        counts=Counts(
            views=int(views[1]) if views else None,
            replies=promised if promised is not None else (len(answers) or None),
        ),
        images=_images(content, page),
        url=_plain(page.url),
    )
    return thread(
        page,
        question,
        [answer for answer in answers if answer is not None],
        links=tuple(_following(root, page, "page")),
        promised=promised,
        first_page=not _LATER_PAGE.search(page.url),
    )


def _promised(text: str) -> int | None:
    found = _ANSWERS.search(text)
    return int(found["number"]) + bool(found["others"]) if found else None


def _boxes(root: Element) -> list[tuple[Element, Element]]:
    """Each answer's box and the element of its text, in page order."""
    contents = innermost(root.xpath(_ANSWER)[:MOST_ANSWERS])
    return boxes(contents, is_box=_is_box, outside=root.xpath(_TITLE)[:3])


def _is_box(element: Element) -> bool:
    own = element.get("id") or ""
    return bool(_BOX & classes(element)) or (own.startswith("answer-") and not own.startswith("answer-content"))


def _answer(box: Element, content: Element, page: PageContext, skip: Skip) -> Saying | None:
    text = text_of(content, skip=skip)
    images = _images(content, page)
    if not (text or images):
        return None
    return Saying(
        number=_number(box),
        text=text,
        author=Author(name=_who(box, content)),
        published=_when(box, content, page),
        counts=Counts(likes=_likes(box)),
        images=images,
        url=_plain(page.url),
    )


def _number(box: Element) -> str | None:
    for value in (box.get("data-aid"), box.get("data-rid"), box.get("data-answer-id"), box.get("data-id")):
        if value and value.isascii() and value.isdigit() and len(value) <= 20:
            return str(value)
    for value in box.xpath("descendant-or-self::*/@id")[:200]:
        found = _NUMBERED.search(value)
        if found:
            return found[1]
    return None


def _who(box: Element, content: Element) -> str | None:
    for node in box.xpath(_WHO)[:6]:
        name = _text(node)
        if name and len(name) <= 40 and content not in node.iterancestors():
            return _ROLE.sub("", name) or None
    return "热心网友" if "热心网友" in box.xpath("string()")[:5000] else None


def _when(box: Element, content: Element, page: PageContext) -> datetime | None:
    for node in box.xpath(_WHEN)[:20]:
        if content in node.iterancestors() or content is node:
            continue
        for text in (node.get("datetime") or "", *node.xpath(".//text()")[:10]):
            when = (time_of(text, page) or when_in(text, page)) if text.strip() else None
            if when:
                return when
    return None


def _likes(box: Element) -> int | None:
    for value in box.xpath(
        ".//*[starts-with(@id,'evaluate-') and not(contains(@id,'bad'))]/@data-evaluate|"
        ".//*[contains(@alog-action,'zan') and not(contains(@alog-action,'bad'))]/@data-evaluate|"
        ".//*[contains(@class,'evaluate') and not(contains(@class,'bad'))]/@data-evaluate"
    )[:2]:
        return count(value)
    return None


def _asker(root: Element) -> str | None:
    node = first(root.xpath("//*[@id='ask-info']//*[contains(@class,'user-name') or contains(@class,'ask-user')]"))
    return _text(node) or None


def _asked(root: Element, page: PageContext) -> datetime | None:
    about = root.xpath("//*[contains(@class,'ask-time') or @id='ask-info' or contains(@class,'ask-info')]")[:3]
    shown = [*about, *(span for node in about for span in node.xpath(".//span")[:12])]
    times = (time_of(_text(node), page) for node in shown[:30])
    declared = root.xpath("//meta[@itemprop='dateCreated' or @itemprop='datePublished']/@content")
    script = root.xpath("string(//script[@type='application/ld+json'][contains(.,'pubDate')])")
    dated = re.search(r'"pubDate"\s*:\s*"([0-9T:+ -]{10,30})"', script[:5000])
    claims = (time_of(text, page) for text in [*declared[:1], *([dated[1]] if dated else [])])
    return next((when for when in (*times, *claims) if when), None)


def _rows(root: Element, page: PageContext) -> Iterator[Link]:
    seen: set[str] = set()
    for row in innermost(root.xpath(_ROWS)[:_MOST_ROWS]):
        anchor = first(row.xpath(".//a[contains(concat(' ',@class,' '),' ti ') or (@href and ancestor::dt)]"))
        url = absolute(page.url, anchor.get("href")) if anchor is not None else None
        if anchor is None or url is None or "/question/" not in url:
            continue
        url = _plain(url)
        if url in seen:
            continue
        seen.add(url)
        answers = _promised(spaced(row))
        labels = row.xpath(".//text()[ancestor::dd or ancestor::*[contains(@class,'time') or contains(@class,'date')]]")
        times = (time_of(str(text), page) for text in labels[:40] if text.strip())
        yield Link(
            url=url,
            leads_to="thread",
            title=_text(anchor) or None,
            changed=next((when for when in times if when), None),
            standing=f"{answers}个回答" if answers is not None else None,
        )


def _plain(url: str) -> str:
    """The question itself: result rows carry the search in its address, further pages of answers their place."""
    return canonical(url).partition("?")[0]


def _following(root: Element, page: PageContext, leads_to: LeadsTo) -> Iterator[Link]:
    anchor = first(
        root.xpath(
            "//a[contains(@class,'pager-next') or (starts-with(normalize-space(string()),'下一页') "
            "and ancestor::*[contains(@class,'pager')])]"
        )
    )
    url = absolute(page.url, anchor.get("href")) if anchor is not None else None
    if url:
        yield Link(url=canonical(url), leads_to=leads_to)


def _images(content: Element | None, page: PageContext) -> tuple[str, ...]:
    if content is None:
        return ()
    sources = (image.get("esrc") or image.get("data-src") or image.get("src") or "" for image in content.iter("img"))
    urls = (absolute(page.url, source) for source in sources if not source.startswith("data:"))
    return tuple(dict.fromkeys(url for url in urls if url))[:20]


def _text(node: Element | None) -> str:
    return " ".join(clean(node.xpath("string()")).split()) if node is not None else ""
