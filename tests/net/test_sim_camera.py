# SPDX-License-Identifier: Apache-2.0
"""The proposal engine with a camera on simulated hardware: streams, cycles, cut frames, faults."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hlsgen import api
from hlsgen.engines.proposal import ProposalSpec
from hlsgen.engines.proposal_jobs import predict
from hlsgen.engines.proposal_program import VIDEO_START
from hlsgen.model.proposal import SPACES
from hlsgen.model.store import save
from hlsgen.run.outcome import ending
from hlsgen.run.proposal_project import (
    ProposalProject,
    Start,
    judged,
    load_proposal_project,
)
from hlsgen.run.proposal_sim import TAKEN, ProposalRun, job_of, simulate_starts
from hlsgen.run.proposal_streams import STREAMS
from hlsgen.run.session import project_bench
from hlsgen.run.system import Memory, Session, run_system
from hlsgen.run.verilate import tail
from tests.cameras import FAULTS, broken, camera_start
from tests.net.test_sim_proposal import SLOW, project
from tests.proposals import a_model, a_space, picture

pytestmark = pytest.mark.net
SPEC = ProposalSpec(width_max=121, height_max=91, limit_n=40, top_k=203, stream_pixels=2)
ONE_PIXEL = replace(SPEC, lanes_n=2, attempts_n=3, stream_pixels=1)
DESIGNS = {"two_pixels": SPEC, "one_pixel": ONE_PIXEL}
SIDES = ((121, 91), (8, 8), (64, 48), (9, 60), (33, 31), (121, 91))
QUICK = Memory(bytes_per_cycle=34.1)


def camera_project(name: str, folder: Path) -> ProposalProject:
    """A design's hardware; with one pixel a beat a silent camera is a standstill sooner."""
    return project(DESIGNS[name], folder, {"WatchW": 14} if name == "one_pixel" else None)


def equal(built: ProposalProject, space: str, run: ProposalRun, number: int) -> str | None:
    """What differs from golden in a start, or None."""
    start, left = run.starts[number], run.left[number]
    verdict = judged(built.spec, a_space(space), [start], [left]).verdict
    assert verdict.tensors_compared == len(start.images) * len(STREAMS)
    return None if verdict.first is None else str(verdict.first)


@pytest.mark.parametrize("name", DESIGNS)
def test_camera_frames_match_golden(name: str, tmp_path: Path) -> None:
    """Sizes and spaces in a row; memory and camera stall by chance, states begin at random."""
    built = camera_project(name, tmp_path)
    spaces = [SPACES[number % len(SPACES)] for number in range(len(SIDES))]
    starts = [
        camera_start(built.spec, a_space(space), [picture(*side, seed=1), picture(*side, seed=2)])
        for side, space in zip(SIDES, spaces, strict=True)
    ]
    run = simulate_starts(built, starts, memory=SLOW, state_seed=3)
    assert run.failure is None, run.failure
    assert [equal(built, space, run, number) for number, space in enumerate(spaces)] == [
        None
    ] * len(SIDES)
    assert [left.beats_taken for left in run.left] == [len(start.video) for start in starts]


def test_camera_starts_in_the_middle_of_a_frame(tmp_path: Path) -> None:
    """The beats before the first start of frame are dropped, one a cycle."""
    built = project(SPEC, tmp_path)
    whole = camera_start(SPEC, a_space(), [picture(33, 31), picture(33, 31, 3)])
    frame = len(whole.video) // 2
    parts = [whole.video[frame + 100 :], whole.video, whole.video[:7]]
    inside = replace(whole, video=np.concatenate(parts))
    run = simulate_starts(built, [whole, inside], memory=QUICK, state_seed=4)
    assert run.failure is None, run.failure
    assert equal(built, "bgr", run, 0) is None and equal(built, "bgr", run, 1) is None
    assert run.left[1].beats_taken == 3 * frame - 100
    first, second = (np.array(ends) for ends in run.frame_ends)
    assert second - first == pytest.approx(frame - 100, abs=20)  # the program's reads jitter


def sessions(built: ProposalProject, starts: Sequence[Start], folder: Path) -> Session:
    """Starts one after the other, also behind one that fails."""
    return run_system(
        project_bench(built.folder, 1, waves=False),
        [job_of(start, replace(QUICK, stall=20)) for start in starts],
        search=built.folder / "sim",
        folder=folder,
        patience=1 << 15,
    )


def test_camera_faults_end_the_run(tmp_path: Path) -> None:
    """With the row in which a frame broke, behind the bad beat; the next start is as ever.

    A camera that falls silent is a standstill, here after 2^14 cycles, and so is one that never
    begins a frame.
    """
    built = camera_project("one_pixel", tmp_path)
    good = camera_start(ONE_PIXEL, a_space(), [picture(33, 31), picture(33, 31, 3)])
    bad = [broken(good, name) for name in FAULTS]
    silent = replace(good, video=good.video[:-1])
    blind = replace(good, video=np.tile(good.video & ~np.uint64(VIDEO_START), 12))
    starts = [good]
    for start in (*(item[0] for item in bad), silent, blind):
        starts += [start, good]
    (tmp_path / "run").mkdir()
    session = sessions(built, starts, tmp_path / "run")
    assert session.run.passed, tail(session.run.log, 40)
    first, *rest = session.outcomes
    ends = [(9, row) for _, row, _ in bad] + [(8, 0)] * 2
    assert [ending(outcome.report) for outcome in rest[::2]] == ends
    assert all((item.output, item.report) == (first.output, first.report) for item in rest[1::2])
    assert all(struct.unpack_from("<I", item.report, 24)[0] < 2 for item in rest[::2])
    beats = [len(good.video)]
    for count in (*(item[2] for item in bad), len(silent.video)):
        beats += [count, len(good.video)]
    *taken, dropped, last = map(int, TAKEN.findall(session.run.log))
    assert (taken, last) == (beats, len(good.video))
    assert 1 << 13 < dropped < 1 << 14  # it pauses in every fifth cycle


def test_camera_project_through_the_api(tmp_path: Path) -> None:
    """build --camera, then sim: equal, in the cycles predicted."""
    save(a_model(), tmp_path / "bing")
    (tmp_path / "design.yaml").write_text(
        f"proposal: {{width_max: {SPEC.width_max}, height_max: {SPEC.height_max}, "
        f"limit_n: {SPEC.limit_n}}}\n"
    )
    options = {"design": tmp_path / "design.yaml", "top_k": SPEC.top_k, "camera": 2}
    api.build(tmp_path / "bing", board="zedboard", output=tmp_path / "out", **options)
    assert load_proposal_project(tmp_path / "out").spec == SPEC
    np.save(tmp_path / "frames.npy", np.stack([picture(121, 91, seed) for seed in range(3)]))
    figures = api.sim(tmp_path / "out", images=[tmp_path / "frames.npy"])
    assert figures["equal"] is True, figures["failure"] or figures["difference"]
    predicted = predict(SPEC, a_space().sizes, 121, 91).cycles_per_frame
    assert figures["predicted_cycles"] == predicted
    assert figures["cycles_per_frame"] == pytest.approx(predicted, rel=0.01)
    assert figures["memory"]["bytes"]["image"] == 0
