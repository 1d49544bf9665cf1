"""Discourse: the JSON behind its pages (/latest.json, /c/slug/5.json, /t/slug/8.json) and the page it serves to robots.

The page for robots names a post by its place in the topic only, so that is its name in the JSON too. Follows the public
code and API documents; checked on self-written pages. Last checked 2026-11.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from core.model import Author, Counts, Post, post_id
from core.text import clean
from core.times import parse_when
from crawlers.pages.base import LARGEST_BODY, Link, PageContext, PageParser, Parsed, stopped
from crawlers.pages.forum_following import next_pages
from crawlers.pages.forum_layout import declared_base
from crawlers.pages.forum_outcome import board_page, neither, thread_page, unreadable_posts
from crawlers.pages.markup import Element, first, html_to_text, parse_html, parse_markup, text_of
from crawlers.pages.refusals import refusal
from crawlers.pages.threads_rows import latest_of_day
from crawlers.pages.urls import absolute, canonical, site_of

_TOPIC = re.compile(r"(?P<folder>.*)/t/(?:(?P<slug>[^/]*)/)?(?P<tid>\d{1,12})(?:/(?P<number>\d{1,7}))?(?:\.json)?/?$")
_UNSAID = frozenset({"quote", "onebox", "lightbox-wrapper-meta", "meta", "signature"})
_CHUNK = 20
_MOST = 1000


def looks_like_discourse(body: bytes) -> bool:
    """Whether the page says that Discourse made it, or is its JSON."""
    if body[:300].lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{":
        return _answer(body) is not None
    head = body[:200_000]
    return b'content="Discourse' in head or b"crawler-post" in head or b'id="data-discourse-setup"' in head


def parse(body: bytes, page: PageContext) -> Parsed:
    """The topics of a list, or the posts of a topic; never raises."""
    if (refused := refusal(body, page, expects="html")) is not None:
        return refused
    if not site_of(page.url):
        return stopped("broken", "网址无法使用")
    if (answer := _answer(body)) is not None:
        return _read_json(answer, page)
    root = parse_html(body, page.content_type)
    if root is None:
        return stopped("broken", "响应不是可读的网页")
    return read(root, page, base=declared_base(root, page.url)) or neither(root)


def _answer(body: bytes) -> Mapping[str, Any] | None:
    if body[:300].lstrip(b"\xef\xbb\xbf \t\r\n")[:1] != b"{":
        return None
    try:
        answer: Any = json.loads(body[:LARGEST_BODY])
    except (ValueError, RecursionError):
        return None
    if not isinstance(answer, dict):
        return None
    return answer if isinstance(answer.get("topic_list"), dict) or isinstance(answer.get("post_stream"), dict) else None


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [one for one in value[:_MOST] if isinstance(one, dict)] if isinstance(value, list) else []


def _text(value: Any) -> str:
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**12 else None


# -- JSON ------------------------------------------------------------------------------------------------------------


def _read_json(answer: Mapping[str, Any], page: PageContext) -> Parsed:
    topics = answer.get("topic_list")
    if isinstance(topics, dict):
        threads = tuple(_topics(topics, page))
        if threads:
            return board_page(threads, tuple(_more_topics(topics, page)))
        return (
            stopped("empty", "该版块目前没有主题") if topics.get("topics") == [] else stopped("broken", "没有找到主题")
        )
    stream = answer["post_stream"]
    rows = _dicts(stream.get("posts"))
    posts = tuple(_posts(answer, rows, page))
    if not posts:
        return unreadable_posts() if rows else stopped("empty", "该主题没有可见的帖子")
    return thread_page(posts, tuple(_more_posts(answer, rows, page)))


def _folder(page: PageContext) -> str:
    return re.split(r"/(?:t|c|latest|new|top|tag)(?:/|\.json|$)", urlsplit(page.url).path, maxsplit=1)[0].rstrip("/")


def _topics(topics: Mapping[str, Any], page: PageContext) -> Iterator[Link]:
    for topic in _dicts(topics.get("topics")):
        tid = _text(topic.get("id"))
        url = absolute(page.url, f"{_folder(page)}/t/{tid}.json") if tid.isdigit() else None
        if url:
            said = _text(topic.get("last_posted_at")) or _text(topic.get("bumped_at")) or _text(topic.get("created_at"))
            changed = parse_when(said, now=page.now, zone=page.zone)
            title = html_to_text(_text(topic.get("title"))) or None
            yield Link(url=canonical(url), leads_to="thread", title=title, changed=changed)


def _more_topics(topics: Mapping[str, Any], page: PageContext) -> Iterator[Link]:
    more = absolute(page.url, _text(topics.get("more_topics_url"))) if _text(topics.get("more_topics_url")) else None
    if more:
        parts = urlsplit(more)
        path = parts.path if parts.path.endswith(".json") else f"{parts.path}.json"
        yield _later_list(urlunsplit(parts._replace(path=path)))


def _later_list(url: str) -> Link:
    """Lists count their pages from 0, so "page=1" is the second; everywhere else it is noise and would be dropped."""
    parts = urlsplit(url)
    asked = [pair for pair in parts.query.split("&") if pair and not pair.startswith("no_definitions=")]
    return Link(url=urlunsplit(parts._replace(query="&".join(["no_definitions=true", *asked]))), leads_to="list")


def _more_posts(answer: Mapping[str, Any], rows: list[dict[str, Any]], page: PageContext) -> Iterator[Link]:
    """The whole topic's posts are listed by number; twenty come with a page."""
    stream = answer["post_stream"].get("stream")
    known = [number for number in stream if isinstance(number, int)] if isinstance(stream, list) else []
    last = rows[-1].get("id")
    place = known.index(last) + 1 if last in known else 0
    tid = _text(answer.get("id"))
    if tid.isdigit() and 0 < place < len(known):
        url = absolute(page.url, f"{_folder(page)}/t/{tid}.json?page={place // _CHUNK + 1}")
        if url:
            yield Link(url=canonical(url), leads_to="page")


