"""Trains the heads of the categories and blends them with the lexicon: the command behind `tingfeng train-categories`.

Every number that depends on how good the heads are (the blend, the thresholds) is set on sums that a text got from
heads which never saw its scenario: whole groups of sentences are left out in turn.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression

from analysis.features import Alphabet, Block, Keys, Values
from analysis.topic_blend import NO_BLEND, Scored, fit_blends
from analysis.topic_catalogue import Catalogue, bundled_catalogue
from analysis.topic_examples import REVIEWS, TopicExample, Unrelated, read_topic_examples, read_unrelated, sha256_of
from analysis.topic_lexicon import FIRES_AT, TopicLexicon
from analysis.topic_model import TopicModel, is_ideograph
from core.errors import ModelError

Progress = Callable[[str], None]

#: Sentences in which a character or a run must stand.
_LEAST_TEXTS = 2
#: Fewer sentences of a category teach nothing that would hold elsewhere.
_LEAST_OF_A_CATEGORY = 12
_FOLDS = 5
_STRENGTH = 10.0
#: What all unrelated texts together weigh, in shares of the sentences.
_UNRELATED_WEIGHT = 0.5
_UNRELATED_EACH = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicReport:
    """What a training did."""

    name: str
    folder: Path
    #: Sentences of each category that was learned.
    sentences: dict[str, int]
    #: Categories of the rows that were too rare to learn.
    left_out: tuple[str, ...]
    features: int
    unrelated: int


class _Data(NamedTuple):
    """All that is trained on, sentences first, then unrelated texts."""

    texts: list[str]
    #: One row a text, one column a head.
    labels: npt.NDArray[np.bool_]
    #: The same shape; 0 where nobody knows whether the text belongs.
    weights: Values
    #: The lexicon's scores, the same shape.
    scores: Keys
    folds: Keys
    sentences: int


def train_topics(
    data_folder: Path | None,
    out_folder: Path,
    *,
    rows: Sequence[Path],
    catalogue: Catalogue | None = None,
    seed: int = 315,
    name: str = "categories-1",
    progress: Progress = lambda _: None,
) -> TopicReport:
    """Train heads for the categories of the labelled `rows`, and write the model into `out_folder`.

    `data_folder` holds public sets as texts that belong to no category. The same files and `seed` give the same bytes.
    Held-out rows are never used. Raise `ModelError` if no category has enough rows, `BadInput` for a bad line.
    """
    catalogue = catalogue or bundled_catalogue()
    examples = [one for path in rows for one in read_topic_examples(path) if not one.held_out]
    found = read_unrelated(data_folder, each=_UNRELATED_EACH, seed=seed) if data_folder else []
    unrelated = [one for one in found if not one.held_out]
    counts = Counter(category for example in examples for category in example.categories)
    heads = tuple(one.name for one in catalogue.categories if counts[one.name] >= _LEAST_OF_A_CATEGORY)
    if not heads:
        raise ModelError(f"标注太少：没有一个类别有 {_LEAST_OF_A_CATEGORY} 句")
    progress(f"{len(examples)} 句，{len(unrelated)} 条无关文本")
    model = fit_topics(examples, unrelated, catalogue, heads, name=name, seed=seed, progress=progress)
    about: dict[str, Any] = {
        "rows": [{"file": path.name, "sha256": sha256_of(path)} for path in rows],
        "sentences": {head: counts[head] for head in heads},
        "unrelated": dict(Counter(one.set for one in unrelated)),
        "seed": seed,
        "recipe": "ideographs 1-3, TF-IDF, one LR a category; blended with the lexicon's score out of fold",
    }
    model.save(out_folder, about)
    known = {one.name for one in catalogue.categories}
    return TopicReport(
        name=name,
        folder=out_folder,
        sentences={head: counts[head] for head in heads},
        left_out=tuple(sorted(name for name in counts if name in known and name not in heads)),
        features=len(model.block.keys),
        unrelated=len(unrelated),
    )


def fit_topics(
    examples: Sequence[TopicExample],
    unrelated: Sequence[Unrelated],
    catalogue: Catalogue,
    heads: Sequence[str],
    *,
    name: str,
    seed: int = 315,
    progress: Progress = lambda _: None,
) -> TopicModel:
    """Fit heads and blends in memory."""
    data = _data(examples, unrelated, catalogue, heads, seed)
    empty = _empty_model([one.text for one in examples], heads, name)
    sums = np.zeros(data.labels.shape)
    for fold in range(_FOLDS):
        inside = data.folds != fold
        left_in = [one.text for one, stays in zip(examples, inside[: data.sentences], strict=True) if stays]
        part = _fit_heads(_empty_model(left_in, heads, name), data, inside)
        sums[~inside] = part.sums([data.texts[at] for at in np.flatnonzero(~inside).tolist()])
        progress(f"交叉 {fold + 1}/{_FOLDS}")
    accidents = {one.name for one in catalogue.categories if one.is_accident}
    # Sentences beside which the lexicon was written would make it look better than it is.
    honest = np.array([0.0 if one.seen_by_lexicon else 1.0 for one in examples] + [1.0] * len(unrelated))
    scored = Scored(
        labels=data.labels,
        weights=data.weights * honest[:, None],
        scores=data.scores,
        sums=sums,
        negative=np.array([one.negative for one in examples] + [False] * len(unrelated)),
        is_own=np.arange(len(data.texts)) < data.sentences,
    )
    blends = fit_blends(scored, heads, accidents)
    model = _fit_heads(empty, data, np.ones(len(data.texts), dtype=bool))
    return replace(model, blends=blends)


def _data(
    examples: Sequence[TopicExample],
    unrelated: Sequence[Unrelated],
    catalogue: Catalogue,
    heads: Sequence[str],
    seed: int,
) -> _Data:
    texts = [one.text for one in examples] + [one.text for one in unrelated]
    labels = np.zeros((len(texts), len(heads)), dtype=np.bool_)
    for row, example in enumerate(examples):
        labels[row] = [head in example.categories for head in heads]
    scores = lexicon_scores(texts, catalogue, heads)
    weights = np.ones(labels.shape)
    if unrelated:
        weights[len(examples) :] = _UNRELATED_WEIGHT * len(examples) / len(unrelated)
        # Where the lexicon fires, or people complain of what they bought, an unrelated text may well belong.
        accidents = np.array([{one.name: one.is_accident for one in catalogue.categories}[head] for head in heads])
        is_review = np.array([one.set in REVIEWS for one in unrelated], dtype=np.bool_)
        unknown = (scores[len(examples) :] >= FIRES_AT) | (is_review[:, None] & ~accidents[None, :])
        weights[len(examples) :][unknown] = 0.0
    folds = [_fold(one.group, seed) for one in examples] + [at % _FOLDS for at in range(len(unrelated))]
    return _Data(texts, labels, weights, scores, np.array(folds, dtype=np.int64), len(examples))


def lexicon_scores(texts: Sequence[str], catalogue: Catalogue, heads: Sequence[str]) -> Keys:
    """What the words of each head's category weigh in each text."""
    lexicon = TopicLexicon(catalogue)
    column = {name: at for at, name in enumerate(heads)}
    scores = np.zeros((len(texts), len(heads)), dtype=np.int64)
    for row, text in enumerate(texts):
        for found in lexicon.find(text):
            at = column.get(catalogue.categories[found.category].name)
            if at is not None:
                scores[row, at] = found.score
    return scores


