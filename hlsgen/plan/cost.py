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


# LUT and FF of a product with its share of the adders, by (element, act_bits)
_PRODUCT_LUT = {
    ("pot4", 4): 21.7, ("pot4", 8): 32.5,
    ("fixed4", 4): 8.3, ("fixed4", 8): 5.0,
    ("fixed8", 4): 3.0, ("fixed8", 8): 5.0,
}  # fmt: skip
_PRODUCT_FF = {
    ("pot4", 4): 24.0, ("pot4", 8): 35.0,
    ("fixed4", 4): 12.0, ("fixed4", 8): 11.0,
    ("fixed8", 4): 9.3, ("fixed8", 8): 8.5,
}  # fmt: skip
_FRONT_LUT, _FRONT_FF = 4100, 7300  # registers, program, walkers' queues, report, port 0
_MOVE_LUT, _MOVE_FF = 980, 1080  # load and store
_LANE_LUT, _LANE_FF = 477, 350  # a requantisation lane and its records
_ADD_LUT, _ADD_FF = 110, 160  # a lane of the residual add


def _products(spec: MixedSpec, of_product: dict[tuple[str, int], float]) -> float:
    rows = {"pot4": spec.pot4_n, "fixed4": spec.fixed4_n, "fixed8": spec.fixed8_n}
    per_row = spec.lanes_n * spec.pixels_n
    return sum(n * per_row * of_product[kind, spec.act_bits] for kind, n in rows.items())


def _lut(spec: MixedSpec) -> int:
    pixels, group = spec.pixels_n, spec.group_lanes_n
    accumulators = spec.rows_n * pixels * (spec.acc_w + 4)
    selection = 1.5 * spec.acc_w * spec.rows_n * pixels  # of the lanes' accumulators
    crossbar = 4.2 * group * group * spec.drain_n
    requant = spec.requant_lanes_n * (_LANE_LUT + _ADD_LUT) + selection + crossbar + 600
    slice_w = spec.act_bits * spec.lanes_n
    window = slice_w * (spec.banks_n * (spec.slices_n + 2) // 2 + 2 * pixels) + 90 * pixels + 300
    memory = 90 * spec.banks_n * (1 + spec.drain_n) // 2 + 80 * spec.banks_n
    fetch = 300 + 350 * spec.weight_ports_n + spec.word_bits // 8
    pool = 5 * slice_w * pixels // 2 + 60
    return round(
        _products(spec, _PRODUCT_LUT)
        + accumulators
        + requant
        + window
        + memory
        + fetch
        + pool
        + _FRONT_LUT
        + _MOVE_LUT
    )


def _ff(spec: MixedSpec) -> int:
    accumulators = 2 * spec.acc_w * spec.rows_n * spec.pixels_n
    requant = spec.requant_lanes_n * (_LANE_FF + _ADD_FF) + 1.2 * spec.acc_w * spec.rows_n
    window = 1500 + 200 * spec.pixels_n + 150 * spec.banks_n
    fetch = 2 * spec.word_bits + 400 * spec.weight_ports_n
    return round(
        _products(spec, _PRODUCT_FF)
        + accumulators
        + requant
        + window
        + fetch
        + _FRONT_FF
        + _MOVE_FF
    )
