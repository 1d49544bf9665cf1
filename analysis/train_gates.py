"""Trains the gates: which kind of writing a text is, from the same n-grams that the experts read."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from analysis.experts import FAMILIES, family_of
from analysis.features import Keys, Values
from core.model import Channel

#: Rows drawn from each set: the gates need to know a kind of writing, not every word of it.
_ROWS = 6_000
_LEAST_TEXTS = 15
#: The gates are softened: on kinds of writing that nobody has met, several experts are better than one.
_TEMPER = 1.2
#: What the right channel adds to a gate; text that is plainly of another kind still overrules it.
_LEAN = 3.0


def fit_gates(cells: sparse.csr_matrix, kinds: Keys, count: int, *, seed: int) -> tuple[Values, Values]:
    """What each n-gram adds to each of `count` gates (a column each), and their biases; all kinds weigh the same."""
    draw = np.random.default_rng(seed)
    rows = np.sort(np.concatenate([draw.permutation(np.flatnonzero(kinds == kind))[:_ROWS] for kind in range(count)]))
    weights = np.zeros((cells.shape[1], count))
    if count == 1:
        return weights, np.zeros(1)
    drawn = cells[rows]
    used = np.flatnonzero(np.bincount(drawn.indices, minlength=drawn.shape[1]) >= min(_LEAST_TEXTS, len(rows) // 20))
    share = 1.0 / np.bincount(kinds[rows], minlength=count)[kinds[rows]]
    model = LogisticRegression(C=4.0, max_iter=100, tol=1e-3)
    with warnings.catch_warnings():
        # The blend does not change in the digits that further rounds would settle.
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(drawn[:, used], kinds[rows], sample_weight=share / share.mean())
    if count == 2:
        weights[used, 1], bias = model.coef_[0], np.array([0.0, model.intercept_[0]])
    else:
        weights[used], bias = model.coef_.T, model.intercept_
    return weights / _TEMPER, np.asarray(bias, dtype=np.float64) / _TEMPER


def leanings(channels: Sequence[frozenset[Channel]]) -> Values:
    """What each family of channels adds to the gate of each kind; `channels` are where texts of that kind stand."""
    found = np.zeros((len(FAMILIES), len(channels)))
    for kind, places in enumerate(channels):
        found[[family_of(channel) for channel in places], kind] = _LEAN
    found[family_of("other")] = 0.0
    return found
