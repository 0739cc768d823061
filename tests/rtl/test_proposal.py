# SPDX-License-Identifier: Apache-2.0
"""The whole proposal engine: starts, results, report, faults; small images."""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from hlsgen.engines.proposal import ProposalSpec, golden, maps, suppressed
from hlsgen.engines.proposal_jobs import Kind
from hlsgen.engines.proposal_program import Plan, pack_image, pack_results, plan
from hlsgen.run.system import Job, Memory, identification
from hlsgen.run.verilate import tail
from tests.proposals import a_space, picture
from tests.rtl.system import run_all
from tests.rtl.test_program import header_of

pytestmark = pytest.mark.rtl

SPEC = ProposalSpec(width_max=70, height_max=60, ports_n=2, limit_n=5, top_k=400)
ENTRY = ("start", "end", "beats", "rows", "bank", "points", "frame", "records")
MEMORY = Memory(bytes_per_cycle=34.1)
MORE = 256  # bytes between the frames' results, and between their images
HEAD = 128


@dataclass(frozen=True, kw_only=True, eq=False)
class Work:
    """A start with what it must give."""

    job: Job
    plan: Plan
    results: tuple[bytes, ...]
    records: tuple[int, ...]
    points: tuple[int, ...]  # that the limit was given


@cache
def work_of(name: str, size: tuple[int, int], frames: int, seed: int = 1) -> Work:
    space = a_space(name)
    made = plan(SPEC, space, *size)
    images = [picture(*size, seed=seed + number) for number in range(frames)]
    found = [golden(SPEC, space, image) for image in images]
    kept = [suppressed(SPEC, maps(SPEC, space, image)) for image in images]
    results = tuple(pack_results(SPEC, item) for item in found)
    packed = [pack_image(image) + bytes(MORE) for image in images]
    job = Job(
        program=made.data, weights=b"", input=b"".join(packed), frames=frames,
        output_bytes=frames * (len(results[0]) + MORE), scratch_bytes=0,
        report_bytes=HEAD + 64 * frames, in_stride=len(packed[0]),
        out_stride=len(results[0]) + MORE, memory=replace(MEMORY, seed=seed),
    )  # fmt: skip
    return Work(
        job=job, plan=made, results=results,
        records=tuple(len(item.values) for item in found),
        points=tuple(sum(int(mask.sum()) for mask in masks) for masks in kept),
    )  # fmt: skip


def entries_of(report: bytes) -> list[dict[str, int]]:
    beats = np.frombuffer(report[HEAD:], "<u8").reshape(-1, len(ENTRY))
    return [dict(zip(ENTRY, map(int, entry), strict=True)) for entry in beats]


def check_results(work: Work, output: bytes) -> None:
    """Every frame's records, and nothing beside them."""
    stride = work.job.out_stride
    for number, want in enumerate(work.results):
        got = output[number * stride : (number + 1) * stride]
        assert got == want + b"\xa5" * (stride - len(want)), f"frame {number}"


def check_report(work: Work, report: bytes) -> None:
    """Header and entries; in the steady state a frame takes what was predicted."""
    header, entries = header_of(report), entries_of(report)
    assert (header["status"], header["index"]) == (0, 0)
    assert header["frames"] == work.job.frames == len(entries)
    beats = sum(job.beats for job in work.plan.jobs if job.kind != Kind.IDLE)
    idle = sum(job.beats for job in work.plan.jobs if job.kind == Kind.IDLE)
    assert [entry["beats"] for entry in entries] == [beats] * len(entries)
    assert [entry["frame"] >> 16 for entry in entries] == list(range(len(entries)))
    assert tuple(entry["records"] for entry in entries) == work.records
    assert tuple(entry["points"] for entry in entries) == work.points
    starts, ends = ([entry[name] for entry in entries] for name in ("start", "end"))
    assert starts[0] > 0 and all(start < end for start, end in zip(starts, ends, strict=True))
    assert ends == sorted(ends) and ends[-1] < header["cycles"] < ends[-1] + 200
    # From the first start to the last: jobs and waits, but for the waits before and behind
    waits = [entry["rows"] + entry["bank"] for entry in entries]
    passed = starts[-1] - starts[0] - (len(entries) - 1) * (beats + idle)
    assert sum(waits[1:-1]) <= passed <= sum(waits)


