"""Text to tokens: jieba's words for relevance and for the classifier, single characters for exact phrases.

The segmentation is jieba's (its dictionary, its most probable path, no HMM), with the logarithms taken once and our own
domain words added. It reads jieba's dictionary file directly: importing jieba writes to stderr and keeps a cache in the
shared temporary folder, which a read-only disk or another user can break. `tests/analysis` proves it equal to jieba.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from functools import cache, cached_property, lru_cache
from importlib.util import find_spec
from pathlib import Path

from analysis.rust_words import RustWords, is_installed
from core.errors import ModelError
from core.text import clean, fold

_CJK = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_KANA = "\u3040-\u30ff\u31f0-\u31ff"
_PICTURES = "\u2600-\u27bf\U0001f300-\U0001faff"
#: One token of the exact index: an ideograph, a kana, an emoji, or a run of other letters and digits.
_CHARACTER = re.compile(f"[{_CJK}{_KANA}{_PICTURES}]|[^\\W_{_CJK}{_KANA}]+")
#: What is segmented in one go: ideographs with the letters and digits that touch them ("4s店").
_BLOCK = re.compile(f"[^\\W_{_KANA}]+|[{_KANA}{_PICTURES}]")
_LATIN = re.compile(f"[^\\W_{_CJK}]+")
_DICTIONARY = Path(__file__).parent / "lexicons" / "dictionary.txt"
#: A post is read for the model, for its story and for the index, soon after one another: its blocks are split once.
#: As many as two batches of ordinary posts have; longer blocks seldom come again and would only fill the memory.
_REMEMBERED = 16_384
_LONGEST_REMEMBERED = 40
#: From this many texts at once on, loading the Rust splitter pays.
_MANY = 64
#: A name in brackets, which `analysis.features.prepare` leaves only around emoticons.
_MARK = re.compile(r"(\[[^\[\]\n]*\])")


class Segmenter:
    """Splits text by jieba's dictionary, our domain words and `extra` words (aliases of subjects, say)."""

    def __init__(self, extra: Iterable[str] = ()) -> None:
        counts = dict(_dictionary())
        self._counts = counts
        #: A domain word must beat the path through its parts; jieba's own frequent words weigh about this much.
        for word in extra:
            if folded := "".join(fold(word).split()):
                counts[folded] = max(counts.get(folded, 0), 20_000)
        total = math.log(sum(counts.values()))
        log = math.log
        self._weights = {word: log(count or 1) - total for word, count in counts.items()}
        self._unknown = -total
        #: How long the words are that begin with these two characters, shortest first.
        self._widths = _widths(counts)
        self._remembered = lru_cache(_REMEMBERED)(self._split)
        self._shorter = lru_cache(_REMEMBERED)(self._within)

    def words(self, text: str) -> list[str]:
        """The words of the most probable path, folded; punctuation and blanks are left out."""
        return self.words_of_folded(fold(clean(text)))

    def words_of_folded(self, text: str) -> list[str]:
        """The same for text that went through `fold(clean(...))` already."""
        found: list[str] = []
        for block in _BLOCK.findall(text):
            found += self._remembered(block) if len(block) <= _LONGEST_REMEMBERED else self._split(block)
        return found

    def words_of_prepared(self, texts: Sequence[str]) -> list[list[str]]:
        """The words of each text that went through `analysis.features.prepare`; an emoticon in brackets is one word.

        A whole batch goes through Rust where the extra `fast` is installed: the same words, sooner.
        """
        if len(texts) >= _MANY and self.rust is not None:
            return self.rust.words_of_many(texts)
        return [self._words_and_marks(text) if "[" in text else self.words_of_folded(text) for text in texts]

    def _words_and_marks(self, text: str) -> list[str]:
        pieces = _MARK.split(text)
        return [
            word for at, piece in enumerate(pieces) for word in ([piece] if at % 2 else self.words_of_folded(piece))
        ]

    @cached_property
    def rust(self) -> RustWords | None:
        """The same in Rust, loaded on first use (half a second, some 60 MB); `None` without the extra `fast`."""
        return (
            RustWords(self._counts, ideographs=_CJK, signs=_KANA + _PICTURES, split=self._split)
            if is_installed()
            else None
        )

    def search_words(self, text: str) -> list[str]:
        """The words, each long one preceded by the shorter dictionary words within it (jieba's search mode)."""
        return self.search_words_of_folded(fold(clean(text)))

    def search_words_of_folded(self, text: str) -> list[str]:
        """The same for text that went through `fold(clean(...))` already."""
        return self._searched(self.words_of_folded(text))

    def search_words_of_many(self, texts: Sequence[str]) -> list[list[str]]:
        """The same for each of many such texts; a whole batch goes through Rust where the extra `fast` is installed."""
        # A bracket separates and nothing else here: names in brackets are words of the classifier only.
        return [self._searched(found) for found in self.words_of_prepared([text.replace("[", " ") for text in texts])]

    def _searched(self, words: list[str]) -> list[str]:
        """Words, each long one preceded by the shorter dictionary words within it."""
        found: list[str] = []
        for word in words:
            if len(word) < 3:
                found.append(word)
            else:
                found += self._shorter(word) if len(word) <= _LONGEST_REMEMBERED else self._within(word)
        return found

    def _within(self, word: str) -> tuple[str, ...]:
        widths = (2, 3) if len(word) > 3 else (2,)
        parts = (word[at : at + width] for width in widths for at in range(len(word) - width + 1))
        return (*(part for part in parts if part in self._weights), word)

    def _split(self, block: str) -> tuple[str, ...]:
        """The words of one block. Letters and digits that touch stay together, as in jieba."""
        runs = {match.start(): match.end() for match in _LATIN.finditer(block)}
        inside = {at for start, end in runs.items() for at in range(start + 1, end)}
        weights, widths, unknown = self._weights, self._widths, self._unknown
        size = len(block)
        best = [0.0] * (size + 1)
        ends = [0] * size
        for at in range(size - 1, -1, -1):
            end = runs.get(at, at + 1)
            score = weights.get(block[at:end], unknown) + best[end]
            for width in widths.get(block[at : at + 2], ()):
                stop = at + width
                if stop > size:
                    break
                weight = weights.get(block[at:stop])
                # On a tie jieba takes the longer word.
                if weight is not None and weight + best[stop] >= score and stop not in inside:
                    score, end = weight + best[stop], stop
            best[at], ends[at] = score, end
        found = []
        at = 0
        while at < size:
            found.append(block[at : ends[at]])
            at = ends[at]
        return tuple(found)


