"""The port of every search index: mentions in, hits out. One contract suite runs on each adapter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from core.model import Channel, Grade, Mention

Sort = Literal["time", "relevance", "risk"]
Facet = Literal["channel", "grade", "category", "subject", "site", "event", "day"]

# The tree of a parsed search text. `index.query.parse` builds it, each adapter translates it.


@dataclass(frozen=True, slots=True)
class Term:
    """A word or phrase: matches a mention whose title or text contains exactly these characters.

    `index.exact` defines it: both are folded and cut into tokens (one ideograph, or one run of letters and digits),
    white space and punctuation are ignored, and the tokens must stand side by side within the title or the text.
    A term without any token matches nothing.
    """

    text: str


@dataclass(frozen=True, slots=True)
class FieldIs:
    """A field (see `index.fields`) equals a value, letter case and width aside: ("author", "李先生")."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Not:
    """Everything that `node` does not match."""

    node: Node


@dataclass(frozen=True, slots=True)
class All:
    """Every one of `nodes`."""

    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one of `nodes`."""

    nodes: tuple[Node, ...]


Node = Term | FieldIs | Not | All | AnyOf


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What to look for. Empty tuples and `None` mean "any"; times compare with `Post.when`, to the millisecond.

    Sorted by "time" the newest comes first, by "risk" the highest and then the newest; "relevance" without a term to
    be relevant to is "time". Equal hits keep an order of the adapter's own, the same on every page.
    """

    where: Node | None = None
    grades: tuple[Grade, ...] = ()
    channels: tuple[Channel, ...] = ()
    subjects: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    #: Included.
    since: datetime | None = None
    #: Not included.
    until: datetime | None = None
    min_risk: int | None = None
    min_negative: float | None = None
    sort: Sort = "time"
    limit: int = 20
    #: `Page.next` of the page before.
    after: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One found mention. `highlight` is one line around the first match.

    It marks matches with U+E000 … U+E001 and contains no other such characters: escape first, mark up then.
    """

    mention: Mention
    highlight: str
    score: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of hits, how many there are in all, and the cursor of the next page."""

    hits: tuple[Hit, ...]
    total: int
    next: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """What became of a batch: how many are in, and why the others are not (by mention id)."""

    count: int
    refused: Mapping[str, str] = field(default_factory=dict)


class SearchIndex(Protocol):
    """An index that can always be rebuilt from `posts` and `verdicts`."""

    def add_many(self, mentions: Sequence[Mention]) -> Added:
        """Add or replace mentions by id. A bad one is refused by name; the others are in."""
        ...

    def search(self, query: Query) -> Page:
        """Find. The same query gives the same hits on every adapter.

        Raise `QuerySyntaxError` for an `after` that is no cursor of this sort.
        """
        ...

    def count_by(self, query: Query, facet: Facet) -> dict[str, int]:
        """How many matching mentions each value of the facet has, most first."""
        ...

    def count(self) -> int:
        """How many mentions are in."""
        ...

    def delete(self, ids: Sequence[str]) -> int:
        """Remove mentions; unknown ids are ignored. Returns how many were there."""
        ...

    def refresh(self) -> None:
        """Make everything added so far visible to searches."""
        ...

    def close(self) -> None:
        """Give back connections and files."""
        ...