def _posts(answer: Mapping[str, Any], rows: list[dict[str, Any]], page: PageContext) -> Iterator[Post]:
    tid = _text(answer.get("id"))
    title = html_to_text(_text(answer.get("title"))) or None
    slug = _text(answer.get("slug")) or "-"
    address = canonical(absolute(page.url, f"{_folder(page)}/t/{slug}/{tid}") or page.url)
    for row in rows:
        number = _count(row.get("post_number"))
        if not tid.isdigit() or not number or row.get("hidden") or row.get("user_deleted") or row.get("action_code"):
            continue
        content = parse_markup(f"<div>{_text(row.get('cooked'))}</div>")
        yield from _post(
            page,
            tid=tid,
            number=number,
            address=address,
            title=title,
            content=content,
            author=Author(id=_text(row.get("user_id")) or None, name=clean(_text(row.get("username"))) or None),
            published=_text(row.get("created_at")),
            edited=_text(row.get("updated_at")) if (_count(row.get("version")) or 1) > 1 else "",
            answers=_count(row.get("reply_to_post_number")),
            counts=_counts(answer if number == 1 else {}),
        )


def _counts(answer: Mapping[str, Any]) -> Counts:
    posts = _count(answer.get("posts_count"))
    return Counts(
        views=_count(answer.get("views")), replies=posts - 1 if posts else None, likes=_count(answer.get("like_count"))
    )


def _post(
    page: PageContext,
    *,
    tid: str,
    number: int,
    address: str,
    title: str | None,
    content: Element | None,
    author: Author,
    published: str,
    edited: str,
    answers: int | None,
    counts: Counts,
) -> Iterator[Post]:
    text = text_of(content, skip=_is_unsaid) if content is not None else ""
    images = _images(content, page.url) if content is not None else ()
    if not (text or images or (number == 1 and title)):
        return
    site = site_of(page.url)
    yield Post(
        kind="forum",
        site=site,
        native_id=f"topic:{tid}:{number}",
        url=address if number == 1 else f"{address}/{number}",
        channel=page.channel or "forum",
        title=title if number == 1 else None,
        text=text,
        author=author,
        published=parse_when(published, now=page.now, zone=page.zone),
        edited=parse_when(edited, now=page.now, zone=page.zone) if edited else None,
        collected=page.now,
        floor=number,
        parent=post_id("forum", site, f"topic:{tid}:{answers or 1}") if number > 1 else None,
        counts=counts,
        images=images,
    )


