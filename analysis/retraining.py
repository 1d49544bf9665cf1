"""From labels to a model that may replace the one in use, or may not: what `tingfeng train` decides.

A part of the labels, chosen by their text alone and so the same at every training, is never learnt from: on it, and on
our own held-out sentences of the trade, the new model is compared with the one in use. Worse beyond noise on either
means refused.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from analysis.comparing import LEVEL, Comparison, compare
from analysis.labelled import Example, Progress, one_side_each
from analysis.learning import Learned, learn
from analysis.sentiment import SentimentModel

#: Fewer labels than this teach nothing that could be told from chance.
FEWEST = 20
#: One label in this many is held out for good.
_HELD_OUT = 5
#: Fewer held-out labels than this prove nothing, and the reader is told.
_TELLING = 30
OWN, TRADE = "本单位的留出标注", "随产品发布的行业留出句"


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrained:
    """What came of a training."""

    learned: Learned
    #: The new model against the one in use.
    comparisons: tuple[Comparison, ...]
    #: Labels learnt from, and labels kept aside for the comparison.
    trained: int
    held_out: int
    is_accepted: bool
    #: Why, for the reader; Chinese sentences.
    why: tuple[str, ...]


def apart(lessons: Sequence[Example]) -> list[Example]:
    """The lessons, each text once (the first counts), with `held_out` set by the text alone.

    Near-duplicates of a held-out text are left out of what is learnt. New labels never move an old one to the other
    side, save that a text may drop out when a near-duplicate of it is held out.
    """
    return one_side_each([replace(one, held_out=_is_held_out(one.text)) for one in lessons if one.text])


def retrain(
    *,
    base: SentimentModel,
    current: SentimentModel,
    lessons: Sequence[Example],
    known: Sequence[Example] = (),
    anchors: Sequence[Example] = (),
    trade: Sequence[Example] = (),
    name: str,
    threshold: float,
    seed: int = 315,
    progress: Progress = lambda _: None,
) -> Retrained:
    """Learn from the lessons that are not held out, starting from `base`, and compare with `current`.

    `lessons` come from `apart`; `known` labelled and `anchors` unlabelled texts hold the model in place; `trade` are
    labelled texts that neither model learnt from; from `threshold` on a text counts as negative. Raise `ValueError`
    where fewer than `FEWEST` lessons are left to learn from.
    """
    learnt_from = [one for one in lessons if not one.held_out]
    kept = [one for one in lessons if one.held_out]
    if len(learnt_from) < FEWEST:
        raise ValueError(f"{len(learnt_from)} lessons, {FEWEST} needed")
    labelled = {one.text for one in lessons}
    progress(f"学习 {len(learnt_from)} 条标注，另留出 {len(kept)} 条作检验")
    free = [one for one in anchors if one.text and one.text not in labelled]
    learned = learn(base, learnt_from, known=known, anchors=free, name=name)
    progress("与正在用的模型同场比较")
    comparisons = tuple(
        compare(current, learned.model, rows, name=called, threshold=threshold, seed=seed)
        for called, rows in ((OWN, kept), (TRADE, trade))
        if rows
    )
    worse = [one for one in comparisons if one.is_worse]
    is_accepted = learned.moved > 0 and not worse
    return Retrained(
        learned=learned,
        comparisons=comparisons,
        trained=len(learnt_from),
        held_out=len(kept),
        is_accepted=is_accepted,
        why=tuple(_why(learned, comparisons, kept)),
    )


def _why(learned: Learned, comparisons: Sequence[Comparison], kept: Sequence[Example]) -> list[str]:
    sentences = []
    if not learned.moved:
        sentences.append("这些标注没有可学的共同之处：任何改动在轮流留出的标注上都不比不改好，模型保持不变")
    for one in comparisons:
        if one.is_worse:
            chance = min(one.p_decisions, one.p_probabilities)
            sentences.append(
                f"在“{one.name}”上变差，超出偶然（配对检验 p={chance:.3f} < {LEVEL}）："
                f"判对 {one.right_before} → {one.right_after} 条，改错 {one.lost} 条，改对 {one.won} 条"
            )
    if len(kept) < _TELLING:
        sentences.append(f"留出的标注只有 {len(kept)} 条，不足以证明新模型更好，只能说没有发现变差")
    return sentences


def _is_held_out(text: str) -> bool:
    letters = "".join(text.split()).encode("utf-8", "replace")
    return hashlib.sha256(letters).digest()[0] % _HELD_OUT == 0
