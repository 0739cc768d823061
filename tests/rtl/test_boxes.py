# SPDX-License-Identifier: Apache-2.0
"""hg_boxes: the records in memory equal the golden model's, every other byte stays."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from hlsgen.engines.proposal import Proposals, ProposalSpec, Size, sizes_of
from hlsgen.engines.proposal_program import pack_results
from hlsgen.stages.boxes import cost, golden
from tests.rtl.results import memory_lines, size_lines
from tests.rtl.scripted import hex_lines, run_script

pytestmark = pytest.mark.rtl

IMAGE = (500, 375)
SIZES = sizes_of(ProposalSpec().sizes, *IMAGE)
STRIDE_MORE = 256
DESIGNS = {"one": 1, "thirteen": 13, "thousand": 1000}


def random_frame(rng: np.random.Generator, spec: ProposalSpec, count: int) -> tuple:
    """Points, best first, and their boxes: (index, x, y) of every place that a window can have."""
    chosen = [SIZES[int(i)] for i in rng.integers(0, len(SIZES), count)]
    points = [_point(rng, size) for size in chosen]
    corners = [
        golden(spec.boxes, np.array([point]), step=size.step, window=size.window, image=IMAGE)[0]
        for size, point in zip(chosen, points, strict=True)
    ]
    values = np.sort(rng.integers(-(1 << 31), 1 << 31, count))[::-1]
    indices = np.array([size.index for size in chosen], np.int64)
    found = Proposals(
        boxes=np.array(corners, np.int64).reshape(count, 4), values=values, sizes=indices
    )
    return points, found


def _point(rng: np.random.Generator, size: Size) -> tuple[int, int]:
    """A place on the map of scores, its far corner more often than not."""
    last = size.map[0] - 8, size.map[1] - 8
    if rng.random() < 0.6:
        return last
    return int(rng.integers(0, last[0] + 1)), int(rng.integers(0, last[1] + 1))


def point_lines(spec: ProposalSpec, points: list, found: Proposals) -> list[int]:
    """The lines of a frame: what is no point first, then the points ascending, then the mark."""
    lines = [0] * (spec.top_k - len(points))
    for number in reversed(range(len(points))):
        x, y = points[number]
        value = int(found.values[number]) & 0xFFFF_FFFF
        place = (int(found.sizes[number]) << 8 | y) << 8 | x
        lines.append((1 << 32 | value) << 22 | place)
    return [*lines, 1 << 55]


def run(boxes_n: int, folder: Path, *, seed: int, idle: int, stall: int) -> str:
    rng = np.random.default_rng(seed)
    spec = ProposalSpec(top_k=boxes_n)
    frames_n = 3 if boxes_n > 100 else 12
    stride = 16 * -(-boxes_n // 8) * 8 + STRIDE_MORE
    lines: list[int] = []
    counts, frames = [], []
    for number in range(frames_n):
        count = (boxes_n, 0, int(rng.integers(0, boxes_n + 1)))[(number + seed) % 3]
        points, found = random_frame(rng, spec, count)
        lines += point_lines(spec, points, found)
        counts.append(count)
        frames.append(pack_results(spec, found))
    (folder / "lines.hex").write_text(hex_lines(lines))
    (folder / "counts.hex").write_text(hex_lines(counts))
    (folder / "sizes.hex").write_text(size_lines(SIZES, [(0, 0)] * len(SIZES)))
    (folder / "want.hex").write_text(memory_lines(frames, stride))
    return run_script(
        "boxes", {"BoxesN": boxes_n}, folder, lines=len(lines), sizes=len(SIZES),
        frames=frames_n, idle=idle, stall=stall, seed=seed, width=IMAGE[0], height=IMAGE[1],
        stride=stride,
    )  # fmt: skip


@pytest.mark.parametrize("name", DESIGNS, ids=list(DESIGNS))
def test_boxes_records_match_golden(name: str, tmp_path: Path) -> None:
    for seed, (idle, stall) in enumerate(((0, 0), (50, 0), (0, 60), (40, 40)), start=1):
        run(DESIGNS[name], tmp_path, seed=seed, idle=idle, stall=stall)


def test_boxes_take_a_beat_a_cycle(tmp_path: Path) -> None:
    """Memory that never refuses takes the records of three frames without a pause."""
    log = run(1000, tmp_path, seed=1, idle=0, stall=0)
    cycles = int(re.search(r"ALL cycles (\d+)", log)[1])
    beats = 3 * cost(ProposalSpec(top_k=1000).boxes).beats
    assert beats <= cycles <= beats + 3 * 80
