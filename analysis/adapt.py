"""A cold start: fits the shipped model to a user's own posts before anybody has labelled one of them.

Experts of other kinds of writing are loud or shy on posts they were not made for, which tilts the blend: here each is
brought to the same mean and spread on the user's posts. Then the share of negative posts is estimated anew, without
labels, by expectation maximisation (Saerens, Latinne and Decaestecker, "Adjusting the outputs of a classifier to new a
priori probabilities", 2002), and the whole model is moved towards it, by a bounded step: on posts it does not
understand that estimate drifts off.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from analysis.experts import families_of
from analysis.features import Values, prepare
from analysis.packing import rounded
from analysis.sentiment import SentimentModel
from core.errors import ModelError
from core.model import Channel, Post

#: Fewer posts say too little of a whole source.
FEWEST = 200
#: The most that is read: more posts do not change the means.
MOST = 20_000
#: The furthest that a new share of negative posts may move the log odds.
_FURTHEST = 0.7
_ROUNDS = 50
_BATCH = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Adapted:
    """What adapting did."""

    model: SentimentModel
    #: Posts that it was fitted to.
    posts: int
    #: Mean probability of being negative, before and after.
    before: float
    after: float
    #: What was added to all log odds.
    step: float


def adapt(model: SentimentModel, posts: Iterable[Post], *, name: str) -> Adapted:
    """A new model under `name`, fitted to these posts, at most 20,000 of them; the same posts give the same model.

    Raise `ModelError` if fewer than 200 have words that the model knows.
    """
    texts, channels = [], []
    for post in posts:
        if prepared := prepare(post.full_text):
            texts.append(prepared)
            channels.append(post.channel)
        if len(texts) == MOST:
            break
    return adapt_to(model, texts, channels, name=name)


def adapt_to(model: SentimentModel, prepared: Sequence[str], channels: Sequence[Channel], *, name: str) -> Adapted:
    """The same for texts that went through `prepare`."""
    if len(prepared) < FEWEST:
        raise ModelError(f"只有 {len(prepared)} 条有文字的帖文，至少要 {FEWEST} 条才能适应")
    parts = [
        model.experts.sums(model.features(prepared[at : at + _BATCH]), families_of(channels[at : at + _BATCH]))
        for at in range(0, len(prepared), _BATCH)
    ]
    gates, sums = (np.concatenate([part[side] for part in parts]) for side in (0, 1))
    levelled = _levelled(gates, sums)
    logits = (gates * (sums * levelled.scale + levelled.shift)).sum(axis=1)
    experts, count = model.experts, model.experts.count
    known = float(gates.mean(axis=0) @ [model.shares.get(one, 0.5) for one in experts.names])
    step = float(np.clip(_prior_step(logits, known), -_FURTHEST, _FURTHEST))
    table, bias = experts.table.copy(), experts.bias.copy()
    table[:, :count] *= levelled.scale.astype(np.float32)
    bias[:count] = np.round(bias[:count] * levelled.scale + levelled.shift, 6)
    # What feedback taught is no expert's and stays as it is.
    adapted = replace(experts, table=rounded(table), bias=bias, shared_bias=experts.shared_bias + step)
    return Adapted(
        model=replace(model, name=name, experts=adapted),
        posts=len(prepared),
        before=float(_probabilities((gates * sums).sum(axis=1)).mean()),
        after=float(_probabilities(logits + step).mean()),
        step=step,
    )


@dataclass(frozen=True, slots=True)
class _Levels:
    scale: Values
    shift: Values


def _levelled(gates: Values, sums: Values) -> _Levels:
    """What gives every expert the blend's mean and spread on these texts."""
    share = gates.mean(axis=0)
    mean, spread = sums.mean(axis=0), np.maximum(sums.std(axis=0), 1e-6)
    scale = float(share @ spread) / spread
    # An expert that is hardly asked has no spread worth stretching.
    scale = np.clip(scale, 0.25, 4.0)
    return _Levels(scale, float(share @ mean) - mean * scale)


def _prior_step(logits: Values, known: float) -> float:
    """By how much the log odds rise when the share of negatives is what these texts suggest, not the `known` one."""
    known = share = float(np.clip(known, 0.01, 0.99))
    for _ in range(_ROUNDS):
        share = float(np.clip(_probabilities(logits + _odds(share) - _odds(known)).mean(), 1e-4, 1 - 1e-4))
    return _odds(share) - _odds(known)


def _odds(share: float) -> float:
    return float(np.log(share / (1.0 - share)))


def _probabilities(logits: Values) -> Values:
    return np.asarray(1.0 / (1.0 + np.exp(-logits)))
