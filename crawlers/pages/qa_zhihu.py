"""Zhihu: the state from which a question page draws itself (`js-initialData`), and the answers of its JSON interface.

Quirks: the page carries the first answers only, the rest come from an interface that wants a signature, which is not
forged: what was left out is said. Names are in camelCase on the page and in snake_case in answers of the interface.
Without a login most requests end at `/signin` or `/account/unhuman` (403). Facts from public code [R]; not verified
against the live site. Last checked 2026-11.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from core.model import Author, Counts, Post
from core.text import clean
from crawlers.pages.base import LARGEST_BODY, Link, PageContext, PageState, Parsed, stopped
from crawlers.pages.encoding import decode
from crawlers.pages.markup import Element, first, html_to_text, parse_markup
from crawlers.pages.qa_thread import MOST_ANSWERS, Saying, answer_post, count, site, thread, unix
from crawlers.pages.urls import absolute

#: Untrusted JSON: every access asks for the type first.
Json: TypeAlias = Any

_IN_ADDRESS = re.compile(r"/questions?/(\d{5,25})", re.ASCII)
_GATE = re.compile(r"/(?:signin|account/unhuman)(?:[/?]|$)")
_WITH_QUESTION = re.compile(rb'"questions"\s*:\s*\{\s*"\d')
_REGION = re.compile(r"^(?:IP\s*属地\s*[:\uff1a]?|发布于|来自)\s*", re.IGNORECASE)
_GONE = re.compile(r"不存在|已被?删除|资源不可见|已关闭|没有找到|not found", re.IGNORECASE)
#: A second later is the same saving of a draft.
_EDITED_AFTER = timedelta(seconds=60)


def is_zhihu(body: bytes, page: PageContext) -> bool:
    """Whether it is a question of Zhihu's, by address or by the marks of its templates; its articles are none."""
    head = body[:LARGEST_BODY]
    at_home = site(page).endswith("zhihu.com")
    if head.lstrip()[:1] == b"{":
        return (
            at_home or b'"voteup_count"' in head or (b'"paging"' in head and b'"is_end"' in head and b"zhihu" in head)
        )
    return b"js-initialData" in head and (at_gate(page.url) or bool(_WITH_QUESTION.search(head)))


def at_gate(url: str) -> bool:
    """Whether we were led to the login or to the check for machines."""
    return bool(_GATE.search(url))


def read_page(root: Element, page: PageContext) -> Parsed | None:
    """The question of the page; `None` for a page that carries no such state."""
    state = _state(root)
    if state is None:
        return None
    entities = _record(_record(state.get("initialState")).get("entities"))
    questions, answers = _record(entities.get("questions")), _record(entities.get("answers"))
    wanted = _IN_ADDRESS.search(page.url)
    number = wanted[1] if wanted and wanted[1] in questions else next(iter(questions), None)
    if number is None:
        return _no_question(root)
    entry = _record(questions[number])
    about = _record(_record(_record(state.get("initialState")).get("question")).get("answers")).get(number)
    ordered = [answers[key] for key in _order(_record(about)) if key in answers] or list(answers.values())
    mine = [one for one in map(_record, ordered) if _belongs(one, number)]
    sayings = [saying for saying in (_answer(one, number, page) for one in mine) if saying is not None]
    promised = count(_get(entry, "answerCount", "answer_count"))
    missing = (promised or 0) - len(sayings)
    note = f"；另有 {missing} 个回答页面没有给出（需要登录）" if sayings and missing > 0 else ""
    return thread(page, _question(entry, number, page), sayings, promised=promised, note=note)


def _no_question(root: Element) -> Parsed:
    said = clean(root.xpath("string(//body)"))[:3000]
    if _GONE.search(said):
        return stopped("empty", "问题不存在或已被删除")
    if "登录" in said[:400]:
        return stopped("blocked", "知乎要求登录后才能查看")
    return stopped("broken", "页面数据里没有问题，页面可能改版")


