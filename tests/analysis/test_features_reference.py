"""The fast path is scikit-learn's TF-IDF: the same features and the same values, written the plain way here."""

from __future__ import annotations

import random
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer

from analysis.features import ALPHABET, CHARACTER_BITS, WORD_BITS, Alphabet, Block, Keys, prepare, segment
from analysis.tokens import segmenter

CHANCE = random.Random(315)
TEXTS = [
    "曜行S7刹车失灵，差点出人命！4S店不管，要求退一赔三",
    "空间很大，油耗比想的低。值得买。",
    "",
    "，。！",
    "漏油漏油漏油漏油",
    "a",
    "车",
    "4S店4s店",
    "😡😡退钱！！🔥",
    "𠮷野家𠮷",
    "[泪][泪]又坏了T_T",
    "看 https://a.cn @车友 13812345678 号",
    "カラ오늘 mixed 中文 words",
    "後面的車門關不緊",
    "一\u200b二\ud800三",
    "".join(chr(CHANCE.randrange(0x4E00, 0x9FA6)) for _ in range(5_000)),
    "发动机异响，" * 2_000,
    "x" * 30_000,
    "1 2 3 4 5 6",
    *("".join(CHANCE.choices("曜行车门异响漏油不没很[怒]!? 4s店退钱", k=60)) for _ in range(80)),
]


def characters_of(prepared: str) -> list[str]:
    """Every run of one to three characters; brackets and characters beyond the basic plane end a run."""
    pieces = [""]
    for character in prepared:
        if character in "[]" or ord(character) >= ALPHABET:
            pieces.append("")
        else:
            pieces[-1] += character
    return [piece[at : at + width] for piece in pieces for width in (1, 2, 3) for at in range(len(piece) - width + 1)]


def words_of(prepared: str) -> list[str]:
    found = segmenter().words_of_prepared([prepared])[0]
    return [*found, *(f"{one}\0{other}" for one, other in pairwise(found))]


def reference(texts: list[str], analyser: object) -> tuple[npt.NDArray[np.float64], list[str], npt.NDArray[np.float64]]:
    """Cells, names of the columns, and idf of scikit-learn."""
    vectorizer = TfidfVectorizer(analyzer=analyser, sublinear_tf=True, smooth_idf=True, norm="l2")
    cells = vectorizer.fit_transform(texts).toarray()
    return cells, vectorizer.get_feature_names_out().tolist(), vectorizer.idf_


def ours(rows: Keys, keys: Keys, named: list[int], idf: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Cells of the fast path, in the order of scikit-learn's columns."""
    order = np.argsort(named)
    block = Block(keys=np.array(named, dtype=np.int64)[order], idf=idf[order])
    entries = block.entries(rows, keys)
    cells = np.zeros((len(TEXTS), len(named)))
    cells[entries.rows, order[entries.columns]] = entries.values
    assert (np.diff(entries.rows) >= 0).all()
    return cells


def key_of(numbers: list[int], bits: int) -> int:
    key = 0
    for number in numbers:
        key = key << bits | number
    return key


@pytest.fixture(scope="module")
def prepared() -> list[str]:
    return [prepare(text) for text in TEXTS]


def test_characters_are_scikit_learns(prepared: list[str]) -> None:
    cells, names, idf = reference(prepared, characters_of)
    alphabet = Alphabet.of(sorted({character for name in names for character in name}), [])
    named = [key_of([int(alphabet.characters[ord(one)]) for one in name], CHARACTER_BITS) for name in names]
    assert len(set(named)) == len(named) > 10_000
    np.testing.assert_allclose(ours(*alphabet.character_keys(prepared), named, idf), cells, atol=1e-12)


def test_words_are_scikit_learns(prepared: list[str]) -> None:
    cells, names, idf = reference(prepared, words_of)
    known = sorted({word for name in names for word in name.split("\0")})
    alphabet = Alphabet.of([], known)
    named = [key_of([alphabet.words[word] for word in name.split("\0")], WORD_BITS) for name in names]
    assert len(set(named)) == len(named) > 1_000
    keys = alphabet.word_keys(segment(prepared, segmenter()))
    np.testing.assert_allclose(ours(*keys, named, idf), cells, atol=1e-12)


def test_a_text_has_the_same_features_alone_and_in_any_batch(prepared: list[str]) -> None:
    """In both directions, and in one batch large enough for Rust."""
    alphabet = Alphabet.of(sorted({one for text in prepared for one in text if ord(one) < ALPHABET}), [])
    keys = np.unique(alphabet.character_keys(prepared)[1])
    block = Block(keys=keys, idf=np.ones(len(keys)))
    together = block.entries(*alphabet.character_keys(prepared[::-1]))
    for row, text in enumerate(prepared[::-1]):
        alone = block.entries(*alphabet.character_keys([text]))
        mine = together.rows == row
        assert together.columns[mine].tolist() == alone.columns.tolist()
        np.testing.assert_array_equal(together.values[mine], alone.values)


@pytest.mark.parametrize("keys", [[], [5]])
def test_nothing_known_is_nothing(keys: list[int]) -> None:
    block = Block(keys=np.array(keys, dtype=np.int64), idf=np.ones(len(keys)))
    found = block.entries(np.array([0, 1], dtype=np.int64), np.array([3, 7], dtype=np.int64))
    assert len(found.rows) == len(found.columns) == len(found.values) == 0


def test_more_texts_than_a_cell_can_number_are_refused() -> None:
    block = Block(keys=np.array([1], dtype=np.int64), idf=np.ones(1))
    with pytest.raises(ValueError, match="texts in one batch"):
        block.entries(np.array([1 << 21], dtype=np.int64), np.array([1], dtype=np.int64))


def test_more_texts_than_fit_in_16_bits_stay_in_order() -> None:
    block = Block(keys=np.array([1, 2], dtype=np.int64), idf=np.ones(2))
    rows = np.arange(70_000, dtype=np.int64)[::-1].copy()
    found = block.entries(rows, rows % 2 + 1)
    assert found.rows.tolist() == list(range(70_000))
    assert (found.columns == found.rows % 2).all()
