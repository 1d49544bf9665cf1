"""How well a hit answers a search: BM25 over the terms and words of the search text.

A first score asks only whether a row has a term and has each word as a word, weighed by rarity and by the length of the
text; it is a sum over columns, so it can be had for every hit. Terms and words that very many rows have are left out of
it: they tell little, and to look them up is what costs. The best by it are then looked at: there it counts how often
the terms are said, and a title that says them counts more.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.model import Post
from core.text import clean, fold
from index.base import Node
from index.embedded.columns import Mask, Numbers
from index.embedded.ordering import first_rows
from index.embedded.snapshots import Snapshot
from index.embedded.texts import quoted, telling_words
from index.exact import tokens, tokens_of_folded, wished_phrases

Scores = NDArray[np.float64]

#: BM25's usual constants: how fast saying it again stops to count, and how much length counts.
_AGAIN, _LENGTH = 1.2, 0.75
#: A word that is one counts more than its characters in a row, being what people mean.
_AS_WORD = 2.0
_IN_TITLE = 1.5
#: A term that more of all mentions have tells little.
_TELLING = 0.05
#: Hits that are looked at; more than any page shows.
_LOOKED_AT = 100


def scores(snapshot: Snapshot, node: Node, hits: Mask, post_of: Callable[[int], Post]) -> Scores:
    """A score for every row that is a hit; rows that are none have any."""
    live = snapshot.columns.mask("live")
    lengths = snapshot.columns.cells["length"]
    count = max(1, int(np.count_nonzero(live)))
    usual = float(lengths.sum(dtype=np.float64)) / len(lengths) if len(lengths) else 1.0

    def spread(rows: NDArray[np.integer[Any]]) -> Scores:
        shares: Scores = lengths[rows] / (usual or 1.0)
        return _AGAIN * (1 - _LENGTH + _LENGTH * shares)

    def once(rows: NDArray[np.integer[Any]]) -> Scores:
        return (1 + _AGAIN) / (1 + spread(rows))

    phrases = [wished for wished in wished_phrases(node) if wished]
    most = max(1000, int(count * _TELLING))
    found = np.flatnonzero(hits)
    score = np.zeros(len(lengths))
    score[found] = once(found)
    rarities = []
    for table, tokens_, weight in _looked_up(node, phrases):
        rows = snapshot.at_most(most, table, quoted(tokens_))
        rarity = _rarity(count, most if rows is None else len(rows))
        if rows is not None:
            score[rows] += weight * rarity * once(rows)
        if table == "chars":
            rarities.append(rarity)
    for row in first_rows(found, ranked_keys(score), _LOOKED_AT):
        score[row] += _closely(post_of(int(row)), phrases, rarities, float(spread(np.array([row]))[0]))
    return score


def _looked_up(node: Node, phrases: Sequence[list[str]]) -> list[tuple[str, list[str], float]]:
    return [("chars", wished, 1.0) for wished in phrases] + [
        ("words", [word], _AS_WORD) for word in telling_words(node)
    ]


def has_something_to_score(node: Node | None) -> bool:
    """Whether a tree has a term by which hits could be better or worse."""
    return any(wished_phrases(node))


def _closely(post: Post, phrases: Sequence[list[str]], rarities: Sequence[float], spread: float) -> float:
    said = tokens(post)
    title = tokens_of_folded([fold(clean(post.title))]) if post.title else []
    gained = 0.0
    for wished, rarity in zip(phrases, rarities, strict=True):
        times = _times(said, wished)
        if times:
            gained += rarity * (times * (1 + _AGAIN) / (times + spread) - (1 + _AGAIN) / (1 + spread))
            gained += rarity * _IN_TITLE if _times(title, wished) else 0.0
    return gained


def _times(said: list[str], wished: list[str]) -> int:
    """How often, by characters: between separators that no token holds."""
    return f" {' '.join(said)} ".replace(" ", "  ").count(f" {'  '.join(wished)} ")


def _rarity(count: int, having: int) -> float:
    return math.log(1 + (count - min(count, having) + 0.5) / (having + 0.5))


def ranked_keys(score: Scores) -> list[Numbers]:
    """The order by score; of equal ones the row that came later first."""
    return [score, np.arange(len(score))]
