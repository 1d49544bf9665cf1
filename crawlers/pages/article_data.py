"""What an article page says about itself to machines: meta tags, ld+json, and the JSON that scripts draw it from."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape
from itertools import islice
from typing import Any, TypeAlias
from urllib.parse import unquote

from core.text import clean
from crawlers.pages.markup import Element, html_to_text

#: Untrusted JSON: every access asks for the type first.
Json: TypeAlias = Any

_SCRIPTS = "//script[@type='application/ld+json' or @id='__NEXT_DATA__' or @id='RENDER_DATA' or @id='__NUXT_DATA__']"
_STATE = re.compile(
    r"\b(?:window\.\w{3,40}|window\[['\"]\w{3,40}['\"]\]|(?:var|let|const)\s+\w{3,40})\s*=\s*(?=\{\s*[\"}])", re.ASCII
)
#: A script assigns a few objects; the one that holds the article is among the first.
_MOST_STATES = 6
_UNDEFINED = re.compile(r"([:,\[]\s*)undefined(?=\s*[,}\]])")
_LONGEST_SCRIPT = 2_000_000
_MOST_NODES = 50_000
_BODY_KEYS = ("articleBody", "content", "body", "contentHtml", "articleContent", "text")
_PIECE_LISTS = ("contentList", "paragraphs", "contents", "contentArr")
_PIECE_KEYS = ("data", "html", "text", "content")
_SOURCE_KEYS = ("source", "media", "sourceName", "source_name", "mediaName")
_TITLE_KEYS = ("headline", "title", "name")
_DATE_KEYS = (
    "datePublished",
    "pubDate",
    "pubTime",
    "publishTime",
    "publish_time",
    "publishedAt",
    "createTime",
    "pubtime",
    "newsTime",
    "upDate",
)
#: What an object is called that holds nothing but an article's body.
_CARRIER = re.compile(r"content|body|article|detail", re.I)
_SHORTEST_BODY = 80


@dataclass(slots=True, kw_only=True)
class PageData:
    """Machine-readable claims, in the order of trust; nothing here is checked yet."""

    meta: dict[str, str] = field(default_factory=dict)
    titles: list[str] = field(default_factory=list)
    dates: list[str] = field(default_factory=list)
    authors: list[str] = field(default_factory=list)
    #: Media that published it first.
    sources: list[str] = field(default_factory=list)
    bodies: list[str] = field(default_factory=list)


def read_page_data(root: Element) -> PageData:
    """Collect every claim; what is not JSON, or JSON of another shape, is passed over."""
    data = PageData()
    for node in root.iter("meta"):
        name = node.get("property") or node.get("name") or node.get("itemprop") or ""
        content = clean(node.get("content") or "")
        if name and content:
            data.meta.setdefault(name.strip().lower(), content)
    for script in root.xpath(_SCRIPTS):
        for entry in _objects(_load(script.text or "", encoded=script.get("id") == "RENDER_DATA")):
            _note(entry, data)
    for script in root.iter("script"):
        for state in _assigned(script.text or ""):
            for entry in _objects(state):
                _note(entry, data)
    _note_carriers(root, data)
    return data


def _assigned(text: str) -> Iterator[Json]:
    """The objects of `window.__INITIAL_STATE__ = {…}`, `var allData = {…}`, from which pages draw themselves."""
    if len(text) > _LONGEST_SCRIPT:
        return
    for start in islice(_STATE.finditer(text), _MOST_STATES):
        try:
            yield json.JSONDecoder(strict=False).raw_decode(_UNDEFINED.sub(r"\1null", text[start.end() :]))[0]
        except (ValueError, RecursionError):
            continue


def _load(text: str, *, encoded: bool) -> Json:
    text = text.strip()
    if not text or len(text) > _LONGEST_SCRIPT:
        return None
    try:
        # Sites write raw line breaks into ld+json strings.
        return json.loads(unquote(text) if encoded else text, strict=False)
    except (ValueError, RecursionError):
        return None


def _objects(value: Json) -> Iterator[dict[str, Json]]:
    """Every object inside, outermost first, without recursion."""
    waiting, seen = [value], 0
    while waiting and seen < _MOST_NODES:
        node = waiting.pop(0) if len(waiting) < 64 else waiting.pop()
        seen += 1
        if isinstance(node, dict):
            yield node
            waiting.extend(child for child in node.values() if isinstance(child, dict | list))
        elif isinstance(node, list):
            waiting.extend(child for child in node if isinstance(child, dict | list))


def _note(entry: dict[str, Json], data: PageData) -> None:
    """An object is an article's when it has a title and a date or a body; all other objects are furniture."""
    titles = _texts(entry, _TITLE_KEYS)
    dates = [str(entry[key]) for key in _DATE_KEYS if isinstance(entry.get(key), str | int) and entry[key]]
    bodies = [text for text in (html_to_text(raw) for raw in _texts(entry, _BODY_KEYS)) if len(text) >= _SHORTEST_BODY]
    bodies = bodies + _pieces(entry) or _inner(entry)
    named = "datePublished" in entry or "headline" in entry or "@context" in entry
    if not (titles and (bodies or (dates and named))):
        return
    if named or (bodies and dates):
        data.titles += titles[:1]
        data.dates += dates[:1]
    data.bodies += bodies[:1]
    data.sources += [said for text in _texts(entry, _SOURCE_KEYS)[:1] if 0 < len(said := clean(text)) <= 40]
    author = entry.get("author")
    for one in author if isinstance(author, list) else [author]:
        name = one.get("name") if isinstance(one, dict) else one
        if isinstance(name, str) and 0 < len(clean(name)) <= 40:
            data.authors.append(clean(name))


