# SPDX-License-Identifier: Apache-2.0
"""Waves of a simulated frame: a complete file of the time and of the instances simulated.

Blocks and header as in the format's description (GTKWave, An Open Source Waveform Viewer, FST).
The changes of the signals are Verilator's own and are not decoded.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from benchmarks.resnet8 import equal_text, input_file, project
from benchmarks.rows import Row, holds, told
from hlsgen import api
from tests.lz4 import decoded

COMMAND = "hlsgen sim resnet8_zedboard/ --frames 1 --waves"
HEADER, HIERARCHY, CHANGES = 0, 6, 8  # types of blocks; names and changes packed by LZ4
SCOPES = "hg_bench", "u_ddr", "u_fetch", "u_window", "u_array", "u_requant"
CYCLE_S = 10e-9  # of the bench's clock
AROUND = 1000  # cycles at most before the first frame and behind the last one
SIGNALS_LEAST = 1000


@dataclass(frozen=True, slots=True)
class Waves:
    """What an FST file says of itself; times in seconds."""

    start: float
    end: float
    signals: int
    names: bytes  # of types, instances and signals, in the order of the design
    covered: bool  # the blocks of changes follow one another from start to end


def waves() -> list[Row]:
    """A frame of ResNet-8 on the ZedBoard, with all signals written down."""
    folder = project()[0]
    figures = api.sim(folder, images=input_file(), frames=1, waves=True)
    found = read(folder / "sim.fst")
    wrong = list(_faults(found, sum(figures["cycles"]) * CYCLE_S))
    text = f"{found.signals:,} signals, {1e6 * found.end:.0f} us"
    size = f"{(folder / 'sim.fst').stat().st_size / 1e6:.1f} MB, {figures['simulation_s']:.1f} s"
    name = "Simulation of ResNet-8 with waves"
    return [
        holds(f"{name}: every tensor equal", figures["equal"], equal_text(figures), COMMAND),
        holds(f"{name}: the file is complete", not wrong, "; ".join(wrong) or text, COMMAND),
        told(f"{name}: size of the file, seconds of a frame", size, COMMAND),
    ]


def _faults(found: Waves, seconds: float) -> Iterator[str]:
    """What speaks against the waves of frames that take so long."""
    if found.start != 0 or not seconds <= found.end <= seconds + AROUND * CYCLE_S:
        yield f"{found.start} to {found.end} s for {seconds} s"
    if not found.covered:
        yield "a time is missing"
    if found.signals < SIGNALS_LEAST:
        yield f"{found.signals} signals"
    yield from (f"no {name}" for name in SCOPES if f"{name}\0".encode() not in found.names)


def read(path: Path) -> Waves:
    """Read an FST file that Verilator wrote."""
    blocks = _blocks(path.read_bytes())
    (header,), (hierarchy,) = blocks[HEADER], blocks[HIERARCHY]
    start, end = struct.unpack(">QQ", header[:16])
    (signals,) = struct.unpack(">Q", header[40:48])
    (unit,) = struct.unpack(">b", header[64:65])
    times = [struct.unpack(">QQ", block[:16]) for block in blocks[CHANGES]]
    follow = all(one[1] == two[0] for one, two in pairwise(times))
    return Waves(
        start=start * 10.0**unit,
        end=end * 10.0**unit,
        signals=signals,
        names=decoded(hierarchy[8:]),
        covered=follow and (times[0][0], times[-1][1]) == (start, end),
    )


def _blocks(content: bytes) -> dict[int, list[bytes]]:
    """Contents of the blocks by type."""
    found: dict[int, list[bytes]] = {}
    at = 0
    while at < len(content):
        length = int.from_bytes(content[at + 1 : at + 9], "big")
        assert 8 <= length <= len(content) - at - 1, "the file ends within a block"
        found.setdefault(content[at], []).append(content[at + 9 : at + 1 + length])
        at += 1 + length
    return found
