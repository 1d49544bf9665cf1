"""How well a model judges texts that no training has seen: the command behind `tingfeng evaluate`."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from analysis.evaluate_figures import MEAN, Row, calibration_error, mean_of, measure
from analysis.evaluate_peers import BASELINE, SNOWNLP, has_snownlp, snownlp, words_only
from analysis.evaluate_table import json_lines, table
from analysis.features import Values
from analysis.labelled import Example, Progress, read_domain, read_sets
from analysis.sentiment import SentimentModel
from analysis.train import fit
from core.model import Channel

__all__ = [
    "BASELINE",
    "MEAN",
    "SNOWNLP",
    "Row",
    "calibration_error",
    "evaluate",
    "json_lines",
    "judge",
    "leave_one_out",
    "table",
]

#: SnowNLP needs a second for some fifty texts.
_SNOWNLP_TEXTS = 300
_BATCH = 2_000
_WARMING = 64

#: Probabilities of being negative of some texts of one set.
Judge = Callable[[Sequence[Example]], Values]


def evaluate(
    data_folder: Path,
    model: SentimentModel,
    *,
    seed: int = 315,
    limit: int | None = None,
    baseline: bool = True,
    peers: bool = False,
    progress: Progress = lambda _: None,
) -> list[Row]:
    """One row a set and one of their mean, on held-out texts only, and the same for those it is compared with.

    The words-only baseline is trained in this very run on each set's own training texts, so the comparison needs no
    trust. `peers` adds SnowNLP, if it is installed, on at most 300 texts a set. `seed` and `limit` are those of the
    training. Raise `ModelError` or `BadInput` as `train` does.
    """
    examples, _ = read_sets(data_folder, limit=limit, seed=seed)
    by_set = _by_set([*examples, *read_domain()])
    held_out = {name: [one for one in found if one.held_out] for name, found in by_set.items()}
    progress(f"留出 {sum(map(len, held_out.values()))} 行")
    rows = judge(model, held_out, seed=seed)
    if baseline:
        rows += _rows(BASELINE, held_out, lambda name: _baseline(by_set[name], name, progress), seed=seed)
    if peers and has_snownlp():
        sample = {name: _drawn(found, seed) for name, found in held_out.items()}
        rows += _rows(SNOWNLP, sample, lambda name: _snownlp(name, progress), seed=seed)
    return rows


def judge(model: SentimentModel, held_out: Mapping[str, Sequence[Example]], *, seed: int) -> list[Row]:
    """Rows of one model for these examples, by set, and of their mean."""
    return _rows(model.name, held_out, partial(_always, _judge(model)), seed=seed, points=model.operating)


def leave_one_out(
    data_folder: Path,
    *,
    seed: int = 315,
    limit: int | None = None,
    sets: Sequence[str] | None = None,
    progress: Progress = lambda _: None,
) -> list[Row]:
    """How a model does on a kind of text it has never met: for each set, one trained without any of its texts.

    Word vectors, gates and calibration are trained without them too, and no channel is given. Slow: one training a set.
    """
    examples, _ = read_sets(data_folder, limit=limit, seed=seed)
    every = [*examples, *read_domain()]
    by_set = _by_set(every)
    rows: list[Row] = []
    chosen = list(sets or by_set)
    for number, name in enumerate(chosen, start=1):
        progress(f"留出整个数据集 {name}（{number}/{len(chosen)}）")
        known = [one for one in every if one.set != name and not one.held_out]
        model = fit(known, name="leave-one-out", seed=seed)
        held_out = {name: [one for one in by_set[name] if one.held_out]}
        judged = _judge(model, blind=True)
        rows += _rows(model.name, held_out, partial(_always, judged), seed=seed)[:-1]
    return [*rows, mean_of("leave-one-out", rows)] if rows else []


def _rows(
    model: str,
    held_out: Mapping[str, Sequence[Example]],
    judge_of: Callable[[str], Judge],
    *,
    seed: int,
    points: Mapping[str, float] | None = None,
) -> list[Row]:
    rows = []
    for name, examples in held_out.items():
        labels = np.array([example.negative for example in examples], dtype=np.bool_)
        if len(set(labels.tolist())) < 2:
            continue
        judged = judge_of(name)
        # Dictionaries are read on the first use: that is no part of the speed.
        judged(examples[:_WARMING])
        start = time.perf_counter()
        found = judged(examples)
        speed = len(examples) / max(1e-9, time.perf_counter() - start)
        point = (points or {}).get(name)
        rows.append(measure(labels, found, model=model, name=name, operating=point, speed=speed, seed=seed))
    return [*rows, mean_of(model, rows)] if rows else []


def _always(judged: Judge, _: str) -> Judge:
    return judged


def _judge(model: SentimentModel, *, blind: bool = False) -> Judge:
    """`blind` keeps the channel to itself."""

    def found(examples: Sequence[Example]) -> Values:
        parts = []
        for at in range(0, len(examples), _BATCH):
            batch = examples[at : at + _BATCH]
            channels: list[Channel] = ["other" if blind else one.channel for one in batch]
            parts.append(model.judge([one.text for one in batch], channels).probabilities)
        return np.concatenate(parts)

    return found


def _baseline(examples: Sequence[Example], name: str, progress: Progress) -> Judge:
    progress(f"训练只用词的基线：{name}")
    peer = words_only([one for one in examples if not one.held_out])
    return lambda held_out: peer([one.text for one in held_out])


def _snownlp(name: str, progress: Progress) -> Judge:
    progress(f"SnowNLP：{name}（至多 {_SNOWNLP_TEXTS} 条，较慢）")
    return lambda held_out: snownlp([one.text for one in held_out])


def _drawn(examples: Sequence[Example], seed: int) -> list[Example]:
    order = np.random.default_rng(seed).permutation(len(examples))[:_SNOWNLP_TEXTS]
    return [examples[int(at)] for at in np.sort(order)]


def _by_set(examples: Sequence[Example]) -> dict[str, list[Example]]:
    found: dict[str, list[Example]] = defaultdict(list)
    for example in examples:
        found[example.set].append(example)
    return dict(found)
