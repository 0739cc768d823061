# SPDX-License-Identifier: Apache-2.0
"""Simulation of a proposal project cycle by cycle: photographs in, every stage against golden."""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hlsgen.engines.proposal_jobs import DDR, predict
from hlsgen.files import replace_file
from hlsgen.model.proposal import Space
from hlsgen.photos import Picture
from hlsgen.run.junit import Case, write_junit
from hlsgen.run.proposal_profile import (
    Measured,
    frame_entries,
    frame_rows,
    profile_of,
    stage_rows,
    write_profile,
)
from hlsgen.run.proposal_project import (
    Judged,
    ProposalProject,
    Start,
    StartOutcome,
    checked_pictures,
    figures_of,
    judged,
    load_proposal_project,
    starts_of,
)
from hlsgen.run.proposal_streams import STREAMS, StreamVerdict
from hlsgen.run.proposal_trace import ProposalTrace, read_proposal_trace, with_boxes
from hlsgen.run.session import failure_of, memory_figures, project_bench, steady_cycles
from hlsgen.run.system import Job, Memory, Session, identification, run_system

TAKEN = re.compile(r"video: (\d+) beats taken")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ProposalRun:
    """Starts that ran one after the other on the hardware of a project, without a reset."""

    starts: tuple[Start, ...]
    left: tuple[StartOutcome, ...]  # of the starts up to the first that failed
    traces: tuple[ProposalTrace, ...]
    failure: str | None
    log: str
    compile_s: float
    seconds: float  # of simulation alone

    @property
    def frame_ends(self) -> list[tuple[int, ...]]:
        """By start, the cycles in which its frames were complete."""
        return [trace.frame_ends for trace in self.traces]


def sim_proposal(
    folder: Path,
    pictures: Sequence[Picture] | None = None,
    frames: int | None = None,
    space: str | None = None,
    *,
    waves: bool = False,
    junit: Path | None = None,
    profile: Path | None = None,
    memory: Memory | None = None,
) -> dict[str, Any]:
    """Run photographs on the simulated hardware and compare every stage's stream with golden.

    Photographs of one size behind each other are frames of one start; each other size is a program
    for the same hardware. Returns the keys of DESIGN §7; `values` holds the boxes, `pictures` what
    was run. Otherwise as `run.sim.sim`.
    """
    begin = time.perf_counter()
    project = load_proposal_project(folder)
    chosen = project.space(space)
    shown = checked_pictures(project.spec, pictures, frames)
    images = [item.pixels for item in shown]
    with replace_file(folder / "sim.fst") if waves else nullcontext() as fst:
        run = simulate(project, chosen, images, memory=memory, waves=fst)
    if run.failure:
        (folder / "sim.log").write_text(run.log, encoding="utf-8")
    names = [item.name for item in shown]
    counted = _measured(run, names)
    result = judged(project.spec, chosen, run.starts, run.left)
    result = Judged(verdict=result.verdict, found=result.found, failure=run.failure)
    figures = {
        **figures_of(project, chosen, shown, result),
        "compile_s": round(run.compile_s, 3),
        "simulation_s": round(run.seconds, 3),
        **_cycle_figures(project, chosen, run, memory),
        "profile": [row for item in counted for row in frame_rows(item)],
        "layers": stage_rows(counted[-1]) if counted else [],
    }
    figures["wall_s"] = round(time.perf_counter() - begin, 3)
    if profile is not None and counted:
        write_profile(profile_of(project.model.name, counted, figures["memory"]), profile)
    if junit is not None:
        cases = _cases(result.verdict, run, names)
        write_junit(junit, f"hlsgen.sim.{project.model.name}", cases)
    return figures


def simulate(
    project: ProposalProject,
    space: Space,
    images: Sequence[NDArray[np.uint8]],
    *,
    memory: Memory | None = None,
    waves: Path | None = None,
    state_seed: int | None = None,
) -> ProposalRun:
    """Run images on the hardware of a project; memory defaults to the board's.

    The hardware identifies itself first. With `state_seed` registers and memories begin with
    random values, so that one which is read before it is written is seen.
    """
    return simulate_starts(
        project,
        list(starts_of(project.spec, space, images)),
        memory=memory,
        waves=waves,
        state_seed=state_seed,
    )


def simulate_starts(
    project: ProposalProject,
    starts: Sequence[Start],
    *,
    memory: Memory | None = None,
    waves: Path | None = None,
    state_seed: int | None = None,
) -> ProposalRun:
    """As `simulate`, of starts, which may be of several colour spaces."""
    spec = project.spec
    used = memory or Memory(bytes_per_cycle=_budget(project))
    jobs = [job_of(start, used) for start in starts]
    with tempfile.TemporaryDirectory(prefix="hlsgen-sim-") as place:
        session = run_system(
            project_bench(project.folder, spec.ports_n, waves=waves is not None),
            [identification(jobs[0]), *jobs],
            search=(project.folder / "sim").resolve(),
            folder=Path(place),
            waves=waves,
            state_seed=state_seed,
        )
        failures = [failure_of(session, at, spec, "job") for at in range(1, len(starts) + 1)]
        good = next((at for at, failure in enumerate(failures) if failure), len(starts))
        traces = [
            read_proposal_trace(outcome.trace, spec, start)
            for start, outcome in zip(starts, session.outcomes[1:], strict=True)
        ][: good + 1]
    return ProposalRun(
        starts=tuple(starts),
        left=tuple(_left(starts, session, traces)),
        traces=tuple(traces),
        failure=next((failure for failure in failures if failure), None),
        log=session.run.log,
        compile_s=session.compile_s,
        seconds=session.run.seconds,
    )


