"""A sentiment model as arrays for a file, and back: small, plain numbers, and the same for the same model.

The experts' weights are kept in one byte each, on a scale that is finer for small numbers (the byte is a square root);
corrections learnt from feedback are kept exactly.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from analysis.experts import FAMILIES, Experts, Table
from analysis.features import Alphabet, Block, Keys, Values
from analysis.modelfile import Arrays

Bytes = npt.NDArray[np.int8]
_MOST = 127


def pack(alphabet: Alphabet, words: Block, characters: Block, experts: Experts) -> tuple[Arrays, dict[str, Any]]:
    """The arrays, and what the JSON page must say with them."""
    known = np.flatnonzero(alphabet.characters)
    codes = known[np.argsort(alphabet.characters[known])]
    levels, scales = to_levels(experts.table)
    arrays: Arrays = {
        "alphabet": codes.astype(np.uint16),
        "vocabulary": np.frombuffer("\n".join(alphabet.words).encode(), dtype=np.uint8),
        # Sorted keys are kept as steps, which compress well.
        "word_steps": np.diff(words.keys, prepend=0),
        "word_idf": words.idf.astype(np.float16),
        "character_steps": np.diff(characters.keys, prepend=0),
        "character_idf": characters.idf.astype(np.float16),
        # One expert after the other compresses better than one feature after the other.
        "levels": np.ascontiguousarray(levels.T),
        "scales": scales,
        "shared": experts.shared,
    }
    page: dict[str, Any] = {
        "experts": list(experts.names),
        "bias": [float(value) for value in experts.bias],
        "lean": [[float(value) for value in row] for row in experts.lean],
        "shared_bias": float(experts.shared_bias),
    }
    return arrays, page


def unpack(about: Mapping[str, Any], arrays: Arrays) -> tuple[Alphabet, Block, Block, Experts]:
    """What was packed. Raise `KeyError`, `TypeError` or `ValueError` if something is missing or does not fit."""
    vocabulary = arrays["vocabulary"].tobytes().decode()
    alphabet = Alphabet.of([chr(code) for code in arrays["alphabet"]], vocabulary.split("\n") if vocabulary else [])
    words, characters = (_block(arrays[f"{side}_steps"], arrays[f"{side}_idf"]) for side in ("word", "character"))
    experts = Experts(
        names=tuple(map(str, about["experts"])),
        table=of_levels(np.ascontiguousarray(arrays["levels"].T), arrays["scales"]),
        bias=np.array(about["bias"], dtype=np.float64),
        lean=np.array(about["lean"], dtype=np.float64),
        shared=arrays["shared"].astype(np.float64),
        shared_bias=float(about["shared_bias"]),
    )
    features, count = len(words.keys) + len(characters.keys), experts.count
    shapes = (experts.table.shape, experts.bias.shape, experts.lean.shape, experts.shared.shape)
    if not count or shapes != ((features, 2 * count), (2 * count,), (len(FAMILIES), count), (features,)):
        raise ValueError(f"shapes {shapes}")
    return alphabet, words, characters, experts


def to_levels(table: Table) -> tuple[Bytes, npt.NDArray[np.float32]]:
    """One byte a weight, and the largest weight of each column."""
    scales = np.abs(table).max(axis=0, initial=0.0).astype(np.float32)
    shares = np.abs(table) / np.where(scales > 0, scales, np.float32(1.0))
    levels = np.rint(np.sqrt(shares) * _MOST) * np.sign(table)
    return levels.astype(np.int8), scales


def of_levels(levels: Bytes, scales: npt.NDArray[np.float32]) -> Table:
    """The weights of these bytes."""
    shares = levels.astype(np.float32) / np.float32(_MOST)
    return np.asarray(shares * np.abs(shares) * scales, dtype=np.float32)


def rounded(table: Table) -> Table:
    """The weights as a file will hold them, so that a loaded model judges as the trained one does."""
    return of_levels(*to_levels(table))


def _block(steps: npt.NDArray[Any], idf: npt.NDArray[Any]) -> Block:
    keys: Keys = np.cumsum(steps, dtype=np.int64)
    values: Values = idf.astype(np.float64)
    return Block(keys=keys, idf=values)
