"""Whether one model is worse than another beyond noise: both judge the same texts, and only differences count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import binomtest

from analysis.features import Values
from analysis.labelled import Example
from analysis.sentiment import SentimentModel

#: A difference this unlikely by chance is no chance.
LEVEL = 0.05
_DRAWS = 4_000
_SURE = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two models on one set of labelled texts."""

    #: What the texts are, for the reader.
    name: str
    n: int
    #: Decisions at the threshold that are right.
    right_before: int
    right_after: int
    #: Decisions only the one, or only the other, gets right.
    lost: int
    won: int
    #: Mean log loss.
    loss_before: float
    loss_after: float
    #: How likely losses as great as these are, were the models equally good (one-sided).
    p_decisions: float
    p_probabilities: float

    @property
    def is_worse(self) -> bool:
        """Whether the new model decides worse, or says worse probabilities, beyond noise."""
        return self.p_decisions < LEVEL or self.p_probabilities < LEVEL


def compare(
    before: SentimentModel,
    after: SentimentModel,
    examples: Sequence[Example],
    *,
    name: str,
    threshold: float,
    seed: int,
) -> Comparison:
    """Judge the same texts by both models.

    Decisions are compared by McNemar's exact test, probabilities by a permutation test of the paired differences of
    their log losses (signs drawn by `seed`). Without texts nothing is worse.
    """
    texts, channels = [one.text for one in examples], [one.channel for one in examples]
    labels = np.array([one.negative for one in examples], dtype=np.bool_)
    old, new = (model.judge(texts, channels).probabilities for model in (before, after))
    was_right, is_right = ((found >= threshold) == labels for found in (old, new))
    lost, won = int((was_right & ~is_right).sum()), int((~was_right & is_right).sum())
    old_loss, new_loss = _losses(old, labels), _losses(new, labels)
    return Comparison(
        name=name,
        n=len(texts),
        right_before=int(was_right.sum()),
        right_after=int(is_right.sum()),
        lost=lost,
        won=won,
        loss_before=float(old_loss.mean()) if len(texts) else 0.0,
        loss_after=float(new_loss.mean()) if len(texts) else 0.0,
        p_decisions=float(binomtest(lost, lost + won, alternative="greater").pvalue) if lost + won else 1.0,
        p_probabilities=_chance(new_loss - old_loss, seed),
    )


def _losses(found: Values, labels: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> Values:
    sure = np.clip(found, _SURE, 1.0 - _SURE)
    return np.asarray(-np.log(np.where(labels, sure, 1.0 - sure)))


def _chance(differences: Values, seed: int) -> float:
    """How often differences with signs drawn at random have a mean as great as the real one."""
    moved = differences[differences != 0.0]
    if not len(moved):
        return 1.0
    random = np.random.default_rng(seed)
    real = moved.sum()
    # Drawn in pieces: a matrix of all signs at once would take memory with the size of the set.
    reached = sum(
        int((random.choice((-1.0, 1.0), size=(_DRAWS // 40, len(moved))) @ moved >= real - 1e-12).sum())
        for _ in range(40)
    )
    return (reached + 1) / (_DRAWS + 1)
