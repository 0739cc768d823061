# SPDX-License-Identifier: Apache-2.0
"""Pool: maximum over the taps of a window, G channels of P pixels a tile (formats §6).

The maximum starts at 0 and takes only pixels inside the tensor. A pass holds N channels; a tile
takes G/N passes, whose lanes are joined to beats.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hlsgen.errors import ParameterError

LATENCY = 3  # cycles from the last step of a tile to its first entry


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolSpec:
    """Sizes of the pool; each field is a parameter of hg_pool."""

    act_bits: int  # bits of an activation
    lanes_n: int  # channels of a step
    pixels_n: int  # pixels of a tile
    drain_n: int  # pixels of an entry

    def __post_init__(self) -> None:
        group = 64 // self.act_bits if self.act_bits in (4, 8) else 0
        rules = (
            (self.act_bits in (4, 8), "act_bits", "4 or 8"),
            (group and self.lanes_n > 0 and group % self.lanes_n == 0, "lanes_n", "a divisor of G"),
            (self.pixels_n in range(2, 17, 2), "pixels_n", "even, in 2..16"),
            (self.drain_n in (1, 2), "drain_n", "1 or 2"),
        )
        for good, name, rule in rules:
            if not good:
                raise ParameterError(f"Pool {name} must be {rule}, not {getattr(self, name)!r}")

    @property
    def subs_n(self) -> int:
        """Passes of a tile, G/N."""
        return 64 // (self.act_bits * self.lanes_n)

    @property
    def pairs_n(self) -> int:
        """Entries of a tile; least distance of the ends of two passes."""
        return self.pixels_n // self.drain_n


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolCost:
    """Cycles of a tile (steps and spacing of its passes); resources."""

    cycles: int
    lut: int
    ff: int
    bram36: int


def golden(spec: PoolSpec, acts: NDArray[np.uint8], mask: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Return entries [tiles, pairs, drain_n, G].

    `acts` is [tiles, passes, taps, P, N] stored codes, `mask` [tiles, passes, taps, P].
    """
    tiles, passes, _, pixels, lanes = acts.shape
    if (passes, pixels, lanes) != (spec.subs_n, spec.pixels_n, spec.lanes_n):
        wanted = (spec.subs_n, spec.pixels_n, spec.lanes_n)
        raise ParameterError(
            f"Pool acts must have {wanted} passes, pixels, lanes, not {(passes, pixels, lanes)}"
        )
    best: NDArray[np.uint8] = np.where(mask[..., None], acts, np.uint8(0)).max(axis=2)
    # [tiles, passes, P, N] to the lanes of a beat
    beats = best.transpose(0, 2, 1, 3).reshape(tiles, pixels, passes * lanes)
    return beats.reshape(tiles, spec.pairs_n, spec.drain_n, passes * lanes)


def cost(spec: PoolSpec, taps: int = 0) -> PoolCost:
    """Cycles of a tile of `taps` taps in a row of tiles, and resources (fitted to Yosys)."""
    slice_w = spec.act_bits * spec.lanes_n
    tile = slice_w * spec.pixels_n
    return PoolCost(
        cycles=spec.subs_n * max(taps, spec.pairs_n) if taps else 0,
        lut=tile * 11 // 4 + (spec.subs_n - 1) * spec.drain_n * slice_w // 2 + 30,
        ff=2 * tile + 64 * spec.drain_n + 10,
        bram36=0,
    )
