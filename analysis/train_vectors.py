"""What words mean by the company they keep, from texts that nobody needs to label.

A labelled set of a few thousand rows knows few words. Words that stand among the same neighbours ("漏油", "渗油") lie
close to each other here, and an expert that learnt one of them has an opinion of the other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.utils.extmath import randomized_svd

Vectors = npt.NDArray[np.float32]

_DIMENSIONS = 200
_LEAST_SEEN = 10
#: Neighbours to each side; one further off counts less.
_WINDOW = 5
#: Frequent neighbours are damped, as in word2vec.
_DAMPING = 0.75


def word_vectors(segmented: Sequence[Sequence[str]], words: dict[str, int], *, seed: int) -> Vectors:
    """One row a word of `words` (by its number; row 0 and words seen too seldom are zero), each of length 1 or 0.

    Positive pointwise mutual information of neighbours, reduced by singular values: Levy and Goldberg, "Neural Word
    Embedding as Implicit Matrix Factorization" (2014), with their distance weighting and context smoothing.
    """
    counts = Counter(word for text in segmented for word in text)
    known = [word for word in words if counts[word] >= _LEAST_SEEN]
    dimensions = min(_DIMENSIONS, len(known) // 4)
    if dimensions < 2:
        return np.zeros((len(words) + 1, 1), dtype=np.float32)
    left, values, _ = randomized_svd(
        _information(segmented, known), n_components=dimensions, n_iter=3, random_state=seed
    )
    found = left * np.sqrt(values)
    vectors = np.zeros((len(words) + 1, dimensions), dtype=np.float32)
    vectors[[words[word] for word in known]] = found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-9)
    return vectors


def _information(segmented: Sequence[Sequence[str]], known: Sequence[str]) -> sparse.csr_matrix:
    """Positive pointwise mutual information of every two words that stand near each other."""
    number = {word: at for at, word in enumerate(known, start=1)}
    apart = ("",) * _WINDOW
    ids = np.array([number.get(word, 0) for text in segmented for word in (*text, *apart)], dtype=np.int32)
    size = len(known) + 1
    pairs: Any = 0
    for distance in range(1, _WINDOW + 1):
        first, second = ids[:-distance], ids[distance:]
        both = (first > 0) & (second > 0)
        weights = np.full(int(both.sum()), 1.0 / distance, dtype=np.float32)
        pairs = pairs + sparse.coo_matrix((weights, (first[both], second[both])), shape=(size, size)).tocsr()
    near = sparse.coo_matrix((pairs + pairs.T).tocsr()[1:, 1:])
    totals = np.asarray(near.sum(axis=0)).ravel()
    damped = totals**_DAMPING
    expected = totals[near.row] * (damped / damped.sum())[near.col]
    information = np.log(near.data / expected)
    positive = information > 0
    kept = (information[positive], (near.row[positive], near.col[positive]))
    return sparse.csr_matrix(kept, shape=near.shape, dtype=np.float32)
