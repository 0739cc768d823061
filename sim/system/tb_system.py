# SPDX-License-Identifier: Apache-2.0
"""Drives an accelerator as a driver does: writes registers, starts it, waits for the interrupt.

$HLSGEN_JOB names a JSON file: a list of runs, one after the other without a reset. A run names
the values of the bench's signals in "bench" (ddr_num, ddr_den, latency, seed, stall, strobes:
whether W must be full), the contents of the registers in "registers" (program, weights, input,
output, scratch, report, frames, in_stride, out_stride), and in "ended" the file that says that it
ended well. Results lie in memory, which the bench writes out; Python is not awake while the
accelerator runs.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import cocotb
from cocotb.triggers import First, RisingEdge, Timer

POINTERS = ("program", "weights", "input", "output", "scratch", "report")
VALUES = {"frames": 0x58, "in_stride": 0x60, "out_stride": 0x68}
CONTROL, GLOBAL_ENABLE, ENABLE, STATUS = 0x00, 0x04, 0x08, 0x0C
START, DONE, IDLE = 1, 2, 4
NO_PROGRESS = "no progress: what waits for what is in the log (hang: ...)"


class Registers:
    """AXI4-Lite master; awake only during an access."""

    def __init__(self, dut: Any) -> None:
        self.dut = dut

    async def write(self, address: int, data: int) -> None:
        """Write a register; address and data are offered together."""
        dut = self.dut
        dut.awaddr.value, dut.wdata.value = address, data
        dut.awvalid.value = dut.wvalid.value = dut.bready.value = 1
        pending = {"aw", "w", "b"}
        while pending:
            await self._behind_the_edge()
            done = {name for name in ("aw", "w") if name in pending and self._ready(name)}
            if int(dut.bvalid.value):
                done.add("b")
            await RisingEdge(dut.clk)
            pending -= done
            dut.awvalid.value, dut.wvalid.value = int("aw" in pending), int("w" in pending)
            dut.bready.value = int("b" in pending)

    async def read(self, address: int) -> int:
        """Read a register."""
        dut = self.dut
        dut.araddr.value, dut.arvalid.value, dut.rready.value = address, 1, 1
        while True:
            await self._behind_the_edge()
            taken = int(dut.arready.value)
            await RisingEdge(dut.clk)
            if taken:
                break
        dut.arvalid.value = 0
        while True:
            await self._behind_the_edge()
            valid, data = int(dut.rvalid.value), int(dut.rdata.value)
            await RisingEdge(dut.clk)
            if valid:
                dut.rready.value = 0
                return data

    async def _behind_the_edge(self) -> None:
        """Wait until what stands at the ports counts at the next edge; a hang ends the access."""
        await Timer(1, "ns")
        assert not (hasattr(self.dut, "hang") and int(self.dut.hang.value)), NO_PROGRESS

    def _ready(self, name: str) -> bool:
        return bool(int(getattr(self.dut, f"{name}ready").value))


async def _start(registers: Registers, run: dict[str, int]) -> None:
    for place, name in enumerate(POINTERS):
        await registers.write(0x10 + 12 * place, run[name] & 0xFFFFFFFF)
        await registers.write(0x14 + 12 * place, run[name] >> 32)
    for name, address in VALUES.items():
        await registers.write(address, run[name])
    assert await registers.read(CONTROL) & IDLE, "the accelerator must be idle before a start"
    await registers.write(GLOBAL_ENABLE, 1)
    await registers.write(ENABLE, 1)
    await registers.write(CONTROL, START)


async def _finish(registers: Registers, dut: Any) -> None:
    await First(RisingEdge(dut.irq), RisingEdge(dut.hang))
    assert not int(dut.hang.value), NO_PROGRESS
    await RisingEdge(dut.clk)
    assert await registers.read(STATUS) & 1, "the interrupt must say done"
    await registers.write(STATUS, 1)
    assert await registers.read(CONTROL) & (DONE | IDLE) == DONE | IDLE, "done and idle must be set"
    assert not int(dut.irq.value), "the interrupt must fall when its status is cleared"


@cocotb.test()
async def system(dut: Any) -> None:
    """All runs end with their interrupt."""
    runs = json.loads(Path(os.environ["HLSGEN_JOB"]).read_text(encoding="utf-8"))
    for _ in range(10):
        await RisingEdge(dut.clk)
    dut.rst_n.value = 1
    await RisingEdge(dut.clk)
    registers = Registers(dut)
    for number, run in enumerate(runs, 1):
        for signal, value in run["bench"].items():
            getattr(dut, signal).value = value
        await _open(dut, number)
        await _start(registers, run["registers"])
        await _finish(registers, dut)
        Path(run["ended"]).touch()
    await _open(dut, 0)


async def _open(dut: Any, number: int) -> None:
    """Begin a run, which ends the one before; what it wrote is then on disk."""
    dut.run.value = number
    await RisingEdge(dut.clk)
    await RisingEdge(dut.clk)
