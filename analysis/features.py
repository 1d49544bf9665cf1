"""What the sentiment model sees of a text: TF-IDF of words (1–2 in a row) and of characters (1–3 in a row).

Training and judging share this page. A batch is one pass of numpy over all its characters: scikit-learn's character
analyser is pure Python and would be the slowest part of the product.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.tokens import Segmenter
from core.text import clean, fold

Keys = npt.NDArray[np.int64]
Values = npt.NDArray[np.float64]

#: Characters and words are numbered from 1; 0 stands for all others and ends every n-gram.
CHARACTER_BITS = 14
WORD_BITS = 19
#: Characters beyond the basic plane are unknown to every model.
ALPHABET = 0x10000
#: Characters in a row that make a feature.
LONGEST_RUN = 3
#: Links and people: no opinion of the author.
_MASKED = re.compile(r"https?://[^\s\u4e00-\u9fff]+|www\.[\w./-]+|@[\w\-·]{1,30}")
_OTHER = re.compile(r"[^\w!?]+|_+")


def prepare(text: str) -> str:
    """The text as the model reads it: folded, without links and names of people."""
    visible = _MASKED.sub(" ", fold(clean(text)))
    return _OTHER.sub(" ", visible).strip()


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
        """Sublinear TF-IDF of the known keys, each text scaled to length 1."""
        if not len(self.keys) or not len(keys):
            nothing = np.zeros(0, dtype=np.int64)
            return Entries(rows=nothing, columns=nothing, values=np.zeros(0))
        at = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        known = self.keys[at] == keys
        cells, counts = np.unique(rows[known] * len(self.keys) + at[known], return_counts=True)
        found, columns = np.divmod(cells, len(self.keys))
        values = (1.0 + np.log(counts)) * self.idf[columns]
        if not len(found):
            return Entries(rows=found, columns=columns, values=values)
        lengths = np.sqrt(np.bincount(found, weights=values * values))
        return Entries(rows=found, columns=columns, values=values / lengths[found])


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

    def character_keys(self, prepared: Sequence[str]) -> tuple[Keys, Keys]:
        """Rows and keys of all runs of one, two and three known characters."""
        joined = "\0".join(prepared) + "\0"
        codes = np.frombuffer(joined.encode("utf-32-le"), dtype=np.uint32)
        rows = np.cumsum(codes == 0)
        return _grams(rows, self.characters[np.where(codes < ALPHABET, codes, 0)], CHARACTER_BITS, LONGEST_RUN)

    def word_keys(self, segmented: Sequence[Sequence[str]]) -> tuple[Keys, Keys]:
        """Rows and keys of all known words and of all pairs of neighbours."""
        number = self.words.get
        ids = [number(word, 0) for words in segmented for word in (*words, "")]
        sizes = np.fromiter((len(words) + 1 for words in segmented), dtype=np.int64, count=len(segmented))
        return _grams(np.repeat(np.arange(len(segmented)), sizes), np.array(ids, dtype=np.int64), WORD_BITS, 2)


def segment(prepared: Sequence[str], segmenter: Segmenter) -> list[list[str]]:
    """The words of each text."""
    return [segmenter.words_of_folded(text) for text in prepared]


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
