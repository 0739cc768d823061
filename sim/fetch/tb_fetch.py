# SPDX-License-Identifier: Apache-2.0
"""Claims of the weight fetch: every word and record arrives whole, in order, and at full rate.

Environment: HLSGEN_JOB names a JSON file with the FETCH descriptors and the expected words and
records; the reader stalls at random (`stall`, per cent).
"""

from __future__ import annotations

import json
import os
import random
from pathlib import Path
from typing import Any

import cocotb
from cocotb.triggers import ReadOnly, RisingEdge

JOB: dict[str, Any] = json.loads(Path(os.environ.get("HLSGEN_JOB", "/dev/null")).read_text())


async def _reset(dut: Any) -> None:
    dut.rst_n.value = 0
    for _ in range(5):
        await RisingEdge(dut.clk)
    dut.rst_n.value = 1


async def _descriptors(dut: Any) -> None:
    for text in JOB["descriptors"]:
        dut.desc.value = int(text, 16)
        dut.desc_valid.value = 1
        while True:
            await ReadOnly()
            taken = int(dut.desc_ready.value)
            await RisingEdge(dut.clk)
            if taken:
                break
    dut.desc_valid.value = 0


async def _drain(dut: Any, prefix: str, expected: list[str], depth: int, stall: int) -> None:
    """Read one ring in order and compare; release now and then, at the latest when half is read.

    Words are released one at a time, records in groups.
    """
    rng = random.Random(int(JOB["seed"]) + len(prefix))
    enable, address = getattr(dut, f"{prefix}_en"), getattr(dut, f"{prefix}_addr")
    data, count = getattr(dut, f"{prefix}_data"), getattr(dut, f"{prefix}_count")
    release = getattr(dut, f"{prefix}_release")
    release_n = getattr(dut, f"{prefix}_release_n", None)
    asked, kept = 0, 0
    pipe: list[int | None] = [None, None, None]
    checked, freed = 0, 0
    while checked < len(expected):
        await ReadOnly()
        if pipe[0] is not None:
            got, want = int(data.value), int(expected[pipe[0]], 16)
            assert got == want, f"{prefix} {pipe[0]}: got {got:x}, want {want:x}"
            checked += 1
        present = int(count.value) - freed  # counted one cycle later
        await RisingEdge(dut.clk)
        go = asked < len(expected) and present > kept and rng.randrange(100) >= stall
        enable.value, address.value = int(go), asked % depth
        pipe = [*pipe[1:], asked if go else None]
        asked, kept = asked + go, kept + go
        pending = sum(item is not None for item in pipe)
        begins = kept > depth // 2 or rng.randrange(4) == 0
        due = kept > pending and (begins or freed > 0)  # until nothing read is left in the ring
        freed = (kept - pending if release_n is not None else 1) if due else 0
        release.value = int(due)
        if release_n is not None:
            release_n.value = freed
        kept -= freed
    release.value = 0


@cocotb.test(timeout_time=4, timeout_unit="ms")
async def streams(dut: Any) -> None:
    """Words and records of all FETCHs equal what was packed, in order."""
    await _reset(dut)
    feeder = cocotb.start_soon(_descriptors(dut))
    words = cocotb.start_soon(
        _drain(dut, "ring", JOB["words"], int(JOB["ring_depth"]), int(JOB["stall"]))
    )
    await _drain(dut, "rec", JOB["records"], int(JOB["record_depth"]), int(JOB["stall"]))
    await words
    await feeder
    for _ in range(50):
        await RisingEdge(dut.clk)
    assert int(dut.ring_count.value) <= int(JOB["ring_depth"])
    assert int(dut.idle.value) == 1 and int(dut.error.value) == 0
