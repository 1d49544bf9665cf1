"""The blend of experts, and the file it is kept in."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from analysis.experts import FAMILIES, Experts, families_of, softmax
from analysis.packing import rounded


def experts(*, lean: float = 0.0) -> Experts:
    """Two experts over three features: the first gate opens for feature 0, the second for feature 1."""
    table = np.array([[1, -1, 9, 0], [1, -1, 0, 9], [2, -2, 0, 0]], dtype=np.float32)
    found = np.zeros((len(FAMILIES), 2))
    found[1, 1] = lean
    return Experts(
        names=("one", "two"),
        table=table,
        bias=np.array([0.5, -0.5, 0.0, 0.0]),
        lean=found,
        shared=np.zeros(3),
        shared_bias=0.0,
    )


def test_who_judges_depends_on_the_text() -> None:
    """The same word is bad news among the words of one kind and good news among those of the other."""
    cells = sparse.csr_matrix(np.array([[1.0, 0, 1], [0, 1.0, 1]]))
    gates, sums = experts().sums(cells, families_of(["other", "other"]))
    assert np.allclose(gates.sum(axis=1), 1.0)
    assert min(gates[0, 0], gates[1, 1]) > 0.99
    assert np.allclose(sums, [[3.5, -3.5], [3.5, -3.5]])


def test_a_channel_leans_the_gates_and_other_does_not() -> None:
    cells = sparse.csr_matrix(np.array([[0, 0, 1.0], [0, 0, 1.0]]))
    gates, _ = experts(lean=2.0).sums(cells, families_of(["other", "forum"]))
    assert np.allclose(gates[0], [0.5, 0.5])
    assert gates[1, 1] == pytest.approx(1 / (1 + np.exp(-2.0)))


def test_weights_and_bias_make_the_blend() -> None:
    """What a feature adds under some gates, and what is left without any, is the whole sum."""
    blend = experts().plus(np.array([0.1, 0.2, 0.3]), 0.7)
    row = np.array([[0.5, 0.25, 2.0]])
    gates, sums = blend.sums(sparse.csr_matrix(row), families_of(["weibo"]))
    total = float((gates * sums).sum())
    parts = blend.weights(np.array([0, 1, 2]), gates[0]) @ row[0] + blend.blended_bias(gates[0])
    assert total == pytest.approx(float(parts), abs=1e-5)


def test_shares_add_up_whatever_the_sums() -> None:
    found = softmax(np.array([[1e4, 0.0], [-1e4, -1e4], [0.0, 1.0]]))
    assert np.isfinite(found).all()
    assert np.allclose(found.sum(axis=1), 1.0)


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e3])
def test_rounding_is_fine_for_small_numbers_and_done_once(scale: float) -> None:
    """Within two percent of the largest weight, exact for zero and the largest; what was rounded stays as it is."""
    table = (np.random.default_rng(1).normal(size=(500, 3)) * scale).astype(np.float32)
    table[0] = 0.0
    once = rounded(table)
    assert np.array_equal(rounded(once), once)
    largest = np.abs(table).max(axis=0)
    assert (np.abs(once - table) <= 0.01 * largest).all()
    assert np.allclose(np.abs(once).max(axis=0), largest)
    assert not once[0].any()
    assert rounded(np.zeros((4, 2), dtype=np.float32)).sum() == 0
