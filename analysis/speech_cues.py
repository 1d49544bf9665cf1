"""The words that tell how something is said, found in one pass; `analysis.speech_acts` says what they mean together."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import ahocorasick

from core.text import fold

Span = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class ActKind:
    """What one way of speaking adds to the log odds of being negative, and how readers are told."""

    code: str
    shift: float
    text: str


@dataclass(frozen=True, slots=True)
class Cues:
    """The cue words of a folded text by class, each class in reading order; a class without any is empty."""

    places: Mapping[str, Sequence[Span]]

    def of(self, kind: str) -> Sequence[Span]:
        """The places of one class."""
        return self.places.get(kind, ())


class CueFinder:
    """Finds the cue words of all classes; built once, then never changed."""

    def __init__(self, classes: Mapping[str, Sequence[str]]) -> None:
        kinds: dict[str, list[str]] = {}
        for kind, words in classes.items():
            for word in words:
                kinds.setdefault(fold(word), []).append(kind)
        self._automaton = ahocorasick.Automaton()
        for word, found in kinds.items():
            self._automaton.add_word(word, (len(word), tuple(found)))
        self._automaton.make_automaton()

    def find(self, text: str) -> Cues:
        """All cue words of a folded text; of overlapping words of one class the first counts."""
        places: dict[str, list[Span]] = {}
        for last, (size, kinds) in self._automaton.iter(text):
            start = last - size + 1
            for kind in kinds:
                found = places.setdefault(kind, [])
                if not found or found[-1][1] <= start:
                    found.append((start, last + 1))
        return Cues(places)


@cache
def bundled_cues() -> CueFinder:
    """The finder with the words that ship with the product."""
    return CueFinder({name: words for name, words in _table().items() if isinstance(words, list)})


@cache
def act_kinds() -> Mapping[str, ActKind]:
    """The ways of speaking that ship with the product, by code."""
    return {code: ActKind(code=code, shift=row["shift"], text=row["text"]) for code, row in _table()["acts"].items()}


@cache
def _table() -> dict[str, Any]:
    path = Path(__file__).parent / "lexicons" / "speech.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))
