"""Trains the sentiment model from labelled sets and our own sentences: the command behind `tingfeng train`.

Word vectors from all texts, an expert for each set, gates that tell the sets apart, then calibration on rows kept
aside: first of each expert on its own set, then of the blend. What a step is good for stands in its own file.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

from analysis.evaluate_figures import operating_point
from analysis.experts import Experts
from analysis.features import Alphabet, Block, Keys, Values, segment
from analysis.labelled import DOMAIN, SETS, Example, Progress, describe, read_domain, read_sets, sha256, trouble_words
from analysis.packing import rounded
from analysis.sentiment import SentimentModel
from analysis.tokens import segmenter
from analysis.topic_catalogue import BUNDLED
from analysis.train_calibration import OUR_SHARE, OURS, at_home, calibrated, even, settled
from analysis.train_experts import Lessons, fit_experts, strengths
from analysis.train_gates import fit_gates, leanings
from analysis.train_vectors import word_vectors
from core.model import CHANNELS, Channel

#: Features kept in the end, those that move judgements most; more add size, not judgement.
_KEPT = 260_000
_LEAST_TEXTS = 3
#: What every feature counts when features are chosen, so that frequent ones stay for the gates and the word vectors.
_QUIET = 0.01
#: One row in this many is kept aside for calibration.
_ASIDE = 10
#: What our own sentences count for every expert, in parts of its set: they are what the product is for.
_DOMAIN_SHARE = 0.3
#: A text turns into numbers in batches of this many, to bound the memory.
_BATCH = 20_000
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


def train(
    data_folder: Path,
    out_folder: Path,
    *,
    seed: int = 315,
    limit: int | None = None,
    progress: Progress = lambda _: None,
    name: str = "general-3",
) -> Report:
    """Train on the sets in `data_folder` and our own sentences, and write the model into `out_folder`.

    The same data, `seed` and `limit` (rows a set) give the same model. Held-out rows are never used.
    Raise `ModelError` or `BadInput` if the folder or one of its files is not what it should be.
    """
    examples, files = read_sets(data_folder, limit=limit, seed=seed)
    usable = [example for example in [*examples, *read_domain(), *trouble_words()] if not example.held_out]
    progress(f"读入 {len(files)} 个数据集，去重后 {len(usable)} 行用于训练")
    model = fit(usable, name=name, seed=seed, progress=progress)
    rows = Counter(example.set for example in usable)
    about: dict[str, Any] = {
        "trained_on": describe(files),
        "lexicons": {path.name: sha256(path) for path in (DOMAIN, BUNDLED)},
        "rows": dict(rows),
        "seed": seed,
        "limit": limit,
        "recipe": "words 1-2 + characters 1-3; word vectors; an expert a set: LR + NB LR + SVC, stacked; gates; Platt",
    }
    model.save(out_folder, about)
    progress(f"已写入 {out_folder}")
    features = len(model.words.keys) + len(model.characters.keys)
    return Report(name=name, folder=out_folder, rows=dict(rows), features=features)


def fit(examples: Sequence[Example], *, name: str, seed: int, progress: Progress = lambda _: None) -> SentimentModel:
    """Fit a model in memory: one expert for each set of the examples."""
    order = np.random.default_rng(seed).permutation(len(examples))
    examples = [examples[int(at)] for at in order]
    texts = [example.text for example in examples]
    segmented = segment(texts, segmenter())
    empty = _empty_model(texts, segmented, name=name, sets=sorted({example.set for example in examples}))
    cells = _cells(empty, texts)
    progress(f"特征 {cells.shape[1]} 个，学习词义")
    vectors = word_vectors(segmented, empty.alphabet.words, seed=seed)
    counts = np.array([example.weight for example in examples])
    # Words of a lexicon are no sample of anything: they calibrate nothing.
    aside = (np.arange(len(examples)) % _ASIDE == 0) & (counts == 1.0)
    is_told = ~aside & (counts == 1.0)
    kinds = np.array([empty.experts.names.index(example.set) for example in examples], dtype=np.int64)
    progress("挑选特征")
    pruned = _prune(empty, cells, strengths(_lessons(empty, cells, vectors, examples, aside)))
    # Read again: a text's cells are scaled to length 1 over the features that are left.
    cells = _cells(pruned, texts)
    lessons = _lessons(pruned, cells, vectors, examples, aside)
    progress("训练各类文字的判断")
    found = fit_experts(lessons, seed=seed)
    progress("训练分辨文字种类的门")
    gates, gate_bias = fit_gates(cells[is_told], kinds[is_told], empty.experts.count, seed=seed)
    progress("权重已定，校准概率")
    linear = [
        calibrated(found[one], cells[aside & (kinds == at)], lessons.labels[aside & (kinds == at)], is_ours=one == OURS)
        for at, one in enumerate(empty.experts.names)
    ]
    table = np.hstack([np.stack([one.weights for one in linear], axis=1), gates]).astype(np.float32)
    bias = np.array([*(one.bias for one in linear), *gate_bias])
    experts = replace(pruned.experts, table=rounded(table), bias=np.round(bias, 6), shared=np.zeros(len(table)))
    model = replace(pruned, experts=experts, shares=_shares(examples))
    known = [one for one, is_aside in zip(examples, aside, strict=True) if is_aside]
    return _with_operating_points(at_home(settled(model, known)), known)


def _shares(examples: Sequence[Example]) -> dict[str, float]:
    """The share of negative rows that each set's expert reckons with."""
    total = Counter(one.set for one in examples)
    bad = Counter(one.set for one in examples if one.negative)
    return {one: OUR_SHARE if one == OURS else round(bad[one] / total[one], 4) for one in sorted(total)}


