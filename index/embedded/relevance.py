"""How well a hit answers a search: BM25 over the terms and words of the search text.

A first score asks only whether a row has each term as characters (it does, or the hit would be none) and each word as
a word, weighed by rarity and by the length of the text; it is a sum over columns, so it can be had for every hit. The
best by it are then looked at: there it counts how often the terms are said, and a title that says them counts more.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

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
#: Hits that are looked at; more than any page shows.
_LOOKED_AT = 100


def scores(snapshot: Snapshot, node: Node, hits: Mask, post_of: Callable[[int], Post]) -> Scores:
    """A score for every row that is a hit; rows that are none have any."""
    columns = snapshot.columns
    count = max(1, int(np.count_nonzero(columns.mask("live"))))
    lengths = columns.cells["length"].astype(np.float64)
    usual = lengths.mean() or 1.0
    spread = _AGAIN * (1 - _LENGTH + _LENGTH * lengths / usual)
    once = (1 + _AGAIN) / (1 + spread)
    phrases = [wished for wished in wished_phrases(node) if wished]
    found = [snapshot.containing("chars", quoted(wished)) for wished in phrases]
    rarities = [_rarity(count, len(rows)) for rows in found]
    score = np.zeros(columns.size)
    for rows, rarity in zip(found, rarities, strict=True):
        score[rows] += rarity * once[rows]
    for word in telling_words(node):
        rows = snapshot.containing("words", quoted([word]))
        score[rows] += _AS_WORD * _rarity(count, len(rows)) * once[rows]
    best = np.flatnonzero(hits)
    for row in first_rows(best, [score, np.arange(columns.size)], _LOOKED_AT).tolist():
        score[row] += _closely(post_of(row), phrases, rarities, float(spread[row]))
    return score


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
