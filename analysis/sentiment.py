"""How badly a text speaks of its subject: a linear model whose every step a reader can follow.

All trained parts are added up into one vector of weights for each family of channels and calibrated, so a judgement is
one weighted sum: what each word and character run contributed is exact, not estimated.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import sparse

from analysis.features import (
    ALPHABET,
    CHARACTER_BITS,
    LONGEST_RUN,
    WORD_BITS,
    Alphabet,
    Block,
    Entries,
    Keys,
    Values,
    prepare,
    segment,
)
from analysis.modelfile import Arrays, read_model, write_model
from analysis.tokens import segmenter
from core.errors import ModelError
from core.model import Channel

#: Channels whose people write alike share weights. Family 0 is what all families have in common.
FAMILIES: tuple[frozenset[Channel], ...] = (
    frozenset({"other"}),
    frozenset({"forum", "tieba", "qa"}),
    frozenset({"weibo"}),
    frozenset({"news", "broadcast", "blog"}),
    frozenset({"complaint"}),
)
#: Telling words of negative posts come again and again; their names are looked up once.
_REMEMBERED = 8_192
BUNDLED = Path(__file__).parent / "models" / "general"


class Contribution(NamedTuple):
    """What one token added to the logit."""

    #: A word, two words joined by a blank, or a run of up to three characters.
    token: str
    #: Whether it is made of words.
    is_words: bool
    logit: float


@dataclass(frozen=True, kw_only=True)
class SentimentModel:
    """A trained model, ready to judge. Not tied to a file: `train` makes one, `load` reads one."""

    name: str
    alphabet: Alphabet
    words: Block
    characters: Block
    #: Calibrated: what a cell adds to the logit of being negative; one row a family, one column a feature.
    word_weights: Values
    character_weights: Values
    #: One a family.
    bias: Values

    @classmethod
    def load(cls, path: Path | None = None) -> SentimentModel:
        """Read a model from its folder; `None` means the one that ships with the product.

        Raise `ModelError` if files are missing, damaged, or of another format.
        """
        folder = path or BUNDLED
        about, arrays = read_model(folder)
        try:
            return _from_arrays(about, arrays)
        except (KeyError, TypeError, ValueError) as bad:
            raise ModelError(f"模型内容不完整：{folder}（{bad}）") from None

    def save(self, folder: Path, about: Mapping[str, Any]) -> None:
        """Write the model into a folder; `about` is added to its JSON page. The same model gives the same bytes."""
        bias = [round(float(value), 6) for value in self.bias]
        write_model(folder, {**about, "name": self.name, "bias": bias}, _to_arrays(self))

    def probabilities(self, texts: Sequence[str], channels: Sequence[Channel]) -> Values:
        """The calibrated probability of being negative, one a text."""
        return self.judge([prepare(text) for text in texts], channels).probabilities

    def logits(self, prepared: Sequence[str], channels: Sequence[Channel]) -> Values:
        """The log odds of being negative, one a text; texts went through `prepare`."""
        return self.judge(prepared, channels).logits

    def features(self, prepared: Sequence[str]) -> sparse.csr_matrix:
        """What the model sees of texts that went through `prepare`: one row a text, the words block, then characters.

        The columns are those that `plus` takes: first `len(words.keys)`, then `len(characters.keys)`.
        """
        blocks = [
            sparse.csr_matrix((entries.values, (entries.rows, entries.columns)), shape=(len(prepared), len(block.keys)))
            for block, (_, entries) in zip((self.words, self.characters), self.sides(prepared), strict=True)
        ]
        return sparse.csr_matrix(sparse.hstack(blocks))

    def plus(self, words: Values, characters: Values, bias: float, name: str) -> SentimentModel:
        """The same model under another name, with a linear correction added to every logit.

        `words` and `characters` hold what a cell of each column of `features` adds; `bias` is added to all texts.
        Raise `ValueError` if their lengths are not those of the blocks.
        """
        if words.shape != self.words.keys.shape or characters.shape != self.characters.keys.shape:
            raise ValueError(f"shapes {words.shape} and {characters.shape}")
        return replace(
            self,
            name=name,
            word_weights=self.word_weights + words,
            character_weights=self.character_weights + characters,
            bias=self.bias + bias,
        )

    def judge(self, prepared: Sequence[str], channels: Sequence[Channel]) -> Judgement:
        """Judge texts that went through `prepare`, all in one pass."""
        families = np.array([_FAMILY_OF[channel] for channel in channels], dtype=np.int64)
        logits: Values = self.bias[families]
        sides = self.sides(prepared)
        for weights, entries in sides:
            pushes = entries.values * weights[families[entries.rows], entries.columns]
            logits += np.bincount(entries.rows, pushes, minlength=len(prepared))
        return Judgement(model=self, families=families, sides=sides, logits=logits)

    def sides(self, prepared: Sequence[str]) -> tuple[tuple[Values, Entries], tuple[Values, Entries]]:
        """Weights and non-zero cells of both blocks: words, then characters."""
        words = self.words.entries(*self.alphabet.word_keys(segment(prepared, segmenter())))
        characters = self.characters.entries(*self.alphabet.character_keys(prepared))
        return (self.word_weights, words), (self.character_weights, characters)

    def word_name(self, column: int) -> str:
        """The token of a column of the words block."""
        return " ".join(self._word_list[number] for number in _digits(int(self.words.keys[column]), WORD_BITS))

    def character_name(self, column: int) -> str:
        """The token of a column of the characters block."""
        numbers = _digits(int(self.characters.keys[column]), CHARACTER_BITS)
        return "".join(self._character_list[number] for number in numbers)

    def character_column(self, run: str) -> int:
        """The column of a run of characters, -1 if it is too long or unknown."""
        key = 0
        for character in run:
            number = int(self.alphabet.characters[ord(character)]) if ord(character) < ALPHABET else 0
            key = (key << CHARACTER_BITS) | number
            if not number:
                return -1
        at = int(np.searchsorted(self.characters.keys, key)) if run and len(run) <= LONGEST_RUN else -1
        return at if 0 <= at < len(self.characters.keys) and self.characters.keys[at] == key else -1

    @cached_property
    def word_and_run(self) -> Callable[[int], tuple[str, int]]:
        """For a column of the words block its token, and the column of the same as a run of characters (-1: none)."""

        @lru_cache(_REMEMBERED)
        def look_up(column: int) -> tuple[str, int]:
            token = self.word_name(column)
            return token, self.character_column(token.replace(" ", ""))

        return look_up

    @cached_property
    def _word_list(self) -> list[str]:
        return ["", *self.alphabet.words]

    @cached_property
    def _character_list(self) -> dict[int, str]:
        return {int(number): chr(code) for code, number in enumerate(self.alphabet.characters) if number}


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What the model says of a batch, and why."""

    model: SentimentModel
    families: Keys
    sides: tuple[tuple[Values, Entries], tuple[Values, Entries]]
    logits: Values

    @property
    def entries(self) -> tuple[Entries, Entries]:
        """The non-zero cells of the batch in both blocks: words, then characters."""
        return self.sides[0][1], self.sides[1][1]

    @property
    def knows(self) -> npt.NDArray[np.bool_]:
        """Whether a text holds anything that the model has learnt, one a text; of others the bias alone would judge."""
        known = np.zeros(len(self.logits), dtype=bool)
        for entries in self.entries:
            known[entries.rows] = True
        return known

    @property
    def probabilities(self) -> Values:
        """Of being negative."""
        return np.asarray(1.0 / (1.0 + np.exp(-self.logits)))

    def contributions(self, row: int) -> list[Contribution]:
        """What each known token of one text added to its logit, the strongest push to negative first.

        The sum, with the bias of the text's family, is the logit.
        """
        found = []
        for side, name in enumerate((self.model.word_name, self.model.character_name)):
            columns, pushes = self._pushes(side, row)
            pairs = zip(columns.tolist(), pushes.tolist(), strict=True)
            found += [Contribution(name(column), side == 0, push) for column, push in pairs]
        return sorted(found, key=lambda one: (-one.logit, one.token))

    def strongest_words(self, row: int, count: int) -> list[Contribution]:
        """The words and pairs of words that push one text's logit up most, at most `count`.

        A short word also counts as a run of characters; what it adds as such is included.
        """
        columns, pushes = self._pushes(0, row)
        runs = dict(zip(*(side.tolist() for side in self._pushes(1, row)), strict=True))
        best = np.argsort(-pushes, kind="stable")[:count]
        found = []
        for column, push in zip(columns[best].tolist(), pushes[best].tolist(), strict=True):
            token, run = self.model.word_and_run(column)
            logit = push + runs.get(run, 0.0)
            if logit > 0:
                found.append(Contribution(token, True, logit))
        return sorted(found, key=lambda one: (-one.logit, one.token))

    def _pushes(self, side: int, row: int) -> tuple[Keys, Values]:
        """The columns of one text in one block, in order, and what each adds. Rows are sorted, see `Block.entries`."""
        weights, entries = self.sides[side]
        start, end = np.searchsorted(entries.rows, (row, row + 1))
        columns = entries.columns[start:end]
        return columns, entries.values[start:end] * weights[self.families[row], columns]


