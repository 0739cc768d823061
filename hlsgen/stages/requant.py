# SPDX-License-Identifier: Apache-2.0
"""Requantisation: accumulators of a tile to codes in channel order (formats §5), exact."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from hlsgen.errors import ParameterError

IntArray = NDArray[np.int64]
RECORD_BEATS = 3
_SATURATED_BITS = 25  # of x behind its saturation
_Y_BITS = 16
_BYTES = 4  # of a raw accumulator


@dataclass(frozen=True, slots=True, kw_only=True)
class RequantSpec:
    """Sizes of the requantisation; each field is a parameter of hg_requant."""

    act_bits: int  # bits of an activation, 4 or 8
    rows_n: int  # rows of the array, a multiple of the lanes
    pixels_n: int  # pixels of a tile, even
    drain_n: int  # pixels requantised in a cycle, 1 or 2
    acc_w: int  # bits of an accumulator
    mult_w: int  # bits of the multiplier, 17 or 34
    record_depth: int  # records in the record ring, a power of two

    def __post_init__(self) -> None:
        lanes = 64 // self.act_bits if self.act_bits in (4, 8) else 1
        need = self.rows_n + 1 + self.table_records_n
        rules = (
            (self.act_bits in (4, 8), "act_bits", "4 or 8"),
            (self.rows_n in range(lanes, 129, lanes), "rows_n", f"a multiple of {lanes} up to 128"),
            (self.pixels_n in range(2, 17, 2), "pixels_n", "even, in 2..16"),
            (self.drain_n in (1, 2), "drain_n", "1 or 2"),
            (16 <= self.acc_w <= 32, "acc_w", "in 16..32"),
            (self.mult_w in (17, 34), "mult_w", "17 or 34"),
            (
                self.record_depth >= need and self.record_depth & (self.record_depth - 1) == 0,
                "record_depth",
                f"a power of two of at least {need}",
            ),
        )
        for good, name, rule in rules:
            if not good:
                raise ParameterError(f"Requant {name} must be {rule}, not {getattr(self, name)!r}")

    @property
    def lanes_n(self) -> int:
        """Channels of a beat, G."""
        return 64 // self.act_bits

    @property
    def steps_n(self) -> int:
        """Steps of a round: groups of rows, Tg."""
        return self.rows_n // self.lanes_n

    @property
    def table_records_n(self) -> int:
        """Records that hold the two tables of a residual add."""
        return -(-2 * (1 << self.act_bits) // RECORD_BEATS)

    @property
    def mult_bits(self) -> int:
        """Multipliers are below 2 to this."""
        return min(self.mult_w, 32)

    @property
    def latency(self) -> int:
        """Cycles from d_soon to the first beat of a tile."""
        return 11 + (4 if self.mult_w == 17 else 5) + self.steps_n

    def drain_cycles(self, *, raw: bool) -> int:
        """Cycles of a tile, which is the least distance of two tiles' ends."""
        return self.pixels_n // self.drain_n * self.steps_n * (_BYTES if raw else 1)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RowRecords:
    """Row records of a block, one array [Tg, G] by step and lane for each field of formats §5."""

    bias: IntArray
    mult: IntArray
    off_pos: IntArray
    off_neg: IntArray
    shift: IntArray
    tie_even: IntArray
    tie_parity: IntArray
    z: IntArray
    lo: IntArray
    hi: IntArray
    sg: IntArray  # slot is sg*G + lane
    xl: IntArray  # output lane takes the code of lane xl
    dg: IntArray  # channel group written
    dv: IntArray  # whether anything is written


@dataclass(frozen=True, slots=True, kw_only=True)
class RequantCost:
    """Cycles from a tile's d_soon to its last beat, and resources."""

    cycles: int
    lut: int
    ff: int
    dsp: int
    bram36: int = 0


def codes(records: RowRecords, acc: IntArray) -> IntArray:
    """Codes u of accumulators [..., Tg, G] that the steps and lanes take."""
    half_range = 1 << (_SATURATED_BITS - 1)
    xs = np.clip(acc + records.bias, -half_range, half_range - 1)
    half = np.where(records.shift > 0, 1 << np.maximum(records.shift - 1, 0), 0)
    v = xs * records.mult + half + np.where(xs < 0, records.off_neg, records.off_pos)
    y = v >> records.shift
    tie = (records.tie_even == 1) & (records.shift > 0) & (v & ((1 << records.shift) - 1) == 0)
    y = y - (tie & (y & 1 != records.tie_parity))
    y_range = 1 << (_Y_BITS - 1)
    y = np.clip(y, -y_range, y_range - 1) + records.z
    limited: IntArray = np.minimum(np.maximum(y, records.lo), records.hi)
    return limited


def golden(
    spec: RequantSpec, records: RowRecords, acc: IntArray, *, raw: bool
) -> tuple[IntArray, NDArray[np.bool_]]:
    """Beats [pixels, bytes, Tg, G] of a tile's accumulators [T, P], and written lanes [Tg, G].

    Lanes that no record writes are 0. Without `raw` there is one byte, the code.
    """
    lane = np.arange(spec.lanes_n)
    taken = acc[records.sg * spec.lanes_n + lane].transpose(2, 0, 1)  # [P, Tg, G]
    if raw:
        x = taken + records.bias
        values = np.stack([x >> 8 * byte & 255 for byte in range(_BYTES)], axis=1)
    else:
        values = codes(records, taken)[:, None]
    routed = np.take_along_axis(values, np.broadcast_to(records.xl, values.shape), axis=-1)
    beats = np.zeros_like(values)
    written = np.zeros((spec.steps_n, spec.lanes_n), np.bool_)
    for step in range(spec.steps_n):
        on = records.dv[step] == 1
        beats[:, :, records.dg[step][on], lane[on]] = routed[:, :, step, on]
        written[records.dg[step][on], lane[on]] = True
    return beats, written


def cost(spec: RequantSpec, *, raw: bool = False) -> RequantCost:
    """Cycles of a tile, and resources as Yosys counts them (7 series)."""
    g, d, wide = spec.lanes_n, spec.drain_n, spec.mult_w == 34
    lane_lut, lane_ff = (224, 138) if wide else (225, 121)
    step_w = max(1, (spec.steps_n - 1).bit_length())
    record_lut = 80 + 12 * wide + 20 * d + 4
    record_ff = 111 + 15 * wide + 32 * d + 13 * step_w
    # hg_drain_mux: accumulators 4 to 1; what is left of the choice lies in the lane's adder
    terms = -(-(spec.pixels_n // d << (spec.steps_n - 1).bit_length()) // 4)
    mux = terms * (d * spec.acc_w + 1)
    routing = d * 2 * g * g + g * (5 + 12 * d)  # crossbar, then LUTRAM of the rounds
    buffers = 3 * spec.rows_n + 190 + g * spec.steps_n // 2 + 50
    offsets_lut, offsets_ff = 70 + g, 132 + 2 * g
    return RequantCost(
        cycles=spec.latency + spec.drain_cycles(raw=raw) - 1,
        lut=g * (d * lane_lut + mux + record_lut) + routing + buffers + offsets_lut + 15,
        ff=g * (d * (lane_ff + 24) + mux + 2 + record_ff + 1) + 4 * spec.rows_n + offsets_ff + 540,
        dsp=g * d * (1 if spec.mult_w == 17 else 2),
    )


def record_fields() -> tuple[str, ...]:
    """Names of the fields of a row record, in the order of formats §5."""
    return tuple(item.name for item in fields(RowRecords))