def read_answer(body: bytes, page: PageContext) -> Parsed | None:
    """The answers of one JSON answer (`data[]`, `paging`); `None` where it is none."""
    answer = _load(decode(body[:LARGEST_BODY], page.content_type))
    if not isinstance(answer, dict):
        return None
    error = answer.get("error")
    if isinstance(error, dict):
        return _refused(error)
    data, paging = answer.get("data"), _record(answer.get("paging"))
    if not isinstance(data, list):
        return _single(answer, page)
    posts: dict[str, Post] = {}
    links: dict[str, Link] = {}
    for item in data[:MOST_ANSWERS]:
        _note(_target(item), page, posts, links)
    following = paging.get("next")
    url = absolute(page.url, following) if isinstance(following, str) and paging.get("is_end") is False else None
    more = (Link(url=_secure(url, page), leads_to="list" if links else "page"),) if url and (posts or links) else ()
    if posts or links:
        said = f"读到 {len(posts)} 个回答" if posts else f"读到 {len(links)} 个问题"
        return Parsed(
            posts=tuple(posts.values()), links=(*links.values(), *more), state=PageState(state="ok", reason=said)
        )
    if data:
        return stopped("broken", f"接口返回 {len(data)} 项，却一个回答也读不出，接口可能改版")
    return stopped("empty", "接口说没有更多回答") if paging else None


def _note(entry: Mapping[str, Json], page: PageContext, posts: dict[str, Post], links: dict[str, Link]) -> None:
    kind = entry.get("type")
    question = _record(entry.get("question"))
    number = _number(question) or _in_address(page)
    if kind == "question":
        own = _number(entry)
        if own:
            url = f"https://{site(page)}/question/{own}"
            links[own] = Link(
                url=url,
                leads_to="thread",
                title=_plain(_get(entry, "title", "name")) or None,
                changed=unix(_get(entry, "updated_time", "updatedTime", "created"), page),
                standing=f"{_get(entry, 'answer_count', 'answerCount')}个回答",
            )
    elif kind == "answer" or "voteup_count" in entry or "voteupCount" in entry:
        saying = _answer(entry, number, page)
        if saying:
            post = answer_post(saying, page, question=number, floor=None)
            posts[post.id] = post


def _single(entry: Mapping[str, Json], page: PageContext) -> Parsed | None:
    number = _number(entry)
    if number and entry.get("type") == "question":
        return thread(page, _question(entry, number, page), ())
    posts: dict[str, Post] = {}
    if entry.get("type") == "answer":
        _note(entry, page, posts, {})
    if not posts:
        return None
    return Parsed(posts=tuple(posts.values()), state=PageState(state="ok", reason="读到 1 个回答"))


def _refused(error: Mapping[str, Json]) -> Parsed:
    said = clean(str(error.get("message") or ""))[:80]
    if _GONE.search(said) or error.get("code") in (404, 4041):
        return stopped("empty", f"知乎提示：{said or '不存在'}")
    return stopped("blocked", f"知乎接口拒绝了请求：{said or error.get('code')}")


def _question(entry: Mapping[str, Json], number: str, page: PageContext) -> Saying:
    detail = _get(entry, "detail", "editableDetail", "excerpt")
    created, edited = _times(entry, page)
    return Saying(
        number=number,
        title=_plain(_get(entry, "title", "name")) or None,
        text=html_to_text(detail) if isinstance(detail, str) else "",
        author=_author(entry),
        published=created,
        edited=edited,
        counts=Counts(
            views=count(_get(entry, "visitCount", "visit_count")),
            replies=count(_get(entry, "answerCount", "answer_count")),
            likes=count(_get(entry, "voteupCount", "voteup_count")),
        ),
        images=_images(detail, page),
        url=f"https://{site(page)}/question/{number}",
    )


