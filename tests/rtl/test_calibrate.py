# SPDX-License-Identifier: Apache-2.0
"""hg_calibrate: every value equals the golden model's, three cycles behind its score."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hlsgen.stages.calibrate import CalibrateSpec, cost, golden
from tests.rtl.scripted import hex_lines, run_script

pytestmark = pytest.mark.rtl

SPEC = CalibrateSpec()
SLOTS, SCORES, SIDE_W = 64, 3000, 9


def signed(rng: np.random.Generator, width: int) -> int:
    """A number of so many bits: anything, near zero, or an end of the range."""
    top = 1 << width - 1
    kind = int(rng.integers(0, 4))
    if kind == 0:
        return (-top, top - 1, -1, 0)[int(rng.integers(0, 4))]
    return int(rng.integers(-top, top)) >> (width // 2 if kind == 1 else 0)


def size_line(slot: int, beat: int, data: int) -> int:
    head = (1 << 6 | slot) << 2 | beat
    return (head << 64 | data & ((1 << 64) - 1)) << 7 + SPEC.score_w + SIDE_W


def test_calibrate_values_match_golden(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    lines, want = [], []
    table = [(signed(rng, SPEC.slope_w), signed(rng, SPEC.offset_w)) for _ in range(SLOTS)]
    for slot, (slope, offset) in enumerate(table):
        beats = (int(rng.integers(0, 1 << 63)), int(rng.integers(0, 1 << 63)), slope, offset)
        lines += [size_line(slot, beat, data) for beat, data in enumerate(beats)]
    while len(want) < SCORES:
        slot, score = int(rng.integers(0, SLOTS)), signed(rng, SPEC.score_w)
        value = int(golden(SPEC, np.array([score]), *table[slot])[0])
        if not -(1 << SPEC.value_w - 1) <= value < 1 << SPEC.value_w - 1:
            continue  # excluded by the check of the model
        side = int(rng.integers(0, 1 << SIDE_W))
        head = (1 << 6 | slot) << SPEC.score_w | score & ((1 << SPEC.score_w) - 1)
        lines.append(head << SIDE_W | side)
        want.append((value & ((1 << SPEC.value_w) - 1)) << SIDE_W | side)
        if rng.random() < 0.2:
            lines.append(0)
    (tmp_path / "lines.hex").write_text(hex_lines(lines))
    (tmp_path / "wants.hex").write_text(hex_lines(want))
    run_script(
        "calibrate", {"Latency": cost(SPEC).latency}, tmp_path, lines=len(lines), wants=len(want)
    )
