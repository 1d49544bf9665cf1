"""What gives a forum away when nothing is known about its software: times, people, titles, numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from core.text import clean
from core.times import from_unix, parse_when
from crawlers.pages.base import PageContext
from crawlers.pages.markup import Element, beginning, is_hidden

#: A link that leads to a person.
_PERSON = re.compile(
    r"(?:^|[/?&=_-])(?:u|user|users|member|members|memberlist|profile|space|home|people|author|uid|userid|user_id|"
    r"userinfo|ucenter|i)(?:[/?&=_.-]|$)|/@|/u\d",
    re.I,
)
_PERSON_MARKS = ("data-uid", "data-user-id", "data-userid", "data-username", "uid", "uname", "username")
_NO_PERSON = re.compile(r"login|register|logout|signin|signup|/member\.php\?mod=(?:logging|reg)", re.I)
_PERSON_CLASS = re.compile(
    r"(?:^|[\s_-])(?:author|authi|user-?name|nick-?name|nick|poster|posted-by|louzhu|lz-name|byline|uname|post-?user|"
    r"user|creator|writer|owner)(?:[\s_-]|$)",
    re.I,
)
_TIME_LIKE = re.compile(r"\d[\d\s]*[:：时点年月/.-]|前|刚|剛|昨|今|ago|yesterday|today|just now", re.I)
_STAMPS = (
    "datetime", "data-time", "data-timestamp", "data-date", "data-created", "data-created-at", "data-original-title",
    "title",
)  # fmt: skip
#: Somebody's life before this post, or a later change of it.
_OTHER_TIME = re.compile(
    r"注册|註冊|加入|joined|registered|生日|最后登录|最後登入|last (?:seen|visit|login)|编辑|編輯|edited|修改|更新于",
    re.I,
)
_ID = re.compile(r"(?:^|[a-z_-])(\d{1,18})$", re.I)
_ID_NAMES = (
    "data-pid", "data-post-id", "data-postid", "data-post", "data-id", "data-reply-id", "data-cid", "data-comment-id",
    "data-content-id", "data-msg-id", "id", "name", "data-floor",
)  # fmt: skip
_LABEL = re.compile(r"(?:第\s*)?(\d{1,6})\s*(?:楼|樓|层|層|F|f|#|＃)|[#＃]\s*(\d{1,6})|(?:No\.|L)\s*(\d{1,6})")
#: "1楼 2026/11/20 8:05": the floor and the time share an element.
_LABEL_AND_TIME = re.compile(
    r"(?:第\s*)?(\d{1,6})\s*(?:楼|樓|层|層|#|＃)[\s,，|·]+(?:发[表布]于|發[表佈]於|回复于|时间)?\s*[:：]?\s*\d[\d\s:：/.年月日-]{3,20}"
)
_CLOCK = re.compile(r"\d{1,2}\s*[:：]\s*\d\d(?:[:：]\d\d)?(?:\s*[ap]m)?", re.I)
_NAMED = {"楼主": 1, "樓主": 1, "1楼": 1, "沙发": 2, "沙發": 2, "板凳": 3, "地板": 4}
_ASSETS = re.compile(r"\.(?:css|js|png|jpe?g|gif|webp|svg|ico|zip|rar|pdf|apk|mp4|mp3)$", re.I)

MOST_ELEMENTS = 60_000
_MOST_TIMES = 2000


@dataclass(frozen=True, slots=True)
class Told:
    """A moment and where the page tells it."""

    node: Element
    when: datetime
    #: Whether it was written as a date, not as "3 分钟前", which reads differently every minute.
    absolute: bool
    #: Whether only the day is told.
    day_only: bool = False


def elements(root: Element) -> list[Element]:
    """The page's elements that a reader sees, in order."""
    found: list[Element] = []
    for element in root.iter():
        if len(found) >= MOST_ELEMENTS:
            break
        if isinstance(element.tag, str):
            found.append(element)
    return found


def times(nodes: list[Element], page: PageContext) -> Iterator[Told]:
    """Every element of its own that says when, as far as it speaks of the post itself."""
    seen = 0
    for node in nodes:
        if seen >= _MOST_TIMES:
            return
        told = _time_of(node, page)
        if told is not None and not is_hidden(node):
            seen += 1
            yield told


def _time_of(node: Element, page: PageContext) -> Told | None:
    for name in _STAMPS:
        value = node.get(name)
        if not value or len(value) > 60 or (not _TIME_LIKE.search(value) and not value.isdigit()):
            continue
        if value.isdigit() and len(value) in (10, 13) and name != "title" and (unix := from_unix(value)):
            return Told(node, unix.astimezone(page.zone), True)
        if when := parse_when(value, now=page.now, zone=page.zone):
            return Told(node, when, True, is_day(when, value))
    for said in _own_texts(node):
        if 3 <= len(said) <= 60 and _TIME_LIKE.search(said) and not _OTHER_TIME.search(said):
            for piece in (_with_its_day(node, said), said, said.rpartition("»")[2], *re.split(r"\s*[|·•/]\s+", said)):
                if piece and (when := parse_when(piece, now=page.now, zone=page.zone)):
                    absolute = bool(re.search(r"\d{1,4}[-/.年月]\d", piece)) and when <= page.now
                    return Told(node, when, absolute, is_day(when, piece))
            if (when := _among_words(said, page)) is not None:
                return Told(node, when, True)
    return None


