"""How badly a text speaks of its subject: a linear model whose every step a reader can follow.

All trained parts are added up into one vector of weights for each family of channels and calibrated, so a judgement is
one weighted sum: what each word and character run contributed is exact, not estimated.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from analysis.features import CHARACTER_BITS, WORD_BITS, Alphabet, Block, Entries, Keys, Values, prepare, segment
from analysis.tokens import segmenter
from core.errors import ModelError
from core.model import Channel

FORMAT = 1
#: Channels whose people write alike share weights. Family 0 is what all families have in common.
FAMILIES: tuple[frozenset[Channel], ...] = (
    frozenset({"other"}),
    frozenset({"forum", "tieba", "qa"}),
    frozenset({"weibo"}),
    frozenset({"news", "broadcast", "blog"}),
    frozenset({"complaint"}),
)
BUNDLED = Path(__file__).parent / "models" / "general"
_WEIGHTS = "weights.npz"


class Contribution(NamedTuple):
    """What one word or character run added to the logit; several words are joined by a blank."""

    token: str
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
        try:
            about = json.loads((folder / "model.json").read_text(encoding="utf-8"))
            packed = (folder / _WEIGHTS).read_bytes()
        except OSError as missing:
            raise ModelError(f"无法读取模型 {missing.filename}：{missing.strerror}") from None
        except ValueError:
            raise ModelError(f"模型说明不是 JSON：{folder / 'model.json'}") from None
        if not isinstance(about, dict) or about.get("format") != FORMAT:
            raise ModelError(f"模型格式不符：{folder}，需要格式 {FORMAT}，请用 tingfeng train 重新训练")
        if hashlib.sha256(packed).hexdigest() != about.get("sha256"):
            raise ModelError(f"模型文件已损坏或被改动：{folder / _WEIGHTS} 的 sha256 与 model.json 不符")
        try:
            return _unpack(about, packed)
        except (KeyError, TypeError, ValueError, OSError) as bad:
            raise ModelError(f"模型内容不完整：{folder}（{bad}）") from None

    def save(self, folder: Path, about: Mapping[str, Any]) -> None:
        """Write the model's two files; `about` is added to `model.json`. The same model gives the same bytes."""
        folder.mkdir(parents=True, exist_ok=True)
        packed = _pack(self)
        row = {
            "format": FORMAT,
            "name": self.name,
            "bias": [round(float(value), 6) for value in self.bias],
            "sha256": hashlib.sha256(packed).hexdigest(),
            **about,
        }
        (folder / _WEIGHTS).write_bytes(packed)
        text = json.dumps(row, ensure_ascii=False, indent=1, sort_keys=True)
        (folder / "model.json").write_text(text + "\n", encoding="utf-8")

    def probabilities(self, texts: Sequence[str], channels: Sequence[Channel]) -> Values:
        """The calibrated probability of being negative, one a text."""
        return self.probabilities_of_prepared([prepare(text) for text in texts], channels)

    def probabilities_of_prepared(self, prepared: Sequence[str], channels: Sequence[Channel]) -> Values:
        """The same for texts that went through `prepare`."""
        logits = self.logits(prepared, channels)
        return np.asarray(1.0 / (1.0 + np.exp(-logits)))

    def logits(self, prepared: Sequence[str], channels: Sequence[Channel]) -> Values:
        """The weighted sums for texts that went through `prepare`."""
        families = np.array([family_of(channel) for channel in channels], dtype=np.int64)
        logits: Values = self.bias[families]
        if len(prepared):
            for weights, entries in self.sides(prepared):
                pushes = entries.values * weights[families[entries.rows], entries.columns]
                logits += np.bincount(entries.rows, pushes, minlength=len(prepared))
        return logits

    def contributions(self, prepared: str, channel: Channel) -> list[Contribution]:
        """What each known token of one prepared text adds to the logit, strongest push to negative first.

        The sum, with the bias of the channel's family, is the logit.
        """
        family = family_of(channel)
        found = []
        sides = zip(self.sides([prepared]), (self._word_name, self._character_name), strict=True)
        for (weights, entries), name in sides:
            pushes = entries.values * weights[family, entries.columns]
            found += [
                Contribution(name(int(at)), float(push)) for at, push in zip(entries.columns, pushes, strict=True)
            ]
        return sorted(found, key=lambda item: (-item.logit, item.token))

    def sides(self, prepared: Sequence[str]) -> tuple[tuple[Values, Entries], tuple[Values, Entries]]:
        """Weights and non-zero cells of both blocks: words, then characters."""
        words = self.words.entries(*self.alphabet.word_keys(segment(prepared, segmenter())))
        characters = self.characters.entries(*self.alphabet.character_keys(prepared))
        return (self.word_weights, words), (self.character_weights, characters)

    @cached_property
    def _word_list(self) -> list[str]:
        return ["", *self.alphabet.words]

    @cached_property
    def _character_list(self) -> dict[int, str]:
        return {int(number): chr(code) for code, number in enumerate(self.alphabet.characters) if number}

    def _word_name(self, column: int) -> str:
        return " ".join(self._word_list[number] for number in _digits(int(self.words.keys[column]), WORD_BITS))

    def _character_name(self, column: int) -> str:
        numbers = _digits(int(self.characters.keys[column]), CHARACTER_BITS)
        return "".join(self._character_list[number] for number in numbers)


