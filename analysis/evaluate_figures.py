"""The figures of a table row: what a model did on one set, and how much of it could be luck."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.metrics import roc_auc_score

from analysis.features import Values

Labels = npt.NDArray[np.bool_]

#: The row of all sets together, each with the same weight.
MEAN = "平均"
_BINS = 10
_DRAWS = 500
_INTERVAL = (2.5, 97.5)


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure, and the 95 % of redrawn samples around it."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What one model did on one set's held-out texts."""

    model: str
    set: str
    #: Number of texts.
    n: int
    #: Share of texts that are negative.
    share: float
    auc: float
    #: Of the negative class, at probability 0.5.
    precision: Interval
    recall: Interval
    f1: Interval
    #: Of the negative class, at the set's operating point; `None` where there is none.
    f1_operating: float | None
    accuracy: float
    #: Mean squared error of the probability.
    brier: float
    #: Expected calibration error over ten bins of probability.
    ece: float
    #: Texts a second, features included, in this run.
    speed: float


def measure(
    labels: Labels, found: Values, *, model: str, name: str, operating: float | None, speed: float, seed: int
) -> Row:
    """The figures of one set. `found` are probabilities of being negative; both classes must occur."""
    draws = np.random.default_rng(seed).integers(0, len(labels), size=(_DRAWS, len(labels)))
    called = found >= 0.5
    precision, recall, f1 = _with_intervals(labels, called, draws)
    return Row(
        model=model,
        set=name,
        n=len(labels),
        share=float(labels.mean()),
        auc=float(roc_auc_score(labels, found)),
        precision=precision,
        recall=recall,
        f1=f1,
        f1_operating=None if operating is None else float(_scores(labels, found >= operating)[2]),
        accuracy=float((called == labels).mean()),
        brier=float(np.mean((found - labels) ** 2)),
        ece=calibration_error(labels, found),
        speed=speed,
    )


def mean_of(model: str, rows: Sequence[Row]) -> Row:
    """The mean of the rows; of the intervals too, which then say how sure one set is, not their mean."""

    def mean(name: str) -> float:
        return float(np.mean([getattr(row, name) for row in rows]))

    def middle(name: str) -> Interval:
        found = [getattr(row, name) for row in rows]
        return Interval(*(float(np.mean([getattr(one, part) for one in found])) for part in ("value", "low", "high")))

    points = [row.f1_operating for row in rows if row.f1_operating is not None]
    return Row(
        model=model,
        set=MEAN,
        n=sum(row.n for row in rows),
        share=mean("share"),
        auc=mean("auc"),
        precision=middle("precision"),
        recall=middle("recall"),
        f1=middle("f1"),
        f1_operating=float(np.mean(points)) if points else None,
        accuracy=mean("accuracy"),
        brier=mean("brier"),
        ece=mean("ece"),
        speed=mean("speed"),
    )


def calibration_error(labels: Labels, found: Values) -> float:
    """Mean distance between what was said and what was so, over ten bins, weighted by their texts."""
    bins = np.minimum((found * _BINS).astype(np.int64), _BINS - 1)
    said = np.bincount(bins, weights=found, minlength=_BINS)
    was = np.bincount(bins, weights=labels, minlength=_BINS)
    return float(np.abs(said - was).sum() / len(labels))


def operating_point(labels: Labels, found: Values) -> float:
    """The probability from which calling texts negative gives the best F1 on these."""
    order = np.argsort(-found, kind="stable")
    hits = np.cumsum(labels[order])
    f1 = 2.0 * hits / (np.arange(1, len(found) + 1) + max(1, int(labels.sum())))
    return float(found[order[int(np.argmax(f1))]])


def _with_intervals(labels: Labels, called: Labels, draws: npt.NDArray[np.int64]) -> tuple[Interval, ...]:
    exact = _scores(labels, called)
    redrawn = np.stack(_scores(labels[draws], called[draws]), axis=-1)
    low, high = np.percentile(redrawn, _INTERVAL, axis=0)
    return tuple(
        Interval(float(one), float(start), float(end)) for one, start, end in zip(exact, low, high, strict=True)
    )


def _scores(labels: Labels, called: Labels) -> tuple[Values, Values, Values]:
    """Precision, recall and F1 of the negative class, along the last axis."""
    hits = (labels & called).sum(axis=-1)
    precision = hits / np.maximum(1, called.sum(axis=-1))
    recall = hits / np.maximum(1, labels.sum(axis=-1))
    return precision, recall, 2 * precision * recall / np.maximum(1e-9, precision + recall)
