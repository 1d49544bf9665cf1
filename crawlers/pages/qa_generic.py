"""Questions of sites without marks that we know (汽车之家问答, 易车问答 and their like), read by their structure.

A list is links to addresses that name a question; a question page is a headline and repeated boxes that are called
answers, each with a text, a time and a name. Facts from public pages' structure [R]; not verified against live sites.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from urllib.parse import urlsplit

from core.model import Author, Counts
from core.text import clean
from crawlers.pages.base import LeadsTo, Link, PageContext, PageState, Parsed, stopped
from crawlers.pages.counts import parse_count
from crawlers.pages.markup import Element, first, text_of
from crawlers.pages.qa_boxes import boxes, classes, innermost
from crawlers.pages.qa_thread import MOST_ANSWERS, Saying, own_words, question_number, spaced, thread, when_in
from crawlers.pages.threads_marks import is_person
from crawlers.pages.urls import absolute, canonical, site_of

#: An address of one question: a word for questions, then a number.
_QUESTION = re.compile(
    r"(?:^|[./])(?:questions?|wenda|wen|ask|qa|answers?|topic|detail|q)[/_-](?:[a-z]+[/_-])?\d{3,25}(?:[/._?-]|$)", re.I
)
_PLACE = re.compile(r"(?:^|[./])(?:wenda|ask|wen|zhidao|qa|answers?|questions?)(?:[./?]|$)", re.I)
_SAID = re.compile(
    r"^(?:[a-z]+[-_])?(?:answers?|reply|replies|ans|huida)(?:[-_]?(?:con|cont|content|text|txt|body|detail|desc|main|info|word|words))$"
)
_BOX = re.compile(r"^(?:[a-z]+[-_])?(?:answers?|reply|ans|huida)(?:[-_]?(?:item|box|card|block|li|one|wrap|cell))?$")
_TITLED = re.compile(r"^(?:[a-z]+[-_])?(?:question|ask|wenda|qa|q)[-_]?(?:title|tit|name|hd|head)$")
_ASKED = re.compile(r"^(?:[a-z]+[-_])?(?:question|ask|wenda|qa|q)[-_]?(?:con|content|text|txt|desc|detail|body|info)$")
_NAMED = re.compile(r"name|user|author|nick|uname", re.I)
_TIMED = re.compile(r"time|date|ago|publish", re.I)
_LIKED = re.compile(r"zan|like|agree|praise|support|up$|good", re.I)
#: "回答：3" is asked for before "3 回答": a clock or a day may stand before the word.
_ANSWERS = (
    re.compile(r"(?:回答|回复|答案)(?:数|量)?\s*[:\uff1a(\uff08]\s*(\d{1,7})"),
    re.compile(r"(?<![\d:-])(\d{1,7})\s*(?:个|条|人|次)?\s*(?:回答|回复|答案)"),
)
_VIEWS = (
    re.compile(r"(?:浏览|阅读|查看|围观)(?:量|数|次数)?\s*[:\uff1a(\uff08]?\s*(\d{1,12})"),
    re.compile(r"(?<![\d:-])(\d{1,12})\s*(?:次|人)?\s*(?:浏览|阅读|围观)"),
)
_NOTHING = re.compile(r"暂无(?:问题|提问|相关|内容|数据)|没有找到|没有(?:相关)?(?:问题|提问)|抱歉.{0,12}没有")
#: Links to the reader's own place, not to who asked.
_OWN_PLACE = re.compile(r"^(?:我的|个人|会员|用户|登录|注册|退出|消息|收藏|关注)|中心$|首页")
_ROLE = re.compile(r"^(?:提问者|回答者|提问人|作者|来自)?\s*[:\uff1a]?\s*")
_NUMBER = re.compile(r"(\d{2,20})$", re.ASCII)
_ROW_TAGS = frozenset({"li", "tr", "dl", "article"})
_MOST_ROWS = 300


def in_question_place(url: str) -> bool:
    """Whether the address names a place of questions."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return bool(_PLACE.search(f"{parts.netloc}{parts.path}/"))


def has_answers(body: bytes) -> bool:
    """Whether the page speaks of answers, in its markup or in words."""
    head = body[:300_000]
    return b"answer" in head or "回答".encode() in head or "回答".encode("gb18030") in head


def read(root: Element, page: PageContext) -> Parsed | None:
    """The question of the page, or the questions it lists; `None` where the structure shows neither."""
    if _is_question(page.url):
        question = _thread(root, page)
        if question is not None:
            return question
    rows = tuple(_rows(root, page))
    if rows:
        links = rows + tuple(_following(root, page, "list"))
        return Parsed(links=links, state=PageState(state="ok", reason=f"读到 {len(rows)} 个问题"))
    # A line of its own that says so; the same words inside a story mean nothing.
    lines = (line for line in text_of(root).split("\n")[:3000] if len(line) <= 40)
    told = next((line for line in lines if _NOTHING.search(line)), None)
    return stopped("empty", f"页面提示：{told}") if told else None


