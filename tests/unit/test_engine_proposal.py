# SPDX-License-Identifier: Apache-2.0
"""The proposal engine: sizes of an image, its golden as a whole, row jobs and program."""

from __future__ import annotations

import struct
from dataclasses import replace

import numpy as np
import pytest

from hlsgen.engines.proposal import ProposalSpec, golden, maps, sizes_of, suppressed
from hlsgen.engines.proposal_jobs import (
    MIN_GAP,
    Kind,
    candidates_depth,
    fifo_depth,
    jobs,
    jobs_depth,
    lag_rows,
    predict,
)
from hlsgen.engines.proposal_program import (
    VIDEO_END,
    VIDEO_START,
    pack_image,
    pack_results,
    pack_video,
    plan,
    row_bytes,
    unpack_results,
)
from hlsgen.errors import ParameterError
from hlsgen.model.proposal import PUBLISHED_SIZES
from hlsgen.stages.resize import taps
from tests.proposals import a_space, picture

pytestmark = pytest.mark.unit
SPEC = ProposalSpec(width_max=120, height_max=90, attempts_n=2, top_k=50, limit_n=9)


def test_proposal_sizes_are_the_published_geometry() -> None:
    sizes = sizes_of(PUBLISHED_SIZES, 500, 375)
    assert sum(size.map[0] * size.map[1] for size in sizes) == 164_428
    assert (sizes[0].map, sizes[-1].map) == ((250, 188), (8, 8))
    assert (sizes[-1].window, sizes[-1].step) == ((500, 375), (62, 46))
    assert [size.number for size in sizes_of(PUBLISHED_SIZES, 9, 8)] == [0]
    assert sizes_of(PUBLISHED_SIZES, 9, 8)[0].window == (9, 8)
    assert sizes_of(PUBLISHED_SIZES, 7, 8) == ()


def test_proposal_boxes_are_the_best_of_every_size() -> None:
    """A loop over points: the limit a size, the value, ties by size, y, x."""
    space, image = a_space(), picture(100, 71)
    found = maps(SPEC, space, image)
    rows = []
    for item, kept in zip(found, suppressed(SPEC, found), strict=True):
        points = [(int(item.scores[y, x]), -y, -x) for y, x in np.argwhere(kept)]
        for score, y, x in sorted(points, reverse=True)[: SPEC.limit_n]:
            index = item.size.index
            value = (score * int(space.slope[index]) + int(space.offset[index])) >> 10
            sx, sy = item.size.step
            box = (1 - x * sx, 1 - y * sy)
            far = (
                min(-x * sx + item.size.window[0], 100),
                min(-y * sy + item.size.window[1], 71),
            )
            rows.append((-value, index, -y, -x, *box, *far))
    rows.sort()
    result = golden(SPEC, space, image)
    assert len(rows) > SPEC.top_k == len(result.values)
    assert (-result.values).tolist() == [row[0] for row in rows[: SPEC.top_k]]
    assert result.boxes.tolist() == [list(row[4:]) for row in rows[: SPEC.top_k]]
    assert result.sizes.tolist() == [row[1] for row in rows[: SPEC.top_k]]


def test_proposal_ties_go_to_the_smaller_size_then_y_then_x() -> None:
    count = len(PUBLISHED_SIZES)
    space = replace(a_space(), slope=np.zeros(count, np.int64), offset=np.zeros(count, np.int64))
    result = golden(SPEC, space, picture(100, 71))
    assert not result.values.any()
    order = list(zip(result.sizes, result.boxes[:, 1], result.boxes[:, 0], strict=True))
    assert order == sorted(order)
    assert len({*result.sizes.tolist()}) > 3
    for size in {*result.sizes.tolist()}:
        assert len({row[1] for row in order if row[0] == size}) > 1


@pytest.mark.parametrize(
    ("image", "pattern"),
    [
        (
            np.zeros((1, 1, 3), np.uint8),
            r"^Image must be 8x8 to 120x90 \(the built size\), not 1x1",
        ),
        (np.zeros((7, 8, 3), np.uint8), r"^Image must be 8x8 to 120x90 .*, not 8x7; scale it or"),
        (np.zeros((91, 9, 3), np.uint8), r"^Image must be 8x8 to 120x90 .*, not 9x91; scale it"),
        (np.zeros((20, 20), np.uint8), r"^Image must be 8-bit BGR .*; convert grey or alpha first"),
        (np.zeros((20, 20, 4), np.uint8), r"^Image must be 8-bit BGR .*, not uint8 of shape"),
    ],
    ids=["1x1", "8x7", "large", "grey", "alpha"],
)
def test_proposal_refuses_images(image: np.ndarray, pattern: str) -> None:
    with pytest.raises(ParameterError, match=pattern):
        golden(SPEC, a_space(), image)


