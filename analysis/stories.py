"""When two posts tell the same story: their fingerprints, and how well two of them fit.

A copied text is known by its characters (MinHash). The same incident in other words is known by what people cannot
reword: whose car, what happened, where, which model, and rare words.
"""

from __future__ import annotations

import base64
import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from operator import eq
from pathlib import Path

import numpy as np
import numpy.typing as npt

from analysis.tokens import how_common, place_names, words
from core.model import Channel

_PERMUTATIONS = 64
#: One seed a hash function: multiples of the golden ratio's 64-bit fraction, wrapped.
_SEEDS = np.arange(1, _PERMUTATIONS + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
_BANDS = 16
_SHORTEST = 14
#: Estimated share of common shingles from which two texts are one text.
_COPIED = 0.5
#: What the common clues must weigh: what happened, and at least one more thing that is rare.
_FITS = 4.9
_MODEL_WEIGHT, _PLACE_WEIGHT, _RARE_WEIGHT = 2.0, 3.0, 1.5
#: Words that occur less often than this in jieba's dictionary's corpus are telling.
_RARE_BELOW = 300
#: A story needs something that happened; two everyday complaints need more in common than two fires.
_EVERYDAY_BELOW = 2.0
_EVERYDAY_FITS = 7.0
_MODEL_CODE = re.compile(r"(?=[a-z0-9]*[a-z])(?=[a-z0-9]*\d)[a-z0-9]{2,12}")
_NOT_MODELS = frozenset({"4s", "4s店", "3d", "2d", "5g", "4g", "mp3", "mp4", "h5", "b2b"})
_LETTERS = re.compile(r"[^\w]+")
#: Too wide to tell two places apart.
_WIDE = frozenset({"中国", "全国", "国内", "北方", "南方", "东北", "华东", "华南", "海外", "大陆", "亚洲", "欧洲"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A mention that asks for its event."""

    post: str
    channel: Channel
    #: What to call the story if this post opens it.
    headline: str
    #: Folded full text.
    text: str
    subjects: tuple[str, ...]
    #: The names by which it calls its subjects: no clue of their own.
    names: tuple[str, ...]
    categories: tuple[str, ...]
    when: datetime
    #: Id of the post it answers or reposts.
    parent: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """What makes a post comparable with others; survives restarts as one line of JSON."""

    subjects: frozenset[str]
    #: Weighted by kind: "i:fire", "p:杭州", "m:s7", "w:浓硫酸".
    clues: Mapping[str, float]
    minhash: tuple[int, ...]
    #: Id of the post it answers or reposts: it speaks in that post's thread.
    parent: str | None = None

    def to_text(self) -> str:
        """One line for the database."""
        packed = base64.b64encode(np.array(self.minhash, dtype="<u4").tobytes()).decode()
        row = {"s": sorted(self.subjects), "c": self.clues, "m": packed}
        return json.dumps(row | ({"r": self.parent} if self.parent else {}), ensure_ascii=False)

    @classmethod
    def from_text(cls, text: str) -> Signature:
        """A signature as `to_text` wrote it."""
        row = json.loads(text)
        values = np.frombuffer(base64.b64decode(row["m"]), dtype="<u4")
        minhash = tuple(values.tolist())
        return cls(subjects=frozenset(row["s"]), clues=row["c"], minhash=minhash, parent=row.get("r"))

    def shelf_marks(self) -> Iterator[str]:
        """What a post of the same story shares with this one: at least one of these."""
        width = _PERMUTATIONS // _BANDS
        for subject in self.subjects:
            for clue in self.clues:
                if clue[0] == "i":
                    yield f"{subject}\x1f{clue}"
            for band in range(_BANDS if self.minhash else 0):
                yield f"{subject}\x1f{band}{self.minhash[band * width : (band + 1) * width]}"


def fit(one: Signature, other: Signature) -> float:
    """How well two posts fit into one story, 0 if they do not: the weight of common clues, or of a copied text."""
    if not one.subjects & other.subjects:
        return 0.0
    if one.minhash and other.minhash:
        alike: float = sum(map(eq, one.minhash, other.minhash)) / _PERMUTATIONS
        if alike >= _COPIED:
            return 100.0 * alike
    common = one.clues.keys() & other.clues.keys()
    happened = [one.clues[clue] for clue in common if clue[0] == "i"]
    if not happened or any(_contradict(one, other, common, kind) for kind in "pm"):
        return 0.0
    # Several words for one kind of trouble are one clue; the gravest speaks for all.
    weight = max(happened) + sum(one.clues[clue] for clue in common if clue[0] != "i")
    bar = _FITS if max(happened) >= _EVERYDAY_BELOW else _EVERYDAY_FITS
    return weight if weight >= bar else 0.0


def _contradict(one: Signature, other: Signature, common: set[str], kind: str) -> bool:
    """Whether both name something of this kind (places, models), and nothing in common."""
    return (
        not any(clue[0] == kind for clue in common)
        and any(clue[0] == kind for clue in one.clues)
        and any(clue[0] == kind for clue in other.clues)
    )


def signature(candidate: Candidate) -> Signature:
    """The signature of a post; depends on nothing else."""
    text = candidate.text
    bare = text
    for name in sorted(candidate.names, key=len, reverse=True):
        bare = bare.replace(name, " ")
    clues: dict[str, float] = {}
    for word, (name, weight) in _incidents().items():
        if word in text:
            clues[f"i:{name}"] = weight
    # A model code is a clue even where it is part of the subject's name.
    for code in _MODEL_CODE.findall(text):
        if code not in _NOT_MODELS:
            clues[f"m:{code}"] = _MODEL_WEIGHT
    for word in dict.fromkeys(words(bare)):  # in the order of the text: a set has another one in each process
        if word in place_names() and word not in _WIDE:
            clues[f"p:{word}"] = _PLACE_WEIGHT
        elif len(word) > 1 and not word.isascii() and how_common(word) < _RARE_BELOW:
            clues[f"w:{word}"] = _RARE_WEIGHT
    subjects = frozenset(candidate.subjects)
    return Signature(subjects=subjects, clues=clues, minhash=_minhash(bare), parent=candidate.parent)


def _minhash(text: str) -> tuple[int, ...]:
    letters = _LETTERS.sub("", text)
    if len(letters) < _SHORTEST:
        return ()
    codes = np.frombuffer(letters.encode("utf-32-le"), dtype=np.uint32).astype(np.uint64)
    shingles = np.unique((codes[:-2] << np.uint64(42)) | (codes[1:-1] << np.uint64(21)) | codes[2:])
    return tuple((_mix(shingles[:, None] ^ _SEEDS).min(axis=0) >> np.uint64(32)).tolist())


def _mix(values: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Scatter 64-bit numbers (the finaliser of splitmix64)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


@cache
def _incidents() -> Mapping[str, tuple[str, float]]:
    path = Path(__file__).parent / "lexicons" / "stories.toml"
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    return {word: (row["name"], row["weight"]) for row in table["incident"] for word in row["words"]}
