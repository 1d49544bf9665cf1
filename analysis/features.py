"""What the sentiment model sees of a text: TF-IDF of words (1–2 in a row) and of characters (1–3 in a row).

Training and judging share this page. A batch is one pass of numpy over all its characters: scikit-learn's character
analyser is pure Python and would be the slowest part of the product.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from analysis.emoticons import LONGEST_NAME, bundled_emoticons, face_pattern
from analysis.reading import visible
from analysis.tokens import Segmenter

Keys = npt.NDArray[np.int64]
Values = npt.NDArray[np.float64]

#: Characters and words are numbered from 1; 0 stands for all others and ends every n-gram.
CHARACTER_BITS = 14
WORD_BITS = 19
#: Characters beyond the basic plane are unknown to every model.
ALPHABET = 0x10000
#: Characters in a row that make a feature.
LONGEST_RUN = 3
#: A cell is a key (at most 3 × 14 bits) and the number of its text.
_ROW_BITS = 21
_OPEN, _CLOSE = ord("["), ord("]")
#: Changes with every change of what `prepare`, the segmentation or the keys make of a text. A model is only good for
#: the version it was trained with.
TEXT_VERSION = 3
#: What stays of a text: words, loudness, and pictures.
_KEPT = re.compile(r"[\w!?\[\]\u2600-\u27bf\U0001f300-\U0001faff]+")


def prepare(text: str) -> str:
    """The text as the model reads it; see `prepare_folded`."""
    return prepare_folded(visible(text))


def prepare_folded(text: str) -> str:
    """A folded text without hidden characters, as the model reads it.

    Links, names of people and numbers of six digits and more are left out: no opinion of the author. An emoticon stays
    as one sign in brackets ("T_T" as "[泪]"); no other bracket does. Emoji stay as they are.
    """
    return " ".join(_KEPT.findall(_signs().sub(_read_sign, text).replace("_", " ")))


@cache
def _signs() -> re.Pattern[str]:
    """Each alternative begins with a plain character: then `re` skips what begins none of them ten times as fast."""
    links = r"https?://[^\s\u4e00-\u9fff]+|www\.[\w./-]+|@[\w\-·]{1,30}"
    numbers = "|".join(rf"{digit}\d{{5,}}" for digit in range(10))
    name = rf"\[([^\[\]\s]{{1,{LONGEST_NAME}}})\]"
    return re.compile(rf"{links}|{numbers}|{name}|{face_pattern()}|\[|\]")


def _read_sign(found: re.Match[str]) -> str:
    if name := found.group(1):
        known = bundled_emoticons().named.get(name)
        # Under its own name: what "[哈哈]" says on a platform is not what "[微笑]" says there.
        return known if known == " " else f" [{name}] " if known else f" {name} "
    sign, start = found.group(), found.start()
    face = bundled_emoticons().faces.get(sign, " ")
    if sign[0].isalpha() and start and (before := found.string[start - 1]).isascii() and before.isalnum():
        return sign  # the end of a word: "att.t"
    return face


@dataclass(frozen=True, slots=True, kw_only=True)
class Entries:
    """The non-zero cells of a batch: which text, which feature, which value."""

    rows: Keys
    columns: Keys
    values: Values


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One family of features: sorted keys, and how telling each is (idf)."""

    keys: Keys
    idf: Values

    def entries(self, rows: Keys, keys: Keys) -> Entries:
        """Sublinear TF-IDF of the known keys, each text scaled to length 1; rows and columns in order.

        Raise `ValueError` beyond two million texts.
        """
        if not len(self.keys) or not len(keys):
            return _nothing()
        if rows.max() >> _ROW_BITS:
            raise ValueError(f"{rows.max() + 1} texts in one batch")
        # In order, equal cells stand side by side, and looking up neighbours costs a fifth of looking up as they come.
        packed = (keys << _ROW_BITS) | rows
        packed.sort()
        starts = np.flatnonzero(np.concatenate(([True], packed[1:] != packed[:-1])))
        counts = np.diff(starts, append=len(packed))
        wanted = packed[starts] >> _ROW_BITS
        at = np.searchsorted(self.keys, wanted)
        at[at == len(self.keys)] = 0
        known = np.flatnonzero(self.keys[at] == wanted)
        if not len(known):
            return _nothing()
        found = packed[starts[known]] & ((1 << _ROW_BITS) - 1)
        order = np.argsort(found.astype(np.uint16) if found.max() < 1 << 16 else found, kind="stable")
        found, known = found[order], known[order]
        columns = at[known]
        values = (1.0 + np.log(counts[known])) * self.idf[columns]
        lengths = np.sqrt(np.bincount(found, weights=values * values))
        return Entries(rows=found, columns=columns, values=values / lengths[found])


