"""Of several subjects in one post, whom it speaks badly of: "车是好车，店是黑店".

What is said of each is judged on its own, too, and told to the reader.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from analysis.attribution import said_of_each
from analysis.reading import Reading
from analysis.speech_acts import Speech
from analysis.subjects import Match
from core.model import Reason

#: Fewer characters than this say too little to be judged alone.
_FEWEST = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What a post says of one of several subjects."""

    subject: str
    #: As the model reads it.
    prepared: str
    speech: Speech


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """How badly a post speaks of one of several subjects."""

    subject: str
    negative: float


def shares_of(
    reading: Reading, matches: Sequence[Match], prepare: Callable[[Reading], tuple[str, Speech]]
) -> list[Share]:
    """The shares of the subjects that a post speaks of in different clauses; nothing where it does not.

    `prepare` makes a part of the reading ready for the model.
    """
    found = []
    for subject, part in said_of_each(reading, matches):
        prepared, speech = prepare(part)
        if len(prepared) >= _FEWEST:
            found.append(Share(subject=subject, prepared=prepared, speech=speech))
    return found if len(found) > 1 else []


def overall(whole: float, opinions: Sequence[Opinion]) -> float:
    """How bad the post is: as it sounds as a whole, or half way (in log odds) to what it says of the worst.

    Half way, because a part is shorter than the whole and so judged less surely.
    """
    if not opinions:
        return whole
    worst = max(opinion.negative for opinion in opinions)
    odds = math.sqrt(_odds(whole) * _odds(worst))
    return max(whole, odds / (1.0 + odds))


def _odds(probability: float) -> float:
    bounded = min(1.0 - 1e-9, max(1e-9, probability))
    return bounded / (1.0 - bounded)


def told(opinions: Sequence[Opinion]) -> list[Reason]:
    """One sentence for the reader, the worst first."""
    if not opinions:
        return []
    ordered = sorted(opinions, key=lambda one: (-one.negative, one.subject))
    text = "，".join(f"说{one.subject} {one.negative:.0%}" for one in ordered)
    return [Reason(code="shares", text=f"说到几个对象，分别研判的负面概率：{text}")]
