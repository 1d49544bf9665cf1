"""The same words as `analysis.tokens`, many texts at once, in Rust: used for whole batches where `rjieba` is installed.

jieba cuts a run of Latin letters where a dictionary word begins or ends in it ("vip卡" → v, ip卡); we never do. So only
common ideographs are handed to Rust. Runs of letters and digits, kana and pictures are taken out before and put back
after, and the stretches where a dictionary word may hold letters ("4s店") are split by our own path. So both paths give
the same words, which the tests prove; a model trained with one judges with the other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any

#: Stands for what is not handed to Rust.
_HOLE = "\x01"
#: What Rust splits; rarer ideographs are words to some versions of jieba and signs to others.
_COMMON = "\u4e00-\u9fa5"
_BESIDE = re.compile(f"[{_COMMON}]")
_NOT_COMMON = re.compile(f"[^{_COMMON}]+")


def is_installed() -> bool:
    """Whether the extra `fast` is there."""
    return find_spec("rjieba") is not None


class RustWords:
    """Splits texts by the words and counts it was given; loading takes half a second and some 60 MB."""

    def __init__(
        self, counts: Mapping[str, int], *, ideographs: str, signs: str, split: Callable[[str], Sequence[str]]
    ) -> None:
        """`ideographs` and `signs` (each a token) are insides of character classes; `split` is our path for a block."""
        rjieba: Any = import_module("rjieba")  # an optional extra, loaded when it is first needed
        self._jieba = rjieba.Jieba.empty()
        for word, count in counts.items():
            self._jieba.add_word(word, count or 1, None)
        self._split = split
        #: A name in brackets, as `analysis.features.prepare` leaves it; a run of letters; a sign; a rare ideograph.
        self._pieces = re.compile(
            rf"\[[^\[\]\n]*\]|[^\W_{ideographs}{signs}]+|[{signs}]|((?!\W|[{_COMMON}])[{ideographs}])"
        )
        self._more = re.compile(rf"[^\W_{signs}]*")
        #: Runs that a dictionary word holds beside ideographs: "4s", "t", "ktv".
        self._mixed = {
            run for word in counts if not word.isascii() and _BESIDE.search(word) for run in _NOT_COMMON.findall(word)
        }

    def words_of_many(self, texts: Sequence[str]) -> list[list[str]]:
        """The words of each folded text; a name in brackets is one word."""
        joined = "\n".join(text.replace("\n", " ") for text in texts).replace(_HOLE, " ")
        bare, filled = self._take_out(joined)
        fill = iter(filled)
        found: list[str] = []
        rows = [found]
        for word in self._jieba.cut(bare, False):
            if word.isalpha():
                found.append(word)
            elif word == _HOLE:
                found += next(fill)
            elif word == "\n":
                found = []
                rows.append(found)
        return rows

    def _take_out(self, joined: str) -> tuple[str, list[Sequence[str]]]:
        """The text with holes, and the words that belong into each."""
        kept: list[str] = []
        filled: list[Sequence[str]] = []
        mixed, at = self._mixed, 0
        for piece in self._pieces.finditer(joined):
            start, end = piece.span()
            if start < at:  # within a stretch that was taken out as a whole
                continue
            run = piece.group()
            words: Sequence[str] = (run,)
            if run in mixed or piece.group(1):
                start, end = self._stretch(joined, at, start, end)
                words = self._split(joined[start:end])
            kept += (joined[at:start], _HOLE)
            filled.append(words)
            at = end
        kept.append(joined[at:])
        return "".join(kept), filled

    def _stretch(self, joined: str, least: int, start: int, end: int) -> tuple[int, int]:
        """All that may form a word with this run: the ideographs before it, and ideographs and letters after it."""
        while start > least and "\u4e00" <= joined[start - 1] <= "\u9fa5":
            start -= 1
        found = self._more.match(joined, end)
        return start, found.end() if found else end
