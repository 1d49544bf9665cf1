"""Posts like one post: found by its telling words and its event, compared by their characters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.model import Mention, Post
from core.text import clean, fold
from index.base import AnyOf, Query, SearchIndex, Term

#: Hits that are compared; the search puts the most relevant first.
_COMPARED = 40
_RUN = 3
_ALMOST_THE_SAME, _MUCH_IN_COMMON = 0.8, 0.4
#: Longer texts are compared by their beginning.
_READ = 5_000
_NAMED = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Similar:
    """One post like the asked one."""

    mention: Mention
    #: Share of common runs of three characters, 0 to 1.
    likeness: float
    is_same_event: bool
    #: Telling words that both have.
    words: tuple[str, ...]

    @property
    def said(self) -> str:
        """How alike they are, in words."""
        if self.likeness >= _ALMOST_THE_SAME:
            return "几乎同文"
        if self.likeness >= _MUCH_IN_COMMON:
            return "大段相同"
        common = f"都说到{'、'.join(self.words[:_NAMED])}" if self.words else ""
        return "，".join(part for part in ("同一事件" if self.is_same_event else "", common) if part) or "略有相近"


def similar_to(
    index: SearchIndex,
    post: Post,
    *,
    event: str | None,
    words: Sequence[str],
    others: Sequence[Mention],
    limit: int = 5,
) -> list[Similar]:
    """The posts of the archive most like this one, the most alike first.

    `words` are those to look for; `others` are further candidates, such as the other posts of its `event`.
    """
    query = Query(where=AnyOf(tuple(Term(word) for word in words)), sort="relevance", limit=_COMPARED)
    hits = [hit.mention for hit in index.search(query).hits] if words else []
    return compared(post, [*hits, *others], event=event, words=words, limit=limit)


def compared(
    post: Post, candidates: Sequence[Mention], *, event: str | None, words: Sequence[str], limit: int
) -> list[Similar]:
    """The candidates most like this post, the most alike first; itself and repeated ones left out."""
    others = {one.id: one for one in candidates if one.id != post.id}
    runs = _runs(post)
    found = [
        Similar(
            mention=one,
            likeness=_share(runs, _runs(one.post)),
            is_same_event=event is not None and one.verdict.event == event,
            words=tuple(word for word in words if fold(word) in fold(one.post.full_text[:_READ])),
        )
        for one in others.values()
    ]
    found.sort(key=lambda one: (-_order(one), -one.mention.post.when.timestamp(), one.mention.id))
    return found[:limit]


def _order(one: Similar) -> float:
    return one.likeness + 0.1 * len(one.words) + (0.2 if one.is_same_event else 0.0)


def _runs(post: Post) -> frozenset[str]:
    letters = "".join(character for character in fold(clean(post.full_text[:_READ])) if character.isalnum())
    return frozenset(letters[at : at + _RUN] for at in range(len(letters) - _RUN + 1))


def _share(one: frozenset[str], other: frozenset[str]) -> float:
    both = one | other
    return len(one & other) / len(both) if both else 0.0
