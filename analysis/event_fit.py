"""How well two posts fit into one story, for thousands of pairs at a time: pure arithmetic on their rows.

Three ways to be one story, from sure to likely: the same text (MinHash); the same thing that happened with the same
place, model or rare words (clues); many of the same rare words (their weights learned from the stream). A pair that
names different places or different models is two stories whatever else it shares.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from analysis.event_marks import HAPPENED, MODEL, PLACE, SCALE_OF_NATS, SCALE_OF_WEIGHTS, WORD, Marks

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float32]
Places = npt.NDArray[np.intp]

#: Estimated share of common shingles from which two texts are one text; and from which nobody doubts it.
COPIED, SURELY_COPIED = 0.5, 0.8
#: What the common clues must weigh: what happened, and at least one more thing that is rare.
_FITS = 4.9
_MODEL_WEIGHT, _PLACE_WEIGHT, _RARE_WEIGHT = 2.0, 3.0, 1.5
#: Words as rare as this by the dictionary, and in the stream, are telling (nats).
_RARE, _STILL_RARE = 8.0, 4.0
#: A story needs something that happened; two everyday complaints need more in common than two fires.
_EVERYDAY_BELOW = 2.0
_EVERYDAY_FITS, _EVERYDAY_ALIKE = 6.0, 0.18
#: Without anything that happened: cosine of the rare words, how many there must be, and what they weigh together.
_ALIKE, _WORDS_IN_COMMON, _NATS_IN_COMMON = 0.18, 5, 30.0
#: Clues that leave no doubt weigh this many times what would do; words this much.
_SURELY = 2.0
_SURELY_ALIKE = 0.5
_CHUNK = 2_048


@dataclass(frozen=True, slots=True, kw_only=True)
class Fits:
    """One entry a pair."""

    #: 0: two stories; from 1 on one, the better the higher: up to 2 by clues and words, from 2 on a copy.
    score: Floats
    #: The same text.
    copied: Bools
    #: So alike that nobody doubts it.
    sure: Bools


@dataclass(frozen=True, kw_only=True)
class Side:
    """Posts of one side of the comparison: their rows, and the weight of each clue as the stream has it."""

    marks: Marks
    #: Nats; 0 where there is no clue, and for what happened.
    nats: Floats

    @cached_property
    def length(self) -> Floats:
        """The length of each post's vector of weights."""
        found: Floats = np.sqrt(np.sum(self.nats * self.nats, axis=1))
        return found


def compare(asked: Side, others: Side, one: Places, other: Places) -> Fits:
    """How well `asked[one[k]]` and `others[other[k]]` fit, for each k."""
    parts = [
        _compare(asked, others, one[start : start + _CHUNK], other[start : start + _CHUNK])
        for start in range(0, len(one), _CHUNK)
    ]
    if not parts:
        return Fits(score=np.zeros(0, np.float32), copied=np.zeros(0, np.bool_), sure=np.zeros(0, np.bool_))
    return Fits(
        score=np.concatenate([part.score for part in parts]),
        copied=np.concatenate([part.copied for part in parts]),
        sure=np.concatenate([part.sure for part in parts]),
    )