def _nothing() -> Entries:
    empty = np.zeros(0, dtype=np.int64)
    return Entries(rows=empty, columns=empty, values=np.zeros(0))


@dataclass(frozen=True, slots=True)
class Alphabet:
    """The numbers of the characters and words a model knows."""

    characters: npt.NDArray[np.int64]
    words: dict[str, int]

    @classmethod
    def of(cls, characters: Sequence[str], words: Sequence[str]) -> Alphabet:
        """Number them from 1, in the given order."""
        table = np.zeros(ALPHABET, dtype=np.int64)
        for number, character in enumerate(characters, start=1):
            table[ord(character)] = number
        return cls(table, {word: number for number, word in enumerate(words, start=1)})

    def character_keys(self, prepared: Sequence[str], *, marks: bool = True) -> tuple[Keys, Keys]:
        """Rows and keys of all runs of one, two and three known characters.

        Without `marks` the texts need not have gone through `prepare`: brackets are characters like others.
        """
        joined = "\0".join(prepared) + "\0"
        codes = _codes(joined)
        rows = np.cumsum(codes == 0)
        ids = self._numbers(codes)
        if marks and "[" in joined:
            # An emoticon's letters are read too: "[大哭]" and "[哭泣]" share one. Its brackets are no letters.
            ids[(codes == _OPEN) | (codes == _CLOSE)] = 0
        return _grams(rows, ids, CHARACTER_BITS, LONGEST_RUN)

    def numbers(self, text: str) -> Keys:
        """The number of each character, 0 for those that the model does not know."""
        return self._numbers(_codes(text))

    def _numbers(self, codes: npt.NDArray[np.uint32]) -> Keys:
        return self.characters[np.where(codes < ALPHABET, codes, 0)]

    def word_keys(self, segmented: Sequence[Sequence[str]]) -> tuple[Keys, Keys]:
        """Rows and keys of all known words and of all pairs of neighbours."""
        number = self.words.get
        ids = [number(word, 0) for words in segmented for word in (*words, "")]
        sizes = np.fromiter((len(words) + 1 for words in segmented), dtype=np.int64, count=len(segmented))
        return _grams(np.repeat(np.arange(len(segmented)), sizes), np.array(ids, dtype=np.int64), WORD_BITS, 2)


def _codes(text: str) -> npt.NDArray[np.uint32]:
    return np.frombuffer(text.encode("utf-32-le"), dtype=np.uint32)


def segment(prepared: Sequence[str], segmenter: Segmenter) -> list[list[str]]:
    """The words of each text."""
    return segmenter.words_of_prepared(prepared)


def _grams(rows: Keys, ids: Keys, bits: int, longest: int) -> tuple[Keys, Keys]:
    """Keys of all runs of 1 to `longest` known ids; ids start at 1, so keys of different lengths never meet."""
    found_rows, found_keys = [], []
    keys, alive = ids, ids > 0
    for width in range(1, longest + 1):
        if width > 1:
            alive = alive[:-1] & (ids[width - 1 :] > 0)
            keys = (keys[:-1] << bits) | ids[width - 1 :]
        found_rows.append(rows[: len(keys)][alive])
        found_keys.append(keys[alive])
    return np.concatenate(found_rows), np.concatenate(found_keys)
