# SPDX-License-Identifier: Apache-2.0
"""hg_score: every beat equals the golden model's, at the cycle of its cost."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hlsgen.engines.proposal_program import basis_bits
from hlsgen.model.filters import WINDOW
from hlsgen.stages import score
from tests.rtl.beats import LANES, Beat, Frame, Want, bits, frames, joined, run, stream

pytestmark = pytest.mark.rtl


def settings(frame: Frame) -> int:
    """Signs and coefficients as they come from the program."""
    signs = [basis_bits(signs) for signs in frame.space.basis]
    coeffs = frame.space.coefficients
    return joined((signs[1], 64), (signs[0], 64), (coeffs[1], 16), (coeffs[0], 16))


def wanted(beat: Beat, cycle: int, score_w: int) -> Want:
    """Scores stand at the lower right pixels of their windows."""
    found, row = beat.map.scores, beat.job.row - WINDOW
    columns = beat.columns - (WINDOW - 1)
    there = (columns >= 0) & (columns < found.shape[1]) & (0 <= row < found.shape[0])
    values = np.zeros(len(there), np.int64)
    if there.any():
        values[there] = found[row, columns[there]]
    lanes = len(there)
    fields = (
        (beat.tag(lag=1), 56),
        (bits(there, 1), lanes),
        (bits(values, score_w), lanes * score_w),
    )
    care = joined((-1, 56), (-1, lanes), (bits(-there.astype(int), score_w), lanes * score_w))
    return Want(cycle, joined(*fields), care)


@pytest.mark.parametrize("idle", (0.0, 0.3), ids=("dense", "idle"))
@pytest.mark.parametrize("lanes_n", LANES)
def test_score_beats_match_golden(lanes_n: int, idle: float, tmp_path: Path) -> None:
    random = np.random.default_rng([lanes_n, int(10 * idle)])
    work = frames(lanes_n, random)
    spec = score.ScoreSpec(lanes_n=lanes_n, line_depth=work[0].spec.line_depth)
    latency = score.cost(spec).latency
    lines, wants, fixed = [], [], 0
    for item in stream(work, random, idle):
        if isinstance(item, Beat):
            grads = bits(item.lanes(item.map.gradient, item.job.row - 1, random), 8)
            wants.append(wanted(item, len(lines) + latency, spec.score_w))
            tag = item.tag(lag=1)
            lines.append(joined((fixed, 160), (1, 1), (tag, 56), (grads, 8 * lanes_n)))
        elif item is None:
            lines.append(joined((fixed, 160), (0, 57 + 8 * lanes_n)))
        else:
            fixed = settings(item)
    params = {"LanesN": lanes_n, "LineDepth": spec.line_depth}
    run("score", params, tmp_path, lines, wants, 56 + (1 + spec.score_w) * lanes_n)
