# SPDX-License-Identifier: Apache-2.0
"""Pool: maximum over the taps of a window, G channels of P pixels a tile (formats §6).

The maximum starts at 0 and takes only pixels inside the tensor.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hlsgen.errors import ParameterError

LATENCY = 3  # cycles from the last step of a tile to its first entry


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolSpec:
    """Sizes of the pool; each field is a parameter of hg_pool, wide_codes as planes."""

    act_bits: int  # bits of an activation
    pixels_n: int  # pixels of a tile
    drain_n: int  # pixels of an entry
    wide_codes: bool = False  # with act_bits 4: codes of two planes too

    def __post_init__(self) -> None:
        rules = (
            (self.act_bits in (4, 8), "act_bits", "4 or 8"),
            (self.pixels_n in range(2, 17, 2), "pixels_n", "even, in 2..16"),
            (self.drain_n in (1, 2), "drain_n", "1 or 2"),
            (self.act_bits == 4 or not self.wide_codes, "wide_codes", "false where act_bits is 8"),
        )
        for good, name, rule in rules:
            if not good:
                raise ParameterError(f"Pool {name} must be {rule}, not {getattr(self, name)!r}")

    @property
    def group_lanes_n(self) -> int:
        """Channels of a beat, G."""
        return 64 // self.act_bits

    @property
    def pairs_n(self) -> int:
        """Entries of a tile; least distance of the ends of two tiles."""
        return self.pixels_n // self.drain_n


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolCost:
    """Cycles of a tile in a row of tiles; resources."""

    cycles: int
    lut: int
    ff: int
    bram36: int


def golden(spec: PoolSpec, acts: NDArray[np.uint8], mask: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Return entries [tiles, pairs, drain_n, G].

    `acts` is [tiles, taps, P, G] stored codes, both planes together; `mask` [tiles, taps, P].
    """
    tiles, _, pixels, lanes = acts.shape
    if (pixels, lanes) != (spec.pixels_n, spec.group_lanes_n):
        wanted = (spec.pixels_n, spec.group_lanes_n)
        raise ParameterError(f"Pool acts must have {wanted} pixels, lanes, not {(pixels, lanes)}")
    best: NDArray[np.uint8] = np.where(mask[..., None], acts, np.uint8(0)).max(axis=1)
    return best.reshape(tiles, spec.pairs_n, spec.drain_n, lanes)


def cost(spec: PoolSpec, steps: int = 0) -> PoolCost:
    """Cycles of a tile of `steps` steps in a row of tiles, and resources as Yosys counts.

    A tap is a step for each of its planes.
    """
    lanes = spec.group_lanes_n * spec.pixels_n
    code_bits = 8 if spec.wide_codes else spec.act_bits
    lane_lut = 255 if code_bits == 4 else 670  # hundredths: a comparison and a clock enable
    entry = spec.group_lanes_n * code_bits * spec.drain_n
    choice = entry * -(-(spec.pairs_n - 1) // 3)  # a LUT6 is a 4:1 multiplexer
    held = 64 * spec.pixels_n if spec.wide_codes else 0  # high planes
    return PoolCost(
        cycles=max(steps, spec.pairs_n) if steps else 0,
        lut=lane_lut * lanes // 100 + choice + 20,
        ff=2 * lanes * code_bits + held + entry + 10,
        bram36=0,
    )
