# SPDX-License-Identifier: Apache-2.0
"""HLS C++ of the proposal engine with a camera against golden: streams, cut frames, faults."""

from __future__ import annotations

import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hlsgen.engines.proposal import ProposalSpec
from hlsgen.model.proposal import SPACES
from hlsgen.run.proposal_run import run_starts
from hlsgen.run.proposal_streams import STREAMS
from tests.cameras import FAULTS, broken, camera_start
from tests.proposals import Frames, a_space, compiled, picture, verdicts

pytestmark = pytest.mark.net
SPEC = ProposalSpec(width_max=121, height_max=90, limit_n=40, top_k=203)
DESIGNS = {
    "one_pixel": replace(SPEC, lanes_n=1, attempts_n=2, stream_pixels=1),
    "two_pixels": replace(SPEC, stream_pixels=2),
}
SIDES = ((64, 48), (8, 8), (9, 60), (33, 31), (121, 90))


def frames_of() -> list[Frames]:
    return [
        (a_space(SPACES[number % 3]), [picture(*side, seed=number + 1), picture(*side, seed=9)])
        for number, side in enumerate(SIDES)
    ]


@pytest.mark.parametrize("name", DESIGNS)
def test_csim_camera_equals_golden(name: str, tmp_path: Path) -> None:
    """Frames of odd and even sizes, of each size two back to back."""
    spec = DESIGNS[name]
    found, outcome = verdicts(spec, compiled(spec, tmp_path), frames_of())
    assert [str(verdict.first) for verdict in found if verdict.first is not None] == []
    assert all(verdict.tensors_compared == 2 * len(STREAMS) for verdict in found)
    assert not found[-1].degenerate
    beats = [2 * height * -(-width // spec.stream_pixels) for width, height in SIDES]
    assert [item.beats_taken for item in outcome.starts] == beats


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compiled(DESIGNS["two_pixels"], tmp_path_factory.mktemp("hls"))


def test_csim_camera_waits_for_the_start_of_a_frame(program: Path) -> None:
    """A start in the middle of a frame gives what one in front of a frame gives."""
    spec = DESIGNS["two_pixels"]
    whole = camera_start(spec, a_space(), [picture(33, 31)])
    inside = replace(whole, video=np.concatenate([whole.video[100:], whole.video, whole.video]))
    first, second = run_starts(program, [whole, inside]).starts
    assert second.output == first.output and second.report == first.report
    assert second.beats_taken == 2 * len(whole.video) - 100


@pytest.mark.parametrize("name", FAULTS)
def test_csim_camera_names_the_row_of_a_broken_frame(name: str, program: Path) -> None:
    """The start behind it is as ever."""
    start = camera_start(DESIGNS["two_pixels"], a_space(), [picture(33, 31), picture(33, 31, 3)])
    bad, row, taken = broken(start, name)
    outcome = run_starts(program, [bad, start])
    assert outcome.failure is None
    first, behind = outcome.starts
    assert (
        first.refusal == f"status 9 at row {row}: the camera's frame is not of the program's size"
    )
    assert struct.unpack_from("<Q", first.report, 24) == (1,)  # the first frame came whole
    assert first.beats_taken == taken
    assert behind.refusal is None and behind.beats_taken == len(start.video)


def test_csim_camera_that_stops_is_named(program: Path) -> None:
    start = camera_start(DESIGNS["two_pixels"], a_space(), [picture(33, 31)])
    outcome = run_starts(program, [replace(start, video=start.video[:-1])])
    assert outcome.failure is not None
    assert "process video waits for empty stream s_axis_video" in outcome.failure
