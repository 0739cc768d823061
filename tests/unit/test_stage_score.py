# SPDX-License-Identifier: Apache-2.0
"""Score against the published form with bit planes and populations counts."""

from __future__ import annotations

import numpy as np
import pytest

from hlsgen.errors import ParameterError
from hlsgen.stages.score import ScoreSpec, check_filter, cost, golden

pytestmark = pytest.mark.unit
SPEC = ScoreSpec(lanes_n=3, line_depth=763)
BASIS = np.random.default_rng(6).choice(np.array([-1, 1], np.int8), (2, 8, 8))
COEFFICIENTS = (59, 41)


def word(bits: np.ndarray) -> int:
    return int("".join("1" if bit else "0" for bit in bits.ravel()), 2)


def published(window: np.ndarray) -> int:
    """sum_j c_j * sum_k 2^k * (2 popcount(t_j AND g_k) - popcount(g_k)), planes 4 to 7."""
    total = 0
    for signs, coefficient in zip(BASIS, COEFFICIENTS, strict=True):
        template = word(signs > 0)
        for k in range(4):
            plane = word(window.astype(int) >> (4 + k) & 1)
            count = 2 * (template & plane).bit_count() - plane.bit_count()
            total += coefficient * (count << k)
    return total


def test_score_equals_the_published_form() -> None:
    gradient = np.random.default_rng(7).integers(0, 256, (11, 19), np.uint8)
    scores = golden(SPEC, gradient, BASIS, COEFFICIENTS)
    assert scores.shape == (4, 12)
    for y, x in np.ndindex(*scores.shape):
        assert scores[y, x] == published(gradient[y : y + 8, x : x + 8])


def test_score_reaches_the_range_that_is_proven() -> None:
    weights = 59 * BASIS[0].astype(int) + 41 * BASIS[1]
    top = np.where(weights > 0, 255, 0).astype(np.uint8)
    most = int(golden(SPEC, top, BASIS, COEFFICIENTS)[0, 0])
    narrow = ScoreSpec(lanes_n=1, line_depth=10, score_w=most.bit_length())
    with pytest.raises(ParameterError, match=rf"^Score range must fit .* bits .*\.\.{most}$"):
        check_filter(narrow, BASIS, COEFFICIENTS)
    check_filter(
        ScoreSpec(lanes_n=1, line_depth=10, score_w=most.bit_length() + 1), BASIS, COEFFICIENTS
    )


def test_score_refuses_wide_coefficients() -> None:
    with pytest.raises(ParameterError, match=r"^Score coefficients must fit 8 bits .*\(128, 1\)$"):
        check_filter(SPEC, BASIS, (128, 1))
    with pytest.raises(ParameterError, match=r"^Score score_w must be in 12\.\.32, not 8$"):
        ScoreSpec(lanes_n=1, line_depth=1, score_w=8)


def test_score_cost_is_seven_rows_of_four_bits() -> None:
    assert cost(SPEC).bram36 == 2.5  # 84 bits by 763
    assert cost(SPEC).dsp == 6
