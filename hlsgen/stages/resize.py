# SPDX-License-Identifier: Apache-2.0
"""Bilinear resize with half-pixel centres, equal to OpenCV's INTER_LINEAR_EXACT of uint8.

A coefficient is a fraction of 256, products are exact and rounded once, half up. Sizes are never
enlarged, so a pair of neighbouring source rows feeds at most one output row of each size.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hlsgen.errors import ParameterError
from hlsgen.stages.gradient import joining_luts, line_bram36

FRACTION_BITS = 8
_ONE = 1 << FRACTION_BITS
_BANKS_N = (
    4  # of pixel columns: three pixels of a beat, and any two neighbours, lie in different ones
)
_PIXEL_BITS = 24
_BRAM18_DEPTH = 512  # of 36 bits
_LATENCY = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class ResizeSpec:
    """Sizes of the row cache and of the interpolation; each field is a parameter of hg_resize."""

    lanes_n: int  # output pixels of a beat
    width_max: int  # pixels of a source row
    height_max: int  # source rows
    cache_rows_n: int = 8  # source rows held on chip
    ports_n: int = 1  # source rows written at a time, of different parity
    column_depth: int = 1024  # beats of the column table: all sizes of a frame

    def __post_init__(self) -> None:
        rules = (
            (1 <= self.lanes_n <= 8, "lanes_n", "in 1..8"),
            (8 <= self.width_max <= 4096, "width_max", "in 8..4096"),
            (8 <= self.height_max <= 4096, "height_max", "in 8..4096"),
            (self.cache_rows_n in (4, 8, 16), "cache_rows_n", "4, 8 or 16"),
            (1 <= self.ports_n <= 2, "ports_n", "1 or 2"),
            (1 <= self.column_depth <= 1 << 14, "column_depth", "in 1..16384"),
        )
        for good, name, rule in rules:
            if not good:
                raise ParameterError(f"Resize {name} must be {rule}, not {getattr(self, name)!r}")

    @property
    def bank_depth(self) -> int:
        """Pixels of a bank: every fourth column of every second cached row."""
        return self.cache_rows_n // 2 * -(-self.width_max // _BANKS_N)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Taps:
    """Output pixel o of an axis lies `weight[o]` / 256 behind source pixel `first[o]`."""

    first: NDArray[np.int64]
    weight: NDArray[np.int64]  # 0..256


@dataclass(frozen=True, slots=True, kw_only=True)
class ResizeCost:
    """What the stage takes of a device."""

    lut: int
    ff: int
    dsp: int
    bram36: float
    latency: int  # cycles from a beat to its result


def taps(source: int, target: int) -> Taps:
    """Taps of an axis of `source` pixels reduced to `target`, from exact rational positions.

    Position of output o: (o + 1/2) * source / target - 1/2. At the last source pixel the pair
    before it is taken with weight 256, so that `first` + 1 always exists.
    """
    if not 2 <= target <= source:
        raise ParameterError(f"Resize target must be in 2..{source} (its source), not {target!r}")
    numerator = (2 * np.arange(target, dtype=np.int64) + 1) * source - target
    first, rest = np.divmod(numerator, 2 * target)
    weight, half = np.divmod(rest * _ONE, 2 * target)
    up = (half > target) | ((half == target) & (weight % 2 == 1))
    weight = weight + up
    last = first > source - 2
    return Taps(first=np.where(last, source - 2, first), weight=np.where(last, _ONE, weight))


def golden(
    spec: ResizeSpec, image: NDArray[np.uint8], columns: Taps, rows: Taps
) -> NDArray[np.uint8]:
    """Resize an image (height, width, channels) to the pixels that the taps name."""
    height, width = image.shape[:2]
    if height > spec.height_max or width > spec.width_max:
        raise ParameterError(
            f"Resize image must be at most {spec.width_max}x{spec.height_max}, not {width}x{height}"
        )
    source = image.astype(np.int32)
    down = rows.weight.astype(np.int32)[:, None, None]
    across = columns.weight.astype(np.int32)[:, None]
    upper, lower = source[rows.first], source[rows.first + 1]
    mixed = (upper << FRACTION_BITS) + down * (lower - upper)
    left, right = mixed[:, columns.first], mixed[:, columns.first + 1]
    exact = (left << FRACTION_BITS) + across * (right - left)
    return ((exact + (1 << (2 * FRACTION_BITS - 1))) >> (2 * FRACTION_BITS)).astype(np.uint8)


def cost(spec: ResizeSpec) -> ResizeCost:
    """Nine multipliers a lane; a copy of the row cache a lane, and the column table."""
    halves = 2 * _BANKS_N * spec.lanes_n * -(-spec.bank_depth // _BRAM18_DEPTH)
    column_bits = spec.lanes_n * (FRACTION_BITS + 1 + (spec.width_max - 1).bit_length())
    table = line_bram36(column_bits, spec.column_depth)
    return ResizeCost(
        lut=400 * spec.lanes_n + 130 + joining_luts(column_bits, spec.column_depth),
        ff=565 * spec.lanes_n + 90,
        dsp=9 * spec.lanes_n,
        bram36=halves / 2 + table,
        latency=_LATENCY,
    )
