"""Few-shot learning: a shipped model and a few hundred labels of the user's own make a model of the user's own.

The shipped model is the prior. What is learnt is a small change of its weights, drawn back to zero (a maximum a
posteriori estimate with a Gaussian prior), so ten labels move it a little and five hundred a lot, and every
contribution stays exact.

Labels that come from corrections are nearly all mistakes of the model: learnt alone they would teach it that it is
always wrong. Three things hold it. Our own labelled sentences of the trade are learnt along with them, and count in the
choice of how far to go. Texts nobody complained about are anchors: there the changed model is asked to say what the
model before said. And how common the negative is, the bias, is learnt from samples only, never from corrections.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

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
#: What all known sentences together, and all anchors together, weigh against the lessons.
_KNOWN, _ANCHORING = 1.0, 0.5
#: The set of lessons that come from corrections, see `app.lessons`: a choice of the model's mistakes, and no sample.
CORRECTIONS = "corrections"
#: Kinds of rows.
_LESSON, _KNOWN_TEXT, _ANCHOR = range(3)
#: Logits beyond this are certainty enough; exp() stays finite.
_LIMIT = 35.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """A model changed by labels, and how."""

    model: SentimentModel
    #: The pull back that did best on labels held out in turn; `None` if no change did better than none.
    penalty: float | None
    #: Mean log loss on lessons held out in turn, unchanged and changed.
    before: float
    after: float
    #: How many weights moved.
    moved: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rows:
    """Texts as numbers; a target is 0 or 1 for a label, a probability for an anchor."""

    cells: sparse.csr_matrix
    logits: Values
    targets: Values
    weights: Values
    kinds: npt.NDArray[np.int64]

    def only(self, chosen: npt.NDArray[np.bool_]) -> _Rows:
        return _Rows(
            cells=self.cells[chosen],
            logits=self.logits[chosen],
            targets=self.targets[chosen],
            weights=self.weights[chosen],
            kinds=self.kinds[chosen],
        )


class _Score(NamedTuple):
    """Mean log loss on labels held out in turn."""

    #: `None`: the model as it was.
    penalty: float | None
    lessons: float
    known: float

    @property
    def both(self) -> float:
        return self.lessons + self.known


def learn(
    base: SentimentModel,
    lessons: Sequence[Example],
    *,
    known: Sequence[Example] = (),
    anchors: Sequence[Example] = (),
    name: str,
) -> Learned:
    """Change `base` by labelled texts, held in place by `known` labelled texts and by unlabelled `anchors`.

    The same arguments give the same model. How far it may move is chosen on labels held out in turn; if every move does
    worse there than none, the model comes back as it was, under the new name. Raise `ValueError` without lessons.
    """
    if not lessons:
        raise ValueError("nothing to learn from")
    count = len(lessons)
    rows = _joined(
        _rows(base, lessons, kind=_LESSON, total=count),
        _rows(base, known, kind=_KNOWN_TEXT, total=_KNOWN * count),
        _rows(base, anchors, kind=_ANCHOR, total=_ANCHORING * count),
    )
    # Columns that no lesson's text has stay as they are.
    columns = np.unique(rows.cells[rows.kinds == _LESSON].indices)
    rows = replace(rows, cells=rows.cells[:, columns].tocsr())
    folds = np.array([*(_fold(one.text) for one in (*lessons, *known)), *[-1] * len(anchors)])
    moves_bias = all(one.set != CORRECTIONS for one in lessons)
    scores = _cross_validated(rows, folds, moves_bias=moves_bias)
    best = min(scores[1:], key=lambda score: score.both)
    before = scores[0]
    if best.both >= before.both or best.lessons >= before.lessons:
        return Learned(model=_named(base, name), penalty=None, before=before.lessons, after=before.lessons, moved=0)
    assert best.penalty is not None
    moves, bias = _fit(rows, best.penalty, moves_bias=moves_bias)
    words = len(base.words.keys)
    change = np.zeros(words + len(base.characters.keys))
    change[columns] = moves
    return Learned(
        model=base.plus(change[:words], change[words:], bias, name),
        penalty=best.penalty,
        before=before.lessons,
        after=best.lessons,
        moved=int(np.count_nonzero(change)),
    )


def _named(base: SentimentModel, name: str) -> SentimentModel:
    return base.plus(np.zeros(len(base.words.keys)), np.zeros(len(base.characters.keys)), 0.0, name)


def _rows(base: SentimentModel, examples: Sequence[Example], *, kind: int, total: float) -> _Rows:
    """Texts of one kind, which weigh `total` all together; an anchor's target is what the model says already."""
    texts = [one.text for one in examples]
    logits = np.clip(base.logits(texts, [one.channel for one in examples]), -_LIMIT, _LIMIT)
    labels = np.array([one.negative for one in examples], dtype=np.float64)
    return _Rows(
        cells=base.features(texts),
        logits=logits,
        targets=_probabilities(logits) if kind == _ANCHOR else labels,
        weights=np.full(len(texts), total / max(1, len(texts))),
        kinds=np.full(len(texts), kind),
    )