def _is_question(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return bool(_QUESTION.search(parts.netloc + parts.path))


def _thread(root: Element, page: PageContext) -> Parsed | None:
    named = [node for node in root.xpath("//body//*[@class]")[:30_000] if isinstance(node.tag, str)]
    title = first(root.xpath("//h1[normalize-space(string())]"))
    if title is None:
        title = first(node for node in named if any(_TITLED.match(name) for name in classes(node)))
    contents = innermost([node for node in named if any(_SAID.match(name) for name in classes(node))][:MOST_ANSWERS])
    if not contents:
        contents = innermost([node for node in named if _is_box(node)][:MOST_ANSWERS])
    if title is None:
        return None
    asked = first(node for node in named if any(_ASKED.match(name) for name in classes(node)))
    whole = own_words(root)
    promised, views = _number_in(_ANSWERS, whole), _number_in(_VIEWS, whole)
    if not contents and promised is None:
        return None
    head = title if asked is None else asked
    question = Saying(
        number=question_number(page.url),
        title=" ".join(text_of(title).split()),
        text=text_of(asked) if asked is not None else "",
        author=Author(name=_name(_around(head, contents), None)),
        published=_time(_around(head, contents), None, page),
        counts=Counts(replies=promised, views=views),
    )
    answers = [_answer(box, content, page) for box, content in boxes(contents, is_box=_is_box, outside=[title])]
    links = tuple(_following(root, page, "page"))
    first_page = not re.search(r"[?&](?:page|p|pn)=(?!1(?:&|$))\d|[-_/]p?(?!1\.)\d{1,3}\.html?$", page.url)
    return thread(page, question, answers, links=links, promised=promised, first_page=first_page)


def _is_box(node: Element) -> bool:
    return any(_BOX.match(name) for name in classes(node))


def _around(node: Element, contents: list[Element]) -> Element:
    """The largest part of the page around the question that holds no answer."""
    taken = {above for content in contents for above in (content, *content.iterancestors())}
    while (above := node.getparent()) is not None and above not in taken and above.tag != "body":
        node = above
    return node


def _answer(box: Element, content: Element, page: PageContext) -> Saying:
    return Saying(
        number=_box_number(box),
        text=text_of(content, skip=lambda node: node is not content and _is_label(node)),
        author=Author(name=_name(box, content)),
        published=_time(box, content, page),
        counts=Counts(likes=_likes(box)),
    )


def _is_label(node: Element) -> bool:
    names = " ".join(classes(node))
    return bool(names) and bool(_NAMED.search(names) or _TIMED.search(names)) and len(node.xpath("string()")) < 60


def _box_number(box: Element) -> str | None:
    for value in (box.get("data-answerid"), box.get("data-answer-id"), box.get("data-id"), box.get("id")):
        found = _NUMBER.search(value or "")
        if found:
            return found[1]
    return None


def _name(box: Element, content: Element | None) -> str | None:
    for node in _labels(box, _NAMED):
        text = " ".join(clean(node.xpath("string()")).split())
        if node is not content and 1 < len(text) <= 30:
            return _ROLE.sub("", text) or None
    for anchor in box.xpath(".//a[@href]")[:60]:
        text = " ".join(clean(anchor.xpath("string()")).split())
        if anchor is not content and is_person(anchor) and not _OWN_PLACE.search(text):
            return text
    return None


def _time(box: Element, content: Element | None, page: PageContext) -> datetime | None:
    nodes = [*box.xpath(".//time")[:3], *_labels(box, _TIMED)]
    for node in nodes:
        when = when_in(node.get("datetime") or node.xpath("string()"), page) if node is not content else None
        if when:
            return when
    for text in box.xpath(".//text()[string-length(normalize-space())<60]")[:60]:
        when = when_in(str(text), page)
        if when:
            return when
    return None


def _likes(box: Element) -> int | None:
    counts = (
        parse_count("".join(re.findall(r"[\d.万wk+]+", node.xpath("string()")[:40]))) for node in _labels(box, _LIKED)
    )
    return next((value for value in counts if value is not None), None)


def _labels(box: Element, wanted: re.Pattern[str]) -> list[Element]:
    named = box.xpath("descendant-or-self::*[@class]")[:300]
    return innermost([node for node in named if wanted.search(node.get("class"))])[:10]


def _number_in(patterns: tuple[re.Pattern[str], ...], text: str) -> int | None:
    found = next((match for pattern in patterns if (match := pattern.search(text))), None)
    return int(found[1]) if found else None


def _rows(root: Element, page: PageContext) -> Iterator[Link]:
    titled: dict[str, tuple[Element, str]] = {}
    for anchor in root.xpath("//body//a[@href]")[:5000]:
        url = absolute(page.url, anchor.get("href"))
        title = " ".join(clean(anchor.xpath("string()")).split())
        if url is None or not _is_question(url) or site_of(url) != site_of(page.url) or not 4 <= len(title) <= 200:
            continue
        if len(titled) < _MOST_ROWS and not _ANSWERS[1].fullmatch(title):
            titled.setdefault(canonical(url), (anchor, title))
    anchors = innermost([anchor for anchor, _ in titled.values()])
    rows = {anchor: row for row, anchor in boxes(anchors, is_box=lambda node: node.tag in _ROW_TAGS)}
    for url, (anchor, title) in titled.items():
        row = rows.get(anchor, anchor)
        answers = _number_in(_ANSWERS, spaced(row)[:2000].replace(title, " ", 1))
        yield Link(
            url=url,
            leads_to="thread",
            title=title,
            changed=_time(row, None, page),
            standing=f"{answers}个回答" if answers is not None else None,
        )


def _following(root: Element, page: PageContext, leads_to: LeadsTo) -> Iterator[Link]:
    for anchor in root.xpath("//a[@rel='next' or normalize-space(string())='下一页' or contains(@class,'next')]")[:3]:
        url = absolute(page.url, anchor.get("href"))
        if url and site_of(url) == site_of(page.url):
            yield Link(url=canonical(url), leads_to=leads_to)
            return