def _left(
    starts: Sequence[Start], session: Session, traces: Sequence[ProposalTrace]
) -> Iterator[StartOutcome]:
    """What starts left; one that failed too, as far as it came."""
    taken = [int(count) for count in TAKEN.findall(session.run.log)] or [0] * len(starts)
    left = zip(starts, session.outcomes[1:], traces, taken, strict=False)
    for start, outcome, trace, beats in left:
        yield StartOutcome(
            output=outcome.output,
            report=outcome.report,
            streams=tuple(with_boxes(trace, start, outcome.output)),
            beats_taken=beats,
        )


def _budget(project: ProposalProject) -> float:
    """Bytes a cycle of the board's memory."""
    return float(project.manifest["board"]["ddr_bytes_per_cycle"])


def job_of(start: Start, memory: Memory) -> Job:
    """What a driver and a camera do for a start."""
    frames = len(start.images)
    return Job(
        program=start.plan.data,
        weights=b"",
        input=start.input,
        output_bytes=start.output_stride * frames,
        scratch_bytes=0,
        report_bytes=start.report_bytes,
        frames=frames,
        in_stride=start.input_stride,
        out_stride=start.output_stride,
        memory=memory,
        video=start.video.astype(">u8").tobytes(),
    )


def _cycle_figures(
    project: ProposalProject, space: Space, run: ProposalRun, memory: Memory | None
) -> dict[str, Any]:
    """Cycles of every frame, of one in the steady state, what was predicted, and memory's share.

    Over starts of several sizes the figures of a frame are means. The prediction is one for the
    board's memory; there is none for another one.
    """
    ends = run.frame_ends
    sizes = [len(start.images) for start in run.starts]
    total = max(1, sum(sizes))
    steady = (
        sum(steady_cycles(one) * count for one, count in zip(ends, sizes, strict=False)) / total
    )
    shapes = [start.images[0].shape for start in run.starts]
    predicted = [predict(project.spec, space.sizes, one[1], one[0], DDR) for one in shapes]
    cycles = [
        one.cycles_per_frame if count > 1 else one.latency_cycles + one.drain_cycles
        for one, count in zip(predicted, sizes, strict=True)
    ]
    moved = {
        "image": sum(len(start.input) for start in run.starts) / total,
        "boxes": sum(start.output_stride * len(start.images) for start in run.starts) / total,
    }
    clock = float(project.manifest["board"]["clock_hz"])
    budget = _budget(project) if memory is None else memory.bytes_per_cycle
    beats = sum(work.beats for trace in run.traces for work in trace.work) / total
    return {
        "cycles": [int(value) for one in ends for value in np.diff((0, *one))],
        "latency_cycles": ends[0][0] if ends and ends[0] else None,
        "cycles_per_frame": round(steady),
        "predicted_cycles": None if memory else round(sum(np.multiply(cycles, sizes)) / total),
        "fps": round(clock / steady, 2) if steady else None,
        "utilisation": round(beats / steady, 4) if steady else None,
        "memory": memory_figures(moved, budget, steady),
    }


def _measured(run: ProposalRun, names: Sequence[str]) -> list[Measured]:
    """What was counted of every start; nothing if one failed."""
    found: list[Measured] = []
    at = 0
    for start, left, trace in zip(run.starts, run.left, run.traces, strict=False):
        count = 0 if run.failure else len(start.images)
        entries = tuple(frame_entries(left.report, count))
        own = tuple(names[at : at + count])
        found += [Measured(start=start, names=own, entries=entries, trace=trace)] if count else []
        at += count
    return found


def _cases(verdict: StreamVerdict, run: ProposalRun, names: Sequence[str]) -> list[Case]:
    """One test case a stream of a frame, and one for the run itself."""
    cases = [Case(name="run", failure=run.failure, seconds=run.seconds)]
    for frame, name in enumerate(names):
        for stage in STREAMS:
            place = (frame, stage)
            cases.append(Case(name=f"{name}: {stage}", failure=_finding(verdict, place)))
    return cases


def _finding(verdict: StreamVerdict, place: tuple[int, str]) -> str | None:
    """What speaks against a stream of a frame, or None."""
    found = []
    first = verdict.first
    if first is not None and (first.frame, first.stage) == place:
        found.append(str(first))
    elif place in verdict.different:
        found.append("differs from the integer model")
    if place in verdict.degenerate:
        found.append("the expected stream is degenerate: equality would prove nothing")
    return "; ".join(found) or None
