# SPDX-License-Identifier: Apache-2.0
"""Requantisation against a literal transcription of the TFLite reference kernels."""

from __future__ import annotations

import numpy as np
import pytest

from hlsgen.errors import ModelError
from hlsgen.model.graph import Raw, Thresholds, TwoStep
from hlsgen.model.requant import UNREACHABLE, apply, step_levels

pytestmark = pytest.mark.unit


def truncate(a: int, b: int) -> int:
    """Division as in C++."""
    return abs(a) // b * (1 if a >= 0 else -1)


def reference(x: int, multiplier: int, shift: int) -> int:
    """MultiplyByQuantizedMultiplier, gemmlowp spelt out."""
    a = x * (1 << max(shift, 0))
    ab = a * multiplier
    nudge = (1 << 30) if ab >= 0 else 1 - (1 << 30)
    high = truncate(ab + nudge, 1 << 31)
    right = max(-shift, 0)
    mask = (1 << right) - 1
    remainder = high & mask
    threshold = (mask >> 1) + (1 if high < 0 else 0)
    return (high >> right) + (1 if remainder > threshold else 0)


def two_step(rng: np.random.Generator, rows: int) -> TwoStep:
    shift = rng.integers(-12, 3, rows)
    return TwoStep(multiplier=rng.integers(1 << 30, 1 << 31, rows), shift=shift, lo=-128, hi=127)


def test_requant_two_step_matches_reference_arithmetic() -> None:
    rng = np.random.default_rng(1)
    requant = two_step(rng, 64)
    spread = 300 * 2.0 ** np.maximum(-requant.shift, 0)
    acc = (rng.uniform(-1, 1, (500, 64)) * spread).astype(np.int64)
    got = apply(requant, acc, 5)
    for sample in range(500):
        for row in range(64):
            raw = reference(
                int(acc[sample, row]), int(requant.multiplier[row]), int(requant.shift[row])
            )
            assert got[sample, row] == min(127, max(-128, raw + 5))


@pytest.mark.parametrize("shift", [-4, -1, 0, 2])
def test_requant_two_step_rounds_ties_away_from_zero(shift: int) -> None:
    requant = TwoStep(multiplier=np.array([1 << 30]), shift=np.array([shift]), lo=-2000, hi=2000)
    acc = np.arange(-300, 301)
    want = [reference(int(x), 1 << 30, shift) for x in acc]
    assert apply(requant, acc[:, None], 0)[:, 0].tolist() == want


def test_requant_thresholds_count_levels_passed() -> None:
    requant = Thresholds(levels=np.array([[-5, 0, 0, 7], [1, 2, 3, UNREACHABLE]]), first=-2)
    acc = np.array([[-6, 0], [-5, 1], [0, 3], [7, 10**9]])
    assert apply(requant, acc, 0).tolist() == [[-2, -2], [-1, -1], [1, 1], [2, 1]]


def test_requant_axis_holds_the_rows() -> None:
    requant = Thresholds(levels=np.array([[0], [10]]), first=-1, step=2)
    acc = np.arange(24).reshape(2, 2, 3, 2)
    got = apply(requant, acc, 0, axis=1)
    assert got.shape == acc.shape
    assert (got[:, 0] == 1).all()
    assert ((got[:, 1] == 1) == (acc[:, 1] >= 10)).all()


@pytest.mark.parametrize("seed", range(4))
def test_requant_step_levels_are_the_exact_steps_of_apply(seed: int) -> None:
    rng = np.random.default_rng(seed)
    requant = two_step(rng, 8)
    for row in range(8):
        steps = step_levels(requant, row, 11, -128, 127)
        one = TwoStep(
            multiplier=requant.multiplier[row : row + 1],
            shift=requant.shift[row : row + 1],
            lo=-128,
            hi=127,
        )
        at = apply(one, steps[:, None], 11)[:, 0]
        below = apply(one, steps[:, None] - 1, 11)[:, 0]
        codes = np.arange(-127, 128)
        assert (at >= codes).all()
        assert (below < codes).all()


def test_requant_step_levels_respect_clamp_and_zero_multiplier() -> None:
    requant = TwoStep(multiplier=np.array([1 << 30, 0]), shift=np.array([0, 0]), lo=0, hi=2)
    assert step_levels(requant, 0, 0, -1, 3).tolist() == [-UNREACHABLE, 1, 3, UNREACHABLE]
    assert step_levels(requant, 1, 1, 0, 2).tolist() == [-UNREACHABLE, UNREACHABLE]


def test_requant_step_levels_are_exact_for_large_right_shifts() -> None:
    requant = TwoStep(multiplier=np.array([(1 << 31) - 1]), shift=np.array([-24]), lo=-128, hi=127)
    steps = step_levels(requant, 0, 0, -128, 127)
    reachable = np.abs(steps) < 1 << 31
    codes = np.arange(-127, 128)
    assert reachable.sum() > 200
    got = [reference(int(s), (1 << 31) - 1, -24) for s in steps[reachable]]
    less = [reference(int(s) - 1, (1 << 31) - 1, -24) for s in steps[reachable]]
    assert got == codes[reachable].tolist()
    assert less == (codes[reachable] - 1).tolist()


def test_requant_step_levels_of_thresholds_are_the_levels() -> None:
    requant = Thresholds(levels=np.array([[-3, 4]]), first=1)
    assert step_levels(requant, 0, 0, 0, 4).tolist() == [-UNREACHABLE, -3, 4, UNREACHABLE]
    bipolar = Thresholds(levels=np.array([[6]]), first=-1, step=2)
    assert step_levels(bipolar, 0, 0, -1, 1).tolist() == [6, 6]


def test_requant_raw_refuses_what_does_not_fit() -> None:
    with pytest.raises(
        ModelError,
        match=r"^Raw accumulators must fit 32 bits, not 2147483648; lower the input or w",
    ):
        apply(Raw(), np.array([[0, 1 << 31]]), 0)


def test_requant_raw_has_no_step_levels() -> None:
    with pytest.raises(ModelError, match=r"^A raw output has no step levels; requantise it with "):
        step_levels(Raw(), 0, 0, 0, 1)
