"""Trains the sentiment model from labelled sets and our own sentences: the command behind `tingfeng train`.

Two logistic regressions are added up: one on TF-IDF with an extra copy of every feature for each family of channels,
one on TF-IDF scaled by naive-Bayes log ratios. Both are linear, so the sum is one vector a family; Platt's method, on
rows kept aside, turns it into probabilities.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from analysis.features import Alphabet, Block, Keys, Values, segment
from analysis.labelled import Example, Progress, describe, read_domain, read_sets
from analysis.sentiment import FAMILIES, SentimentModel, family_of
from analysis.tokens import segmenter
from core.model import Channel

#: Features kept in the end, those with the largest weights; more add size, not judgement.
_KEPT = 260_000
_LEAST_TEXTS = 3
#: One row in this many is kept aside for calibration.
_ASIDE = 10
#: How much our own sentences weigh, in sets: there are few of them, and they are what the product is for.
_DOMAIN_WEIGHT = 3.0
#: Our sentences teach every family, not only the one they are written like.
_FAMILY_CHANNELS: tuple[Channel, ...] = ("forum", "weibo", "news", "complaint")
_NB_SHARE = 0.5
#: Account names and telephone numbers: they say nothing of what is meant, and a model must not keep them.
_IDENTIFIES = re.compile(r"\d{6,}|(?=\w*\d)[a-z0-9]{9,}|\w{13,}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a training did."""

    name: str
    folder: Path
    #: Rows trained on, by set.
    rows: dict[str, int]
    features: int


class _Data(NamedTuple):
    """A batch of examples as numbers."""

    cells: sparse.csr_matrix
    labels: Values
    families: Keys
    #: Each set weighs the same, and so do its two classes.
    weights: Values


def train(
    data_folder: Path,
    out_folder: Path,
    *,
    seed: int = 315,
    limit: int | None = 8_000,
    progress: Progress = lambda _: None,
    name: str = "general-1",
) -> Report:
    """Train on the sets in `data_folder` and our own sentences, and write the model into `out_folder`.

    The same data, `seed` and `limit` (rows a set) give the same model. Held-out rows are never used.
    Raise `ModelError` or `BadInput` if the folder or one of its files is not what it should be.
    """
    examples, files = read_sets(data_folder, limit=limit, seed=seed)
    usable = [example for example in examples if not example.held_out]
    progress(f"读入 {len(files)} 个数据集，去重后 {len(usable)} 行用于训练")
    known = [example for example in read_domain() if not example.held_out]
    domain = [replace(example, channel=channel) for example in known for channel in _FAMILY_CHANNELS]
    model = fit([*usable, *domain], name=name, seed=seed, progress=progress)
    rows = Counter(example.set for example in [*usable, *domain])
    about: dict[str, Any] = {
        "trained_on": describe(files),
        "rows": dict(rows),
        "seed": seed,
        "limit": limit,
        "recipe": "words 1-2 + characters 1-3, TF-IDF; LR with channel copies + NB-scaled LR; Platt",
    }
    model.save(out_folder, about)
    progress(f"已写入 {out_folder}")
    return Report(
        name=name, folder=out_folder, rows=dict(rows), features=len(model.words.keys) + len(model.characters.keys)
    )


def fit(
    examples: Sequence[Example], *, name: str, seed: int, progress: Progress = lambda _: None, words_only: bool = False
) -> SentimentModel:
    """Fit a model in memory. `words_only` is the baseline that evaluation compares with."""
    order = np.random.default_rng(seed).permutation(len(examples))
    examples = [examples[int(at)] for at in order]
    empty = _empty_model(examples, name=name, words_only=words_only)
    progress(f"特征 {len(empty.words.keys) + len(empty.characters.keys)} 个")
    weights, _ = _fit_weights(empty, examples)
    pruned = _prune(empty, weights)
    aside = np.arange(len(examples)) % _ASIDE == 0
    fitted = [example for example, is_aside in zip(examples, aside, strict=True) if not is_aside]
    weights, bias = _fit_weights(pruned, fitted)
    progress("权重已定，校准概率")
    model = _with_weights(pruned, weights, bias)
    kept_aside = [example for example, is_aside in zip(examples, aside, strict=True) if is_aside]
    slope, shift = _platt(model, kept_aside)
    return _with_weights(pruned, weights * slope, bias * slope + shift)


def _empty_model(examples: Sequence[Example], *, name: str, words_only: bool) -> SentimentModel:
    """The alphabet and the features of these texts, without weights."""
    texts = [example.text for example in examples]
    segmented = segment(texts, segmenter())
    characters = Counter(character for text in texts for character in set(text) if ord(character) < 0x10000)
    words = Counter(word for found in segmented for word in set(found) if not _IDENTIFIES.fullmatch(word))
    alphabet = Alphabet.of(_frequent(characters), _frequent(words))
    nothing = Block(keys=np.zeros(0, dtype=np.int64), idf=np.zeros(0))
    by_character = nothing if words_only else _block(*alphabet.character_keys(texts), len(texts))
    by_word = _block(*alphabet.word_keys(segmented), len(texts))
    families = len(FAMILIES)
    return SentimentModel(
        name=name,
        alphabet=alphabet,
        words=by_word,
        characters=by_character,
        word_weights=np.zeros((families, len(by_word.keys))),
        character_weights=np.zeros((families, len(by_character.keys))),
        bias=np.zeros(families),
    )


