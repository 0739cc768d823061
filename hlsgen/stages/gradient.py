# SPDX-License-Identifier: Apache-2.0
"""Gradient of a resized map: differences of neighbours along both axes, added, at most 255.

BGR and grey take the greatest channel of |p[+1] - p[-1]|, doubled where one neighbour is missing
and the pixel itself takes its place. HSV adds its channels, and halves the sum (floor) where both
neighbours are there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hlsgen.errors import ParameterError

_PIXEL_BITS = 24
_ROWS_N = 2  # older rows that are kept
_LATENCY = 9  # of a last beat; another leaves one cycle less after the next one has come


@dataclass(frozen=True, slots=True, kw_only=True)
class GradientSpec:
    """Sizes of the line memory; each field is a parameter of hg_gradient."""

    lanes_n: int  # pixels of a beat
    line_depth: int  # beats of one row of every size together

    def __post_init__(self) -> None:
        if not 1 <= self.lanes_n <= 8:
            raise ParameterError(f"Gradient lanes_n must be in 1..8, not {self.lanes_n!r}")
        if not 1 <= self.line_depth <= 1 << 14:
            raise ParameterError(
                f"Gradient line_depth must be in 1..16384, not {self.line_depth!r}"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class GradientCost:
    """What the stage takes of a device."""

    lut: int
    ff: int
    bram36: float
    latency: int  # cycles from a beat to its result


def golden(spec: GradientSpec, pixels: NDArray[np.uint8], *, summed: bool) -> NDArray[np.uint8]:
    """Magnitudes of (height, width, channels) pixels; `summed` is the rule of HSV."""
    height, width = pixels.shape[:2]
    if height < 2 or -(-width // spec.lanes_n) > spec.line_depth:
        raise ParameterError(
            f"Gradient map must have 2 rows and at most {spec.line_depth} beats, "
            f"not {width}x{height}"
        )
    wide = pixels.astype(np.int16)
    across = _axis(wide, summed=summed)
    down = _axis(wide.swapaxes(0, 1), summed=summed).T
    magnitude: NDArray[np.uint8] = np.minimum(across + down, 255).astype(np.uint8)
    return magnitude


def _axis(pixels: NDArray[np.int16], *, summed: bool) -> NDArray[np.int16]:
    """Differences along the second axis."""
    inner = np.abs(pixels[:, 2:] - pixels[:, :-2])
    edges = np.abs(pixels[:, [1, -1]] - pixels[:, [0, -2]])
    if summed:
        middle = inner.sum(axis=-1, dtype=np.int16) >> 1
        ends = edges.sum(axis=-1, dtype=np.int16)
    else:
        middle = inner.max(axis=-1)
        ends = 2 * edges.max(axis=-1)
    return np.concatenate([ends[:, :1], middle, ends[:, 1:]], axis=1)


def cost(spec: GradientSpec) -> GradientCost:
    """Two rows of pixels of every size, a word of all lanes a beat, read and written once."""
    width = _ROWS_N * _PIXEL_BITS * spec.lanes_n
    return GradientCost(
        lut=328 * spec.lanes_n + 192 + joining_luts(width, spec.line_depth),
        ff=446 * spec.lanes_n + 380,
        bram36=line_bram36(width, spec.line_depth),
        latency=_LATENCY,
    )


def line_bram36(width: int, depth: int) -> float:
    """BRAM36 of a simple dual-port memory: 72 bits by 512, 36 by 1024, 18 by 2048, 9 by 4096.

    Half a one has half the bits of a word; the last words may have a shape of their own.
    """
    return _line_memory(width, depth)[0]


def joining_luts(width: int, depth: int) -> int:
    """LUTs that choose among the block memories of a line memory that stand in a row."""
    return 2 * width * (_line_memory(width, depth)[1] - 1)


def _line_memory(width: int, depth: int) -> tuple[float, int]:
    """BRAM36 of a memory and how many stand in a row, the fewest of both."""
    found = []
    for wide, deep in ((72, 512), (36, 1024), (18, 2048), (9, 4096)):
        one = -(-2 * width // wide) / 2
        whole, rest = divmod(depth, deep)
        rows = whole + (rest > 0)
        found.append((one * rows, rows))
        if whole and rest:
            last, last_rows = _line_memory(width, rest)
            found.append((one * whole + last, whole + last_rows))
    return min(found)
