# SPDX-License-Identifier: Apache-2.0
"""hg_proposal_front: scores of images in memory equal golden in order, in every colour space."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hlsgen.engines.proposal_jobs import predict
from hlsgen.model.filters import SCORE_BITS
from hlsgen.model.proposal import SPACES
from tests.rtl.beats import Beat, frame_pair, joined, stream
from tests.rtl.test_rows import ANY, TOTAL, Memory, program_lines, run_frames
from tests.rtl.test_score import settings, wanted

pytestmark = pytest.mark.rtl
LANES_N, SIZE = 3, (53, 33)


@pytest.mark.parametrize("name", SPACES)
def test_front_scores_match_golden(name: str, tmp_path: Path) -> None:
    """Frames one behind the other, as fast as predicted."""
    random = np.random.default_rng(SPACES.index(name))
    work = 2 * frame_pair(LANES_N, random, SIZE, name)
    beats = [item for item in stream(work, random, 0.0) if isinstance(item, Beat)]
    wants = [wanted(beat, ANY, SCORE_BITS) for beat in beats]
    fixed = joined((settings(work[0]), 160), (SPACES.index(name), 2)) << TOTAL
    lines = [fixed | line for line in program_lines(work[0])]
    width = 56 + (1 + SCORE_BITS) * LANES_N
    ends = run_frames("front", work, 1, tmp_path, lines, wants, width, Memory())
    spec = replace(work[0].spec, limit_n=1, top_k=1)
    want = predict(spec, work[0].space.sizes, *SIZE).cycles_per_frame
    assert abs(ends[-1] - ends[-2] - want) <= 0.01 * want, (ends, want)
