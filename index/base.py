"""The port of every search index: mentions in, hits out. One contract suite runs on each adapter."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from core.model import Channel, Grade, Mention

Sort = Literal["time", "relevance", "risk"]
#: "store" counts the subjects that are stores; "day" and "hour" ("2026-03-14", "2026-03-14T23") are a histogram, in the
#: operator's zone; "source" is the id of the source that found it first.
Facet = Literal["channel", "source", "site", "category", "grade", "subject", "store", "event", "day", "hour"]

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
class Between:
    """The risk (0 to 100) or the probability (0 to 1) lies between two values; `None` is open.

    The bounds are included unless `low_in` or `high_in` says otherwise.
    """

    name: Literal["risk", "negative"]
    low: float | None = None
    high: float | None = None
    low_in: bool = True
    high_in: bool = True


@dataclass(frozen=True, slots=True)
class Within:
    """`Post.when` is not before `since` and before `until`, compared to the millisecond; `None` is open."""

    since: datetime | None = None
    until: datetime | None = None


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


Node = Term | FieldIs | Between | Within | Not | All | AnyOf


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
    #: What the reader must know of this answer: one Chinese sentence, such as that it comes from the fallback.
    notice: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """What became of a batch: how many are in, and why the others are not (by mention id)."""

    count: int
    refused: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A part of an index that can be looked at by itself: the file, or one month."""

    name: str
    mentions: int
    #: On disk; `None` where nobody says.
    size: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexState:
    """How an index is: for `tingfeng index status` and the doctor."""

    #: "SQLite 3.40.1", "Elasticsearch 9.3.2".
    engine: str
    mentions: int
    pieces: tuple[Piece, ...] = ()
    #: What an operator should know, one Chinese sentence each: "集群状态为 yellow", ….
    remarks: tuple[str, ...] = ()


class Building(Protocol):
    """An index that is filled beside the one in use, which goes on as if nothing happened."""

    def add_many(self, mentions: Sequence[Mention], *, as_of: datetime | None = None) -> Added:
        """As `SearchIndex.add_many`; what is in survives the end of the process."""
        ...

    def count(self) -> int:
        """How many mentions are in: a rebuild that goes on makes sure that what it added before is still there."""
        ...

    def take_over(self, *, progress: Callable[[int, int], None] | None = None) -> None:
        """Become the index in use, at one moment: a search sees the old one whole or the new one whole.

        `progress` is called with how much of how much is done, in units of the adapter's own.
        """
        ...

    def settled(self) -> None:
        """The change is noted: drop what was kept so that a change could be made once more after a crash."""
        ...

    def discard(self) -> None:
        """Forget it: nothing of it remains."""
        ...

    def close(self) -> None:
        """Give back connections and files; the building can be opened again by its name."""
        ...


class SearchIndex(Protocol):
    """An index that can always be rebuilt from `posts` and `verdicts`.

    Every method may raise `IndexTrouble`: `IndexUnavailable` where waiting helps, `IndexMismatch` where somebody must
    act.
    """

    def add_many(self, mentions: Sequence[Mention], *, as_of: datetime | None = None) -> Added:
        """Add or replace mentions by id. A bad one is refused by name; the others are in.

        `as_of` is when they were read from the truth: what was read earlier never replaces what was read later (such
        a mention counts as in). `None` is now. A post's `collected` never changes; an adapter may rely on it.
        """
        ...

    def search(self, query: Query) -> Page:
        """Find. The same query gives the same hits on every adapter.

        Raise `QuerySyntaxError` for an `after` that is no cursor of this sort.
        """
        ...

    def count_by(self, query: Query, facet: Facet, *, limit: int = 1000) -> dict[str, int]:
        """How many matching mentions each value of the facet has, most first, then by value; at most `limit` values."""
        ...

    def count(self) -> int:
        """How many mentions are in."""
        ...

    def delete(self, ids: Sequence[str], *, as_of: datetime | None = None) -> int:
        """Remove mentions; unknown ids are ignored. Returns how many were there.

        `as_of` is when the truth was read that no longer has them; what is read later may bring them back.
        """
        ...

    def prune(self, before: datetime) -> int:
        """Remove mentions whose post was collected before this moment; an adapter may keep the month it lies in.

        Returns how many are gone.
        """
        ...

    def maintain(self) -> None:
        """What is worth doing once a day: merge, analyse, check. May take minutes; searches and additions go on."""
        ...

    def refresh(self) -> None:
        """Make everything added so far visible to searches."""
        ...

    def state(self) -> IndexState:
        """How it is."""
        ...

    def beside(self, name: str) -> Building:
        """The index of this name beside the one in use: opened where it exists, else made. `name` is [a-z0-9]{1,40}."""
        ...

    def close(self) -> None:
        """Give back connections and files."""
        ...
