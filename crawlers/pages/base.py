"""What every page parser is given and gives back: one shape for spiders, CLI and tests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from core.model import Channel, Post, SourceState, require_aware

LeadsTo = Literal["list", "thread", "page", "article", "feed", "status", "comments"]

#: Nothing a site publishes for readers is larger; what lies beyond is not parsed.
LARGEST_BODY = 5_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Where to go next."""

    url: str
    leads_to: LeadsTo
    title: str | None = None
    #: Last reply or publication as the list shows it: a crawl skips what has not changed.
    changed: datetime | None = None
    #: What the list shows of how far it has come ("3个回答", "已回复"): something was said when it reads differently.
    standing: str | None = None

    def __post_init__(self) -> None:
        require_aware(self, changed=self.changed)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageState:
    """How it went. Blocked, empty and broken are three different things."""

    state: SourceState
    #: One Chinese sentence for the operator.
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """What one page yields. `ok` comes with posts or links, but for a long text that completes a post."""

    state: PageState
    posts: tuple[Post, ...] = ()
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PageContext:
    """What a parser may know besides the bytes."""

    #: Final address, after redirects.
    url: str
    #: When the page was fetched; relative times count from here.
    now: datetime
    #: Zone of times that a page shows without one.
    zone: ZoneInfo
    #: The header as it came.
    content_type: str | None = None
    status: int = 200
    #: The source's channel, where the operator says that it differs from the parser's own.
    channel: Channel | None = None
    #: Id of the thread's opening post, where the caller saw it on the thread's first page.
    opening: str | None = None
    #: What was asked for, where redirects led elsewhere; `None` where it is `url`.
    requested_url: str | None = None

    def __post_init__(self) -> None:
        require_aware(self, now=self.now)


#: Never raises, whatever the bytes are.
Parser = Callable[[bytes, PageContext], Parsed]

#: What a page of a kind is when it is not a refusal; "binary" is no text at all, so its words are no sign.
Expects = Literal["html", "json", "xml", "binary"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PageParser:
    """What a module of this package offers: its `PARSER` (or `PARSERS`) is found by the package on its own."""

    #: What `tingfeng parse --kind`, `sources.toml` (`parser = …`) and spiders call it; the folder in tests/pages too.
    name: str
    parse: Parser
    expects: Expects = "html"
    #: Whether a page says by its own marks that it is one of these; `None` is never chosen by itself. Never raises.
    looks_like: Callable[[bytes, PageContext], bool] | None = None
    #: Who is asked first: the more telling the marks, the smaller.
    rank: int = 50


def stopped(state: SourceState, reason: str) -> Parsed:
    """A page that yields nothing, and why."""
    return Parsed(state=PageState(state=state, reason=reason))
