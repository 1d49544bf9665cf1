"""Finds the words of all categories in a text in one pass, and leaves out what the author denies or only imagines."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

import ahocorasick

from analysis.topic_catalogue import Catalogue, Category, Pair

#: The score from which the words alone make a category.
FIRES_AT = 2
#: "没有起火", "从未出现过异响": what was denied was not reported.
_DENIED = re.compile(
    r"(?:没有|没|未|并未|从未|从没|无|零|不会|不曾|不再|杜绝|避免|防止|预防|不怕)(?:发生|出现|见|听|到|过|任何|什么|一点|再|了|明显)*$"
)
#: "没想到起火" reports it all the same, and "有没有异响" asks.
_NOT_DENIED = re.compile(r"(?:有没有?|没(?:想|多久|几天|开))$")
_LONGEST_DENIAL = 8
#: Every denial has one of these; most texts have none.
_NEGATION = re.compile("[没未无零不免止]")
#: A clause that only imagines, warns or teaches.
_IMAGINED = re.compile(
    r"如果|假如|万一|要是|假设|会不会|会.{0,6}吗|是否会|怕|担心|如何|怎么(?:办|自救|处理|预防|避免)|预防|防范|谨防|自救|演练|演习|培训|科普|知识|隐患排查|电影|游戏|小说|梦见"
)
#: A text without a break is no clause of ten thousand characters.
_WIDEST = 120
_BREAKS = "，,。！!？?；;\n…"

Span = tuple[int, int]


class Hit(NamedTuple):
    """One word of a category in a text."""

    word: str
    span: Span
    score: int


class Found(NamedTuple):
    """What the words of one category weigh in a text, the weightiest word first."""

    #: The place of the category in its catalogue.
    category: int
    score: int
    hits: tuple[Hit, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Word:
    """All that is known of one word, so that finding it is one look-up; compared by identity, which is quick."""

    text: str
    is_mask: bool
    #: Category and score, for each category that has it as a term.
    terms: tuple[tuple[int, int], ...]
    #: The pairs that it may open, and those that it may close.
    opens: tuple[int, ...]
    closes: tuple[int, ...]


class TopicLexicon:
    """The words of a catalogue, ready to be found; the same text always gives the same answer."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._accidents = frozenset(n for n, category in enumerate(catalogue.categories) if category.is_accident)
        self._pairs = [(n, pair) for n, category in enumerate(catalogue.categories) for pair in category.pairs]
        self._automaton = ahocorasick.Automaton()
        for word in _words(catalogue.categories, self._pairs, catalogue.masks):
            self._automaton.add_word(word.text, word)
        if len(self._automaton):
            self._automaton.make_automaton()

    def find(self, text: str) -> list[Found]:
        """Every category of which at least one word stands in a folded text, in the order of the catalogue.

        Words within a mask, denied ones, and of accidents merely imagined ones are left out. Scores may be below
        `FIRES_AT`: such words alone make no category.
        """
        places = self._places(text)
        if not places:
            return []
        hits: dict[int, list[Hit]] = defaultdict(list)
        opened: set[int] = set()
        closed: set[int] = set()
        # A clause that imagines is part of a text that does; most do not.
        doubtful = self._accidents if _IMAGINED.search(text) else ()
        for word, spans in places.items():
            opened.update(word.opens)
            closed.update(word.closes)
            for number, score in word.terms:
                reported = _reported(text, spans) if number in doubtful else spans
                if reported:
                    hits[number].append(Hit(word.text, reported[0], score))
        if pairs := opened & closed:
            for at in sorted(pairs):
                number, pair = self._pairs[at]
                span = _closest(at, pair.within, places)
                if span and (number not in doubtful or _reported(text, [span])):
                    hits[number].append(Hit(text[slice(*span)], span, pair.score))
        return [_found(number, hits[number]) for number in sorted(hits)]

    def _places(self, text: str) -> dict[_Word, list[Span]]:
        """Where each word stands that is neither masked nor denied."""
        if not len(self._automaton):
            return {}
        found: list[tuple[int, _Word]] = list(self._automaton.iter(text))
        places: dict[_Word, list[Span]] = {}
        if not found:
            return places
        masked = _Masked([(last - len(word.text), last) for last, word in found if word.is_mask])
        negates = _NEGATION.search(text) is not None
        for last, word in found:
            start = last - len(word.text)
            if (
                not masked.covers(start, last)
                and (word.terms or word.opens or word.closes)
                and not (negates and is_denied(text, start + 1))
            ):
                places.setdefault(word, []).append((start + 1, last + 1))
        return places


