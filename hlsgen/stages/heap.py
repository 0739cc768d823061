# SPDX-License-Identifier: Apache-2.0
"""Bank of bounded heaps: each keeps the greatest `entries_n` keys that came, and gives them back
in ascending order.

The engine has two: the limit (a heap a size, keys are scores) and the top k (one heap, keys are
calibrated scores). Keys of one heap differ, because the place of a point is in their low bits.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hlsgen.errors import ParameterError
from hlsgen.stages.gradient import line_bram36

_CODE_BITS = 1  # of an entry, besides the key: empty, held, given back
_LUTRAM_DEPTH = 64  # words up to which a level is no block RAM


@dataclass(frozen=True, slots=True, kw_only=True)
class HeapSpec:
    """Sizes of a bank; each field is a parameter of hg_heap."""

    heaps_n: int
    entries_n: int  # of a heap
    key_w: int  # bits of a key, signed
    banks_n: int = 1  # 2: one bank is filled while the other is given back

    def __post_init__(self) -> None:
        rules = (
            (1 <= self.heaps_n <= 64, "heaps_n", "in 1..64"),
            (1 <= self.entries_n <= 4096, "entries_n", "in 1..4096"),
            (2 <= self.key_w <= 63, "key_w", "in 2..63"),
            (self.banks_n in (1, 2), "banks_n", "1 or 2"),
        )
        for good, name, rule in rules:
            if not good:
                raise ParameterError(f"Heap {name} must be {rule}, not {getattr(self, name)!r}")

    @property
    def levels_n(self) -> int:
        """Levels of a heap's tree."""
        return self.entries_n.bit_length()

    @property
    def drain_cycles(self) -> int:
        """Cycles in which a bank is given back: every entry, used or not, takes two."""
        return 2 * self.heaps_n * self.entries_n


@dataclass(frozen=True, slots=True, kw_only=True)
class HeapCost:
    """What the stage takes of a device, and its rates."""

    lut: int
    ff: int
    bram36: float
    cycles: int  # to give a bank back
    latency: int  # from the mark taken to the mark given, besides those cycles
    cycles_per_key: int  # taken


def golden(spec: HeapSpec, keys: NDArray[np.int64]) -> NDArray[np.int64]:
    """The keys that one heap holds after `keys` came in any order, ascending."""
    most = 1 << (spec.key_w - 1)
    if keys.size and (keys.min() < -most or keys.max() >= most):
        raise ParameterError(
            f"Heap keys must fit {spec.key_w} bits (key_w), not {keys.min()}..{keys.max()}"
        )
    return np.sort(keys)[max(0, keys.size - spec.entries_n) :]


def cost(spec: HeapSpec) -> HeapCost:
    """A memory a level, siblings side by side in a word; small levels are LUTRAM.

    Both banks lie in one memory, since one is accessed in even cycles, the other in odd ones.
    """
    width = 2 * (spec.key_w + _CODE_BITS) + 1
    heaps = spec.banks_n << (spec.heaps_n - 1).bit_length()
    lasts = (
        min(1 << level, spec.entries_n - (1 << level) + 1) for level in range(1, spec.levels_n)
    )
    depths = [depth for last in lasts if (depth := heaps * -(-last // 2)) > _LUTRAM_DEPTH]
    entry = spec.key_w + 1
    return HeapCost(
        lut=round(7.7 * entry * spec.levels_n),
        ff=round(entry * (7.75 * spec.levels_n - 1.4 * len(depths))),  # some are in block memory
        bram36=sum(line_bram36(width, depth) for depth in depths),
        cycles=spec.drain_cycles,
        latency=6 - spec.banks_n,
        cycles_per_key=2,
    )