def words(text: str) -> list[str]:
    """The words of a text, folded, in reading order."""
    return segmenter().words(text)


def search_words(text: str) -> list[str]:
    """The words in jieba's search mode: long words are followed up by the shorter words they contain."""
    return segmenter().search_words(text)


def characters(text: str) -> list[str]:
    """Every ideograph as one token, every run of letters and digits as one token, folded: the exact index.

    Splits like Elasticsearch's `standard` tokenizer, but also at dots within numbers ("3.15" is found by "3·15").
    """
    return characters_of_folded(fold(clean(text)))


def characters_of_folded(text: str) -> list[str]:
    """The same for text that went through `fold(clean(...))` already."""
    return _CHARACTER.findall(text)


@cache
def segmenter() -> Segmenter:
    """The segmenter without aliases, made on first use and shared: it is never changed."""
    return Segmenter()


@cache
def place_names() -> frozenset[str]:
    """The place names of jieba's dictionary, two characters or longer."""
    fields = _fields()
    return frozenset(
        word for word, tag in zip(fields[0::3], fields[2::3], strict=True) if tag == "ns" and len(word) > 1
    )


def how_common(word: str) -> int:
    """The count of a folded word in the dictionary, 0 for an unknown one."""
    return _dictionary().get(word, 0)


def _widths(words: Iterable[str]) -> dict[str, tuple[int, ...]]:
    """The lengths of the words that share their first two characters, shortest first."""
    bits: dict[str, int] = {}
    for word in words:
        if len(word) > 1:
            bits[word[:2]] = bits.get(word[:2], 0) | 1 << len(word)
    # Few different sets of lengths occur; each is one tuple, shared.
    tuples = {mask: tuple(at for at in range(mask.bit_length()) if mask >> at & 1) for mask in set(bits.values())}
    return {start: tuples[mask] for start, mask in bits.items()}


def _fields() -> list[str]:
    """Jieba's dictionary file as one list: word, count, tag, and so on."""
    spec = find_spec("jieba")
    if spec is None or not spec.submodule_search_locations:
        raise ModelError("缺少分词词典：未安装 jieba")
    path = Path(spec.submodule_search_locations[0]) / "dict.txt"
    try:
        return fold(path.read_text(encoding="utf-8")).split()
    except OSError as missing:
        raise ModelError(f"无法读取分词词典 {missing.filename}：{missing.strerror}") from None


@cache
def _dictionary() -> dict[str, int]:
    """Counts of jieba's words and ours, folded."""
    fields = _fields()
    ours = _DICTIONARY.read_text(encoding="utf-8")
    counts: dict[str, int] = {}
    for word, number in zip(fields[0::3], map(int, fields[1::3]), strict=True):
        # A traditional word and its simplified twin are one word by now.
        counts[word] = max(counts.get(word, 0), number)
    for line in ours.splitlines():
        word, _, count = line.partition(" ")
        if word and not word.startswith("#"):
            counts[fold(word)] = max(counts.get(fold(word), 0), int(count or 2_000))
    return counts
