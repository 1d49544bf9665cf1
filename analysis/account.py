"""One judgement with everything that led to it, for whoever wants to argue with it; `Analyser.account` makes one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from analysis.reading import Reading
from analysis.risk import Facts
from analysis.sentiment import Judgement
from analysis.subjects import Match
from core.model import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The facts of one post, between its text and its verdict."""

    verdict: Verdict
    #: The whole text, and what of it is about the subjects.
    reading: Reading
    narrowed: Reading
    matches: Sequence[Match]
    facts: Facts
    #: The model's, of this one text.
    judgement: Judgement
    #: Its probability, moved by the way of speaking; what is said of each of several subjects may move it once more.
    spoken: float
    #: Whether the text holds nothing that the model knows: then its probability is not asked for.
    is_silent: bool
