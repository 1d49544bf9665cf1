"""How badly a text speaks of its subject: linear judges, blended, whose every step a reader can follow.

Each kind of writing has its expert (`analysis.experts`); what an expert was trained from is added up into one weight a
feature. Under the gates of a text the blend is one weighted sum: what each word and character run contributed is exact,
not estimated.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import sparse

from analysis.experts import Experts, families_of
from analysis.features import (
    ALPHABET,
    CHARACTER_BITS,
    LONGEST_RUN,
    TEXT_VERSION,
    WORD_BITS,
    Alphabet,
    Block,
    Entries,
    Keys,
    Values,
    prepare,
    segment,
)
from analysis.modelfile import read_model, write_model
from analysis.packing import pack, unpack
from analysis.tokens import segmenter
from core.errors import ModelError
from core.model import Channel

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
    experts: Experts
    #: For each kind of writing the probability from which calling texts negative gave the best F1 on rows kept aside.
    operating: Mapping[str, float] = field(default_factory=dict)
    #: The share of negative texts that each expert is calibrated to.
    shares: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path | None = None) -> SentimentModel:
        """Read a model from its folder; `None` means the one that ships with the product.

        Raise `ModelError` if files are missing, damaged, or of another format.
        """
        folder = path or BUNDLED
        about, arrays = read_model(folder)
        if about.get("text_version") != TEXT_VERSION:
            raise ModelError(f"模型是按另一种文字处理方式训练的：{folder}，请用 tingfeng train 重新训练")
        try:
            alphabet, words, characters, experts = unpack(about, arrays)
            name = str(about["name"])
            operating, shares = (
                {str(kind): float(found) for kind, found in about[key].items()} for key in ("operating", "shares")
            )
        except (AttributeError, KeyError, TypeError, ValueError) as bad:
            raise ModelError(f"模型内容不完整：{folder}（{bad}）") from None
        return cls(
            name=name,
            alphabet=alphabet,
            words=words,
            characters=characters,
            experts=experts,
            operating=operating,
            shares=shares,
        )

    def save(self, folder: Path, about: Mapping[str, Any]) -> None:
        """Write the model into a folder; `about` is added to its JSON page. The same model gives the same bytes."""
        arrays, page = pack(self.alphabet, self.words, self.characters, self.experts)
        page |= {"name": self.name, "operating": dict(self.operating), "shares": dict(self.shares)}
        page["text_version"] = TEXT_VERSION
        write_model(folder, {**about, **page}, arrays)

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
        return self._cells(*self.entries(prepared), texts=len(prepared))

    def plus(self, words: Values, characters: Values, bias: float, name: str) -> SentimentModel:
        """The same model under another name, with a linear correction added to every logit.

        `words` and `characters` hold what a cell of each column of `features` adds; `bias` is added to all texts.
        Raise `ValueError` if their lengths are not those of the blocks.
        """
        if words.shape != self.words.keys.shape or characters.shape != self.characters.keys.shape:
            raise ValueError(f"shapes {words.shape} and {characters.shape}")
        return replace(self, name=name, experts=self.experts.plus(np.concatenate([words, characters]), bias))

    def judge(self, prepared: Sequence[str], channels: Sequence[Channel]) -> Judgement:
        """Judge texts that went through `prepare`, all in one pass."""
        entries = self.entries(prepared)
        cells = self._cells(*entries, texts=len(prepared))
        gates, by_expert = self.experts.sums(cells, families_of(channels))
        return Judgement(model=self, entries=entries, gates=gates, logits=(gates * by_expert).sum(axis=1))

    def entries(self, prepared: Sequence[str]) -> tuple[Entries, Entries]:
        """The non-zero cells of both blocks: words, then characters."""
        words = self.words.entries(*self.alphabet.word_keys(segment(prepared, segmenter())))
        return words, self.characters.entries(*self.alphabet.character_keys(prepared))

    def _cells(self, words: Entries, characters: Entries, *, texts: int) -> sparse.csr_matrix:
        blocks = [
            sparse.csr_matrix(
                (entries.values, entries.columns, np.searchsorted(entries.rows, np.arange(texts + 1))),
                shape=(texts, len(block.keys)),
            )
            for block, entries in ((self.words, words), (self.characters, characters))
        ]
        return sparse.csr_matrix(sparse.hstack(blocks))

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
    #: The non-zero cells of the batch in both blocks: words, then characters.
    entries: tuple[Entries, Entries]
    #: How much each expert says of each text: one row a text, one column an expert; a row adds up to 1.
    gates: Values
    logits: Values

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

    def bias(self, row: int) -> float:
        """What the logit of a text would be if none of its tokens were known."""
        return self.model.experts.blended_bias(self.gates[row])

    def contributions(self, row: int) -> list[Contribution]:
        """What each known token of one text added to its logit, the strongest push to negative first.

        The sum, with `bias(row)`, is the logit.
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
        entries = self.entries[side]
        start, end = np.searchsorted(entries.rows, (row, row + 1))
        columns = entries.columns[start:end]
        places = columns + side * len(self.model.words.keys)
        return columns, entries.values[start:end] * self.model.experts.weights(places, self.gates[row])


def _digits(key: int, bits: int) -> list[int]:
    numbers = []
    while key:
        key, number = divmod(key, 1 << bits)
        numbers.append(number)
    return numbers[::-1]
