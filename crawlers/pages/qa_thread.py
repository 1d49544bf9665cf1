"""A question and its answers as posts, whatever page they were read from: the question is floor 1, answers follow."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from urllib.parse import urlsplit

from core.model import Author, Counts, Post, post_id
from core.text import clean, speech_mark
from core.times import find_when, from_unix, parse_when
from crawlers.pages.base import Link, PageContext, PageState, Parsed, stopped
from crawlers.pages.counts import parse_count
from crawlers.pages.markup import Element
from crawlers.pages.urls import canonical, identity, site_of

#: Zhihu answers on two hosts for one site.
_ONE_SITE = {"api.zhihu.com": "www.zhihu.com", "zhihu.com": "www.zhihu.com"}
_NUMBER = re.compile(r"(?<![0-9A-Za-z])(\d{3,25})(?![0-9A-Za-z])", re.ASCII)
_RECOMMENDED = re.compile(r"^\s*(?:推荐|采纳|回答|提问|编辑|发布|发表|更新|修改|创建)?\s*(?:于|时间)\s*[:\uff1a]?\s*")
_OTHERS = re.compile(
    r"(?:相关|类似|其他类似|相似|热门|推荐)(?:问题|问答|推荐|提问)|为你推荐|猜你(?:喜欢|想问)|大家还在问|换一换"
)
_SHORT_TIME = re.compile(
    r"(?<![\d-])\d{1,2}(?:-\d{1,2}|月\d{1,2}[日号])\s*\d{1,2}:\d{2}|(?:今天|昨天|前天)\s*\d{1,2}:\d{2}|"
    r"\d{1,3}\s*个?(?:秒钟?|分钟|小时|天|月|年)前|刚刚"
)
#: A page shows 5 to 50 answers; only a hostile one shows more than this.
MOST_ANSWERS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Saying:
    """A question or an answer as a page shows it."""

    #: The site's number of it; `None` where the page names none.
    number: str | None
    text: str
    title: str | None = None
    author: Author = field(default_factory=Author)
    published: datetime | None = None
    edited: datetime | None = None
    counts: Counts = field(default_factory=Counts)
    images: tuple[str, ...] = ()
    #: Its own address, where it has one.
    url: str | None = None


def site(page: PageContext) -> str:
    """The site that published the page."""
    host = site_of(page.url)
    return _ONE_SITE.get(host, host)


def question_number(url: str) -> str | None:
    """The longest number in the address's path, which is the question's on every such site; its key, where none is."""
    try:
        path = urlsplit(url).path
    except ValueError:
        return None
    before_answer = path.partition("/answer")[0] if "/question" in path else path
    numbers = _NUMBER.findall(before_answer)
    return max(numbers, key=len) if numbers else identity(url) or None


def time_of(text: str, page: PageContext) -> datetime | None:
    """The moment a label names: "推荐于2017-11-23", "发布于 昨天 12:30", "3小时前"."""
    text = clean(text)[:80]
    return parse_when(_RECOMMENDED.sub("", text), now=page.now, zone=page.zone)


def spaced(element: Element) -> str:
    """All words below the element with a blank where a tag stands, so that "2015-06-08" and "12个回答" stay two."""
    return " ".join(" ".join(itertools.islice(element.itertext(), 20_000)).split())[:200_000]


def own_words(root: Element) -> str:
    """The words of a question page before it turns to other questions, whose numbers of answers are theirs."""
    return _OTHERS.split(spaced(root), maxsplit=1)[0]


def when_in(text: str, page: PageContext) -> datetime | None:
    """The moment that a short label names among other words: "阿敏 2026-03-14 18:20", "提问于 3小时前"."""
    text = clean(text)
    if not text or len(text) > 80:
        return None
    found = _SHORT_TIME.search(text)
    return (
        time_of(text, page)
        or find_when(text, now=page.now, zone=page.zone)
        or (parse_when(found[0], now=page.now, zone=page.zone) if found else None)
    )


def unix(value: object, page: PageContext) -> datetime | None:
    """Unix seconds or milliseconds in the page's zone."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    when = from_unix(value)
    return when.astimezone(page.zone) if when else None


def count(value: object) -> int | None:
    """A count of JSON or of a label."""
    return parse_count(value) if isinstance(value, int | str) else None


def answer_post(saying: Saying, page: PageContext, *, question: str | None, floor: int | None) -> Post:
    """An answer as a post; `question` is the number of what it answers."""
    number = saying.number or speech_mark(saying.author.name, saying.text)
    return _post(
        replace(saying, title=None),
        page,
        native_id=f"a:{number}",
        floor=floor,
        parent=post_id("qa", site(page), f"q:{question}") if question else page.opening,
    )


def thread(
    page: PageContext,
    question: Saying,
    answers: Sequence[Saying],
    *,
    links: Sequence[Link] = (),
    promised: int | None = None,
    first_page: bool = True,
    note: str = "",
) -> Parsed:
    """The posts of a question page. `promised` is how many answers the page itself counts."""
    number = question.number or question_number(page.url)
    if number is None or not (question.title or question.text):
        return stopped("broken", "读不出问题的标题和内容，页面可能改版")
    posts: list[Post] = []
    if first_page:
        posts.append(_post(question, page, native_id=f"q:{number}", floor=1, parent=None))
    seen: set[str] = set()
    for saying in answers[:MOST_ANSWERS]:
        if not (saying.text or saying.images):
            continue
        floor = len(posts) + 1 if first_page else None
        post = answer_post(saying, page, question=number, floor=floor)
        if post.native_id not in seen:
            seen.add(post.native_id)
            posts.append(post)
    state = _state(answers, len(seen), promised, first_page=first_page, note=note)
    if not posts:
        return stopped("empty", "这一页没有更多回答")
    return Parsed(posts=tuple(posts), links=tuple(links), state=state)


def _state(
    answers: Sequence[Saying], read: int, promised: int | None, *, first_page: bool, note: str = ""
) -> PageState:
    if promised and not read and first_page:
        return PageState(state="broken", reason=f"页面称有 {promised} 个回答，却一个也读不出，页面可能改版")
    if read and all(answer.published is None and answer.author.name is None for answer in answers):
        return PageState(state="broken", reason="所有回答都读不出时间和作者，页面可能改版")
    said = f"读到 1 个问题、{read} 个回答" if first_page else f"读到 {read} 个回答"
    return PageState(state="ok", reason=said + note)


def _post(saying: Saying, page: PageContext, *, native_id: str, floor: int | None, parent: str | None) -> Post:
    return Post(
        kind="qa",
        site=site(page),
        native_id=native_id,
        url=canonical(saying.url or page.url),
        channel=page.channel or "qa",
        title=saying.title if floor == 1 else None,
        text=saying.text,
        author=saying.author,
        published=saying.published,
        edited=saying.edited,
        collected=page.now,
        floor=floor,
        parent=parent,
        counts=saying.counts,
        images=saying.images,
    )
