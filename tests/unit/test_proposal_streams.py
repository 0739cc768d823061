# SPDX-License-Identifier: Apache-2.0
"""When streams of frames count as equal: all seen whole, none of which proves too little."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hlsgen.engines.proposal import ProposalSpec
from hlsgen.engines.proposal_program import plan
from hlsgen.run.proposal_streams import (
    STREAMS,
    Expected,
    StreamVerdict,
    compare,
    expected_streams,
    joined,
)
from tests.proposals import a_space, picture

pytestmark = pytest.mark.unit
SPEC = ProposalSpec(width_max=40, height_max=32, limit_n=20, top_k=40)
SPACE = a_space()
PLAN = plan(SPEC, SPACE, 40, 32)


def expected(image: np.ndarray) -> Expected:
    return expected_streams(SPEC, SPACE, PLAN, image)


@pytest.fixture(scope="module")
def frames() -> list[Expected]:
    return [expected(picture(40, 32, seed)) for seed in (3, 4)]


def with_stream(frame: Expected, stage: str, rows: np.ndarray) -> Expected:
    return replace(frame, streams={**frame.streams, stage: rows})


def test_streams_seen_whole_are_equal(frames: list[Expected]) -> None:
    verdict = compare(frames, [frame.streams for frame in frames])
    assert verdict.equal and verdict.tensors_compared == 2 * len(STREAMS)
    assert joined([verdict, verdict]).equal


def test_no_frames_prove_nothing() -> None:
    assert not compare([], []).equal


def test_a_frame_that_never_came_is_missing(frames: list[Expected]) -> None:
    verdict = compare(frames, [frames[0].streams])
    assert not verdict.equal and verdict.tensors_compared == len(STREAMS)
    assert str(verdict.first).startswith("stage resize, size 0 [0,0], frame 1: got nothing, ")
    whole = compare(frames, [frame.streams for frame in frames])
    assert not joined([whole, compare(frames, [])]).equal


def test_a_stream_that_never_came_is_missing(frames: list[Expected]) -> None:
    got = {name: rows for name, rows in frames[0].streams.items() if name != "top"}
    verdict = compare(frames[:1], [got])
    assert not verdict.equal and verdict.tensors_compared == len(STREAMS) - 1
    assert verdict.first is not None and verdict.first.stage == "top"


def test_a_frame_too_many_is_a_difference(frames: list[Expected]) -> None:
    verdict = compare(frames[:1], [frame.streams for frame in frames])
    assert not verdict.equal and verdict.differences > 0


@pytest.mark.parametrize("stage", STREAMS)
def test_an_empty_stream_proves_nothing(frames: list[Expected], stage: str) -> None:
    empty = with_stream(frames[1], stage, frames[1].streams[stage][:0])
    verdict = compare([frames[0], empty], [frames[0].streams, empty.streams])
    assert not verdict.equal and verdict.first is None
    assert verdict.degenerate == ((1, stage),)
    assert verdict.tensors_compared == 2 * len(STREAMS) - 1


def test_a_flat_frame_is_not_saved_by_the_others(frames: list[Expected]) -> None:
    flat = expected(np.full((32, 40, 3), 90, np.uint8))
    verdict = compare([frames[0], flat], [frames[0].streams, flat.streams], first_frame=5)
    assert not verdict.equal and verdict.first is None and verdict.differences == 0
    assert {frame for frame, _ in verdict.degenerate} == {6}
    assert {stage for _, stage in verdict.degenerate} >= {"resize", "gradient", "score", "limit"}
    whole = compare(frames, [frame.streams for frame in frames])
    assert not joined([whole, verdict]).equal


@pytest.mark.parametrize("stage", ["suppress", "limit", "calibrate", "top", "boxes"])
def test_places_alone_prove_nothing(frames: list[Expected], stage: str) -> None:
    """Places always differ from entry to entry: scores and values must do."""
    rows = frames[0].streams[stage].copy()
    rows[:, 4 if stage == "boxes" else 3] = 7
    alike = with_stream(frames[0], stage, rows)
    assert compare([alike], [alike.streams]).degenerate == ((0, stage),)


def test_a_clamped_gradient_proves_nothing(frames: list[Expected]) -> None:
    rows = frames[0].streams["gradient"].copy()
    rows[: len(rows) // 2 + 1] = 255
    clamped = with_stream(frames[0], "gradient", rows)
    assert compare([clamped], [clamped.streams]).degenerate == ((0, "gradient"),)


def test_every_stream_of_every_frame_must_count() -> None:
    counted = StreamVerdict(
        frames=2, tensors_compared=2 * len(STREAMS), differences=0, first=None, degenerate=()
    )
    assert counted.equal
    assert not replace(counted, tensors_compared=2 * len(STREAMS) - 1).equal
    assert not replace(counted, frames=3).equal
