"""Few-shot learning: a shipped model and a few hundred labels of the user's own make a model of the user's own.

The shipped model is the prior. What is learnt is a small change of its weights, drawn back to zero (a maximum a
posteriori estimate with a Gaussian prior), so ten labels move it a little and five hundred a lot, and every
contribution stays exact. Labels that come from corrections are nearly all mistakes of the model: learnt alone they
would teach it that it is always wrong. So texts nobody complained about hold it in place, as anchors: there the changed
model is asked to say what the model before said.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.optimize import minimize

from analysis.features import Values
from analysis.labelled import Example
from analysis.sentiment import SentimentModel

#: Strengths of the pull back to the shipped model that are tried, the strongest first.
PENALTIES = (30.0, 10.0, 3.0, 1.0, 0.3)
_FOLDS = 5
#: All anchors together weigh as much as this share of the labels.
_ANCHORING = 1.0
#: Logits beyond this are certainty enough; exp() stays finite.
_LIMIT = 35.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """A model changed by labels, and how."""

    model: SentimentModel
    #: The pull back that did best on labels held out in turn; `None` if no change did better than none.
    penalty: float | None
    #: Mean log loss on labels held out in turn, unchanged and changed.
    before: float
    after: float
    #: How many weights moved.
    moved: int


@dataclass(frozen=True, slots=True)
class _Rows:
    """Texts as numbers; a target is 0 or 1 for a lesson, a probability for an anchor."""

    cells: sparse.csr_matrix
    logits: Values
    targets: Values
    weights: Values
    is_lesson: npt.NDArray[np.bool_]

    def only(self, chosen: npt.NDArray[np.bool_]) -> _Rows:
        return _Rows(
            self.cells[chosen],
            self.logits[chosen],
            self.targets[chosen],
            self.weights[chosen],
            self.is_lesson[chosen],
        )


def learn(base: SentimentModel, lessons: Sequence[Example], anchors: Sequence[Example], *, name: str) -> Learned:
    """Change `base` by labelled texts, held in place by unlabelled ones (their labels are not looked at).

    The same arguments give the same model. How far it may move is chosen on labels held out in turn; if every move does
    worse there than none, the model comes back as it was, under the new name. Raise `ValueError` without lessons.
    """
    if not lessons:
        raise ValueError("nothing to learn from")
    rows = _joined(_rows(base, lessons, None), _rows(base, anchors, _ANCHORING * len(lessons)))
    # Columns that no lesson's text has stay as they are.
    columns = np.unique(rows.cells[rows.is_lesson].indices)
    rows = replace(rows, cells=rows.cells[:, columns].tocsr())
    folds = np.array([_fold(one.text) for one in lessons] + [-1] * len(anchors))
    before, losses = _cross_validated(rows, folds)
    best = min(range(len(PENALTIES)), key=lambda at: losses[at])
    if losses[best] >= before:
        return Learned(model=_named(base, name), penalty=None, before=before, after=before, moved=0)
    moves, bias = _fit(rows, PENALTIES[best])
    words = len(base.words.keys)
    change = np.zeros(words + len(base.characters.keys))
    change[columns] = moves
    return Learned(
        model=base.plus(change[:words], change[words:], bias, name),
        penalty=PENALTIES[best],
        before=before,
        after=losses[best],
        moved=int(np.count_nonzero(change)),
    )


def _named(base: SentimentModel, name: str) -> SentimentModel:
    return base.plus(np.zeros(len(base.words.keys)), np.zeros(len(base.characters.keys)), 0.0, name)


def _rows(base: SentimentModel, examples: Sequence[Example], total: float | None) -> _Rows:
    """Labels weigh 1 each; anchors `total` all together, their targets being what the model says already."""
    texts = [one.text for one in examples]
    logits = np.clip(base.judge(texts, [one.channel for one in examples]).logits, -_LIMIT, _LIMIT)
    labels = np.array([one.negative for one in examples], dtype=np.float64)
    return _Rows(
        cells=base.features(texts),
        logits=logits,
        targets=labels if total is None else _probabilities(logits),
        weights=np.ones(len(texts)) if total is None else np.full(len(texts), total / max(1, len(texts))),
        is_lesson=np.full(len(texts), total is None),
    )


def _joined(first: _Rows, second: _Rows) -> _Rows:
    return _Rows(
        sparse.vstack([first.cells, second.cells]).tocsr(),
        np.concatenate([first.logits, second.logits]),
        np.concatenate([first.targets, second.targets]),
        np.concatenate([first.weights, second.weights]),
        np.concatenate([first.is_lesson, second.is_lesson]),
    )


def _cross_validated(rows: _Rows, folds: npt.NDArray[np.int64]) -> tuple[float, list[float]]:
    """Mean log loss on the labels of each fold in turn: unchanged, and for each penalty."""
    labels = folds >= 0
    before = _loss(rows.targets[labels], rows.logits[labels])
    sums = [0.0] * len(PENALTIES)
    for fold in range(_FOLDS):
        asked = folds == fold
        if not asked.any():
            continue
        known = rows.only(~asked)
        for at, penalty in enumerate(PENALTIES):
            change, bias = _fit(known, penalty)
            logits = rows.logits[asked] + rows.cells[asked] @ change + bias
            sums[at] += _loss(rows.targets[asked], logits) * int(asked.sum())
    return before, [one / int(labels.sum()) for one in sums]


def _fit(rows: _Rows, penalty: float) -> tuple[Values, float]:
    """The change of each weight, and of the bias."""
    turned = rows.cells.T.tocsr()

    def cost(change: Values) -> tuple[float, Values]:
        logits = rows.logits + rows.cells @ change[:-1] + change[-1]
        found = _probabilities(logits)
        slopes = rows.weights * (found - rows.targets)
        losses = rows.weights * (np.logaddexp(0.0, logits) - rows.targets * logits)
        gradient = np.append(turned @ slopes, slopes.sum()) + penalty * change
        return float(losses.sum() + 0.5 * penalty * (change @ change)), gradient

    start = np.zeros(rows.cells.shape[1] + 1)
    solved = minimize(cost, start, jac=True, method="L-BFGS-B", options={"maxiter": 100})
    return solved.x[:-1], float(solved.x[-1])


def _loss(targets: Values, logits: Values) -> float:
    return float(np.mean(np.logaddexp(0.0, logits) - targets * logits))


def _probabilities(logits: Values) -> Values:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(logits, -_LIMIT, _LIMIT))))


def _fold(text: str) -> int:
    """By the text's beginning, so that variants of one text are held out together."""
    return hashlib.sha256("".join(text.split())[:40].encode("utf-8", "replace")).digest()[0] % _FOLDS
