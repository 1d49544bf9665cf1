"""How the lexicon's score and a head's sum become one probability, and from where on a category is asserted."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression

from analysis.features import Keys, Values
from analysis.topic_lexicon import FIRES_AT
from analysis.topic_model import LEXICON_STEPS, Blend

NO_BLEND = Blend(bias=0.0, steps=(0.0,) * len(LEXICON_STEPS), slope=1.0, threshold=0.5, alone=0.5, cut=0.0)
_THRESHOLDS = np.linspace(0.05, 0.5, 10)
_ALONE = np.linspace(0.1, 0.95, 18)
#: Of what a head asserts alone, this share must be right; of accidents, which ring the phone at night, more. What it
#: asserts weighs by its probability (`analysis.topics`), so half-sure accidents are shown and wake nobody.
_LEAST_RIGHT, _LEAST_RIGHT_ACCIDENTS = 0.45, 0.5
_NEVER = 2.0


class Scored(NamedTuple):
    """Texts judged by heads that did not see them: one row a text, one column a head."""

    labels: npt.NDArray[np.bool_]
    weights: Values
    scores: Keys
    sums: Values
    #: One a row: whether it is a complaint.
    negative: npt.NDArray[np.bool_]
    #: One a row: whether it is a sentence of ours, or a text that belongs nowhere.
    is_own: npt.NDArray[np.bool_]


def fit_blends(scored: Scored, heads: Sequence[str], accidents: Collection[str]) -> dict[str, Blend]:
    """One blend a head. Slopes are shared by all heads, for few sentences speak for each; the bias is a head's own."""
    count = len(heads)
    flat_labels, flat_weights = scored.labels.T.ravel(), scored.weights.T.ravel()
    steps = [(scored.scores.T.ravel() >= bar).astype(np.float64) for bar in LEXICON_STEPS]
    own = np.repeat(np.eye(count), len(scored.labels), axis=0)
    design = np.column_stack([scored.sums.T.ravel(), *steps, own])
    fitted = LogisticRegression(C=1.0, max_iter=1000, fit_intercept=False)
    coefficients = fitted.fit(design, flat_labels, sample_weight=flat_weights).coef_[0]
    # Words of a category never speak against it.
    shared = np.maximum(coefficients[: 1 + len(LEXICON_STEPS)], 0.0)
    blends = {}
    for number, head in enumerate(heads):
        blend = Blend(
            bias=round(float(coefficients[1 + len(LEXICON_STEPS) + number]), 4),
            steps=tuple(round(float(value), 4) for value in shared[1:]),
            slope=round(float(shared[0]), 4),
            threshold=0.5,
            alone=0.5,
            cut=0.0,
        )
        blends[head] = _with_thresholds(blend, scored, number, is_accident=head in accidents)
    return blends


def _with_thresholds(blend: Blend, scored: Scored, head: int, *, is_accident: bool) -> Blend:
    """The thresholds with the best F1, each on the texts for which it counts; see `analysis.topics`."""
    labels, weights = scored.labels[:, head], scored.weights[:, head]
    probabilities = blend.probabilities(scored.scores[:, head], scored.sums[:, head])
    has_words = scored.scores[:, head] >= FIRES_AT
    calm = weights * ~scored.negative
    threshold = max(
        (float(bar) for bar in _THRESHOLDS), key=lambda bar: _f1(labels, has_words & (probabilities >= bar), calm)
    )
    # An unrelated text may be negative, too, and must not be given a category for it.
    trouble = weights * (scored.negative | ~scored.is_own)
    least = _LEAST_RIGHT_ACCIDENTS if is_accident else _LEAST_RIGHT
    alone = max(
        (float(bar) for bar in _ALONE if _share_right(labels, ~has_words & (probabilities >= bar), trouble) >= least),
        key=lambda bar: _f1(labels, has_words | (probabilities >= bar), trouble),
        default=_NEVER,
    )
    sums = scored.sums[:, head]
    cuts = np.quantile(sums[weights > 0], np.linspace(0.5, 0.995, 100))
    cut = max((float(one) for one in cuts), key=lambda one: _f1(labels, sums >= one, weights))
    return replace(blend, threshold=round(threshold, 4), alone=round(alone, 4), cut=round(cut, 4))


def _share_right(labels: npt.NDArray[np.bool_], said: npt.NDArray[np.bool_], weights: Values) -> float:
    total = float(weights[said].sum())
    return float(weights[said & labels].sum()) / total if total else 0.0


def _f1(labels: npt.NDArray[np.bool_], said: npt.NDArray[np.bool_], weights: Values) -> float:
    hits = float(weights[said & labels].sum())
    return 2 * hits / max(1e-9, float(weights[said].sum() + weights[labels].sum()))