class _Masked:
    """Stretches in which words do not count; any number of them is asked in the time of a look-up."""

    def __init__(self, spans: list[Span]) -> None:
        spans.sort()
        self._starts = [start for start, _ in spans]
        #: How far the stretches reach that begin up to here.
        self._reach = list(accumulate((end for _, end in spans), max))

    def covers(self, start: int, end: int) -> bool:
        at = bisect_right(self._starts, start) if self._starts else 0
        return at > 0 and end <= self._reach[at - 1]


def _words(categories: Iterable[Category], pairs: Iterable[tuple[int, Pair]], masks: frozenset[str]) -> list[_Word]:
    terms: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for number, category in enumerate(categories):
        for word, score in category.terms.items():
            terms[word].append((number, score))
    opens: dict[str, list[int]] = defaultdict(list)
    closes: dict[str, list[int]] = defaultdict(list)
    for at, (_, pair) in enumerate(pairs):
        for word in pair.first:
            opens[word].append(at)
        for word in pair.then:
            closes[word].append(at)
    return [
        _Word(word, word in masks, tuple(terms.get(word, ())), tuple(opens.get(word, ())), tuple(closes.get(word, ())))
        for word in sorted(masks | terms.keys() | opens.keys() | closes.keys())
    ]


def _found(number: int, hits: list[Hit]) -> Found:
    if len(hits) > 1:
        hits.sort(key=lambda hit: (-hit.score, hit.span))
    return Found(category=number, score=sum(hit.score for hit in hits), hits=tuple(hits))


def _closest(pair: int, within: int, places: Mapping[_Word, list[Span]]) -> Span | None:
    """The first place where the two words follow each other closely enough; of several, the shortest."""
    closing = [spans for then, spans in places.items() if pair in then.closes]
    fits: list[Span] = []
    for first, firsts in places.items():
        if pair in first.opens:
            for begin, end in firsts:
                nexts = (spans[at] for spans in closing if (at := bisect_left(spans, (end, 0))) < len(spans))
                if stops := [stop for start, stop in nexts if start - end <= within]:
                    fits.append((begin, min(stops)))
                    break
    return min(fits, default=None)


def is_denied(text: str, start: int) -> bool:
    """Whether what begins there is said not to have happened ("没有", "从未发生")."""
    before = text[max(0, start - _LONGEST_DENIAL) : start]
    return bool(_DENIED.search(before)) and not _NOT_DENIED.search(before)


def is_imagined(text: str, span: Span) -> bool:
    """Whether the clause around a span only imagines, warns or teaches."""
    return bool(_IMAGINED.search(clause_around(text, *span)))


def _reported(text: str, spans: Iterable[Span]) -> list[Span]:
    """The places where something is said to have happened."""
    return [span for span in spans if not is_imagined(text, span)]


def clause_around(text: str, start: int, end: int) -> str:
    """The clause that holds a span, its final punctuation left out."""
    first, last = max(0, start - _WIDEST), min(len(text), end + _WIDEST)
    left = max(text.rfind(sign, first, start) for sign in _BREAKS) + 1
    right = min((at for sign in _BREAKS if (at := text.find(sign, end, last)) >= 0), default=last)
    return text[max(first, left) : right]
