# SPDX-License-Identifier: Apache-2.0
"""Layer program, registers, report and memory port 0: copies, frames, waits, faults."""

from __future__ import annotations

import json
import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hlsgen.engines.program import Buffer, Load, Program, Store, encode
from hlsgen.run.system import Job, Memory, identification
from hlsgen.run.verilate import tail
from tests.rtl.system import SMALL, run, run_all

ROWS, WIDTH, RUNS = 5, 7, 3
RUN_BYTES = -(-ROWS * WIDTH * 8 // 128) * 128
FRAME_BYTES = RUNS * RUN_BYTES
OUT_STRIDE = FRAME_BYTES + 128
PLACE = {
    "run_bytes": RUN_BYTES, "runs": RUNS, "rows": ROWS, "width": WIDTH, "base": 3,
    "run_stride": 20, "pitch": 8, "s": 1, "off_step": 4, "phase_stride": 0,
}  # fmt: skip


def copy_job(
    frames: int, seed: int = 1, fault: tuple[str, int, int] | None = None, waits: int = 1
) -> Job:
    """LOAD a frame, STORE it; a frame waits until the one before has been stored."""
    load = Load(offset=0, buffer=Buffer.INPUT, wait_store=0, **PLACE)
    store = Store(offset=0, buffer=Buffer.OUTPUT, wait_load=waits, **PLACE)
    program = Program(layout_hash=SMALL.layout_hash(), report_slots=0, descriptors=(load, store))
    data = np.random.default_rng(seed).integers(0, 256, frames * FRAME_BYTES, np.uint8)
    return Job(
        program=encode(program), weights=b"", input=data.tobytes(),
        output_bytes=frames * OUT_STRIDE, scratch_bytes=0, report_bytes=128, frames=frames,
        in_stride=FRAME_BYTES, out_stride=OUT_STRIDE, fault=fault,
        memory=Memory(bytes_per_cycle=34.1, seed=seed),
    )  # fmt: skip


def header_of(report: bytes) -> dict[str, int]:
    magic, version, layout, status, index, frames, cycles = struct.unpack_from(
        "<IHxxQBxxxHxxQQ", report
    )
    assert magic == 0x50524748 and version == 1
    names = ("layout", "status", "index", "frames", "cycles")
    return dict(zip(names, (layout, status, index, frames, cycles), strict=True))


def _runs(data: bytes, frames: int) -> np.ndarray:
    """Beats of the runs without the padding between them."""
    beats = np.frombuffer(data, np.uint64).reshape(frames, -1)[:, : FRAME_BYTES // 8]
    return beats.reshape(frames, RUNS, -1)[:, :, : ROWS * WIDTH]


@pytest.mark.rtl
@pytest.mark.parametrize("seed", [1, 2])
def test_frames_are_copied(seed: int, tmp_path: Path) -> None:
    """Three frames through the activation memory; the padding between the runs stays poisoned."""
    job = copy_job(3, seed)
    outcome = run(SMALL, job, tmp_path)
    header = header_of(outcome.report)
    assert (header["status"], header["frames"]) == (0, 3)
    assert header["layout"] == SMALL.layout_hash()
    assert 0 < header["cycles"] < 4000
    np.testing.assert_array_equal(_runs(outcome.output, 3), _runs(job.input, 3))
    frames = np.frombuffer(outcome.output, np.uint8).reshape(3, OUT_STRIDE)
    runs = frames[:, :FRAME_BYTES].reshape(3, RUNS, -1)
    assert (runs[:, :, ROWS * WIDTH * 8 :] == 0xA5).all()
    assert (frames[:, FRAME_BYTES:] == 0xA5).all()


@pytest.mark.rtl
def test_identification(tmp_path: Path) -> None:
    """A program of zero descriptors writes the header alone, with the capabilities."""
    outcome = run(SMALL, identification(copy_job(1)), tmp_path)
    header = header_of(outcome.report)
    assert (header["status"], header["frames"]) == (0, 0)
    assert header["layout"] == SMALL.layout_hash()
    assert tuple(outcome.report[40:46]) == (8, 2, 4, 8, 1, 1)


def _broken(beat: int, low: int, value: int, width: int, descriptor: int = 1) -> Job:
    """The copy with one field of a descriptor (0 = header) changed."""
    job = copy_job(2)
    program = bytearray(job.program)
    at = 128 * descriptor + 8 * beat
    word = int.from_bytes(program[at : at + 8], "little")
    word = word & ~(((1 << width) - 1) << low) | value << low
    program[at : at + 8] = word.to_bytes(8, "little")
    return replace(job, program=bytes(program))


FAULTS = [
    pytest.param(_broken(0, 0, 0x12345678, 32, 0), 1, 0, id="magic"),
    pytest.param(_broken(0, 32, 2, 16, 0), 2, 0, id="version"),
    pytest.param(_broken(1, 0, 99, 32, 0), 3, 0, id="layout-hash"),
    pytest.param(_broken(0, 0, 9, 8, 2), 4, 1, id="operation"),
    pytest.param(_broken(0, 8, 2, 8, 2), 2, 1, id="descriptor-version"),
    pytest.param(_broken(0, 16, 1, 8, 1), 4, 0, id="engine"),
    pytest.param(_broken(2, 32, 3, 8, 2), 5, 1, id="buffer"),
    pytest.param(_broken(3, 32, 0, 16, 1), 5, 0, id="no-runs"),
    pytest.param(_broken(5, 0, 5, 4, 2), 5, 1, id="stride"),
    pytest.param(_broken(0, 32, 0, 16, 1), 5, 0, id="report-slot"),
    pytest.param(copy_job(2, fault=("input", FRAME_BYTES + 8, 1)), 6, 0, id="read-error"),
    pytest.param(copy_job(2, fault=("output", 16, 2)), 7, 1, id="write-error"),
    pytest.param(copy_job(2, fault=("program", 136, 1)), 6, 0, id="program-error"),
]


@pytest.mark.rtl
@pytest.mark.parametrize(("job", "status", "index"), FAULTS)
def test_faults_stop_and_report(job: Job, status: int, index: int, tmp_path: Path) -> None:
    """Each fault ends in `done` with its status and the descriptor's index, and leaves nothing.

    The start behind it needs no reset, and takes the cycles of one that nothing went before.
    """
    good = copy_job(2)
    session = run_all(SMALL, [good, job, good], tmp_path)
    assert session.run.passed, tail(session.run.log, 40)
    before, broken, behind = session.outcomes
    header = header_of(broken.report)
    assert (header["status"], header["index"]) == (status, index)
    assert header_of(behind.report)["status"] == 0
    assert behind.report == before.report
    assert behind.output == before.output
    np.testing.assert_array_equal(_runs(behind.output, 2), _runs(good.input, 2))


@pytest.mark.rtl
def test_jobs_do_not_share_memory(tmp_path: Path) -> None:
    """A job whose second frame is the input of the one before meets a fault."""
    job = copy_job(1)
    backwards = replace(job, frames=2, in_stride=2**32 - 6 * 0x1000, out_stride=0)
    session = run_all(SMALL, [job, job, backwards], tmp_path)
    starts = json.loads((tmp_path / "job.json").read_text())
    inputs = [start["registers"]["input"] for start in starts]
    assert inputs[2] + backwards.in_stride == inputs[1] + 2**32
    assert [header_of(outcome.report)["status"] for outcome in session.outcomes] == [0, 0, 6]
