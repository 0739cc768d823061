# SPDX-License-Identifier: Apache-2.0
"""hg_image, hg_row_jobs and hg_resize: beats equal golden in order, cycles as predicted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from hlsgen.engines.proposal_jobs import predict
from hlsgen.engines.proposal_program import pack_image, plan
from tests.rtl.beats import Beat, Frame, Want, bits, frame_pair, joined, stream
from tests.rtl.scripted import hex_lines, run_script
from tests.rtl.test_resize import table_words

pytestmark = pytest.mark.rtl
ANY = (1 << 32) - 1
TOTAL = 1 + 81 + 81 + 73


def program_lines(frame: Frame) -> Iterator[int]:
    """Writes of the column table, the jobs and the size records, then the start."""
    made = plan(frame.spec, frame.space, frame.image.shape[1], frame.image.shape[0])
    for word in table_words(frame.spec, frame):
        yield word << 81 + 73
    offsets = [int.from_bytes(made.data[at : at + 4], "little") for at in (56, 60, 64)]
    for number in range(len(made.jobs)):
        at = offsets[2] + 8 * number
        word = int.from_bytes(made.data[at : at + 8], "little")
        yield joined((1, 1), (number, 16), (word, 64)) << 73
    for number in range(4 * len(made.sizes)):
        at = offsets[0] + 8 * number
        word = int.from_bytes(made.data[at : at + 8], "little")
        yield joined((1, 1), (number // 4, 6), (number % 4, 2), (word, 64))
    yield 1 << TOTAL - 1


def wanted(beat: Beat, random: np.random.Generator) -> Want:
    there = beat.present & (beat.job.row < beat.map.size.map[1])
    pixels = beat.lanes(beat.map.resized, beat.job.row, random)
    lanes = 24 * len(there)
    care = bits(np.repeat(there, 3) * 255, 8)
    value = joined((beat.tag(), 56), (bits(pixels, 8), lanes))
    return Want(ANY, value, (1 << 56) - 1 << lanes | care)


@dataclass(frozen=True)
class Memory:
    """How the bench's memory and its limit behave."""

    latency: int = 7
    stall: int = 0  # percent of cycles
    give: int = 0  # cycles from the end of a frame to the pulse of the limit


def simulate(lanes_n: int, ports_n: int, size: tuple[int, int], folder: Path, *, memory: Memory,
             frames_n: int = 3) -> tuple[list[int], Frame]:  # fmt: skip
    """Ends of the frames, in cycles."""
    random = np.random.default_rng([lanes_n, ports_n, memory.stall])
    pair = frame_pair(lanes_n, random, size, "bgr")
    work = [pair[index % 2] for index in range(frames_n)]
    wants = [wanted(b, random) for b in stream(work, random, 0.0) if isinstance(b, Beat)]
    lines = list(program_lines(work[0]))
    ends = run_frames("rows", work, ports_n, folder, lines, wants, 56 + 24 * lanes_n, memory)
    return ends, work[0]


def run_frames(stem: str, work: list[Frame], ports_n: int, folder: Path, lines: list[int],
               wants: list[Want], width: int, memory: Memory) -> list[int]:  # fmt: skip
    """Run a bench that reads frames from memory; returns when each one ended."""
    first = work[0]
    high, wide = first.image.shape[:2]
    made = plan(first.spec, first.space, wide, high)
    rows = [joined((w.cycle, 32), (w.care, width), (w.value, width)) for w in wants]
    images = b"".join(pack_image(frame.image) for frame in work)
    (folder / "lines.hex").write_text(hex_lines(lines))
    (folder / "wants.hex").write_text(hex_lines(rows))
    (folder / "dram.hex").write_text(hex_lines(np.frombuffer(images, "<u8")))
    log = run_script(
        stem,
        {"LanesN": first.spec.lanes_n, "PortsN": ports_n, "ColumnDepth": first.spec.line_depth},
        folder,
        lines=len(lines), limit=200_000, wants=len(wants), frames=len(work), width=wide,
        height=high, row_beats=-(-3 * wide // 8), row_stride=made.row_bytes // 128,
        in_stride=made.row_bytes * high, jobs=len(made.jobs), latency=memory.latency,
        stall=memory.stall, give=memory.give, seed=1,
    )  # fmt: skip
    ends = [int(found) for found in re.findall(r"END cycle (\d+)", log)]
    assert len(ends) == len(work)
    return ends


@pytest.mark.parametrize(
    ("lanes_n", "ports_n", "size", "stall", "give"),
    (
        (3, 1, (53, 33), 40, 10),
        (3, 2, (70, 40), 70, 3000),
        (8, 2, (37, 21), 0, 10),
        (1, 1, (8, 9), 20, 500),
        (5, 1, (70, 40), 85, 0),
    ),
)
def test_rows_beats_match_golden(
    lanes_n: int, ports_n: int, size: tuple[int, int], stall: int, give: int, tmp_path: Path
) -> None:
    simulate(lanes_n, ports_n, size, tmp_path, memory=Memory(stall=stall, give=give))


@pytest.mark.parametrize(
    ("lanes_n", "ports_n", "give"),
    ((3, 1, 0), (5, 2, 0), (8, 1, 0), (3, 1, 3000)),
    ids=("l3", "l5_two_ports", "l8", "bank_binds"),
)
def test_rows_cycles_are_predicted(lanes_n: int, ports_n: int, give: int, tmp_path: Path) -> None:
    """From the end of a frame to that of the next one, with a memory that keeps up."""
    size = (70, 40)
    memory = Memory(latency=20, give=give)
    ends, frame = simulate(lanes_n, ports_n, size, tmp_path, memory=memory, frames_n=4)
    spec = replace(frame.spec, ports_n=ports_n, limit_n=1, top_k=1)
    want = max(predict(spec, frame.space.sizes, *size).cycles_per_frame, give)
    assert abs(ends[-1] - ends[-2] - want) <= 0.01 * want, (ends, want)