def _frequent(counts: Counter[str]) -> list[str]:
    return sorted(token for token, count in counts.items() if count >= _LEAST_TEXTS)


def _block(rows: Keys, keys: Keys, texts: int) -> Block:
    """Features that stand in enough texts, with their idf."""
    order = np.lexsort((keys, rows))
    rows, keys = rows[order], keys[order]
    is_first = np.ones(len(rows), dtype=bool)
    is_first[1:] = (rows[1:] != rows[:-1]) | (keys[1:] != keys[:-1])
    known, counts = np.unique(keys[is_first], return_counts=True)
    known, counts = known[counts >= _LEAST_TEXTS], counts[counts >= _LEAST_TEXTS]
    return Block(keys=known, idf=1.0 + np.log((1 + texts) / (1 + counts)))


def _numbers(model: SentimentModel, examples: Sequence[Example]) -> _Data:
    texts = [example.text for example in examples]
    sides = []
    for weights, entries in model.sides(texts):
        shape = (len(texts), weights.shape[1])
        sides.append(sparse.csr_matrix((entries.values, (entries.rows, entries.columns)), shape=shape))
    share = Counter((example.set, example.negative) for example in examples)
    importance = {"domain": _DOMAIN_WEIGHT}
    weights_ = np.array([importance.get(one.set, 1.0) / share[one.set, one.negative] for one in examples])
    return _Data(
        cells=sparse.hstack(sides).tocsr(),
        labels=np.array([example.negative for example in examples], dtype=np.float64),
        families=np.array([family_of(example.channel) for example in examples], dtype=np.int64),
        weights=weights_ / weights_.mean(),
    )


def _fit_weights(model: SentimentModel, examples: Sequence[Example]) -> tuple[Values, Values]:
    """One row of weights and one bias a family."""
    data = _numbers(model, examples)
    count = data.cells.shape[1]
    copies = [data.cells]
    for family in range(1, len(FAMILIES)):
        copies.append(sparse.diags_array((data.families == family).astype(np.float64)) @ data.cells)
    first = _regression(sparse.hstack(copies).tocsr(), data)
    by_family = first.coef_[0].reshape(len(FAMILIES), count)
    weights = by_family + by_family[0]
    weights[0] = by_family[0]
    ratios = _log_ratios(data)
    second = _regression((data.cells @ sparse.diags_array(ratios)).tocsr(), data)
    total = (1 - _NB_SHARE) * weights + _NB_SHARE * (second.coef_[0] * ratios)
    bias = (1 - _NB_SHARE) * first.intercept_[0] + _NB_SHARE * second.intercept_[0]
    return total, np.full(len(FAMILIES), bias)


def _regression(cells: sparse.csr_matrix, data: _Data) -> Any:
    return LogisticRegression(C=1.0, max_iter=200).fit(cells, data.labels, sample_weight=data.weights)


def _log_ratios(data: _Data) -> Values:
    """How much more often each feature stands in negative texts, as naive Bayes counts it."""
    present = data.cells.copy()
    present.data[:] = 1.0
    bad = 1.0 + present.T @ (data.weights * data.labels)
    good = 1.0 + present.T @ (data.weights * (1.0 - data.labels))
    return np.asarray(np.log(bad / bad.sum()) - np.log(good / good.sum()))


def _prune(model: SentimentModel, weights: Values) -> SentimentModel:
    """The same model with only the features that decide most."""
    strength = np.abs(weights).max(axis=0)
    words = len(model.words.keys)
    bar = np.partition(strength, -_KEPT)[-_KEPT] if len(strength) > _KEPT else 0.0
    keep = strength >= bar
    by_word, by_character = _kept(model.words, keep[:words]), _kept(model.characters, keep[words:])
    return replace(
        model,
        words=by_word,
        characters=by_character,
        word_weights=np.zeros((len(FAMILIES), len(by_word.keys))),
        character_weights=np.zeros((len(FAMILIES), len(by_character.keys))),
    )


def _kept(block: Block, keep: Any) -> Block:
    # Rounded as the file rounds it, so that a loaded model judges as the trained one does.
    return Block(keys=block.keys[keep], idf=block.idf[keep].astype(np.float16).astype(np.float64))


def _with_weights(model: SentimentModel, weights: Values, bias: Values) -> SentimentModel:
    rounded = weights.astype(np.float16).astype(np.float64)
    words = len(model.words.keys)
    return replace(model, word_weights=rounded[:, :words], character_weights=rounded[:, words:], bias=np.round(bias, 6))


def _platt(model: SentimentModel, examples: Sequence[Example]) -> tuple[float, float]:
    """Slope and shift that make the sums log odds. Sets weigh the same, classes as they come."""
    labels = np.array([example.negative for example in examples])
    if len(set(labels.tolist())) < 2:
        return 1.0, 0.0
    share = Counter(example.set for example in examples)
    weights = np.array([1.0 / share[example.set] for example in examples])
    logits = model.judge([example.text for example in examples], [example.channel for example in examples]).logits
    fitted = LogisticRegression(C=1e6).fit(logits.reshape(-1, 1), labels, sample_weight=weights / weights.mean())
    return float(fitted.coef_[0][0]), float(fitted.intercept_[0])