#: The row of weights that judges each channel.
_FAMILY_OF: Mapping[str, int] = {channel: number for number, family in enumerate(FAMILIES) for channel in family}


def family_of(channel: Channel) -> int:
    """The row of weights that judges this channel."""
    return _FAMILY_OF[channel]


def _digits(key: int, bits: int) -> list[int]:
    numbers = []
    while key:
        key, number = divmod(key, 1 << bits)
        numbers.append(number)
    return numbers[::-1]


def _to_arrays(model: SentimentModel) -> Arrays:
    """Sorted keys are kept as steps, which compress well."""
    known = np.flatnonzero(model.alphabet.characters)
    codes = known[np.argsort(model.alphabet.characters[known])]
    return {
        "alphabet": codes.astype(np.uint16),
        "vocabulary": np.frombuffer("\n".join(model.alphabet.words).encode(), dtype=np.uint8),
        "word_steps": np.diff(model.words.keys, prepend=0),
        "word_idf": model.words.idf.astype(np.float16),
        "word_weights": model.word_weights.astype(np.float16),
        "character_steps": np.diff(model.characters.keys, prepend=0),
        "character_idf": model.characters.idf.astype(np.float16),
        "character_weights": model.character_weights.astype(np.float16),
    }


def _from_arrays(about: Mapping[str, Any], arrays: Arrays) -> SentimentModel:
    vocabulary = arrays["vocabulary"].tobytes().decode()
    words, characters = (_block(arrays[f"{side}_steps"], arrays[f"{side}_idf"]) for side in ("word", "character"))
    word_weights, character_weights = (arrays[f"{side}_weights"].astype(np.float64) for side in ("word", "character"))
    bias = np.array(about["bias"], dtype=np.float64)
    shapes = (word_weights.shape, character_weights.shape, bias.shape)
    families = len(FAMILIES)
    if shapes != ((families, len(words.keys)), (families, len(characters.keys)), (families,)):
        raise ValueError(f"shapes {shapes}")
    return SentimentModel(
        name=str(about["name"]),
        alphabet=Alphabet.of([chr(code) for code in arrays["alphabet"]], vocabulary.split("\n") if vocabulary else []),
        words=words,
        characters=characters,
        word_weights=word_weights,
        character_weights=character_weights,
        bias=bias,
    )


def _block(steps: npt.NDArray[Any], idf: npt.NDArray[Any]) -> Block:
    keys: Keys = np.cumsum(steps, dtype=np.int64)
    return Block(keys=keys, idf=idf.astype(np.float64))
