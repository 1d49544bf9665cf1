"""What an article page says about itself to machines: meta tags, ld+json, and the JSON that scripts draw it from."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from urllib.parse import unquote

from core.text import clean
from crawlers.pages.markup import Element, html_to_text

#: Untrusted JSON: every access asks for the type first.
Json: TypeAlias = Any

_SCRIPTS = "//script[@type='application/ld+json' or @id='__NEXT_DATA__' or @id='RENDER_DATA' or @id='__NUXT_DATA__']"
_STATE = re.compile(r"\bwindow\.__?[A-Z_]{3,40}__?\s*=\s*(?=\{)|\bwindow\[['\"]\w{3,40}['\"]\]\s*=\s*(?=\{)")
_UNDEFINED = re.compile(r"([:,\[]\s*)undefined(?=\s*[,}\]])")
_LONGEST_SCRIPT = 2_000_000
_MOST_NODES = 50_000
_BODY_KEYS = ("articleBody", "content", "body", "contentHtml", "articleContent", "text")
_TITLE_KEYS = ("headline", "title", "name")
_DATE_KEYS = (
    "datePublished",
    "pubDate",
    "pubTime",
    "publishTime",
    "publish_time",
    "publishedAt",
    "createTime",
    "upDate",
)
_SHORTEST_BODY = 80


@dataclass(slots=True, kw_only=True)
class PageData:
    """Machine-readable claims, in the order of trust; nothing here is checked yet."""

    meta: dict[str, str] = field(default_factory=dict)
    titles: list[str] = field(default_factory=list)
    dates: list[str] = field(default_factory=list)
    authors: list[str] = field(default_factory=list)
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
        for entry in _objects(_assigned(script.text or "")):
            _note(entry, data)
    return data


def _assigned(text: str) -> Json:
    """The object of `window.__INITIAL_STATE__ = {…}`, from which pages draw themselves."""
    start = _STATE.search(text[:2000])
    if start is None or len(text) > _LONGEST_SCRIPT:
        return None
    try:
        return json.JSONDecoder(strict=False).raw_decode(_UNDEFINED.sub(r"\1null", text[start.end() :]))[0]
    except (ValueError, RecursionError):
        return None


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
    named = "datePublished" in entry or "headline" in entry or "@context" in entry
    if not (titles and (bodies or (dates and named))):
        return
    if named or (bodies and dates):
        data.titles += titles[:1]
        data.dates += dates[:1]
    data.bodies += bodies[:1]
    author = entry.get("author")
    for one in author if isinstance(author, list) else [author]:
        name = one.get("name") if isinstance(one, dict) else one
        if isinstance(name, str) and 0 < len(clean(name)) <= 40:
            data.authors.append(clean(name))


def _texts(entry: dict[str, Json], keys: tuple[str, ...]) -> list[str]:
    return [entry[key] for key in keys if isinstance(entry.get(key), str) and entry[key].strip()]