def _answer(entry: Mapping[str, Json], question: str | None, page: PageContext) -> Saying | None:
    number = _number(entry)
    content = _get(entry, "content", "editableContent", "editable_content", "excerpt")
    if isinstance(content, list):  # the app's answers come in pieces
        pieces = (_record(piece).get("content") for piece in content[:200])
        content = "".join(f"<p>{piece}</p>" for piece in pieces if isinstance(piece, str))
    if number is None or not isinstance(content, str):
        return None
    created, edited = _times(entry, page)
    return Saying(
        number=number,
        text=html_to_text(content),
        author=_author(entry),
        published=created,
        edited=edited,
        counts=Counts(
            likes=count(_get(entry, "voteupCount", "voteup_count")),
            replies=count(_get(entry, "commentCount", "comment_count")),
        ),
        images=_images(content, page),
        url=f"https://{site(page)}/question/{question}/answer/{number}" if question else None,
    )


def _times(entry: Mapping[str, Json], page: PageContext) -> tuple[datetime | None, datetime | None]:
    created = unix(_get(entry, "createdTime", "created_time", "created"), page)
    updated = unix(_get(entry, "updatedTime", "updated_time", "updated"), page)
    if created is None or updated is None or updated - created < _EDITED_AFTER:
        return created or updated, None
    return created, updated


def _author(entry: Mapping[str, Json]) -> Author:
    author = _record(entry.get("author"))
    name, own = author.get("name"), _get(author, "urlToken", "url_token", "id")
    region = _get(entry, "ipInfo", "ip_info", "ipLocation")
    return Author(
        id=str(own) if isinstance(own, str | int) and own not in ("", "0", 0) else None,
        name=clean(name) or None if isinstance(name, str) else None,
        followers=count(_get(author, "followerCount", "follower_count")),
        region=_REGION.sub("", clean(region)) or None if isinstance(region, str) else None,
    )


def _images(content: Json, page: PageContext) -> tuple[str, ...]:
    """Originals; the page repeats each picture in <noscript>."""
    if not isinstance(content, str) or "<img" not in content:
        return ()
    root = parse_markup(f"<div>{content[:LARGEST_BODY]}</div>")
    found = []
    for image in root.xpath("//img[not(ancestor::noscript)]")[:40] if root is not None else ():
        source = image.get("data-original") or image.get("data-actualsrc") or image.get("src") or ""
        found.append(absolute(page.url, source) if not source.startswith("data:") else None)
    return tuple(dict.fromkeys(url for url in found if url))[:20]


def _state(root: Element) -> Mapping[str, Json] | None:
    script = first(root.xpath("//script[@id='js-initialData']"))
    state = _load(script.text or "") if script is not None else None
    return state if isinstance(state, dict) else None


def _order(about: Mapping[str, Json]) -> Iterator[str]:
    """The numbers of the answers as the page shows them."""
    for name in ("ids", "newIds"):
        values = about.get(name)
        for value in values if isinstance(values, list) else ():
            target = value.get("target") if isinstance(value, dict) else value
            if isinstance(target, str | int):
                yield str(target)


def _target(item: Json) -> Mapping[str, Json]:
    entry = _record(item)
    inner = entry.get("object") or entry.get("target")
    return inner if isinstance(inner, dict) else entry


def _belongs(answer: Mapping[str, Json], number: str) -> bool:
    """The state may hold answers to other questions as well."""
    own = _number(_record(answer.get("question")))
    return own is None or own == number


def _number(entry: Mapping[str, Json]) -> str | None:
    value = entry.get("id")
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    return text if text.isascii() and text.isdigit() and len(text) <= 25 else None


def _in_address(page: PageContext) -> str | None:
    found = _IN_ADDRESS.search(page.url)
    return found[1] if found else None


def _secure(url: str, page: PageContext) -> str:
    """The interface names its next page with http."""
    return "https" + url[4:] if url.startswith("http://") and page.url.startswith("https://") else url


def _get(entry: Mapping[str, Json], *names: str) -> Json:
    return next((entry[name] for name in names if entry.get(name) not in (None, "")), None)


def _plain(value: Json) -> str:
    """A search marks what it found with <em>."""
    return html_to_text(value) if isinstance(value, str) else ""


def _record(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, dict) else {}


def _load(text: str) -> Json:
    try:
        return json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return None
