# SPDX-License-Identifier: Apache-2.0
"""Numbers of a proposal model: widths that every such model keeps, and what its filter can give."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

WINDOW: Final = 8  # pixels of a side of the filter
VALUE_BITS: Final = 4  # of the gradient that the filter sees, the most significant ones

COEFFICIENT_BITS: Final = 8  # signed, as are all below
SCORE_BITS: Final = 18
SLOPE_BITS: Final = 25
OFFSET_BITS: Final = 46
CALIBRATED_BITS: Final = 32
CALIBRATED_SHIFT: Final = 10  # bits of score * slope + offset that are dropped


def filter_weights(basis: NDArray[np.int8], coefficients: tuple[int, int]) -> NDArray[np.int64]:
    """The 8x8 integer weights that both bases (2, 8, 8) of -1 and +1 make together."""
    first, second = (
        number * signs for number, signs in zip(coefficients, basis.astype(np.int64), strict=True)
    )
    weights: NDArray[np.int64] = first + second
    return weights


def score_range(weights: NDArray[np.int64]) -> tuple[int, int]:
    """Least and greatest score that any gradient can give."""
    most = (1 << VALUE_BITS) - 1
    return int(np.minimum(weights, 0).sum()) * most, int(np.maximum(weights, 0).sum()) * most


def fits(number: int, bits: int) -> bool:
    """Whether a number is one of so many bits, signed."""
    return -(1 << (bits - 1)) <= number < 1 << (bits - 1)
