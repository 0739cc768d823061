# SPDX-License-Identifier: Apache-2.0
"""Resources of a mixed engine: LUT, FF, DSP48E1 and BRAM36 of a spec.

Counts of DSP48E1 and BRAM36 follow from the structure. Coefficients of LUT and FF are fitted to
Yosys counts of the SystemVerilog stages.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from hlsgen.boards import Board
from hlsgen.engines.mixed import MixedSpec

LUT_HEADROOM = 0.85  # of the device's LUTs; routing needs the rest


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """What a design takes of a device; BRAM36 in halves."""

    lut: int
    ff: int
    dsp: int
    bram36: float

    def shares(self, board: Board) -> dict[str, float]:
        """Share of the device by resource; 1 is all of it (of the usable LUTs)."""
        device = board.resources
        return {
            "lut": self.lut / (LUT_HEADROOM * device.lut),
            "ff": self.ff / device.ff,
            "dsp": self.dsp / device.dsp48e1,
            "bram36": self.bram36 / device.bram36,
        }


def resources(spec: MixedSpec) -> Resources:
    """Resources of the whole engine."""
    return Resources(lut=_lut(spec), ff=_ff(spec), dsp=spec.dsp_n, bram36=float(_bram(spec)))


def _bram(spec: MixedSpec) -> Fraction:
    act = spec.banks_n * 2 * -(-spec.act_depth // 1024)
    ring = spec.word_beats_n * -(-spec.ring_depth // 512)
    records = 3 * -(-spec.record_depth // 512)
    tables = spec.requant_lanes_n if spec.act_bits == 8 else 0
    ports = 1 + spec.weight_ports_n
    return Fraction(act + ring + records + tables) + Fraction(ports, 2)


def _lut(spec: MixedSpec) -> int:
    pixels, lanes = spec.pixels_n, spec.lanes_n
    per_pixel = lanes * pixels
    wide = spec.act_bits == 8
    pot4 = spec.pot4_n * per_pixel * (34 if wide else 22)
    fixed4 = spec.fixed4_n * per_pixel * (13 if wide else 9)
    fixed8 = spec.fixed8_n * per_pixel * (17 if wide else 13)
    accumulators = spec.rows_n * pixels * (spec.acc_w + 4)
    window = spec.banks_n * 64 * 6 + spec.pixels_n * 64 * 3
    requant = spec.requant_lanes_n * (330 + 6 * spec.row_groups_n * pixels // spec.drain_n)
    records = spec.requant_lanes_n * 16 * spec.row_groups_n
    rest = 6000 + 900 * spec.weight_ports_n + 64 * spec.banks_n * 4
    return pot4 + fixed4 + fixed8 + accumulators + window + requant + records + rest


def _ff(spec: MixedSpec) -> int:
    per_pixel = spec.lanes_n * spec.pixels_n
    products = spec.rows_n * per_pixel * 12
    accumulators = spec.rows_n * spec.pixels_n * (2 * spec.acc_w + 12)
    weights = spec.word_bits * 4
    return products + accumulators + weights + spec.requant_lanes_n * 400 + 9000
