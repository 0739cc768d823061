# SPDX-License-Identifier: Apache-2.0
"""Residual add: two tables by code, their sum rounded and clamped (formats §5)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hlsgen.errors import ParameterError

IntArray = NDArray[np.int64]
FRACTION_BITS = 25
ENTRY_BITS = 36


@dataclass(frozen=True, slots=True, kw_only=True)
class AddSpec:
    """Sizes of the add; each field is a parameter of hg_add, wide_codes as planes."""

    act_bits: int  # bits of an activation, 4 or 8
    drain_n: int  # pixels of a cycle, 1 or 2
    wide_codes: bool = False  # with act_bits 4: codes of 8 bits, a table for each plane

    def __post_init__(self) -> None:
        if self.act_bits not in (4, 8):
            raise ParameterError(f"Add act_bits must be 4 or 8, not {self.act_bits!r}")
        if self.drain_n not in (1, 2):
            raise ParameterError(f"Add drain_n must be 1 or 2, not {self.drain_n!r}")
        if self.wide_codes and self.act_bits != 4:
            raise ParameterError("Add wide_codes must be false where act_bits is 8, not true")

    @property
    def lanes_n(self) -> int:
        """Channels of a beat, G."""
        return 64 // self.act_bits

    @property
    def code_bits(self) -> int:
        """Bits of an operand's code."""
        return 8 if self.wide_codes else self.act_bits

    @property
    def latency(self) -> int:
        """Cycles from an entry to its sum."""
        return 6 if self.code_bits == 4 else 7


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AddLayer:
    """Tables and rounding of a layer; `first` and `second` are [planes, 2**act_bits] entries.

    An entry has 36 bits; a code adds up the entries of its planes, the low one first.
    """

    first: IntArray
    second: IntArray
    lo: int
    hi: int
    tie_even: bool
    tie_parity: int

    def __post_init__(self) -> None:
        limit = 1 << (ENTRY_BITS - 1)
        for entries in (self.first, self.second):
            if entries.min() < -limit or entries.max() >= limit:
                raise ParameterError(
                    f"Add entries must fit {ENTRY_BITS} bits, not {int(np.abs(entries).max())}"
                )


@dataclass(frozen=True, slots=True, kw_only=True)
class AddCost:
    """Cycles of an entry, and resources."""

    cycles: int
    lut: int
    ff: int
    dsp: int
    bram36: int


def golden(layer: AddLayer, first: IntArray, second: IntArray) -> IntArray:
    """Codes of the sums of stored codes (any equal shapes)."""
    total = _part(layer.first, first) + _part(layer.second, second)
    y = total >> FRACTION_BITS
    tie = total & ((1 << FRACTION_BITS) - 1) == 0
    if layer.tie_even:
        y = y - (tie & (y & 1 != layer.tie_parity))
    codes: IntArray = np.minimum(np.maximum(y, layer.lo), layer.hi)
    return codes


def _part(tables: IntArray, codes: IntArray) -> IntArray:
    """What codes add to the sum: an entry of each plane."""
    planes, size = tables.shape
    parts = [
        table[codes // size**plane % size]
        for plane, table in zip(range(planes), tables, strict=True)
    ]
    total: IntArray = np.sum(parts, axis=0)
    return total


def cost(spec: AddSpec) -> AddCost:
    """Cycles of an entry, and resources as Yosys counts them (7 series)."""
    lanes = spec.lanes_n * spec.drain_n
    if spec.wide_codes:
        lut, ff, bram = 248, 313, 0
    else:
        lut, ff, bram = (125, 159, 0) if spec.act_bits == 4 else (76, 167, 1)
    return AddCost(
        cycles=spec.latency, lut=lut * lanes + 26, ff=ff * lanes + 71, dsp=0, bram36=bram * lanes
    )
