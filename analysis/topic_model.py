"""The trained half of the categories: one linear head a category over runs of one to three ideographs.

The heads see ideographs only, so a place in the text is a place in the features and every judgement can show the very
characters that made it. They have features of their own instead of the sentiment model's, whose columns change with
every training of it; no segmentation is needed. A long text is judged piece by piece and the strongest piece counts:
one clear sentence in a long story must not be diluted by the rest.

A head's sum and the lexicon's score are blended into one probability: the lexicon is exact about the words it has, the
head knows the words it lacks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

from analysis.features import CHARACTER_BITS, LONGEST_RUN, Alphabet, Block, Keys, Values
from analysis.modelfile import read_model, write_model
from core.errors import ModelError

BUNDLED = Path(__file__).parent / "models" / "categories"
Span = tuple[int, int]
#: Steps of the lexicon's score that the blend tells apart: any word, enough words, strong words.
LEXICON_STEPS = (1, 2, 3)
#: Texts up to this long are judged whole; longer ones by pieces of whole sentences about this long.
_PIECE = 120
_SENTENCE = re.compile(r"[^。！!？?；;\n…]*[。！!？?；;\n…]*")
_FIRST, _LAST = 0x4E00, 0x9FFF


@dataclass(frozen=True, slots=True, kw_only=True)
class Blend:
    """How one category's probability follows from the lexicon's score and the head's sum, and from where it counts."""

    bias: float
    #: What reaching each of `LEXICON_STEPS` adds to the log odds.
    steps: tuple[float, ...]
    #: What one unit of the head's sum adds.
    slope: float
    #: The least probability where words of the lexicon speak for the category too.
    threshold: float
    #: The least probability where the head speaks alone.
    alone: float
    #: The least sum with which the head would be most often right if there were no lexicon; measured, never used.
    cut: float

    def probabilities(self, scores: Keys, sums: Values) -> Values:
        """The calibrated probabilities of texts with these scores of the lexicon and sums of the head."""
        total = self.bias + self.slope * sums
        for step, bar in zip(self.steps, LEXICON_STEPS, strict=True):
            total = total + step * (scores >= bar)
        return np.asarray(1.0 / (1.0 + np.exp(-total)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """The word that speaks most for a category, with what it adds to the head's sum (exact: the head is linear)."""

    word: str
    span: tuple[int, int]
    logit: float


@dataclass(frozen=True, kw_only=True)
class TopicModel:
    """Trained heads, ready to judge."""

    name: str
    alphabet: Alphabet
    block: Block
    #: The categories it knows, one row of weights each.
    heads: tuple[str, ...]
    weights: Values
    bias: Values
    blends: Mapping[str, Blend]

    @classmethod
    def load(cls, folder: Path | None = None) -> TopicModel:
        """Read a model from its folder; `None` means the one that ships with the product.

        Raise `ModelError` if files are missing, damaged, or of another format.
        """
        about, arrays = read_model(folder or BUNDLED)
        try:
            heads = tuple(str(name) for name in about["heads"])
            blends = {name: _blend(about["blends"][name]) for name in heads}
            keys: Keys = np.cumsum(arrays["steps"], dtype=np.int64)
            model = cls(
                name=str(about["name"]),
                alphabet=Alphabet.of([chr(code) for code in arrays["alphabet"]], []),
                block=Block(keys=keys, idf=arrays["idf"].astype(np.float64)),
                heads=heads,
                weights=arrays["weights"].astype(np.float64),
                bias=np.array(about["bias"], dtype=np.float64),
                blends=blends,
            )
        except (KeyError, TypeError, ValueError) as bad:
            raise ModelError(f"类别模型内容不完整：{folder or BUNDLED}（{bad}）") from None
        if model.weights.shape != (len(heads), len(keys)) or model.bias.shape != (len(heads),):
            raise ModelError(f"类别模型内容不完整：{folder or BUNDLED}（权重与类别数不符）")
        return model

    def save(self, folder: Path, about: Mapping[str, Any]) -> None:
        """Write the model into a folder; `about` is added to its JSON page. The same model gives the same bytes."""
        known = np.flatnonzero(self.alphabet.characters)
        codes = known[np.argsort(self.alphabet.characters[known])]
        page = {
            **about,
            "name": self.name,
            "heads": list(self.heads),
            "bias": [round(float(value), 6) for value in self.bias],
            "blends": {name: _blend_row(blend) for name, blend in self.blends.items()},
        }
        arrays = {
            "alphabet": codes.astype(np.uint16),
            "steps": np.diff(self.block.keys, prepend=0),
            "idf": self.block.idf.astype(np.float16),
            "weights": self.weights.astype(np.float16),
        }
        write_model(folder, page, arrays)

    def sums(self, texts: Sequence[str]) -> Values:
        """The heads' sums (log odds before blending) of folded texts, one row a text, one column a head."""
        pieces: list[str] = []
        starts: list[int] = []
        for text in texts:
            starts.append(len(pieces))
            pieces += [text] if len(text) <= _PIECE else [text[start:end] for start, end in _pieces(text)]
        if not pieces:
            return np.zeros((0, len(self.heads)))
        found = np.asarray(self._cells(pieces) @ self.weights.T) + self.bias
        return found if len(pieces) == len(texts) else np.maximum.reduceat(found, starts, axis=0)

    def cells(self, texts: Sequence[str]) -> sparse.csr_matrix:
        """What the heads see of texts, judged whole: one row a text. For training."""
        return self._cells(texts)

    def evidence(self, text: str, head: str) -> list[Evidence]:
        """The runs of two or three ideographs that speak for a category, strongest first, none overlapping another.

        Of a long text the piece that decided. What a run adds includes the shorter runs within it.
        """
        found = [
            Evidence(word=text[at : at + width], span=(at, at + width), logit=logit)
            for width, start, logits in self._runs(text, self.heads.index(head))
            for at, logit in enumerate(logits.tolist(), start)
            if logit > 0
        ]
        found.sort(key=lambda one: (-one.logit, one.span))
        kept: list[Evidence] = []
        for one in found:
            if all(one.span[1] <= other.span[0] or other.span[1] <= one.span[0] for other in kept):
                kept.append(one)
        return kept

    def strongest_of(self, asked: Sequence[tuple[str, str]]) -> list[Evidence | None]:
        """The first of `evidence` of many texts, each with a head, in one pass."""
        heads = np.array([self.heads.index(head) for _, head in asked], dtype=np.int64)
        places = [self._deciding(text, head) for (text, _), head in zip(asked, heads.tolist(), strict=True)]
        texts = [text[start:end] for (text, _), (start, end) in zip(asked, places, strict=True)]
        if not any(texts):
            return [None] * len(asked)
        entries = self.block.entries(*self.alphabet.character_keys(texts, marks=False))
        count = len(self.block.keys)
        # One more cell that no run can have, so that every look-up ends on a cell.
        cells = np.append(entries.rows * count + entries.columns, np.iinfo(np.int64).max)
        pushes = np.append(entries.values * self.weights[heads[entries.rows], entries.columns], 0.0)
        ids = self.alphabet.numbers("\0".join(texts))
        rows = np.repeat(np.arange(len(texts)), [len(text) + 1 for text in texts])[: len(ids)]
        keys, alive = ids, ids > 0
        adds: list[Values] = []
        totals: list[Values] = []
        for width in range(1, LONGEST_RUN + 1):
            if width > 1:
                keys, alive = keys[:-1] << CHARACTER_BITS | ids[width - 1 :], alive[:-1] & (ids[width - 1 :] > 0)
            columns = np.minimum(np.searchsorted(self.block.keys, keys), count - 1)
            wanted = rows[: len(keys)] * count + columns
            cell = np.searchsorted(cells, wanted)
            is_known = alive & (self.block.keys[columns] == keys) & (cells[cell] == wanted)
            adds.append(np.where(is_known, pushes[cell], 0.0))
            total = np.zeros(len(keys))
            for wide, add in enumerate(adds):
                for shift in range(width - wide):
                    total += add[shift : shift + len(keys)]
            totals.append(np.where(alive, total, 0.0))
        found, begin = [], 0
        for text, (start, _) in zip(texts, places, strict=True):
            found.append(_best(text, start, [total[begin : begin + len(text)] for total in totals]))
            begin += len(text) + 1
        return found

    def _cells(self, texts: Sequence[str]) -> sparse.csr_matrix:
        entries = self.block.entries(*self.alphabet.character_keys(texts, marks=False))
        ends = np.searchsorted(entries.rows, np.arange(len(texts) + 1))
        shape = (len(texts), len(self.block.keys))
        return sparse.csr_matrix((entries.values, entries.columns, ends), shape=shape)

    def _deciding(self, text: str, head: int) -> Span:
        """The piece of a text that decides for a head; a short text is one."""
        if len(text) <= _PIECE:
            return 0, len(text)
        pieces = _pieces(text)
        return pieces[int(np.argmax(self.sums([text[left:right] for left, right in pieces])[:, head]))]

    def _runs(self, text: str, head: int) -> Iterator[tuple[int, int, Values]]:
        """What each run of two, then of three characters adds to a head's sum, shorter runs within it included.

        For each length: the length, where the first run begins, and one value a run, 0 for what is no run. Of a long
        text the piece that decided.
        """
        start, end = self._deciding(text, head)
        entries = self.block.entries(*self.alphabet.character_keys([text[start:end]], marks=False))
        if not len(entries.rows):
            return
        known, pushes = self.block.keys[entries.columns], entries.values * self.weights[head, entries.columns]
        ids = self.alphabet.numbers(text[start:end])
        keys, alive = ids, ids > 0
        adds: list[Values] = []
        for width in range(1, LONGEST_RUN + 1):
            if width > 1:
                keys, alive = keys[:-1] << CHARACTER_BITS | ids[width - 1 :], alive[:-1] & (ids[width - 1 :] > 0)
            at = np.minimum(np.searchsorted(known, keys), len(known) - 1)
            adds.append(np.where(alive & (known[at] == keys), pushes[at], 0.0))
            if width > 1:
                total = np.zeros(len(keys))
                for wide, add in enumerate(adds):
                    for shift in range(width - wide):
                        total += add[shift : shift + len(keys)]
                yield width, start, np.where(alive, total, 0.0)


def _best(text: str, start: int, totals: Sequence[Values]) -> Evidence | None:
    """The run of two or three characters with the most, the first of equals; `totals` holds one array a length."""
    runs = [(width, int(np.argmax(total)), total) for width, total in enumerate(totals, 1) if width > 1 and len(total)]
    best = max(((float(total[at]), -at, width) for width, at, total in runs), default=(0.0, 0, 0))
    logit, at, width = best[0], -best[1], best[2]
    if logit <= 0:
        return None
    return Evidence(word=text[at : at + width], span=(start + at, start + at + width), logit=logit)


def is_ideograph(character: str) -> bool:
    """Whether a character may be part of a feature."""
    return _FIRST <= ord(character) <= _LAST


@cache
def bundled_topic_model() -> TopicModel:
    """The heads that ship with the product, read once."""
    return TopicModel.load()


def _pieces(text: str) -> list[tuple[int, int]]:
    """Whole sentences in a row, each piece as long as it may be; a longer sentence is cut."""
    pieces: list[tuple[int, int]] = []
    begin = 0
    for found in _SENTENCE.finditer(text):
        while found.end() - begin > _PIECE:
            cut = found.start() if found.start() > begin else begin + _PIECE
            pieces.append((begin, cut))
            begin = cut
    if begin < len(text) or not pieces:
        pieces.append((begin, len(text)))
    return pieces


def _blend(row: Mapping[str, Any]) -> Blend:
    steps = tuple(float(value) for value in row["steps"])
    if len(steps) != len(LEXICON_STEPS):
        raise ValueError("steps")
    return Blend(
        bias=float(row["bias"]),
        steps=steps,
        slope=float(row["slope"]),
        threshold=float(row["threshold"]),
        alone=float(row["alone"]),
        cut=float(row["cut"]),
    )


def _blend_row(blend: Blend) -> dict[str, Any]:
    return {
        "bias": blend.bias,
        "steps": list(blend.steps),
        "slope": blend.slope,
        "threshold": blend.threshold,
        "alone": blend.alone,
        "cut": blend.cut,
    }