@pytest.mark.parametrize(
    ("field", "value"), [("top_k", 0), ("top_k", 4097), ("limit_n", 0)], ids=str
)
def test_proposal_rejects(field: str, value: int) -> None:
    with pytest.raises(
        ParameterError, match=rf"^Proposal {field} must be in 1\.\.4096, not {value}"
    ):
        ProposalSpec(**{field: value})


@pytest.mark.parametrize(("width", "height"), [(500, 375), (64, 48), (8, 8), (333, 12)])
def test_proposal_jobs_bring_every_row_once_and_apart(width: int, height: int) -> None:
    spec = ProposalSpec(lanes_n=5)
    sizes = sizes_of(PUBLISHED_SIZES, width, height)
    work = jobs(spec, sizes, height)
    for slot, size in enumerate(sizes):
        own = [job for job in work if job.slot == slot and job.kind != Kind.IDLE]
        assert [job.row for job in own] == list(range(size.map[1] + lag_rows(spec)))
        pixels = [job for job in own if job.kind == Kind.PIXELS]
        found = taps(height, size.map[1])
        assert [job.first for job in pixels] == found.first.tolist()
        assert [job.weight for job in pixels] == found.weight.tolist()
    firsts = [job.first for job in work if job.kind == Kind.PIXELS]
    assert firsts == sorted(firsts)
    now, last = 0, dict[int, int]()
    for job in [*work, *work]:  # frame behind frame
        if job.kind != Kind.IDLE:
            assert now - last.get(job.slot, -MIN_GAP) >= MIN_GAP
            last[job.slot] = now
        now += job.beats


def test_proposal_schedule_reaches_the_asked_cycles() -> None:
    asked = {(3, 1): 91_000, (5, 2): 45_000}
    for (lanes, ports), most in asked.items():
        spec = ProposalSpec(width_max=500, height_max=375, lanes_n=lanes, ports_n=ports)
        found = predict(spec, PUBLISHED_SIZES, 500, 375)
        assert found.beats + found.push_beats + found.wait_cycles == found.cycles_per_frame
        assert found.read_beats <= found.cycles_per_frame <= most
        assert found.drain_cycles < found.cycles_per_frame


def test_proposal_schedule_waits_for_rows_of_one_port() -> None:
    one, two = (
        predict(ProposalSpec(lanes_n=8, ports_n=n), PUBLISHED_SIZES, 500, 375) for n in (1, 2)
    )
    assert one.wait_cycles > two.wait_cycles
    assert one.cycles_per_frame >= one.read_beats == 375 * 188


