"""What makes a post comparable with others: a fingerprint of its characters, and what people cannot reword.

A copied text is known by its characters (MinHash). The same incident in other words is known by whose car, what
happened, where, which model, and rare words. How well two posts fit is decided in `analysis.event_fit`.
"""

from __future__ import annotations

import base64
import json
import math
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import ahocorasick
import numpy as np
import numpy.typing as npt

from analysis.tokens import how_common, place_names, segmenter
from core.model import Channel

PERMUTATIONS = 64
_SHORTEST = 14
#: Clues that are kept of one kind, and words: the gravest, the first named, the rarest.
MOST_NAMED, MOST_WORDS = 4, 28
#: The dictionary counts some 60 million words: a word counted this often is in every ordinary post.
_ORDINARY = 1e6
RAREST, _TELLING, _IS_PLACE = 14.0, 2.5, -1.0
_MODEL_CODE = re.compile(r"(?=[a-z0-9]*[a-z])(?=[a-z0-9]*\d)[a-z0-9]{2,12}")
_NOT_MODELS = frozenset({"4s", "4s店", "3d", "2d", "5g", "4g", "mp3", "mp4", "h5", "b2b"})
_LETTERS = re.compile(r"[^\w]+")
#: The same place with and without what kind of place it is: 江东 and 江东区.
_KIND_OF_PLACE = re.compile(r"(?<=..)[省市区县]$")
#: The very words that somebody said; people who tell the same story quote the same.
_QUOTED = re.compile(r"[“\"「『]([^“”\"「」『』\n]{4,20})[”\"」』]")
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
    #: By kind: "i:fire" (what happened, with its weight), "p:杭州", "m:s7", "w:浓硫酸" (with how rare it is, in nats).
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


def signature(candidate: Candidate) -> Signature:
    """The signature of a post; depends on nothing else."""
    text = candidate.text
    bare = text
    for name in sorted(candidate.names, key=len, reverse=True):
        bare = bare.replace(name, " ")
    happened: dict[str, float] = {}
    for _, (name, weight) in _incidents().iter(text):
        happened[f"i:{name}"] = weight
    # A model code is a clue even where it is part of the subject's name.
    models = [f"m:{code}" for code in _MODEL_CODE.findall(text) if code not in _NOT_MODELS]
    places: list[str] = []
    rare: dict[str, float] = {}
    # In the order of the text: a set has another one in each process.
    for word in dict.fromkeys(segmenter().words_of_folded(bare)):
        nats = _rarity(word)
        if nats == _IS_PLACE:
            places.append(f"p:{_KIND_OF_PLACE.sub('', word)}")
        elif nats >= _TELLING:
            rare[f"w:{word}"] = nats
    rare |= {f"w:“{quoted}”": RAREST for quoted in _QUOTED.findall(bare)}
    places = list(dict.fromkeys(places))
    clues = {name: happened[name] for name in sorted(happened, key=lambda name: -happened[name])[:MOST_NAMED]}
    clues |= dict.fromkeys([*dict.fromkeys(models)][:MOST_NAMED], 0.0) | dict.fromkeys(places[:MOST_NAMED], 0.0)
    clues |= {word: rare[word] for word in sorted(rare, key=lambda word: -rare[word])[:MOST_WORDS]}
    return Signature(
        subjects=frozenset(candidate.subjects), clues=clues, minhash=_minhash(bare), parent=candidate.parent
    )


@lru_cache(65_536)
def _rarity(word: str) -> float:
    """How surprising a word is in an ordinary post of some 60 words, in nats; `_IS_PLACE` for a place."""
    if word in _places():
        return _IS_PLACE
    if len(word) <= (2 if word.isascii() else 1):
        return 0.0
    return round(min(RAREST, math.log(_ORDINARY / (how_common(word) + 1))), 1)


def _minhash(text: str) -> tuple[int, ...]:
    letters = _LETTERS.sub("", text)
    if len(letters) < _SHORTEST:
        return ()
    codes = np.frombuffer(letters.encode("utf-32-le"), dtype=np.uint32).astype(np.uint64)
    shingles = np.unique((codes[:-2] << np.uint64(42)) | (codes[1:-1] << np.uint64(21)) | codes[2:])
    # One thorough scattering, then a multiplication and an addition each: a family of hash functions for little.
    hashes = _mix(shingles)[:, None] * _FACTORS
    hashes += _SUMMANDS
    return tuple((hashes.min(axis=0) >> np.uint64(32)).tolist())


def _mix(values: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Scatter 64-bit numbers (the finaliser of splitmix64)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


#: One odd factor and one summand a hash function, scattered from the numbers 1, 2, 3, ….
_FACTORS = _mix(np.arange(1, PERMUTATIONS + 1, dtype=np.uint64)) | np.uint64(1)
_SUMMANDS = _mix(np.arange(1, PERMUTATIONS + 1, dtype=np.uint64) << np.uint64(32))


@cache
def _incidents() -> ahocorasick.Automaton:
    """Finds every word for what may happen, with its kind and weight."""
    found = ahocorasick.Automaton()
    for row in _table()["incident"]:
        for word in row["words"]:
            found.add_word(word, (row["name"], row["weight"]))
    found.make_automaton()
    return found


@cache
def _places() -> frozenset[str]:
    """The names that tell two places apart: the dictionary's, corrected by ours."""
    return (place_names() | frozenset(_table()["cities"])) - frozenset(_table()["no_places"]) - _WIDE


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads((Path(__file__).parent / "lexicons" / "stories.toml").read_text(encoding="utf-8"))
