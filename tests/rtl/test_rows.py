# SPDX-License-Identifier: Apache-2.0
"""hg_image, hg_row_jobs and hg_resize: beats equal golden in order, cycles as predicted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hlsgen.engines.proposal_jobs import predict
from hlsgen.engines.proposal_program import Plan, pack_image, plan
from tests.rtl.beats import Beat, Frame, Want, bits, frame_pair, joined, stream
from tests.rtl.scripted import hex_lines, run_script
from tests.rtl.test_resize import table_words

pytestmark = pytest.mark.rtl
ANY = (1 << 32) - 1
TOTAL = 1 + 81 + 81 + 73


def program_lines(frame: Frame, made: Plan) -> Iterator[int]:
    """Writes of the column table, the jobs and the size records, then the start."""
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


def simulate(lanes_n: int, ports_n: int, size: tuple[int, int], folder: Path, *, latency: int,
             stall: int, give: int, frames_n: int = 3) -> tuple[list[int], Frame]:  # fmt: skip
    """Ends of the frames, in cycles."""
    random = np.random.default_rng([lanes_n, ports_n, stall])
    pair = frame_pair(lanes_n, random, size, "bgr")
    work = [pair[index % 2] for index in range(frames_n)]
    first = work[0]
    made = plan(first.spec, first.space, *size)
    wants = [wanted(b, random) for b in stream(work, random, 0.0) if isinstance(b, Beat)]
    memory = b"".join(pack_image(frame.image) for frame in work)
    lines = list(program_lines(first, made))
    width = 56 + 24 * lanes_n
    rows = [joined((w.cycle, 32), (w.care, width), (w.value, width)) for w in wants]
    (folder / "lines.hex").write_text(hex_lines(lines))
    (folder / "wants.hex").write_text(hex_lines(rows))
    (folder / "dram.hex").write_text(hex_lines(np.frombuffer(memory, "<u8")))
    log = run_script(
        "rows",
        {"LanesN": lanes_n, "PortsN": ports_n, "ColumnDepth": first.spec.line_depth},
        folder,
        lines=len(lines), limit=200_000, wants=len(wants), frames=frames_n, width=size[0],
        height=size[1],
        row_beats=-(-3 * size[0] // 8), row_stride=made.row_bytes // 128,
        in_stride=made.row_bytes * size[1], jobs=len(made.jobs), latency=latency, stall=stall,
        give=give, seed=1,
    )  # fmt: skip
    ends = [int(found) for found in re.findall(r"END cycle (\d+)", log)]
    assert len(ends) == frames_n
    return ends, first


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
    simulate(lanes_n, ports_n, size, tmp_path, latency=7, stall=stall, give=give)


@pytest.mark.parametrize(
    ("lanes_n", "ports_n", "give"),
    ((3, 1, 0), (5, 2, 0), (8, 1, 0), (3, 1, 3000)),
    ids=("l3", "l5_two_ports", "l8", "bank_binds"),
)
def test_rows_cycles_are_predicted(lanes_n: int, ports_n: int, give: int, tmp_path: Path) -> None:
    """From the end of a frame to that of the next one, with a memory that keeps up."""
    size = (70, 40)
    ends, frame = simulate(
        lanes_n, ports_n, size, tmp_path, latency=20, stall=0, give=give, frames_n=4
    )
    spec = replace(frame.spec, ports_n=ports_n, limit_n=1, top_k=1)
    want = max(predict(spec, frame.space.sizes, *size).cycles_per_frame, give)
    assert abs(ends[-1] - ends[-2] - want) <= 0.01 * want, (ends, want)