def _joined(*parts: _Rows) -> _Rows:
    return _Rows(
        cells=sparse.vstack([part.cells for part in parts]).tocsr(),
        logits=np.concatenate([part.logits for part in parts]),
        targets=np.concatenate([part.targets for part in parts]),
        weights=np.concatenate([part.weights for part in parts]),
        kinds=np.concatenate([part.kinds for part in parts]),
    )


def _cross_validated(rows: _Rows, folds: npt.NDArray[np.int64], *, moves_bias: bool) -> list[_Score]:
    """Mean log loss on the labels of each fold in turn: first unchanged, then for each penalty."""
    found = np.tile(rows.logits, (1 + len(PENALTIES), 1))
    for fold in range(_FOLDS):
        asked = folds == fold
        if not asked.any():
            continue
        rest = rows.only(~asked)
        for at, penalty in enumerate(PENALTIES, start=1):
            change, bias = _fit(rest, penalty, moves_bias=moves_bias)
            found[at, asked] += rows.cells[asked] @ change + bias
    return [
        _Score(penalty, *(_loss(rows.targets[rows.kinds == kind], logits[rows.kinds == kind]) for kind in (0, 1)))
        for penalty, logits in zip((None, *PENALTIES), found, strict=True)
    ]


def _fit(rows: _Rows, penalty: float, *, moves_bias: bool) -> tuple[Values, float]:
    """The change of each weight, and of the bias."""
    turned = rows.cells.T.tocsr()
    bias = 1.0 if moves_bias else 0.0

    def cost(change: Values) -> tuple[float, Values]:
        logits = rows.logits + rows.cells @ change[:-1] + bias * change[-1]
        found = _probabilities(logits)
        slopes = rows.weights * (found - rows.targets)
        losses = rows.weights * (np.logaddexp(0.0, logits) - rows.targets * logits)
        gradient = np.append(turned @ slopes, bias * slopes.sum()) + penalty * change
        return float(losses.sum() + 0.5 * penalty * (change @ change)), gradient

    start = np.zeros(rows.cells.shape[1] + 1)
    solved = minimize(cost, start, jac=True, method="L-BFGS-B", options={"maxiter": 100})
    return solved.x[:-1], bias * float(solved.x[-1])


def _loss(targets: Values, logits: Values) -> float:
    return float(np.mean(np.logaddexp(0.0, logits) - targets * logits)) if len(targets) else 0.0


def _probabilities(logits: Values) -> Values:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(logits, -_LIMIT, _LIMIT))))


def _fold(text: str) -> int:
    """By the text's beginning, so that variants of one text are held out together."""
    return hashlib.sha256("".join(text.split())[:40].encode("utf-8", "replace")).digest()[0] % _FOLDS
