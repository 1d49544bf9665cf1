"""How well categories are found in sentences that no training saw: the command behind `tingfeng evaluate-categories`.

Beside each other: the lexicon alone, the heads alone, and both as the product uses them, which also needs the sentiment
model. Intervals come from drawing whole scenarios anew, for sentences of one scenario stand or fall together.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.features import Values, prepare
from analysis.sentiment import SentimentModel
from analysis.topic_examples import TopicExample, Unrelated
from analysis.topics import TopicFinder

WORDS, HEADS, BOTH = "词表", "模型", "词表＋模型"
MICRO, MACRO = "合计（微平均）", "各类平均（宏平均）"
_DRAWS = 1_000
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicRow:
    """How one way of finding did on one category, or on all."""

    way: str
    category: str
    #: Sentences that belong.
    n: int
    precision: float
    recall: float
    f1: float
    #: 95 % of the redrawn samples lie within.
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FalseAlarm:
    """Texts that belong to no category, and how many were given one."""

    where: str
    texts: int
    #: By category; a text may have several.
    by_category: Mapping[str, int]
    #: Texts with at least one.
    any: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """One sentence with a category too much or one too few."""

    text: str
    missed: tuple[str, ...]
    #: Each with the word that was shown for it.
    false: tuple[tuple[str, str], ...]


def evaluate_topics(
    examples: Sequence[TopicExample], finder: TopicFinder, sentiment: SentimentModel, *, seed: int
) -> list[TopicRow]:
    """Rows of every way and category on these sentences, the sums last. Categories without a sentence are left out."""
    names = finder.names
    labels = _flags([one.categories for one in examples], names)
    groups = _groups([one.group for one in examples])
    rows: list[TopicRow] = []
    for way, said in _said(examples, finder, sentiment).items():
        rows += _rows(way, names, labels, _flags(said, names), groups, seed)
    return rows


def _said(
    examples: Sequence[TopicExample], finder: TopicFinder, sentiment: SentimentModel
) -> dict[str, list[frozenset[str]]]:
    """What each way asserts of each sentence."""
    texts, negatives = [one.text for one in examples], _negatives(examples, sentiment)
    words = finder.by_words_alone().find_all(texts, negatives)
    both = finder.find_all(texts, negatives)
    return {
        WORDS: [frozenset(topic.name for topic in topics) for topics in words],
        HEADS: finder.by_heads_alone(texts),
        BOTH: [frozenset(topic.name for topic in topics) for topics in both],
    }


def _flags(said: Sequence[frozenset[str]], names: Sequence[str]) -> Flags:
    return np.array([[name in one for name in names] for one in said], dtype=np.bool_)


def mistakes(examples: Sequence[TopicExample], finder: TopicFinder, sentiment: SentimentModel) -> list[Mistake]:
    """The sentences whose categories are not exactly those that were labelled."""
    found = finder.find_all([one.text for one in examples], _negatives(examples, sentiment))
    wrong = []
    for example, topics in zip(examples, found, strict=True):
        wanted = example.categories & set(finder.names)
        given = {topic.name: topic.hits[0].word for topic in topics}
        if given.keys() != wanted:
            false = tuple((name, word) for name, word in given.items() if name not in wanted)
            wrong.append(Mistake(text=example.text, missed=tuple(sorted(wanted - given.keys())), false=false))
    return wrong


def false_alarms(
    texts: Sequence[TopicExample | Unrelated], finder: TopicFinder, sentiment: SentimentModel, *, where: str
) -> FalseAlarm:
    """How often texts that belong to no category are given one."""
    found = finder.find_all([one.text for one in texts], _negatives(texts, sentiment))
    counts = {name: sum(any(topic.name == name for topic in one) for one in found) for name in finder.names}
    return FalseAlarm(where=where, texts=len(texts), by_category=counts, any=sum(bool(one) for one in found))


def topic_table(rows: Sequence[TopicRow]) -> str:
    """The rows as a Markdown table."""
    lines = ["| 方法 | 类别 | 句数 | 准确率 | 召回率 | F1 | 95 % 区间 |", "|---|---|--:|--:|--:|--:|---|"]
    lines += [
        f"| {row.way} | {row.category} | {row.n} | {row.precision:.3f} | {row.recall:.3f} | {row.f1:.3f}"
        f" | {row.low:.3f}–{row.high:.3f} |"
        for row in rows
    ]
    return "\n".join(lines)


def alarm_table(alarms: Sequence[FalseAlarm]) -> str:
    """The false alarms as a Markdown table."""
    names = list(dict.fromkeys(name for one in alarms for name in one.by_category))
    lines = [f"| 不属于任何类别的文本 | 条数 | 误归类 | {' | '.join(names)} |", "|---|--:|--:|" + "--:|" * len(names)]
    for one in alarms:
        cells = " | ".join(str(one.by_category.get(name, 0)) for name in names)
        lines.append(f"| {one.where} | {one.texts} | {one.any / max(1, one.texts):.1%} | {cells} |")
    return "\n".join(lines)


def _negatives(texts: Sequence[TopicExample | Unrelated], sentiment: SentimentModel) -> Values:
    return sentiment.probabilities([prepare(one.text) for one in texts], [one.channel for one in texts])


def _groups(names: Sequence[str]) -> list[npt.NDArray[np.int64]]:
    places: dict[str, list[int]] = defaultdict(list)
    for at, name in enumerate(names):
        places[name].append(at)
    return [np.array(rows, dtype=np.int64) for rows in places.values()]


def _rows(
    way: str, names: Sequence[str], labels: Flags, said: Flags, groups: Sequence[npt.NDArray[np.int64]], seed: int
) -> list[TopicRow]:
    used = [at for at in range(len(names)) if labels[:, at].any()]
    labels, said = labels[:, used], said[:, used]
    # Hits, what was said, what was so: summed by scenario, so that a redrawn sample is a sum of sums.
    counts = np.array([[(labels & said)[rows].sum(0), said[rows].sum(0), labels[rows].sum(0)] for rows in groups])
    chance = np.random.default_rng(seed)
    drawn = np.array([counts[chance.integers(len(groups), size=len(groups))].sum(0) for _ in range(_DRAWS)])
    total = counts.sum(0)
    rows = [_row(way, names[at], total[:, column], _f1(drawn[:, :, column])) for column, at in enumerate(used)]
    rows.append(_row(way, MICRO, total.sum(1), _f1(drawn.sum(2))))
    f1 = np.stack([_f1(drawn[:, :, column]) for column in range(len(used))]).mean(0)
    low, high = np.quantile(f1, (0.025, 0.975))
    rows.append(
        TopicRow(
            way=way,
            category=MACRO,
            n=int(total[2].sum()),
            precision=float(np.mean([row.precision for row in rows[:-1]])),
            recall=float(np.mean([row.recall for row in rows[:-1]])),
            f1=float(np.mean([row.f1 for row in rows[:-1]])),
            low=float(low),
            high=float(high),
        )
    )
    return rows


def _row(way: str, category: str, counts: npt.NDArray[np.int64], drawn: Values) -> TopicRow:
    hits, said, was = (int(one) for one in counts)
    low, high = np.quantile(drawn, (0.025, 0.975))
    return TopicRow(
        way=way,
        category=category,
        n=was,
        precision=hits / max(1, said),
        recall=hits / max(1, was),
        f1=2 * hits / max(1, said + was),
        low=float(low),
        high=float(high),
    )


def _f1(counts: npt.NDArray[np.int64]) -> Values:
    """Of hits, said and was in the second axis."""
    return np.asarray(2 * counts[:, 0] / np.maximum(1, counts[:, 1] + counts[:, 2]))