def _note_carriers(root: Element, data: PageData) -> None:
    """Hidden text areas that carry an article for a script to draw: "article-content", "article-time" and so on."""
    for node in root.xpath("//textarea[contains(@class,'article-') or contains(@id,'article-')]")[:20]:
        name = f"{node.get('class') or ''} {node.get('id') or ''}"
        text = clean(node.text or "")
        if not text:
            continue
        if "article-content" in name:
            body = html_to_text(text)
            data.bodies += [body] if len(body) >= _SHORTEST_BODY else []
        elif "article-title" in name:
            data.titles.append(text)
        elif "article-time" in name:
            data.dates.append(text)
        elif "article-author" in name and len(text) <= 40:
            data.authors.append(text)
        elif "article-source" in name and len(text) <= 40:
            data.meta.setdefault("source", text)


def _pieces(entry: dict[str, Json]) -> list[str]:
    """A body in pieces, here or one level below, such as `"contentList": [{"data": "<p>…</p>"}]`, joined."""
    places = [entry, *(value for value in entry.values() if isinstance(value, dict))]
    for rows in (place.get(key) for place in places for key in _PIECE_LISTS):
        if isinstance(rows, list) and rows and all(isinstance(row, dict) for row in rows[:200]):
            texts = [text for row in rows[:200] for text in _texts(row, _PIECE_KEYS)[:1]]
            body = html_to_text("".join(text if "<" in text else f"<p>{escape(text)}</p>" for text in texts))
            if len(body) >= _SHORTEST_BODY:
                return [body]
    return []


def _inner(entry: dict[str, Json]) -> list[str]:
    """A body one level below the title, such as `"originContent": {"text": "<p>…</p>"}`."""
    inside = [value for key, value in entry.items() if isinstance(value, dict) and _CARRIER.search(key)]
    texts = (html_to_text(text) for value in inside[:10] for text in _texts(value, _BODY_KEYS))
    return [body for body in texts if len(body) >= _SHORTEST_BODY][:1]


def _texts(entry: dict[str, Json], keys: tuple[str, ...]) -> list[str]:
    return [entry[key] for key in keys if isinstance(entry.get(key), str) and entry[key].strip()]
