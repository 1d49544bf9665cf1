"""How well a model judges texts that no training has seen: the command behind `tingfeng evaluate`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from sklearn.metrics import roc_auc_score

from analysis.features import Values
from analysis.labelled import Example, Progress, read_sets
from analysis.sentiment import SentimentModel
from analysis.train import fit

#: The row of all sets together, each with the same weight.
MEAN = "平均"
BASELINE = "words-only"
_BINS = 10


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
    precision: float
    recall: float
    f1: float
    #: Mean squared error of the probability.
    brier: float
    #: Expected calibration error over ten bins of probability.
    ece: float


def evaluate(
    data_folder: Path,
    model: SentimentModel,
    *,
    seed: int = 315,
    limit: int | None = 8_000,
    baseline: bool = True,
    progress: Progress = lambda _: None,
) -> list[Row]:
    """One row a set and one of their mean, on held-out texts only, and the same for a words-only baseline.

    The baseline is trained in this very run on the same training texts, so the comparison needs no trust.
    `seed` and `limit` are those of the training. Raise `ModelError` or `BadInput` as `train` does.
    """
    examples, _ = read_sets(data_folder, limit=limit, seed=seed)
    held_out = [example for example in examples if example.held_out]
    progress(f"留出 {len(held_out)} 行")
    rows = judge(model, held_out, name=model.name)
    if baseline:
        trained = [example for example in examples if not example.held_out]
        words = fit(trained, name=BASELINE, seed=seed, progress=progress, words_only=True)
        rows += judge(words, held_out, name=BASELINE)
    return rows


def judge(model: SentimentModel, examples: Sequence[Example], *, name: str) -> list[Row]:
    """Rows for these examples, by set."""
    found = model.judge([one.text for one in examples], [one.channel for one in examples]).probabilities
    labels = np.array([example.negative for example in examples], dtype=np.bool_)
    sets = np.array([example.set for example in examples])
    rows = [
        _row(name, str(one), labels[sets == one], found[sets == one])
        for one in dict.fromkeys(sets.tolist())
        if len(set(labels[sets == one].tolist())) == 2
    ]
    return [*rows, _mean(name, rows)] if rows else []


def _row(model: str, name: str, labels: npt.NDArray[np.bool_], found: Values) -> Row:
    called = found >= 0.5
    hits = int((called & labels).sum())
    precision = hits / max(1, int(called.sum()))
    recall = hits / max(1, int(labels.sum()))
    return Row(
        model=model,
        set=name,
        n=len(labels),
        share=float(labels.mean()),
        auc=float(roc_auc_score(labels, found)),
        precision=precision,
        recall=recall,
        f1=2 * precision * recall / max(1e-9, precision + recall),
        brier=float(np.mean((found - labels) ** 2)),
        ece=calibration_error(labels, found),
    )


def calibration_error(labels: npt.NDArray[np.bool_], found: Values) -> float:
    """Mean distance between what was said and what was so, over ten bins, weighted by their texts."""
    bins = np.minimum((found * _BINS).astype(np.int64), _BINS - 1)
    said = np.bincount(bins, weights=found, minlength=_BINS)
    was = np.bincount(bins, weights=labels, minlength=_BINS)
    return float(np.abs(said - was).sum() / len(labels))


def _mean(model: str, rows: Sequence[Row]) -> Row:
    def mean(name: str) -> float:
        return float(np.mean([getattr(row, name) for row in rows]))

    return Row(
        model=model,
        set=MEAN,
        n=sum(row.n for row in rows),
        share=mean("share"),
        auc=mean("auc"),
        precision=mean("precision"),
        recall=mean("recall"),
        f1=mean("f1"),
        brier=mean("brier"),
        ece=mean("ece"),
    )


def table(rows: Sequence[Row]) -> str:
    """The rows as a Markdown table."""
    lines = [
        "| 模型 | 数据集 | 条数 | 负面占比 | AUC | 负面精确率 | 负面召回率 | 负面 F1 | Brier | ECE |",
        "|---|---|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for row in rows:
        figures = (row.share, row.auc, row.precision, row.recall, row.f1, row.brier, row.ece)
        cells = " | ".join(f"{figure:.3f}" for figure in figures)
        lines.append(f"| {row.model} | {row.set} | {row.n} | {cells} |")
    return "\n".join(lines)