def _fold(group: str, seed: int) -> int:
    return int.from_bytes(hashlib.sha256(f"{seed}\x1f{group}".encode()).digest()[:4], "big") % _FOLDS


def _empty_model(texts: Sequence[str], heads: Sequence[str], name: str) -> TopicModel:
    """The alphabet and the features of these texts, without weights."""
    characters = Counter(character for text in texts for character in set(text) if is_ideograph(character))
    alphabet = Alphabet.of(sorted(one for one, count in characters.items() if count >= _LEAST_TEXTS), [])
    rows, keys = alphabet.character_keys(texts, marks=False)
    order = np.lexsort((keys, rows))
    rows, keys = rows[order], keys[order]
    is_first = np.ones(len(rows), dtype=bool)
    is_first[1:] = (rows[1:] != rows[:-1]) | (keys[1:] != keys[:-1])
    known, counts = np.unique(keys[is_first], return_counts=True)
    known, counts = known[counts >= _LEAST_TEXTS], counts[counts >= _LEAST_TEXTS]
    idf = 1.0 + np.log((1 + len(texts)) / (1 + counts))
    return TopicModel(
        name=name,
        alphabet=alphabet,
        # Rounded as the file rounds it, so that a loaded model judges as the trained one does.
        block=Block(keys=known, idf=idf.astype(np.float16).astype(np.float64)),
        heads=tuple(heads),
        weights=np.zeros((len(heads), len(known))),
        bias=np.zeros(len(heads)),
        blends=dict.fromkeys(heads, NO_BLEND),
    )


def _fit_heads(model: TopicModel, data: _Data, inside: npt.NDArray[np.bool_]) -> TopicModel:
    """One logistic regression a category; of its two classes the rarer one is lifted half-way to the other."""
    cells = model.cells([data.texts[at] for at in np.flatnonzero(inside).tolist()])
    weights, bias = np.zeros(model.weights.shape), np.zeros(len(model.heads))
    for head in range(len(model.heads)):
        labels, shares = data.labels[inside, head], data.weights[inside, head].copy()
        good, bad = shares[~labels].sum(), shares[labels].sum()
        if not bad:
            continue
        shares[labels] *= np.sqrt(good / bad)
        fitted = LogisticRegression(C=_STRENGTH, max_iter=300).fit(cells, labels, sample_weight=shares)
        weights[head], bias[head] = fitted.coef_[0], fitted.intercept_[0]
    return replace(model, weights=weights.astype(np.float16).astype(np.float64), bias=np.round(bias, 6))
