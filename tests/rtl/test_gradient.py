# SPDX-License-Identifier: Apache-2.0
"""hg_gradient: every beat equals the golden model's, at the cycle of its cost."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hlsgen.model.proposal import SPACES
from hlsgen.stages import gradient
from tests.rtl.beats import LANES, Beat, Want, bits, frames, joined, run, stream

pytestmark = pytest.mark.rtl


def pixels_in(beat: Beat, random: np.random.Generator) -> int:
    """Converted pixels of the job's row; the upper channels of grey are 0."""
    found = beat.lanes(beat.map.converted, beat.job.row, random)
    whole = np.zeros((len(found), 3), np.int64)
    whole[:, : found.shape[1]] = found
    return bits(whole, 8)


def wanted(beat: Beat, cycle: int, random: np.random.Generator) -> Want:
    row = beat.job.row - 1
    there = beat.present if 0 <= row < beat.map.size.map[1] else np.zeros_like(beat.present)
    lanes = 8 * len(there)
    values = bits(beat.lanes(beat.map.gradient, row, random), 8)
    care = (1 << 56) - 1 << lanes | bits(there * 255, 8)
    return Want(cycle, beat.tag(lag=1) << lanes | values, care)


@pytest.mark.parametrize("idle", (0.0, 0.3), ids=("dense", "idle"))
@pytest.mark.parametrize("lanes_n", LANES)
def test_gradient_beats_match_golden(lanes_n: int, idle: float, tmp_path: Path) -> None:
    random = np.random.default_rng([lanes_n, int(10 * idle)])
    work = frames(lanes_n, random)
    spec = gradient.GradientSpec(lanes_n=lanes_n, line_depth=work[0].spec.line_depth)
    latency = gradient.cost(spec).latency
    lines, wants, held, space = [], [], None, 0
    for item in stream(work, random, idle):
        cycle = len(lines)
        if isinstance(item, Beat):
            if held:
                wants.append(wanted(held, cycle + latency - 1, random))
            held = None if item.last else item
            if item.last:
                wants.append(wanted(item, cycle + latency, random))
            pixels = pixels_in(item, random)
            lines.append(joined((space, 2), (1, 1), (item.tag(), 56), (pixels, 24 * lanes_n)))
        elif item is None:
            lines.append(joined((space, 2), (0, 57 + 24 * lanes_n)))
        else:
            space = SPACES.index(item.space.name)
    params = {"LanesN": lanes_n, "LineDepth": spec.line_depth}
    run("gradient", params, tmp_path, lines, wants, 56 + 8 * lanes_n)
