"""What a post is about: the categories of the complaint tree, from a lexicon of our own with weights."""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import ahocorasick

from analysis.reading import Reading
from analysis.sentiment import Judgement
from core.text import fold

SAFETY = "安全事故"
#: The category of a complaint that fits no other.
OTHER = "其他"
_FIRES_AT = 2
#: "没有起火", "从未出现过异响": what was denied was not reported.
_DENIED = re.compile(
    r"(?:没有|没|未|并未|从未|从没|无|零|不会|不曾|不再|杜绝|避免|防止|预防|不怕)(?:发生|出现|见|听|到|过|任何|什么|一点|再|了|明显)*$"
)
#: "没想到起火" reports it all the same, and "有没有异响" asks.
_NOT_DENIED = re.compile(r"(?:有没有?|没(?:想|多久|几天|开))$")
#: A clause that only imagines, warns or teaches.
_IMAGINED = re.compile(
    r"如果|假如|万一|要是|假设|会不会|会.{0,6}吗|是否会|怕|担心|如何|怎么(?:办|自救|处理|预防|避免)|预防|防范|谨防|自救|演练|演习|培训|科普|知识|隐患排查|电影|游戏|小说|梦见"
)
_BREAKS = "，,。！!？?；;\n…"


class Hit(NamedTuple):
    """One lexicon word in a text."""

    word: str
    span: tuple[int, int]
    score: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """One category that a post is about, with the words that say so."""

    name: str
    #: Risk points of this category.
    severity: int
    score: int
    hits: tuple[Hit, ...]


class _Pair(NamedTuple):
    first: frozenset[str]
    then: frozenset[str]
    within: int
    score: int


class _Category(NamedTuple):
    name: str
    severity: int
    terms: Mapping[str, int]
    pairs: tuple[_Pair, ...]


class TopicFinder:
    """Finds categories by lexicon; the same text always gives the same answer."""

    def __init__(self, categories: Sequence[_Category], masks: Iterable[str]) -> None:
        self._categories = categories
        self._masks = frozenset(masks)
        self._users: dict[str, list[int]] = defaultdict(list)
        for number, category in enumerate(categories):
            paired = {word for pair in category.pairs for word in pair.first | pair.then}
            for word in set(category.terms) | paired:
                self._users[word].append(number)
        self._automaton = ahocorasick.Automaton()
        for word in self._masks | set(self._users):
            self._automaton.add_word(word, word)
        self._automaton.make_automaton()

    def find_many(self, readings: Sequence[Reading], judgement: Judgement) -> list[list[Topic]]:
        """The categories of each post of a batch; `judgement` holds the same posts' features, in the same order."""
        return [self.find(reading) for reading in readings]

    def find(self, reading: Reading) -> list[Topic]:
        """The categories of a post's own words, the weightiest first; denied and merely imagined trouble left out."""
        text = reading.own
        found = [(last - len(word) + 1, last + 1, word) for last, word in self._automaton.iter(text)]
        if not found:
            return []
        masked = [(start, end) for start, end, word in found if word in self._masks]
        places: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for start, end, word in found:
            hidden = any(left <= start and end <= right for left, right in masked)
            if not hidden and word in self._users and not _is_denied(text, start):
                places[word].append((start, end))
        numbers = {number for word in places for number in self._users[word]}
        topics = [topic for number in sorted(numbers) if (topic := self._weigh(self._categories[number], text, places))]
        return sorted(topics, key=lambda topic: (-topic.severity, -topic.score))

    def _weigh(self, category: _Category, text: str, places: Mapping[str, list[tuple[int, int]]]) -> Topic | None:
        hits = [
            Hit(word, spans[0], category.terms[word])
            for word, all_spans in places.items()
            if word in category.terms
            and (spans := _reported(text, all_spans) if category.name == SAFETY else all_spans)
        ]
        for pair in category.pairs:
            span = _closest(pair, places)
            if span and (category.name != SAFETY or _reported(text, [span])):
                hits.append(Hit(text[slice(*span)], span, pair.score))
        score = sum(hit.score for hit in hits)
        if score < _FIRES_AT:
            return None
        ordered = tuple(sorted(hits, key=lambda hit: (-hit.score, hit.span)))
        return Topic(name=category.name, severity=category.severity, score=score, hits=ordered)


@cache
def bundled_topics() -> TopicFinder:
    """The finder with the lexicon that ships with the product."""
    path = Path(__file__).parent / "lexicons" / "categories.toml"
    return parse_lexicon(tomllib.loads(path.read_text(encoding="utf-8")))


def parse_lexicon(table: Mapping[str, Any]) -> TopicFinder:
    """A finder from the parsed TOML of a lexicon."""
    categories = [
        _Category(
            name=row["name"],
            severity=row["severity"],
            terms={fold(word): score for word, score in row["terms"].items()},
            pairs=tuple(
                _Pair(
                    frozenset(map(fold, pair["first"])),
                    frozenset(map(fold, pair["then"])),
                    pair["within"],
                    pair["score"],
                )
                for pair in row.get("pairs", ())
            ),
        )
        for row in table["category"]
    ]
    return TopicFinder(categories, map(fold, table.get("masks", ())))


def _closest(pair: _Pair, places: Mapping[str, list[tuple[int, int]]]) -> tuple[int, int] | None:
    """The first place where the two words follow each other closely enough; of several, the shortest."""
    fits = [
        (begin, stop)
        for first in pair.first & places.keys()
        for begin, end in places[first]
        for then in pair.then & places.keys()
        for start, stop in places[then]
        if 0 <= start - end <= pair.within
    ]
    return min(fits, default=None)


def _is_denied(text: str, start: int) -> bool:
    before = text[max(0, start - 8) : start]
    return bool(_DENIED.search(before)) and not _NOT_DENIED.search(before)


def _reported(text: str, spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """The places where something is said to have happened."""
    return [span for span in spans if not _IMAGINED.search(clause_around(text, *span))]


def clause_around(text: str, start: int, end: int) -> str:
    """The clause that holds a span, its final punctuation left out."""
    left = max((text.rfind(sign, 0, start) for sign in _BREAKS), default=-1) + 1
    right = min((at for sign in _BREAKS if (at := text.find(sign, end)) >= 0), default=len(text))
    return text[left:right]
