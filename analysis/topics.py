"""What a post is about: the categories of the complaint tree, by words that we wrote down and heads that were trained.

The words decide wherever they are strong; the trained heads find what the words miss and doubt what weak words claim.
Every category that is asserted can show a word of the post that says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import numpy.typing as npt

from analysis.features import Keys, Values
from analysis.reading import Reading
from analysis.sentiment import Judgement
from analysis.tokens import segmenter
from analysis.topic_catalogue import OTHER, OWN_CODE, Catalogue, Category, bundled_catalogue
from analysis.topic_lexicon import FIRES_AT, Found, Hit, TopicLexicon, is_denied, is_imagined
from analysis.topic_model import Blend, Evidence, TopicModel, bundled_topic_model

__all__ = ["OTHER", "SAFETY", "Hit", "Topic", "TopicFinder", "bundled_topics"]

SAFETY = "安全事故"
#: A word or pair of this score says it outright, however strange the rest of the text looks to the heads.
_OUTRIGHT = 3
#: Without enough words of the lexicon the heads speak only where the sentiment model hears trouble, too.
_NEGATIVE = 0.5
#: So much of the text around a run of characters is split into words.
_AROUND = 8
Flags = npt.NDArray[np.bool_]
_NO_WORDS = Found(category=-1, score=0, hits=())


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """One category that a post is about, with the words that say so."""

    name: str
    #: Risk points of this category; of one that only the heads found, in proportion to its probability.
    severity: int
    #: What the words of the lexicon weigh; below 2 the trained heads spoke.
    score: int
    #: At least one; the strongest first. A word that only the heads know has score 0.
    hits: tuple[Hit, ...]
    #: Of reasons: `category.<code>`.
    code: str = OWN_CODE
    is_accident: bool = False
    #: Of words and heads together; `None` where no head knows the category.
    probability: float | None = None

    @property
    def by_model(self) -> bool:
        """Whether the heads, not the words of the lexicon, found it."""
        return self.score < FIRES_AT


class TopicFinder:
    """Finds the categories of a catalogue; the same text always gives the same answer."""

    def __init__(self, catalogue: Catalogue, model: TopicModel | None = None) -> None:
        """Without a `model` the words decide alone; so they do for categories of which the model has no head."""
        self._catalogue = catalogue
        self._categories = catalogue.categories
        self._lexicon = TopicLexicon(catalogue)
        self._model = model
        known = {category.name: number for number, category in enumerate(catalogue.categories) if category.uses_model}
        heads = [(column, name) for column, name in enumerate(model.heads) if name in known] if model else []
        self._heads = [column for column, _ in heads]
        self._blends = [model.blends[name] for _, name in heads] if model else []
        #: From a column of probabilities to the category's place in the catalogue, and back.
        self._numbers = [known[name] for _, name in heads]
        self._columns = {number: column for column, number in enumerate(self._numbers)}
        self._alone = np.array([blend.alone for blend in self._blends])

    @property
    def names(self) -> tuple[str, ...]:
        """The categories, in the order of the catalogue."""
        return tuple(category.name for category in self._categories)

    @property
    def learned(self) -> frozenset[str]:
        """The categories for which the trained heads speak, too."""
        return frozenset(self._categories[number].name for number in self._numbers)

    def by_words_alone(self) -> TopicFinder:
        """The same categories without the heads."""
        return TopicFinder(self._catalogue)

    def by_heads_alone(self, texts: Sequence[str]) -> list[frozenset[str]]:
        """What the heads would say of folded texts if there were no lexicon. For measuring."""
        if not self._model or not self._heads:
            return [frozenset() for _ in texts]
        said = self._model.sums(texts)[:, self._heads] >= np.array([blend.cut for blend in self._blends])
        names = [self._categories[number].name for number in self._numbers]
        return [frozenset(name for name, is_said in zip(names, row, strict=True) if is_said) for row in said.tolist()]

    def find_many(self, readings: Sequence[Reading], judgement: Judgement) -> list[list[Topic]]:
        """The categories of each post of a batch, the weightiest first; `judgement` is of the same posts, in order.

        The heads are asked in one pass: of negative posts, what the words miss; of calm posts, whether words that may
        mean anything mean trouble.
        """
        return self.find_all([reading.own for reading in readings], judgement.probabilities)

    def find_all(self, texts: Sequence[str], negatives: Values) -> list[list[Topic]]:
        """The same of folded texts and their probabilities of being negative."""
        found = [self._lexicon.find(text) for text in texts]
        topics = [self._by_words(one) for one in found]
        is_negative = (negatives >= _NEGATIVE).tolist()
        rows = [row for row, one in enumerate(found) if (is_negative[row] and texts[row]) or self._is_doubtful(one)]
        if self._model and self._heads and rows:
            scores = self._scores([found[row] for row in rows])
            probabilities = self._probabilities(scores, self._model.sums([texts[row] for row in rows])[:, self._heads])
            alone = (probabilities >= self._alone) & (scores < FIRES_AT) & (negatives[rows] >= _NEGATIVE)[:, None]
            evidence = self._evidence([texts[row] for row in rows], alone)
            for at, row in enumerate(rows):
                # In a negative post words are believed; then the heads can only add to them.
                if evidence[at] or not is_negative[row]:
                    doubts = not is_negative[row]
                    topics[row] = self._by_both(texts[row], found[row], probabilities[at], evidence[at], doubts=doubts)
        return [_ordered(one) for one in topics]

    def find(self, reading: Reading) -> list[Topic]:
        """The categories that the lexicon alone finds in a post's own words, the weightiest first."""
        return _ordered(self._by_words(self._lexicon.find(reading.own)))

    def _by_words(self, found: Sequence[Found]) -> list[Topic]:
        return [_topic(self._categories[one.category], one) for one in found if one.score >= FIRES_AT]

    def _is_doubtful(self, found: Sequence[Found]) -> bool:
        """Whether there are words that the heads could outvote."""
        return any(
            one.score >= FIRES_AT and not self._categories[one.category].is_accident and one.hits[0].score < _OUTRIGHT
            for one in found
        )

    def _scores(self, found: Sequence[Sequence[Found]]) -> Keys:
        """What the words weigh: one row a text, one column a head."""
        scores = np.zeros((len(found), len(self._heads)), dtype=np.int64)
        for row, words in enumerate(found):
            for one in words:
                if one.category in self._columns:
                    scores[row, self._columns[one.category]] = one.score
        return scores

    def _probabilities(self, scores: Keys, sums: Values) -> Values:
        return np.column_stack(
            [blend.probabilities(scores[:, at], sums[:, at]) for at, blend in enumerate(self._blends)]
        )

    def _evidence(self, texts: Sequence[str], alone: Flags) -> list[dict[int, Evidence]]:
        """For each text the words of the categories that the heads find alone, by place in the catalogue."""
        assert self._model is not None
        asked = [(row, self._numbers[column]) for row, column in np.argwhere(alone).tolist()]
        words = self._model.strongest_of([(texts[row], self._categories[number].name) for row, number in asked])
        found: list[dict[int, Evidence]] = [{} for _ in texts]
        for (row, number), word in zip(asked, words, strict=True):
            if word is not None:
                found[row][number] = word
        return found

    def _by_both(
        self,
        text: str,
        found: Sequence[Found],
        probabilities: Values,
        evidence: Mapping[int, Evidence],
        *,
        doubts: bool,
    ) -> list[Topic]:
        topics = []
        words = {one.category: one for one in found}
        for number in sorted(words.keys() | evidence.keys()):
            category, one = self._categories[number], words.get(number, _NO_WORDS)
            column = self._columns.get(number)
            if column is None:
                topics += [_topic(category, one)] if one.score >= FIRES_AT else []
                continue
            probability = float(probabilities[column])
            if one.score < FIRES_AT:
                topics += _by_head(text, category, one, probability, evidence[number]) if number in evidence else []
            elif not doubts or _stands(category, one, probability, self._blends[column]):
                topics.append(_topic(category, one, probability))
        return topics


