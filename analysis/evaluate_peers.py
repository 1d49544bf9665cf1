"""Who our model is measured beside, on the same texts in the same run: words alone, and SnowNLP."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.util import find_spec

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from analysis.features import Values, segment
from analysis.labelled import Example
from analysis.tokens import segmenter

#: Judges texts: the probability of being negative, one each.
Peer = Callable[[Sequence[str]], Values]

BASELINE = "words-only"
SNOWNLP = "SnowNLP"


def words_only(trained: Sequence[Example]) -> Peer:
    """The baseline of the field: TF-IDF of words and a balanced logistic regression, trained on one set alone."""
    vectoriser = TfidfVectorizer(analyzer=_as_it_is, min_df=2, sublinear_tf=True)
    cells = vectoriser.fit_transform(segment([one.text for one in trained], segmenter()))
    model = LogisticRegression(max_iter=300, class_weight="balanced").fit(cells, [one.negative for one in trained])
    return lambda texts: np.asarray(
        model.predict_proba(vectoriser.transform(segment(texts, segmenter())))[:, 1], dtype=np.float64
    )


def has_snownlp() -> bool:
    """Whether the extra `peers` is installed."""
    return find_spec("snownlp") is not None


def snownlp(texts: Sequence[str]) -> Values:
    """SnowNLP's bundled model. Parts of some public review sets are in its training text; see the model card."""
    from snownlp import SnowNLP

    return np.array([1.0 - float(SnowNLP(text).sentiments) if text.strip() else 0.5 for text in texts])


def _as_it_is(words: list[str]) -> list[str]:
    return words
