"""A page of any forum: says by its marks which software made it, and hands it to the parser that knows that one.

A page that says who made it and still cannot be read is `broken`: read by structure, its posts would get new names and
come in once more. A page without marks (many skins hide them) is tried by structure: first by the known layouts, then
by none at all. A feed of a board counts as its list.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from crawlers.pages import discourse, discuz, flarum, nodebb, phpbb, threads, xenforo
from crawlers.pages.base import PageContext, PageParser, Parsed, stopped
from crawlers.pages.feed import looks_like_feed
from crawlers.pages.feed import parse as parse_feed
from crawlers.pages.forum_layout import declared_base
from crawlers.pages.forum_outcome import neither
from crawlers.pages.markup import Element, parse_html
from crawlers.pages.refusals import refusal
from crawlers.pages.urls import site_of

#: Software that says who made a page, the most telling first.
_KNOWN = (discuz.PARSER, nodebb.PARSER, phpbb.PARSER, xenforo.PARSER, discourse.PARSER, flarum.PARSER)
#: What reads a tree that somebody else has grown; for pages that do not say who made them.
_READERS: tuple[Callable[..., Parsed | None], ...] = (
    discuz.read,
    phpbb.read,
    nodebb.read,
    xenforo.read,
    threads.read,
)


def software_of(body: bytes, page: PageContext) -> PageParser | None:
    """The parser of the software that made the page, where the page tells."""
    return next((one for one in _KNOWN if one.looks_like is not None and one.looks_like(body, page)), None)


def parse(body: bytes, page: PageContext) -> Parsed:
    """The threads of a list, or the posts of a thread; never raises."""
    if looks_like_feed(body):
        return _as_list(parse_feed(body, page))
    if (known := software_of(body, page)) is not None:
        return known.parse(body, page)
    if (refused := refusal(body, page, expects="html")) is not None:
        return refused
    root = parse_html(body, page.content_type)
    if root is None or not site_of(page.url):
        return stopped("broken", "响应不是可读的网页")
    return _first(root, page, _READERS) or neither(root)


def _first(root: Element, page: PageContext, readers: tuple[Callable[..., Parsed | None], ...]) -> Parsed | None:
    """What the first reader finds; one that finds something broken yields to the next."""
    base = declared_base(root, page.url)
    found = [parsed for reader in readers if (parsed := reader(root, page, base=base)) is not None]
    return next((parsed for parsed in found if parsed.state.state == "ok"), found[0] if found else None)


def _as_list(parsed: Parsed) -> Parsed:
    """A board's feed leads to threads."""
    return replace(parsed, links=tuple(replace(link, leads_to="thread") for link in parsed.links))


PARSER = PageParser(name="forum", parse=parse)
