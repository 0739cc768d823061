# SPDX-License-Identifier: Apache-2.0
"""Claims of the registers (formats §7): arguments, start, done, interrupt, auto restart."""

from __future__ import annotations

import random
from typing import Any

import cocotb
from cocotb.triggers import RisingEdge
from tb_system import CONTROL, DONE, ENABLE, GLOBAL_ENABLE, IDLE, START, STATUS, Registers

READY, RESTART = 8, 0x80


async def _reset(dut: Any) -> Registers:
    dut.rst_n.value = 0
    dut.wstrb.value = 0xF
    for _ in range(3):
        await RisingEdge(dut.clk)
    dut.rst_n.value = 1
    await RisingEdge(dut.clk)
    return Registers(dut)


async def _complete(dut: Any) -> None:
    dut.done.value = 1
    await RisingEdge(dut.clk)
    dut.done.value = 0
    await RisingEdge(dut.clk)


@cocotb.test(timeout_time=100, timeout_unit="us")
async def arguments(dut: Any) -> None:
    """Every argument holds what was written, byte by byte, and reads back."""
    registers, rng = await _reset(dut), random.Random(5)
    addresses = [0x10 + 12 * i + 4 * h for i in range(6) for h in range(2)] + [0x58, 0x60, 0x68]
    held = {address: 0 for address in addresses}
    for address in rng.choices(addresses, k=60):
        value, strobes = rng.getrandbits(32), rng.randrange(16)
        mask = sum(0xFF << 8 * i for i in range(4) if strobes >> i & 1)
        dut.wstrb.value = strobes
        await registers.write(address, value)
        held[address] = held[address] & ~mask | value & mask
    for address, value in held.items():
        assert await registers.read(address) == value, hex(address)
    pointers = sum(
        held[0x10 + 12 * i + 4 * h] << 64 * i + 32 * h for i in range(6) for h in range(2)
    )
    assert int(dut.arg_pointer.value) == pointers
    assert int(dut.arg_value.value) == sum(held[0x58 + 8 * i] << 32 * i for i in range(3))
    assert await registers.read(0x18) == 0, "reserved words read as zero"


@cocotb.test(timeout_time=100, timeout_unit="us")
async def runs(dut: Any) -> None:
    """One start a write; done and ready clear by reading; the interrupt obeys its enables."""
    registers = await _reset(dut)
    assert await registers.read(CONTROL) == IDLE
    before = int(dut.starts.value)
    await registers.write(CONTROL, START)
    assert await registers.read(CONTROL) == START, "start stays until ready, idle falls"
    await _complete(dut)
    assert not int(dut.irq.value), "no interrupt without its enable"
    assert await registers.read(STATUS) == 0, "nothing else clears done"
    assert await registers.read(CONTROL) == DONE | IDLE | READY
    assert await registers.read(CONTROL) == IDLE, "done clears when it was read"
    await registers.write(GLOBAL_ENABLE, 1)
    await registers.write(ENABLE, 1)
    await registers.write(CONTROL, START)
    await _complete(dut)
    assert int(dut.irq.value) and await registers.read(STATUS) == 1
    await registers.write(STATUS, 1)
    assert not int(dut.irq.value) and await registers.read(STATUS) == 0
    await registers.write(STATUS, 1)
    assert int(dut.irq.value), "a one toggles, it does not clear"
    dut.wstrb.value = 0b1110
    for address in (GLOBAL_ENABLE, ENABLE, STATUS, CONTROL):
        await registers.write(address, 1 if address in (STATUS, CONTROL) else 0)
    dut.wstrb.value = 0xF
    assert [await registers.read(a) for a in (GLOBAL_ENABLE, ENABLE, STATUS)] == [1, 1, 1]
    assert int(dut.starts.value) == before + 2


@cocotb.test(timeout_time=100, timeout_unit="us")
async def restarts(dut: Any) -> None:
    """With auto restart every done starts the next run, until the bit is cleared."""
    registers = await _reset(dut)
    before = int(dut.starts.value)
    await registers.write(CONTROL, START | RESTART)
    for _ in range(3):
        await _complete(dut)
    await registers.write(CONTROL, 0)
    await _complete(dut)
    assert int(dut.starts.value) == before + 4
    assert await registers.read(CONTROL) & IDLE
