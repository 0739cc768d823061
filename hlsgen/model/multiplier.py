# SPDX-License-Identifier: Apache-2.0
"""Real scales as 32-bit fixed-point multipliers, as TFLite computes them."""

from __future__ import annotations

import math

_SMALLEST_SHIFT = -31


def quantize_multiplier(real: float) -> tuple[int, int]:
    """Return (multiplier, shift) with real ~ multiplier * 2**(shift - 31).

    TFLite's QuantizeMultiplier: the fraction of frexp times 2**31, rounded half away from zero;
    a multiplier that rounds up to 2**31 is halved; below 2**-32 both are zero. `real` >= 0.
    """
    fraction, shift = math.frexp(real)
    multiplier = math.floor(fraction * 2.0**31 + 0.5)  # exact: the product is below 2**53
    if multiplier == 1 << 31:
        multiplier >>= 1
        shift += 1
    if shift < _SMALLEST_SHIFT:
        return 0, 0
    return multiplier, shift
