"""Finds the words of all categories in a text in one pass, and leaves out what the author denies or only imagines."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

import ahocorasick

from analysis.topic_catalogue import Catalogue, Category

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
    r"如果|假如|万一|要是|假设|会不会|会.{0,6}吗|是否会|怕|担心|如何|怎么(?:办|自救|处理|预防|避免)|预防|防范|谨防|自救|演练(?!场)|演习(?!场)|培训|科普|知识|隐患排查|电影|游戏|小说|梦见"
    r"|(?<![到见有])过[吗嘛么没]|[是系]谣[言传]|[是系]假消息|模拟.{0,12}(?:场景|事故|起火|着火|碰撞|失控)"
)
#: What makes a whole sentence imagined: a drill, a story of actors.
_STAGED = re.compile(
    r"演练(?!场)|演习(?!场)|这部(?:剧|片|电影|小说)|电视剧|剧情|编剧|[女男]主角?(?![人播任持驾动要管])"
)
_STOPS = "。！!？?\n"
#: A text without a break is no clause of ten thousand characters.
_WIDEST = 120
_BREAKS = "，,。！!？?；;\n…"

Span = tuple[int, int]
_NOWHERE: Span = (1 << 60, 0)


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
    #: The pairs that it opens.
    opens: tuple[_Pair, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Pair:
    """What must follow a word that opens the pair; looked for only behind such a word."""

    category: int
    then: re.Pattern[str]
    within: int
    #: How far behind the opening word the second one may end.
    reach: int
    score: int


class TopicLexicon:
    """The words of a catalogue, ready to be found; the same text always gives the same answer."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._accidents = frozenset(n for n, category in enumerate(catalogue.categories) if category.is_accident)
        self._automaton = ahocorasick.Automaton()
        for word in _words(catalogue.categories, catalogue.masks):
            self._automaton.add_word(word.text, word)
        if len(self._automaton):
            self._automaton.make_automaton()

    def find(self, text: str) -> list[Found]:
        """Every category of which at least one word stands in a folded text, in the order of the catalogue.

        Words within a mask, denied ones, and of accidents merely imagined ones are left out. Scores may be below
        `FIRES_AT`: such words alone make no category.
        """
        found: list[tuple[int, _Word]] = list(self._automaton.iter(text)) if len(self._automaton) else []
        if not found:
            return []
        reader = _Reader(text, [(last - len(word.text) + 1, last + 1) for last, word in found if word.is_mask])
        accidents = self._accidents
        hits: dict[int, dict[str, Hit]] = {}
        pairs: dict[_Pair, Span] = {}
        for last, word in found:
            start, end = last - len(word.text) + 1, last + 1
            if reader.is_careful and not reader.is_meant(start, end):
                continue
            for number, score in word.terms:
                words = hits.setdefault(number, {})
                if word.text not in words and not (number in accidents and reader.is_imagined((start, end))):
                    words[word.text] = Hit(word.text, (start, end), score)
            for pair in word.opens:
                if start < pairs.get(pair, _NOWHERE)[0] and (stop := reader.end_of(pair, end)):
                    pairs[pair] = start, stop
        for pair, span in pairs.items():
            if not (pair.category in accidents and reader.is_imagined(span)):
                # No word has a number as its text, so a pair never takes the place of a word.
                words = hits.setdefault(pair.category, {})
                words[f"\0{len(words)}"] = Hit(text[slice(*span)], span, pair.score)
        return [_found(number, list(hits[number].values())) for number in sorted(hits) if hits[number]]


class _Reader:
    """Knows of one text what is masked, denied and imagined; most texts do none of it, and that is seen at once."""

    def __init__(self, text: str, masks: list[Span]) -> None:
        self._text = text
        self._masked = _Masked(masks) if masks else None
        self._negates = _NEGATION.search(text) is not None
        self._imagines: bool | None = None
        #: Whether each word must be looked at more closely.
        self.is_careful = self._negates or self._masked is not None

    def is_meant(self, start: int, end: int) -> bool:
        """Whether a word there is meant as it stands."""
        if self._masked and self._masked.covers(start, end):
            return False
        return not (self._negates and is_denied(self._text, start))

    def is_imagined(self, span: Span) -> bool:
        """Whether the clause around a span only imagines; a clause that does is part of a text that does."""
        if self._imagines is None:
            self._imagines = bool(_IMAGINED.search(self._text) or _STAGED.search(self._text))
        return self._imagines and is_imagined(self._text, span)

    def end_of(self, pair: _Pair, end: int) -> int:
        """Where the word ends that closes a pair opened by a word that ends at `end`; 0 if none does."""
        at, last = end, end + pair.reach
        while match := pair.then.search(self._text, at, last):
            if match.start() - end > pair.within:
                return 0
            if not self.is_careful or self.is_meant(*match.span()):
                return match.end()
            at = match.end()
        return 0


class _Masked:
    """Stretches in which words do not count; any number of them is asked in the time of a look-up."""

    def __init__(self, spans: list[Span]) -> None:
        spans.sort()
        self._starts = [start for start, _ in spans]
        #: How far the stretches reach that begin up to here.
        self._reach = list(accumulate((end for _, end in spans), max))

    def covers(self, start: int, end: int) -> bool:
        """Whether all of a word lies within one of them."""
        at = bisect_right(self._starts, start) if self._starts else 0
        return at > 0 and end <= self._reach[at - 1]


def _words(categories: Sequence[Category], masks: frozenset[str]) -> list[_Word]:
    terms: dict[str, list[tuple[int, int]]] = defaultdict(list)
    opens: dict[str, list[_Pair]] = defaultdict(list)
    for number, category in enumerate(categories):
        for word, score in category.terms.items():
            terms[word].append((number, score))
        for row in category.pairs:
            # Shorter words first: the pair that ends soonest is the clearest to show.
            closing = sorted(row.then, key=lambda word: (len(word), word))
            pattern = re.compile("|".join(map(re.escape, closing)))
            pair = _Pair(number, pattern, row.within, row.within + max(map(len, closing)), row.score)
            for word in row.first:
                opens[word].append(pair)
    return [
        _Word(word, word in masks, tuple(terms.get(word, ())), tuple(opens.get(word, ())))
        for word in sorted(masks | terms.keys() | opens.keys())
    ]


def _found(number: int, hits: list[Hit]) -> Found:
    if len(hits) > 1:
        hits.sort(key=lambda hit: (-hit.score, hit.span))
    return Found(category=number, score=sum(hit.score for hit in hits), hits=tuple(hits))


def is_denied(text: str, start: int) -> bool:
    """Whether what begins there is said not to have happened ("没有", "从未发生")."""
    before = text[max(0, start - _LONGEST_DENIAL) : start]
    # Most words have nothing of the kind before them, and that is seen ten times as fast.
    return bool(_NEGATION.search(before) and _DENIED.search(before)) and not _NOT_DENIED.search(before)


def is_imagined(text: str, span: Span) -> bool:
    """Whether the clause around a span only imagines, warns or teaches, or its sentence tells of a drill or a film."""
    return bool(_IMAGINED.search(clause_around(text, *span)) or _STAGED.search(clause_around(text, *span, _STOPS)))


def clause_around(text: str, start: int, end: int, breaks: str = _BREAKS) -> str:
    """The clause that holds a span, its final punctuation left out; with fewer `breaks`, the sentence."""
    first, last = max(0, start - _WIDEST), min(len(text), end + _WIDEST)
    left = max(text.rfind(sign, first, start) for sign in breaks) + 1
    right = min((at for sign in breaks if (at := text.find(sign, end, last)) >= 0), default=last)
    return text[max(first, left) : right]
