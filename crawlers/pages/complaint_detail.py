"""One complaint: its facts, its story, and what company and complainant answered, each a post of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from core.model import Author, Post, post_id
from core.text import clean, speech_mark
from core.times import find_when, parse_when
from crawlers.pages.base import PageContext, PageState, Parsed, stopped
from crawlers.pages.complaint_fields import facts, first_of, is_nothing, meaning_of, read_fields
from crawlers.pages.complaint_story import images_of, story_alone, story_below
from crawlers.pages.markup import Element, first, text_of
from crawlers.pages.qa_boxes import classes, innermost
from crawlers.pages.qa_thread import when_in
from crawlers.pages.urls import canonical, site_of

_STORY = re.compile(r"^(?:tsnr|ts_?nr|(?:complaint|complain|tousu|ts)[-_]?(?:content|con|text|desc|story|body))$")
_REPLY = re.compile(
    r"^(?:tshf|ts_?hf|(?:company|enterprise|merchant|factory|brand|business|official)[-_]?(?:reply|answer)|(?:tousu|complaint|ts)[-_]?reply[-_]?(?:con|content)?)$"
)
_STEP = re.compile(
    r"^(?:ts-d-item|(?:reply|progress|step|record|flow|timeline|process|schedule|handle)[-_]?(?:item|li|box|node|one))$"
)
_HEADINGS = (
    "self::h1|self::h2|self::h3|self::h4|self::h5|self::dt|self::strong|self::b|self::span|self::p|self::div|self::em"
)
_TITLES = (
    "//*[contains(@class,'ts-d-question')]//h1",
    "//h1[normalize-space(string())]",
    "//*[contains(@class,'tsbt') or contains(@class,'article-title') or contains(@class,'detail-title')]",
)
_NUMBER = re.compile(r"(\d{3,20})(?:\.s?html?|/)?(?:\?.*)?$", re.ASCII)
_SITE = re.compile(r"\s*[-_|–—]\s*[^-_|–—]{0,30}(?:投诉|车质网|黑猫|平台|网)[^-_|–—]{0,12}$")
_STARTS = re.compile(r"发起|发布|提交|投诉人|用户投诉|我要投诉")
#: What the platform itself does (checks, passes on) is nobody's utterance.
_OFFICE = re.compile(r"审核|分配|转交|通知|系统|自动|平台处理")
_LABEL_LINE = re.compile(r"^(?:投诉内容|投诉详情|回复内容|评价内容|补充内容|详细描述)\s*[:\uff1a]?\s*")
_HEADING_TAGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6", "dt"})
#: Who answers, where the heading says so; else it is whom the complaint is about.
_MAKER = re.compile(r"(?:厂家|厂商|品牌(?:方)?|汽车公司)(?:回复|答复|反馈)(?!时间|状态)")
_MOST_STEPS = 200
#: So many facts, and it is a complaint though no part calls itself its story.
_FACTS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """What somebody said below a complaint."""

    who: str | None
    text: str
    when: datetime | None


def read(root: Element, page: PageContext) -> Parsed | None:
    """The complaint of the page; `None` where the page shows none."""
    steps = list(_steps(root, page))
    fields = read_fields(_main(root))
    number, title = _number(page, fields), _title(root, fields)
    story = story_alone(_section(root, _STORY, "text"), title) or _started(root) or fields.get("text", "")
    if not story and len(fields) >= _FACTS:
        story = story_below(root)
    if not story or number is None:
        known = {"number", "target", "brand", "issue", "status", "appeal"} & set(fields)
        if len(known) >= 3 and number is not None:
            return stopped("broken", "投诉的基本情况在，却读不出投诉内容，页面可能改版")
        return None
    complaint = _complaint(root, page, fields, number=number, title=title, story=story)
    answers = steps or list(_replies(root, page, fields))
    posts = [complaint, *_posts(answers, complaint, page, number)]
    if complaint.published is None and len(fields) < 2:
        return Parsed(
            posts=tuple(posts), state=PageState(state="broken", reason="读不出投诉时间和基本情况，页面可能改版")
        )
    said = f"读到 1 条投诉、{len(posts) - 1} 条回复"
    return Parsed(posts=tuple(posts), state=PageState(state="ok", reason=said))


def _main(root: Element) -> Element:
    """Where the facts stand; the whole page where no part says so by its name."""
    named = (
        "contains(concat(' ',@class,' '),' jbqk ') or contains(@class,'ts-d-question') or contains(@class,'ts-q-list')"
    )
    found = innermost(root.xpath(f"//*[{named}]")[:5])
    return found[0] if found else root


def _complaint(
    root: Element, page: PageContext, fields: dict[str, str], *, number: str, title: str | None, story: str
) -> Post:
    shown = first(root.xpath("//*[contains(@class,'ts-q-user')]//*[contains(@class,'u-date')]"))
    labelled = fields.get("time", "")
    published = _time(labelled, page) or (_time(shown.xpath("string()"), page) if shown is not None else None)
    name = first(root.xpath("//*[contains(@class,'ts-q-user')]//*[contains(@class,'u-name')]"))
    who = clean(name.xpath("string()")) if name is not None else fields.get("who", "")
    return Post(
        kind="complaint",
        site=site_of(page.url),
        native_id=f"c:{number}",
        url=canonical(page.url),
        channel=page.channel or "complaint",
        title=title,
        text="\n".join([*facts(fields), story]),
        author=Author(name=who[:40] or None),
        published=published or _started_at(root, page),
        collected=page.now,
        floor=1,
        images=images_of(root, page),
    )


def _posts(answers: list[_Answer], complaint: Post, page: PageContext, number: str) -> Iterator[Post]:
    parent = post_id("complaint", complaint.site, complaint.native_id)
    seen: set[str] = set()
    # Pages show the newest first; floors count in the order of time.
    dated = all(answer.when for answer in answers)
    ordered = sorted(answers, key=lambda answer: answer.when or page.now) if dated else answers
    for floor, answer in enumerate(ordered, start=2):
        native = f"r:{number}:{speech_mark(answer.who, answer.text)}"
        if native not in seen:
            seen.add(native)
            yield Post(
                kind="complaint",
                site=complaint.site,
                native_id=native,
                url=complaint.url,
                channel=complaint.channel,
                text=answer.text,
                author=Author(name=answer.who),
                published=answer.when,
                collected=page.now,
                floor=floor,
                parent=parent,
            )


# -- parts of the page -----------------------------------------------------------------------------------------------


def _section(root: Element, named: re.Pattern[str], meaning: str) -> str:
    """The text of the part that has such a class, or that such a heading opens."""
    for node in root.xpath("//*[@class]")[:20_000]:
        if any(named.match(name) for name in classes(node)):
            text = _without_heading(text_of(node), meaning)
            if text:
                return text
    for heading in root.xpath(f"//body//*[{_HEADINGS}][string-length(normalize-space(string()))<14]")[:3000]:
        if len(heading) == 0 and meaning_of(heading.text or "") == meaning and not clean(heading.tail or ""):
            text = _below(heading)
            if text:
                return text
    return ""


def _below(heading: Element) -> str:
    """What follows a heading up to the next one; of a heading in a box of its own, what follows the box."""
    for start in (heading, heading.getparent()):
        if start is None or start.tag in ("body", "html"):
            break
        parts: list[str] = []
        node = start.getnext()
        while node is not None and len(parts) < 60:
            if isinstance(node.tag, str):
                text = text_of(node)
                if node.tag in _HEADING_TAGS or (len(text) < 14 and meaning_of(text)):
                    break
                parts.append(text)
            node = node.getnext()
        joined = clean("\n".join(part for part in parts if part))
        if joined:
            return joined
    return ""


def _without_heading(text: str, meaning: str) -> str:
    lines = text.split("\n")
    while lines and (meaning_of(lines[0]) == meaning or not lines[0].strip()):
        lines.pop(0)
    if lines:
        lines[0] = _LABEL_LINE.sub("", lines[0])
    return "\n".join(lines).strip()


def _replies(root: Element, page: PageContext, fields: dict[str, str]) -> Iterator[_Answer]:
    """The one reply of pages that have a part for it."""
    text = _section(root, _REPLY, "reply") or fields.get("reply", "")
    lines = text.split("\n")
    when = _time(fields.get("replied", ""), page)
    kept = []
    for line in lines:
        label, _, value = line.replace("\uff1a", ":", 1).partition(":")
        if meaning_of(label) in ("replied", "time") and _time(value, page):
            when = _time(value, page)
        elif when is None and len(line) < 30 and (alone := parse_when(line, now=page.now, zone=page.zone)):
            when = alone
        elif meaning_of(line) != "reply":
            kept.append(_LABEL_LINE.sub("", line))
    said = "\n".join(kept).strip()
    if not is_nothing(said):
        by_maker = _MAKER.search(root.xpath("string()")[:200_000]) is not None
        yield _Answer(
            who=first_of(fields, ("brand", "target") if by_maker else ("target", "brand")), text=said, when=when
        )


def _steps(root: Element, page: PageContext) -> Iterator[_Answer]:
    """What company and complainant said, of pages that show the course of a complaint."""
    for box in _step_boxes(root):
        who, status = _label(box, "u-name", "name", "user"), _label(box, "u-status", "status", "state", "action")
        if _STARTS.search(status or "") or _OFFICE.search(f"{who or ''}{status or ''}") or "黑猫" in (who or ""):
            continue
        text = _said(box)
        if not is_nothing(text):
            yield _Answer(who=who, text=text, when=_step_time(box, page))


def _step_boxes(root: Element) -> list[Element]:
    named = [node for node in root.xpath("//*[@class]")[:20_000] if any(_STEP.match(name) for name in classes(node))]
    return innermost(named[:_MOST_STEPS])


def _started(root: Element) -> str:
    """The story where it is the first step of the course."""
    boxes = [
        box for box in _step_boxes(root) if _STARTS.search(_label(box, "u-status", "status", "state", "action") or "")
    ]
    return _said(boxes[-1]) if boxes else ""


def _started_at(root: Element, page: PageContext) -> datetime | None:
    boxes = [
        box for box in _step_boxes(root) if _STARTS.search(_label(box, "u-status", "status", "state", "action") or "")
    ]
    return _step_time(boxes[-1], page) if boxes else None


def _label(box: Element, *names: str) -> str | None:
    for name in names:
        node = first(box.xpath(f".//*[contains(@class,'{name}') and not(*)]"))
        text = clean(node.xpath("string()")) if node is not None else ""
        if text and len(text) <= 40:
            return text
    return None


def _said(box: Element) -> str:
    content = first(
        box.xpath(
            ".//*[contains(@class,'ts-reply') or contains(@class,'ts-d-cont') or contains(@class,'content') or "
            "contains(@class,'cont') or contains(@class,'text') or contains(@class,'desc')]"
        )
    )
    lines = text_of(content).split("\n") if content is not None else []
    return "\n".join(line for line in (_LABEL_LINE.sub("", line) for line in lines) if line).strip()


def _step_time(box: Element, page: PageContext) -> datetime | None:
    for node in box.xpath(".//*[contains(@class,'date') or contains(@class,'time') or self::time]")[:4]:
        when = _time(node.get("datetime") or node.xpath("string()"), page)
        if when:
            return when
    return None


def _time(text: str, page: PageContext) -> datetime | None:
    text = clean(text)[:80].removeprefix("于").removesuffix("发布").strip()
    return (
        parse_when(text, now=page.now, zone=page.zone)
        or when_in(text, page)
        or find_when(text, now=page.now, zone=page.zone)
    )


def _title(root: Element, fields: dict[str, str]) -> str | None:
    if fields.get("title"):
        return fields["title"]
    for path in _TITLES:
        for node in root.xpath(path)[:3]:
            text = " ".join(clean(node.xpath("string()")).split())
            if 4 <= len(text) <= 120 and meaning_of(text) is None:
                return text
    title = clean(root.xpath("string(//title)"))
    return _SITE.sub("", title).strip()[:120] or None


def _number(page: PageContext, fields: dict[str, str]) -> str | None:
    found = _NUMBER.search(page.url)
    digits = "".join(char for char in fields.get("number", "") if char.isascii() and char.isdigit())
    return found[1] if found else digits[:20] or None