def _with_operating_points(model: SentimentModel, examples: Sequence[Example]) -> SentimentModel:
    """With the best threshold for each set, found on rows that were kept aside."""
    found = model.judge([one.text for one in examples], [one.channel for one in examples]).probabilities
    labels = np.array([one.negative for one in examples], dtype=np.bool_)
    sets = np.array([one.set for one in examples])
    chosen = [one for one in model.experts.names if labels[sets == one].any()]
    points = {one: round(operating_point(labels[sets == one], found[sets == one]), 4) for one in chosen}
    return replace(model, operating=points)


def _empty_model(
    texts: Sequence[str], segmented: Sequence[Sequence[str]], *, name: str, sets: Sequence[str]
) -> SentimentModel:
    """The alphabet and the features of these texts, without weights."""
    characters = Counter(character for text in texts for character in set(text) if ord(character) < 0x10000)
    words = Counter(word for found in segmented for word in set(found) if not _IDENTIFIES.fullmatch(word))
    alphabet = Alphabet.of(_frequent(characters), _frequent(words))
    by_word = _block(*alphabet.word_keys(segmented), len(texts))
    by_character = _block(*alphabet.character_keys(texts), len(texts))
    features, count = len(by_word.keys) + len(by_character.keys), len(sets)
    everywhere = frozenset(CHANNELS)
    places: list[frozenset[Channel]] = [frozenset({SETS[one]}) if one in SETS else everywhere for one in sets]
    experts = Experts(
        names=tuple(sets),
        table=np.zeros((0, 2 * count), dtype=np.float32),
        bias=np.zeros(2 * count),
        lean=leanings(places),
        shared=np.zeros(features),
        shared_bias=0.0,
    )
    return SentimentModel(name=name, alphabet=alphabet, words=by_word, characters=by_character, experts=experts)


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
    idf = 1.0 + np.log((1 + texts) / (1 + counts))
    # Rounded as the file rounds it, so that a loaded model judges as the trained one does.
    return Block(keys=known, idf=idf.astype(np.float16).astype(np.float64))


def _cells(model: SentimentModel, texts: Sequence[str]) -> sparse.csr_matrix:
    parts = [model.features(texts[at : at + _BATCH]).astype(np.float32) for at in range(0, len(texts), _BATCH)]
    return sparse.csr_matrix(sparse.vstack(parts))


def _lessons(
    model: SentimentModel,
    cells: sparse.csr_matrix,
    vectors: Any,
    examples: Sequence[Example],
    aside: Any,
) -> Lessons:
    """Both classes of a set weigh the same; our own sentences are told to every expert."""
    labels = np.array([example.negative for example in examples], dtype=np.float64)
    sets = np.array([example.set for example in examples])
    weights = np.array([example.weight for example in examples])
    rows, counts = {}, {}
    ours = np.flatnonzero((sets == OURS) & ~aside)
    for name in model.experts.names:
        own = np.flatnonzero((sets == name) & ~aside)
        told = ours if name != OURS else ours[:0]
        rows[name] = np.concatenate([own, told])
        counts[name] = np.concatenate(
            [
                even(labels[own], weights[own]),
                even(labels[told], weights[told]) * (_DOMAIN_SHARE * len(own) / max(1.0, weights[told].sum())),
            ]
        )
    columns = np.flatnonzero(model.words.keys < len(vectors))
    meaning = sparse.lil_matrix((cells.shape[1], vectors.shape[1]), dtype=np.float32)
    meaning[columns] = vectors[model.words.keys[columns]]
    return Lessons(cells=cells, vectors=meaning.tocsr(), labels=labels, rows=rows, counts=counts)


def _prune(model: SentimentModel, cells: sparse.csr_matrix, strength: Values) -> SentimentModel:
    """The same model with only the features that move judgements most."""
    often = np.sqrt(np.bincount(cells.indices, minlength=cells.shape[1]))
    # Whatever tells kinds of writing apart is frequent too, and is kept with the rest.
    moves = often * (strength + _QUIET)
    bar = np.partition(moves, -_KEPT)[-_KEPT] if len(moves) > _KEPT else 0.0
    is_kept = moves >= bar
    words = len(model.words.keys)
    by_word, by_character = _kept(model.words, is_kept[:words]), _kept(model.characters, is_kept[words:])
    return replace(model, words=by_word, characters=by_character)


def _kept(block: Block, keep: Any) -> Block:
    return Block(keys=block.keys[keep], idf=block.idf[keep])
