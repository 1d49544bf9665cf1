"""Pure page parsers, one file a platform: (bytes, address, now) → posts, links and a state. No network, no Scrapy.

A module of this package that has a `PARSER` (or `PARSERS`) is found by itself: adding a platform is adding a file.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from functools import cached_property

from core.errors import NotFound
from crawlers.pages.base import Expects, Link, PageContext, PageParser, PageState, Parsed, Parser

__all__ = [
    "PARSERS",
    "Link",
    "PageContext",
    "PageParser",
    "PageState",
    "Parsed",
    "Parser",
    "detect",
    "expects",
    "kinds",
    "parse_page",
]

#: Words of the command line and the catalogue for the same parsers.
_ALSO = {"news": "article", "rss": "feed"}
#: Read when no parser knows the page by its marks.
_OTHERWISE = "article"


def _found() -> Iterator[PageParser]:
    for module in sorted(info.name for info in pkgutil.iter_modules(__path__)):
        loaded = importlib.import_module(f"{__name__}.{module}")
        own: PageParser | None = getattr(loaded, "PARSER", None)
        if own is not None:
            yield own
        several: tuple[PageParser, ...] = getattr(loaded, "PARSERS", ())
        yield from several


class _Registry(Mapping[str, PageParser]):
    """Every parser by name, in the order in which "auto" asks them; loaded when first asked.

    Most commands of the product read no page, and must not wait for the extractors.
    """

    @cached_property
    def _named(self) -> Mapping[str, PageParser]:
        named: dict[str, PageParser] = {}
        for parser in sorted(_found(), key=lambda parser: (parser.rank, parser.name)):
            if parser.name in named:
                raise ValueError(f"two page parsers are called {parser.name!r}")
            named[parser.name] = parser
        return named

    def __getitem__(self, name: str) -> PageParser:
        return self._named[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._named)

    def __len__(self) -> int:
        return len(self._named)


PARSERS: Mapping[str, PageParser] = _Registry()


def kinds() -> tuple[str, ...]:
    """What `kind` may be: the parsers, other words for them, and "auto"."""
    return (*PARSERS, *_ALSO, "auto")


def detect(body: bytes, page: PageContext) -> str:
    """The name of the parser that fits the page's own marks; an article where it has none."""
    fitting = (one.name for one in PARSERS.values() if one.looks_like is not None and one.looks_like(body, page))
    return next(fitting, _OTHERWISE)


def expects(kind: str) -> Expects:
    """What a page of this kind is when it is not a refusal; "html" where the kind says nothing."""
    parser = PARSERS.get(_ALSO.get(kind, kind))
    return parser.expects if parser else "html"


def parse_page(kind: str, body: bytes, page: PageContext) -> Parsed:
    """What the page yields, read by the parser of that kind, or by the one that fits ("auto").

    Raises `NotFound` for a kind that has no parser; never raises because of the page.
    """
    name = detect(body, page) if kind == "auto" else _ALSO.get(kind, kind)
    parser = PARSERS.get(name)
    if parser is None:
        raise NotFound(f"没有名为 {kind} 的页面解析器，可用：{'、'.join(kinds())}")
    return parser.parse(body, page)