def _with_its_day(node: Element, said: str) -> str | None:
    """A clock or a day alone, with what stands around it: "2026-11-18, <span>10:22</span>"."""
    parent = node.getparent()
    if parent is None or not (_CLOCK.fullmatch(said) or (len(said) <= 11 and not _CLOCK.search(said))):
        return None
    around = clean(beginning(parent, 60)).replace("\n", " ")
    return around if len(said) < len(around) <= 40 and _CLOCK.search(around) else None


def _among_words(said: str, page: PageContext) -> datetime | None:
    """A full date and clock with a few labels around ("更多 发布于：2026-11-15 19:20"); not one in a sentence."""
    dated = re.search(r"\d{4}[-/.年]\s?\d{1,2}[-/.月]\s?\d{1,2}日?[\s,T]{1,3}\d{1,2}:\d\d(?::\d\d)?", said)
    if dated is None or len(said) - len(dated[0]) > 20 or re.search(r"[，。！？]", said):
        return None
    return parse_when(dated[0], now=page.now, zone=page.zone)


def is_day(when: datetime, said: str) -> bool:
    """Whether a text that was read as `when` tells the day only."""
    return (when.hour, when.minute, when.second) == (0, 0, 0) and not re.search(r"\d\s*[:：时点]", said)


def _own_texts(node: Element) -> Iterator[str]:
    """What the element says itself: its text, and what stands between its children."""
    if node.tag in ("script", "style", "option", "textarea", "title"):
        return
    if node.text and node.text.strip():
        yield clean(node.text)
    for child in node[:12]:
        if child.tail and child.tail.strip():
            yield clean(child.tail)


def is_person(anchor: Element) -> bool:
    """Whether a link leads to a person's page and shows a name."""
    href = anchor.get("href") or ""
    name = clean(anchor.xpath("string()"))
    if not (0 < len(name) <= 40) or _NO_PERSON.search(href) or name.isdigit():
        return False
    if any(anchor.get(mark) for mark in _PERSON_MARKS):
        return True
    parts = urlsplit(href) if len(href) < 500 and "[" not in href else None
    return parts is not None and bool(_PERSON.search(f"{parts.path}?{parts.query}"))


def is_named(node: Element) -> bool:
    """Whether an element's class says that it shows a name, and it does."""
    classes = node.get("class")
    if not classes or len(node) > 3 or not _PERSON_CLASS.search(classes):
        return False
    name = clean(node.xpath("string()"))
    return 0 < len(name) <= 30 and "\n" not in name and not name.isdigit()


def floor_of(node: Element) -> int | None:
    """The floor that an element of few characters shows."""
    said = clean(node.text or "")
    if 10 < len(said) <= 40 and (both := _LABEL_AND_TIME.fullmatch(said)):
        return int(both[1])
    if not 1 < len(said) <= 10:
        return None
    if said in _NAMED:
        return _NAMED[said]
    found = _LABEL.fullmatch(said)
    return int(next(part for part in found.groups() if part)) if found else None


def marks(block: Element) -> Iterator[tuple[str, str]]:
    """Names and digits of attributes that may be a post's own number, the most telling first."""
    inner = block.xpath(".//*[@id or @data-pid or @data-id or @data-post-id or @data-reply-id]|.//a[@name]")[:40]
    for depth, node in enumerate((block, *inner)):
        for name in _ID_NAMES:
            value = node.get(name)
            found = _ID.search(value) if value and len(value) < 60 else None
            if found and value is not None:
                stem = value[: found.start(1)]
                yield f"{'' if depth == 0 else '.'}{node.tag}@{name}:{stem}", found[1]


def shape(url: str) -> str | None:
    """What addresses of one sort have in common: digits and slugs become placeholders."""
    parts = urlsplit(url)
    if _ASSETS.search(parts.path):
        return None
    path: list[str] = []
    for segment in parts.path.split("/"):
        plain = _segment(segment)
        # What follows a number is its slug.
        path.append("*" if path and path[-1] == "#" and plain and plain != "#" else plain)
    query = "&".join(sorted(pair.partition("=")[0] for pair in parts.query.split("&") if pair))
    return f"{parts.netloc}{'/'.join(path)}?{query}"


def _segment(segment: str) -> str:
    stem, dot, ending = segment.rpartition(".")
    stem, ending = (stem, ending) if dot and len(ending) <= 5 else (segment, "")
    if not stem.isascii() or "%" in stem or len(stem) > 40 or stem.count("-") >= 3:
        stem = "*"
    elif any(char.isdigit() for char in stem):
        stem = re.sub(r"[^-_]*\d[^-_]*", "#", stem)
    elif len(stem) > 24:
        stem = "*"
    return f"{stem}.{ending}" if ending else stem