def _is_unsaid(element: Element) -> bool:
    return element.tag in ("blockquote", "aside") or not _UNSAID.isdisjoint((element.get("class") or "").split())


def _images(content: Element, base: str) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for image in content.iter("img"):
        url = absolute(base, image.get("src"))
        if url and not {"emoji", "avatar"} & set((image.get("class") or "").split()):
            found.setdefault(url)
    return tuple(found)[:60]


# -- the page for robots ---------------------------------------------------------------------------------------------


def read(root: Element, page: PageContext, *, base: str) -> Parsed | None:
    """The topics or posts of the page that robots get; `None` for one that holds neither."""
    found = _TOPIC.match(urlsplit(page.url).path)
    boxes = root.xpath(
        "//*[contains(@class,'crawler-post') or contains(@class,'topic-body')][starts-with(@id,'post_')]"
    )[:_MOST]
    if boxes and found:
        posts = tuple(post for box in boxes for post in _crawled(box, root, page, found["tid"]))
        return thread_page(posts, next_pages(root, base, page.url, "page")) if posts else unreadable_posts()
    rows = root.xpath("//tr[contains(@class,'topic-list-item')]")[:_MOST]
    threads = tuple(_rows(rows, page, base))
    more = absolute(base, first(root.xpath("//a[@rel='next']/@href")))
    return (
        board_page(threads, [_later_list(more)] if more and site_of(more) == site_of(page.url) else [])
        if threads
        else None
    )


def _crawled(box: Element, root: Element, page: PageContext, tid: str) -> Iterator[Post]:
    number = (box.get("id") or "").removeprefix("post_")
    if not (number.isascii() and number.isdigit() and len(number) < 8):
        return
    name = first(box.xpath(".//*[contains(@class,'creator')]//*[@itemprop='name']|.//*[contains(@class,'creator')]//a"))
    parts = urlsplit(page.url)
    path = re.sub(r"(/t/(?:[^/]*/)?\d+).*", r"\1", parts.path)
    yield from _post(
        page,
        tid=tid,
        number=int(number),
        address=canonical(urlunsplit((parts.scheme, parts.netloc, path, "", ""))),
        title=clean(root.xpath("string(//h1)")).replace("\n", " ") or None,
        content=first(box.xpath(".//*[@itemprop='text' or contains(concat(' ',@class,' '),' post ')]")),
        author=Author(name=clean(name.xpath("string()")) or None if name is not None else None),
        published=first(box.xpath(".//time/@datetime")) or "",
        edited="",
        answers=None,
        counts=Counts(),
    )


def _rows(rows: list[Element], page: PageContext, base: str) -> Iterator[Link]:
    for row in rows:
        anchor = first(row.xpath(".//a[contains(@class,'title')][normalize-space(string())]"))
        url = absolute(base, anchor.get("href")) if anchor is not None else None
        if anchor is None or url is None or not _TOPIC.match(urlsplit(url).path):
            continue
        cells = [clean(cell.xpath("string()")) for cell in row.xpath("./td")]
        days = (
            when for said in reversed(cells[1:]) if said and (when := parse_when(said, now=page.now, zone=page.zone))
        )
        day = next(days, None)
        replies = clean(row.xpath("string(.//*[contains(@class,'posts')][not(contains(@class,'posters'))])"))
        yield Link(
            url=canonical(url),
            leads_to="thread",
            title=clean(anchor.xpath("string()")).replace("\n", " "),
            changed=latest_of_day(day, page) if day else None,
            standing=replies or None,
        )


PARSER = PageParser(name="discourse", parse=parse, looks_like=lambda body, _: looks_like_discourse(body), rank=34)