def _by_head(text: str, category: Category, words: Found, probability: float, evidence: Evidence) -> list[Topic]:
    """The category with the word that speaks for it most; nothing if what it says is denied or imagined."""
    start = evidence.span[0]
    # What the lexicon lists as a mask ("不断轴") the heads must be told.
    if text[max(0, start - 1) : start] == "不" or is_denied(text, start):
        return []
    if category.is_accident and is_imagined(text, evidence.span):
        return []
    start, end = _whole_words(text, *evidence.span)
    hits = (Hit(text[start:end], (start, end), 0), *words.hits)
    topic = _topic(category, Found(category=-1, score=words.score, hits=hits), probability)
    return [replace(topic, severity=round(category.severity * probability))]


def _whole_words(text: str, start: int, end: int) -> tuple[int, int]:
    """The span widened to the words that it cuts: the heads know runs of characters, readers know words."""
    first, last = max(0, start - _AROUND), min(len(text), end + _AROUND)
    at, left, right = first, start, end
    for word in segmenter().words_of_folded(text[first:last]):
        begin = text.find(word, at, last)
        if begin < 0:
            continue
        at = begin + len(word)
        if begin < start < at:
            left = begin
        if begin < end < at:
            right = at
    return left, right


@cache
def bundled_topics() -> TopicFinder:
    """The finder with the categories and the heads that ship with the product."""
    return find_by(bundled_catalogue())


def find_by(catalogue: Catalogue) -> TopicFinder:
    """A finder of these categories, with the heads that the catalogue names, else those that ship with the product.

    Raise `ModelError` if the heads cannot be read.
    """
    return TopicFinder(catalogue, TopicModel.load(catalogue.model) if catalogue.model else bundled_topic_model())


def _stands(category: Category, words: Found, probability: float, blend: Blend) -> bool:
    """Whether what words of a calm post claim outlives the heads' doubt.

    An accident is never doubted, for a missed one is worst, nor is what is said outright.
    """
    return category.is_accident or words.hits[0].score >= _OUTRIGHT or probability >= blend.threshold


def _topic(category: Category, words: Found, probability: float | None = None) -> Topic:
    return Topic(
        name=category.name,
        severity=category.severity,
        score=words.score,
        hits=words.hits,
        code=category.code,
        is_accident=category.is_accident,
        probability=probability,
    )


def _ordered(topics: list[Topic]) -> list[Topic]:
    return sorted(topics, key=lambda topic: (-topic.severity, -topic.score))
