# SPDX-License-Identifier: Apache-2.0
"""Resources of a mixed engine: LUT, FF, DSP48E1 and BRAM36 of a spec.

The sum of the costs that the stages tell of themselves (`hlsgen/stages`), and of the glue between
them: what has no stage of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from hlsgen.boards import LUT_HEADROOM, Board
from hlsgen.engines.mixed import MixedSpec
from hlsgen.stages import add, array, fetch, load, pool, requant, store, window, writer

_LUTRAM_DEPTH = 64  # entries of a FIFO that stay in LUTs


class Cost(Protocol):
    """Resources of a stage."""

    @property
    def lut(self) -> int: ...

    @property
    def ff(self) -> int: ...

    @property
    def bram36(self) -> float: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """What a design, or a part of it, takes of a device; BRAM36 in halves."""

    lut: int
    ff: int
    dsp: int = 0
    bram36: float = 0

    def shares(self, board: Board) -> dict[str, float]:
        """Share of the device by resource; 1 is all of it (of the usable LUTs)."""
        device = board.resources
        return {
            "lut": self.lut / (LUT_HEADROOM * device.lut),
            "ff": self.ff / device.ff,
            "dsp": self.dsp / device.dsp48e1,
            "bram36": self.bram36 / device.bram36,
        }


def usable(board: Board) -> dict[str, int]:
    """What a design may take of a board's device, by resource."""
    device = board.resources
    return {
        "lut": int(LUT_HEADROOM * device.lut),
        "ff": device.ff,
        "dsp": device.dsp48e1,
        "bram36": device.bram36,
    }


def resources(spec: MixedSpec) -> Resources:
    """Resources of the whole engine."""
    parts = resources_by_stage(spec).values()
    return Resources(
        lut=sum(part.lut for part in parts),
        ff=sum(part.ff for part in parts),
        dsp=sum(part.dsp for part in parts),
        bram36=sum(part.bram36 for part in parts),
    )


def resources_by_stage(spec: MixedSpec) -> dict[str, Resources]:
    """Resources by instance of hg_mixed, in the names of `synth`."""
    costs: dict[str, Cost] = {
        "array": _array(spec),
        "requant": _requant(spec),
        "window": _window(spec),
        "writer": _writer(spec),
        "add": add.cost(
            add.AddSpec(act_bits=spec.act_bits, drain_n=spec.drain_n, wide_codes=spec.wide_codes)
        ),
        "pool": _pool(spec),
        "fetch": _fetch(spec),
        "load": load.cost(
            load.LoadSpec(act_bits=spec.act_bits, banks_n=spec.banks_n, act_depth=spec.act_depth)
        ),
        "store": store.cost(store.StoreSpec(banks_n=spec.banks_n, act_depth=spec.act_depth)),
    }
    stages = {
        name: Resources(lut=cost.lut, ff=cost.ff, dsp=getattr(cost, "dsp", 0), bram36=cost.bram36)
        for name, cost in costs.items()
    }
    glue = {"actmem": _actmem(spec), "residual": _residual(spec), "front": _FRONT, "ahead": _AHEAD}
    return stages | glue


# Registers, program, queues, taps, report and port 0 are the same in every design
_FRONT = Resources(lut=4657, ff=7937, bram36=2)
_AHEAD = Resources(lut=6, ff=2)


def _actmem(spec: MixedSpec) -> Resources:
    """Activation memory: the choice of what port B writes, and of the bank that is read."""
    place_w = (spec.act_depth - 1).bit_length()
    blocks = -(-spec.act_depth // 1024)  # BRAM36 of half a bank
    bank = 64 * spec.drain_n + place_w + 10 * spec.drain_n + 2 * fetch.joining_luts(64, blocks)
    reads = 128 * max(1, spec.banks_n // 8) if spec.banks_n > 2 else 0
    halves = 128 if spec.act_bits == 4 else 0  # of LOAD's two planes, by half of the banks
    return Resources(
        lut=spec.banks_n * bank + reads + halves,
        ff=130 * spec.banks_n + 138,
        bram36=2 * spec.banks_n * blocks,
    )


def _residual(spec: MixedSpec) -> Resources:
    """Reader of the residual tensor with its FIFO: two tiles and the way to the add."""
    tile = spec.pixels_n // spec.drain_n * spec.row_groups_n
    deep = 2 * tile + 48 > _LUTRAM_DEPTH
    entry = 64 * spec.drain_n * spec.add_planes_n
    planes = spec.wide_codes  # its other address, and registers where the planes meet
    return Resources(
        lut=195 - 60 * (spec.drain_n - 1) + 22 * planes + (0 if deep else -(-entry // 3) * 4),
        ff=120 + (entry + 3) * planes + (0 if deep else entry),
        bram36=spec.drain_n * spec.add_planes_n if deep else 0,
    )


def _array(spec: MixedSpec) -> Cost:
    return array.cost(
        array.ArraySpec(
            act_bits=spec.act_bits,
            pot4_n=spec.pot4_n,
            fixed4_n=spec.fixed4_n,
            fixed8_n=spec.fixed8_n,
            lanes_n=spec.lanes_n,
            pixels_n=spec.pixels_n,
            acc_w=spec.acc_w,
        )
    )


def _requant(spec: MixedSpec) -> Cost:
    return requant.cost(
        requant.RequantSpec(
            act_bits=spec.act_bits,
            rows_n=spec.rows_n,
            pixels_n=spec.pixels_n,
            drain_n=spec.drain_n,
            acc_w=spec.acc_w,
            mult_w=spec.mult_w,
            record_depth=spec.record_depth,
        )
    )


def _window(spec: MixedSpec) -> Cost:
    return window.cost(
        window.WindowSpec(
            act_bits=spec.act_bits,
            rows_n=spec.rows_n,
            lanes_n=spec.lanes_n,
            pixels_n=spec.pixels_n,
            drain_n=spec.drain_n,
            act_depth=spec.act_depth,
            ring_depth=spec.ring_depth,
            taps_n=spec.taps_n,
        )
    )


def _writer(spec: MixedSpec) -> Cost:
    return writer.cost(
        writer.WriterSpec(
            act_bits=spec.act_bits,
            rows_n=spec.rows_n,
            pixels_n=spec.pixels_n,
            drain_n=spec.drain_n,
            act_depth=spec.act_depth,
        )
    )


def _pool(spec: MixedSpec) -> Cost:
    return pool.cost(
        pool.PoolSpec(
            act_bits=spec.act_bits,
            pixels_n=spec.pixels_n,
            drain_n=spec.drain_n,
            wide_codes=spec.wide_codes,
        )
    )


def _fetch(spec: MixedSpec) -> Cost:
    return fetch.cost(
        fetch.FetchSpec(
            word_bits=spec.word_bits,
            weight_ports_n=spec.weight_ports_n,
            ring_depth=spec.ring_depth,
            record_depth=spec.record_depth,
        )
    )