def _compare(asked: Side, others: Side, one: Places, other: Places) -> Fits:
    left, right = asked.marks, others.marks
    same_subject = np.any(
        (left.subjects[one][:, :, None] == right.subjects[other][:, None, :]) & (left.subjects[one][:, :, None] != 0),
        axis=(1, 2),
    )
    alike = np.mean(left.letters[one] == right.letters[other], axis=1, dtype=np.float32)
    alike = np.where(left.has_letters[one] & right.has_letters[other], alike, np.float32(0))
    kinds = left.kinds[one]
    common = np.any(left.clues[one][:, :, None] == right.clues[other][:, None, :], axis=2) & (kinds != 0)
    # What happened in several words is one thing; the gravest speaks for all.
    grave = np.max(np.where(common & (kinds == HAPPENED), left.values[one], 0), axis=1) / np.float32(SCALE_OF_WEIGHTS)
    nats = np.where(common, asked.nats[one], np.float32(0))
    rare = common & (kinds == WORD) & (left.values[one] >= _RARE * SCALE_OF_NATS) & (nats >= _STILL_RARE)
    weight = (
        grave
        + _PLACE_WEIGHT * np.sum(common & (kinds == PLACE), axis=1)
        + _MODEL_WEIGHT * np.sum(common & (kinds == MODEL), axis=1)
        + _RARE_WEIGHT * np.sum(rare, axis=1)
    )
    cosine = np.sum(nats * nats, axis=1) / np.maximum(asked.length[one] * others.length[other], 1e-6)
    everyday = grave < _EVERYDAY_BELOW
    bar = np.where(everyday, _EVERYDAY_FITS, _FITS)
    by_clues = (grave > 0) & (weight >= bar) & (~everyday | (cosine >= _EVERYDAY_ALIKE))
    told = np.sum(common & (kinds != HAPPENED), axis=1)
    together = np.sum(nats, axis=1)
    # A fire and a brake that failed are two stories, however alike they are told.
    other_trouble = (grave == 0) & _is_grave(left, one) & _is_grave(right, other)
    by_words = (cosine >= _ALIKE) & (told >= _WORDS_IN_COMMON) & (together >= _NATS_IN_COMMON) & ~other_trouble
    split = _contradict(kinds, right.kinds[other], common, PLACE) | _contradict(
        kinds, right.kinds[other], common, MODEL
    )
    # Newsrooms and owners fill in forms: the same sentence about another car, or in another city, is another story.
    copied = same_subject & ~split & (alike >= COPIED)
    story = same_subject & ~split & (by_clues | by_words)
    liking = np.minimum(0.99, weight / 60.0 + cosine / 2.0)
    score = np.where(copied, 2.0 + alike, np.where(story, 1.0 + liking, 0.0)).astype(np.float32)
    sure = (copied & (alike >= SURELY_COPIED)) | (
        story & ((by_clues & ~everyday & (weight >= _SURELY * bar)) | (by_words & (cosine >= _SURELY_ALIKE)))
    )
    return Fits(score=score, copied=copied, sure=sure)


def _is_grave(marks: Marks, places: Places) -> Bools:
    """Whether a post tells of something that does not happen every day."""
    grave = (marks.kinds == HAPPENED) & (marks.values >= _EVERYDAY_BELOW * SCALE_OF_WEIGHTS)
    found: Bools = np.any(grave, axis=1)[places]
    return found


def _contradict(kinds: npt.NDArray[np.uint8], other: npt.NDArray[np.uint8], common: Bools, kind: int) -> Bools:
    """Whether both name something of this kind, and nothing in common."""
    mine = kinds == kind
    found: Bools = np.any(mine, axis=1) & np.any(other == kind, axis=1) & ~np.any(common & mine, axis=1)
    return found


class Rarity:
    """How rare each clue is among the stories of the window: told once a story, however often it is copied."""

    #: Tables of this many counts; two clues that meet in one count are both taken for a little commoner.
    _SIZE = 1 << 18
    #: The dictionary speaks like this many stories; the stream outgrows it.
    _BELIEF = 300.0

    def __init__(self) -> None:
        self.stories = 0
        self._counts = np.zeros(self._SIZE, dtype=np.float32)

    def count(self, marks: Marks, sign: int) -> None:
        """Add (1) or take away (-1) stories, told by the posts that opened them."""
        self.stories += sign * len(marks)
        places = (marks.clues & np.uint32(self._SIZE - 1))[marks.kinds != 0]
        np.add.at(self._counts, places, np.float32(sign))

    def nats(self, marks: Marks) -> Floats:
        """The weight of each clue of these rows."""
        # The dictionary knows how rare words are; places and models are taken for rare until seen.
        believed = np.where(marks.kinds == WORD, marks.values / np.float32(SCALE_OF_NATS), np.float32(6.0))
        seen = self._counts[marks.clues & np.uint32(self._SIZE - 1)]
        share = (seen + self._BELIEF * np.exp(-believed) + 0.5) / np.float32(self.stories + self._BELIEF)
        found = np.maximum(0.05, -np.log(np.minimum(share, 1.0)))
        return np.where((marks.kinds == 0) | (marks.kinds == HAPPENED), 0.0, found).astype(np.float32)