def test_proposal_program_holds_sizes_columns_and_jobs() -> None:
    space = a_space()
    made = plan(SPEC, space, 100, 71)
    head = struct.unpack_from("<IHBBQIIHHHHQQhhHHIII", made.data)
    assert head[:5] == (0x50504748, 1, len(made.sizes), 0, SPEC.layout_hash())
    assert head[5:9] == (len(made.data), len(made.jobs), 100, 71)
    assert head[9:11] == (38, 3)
    assert head[11] >> 63 == (space.basis[0, 0, 0] > 0)
    assert head[12] & 1 == (space.basis[1, 7, 7] > 0)
    assert head[13:16] == (5, 3, 50)
    sizes_at, columns_at, jobs_at = head[17:]
    base = 0
    for number, size in enumerate(made.sizes):
        record = struct.unpack_from("<HHHHQqq", made.data, sizes_at + 32 * number)
        beats = -(-size.map[0] // 3)
        assert record[:4] == (*size.map, base, beats)
        assert (record[4] & 0x1FFF, record[4] >> 16 & 0x1FFF) == size.window
        assert (record[4] >> 32 & 0x3FF, record[4] >> 48 & 0x3FF) == size.step
        assert record[4] >> 58 == size.index
        assert record[5:] == (space.slope[size.index], space.offset[size.index])
        across = taps(100, size.map[0])
        for x in range(size.map[0]):
            at = columns_at + 16 * (base + x // 3) + 4 * (x % 3)
            first, weight = struct.unpack_from("<HH", made.data, at)
            assert (first, weight) == (across.first[x], across.weight[x])
        base += beats
    assert head[16] == 2 * base
    for number, job in enumerate(made.jobs):
        (word,) = struct.unpack_from("<Q", made.data, jobs_at + 8 * number)
        fields = [
            word >> low & ((1 << bits) - 1)
            for low, bits in ((0, 2), (2, 6), (8, 12), (20, 12), (32, 9), (48, 12))
        ]
        assert fields == [job.kind, job.slot, job.row, job.first, job.weight, job.beats]


def test_proposal_program_refuses_what_was_not_built() -> None:
    with pytest.raises(ParameterError, match=r"^Image must be at most 120x90 .*, not 121x90;"):
        plan(SPEC, a_space(), 121, 90)
    small = replace(SPEC, sizes=(0,))
    with pytest.raises(ParameterError, match=r"^Sizes must be at most 1 in 20 beats .*; build aga"):
        plan(small, a_space(), 100, 71)


def test_proposal_bytes_of_images_and_results_come_back() -> None:
    image = picture(50, 9)
    rows = np.frombuffer(pack_image(image), np.uint8).reshape(9, row_bytes(50))
    assert row_bytes(50) == 256
    assert np.array_equal(rows[:, :150].reshape(9, 50, 3), image)
    assert not rows[:, 150:].any()
    result = golden(SPEC, a_space(), picture(100, 71))
    data = pack_results(SPEC, result)
    assert len(data) == 56 * 16  # whole bursts
    again = unpack_results(data)
    for field in ("boxes", "values", "sizes"):
        assert np.array_equal(getattr(again, field), getattr(result, field))


def test_proposal_fifo_holds_the_greatest_surplus_of_any_run_of_jobs() -> None:
    wide = replace(SPEC, lanes_n=8)  # rows bring more points than the limit takes meanwhile
    sizes = sizes_of((0, 6, 12), 120, 90)
    work = jobs(wide, sizes, 90)
    work = [*work, *work]
    silent = lag_rows(wide) + 7
    deepest = 0.0
    for start in range(len(work)):
        surplus, rows = 0.0, dict.fromkeys(range(len(sizes)), 0)
        for place, job in enumerate(work[start:]):
            points = 0
            if job.kind != Kind.IDLE and job.row >= silent:
                # points of three rows are three columns apart: all of them may be in the first
                points = -(-(sizes[job.slot].map[0] - 7) // 3)
                surplus += points * (rows[job.slot] % 3 == 0)
                rows[job.slot] += 1
            deepest = max(deepest, surplus)
            # three points of eight lanes; a run begins with the first point of its first job
            surplus -= min(job.beats, -(-points // 3) if place == 0 else job.beats) / 2
    assert candidates_depth(wide, sizes, 90) == -int(-deepest // 1) + 3  # and a beat held back
    for lanes, room in ((3, 512), (5, 1024)):
        usual = ProposalSpec(lanes_n=lanes)
        for width in (333, 480, 500):
            assert candidates_depth(usual, sizes_of(PUBLISHED_SIZES, width, 500), 500) <= room
        assert fifo_depth(usual) == room


def test_proposal_jobs_of_every_image_have_room() -> None:
    spec = ProposalSpec(width_max=120, height_max=90, lanes_n=5)
    room = jobs_depth(spec)
    for width, height in [(8, 8), (8, 90), (17, 90), (33, 90), (60, 90), (120, 8), (120, 90)]:
        assert len(plan(spec, a_space(), width, height).jobs) <= room


def test_proposal_layout_hash_tells_designs_apart() -> None:
    assert SPEC.layout_hash() == replace(SPEC).layout_hash()
    assert SPEC.layout_hash() != replace(SPEC, top_k=51).layout_hash()
    with pytest.raises(ParameterError, match=r"^Proposal ports_n must be 1 or 2, not 3$"):
        replace(SPEC, ports_n=3)
    assert SPEC.layout_hash() != replace(SPEC, stream_pixels=2).layout_hash()
    with pytest.raises(ParameterError, match=r"^Proposal stream_pixels must be 1 or 2, .*, not 3$"):
        replace(SPEC, stream_pixels=3)
    with pytest.raises(ParameterError, match=r"^Proposal ports_n must be 1 with a camera, not 2; "):
        replace(SPEC, ports_n=2, stream_pixels=1)


def test_proposal_video_has_green_lowest_and_marks_frames_and_lines() -> None:
    image = np.arange(9, dtype=np.uint8).reshape(1, 3, 3)
    assert [f"{int(beat):x}" for beat in pack_video(image, 2)] == ["1050304020001", "2000000080607"]
    beats = pack_video(np.zeros((4, 5, 3), np.uint8), 1).reshape(4, 5)
    start, end = beats & np.uint64(VIDEO_START), beats & np.uint64(VIDEO_END)
    assert start[0, 0] and np.count_nonzero(start) == 1
    assert end[:, -1].all() and np.count_nonzero(end) == 4


def test_proposal_cycles_with_a_camera() -> None:
    """A frame takes its beats at least: the camera gives no pixel twice."""
    found = {
        pixels: predict(ProposalSpec(stream_pixels=pixels), PUBLISHED_SIZES, 500, 375)
        for pixels in (1, 2)
    }
    assert [found[pixels].read_beats for pixels in (1, 2)] == [187_500, 93_750]
    assert all(item.read_beats <= item.cycles_per_frame for item in found.values())