def run_small(folder: Path) -> None:
    """Two frames of the smallest kind."""
    work = work_of("gray", (9, 10), 2)
    session = run_all(SPEC, [work.job], folder)
    assert session.run.passed, tail(session.run.log, 40)
    check_results(work, session.outcomes[0].output)
    check_report(work, session.outcomes[0].report)


def test_frames_match_golden_and_are_reported(tmp_path: Path) -> None:
    """Every colour space, images of several sizes, one start behind the other."""
    works = [
        work_of("bgr", (70, 60), 5), work_of("hsv", (53, 33), 3), work_of("gray", (8, 9), 6),
        work_of("hsv", (61, 60), 1), work_of("bgr", (70, 60), 5),
    ]  # fmt: skip
    session = run_all(SPEC, [work.job for work in works], tmp_path)
    assert session.run.passed, tail(session.run.log, 40)
    for work, outcome in zip(works, session.outcomes, strict=True):
        check_results(work, outcome.output)
        check_report(work, outcome.report)
    first, *_, last = session.outcomes
    assert first.report == last.report
    small = entries_of(session.outcomes[2].report)
    assert all(entry["bank"] > 0 for entry in small[3:]), "giving back takes longer than the rows"


def test_identification(tmp_path: Path) -> None:
    """A program of no sizes writes the header alone, with what was built."""
    job = identification(work_of("bgr", (70, 60), 1).job)
    session = run_all(SPEC, [job], tmp_path)
    assert session.run.passed, tail(session.run.log, 40)
    report = session.outcomes[0].report
    header = header_of(report)
    assert (header["status"], header["frames"]) == (0, 0)
    assert header["layout"] == SPEC.layout_hash()
    built = (SPEC.lanes_n, SPEC.ports_n, SPEC.attempts_n, len(SPEC.sizes), SPEC.limit_n, SPEC.top_k)
    assert struct.unpack_from("<4B2H", report, 40) == built


def faults() -> list[tuple[Job, int, int]]:
    """Jobs that fail, with status and index."""
    good = work_of("bgr", (70, 60), 2)
    jobs_at = struct.unpack_from("<I", good.job.program, 64)[0]
    push = next(i for i, job in enumerate(good.plan.jobs) if job.kind == Kind.PUSH)
    bad, stuck = bytearray(good.job.program), bytearray(good.job.program)
    bad[jobs_at + 8 * push] |= 3
    stuck[jobs_at + 2 : jobs_at + 4] = (40 << 4).to_bytes(2, "little")  # first row of the first job
    row = good.plan.row_bytes
    return [
        (replace(good.job, program=b"X" + good.job.program[1:]), 1, 0),
        (replace(good.job, program=bytes(bad)), 5, push),
        (replace(good.job, fault=("program", jobs_at, 1)), 6, 0),
        (replace(good.job, fault=("input", 20 * row, 1)), 6, 0),
        (replace(good.job, fault=("input", 31 * row + 8, 1)), 6, 0),
        (replace(good.job, fault=("output", 16, 2)), 7, 0),
        (replace(good.job, fault=("report", HEAD, 2)), 7, 0),
        (replace(good.job, frames=0), 0, 0),
        (replace(good.job, program=bytes(stuck)), 8, 0),
    ]


def test_faults_stop_and_report(tmp_path: Path) -> None:
    """Each ends in `done` with its status, and leaves nothing: the start behind it is as ever."""
    good = work_of("bgr", (70, 60), 2)
    broken = faults()
    jobs = [good.job, *(job for pair in broken for job in (pair[0], good.job))]
    session = run_all(SPEC, jobs, tmp_path, patience=1 << 21)
    assert session.run.passed, tail(session.run.log, 40)
    first, *rest = session.outcomes
    for (_, status, index), fault, behind in zip(broken, rest[::2], rest[1::2], strict=True):
        header = header_of(fault.report)
        assert (header["status"], header["index"]) == (status, index)
        check_results(good, behind.output)
        assert behind.report == first.report
