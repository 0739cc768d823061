# SPDX-License-Identifier: Apache-2.0
"""Claims of the memory ports, against cocotbext-axi's memory with random stalls.

Every beat read is the memory's, every beat written arrives, in order and once; `done` pulses once
a request; a halt leaves nothing outstanding. Rules of the bursts are asserted in the bench.
"""

from __future__ import annotations

import itertools
import os
import random
from collections.abc import Iterator
from typing import Any

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import ReadOnly, RisingEdge, with_timeout
from cocotbext.axi import AxiBus, AxiRam

SEED, STALL, IDLE = (int(os.environ.get(f"HLSGEN_{n}", "0")) for n in ("SEED", "STALL", "IDLE"))
SIZE = 1 << 16
SLOW_ADDRESSES = {0: 95, 1: 0, 2: 0}  # per cent of AW, W, B
LENGTHS = (1, 2, 15, 16, 17, 31, 33, 100, 3, 257)


def _pauses(seed: int, percent: int) -> Iterator[bool]:
    rng = random.Random(seed)
    return (rng.randrange(100) < percent for _ in itertools.count())


async def _bench(dut: Any) -> AxiRam:
    cocotb.start_soon(Clock(dut.clk, 10, "ns").start())
    ram = AxiRam(AxiBus.from_prefix(dut, "m_axi"), dut.clk, dut.rst_n, False, size=SIZE)
    ram.write(0, random.Random(SEED).randbytes(SIZE))
    if STALL:
        channels = (ram.write_if.aw_channel, ram.write_if.w_channel, ram.write_if.b_channel,
                    ram.read_if.ar_channel, ram.read_if.r_channel)  # fmt: skip
        # Now and then data would be faster than its address, which the ports must not let happen
        late = SLOW_ADDRESSES if SEED % 2 == 0 else {}
        for place, channel in enumerate(channels):
            channel.set_pause_generator(_pauses(SEED + place, late.get(place, STALL)))
    for _ in range(4):
        await RisingEdge(dut.clk)
    dut.rst_n.value = 1
    await RisingEdge(dut.clk)
    return ram


class Lane:
    """One bit of a packed vector port, and one element of a packed array port."""

    def __init__(self, dut: Any, index: int, state: dict[str, int]) -> None:
        self.dut, self.index, self.state = dut, index, state

    def put(self, name: str, value: int, width: int = 1) -> None:
        """Drive this lane's part of a port."""
        old = self.state.get(name, 0)
        mask = ((1 << width) - 1) << (self.index * width)
        self.state[name] = (old & ~mask) | value << (self.index * width)
        getattr(self.dut, name).value = self.state[name]

    def get(self, name: str, width: int = 1) -> int:
        """Read this lane's part of a port."""
        return int(getattr(self.dut, name).value) >> (self.index * width) & ((1 << width) - 1)


async def _request(lane: Lane, kind: str, address: int, beats: int) -> None:
    lane.put(f"{kind}_addr", address, 32)
    lane.put(f"{kind}_beats", beats, 32)
    lane.put(f"{kind}_req", 1)
    while True:
        await ReadOnly()
        taken = lane.get(f"{kind}_req_ready")
        await RisingEdge(lane.dut.clk)
        if taken:
            lane.put(f"{kind}_req", 0)
            return


def _plan(index: int, base: int) -> list[tuple[int, int]]:
    """Addresses and lengths around every boundary, apart from each other."""
    rng = random.Random(SEED + index)
    address, plan = base, []
    for length in rng.sample(LENGTHS, len(LENGTHS)):
        address += 8 * rng.randrange(16)
        plan.append((address, length))
        address += 8 * length
    return plan


