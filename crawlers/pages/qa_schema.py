"""Questions as schema.org describes them to search engines (QAPage), JSON-LD or microdata: many sites, one reading.

A FAQPage is a shop's own text and no question that anybody asked, so it is not read.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from core.model import Author, Counts
from core.text import clean
from crawlers.pages.base import Link, PageContext, Parsed
from crawlers.pages.markup import Element, html_to_text, text_of
from crawlers.pages.qa_thread import MOST_ANSWERS, Saying, count, question_number, thread, time_of
from crawlers.pages.urls import absolute

#: Untrusted JSON: every access asks for the type first.
Json: TypeAlias = Any

_LONGEST_SCRIPT = 2_000_000
_MOST_NODES = 20_000
_ANSWERS = ("acceptedAnswer", "suggestedAnswer")
_DATES = ("dateCreated", "datePublished")


def is_schema(body: bytes) -> bool:
    """Whether the page declares itself a page of questions and answers."""
    return b"QAPage" in body[:1_000_000] or b"schema.org/Question" in body[:1_000_000]


def read(root: Element, page: PageContext, *, links: tuple[Link, ...] = ()) -> Parsed | None:
    """The question that the page declares; `None` where it declares none."""
    found = _from_json(root, page) or _from_microdata(root, page)
    if found is None:
        return None
    question, answers = found
    return thread(page, question, answers, links=links, promised=question.counts.replies)


# -- JSON-LD ---------------------------------------------------------------------------------------------------------


def _from_json(root: Element, page: PageContext) -> tuple[Saying, list[Saying]] | None:
    for script in root.xpath("//script[@type='application/ld+json']")[:20]:
        for entry in _records(_load(script.text or "")):
            question = next(iter(_list(entry.get("mainEntity"))), None) if _is(entry, "QAPage") else None
            if question is None and _is(entry, "Question") and entry.get("suggestedAnswer"):
                question = entry
            if question is not None and isinstance(question.get("name") or question.get("text"), str):
                answers = [one for name in _ANSWERS for one in _list(question.get(name))]
                return _json_question(question, page), [_json_answer(one, page) for one in answers[:MOST_ANSWERS]]
    return None


def _json_question(entry: Mapping[str, Json], page: PageContext) -> Saying:
    title, text = entry.get("name") or entry.get("headline"), entry.get("text") or entry.get("articleBody")
    return Saying(
        number=question_number(page.url),
        title=_plain(title) or None,
        text=_plain(text),
        author=_json_author(entry),
        published=_json_time(entry, _DATES, page),
        edited=_json_time(entry, ("dateModified",), page),
        counts=Counts(
            replies=count(entry.get("answerCount")),
            likes=count(entry.get("upvoteCount")),
            views=_interactions(entry, "ViewAction"),
        ),
    )


def _json_answer(entry: Mapping[str, Json], page: PageContext) -> Saying:
    url = entry.get("url") or entry.get("@id")
    address = absolute(page.url, url) if isinstance(url, str) else None
    return Saying(
        number=_answer_number(url if isinstance(url, str) else "", page),
        text=_plain(entry.get("text") or entry.get("articleBody")),
        author=_json_author(entry),
        published=_json_time(entry, _DATES, page),
        edited=_json_time(entry, ("dateModified",), page),
        counts=Counts(likes=count(entry.get("upvoteCount")), replies=count(entry.get("commentCount"))),
        url=address,
    )


def _json_author(entry: Mapping[str, Json]) -> Author:
    author = entry.get("author")
    one = author[0] if isinstance(author, list) and author else author
    name = one.get("name") if isinstance(one, dict) else one
    return Author(name=clean(name)[:60] or None if isinstance(name, str) else None)


def _json_time(entry: Mapping[str, Json], names: tuple[str, ...], page: PageContext) -> datetime | None:
    texts = (entry.get(name) for name in names)
    times = (time_of(text, page) for text in texts if isinstance(text, str))
    return next((when for when in times if when), None)


def _interactions(entry: Mapping[str, Json], kind: str) -> int | None:
    for one in _list(entry.get("interactionStatistic")):
        action = one.get("interactionType")
        named = action.get("@type") if isinstance(action, dict) else action
        if isinstance(named, str) and named.endswith(kind):
            return count(one.get("userInteractionCount"))
    return None


def _plain(value: Json) -> str:
    return html_to_text(value) if isinstance(value, str) else ""


def _is(entry: Mapping[str, Json], kind: str) -> bool:
    named = entry.get("@type")
    return kind in named if isinstance(named, list) else named == kind


def _list(value: Json) -> list[dict[str, Json]]:
    return [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, dict)]


def _records(value: Json) -> Iterator[dict[str, Json]]:
    """Every object inside, outermost first, without recursion."""
    waiting, place = [value], 0
    while place < len(waiting) and place < _MOST_NODES:
        node = waiting[place]
        place += 1
        if isinstance(node, dict):
            yield node
        children = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
        waiting.extend(child for child in children if isinstance(child, dict | list))


def _load(text: str) -> Json:
    if len(text) > _LONGEST_SCRIPT:
        return None
    try:
        # Sites write raw line breaks into strings.
        return json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return None


# -- microdata -------------------------------------------------------------------------------------------------------

_Properties = dict[str, list[Element]]


def _from_microdata(root: Element, page: PageContext) -> tuple[Saying, list[Saying]] | None:
    scopes = _scopes(root)
    question = next((node for node in root.xpath("//*[contains(@itemtype,'schema.org/Question')]")[:5]), None)
    if question is None:
        return None
    own = scopes.get(question, {})
    answers = [node for name in _ANSWERS for node in own.get(name, [])]
    answers = answers or root.xpath("//*[contains(@itemtype,'schema.org/Answer')]")
    asked = Saying(
        number=question_number(page.url),
        title=_text(own, "name") or None,
        text=_text(own, "text"),
        author=Author(name=_author(own, scopes)),
        published=_time(own, page),
        counts=Counts(replies=count(_value(own, "answerCount")), likes=count(_value(own, "upvoteCount"))),
    )
    return asked, [_micro_answer(node, scopes, page) for node in answers[:MOST_ANSWERS]]


def _micro_answer(node: Element, scopes: Mapping[Element, _Properties], page: PageContext) -> Saying:
    own = scopes.get(node, {})
    named = node.get("data-answerid") or node.get("id") or _value(own, "url")
    address = absolute(page.url, _value(own, "url")) if own.get("url") else None
    return Saying(
        number=_answer_number(named, page),
        text=_text(own, "text"),
        author=Author(name=_author(own, scopes)),
        published=_time(own, page),
        counts=Counts(likes=count(_value(own, "upvoteCount"))),
        url=address,
    )


def _scopes(root: Element) -> dict[Element, _Properties]:
    """The properties of each item: those below it that lie in no nearer item."""
    found: dict[Element, _Properties] = {}
    for node in root.xpath("//*[@itemprop]")[:_MOST_NODES]:
        owner = next((above for above in node.iterancestors() if above.get("itemscope") is not None), None)
        if owner is not None:
            for name in node.get("itemprop").split()[:4]:
                found.setdefault(owner, {}).setdefault(name, []).append(node)
    return found


def _value(properties: _Properties, *names: str) -> str:
    for name in names:
        for node in properties.get(name, [])[:3]:
            value = node.get("content") or node.get("datetime") or node.get("href") or clean(node.xpath("string()"))
            if value:
                return str(value)
    return ""


def _text(properties: _Properties, name: str) -> str:
    for node in properties.get(name, [])[:3]:
        text = text_of(node) or clean(node.get("content") or "")
        if text:
            return text
    return ""


def _author(properties: _Properties, scopes: Mapping[Element, _Properties]) -> str | None:
    for node in properties.get("author", [])[:2]:
        name = _text(scopes.get(node, {}), "name") or (" ".join(text_of(node).split()) if node not in scopes else "")
        if name and len(name) <= 60:
            return name
    return None


def _time(properties: _Properties, page: PageContext) -> datetime | None:
    value = _value(properties, *_DATES, "datePublished", "dateModified")
    return time_of(value, page) if value else None


def _answer_number(named: str, page: PageContext) -> str | None:
    """The digits that the answer's own address adds to the question's."""
    question = question_number(page.url)
    parts = urlsplit(named) if "/" in named or "#" in named else None
    last = (parts.fragment or parts.path.rstrip("/").rpartition("/")[2]) if parts else named
    digits = "".join(char for char in last if char.isascii() and char.isdigit())
    return digits[:25] if len(digits) >= 2 and digits != question else None
