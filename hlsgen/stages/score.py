# SPDX-License-Identifier: Apache-2.0
"""Score of every 8x8 window: a filter of two binary bases over the top four bits of the gradient.

score = c0 * A0 + c1 * A1, where Aj adds the 64 values with the signs of basis j; integers, exact.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hlsgen.errors import ParameterError
from hlsgen.model.filters import (
    COEFFICIENT_BITS,
    SCORE_BITS,
    VALUE_BITS,
    WINDOW,
    filter_weights,
    fits,
    score_range,
)
from hlsgen.stages.gradient import joining_luts, line_bram36

_DROPPED = 8 - VALUE_BITS
_LATENCY = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreSpec:
    """Sizes of the stage; each field is a parameter of hg_score."""

    lanes_n: int  # windows of a beat
    line_depth: int  # beats of one row of every size together
    coeff_w: int = COEFFICIENT_BITS  # bits of a coefficient, signed
    score_w: int = SCORE_BITS  # bits of a score, signed

    def __post_init__(self) -> None:
        rules = (
            (1 <= self.lanes_n <= 8, "lanes_n", "in 1..8"),
            (1 <= self.line_depth <= 1 << 14, "line_depth", "in 1..16384"),
            (2 <= self.coeff_w <= 17, "coeff_w", "in 2..17"),
            (12 <= self.score_w <= 32, "score_w", "in 12..32"),
        )
        for good, name, rule in rules:
            if not good:
                raise ParameterError(f"Score {name} must be {rule}, not {getattr(self, name)!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreCost:
    """What the stage takes of a device."""

    lut: int
    ff: int
    dsp: int
    bram36: float
    latency: int  # cycles from a beat to its result


def golden(
    spec: ScoreSpec,
    gradient: NDArray[np.uint8],
    basis: NDArray[np.int8],
    coefficients: tuple[int, int],
) -> NDArray[np.int32]:
    """Scores of all windows of a map; [y, x] is the window whose upper left pixel is there."""
    check_filter(spec, basis, coefficients)
    combined = filter_weights(basis, coefficients)
    values = (gradient >> _DROPPED).astype(np.int32)
    height, width = (size - WINDOW + 1 for size in values.shape)
    total = np.zeros((height, width), np.int32)
    for y in range(WINDOW):
        for x in range(WINDOW):
            total += int(combined[y, x]) * values[y : y + height, x : x + width]
    return total


def check_filter(spec: ScoreSpec, basis: NDArray[np.int8], coefficients: tuple[int, int]) -> None:
    """Refuse a filter whose coefficients or scores exceed the widths of the stage."""
    if not all(fits(number, spec.coeff_w) for number in coefficients):
        raise ParameterError(
            f"Score coefficients must fit {spec.coeff_w} bits (coeff_w), not {coefficients!r}"
        )
    low, high = score_range(filter_weights(basis, coefficients))
    if not (fits(low, spec.score_w) and fits(high, spec.score_w)):
        raise ParameterError(
            f"Score range must fit {spec.score_w} bits (score_w), not {low}..{high}"
        )


def cost(spec: ScoreSpec) -> ScoreCost:
    """Two multipliers a lane; seven older rows of the top bits of every size."""
    width = (WINDOW - 1) * VALUE_BITS * spec.lanes_n
    return ScoreCost(
        lut=858 * spec.lanes_n + 252 + joining_luts(width, spec.line_depth),
        ff=393 * spec.lanes_n + 444,
        dsp=2 * spec.lanes_n,
        bram36=line_bram36(width, spec.line_depth),
        latency=_LATENCY,
    )
