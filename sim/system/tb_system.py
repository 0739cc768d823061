# SPDX-License-Identifier: Apache-2.0
"""Drives an accelerator as a driver does: writes registers, starts it, waits for the interrupt.

$HLSGEN_JOB names a JSON file: {"runs": [{"program", "weights", "input", "output", "scratch",
"report", "frames", "in_stride", "out_stride"}, ...], "strobes": whether W must be full}. Results
lie in memory, which the bench writes out; Python is not awake while the accelerator runs.
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
            await Timer(1, "ns")  # behind the edge: what stands here counts at the next one
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
            await Timer(1, "ns")
            taken = int(dut.arready.value)
            await RisingEdge(dut.clk)
            if taken:
                break
        dut.arvalid.value = 0
        while True:
            await Timer(1, "ns")
            valid, data = int(dut.rvalid.value), int(dut.rdata.value)
            await RisingEdge(dut.clk)
            if valid:
                dut.rready.value = 0
                return data

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
    assert not int(dut.hang.value), "no progress: what waits for what is in the log (hang: ...)"
    await RisingEdge(dut.clk)
    assert await registers.read(STATUS) & 1, "the interrupt must say done"
    await registers.write(STATUS, 1)
    assert await registers.read(CONTROL) & (DONE | IDLE) == DONE | IDLE, "done and idle must be set"
    assert not int(dut.irq.value), "the interrupt must fall when its status is cleared"


@cocotb.test()
async def system(dut: Any) -> None:
    """All runs of the job end with their interrupt."""
    job = json.loads(Path(os.environ["HLSGEN_JOB"]).read_text(encoding="utf-8"))
    dut.strobes.value = int(job.get("strobes", True))
    for _ in range(10):
        await RisingEdge(dut.clk)
    dut.rst_n.value = 1
    await RisingEdge(dut.clk)
    registers = Registers(dut)
    for run in job["runs"]:
        await _start(registers, run)
        await _finish(registers, dut)
