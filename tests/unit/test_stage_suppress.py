# SPDX-License-Identifier: Apache-2.0
"""Suppression against the greedy loop, and the streamed form point by point."""

from __future__ import annotations

import numpy as np
import pytest

from hlsgen.errors import ParameterError
from hlsgen.stages.suppress import SuppressSpec, cost, exact, golden

pytestmark = pytest.mark.unit


def spec(attempts_n: int, spacing_n: int = 1) -> SuppressSpec:
    return SuppressSpec(lanes_n=3, line_depth=763, attempts_n=attempts_n, spacing_n=spacing_n)


def smooth(seed: int, shape: tuple[int, int], *, levels: int) -> np.ndarray:
    """Scores with long slopes, as real ones have, and many ties."""
    noise = np.random.default_rng(seed).standard_normal((shape[0] + 8, shape[1] + 8))
    total = np.zeros(shape)
    for y in range(8):
        for x in range(8):
            total += noise[y : y + shape[0], x : x + shape[1]]
    return np.round(total * levels).astype(np.int32)


def greedy(scores: np.ndarray) -> np.ndarray:
    """Points in order; a point is kept unless one before it was within two pixels."""
    height, width = scores.shape
    order = sorted(np.ndindex(height, width), key=lambda p: (-scores[p], p))
    kept: list[tuple[int, int]] = []
    for y, x in order:
        if all(abs(y - v) > 2 or abs(x - u) > 2 for v, u in kept):
            kept.append((y, x))
    mask = np.zeros(scores.shape, bool)
    mask[tuple(np.array(kept).T)] = True
    return mask


def streamed(scores: np.ndarray, offsets: tuple[int, ...]) -> np.ndarray:
    """The streamed form in dictionaries: no array operation in common with the stage."""
    height, width = scores.shape
    order = sorted(np.ndindex(height, width), key=lambda p: (-scores[p], p))
    rank = {point: number for number, point in enumerate(order)}
    undecided = set(rank)
    kept: set[tuple[int, int]] = set()
    for newest in range(height + offsets[-1]):
        new = [
            (newest - offset, x)
            for offset in offsets
            for x in range(width)
            if (newest - offset, x) in undecided
            and all(
                rank[point] >= rank[newest - offset, x]
                for point in around((newest - offset, x))
                if point in undecided
            )
        ]
        kept |= {*new}
        for point in new:
            undecided -= around(point)
    mask = np.zeros(scores.shape, bool)
    for point in kept:
        mask[point] = True
    return mask


def around(point: tuple[int, int]) -> set[tuple[int, int]]:
    return {(point[0] + dy, point[1] + dx) for dy in range(-2, 3) for dx in range(-2, 3)}


@pytest.mark.parametrize("levels", [1, 1000], ids=["ties", "few-ties"])
@pytest.mark.parametrize("shape", [(1, 1), (1, 30), (23, 1), (24, 31)])
def test_suppress_exact_is_greedy(shape: tuple[int, int], levels: int) -> None:
    scores = smooth(1, shape, levels=levels)
    assert np.array_equal(exact(scores), greedy(scores))


@pytest.mark.parametrize(("attempts", "spacing"), [(1, 1), (3, 1), (6, 1), (4, 2)])
def test_suppress_streams_as_described(attempts: int, spacing: int) -> None:
    chosen = spec(attempts, spacing)
    maps = [smooth(2, (19, 17), levels=3), smooth(3, (2, 9), levels=1), smooth(4, (8, 1), levels=1)]
    for scores, kept in zip(maps, golden(chosen, maps), strict=True):
        assert np.array_equal(kept, streamed(scores, chosen.offsets))


def test_suppress_decides_only_what_greedy_decides() -> None:
    scores = smooth(5, (60, 70), levels=100)
    wanted = exact(scores)
    counts = []
    for attempts in (1, 2, 4, 8, 16):
        (kept,) = golden(spec(attempts, 2), [scores])
        assert not (kept & ~wanted).any()
        counts.append(int(kept.sum()))
    assert counts == sorted(counts)
    assert counts[0] < counts[-1] <= wanted.sum()


def test_suppress_lag_is_that_of_the_last_attempt() -> None:
    assert spec(6).offsets == (2, 3, 4, 5, 6, 7)
    assert spec(4, 2).lag_rows == 8
    assert cost(spec(4, 2)).bram36 == 17  # 10 rows of 3 x 20 bits by 763


@pytest.mark.parametrize(
    ("field", "value", "rule"), [("attempts_n", 0, "in 1..16"), ("spacing_n", 3, "1 or 2")]
)
def test_suppress_rejects(field: str, value: int, rule: str) -> None:
    fields = {"lanes_n": 1, "line_depth": 9, field: value}
    with pytest.raises(ParameterError, match=rf"^Suppress {field} must be {rule}, not {value}$"):
        SuppressSpec(**fields)
