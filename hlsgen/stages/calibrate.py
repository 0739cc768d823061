# SPDX-License-Identifier: Apache-2.0
"""Calibration of scores: one slope and one offset a size, in fixed point.

value = (score * slope + offset) >> shift, rounded to minus infinity; the importer adds half of
the last place to the offset, so that the value is rounded to nearest.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hlsgen.errors import ParameterError
from hlsgen.model.filters import (
    CALIBRATED_BITS,
    CALIBRATED_SHIFT,
    OFFSET_BITS,
    SCORE_BITS,
    SLOPE_BITS,
    fits,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrateSpec:
    """Widths of the stage; each field is a parameter of hg_calibrate."""

    score_w: int = SCORE_BITS  # bits of a score, signed
    slope_w: int = SLOPE_BITS  # bits of a slope, signed
    offset_w: int = OFFSET_BITS  # bits of an offset, signed
    value_w: int = CALIBRATED_BITS  # bits of the result, signed
    shift: int = CALIBRATED_SHIFT

    def __post_init__(self) -> None:
        rules = (
            (2 <= self.score_w <= 32, "score_w", "in 2..32"),
            (2 <= self.slope_w <= 31, "slope_w", "in 2..31"),
            (2 <= self.offset_w <= 62, "offset_w", "in 2..62"),
            (2 <= self.value_w <= 48, "value_w", "in 2..48"),
            (0 <= self.shift <= 31, "shift", "in 0..31"),
        )
        for good, name, rule in rules:
            if not good:
                raise ParameterError(
                    f"Calibrate {name} must be {rule}, not {getattr(self, name)!r}"
                )


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrateCost:
    """What the stage takes of a device."""

    lut: int
    ff: int
    dsp: int
    latency: int


def golden(
    spec: CalibrateSpec, scores: NDArray[np.int64], slope: int, offset: int
) -> NDArray[np.int64]:
    """Calibrated values of the scores of one size."""
    return (scores * slope + offset) >> spec.shift


def check_line(
    spec: CalibrateSpec, slope: int, offset: int, low: int, high: int, where: str
) -> None:
    """Refuse a slope and offset that exceed the widths for some score in low..high."""
    for name, number, width in (
        ("slope", slope, spec.slope_w),
        ("offset", offset, spec.offset_w),
        ("score", low, spec.score_w),
        ("score", high, spec.score_w),
        ("value", (low * slope + offset) >> spec.shift, spec.value_w),
        ("value", (high * slope + offset) >> spec.shift, spec.value_w),
    ):
        if not fits(number, width):
            raise ParameterError(
                f"Calibrate {name} must fit {width} bits, not be {number} ({where})"
            )


def cost(spec: CalibrateSpec) -> CalibrateCost:
    """One multiplier of 25x18 bits for every 24x17 of the operands' magnitudes."""
    dsp = -(-(spec.slope_w - 1) // 24) * -(-(spec.score_w - 1) // 17)
    return CalibrateCost(lut=117, ff=70, dsp=dsp, latency=3)