def family_of(channel: Channel) -> int:
    """The row of weights that judges this channel."""
    return next(number for number, channels in enumerate(FAMILIES) if channel in channels)


def _digits(key: int, bits: int) -> list[int]:
    numbers = []
    while key:
        key, number = divmod(key, 1 << bits)
        numbers.append(number)
    return numbers[::-1]


def _pack(model: SentimentModel) -> bytes:
    """Only arrays of numbers: nothing in the file can run. Sorted keys are kept as steps, which compress well."""
    file = io.BytesIO()
    known = np.flatnonzero(model.alphabet.characters)
    codes = known[np.argsort(model.alphabet.characters[known])]
    np.savez_compressed(
        file,
        allow_pickle=False,
        alphabet=codes.astype(np.uint16),
        vocabulary=np.frombuffer("\n".join(model.alphabet.words).encode(), dtype=np.uint8),
        word_steps=np.diff(model.words.keys, prepend=0),
        word_idf=model.words.idf.astype(np.float16),
        word_weights=model.word_weights.astype(np.float16),
        character_steps=np.diff(model.characters.keys, prepend=0),
        character_idf=model.characters.idf.astype(np.float16),
        character_weights=model.character_weights.astype(np.float16),
    )
    return file.getvalue()


def _unpack(about: Mapping[str, Any], packed: bytes) -> SentimentModel:
    with np.load(io.BytesIO(packed), allow_pickle=False) as arrays:
        numbers: dict[str, npt.NDArray[Any]] = {name: arrays[name] for name in arrays.files}
    vocabulary = numbers["vocabulary"].tobytes().decode()
    return SentimentModel(
        name=str(about["name"]),
        alphabet=Alphabet.of([chr(code) for code in numbers["alphabet"]], vocabulary.split("\n") if vocabulary else []),
        words=_block(numbers["word_steps"], numbers["word_idf"]),
        characters=_block(numbers["character_steps"], numbers["character_idf"]),
        word_weights=numbers["word_weights"].astype(np.float64),
        character_weights=numbers["character_weights"].astype(np.float64),
        bias=np.array(about["bias"], dtype=np.float64),
    )


def _block(steps: npt.NDArray[Any], idf: npt.NDArray[Any]) -> Block:
    keys: Keys = np.cumsum(steps, dtype=np.int64)
    return Block(keys=keys, idf=idf.astype(np.float64))
