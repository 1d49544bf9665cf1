"""Trains the experts: for each set of texts a linear judge of its own, told what the judges of the other sets think.

Three linear models are averaged (logistic regression, the same on naive-Bayes scaled features, a support vector
machine). Beside the n-grams they see the mean word vector of the text and, in the second round, the scores of all other
sets' judges, which never saw these rows. All of that is linear in the n-grams, so it is added up into one weight each.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from analysis.features import Keys, Values

Dense = npt.NDArray[np.float32]

#: Loudness of word vectors and of the other judges' scores beside the n-grams, chosen on validation rows.
_VECTORS, _OTHERS = 0.5, 0.2
_LEAST_ROWS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Lessons:
    """All rows that may be learnt from, as numbers."""

    #: One row a text, one column an n-gram.
    cells: sparse.csr_matrix
    #: What one cell adds to the mean word vector: one row an n-gram.
    vectors: sparse.csr_matrix
    labels: Values
    #: The rows each expert learns from, and how much each row counts.
    rows: Mapping[str, Keys]
    counts: Mapping[str, Values]


@dataclass(frozen=True, slots=True)
class Linear:
    """A sum over n-grams, and a constant."""

    weights: Values
    bias: float


def strengths(lessons: Lessons) -> Values:
    """How much any set's judge makes of each n-gram, by a quick regression on each: good enough to choose features."""
    found = np.zeros(lessons.cells.shape[1])
    for name, rows in lessons.rows.items():
        model = LogisticRegression(C=4.0, max_iter=30, tol=1e-2)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(lessons.cells[rows], lessons.labels[rows], sample_weight=lessons.counts[name])
        found = np.maximum(found, np.abs(model.coef_[0]))
    return found


def fit_experts(lessons: Lessons, *, seed: int) -> dict[str, Linear]:
    """One judge a set, in two rounds: alone, then with what the others say."""
    meanings = _meanings(lessons)
    back = meanings.scale
    alone = {
        name: _fit(lessons, name, _VECTORS * meanings.dense, [_VECTORS * back * lessons.vectors], seed=seed)
        for name in lessons.rows
    }
    names = list(alone)
    if len(names) == 1:
        return alone
    table = np.stack([alone[name].weights for name in names], axis=1)
    scores = lessons.cells @ table
    spread = np.maximum(scores.std(axis=0), 1e-9)
    found = {}
    for number, name in enumerate(names):
        others = [at for at in range(len(names)) if at != number]
        opinions = _OTHERS * (scores[:, others] - scores[:, others].mean(axis=0)) / spread[others]
        dense = np.hstack([_VECTORS * meanings.dense, opinions.astype(np.float32)])
        folds = [_VECTORS * back * lessons.vectors, _OTHERS * table[:, others] / spread[others]]
        found[name] = _fit(lessons, name, dense, folds, seed=seed)
    return found


@dataclass(frozen=True, slots=True)
class _Scaled:
    dense: Dense
    scale: float


def _meanings(lessons: Lessons) -> _Scaled:
    """The mean word vector of each text, of mean square length 1, like the n-grams of a text."""
    dense: Dense = np.asarray((lessons.cells @ lessons.vectors).todense(), dtype=np.float32)
    length = float(np.sqrt((dense * dense).sum(axis=1).mean()))
    scale = 1.0 / length if length else 0.0
    return _Scaled(dense * np.float32(scale), scale)


def _fit(lessons: Lessons, name: str, dense: Dense, folds: list[Any], *, seed: int) -> Linear:
    """The mean of three models of one set's rows. `folds` say what an n-gram adds to the columns of `dense`."""
    rows, counts = lessons.rows[name], lessons.counts[name]
    labels = lessons.labels[rows]
    cells = lessons.cells[rows]
    used = np.flatnonzero(np.bincount(cells.indices, minlength=cells.shape[1]) >= _LEAST_ROWS)
    cells = cells[:, used].tocsr()
    extra = sparse.csr_matrix(dense[rows])
    ratios = _log_ratios(cells, labels, counts)
    weights = np.zeros(lessons.cells.shape[1])
    outside = np.zeros(dense.shape[1])
    bias = 0.0
    for model, scale in (
        (LogisticRegression(C=4.0, max_iter=100, tol=1e-3), np.ones(len(used))),
        (LogisticRegression(C=1.0, max_iter=100, tol=1e-3), ratios),
        (LinearSVC(C=0.3, tol=1e-3, max_iter=300, random_state=seed), np.ones(len(used))),
    ):
        seen = sparse.csr_matrix(sparse.hstack([cells @ sparse.diags_array(scale.astype(np.float32)), extra]))
        with warnings.catch_warnings():
            # The last digits of one of three averaged models are not worth the time.
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(seen, labels, sample_weight=counts)
        # Their sums are in different units; the spread makes them comparable.
        share = 1.0 / (3.0 * max(float(model.decision_function(seen).std()), 1e-9))
        weights[used] += share * model.coef_[0][: len(used)] * scale
        outside += share * model.coef_[0][len(used) :]
        bias += share * float(model.intercept_[0])
    start = 0
    for fold in folds:
        part = outside[start : start + fold.shape[1]]
        weights += fold @ part
        start += fold.shape[1]
    return Linear(weights, bias)


def _log_ratios(cells: sparse.csr_matrix, labels: Values, counts: Values) -> Values:
    """How much more often each feature stands in negative texts, as naive Bayes counts it."""
    present = cells.copy()
    present.data = np.ones_like(present.data)
    bad = 1.0 + present.T @ (counts * labels)
    good = 1.0 + present.T @ (counts * (1.0 - labels))
    return np.asarray(np.log(bad / bad.sum()) - np.log(good / good.sum()))
