"""A signature as numbers: rows of fixed width that are compared thousands at a time, and the keys that find them."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from analysis.stories import MOST_NAMED, MOST_WORDS, PERMUTATIONS, Signature

#: Clues of one row, and subjects: a post about more is found by its first ones in the order of names.
CLUES = 3 * MOST_NAMED + MOST_WORDS
SUBJECTS = 4
HAPPENED, PLACE, MODEL, WORD = 1, 2, 3, 4
_KINDS = {"i": HAPPENED, "p": PLACE, "m": MODEL, "w": WORD}
#: Weights and nats in one byte: twentieths and sixteenths.
_SCALES = {HAPPENED: 20.0, PLACE: 1.0, MODEL: 1.0, WORD: 16.0}
SCALE_OF_WEIGHTS, SCALE_OF_NATS = _SCALES[HAPPENED], _SCALES[WORD]
#: Sixteen bands of four find texts that share half of their shingles with a chance of two in three, and those that
#: share two thirds nearly surely.
BANDS = 16
#: Of a post's words only the rarest are asked for.
INDEXED_WORDS = 10
#: Nats that the common keys of two posts must say before the two are compared; less could never make one story.
ENOUGH = 7.0
_WORTH_ASKING = 2.5
_NAMED_SAYS, _GRAVE_SAYS, _TROUBLE_SAYS, _GRAVE = 3.0, 4.0, 2.0, 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """Many signatures; the first axis of each array is the row."""

    #: Hash of the post's id, and of the post it answers (0: of none).
    post: npt.NDArray[np.uint64]
    parent: npt.NDArray[np.uint64]
    #: Seconds since 1970.
    when: npt.NDArray[np.float64]
    subjects: npt.NDArray[np.uint32]
    clues: npt.NDArray[np.uint32]
    kinds: npt.NDArray[np.uint8]
    values: npt.NDArray[np.uint8]
    #: The lowest byte of each permutation's least hash; all 0 for a text too short to be a copy.
    letters: npt.NDArray[np.uint8]
    has_letters: npt.NDArray[np.bool_]
    #: Hash of each band of the full MinHash.
    bands: npt.NDArray[np.uint64]

    def __len__(self) -> int:
        return len(self.post)

    def take(self, rows: npt.NDArray[np.intp]) -> Marks:
        """Some of the rows."""
        return Marks(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})


def marks_of(posts: Sequence[str], whens: Sequence[float], signatures: Sequence[Signature]) -> Marks:
    """The rows of these posts."""
    size = len(posts)
    subjects = np.zeros((size, SUBJECTS), dtype=np.uint32)
    clues = np.zeros((size, CLUES), dtype=np.uint32)
    kinds, values = np.zeros((size, CLUES), dtype=np.uint8), np.zeros((size, CLUES), dtype=np.uint8)
    letters = np.zeros((size, PERMUTATIONS), dtype=np.uint32)
    has_letters = np.zeros(size, dtype=np.bool_)
    for row, signature in enumerate(signatures):
        named = sorted(signature.subjects)[:SUBJECTS]
        subjects[row, : len(named)] = [short_hash(name) for name in named]
        found = [(short_hash(clue), _KINDS[clue[0]], value) for clue, value in signature.clues.items()][:CLUES]
        for place, (clue, kind, value) in enumerate(found):
            clues[row, place], kinds[row, place] = clue, kind
            values[row, place] = min(255, round(value * _SCALES[kind]))
        if signature.minhash:
            letters[row], has_letters[row] = signature.minhash, True
    grouped = letters.astype(np.uint64).reshape(size, BANDS, PERMUTATIONS // BANDS)
    bands = np.full((size, BANDS), 0x9E3779B97F4A7C15, dtype=np.uint64)
    for part in range(PERMUTATIONS // BANDS):
        bands = _stir(bands ^ grouped[:, :, part])
    return Marks(
        post=np.array([long_hash(post) for post in posts], dtype=np.uint64),
        parent=np.array([long_hash(one.parent) if one.parent else 0 for one in signatures], dtype=np.uint64),
        when=np.array(whens, dtype=np.float64),
        subjects=subjects,
        clues=clues,
        kinds=kinds,
        values=values,
        letters=letters.astype(np.uint8),
        has_letters=has_letters,
        bands=bands,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Keys with the row of each, and how much a hit by it says of a common story, in nats."""

    keys: npt.NDArray[np.uint64]
    rows: npt.NDArray[np.int32]
    says: npt.NDArray[np.float32]


def keys_of(marks: Marks, nats: npt.NDArray[np.float32], *, window: float, asking: bool) -> Found:
    """Under which keys these rows are filed or, `asking`, where their companions are: also in the spans beside theirs.

    Copies and threads have one key for all times; what else is shared has one for each span of a window's length, so
    that of a common trouble those posts are compared that are near in time.
    """
    parts: list[Found] = []
    everything = np.full(len(marks), ENOUGH, dtype=np.float32)
    says = np.where(marks.kinds == WORD, nats, np.maximum(nats, _NAMED_SAYS))
    grave = marks.values >= _GRAVE * SCALE_OF_WEIGHTS
    says = np.where(marks.kinds == HAPPENED, np.where(grave, _GRAVE_SAYS, _TROUBLE_SAYS), says).astype(np.float32)
    span = np.floor(marks.when / window).astype(np.int64)
    named = np.sum((marks.kinds != WORD) & (marks.kinds != 0), axis=1)
    for place in range(SUBJECTS):
        subject = marks.subjects[:, place].astype(np.uint64) << np.uint64(32)
        told = marks.subjects[:, place] != 0
        for band in range(BANDS):
            keys = marks.bands[:, band] ^ subject ^ np.uint64(band + 1)
            parts.append(_part(keys, told & marks.has_letters, everything))
        parts.append(_part(marks.post ^ subject, told, everything))
        parts.append(_part(marks.parent ^ subject, told & (marks.parent != 0), everything))
        for clue in range(CLUES):
            kind = marks.kinds[:, clue]
            wanted = told & (kind != 0)
            # Words stand last, and the rarest of them first.
            wanted = wanted & ((kind != WORD) | (clue < named + INDEXED_WORDS))
            if not wanted.any():
                continue
            bare = marks.clues[:, clue].astype(np.uint64) ^ subject
            if asking:
                wanted = wanted & ((kind != WORD) | (nats[:, clue] >= _WORTH_ASKING))
            for beside in (-1, 0, 1) if asking else (0,):
                parts.append(
                    _part(_stir(bare ^ ((span + beside).astype(np.uint64) << np.uint64(20))), wanted, says[:, clue])
                )
    return Found(
        keys=np.concatenate([part.keys for part in parts]),
        rows=np.concatenate([part.rows for part in parts]),
        says=np.concatenate([part.says for part in parts]),
    )


def _part(keys: npt.NDArray[np.uint64], wanted: npt.NDArray[np.bool_], says: npt.NDArray[np.float32]) -> Found:
    rows = np.flatnonzero(wanted)
    return Found(keys=_stir(keys[rows]), rows=rows.astype(np.int32), says=says[rows])


def _stir(values: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Scatter 64-bit numbers (the finaliser of splitmix64)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


@lru_cache(65_536)
def short_hash(text: str) -> int:
    """A text as a number from 1 to 2^32 − 1, the same in every process."""
    return zlib.crc32(text.encode("utf-8", "replace")) or 1


def long_hash(text: str) -> int:
    """An id as a number from 1 to 2^64 − 1, the same in every process."""
    digest = hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).digest()
    return int.from_bytes(digest, "little") or 1