async def _reader(dut: Any, ram: AxiRam, index: int, state: dict[str, int]) -> None:
    lane, plan = Lane(dut, index, state), _plan(index, 0x1000 * index)

    async def ask() -> None:
        for address, beats in plan:
            await _request(lane, "rd", address, beats)

    asking = cocotb.start_soon(ask())
    rng = random.Random(SEED ^ 77 + index)
    for address, beats in plan:
        want = ram.read(address, 8 * beats)
        for beat in range(beats):
            while True:
                ready = int(rng.randrange(100) >= IDLE)
                lane.put("m_ready", ready)
                await ReadOnly()
                valid, data = lane.get("m_valid"), lane.get("m_data", 64)
                await RisingEdge(dut.clk)
                if valid and ready:
                    break
            expected = int.from_bytes(want[8 * beat : 8 * beat + 8], "little")
            assert data == expected, f"reader {index} address {address + 8 * beat:x}: {data:x}"
    lane.put("m_ready", 0)
    await asking


async def _writer(dut: Any, index: int, state: dict[str, int], want: dict[int, int]) -> None:
    lane, plan = Lane(dut, index, state), _plan(index + 2, 0x4000 + 0x4000 * index)
    dones = 0

    async def ask() -> None:
        for address, beats in plan:
            await _request(lane, "wr", address, beats)

    async def count() -> None:
        nonlocal dones
        while dones < len(plan):
            await ReadOnly()
            dones += lane.get("wr_done")
            await RisingEdge(dut.clk)

    asking, counting = cocotb.start_soon(ask()), cocotb.start_soon(count())
    rng = random.Random(SEED ^ 99 + index)
    for address, beats in plan:
        for beat in range(beats):
            value = rng.getrandbits(64)
            want[address + 8 * beat] = value
            while rng.randrange(100) < IDLE:
                lane.put("s_valid", 0)
                await RisingEdge(dut.clk)
            lane.put("s_data", value, 64)
            lane.put("s_valid", 1)
            while True:
                await ReadOnly()
                ready = lane.get("s_ready")
                await RisingEdge(dut.clk)
                if ready:
                    break
    lane.put("s_valid", 0)
    await asking
    await counting


@cocotb.test()
async def transfers(dut: Any) -> None:
    """All four masters at once: contents, order, done, idle at the end."""
    ram = await _bench(dut)
    state: dict[str, int] = {}
    want: dict[int, int] = {}
    before = bytes(ram.read(0x4000, 0x8000))
    tasks = [cocotb.start_soon(_reader(dut, ram, i, state)) for i in range(2)]
    tasks += [cocotb.start_soon(_writer(dut, i, state, want)) for i in range(2)]
    for task in tasks:
        await with_timeout(task, 400, "us")
    for _ in range(20):
        await RisingEdge(dut.clk)
    assert (int(dut.rd_idle.value), int(dut.wr_idle.value)) == (3, 3)
    assert (int(dut.rd_error.value), int(dut.wr_error.value)) == (0, 0)
    for address in range(0x4000, 0xC000, 8):
        old = int.from_bytes(before[address - 0x4000 : address - 0x3FF8], "little")
        got = int.from_bytes(ram.read(address, 8), "little")
        assert got == want.get(address, old), f"memory {address:x}: {got:x}"


@cocotb.test()
async def halts(dut: Any) -> None:
    """A halt in the middle: announced bursts end, nothing more is asked for or written."""
    dut.rst_n.value = 0
    dut.s_valid.value = 0
    ram = await _bench(dut)
    before = bytes(ram.read(0x4000, 0x2000))
    state: dict[str, int] = {}
    reader, writer = Lane(dut, 0, state), Lane(dut, 1, state)
    await _request(reader, "rd", 0x100, 1000)
    await _request(writer, "wr", 0x4000, 1000)
    for _ in range(60):
        await RisingEdge(dut.clk)
    dut.halt.value = 1
    for _ in range(600):
        await RisingEdge(dut.clk)
    assert (int(dut.rd_idle.value), int(dut.wr_idle.value)) == (3, 3)
    assert bytes(ram.read(0x4000, 0x2000)) == before
