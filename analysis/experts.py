"""Who speaks about a text, and how loudly: linear judges for different kinds of writing, blended by what the text is.

"跌停" is bad news on a stock forum and nothing on a car forum; no single vector of weights serves both. An expert is a
linear model of one kind of writing. Gates, linear as well, say how much a text is of each kind; a channel only leans
them. The blend is of log odds, so what each token adds stays exact: the sum of the experts' weights, each times its
gate.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import sparse

from analysis.features import Keys, Values
from core.model import Channel

Table = npt.NDArray[np.float32]

#: Channels whose people write alike lean the gates alike; `other` says nothing.
FAMILIES: tuple[frozenset[Channel], ...] = (
    frozenset({"other"}),
    frozenset({"forum", "tieba", "qa"}),
    frozenset({"weibo"}),
    frozenset({"news", "broadcast", "blog"}),
    frozenset({"complaint"}),
)
_FAMILY_OF: Mapping[str, int] = {channel: number for number, family in enumerate(FAMILIES) for channel in family}


def family_of(channel: Channel) -> int:
    """The row of `Experts.lean` for this channel."""
    return _FAMILY_OF[channel]


@dataclass(frozen=True, kw_only=True)
class Experts:
    """Weights of K experts, of their gates, and of a correction that all share."""

    names: tuple[str, ...]
    #: Calibrated: what a cell adds to each expert's log odds. One row a feature, words first; the K experts side by
    #: side, then the K gates, so that a feature is one place in memory.
    table: Table
    #: Of the same columns as `table`.
    bias: Values
    #: What each family of channels adds to each gate.
    lean: Values
    #: What a cell adds to the log odds of every text, whoever judges: what feedback taught.
    shared: Values
    shared_bias: float

    @property
    def count(self) -> int:
        """K."""
        return len(self.names)

    def plus(self, weights: Values, bias: float) -> Experts:
        """With a linear correction added to every expert."""
        return replace(self, shared=self.shared + weights, shared_bias=self.shared_bias + bias)

    def sums(self, cells: sparse.csr_matrix, families: Keys) -> tuple[Values, Values]:
        """Of each text: the gates, which add up to 1, and the log odds by each expert, corrections included."""
        found = (cells.astype(np.float32) @ self.table).astype(np.float64) + self.bias
        gates = softmax(found[:, self.count :] + self.lean[families])
        corrections = cells @ self.shared + self.shared_bias
        return gates, found[:, : self.count] + corrections[:, None]

    def weights(self, columns: Keys, gates: Values) -> Values:
        """What a cell of each of these features adds to the blended log odds under these gates."""
        return np.asarray(self.table[columns, : self.count] @ gates + self.shared[columns])

    def blended_bias(self, gates: Values) -> float:
        """What is left of the blended log odds where no feature is known."""
        return float(self.bias[: self.count] @ gates) + self.shared_bias


def softmax(sums: Values) -> Values:
    """Shares that add up to 1, row by row."""
    raised = np.exp(sums - sums.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))


def families_of(channels: Sequence[Channel]) -> Keys:
    """The family of each channel."""
    return np.array([_FAMILY_OF[channel] for channel in channels], dtype=np.int64)
