"""Turns the sums of linear judges into log odds: each judge by its own set, then the blend by all of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from analysis.features import Values
from analysis.labelled import Example
from analysis.packing import rounded
from analysis.sentiment import SentimentModel
from analysis.train_experts import Linear

#: The set of our own sentences.
OURS = "domain"
#: The share of negative posts that the judge of our own sentences reckons with. How many of them are negative is how
#: many we wrote, no fact of the world. Somewhat more than half: to PR a complaint missed costs more than one looked at.
OUR_SHARE = 0.55


def calibrated(linear: Linear, cells: sparse.csr_matrix, labels: Values, *, is_ours: bool) -> Linear:
    """The same judge in log odds, by rows of its own set; unchanged where these hold one class only.

    How many of our own sentences are negative is how many we wrote, no fact of the world: both classes weigh the same.
    """
    counts = even(labels) if is_ours else np.ones(len(labels))
    slope, shift = _log_odds(cells @ linear.weights + linear.bias, labels, counts)
    return Linear(linear.weights * slope, linear.bias * slope + shift)


def settled(model: SentimentModel, examples: Sequence[Example]) -> SentimentModel:
    """The blend in log odds, by the rows kept aside. Sets weigh the same, classes as they come."""
    if not examples:
        return model
    labels = np.array([example.negative for example in examples], dtype=np.float64)
    share = Counter(example.set for example in examples)
    ours = even(labels[[example.set == OURS for example in examples]])
    counts = np.array([1.0 / share[example.set] for example in examples])
    counts[[example.set == OURS for example in examples]] *= ours
    sums = model.logits([example.text for example in examples], [example.channel for example in examples])
    slope, shift = _log_odds(sums, labels, counts / counts.mean())
    experts, count = model.experts, model.experts.count
    table, bias = experts.table.copy(), experts.bias.copy()
    table[:, :count] *= np.float32(slope)
    bias[:count] = np.round(bias[:count] * slope + shift, 6)
    return replace(model, experts=replace(experts, table=rounded(table), bias=bias))


def at_home(model: SentimentModel) -> SentimentModel:
    """The judge of our own sentences moved from even classes to the share that the posts about a brand have."""
    names, bias = model.experts.names, model.experts.bias.copy()
    if OURS in names:
        bias[names.index(OURS)] = round(float(bias[names.index(OURS)] + np.log(OUR_SHARE / (1 - OUR_SHARE))), 6)
    return replace(model, experts=replace(model.experts, bias=bias))


def _log_odds(sums: Values, labels: Values, counts: Values) -> tuple[float, float]:
    """Slope and shift that make sums log odds (Platt)."""
    if len(set(labels.tolist())) < 2:
        return 1.0, 0.0
    fitted = LogisticRegression(C=1e6).fit(sums.reshape(-1, 1), labels, sample_weight=counts)
    return float(fitted.coef_[0][0]), float(fitted.intercept_[0])


def even(labels: Values, weights: Values | None = None) -> Values:
    """What each row counts so that both classes weigh the same; 1 on the mean where all rows weigh the same."""
    known = np.ones(len(labels)) if weights is None else weights
    total = max(1e-9, float(known.sum()))
    share = max(1e-9, float((known * labels).sum()) / total) if len(labels) else 0.5
    return known * np.where(labels > 0, 0.5 / share, 0.5 / max(1e-9, 1.0 - share))
