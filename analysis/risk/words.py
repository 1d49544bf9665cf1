"""Lists of words that somebody means: other words that only contain them, and denials, are left out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import ahocorasick

from core.text import fold

#: How far before a word its denial may begin.
_BEFORE = 10
_DENIED = re.compile(
    r"(?:没有|并未|从未|未曾|没|未|不|别|无)(?:需要|必要|打算|准备|至于|敢|肯|愿意?|必|用|需|再|想|要|会|去|能|是|有|发生|出现|造成|导致"
    r"|任何|人员|乘客|司机|人|什么|过|被|给|收到|上|找|打|走|请)*$"
)
#: "不得不曝光", "有没有召回", "再不处理", "别人": no denials.
_NOT_DENIED = re.compile(
    r"(?:不得不|不能不|不会不|忍不住要?|有没有人?|要不要|会不会|想不想|是不是|能不能|该不该|没想到"
    r"|[要再还何岂]不(?:要|想|去)?|[特区个级性类分告]?别人?(?<=[特区个级性类分告]别|别人)(?:想|要|会|能|是)?)$"
)
#: "不曝光不行": denied twice.
_TWICE = re.compile(r"\s*(?:不行|不解决|都不行|是不行|不罢休|不会罢休|不甘心|没人管|就不)")


class Place(NamedTuple):
    """One word of one kind in a text."""

    kind: str
    word: str
    span: tuple[int, int]


#: A text without a break is no clause of ten thousand characters.
_WIDEST = 120


class Words:
    """Kinds of words, found in one pass; the longest counts, and a number stands alone (315 is not in 13155)."""

    def __init__(self, kinds: Mapping[str, Iterable[str]], *, masks: Iterable[str] = ()) -> None:
        self._automaton = ahocorasick.Automaton()
        for kind, words in list(kinds.items())[::-1]:
            for word in map(fold, words):
                self._automaton.add_word(word, (kind, word))
        for word in map(fold, masks):
            self._automaton.add_word(word, ("", word))
        self._is_empty = not len(self._automaton)
        if not self._is_empty:
            self._automaton.make_automaton()

    def every(self, text: str) -> Iterator[Place]:
        """Every place, denied or not, in reading order; masked words left out."""
        if self._is_empty:
            return
        for last, (kind, word) in self._automaton.iter_long(text):
            start, end = last - len(word) + 1, last + 1
            if kind and _stands_alone(text, start, end):
                yield Place(kind, word, (start, end))

    def meant(self, text: str) -> Iterator[Place]:
        """The places where the word is not denied."""
        return (place for place in self.every(text) if not is_denied(text, *place.span))


def is_denied(text: str, start: int, end: int) -> bool:
    """Whether what stands there is said not to be: "没有人员伤亡", "不曝光"; but not "不得不曝光", "不曝光不行"."""
    before = text[max(0, start - _BEFORE) : start]
    if not _DENIED.search(before) or _NOT_DENIED.search(before):
        return False
    return not _TWICE.match(text, end)


def sentence_around(text: str, start: int, end: int) -> str:
    """The sentence that holds a span, its final mark left out."""
    return _around(text, start, end, "。！!？?；;\n…")


def clause_around(text: str, start: int, end: int) -> str:
    """The clause that holds a span, its final mark left out."""
    return _around(text, start, end, "，,。！!？?；;\n… ")


def _around(text: str, start: int, end: int, breaks: str) -> str:
    first, last = max(0, start - _WIDEST), min(len(text), end + _WIDEST)
    left = max(text.rfind(sign, first, start) for sign in breaks) + 1
    right = min((at for sign in breaks if (at := text.find(sign, end, last)) >= 0), default=last)
    return text[max(first, left) : right]


def _stands_alone(text: str, start: int, end: int) -> bool:
    """Whether a word that begins or ends with a digit has no digit beside it, one of Latin letters no letter."""
    return not (_continues(text[start], text[start - 1 : start]) or _continues(text[end - 1], text[end : end + 1]))


def _continues(edge: str, beside: str) -> bool:
    if not edge.isascii() or not beside.isascii():
        return False
    return (edge.isdigit() and beside.isdigit()) or (edge.isalpha() and beside.isalpha())
