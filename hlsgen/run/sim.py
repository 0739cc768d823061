# SPDX-License-Identifier: Apache-2.0
"""Simulation of a project cycle by cycle: one run gives the cycles and the equality."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hlsgen.errors import ProjectError
from hlsgen.files import replace_file
from hlsgen.model import golden
from hlsgen.model.graph import IntArray
from hlsgen.run.compare import Comparison, Verdict
from hlsgen.run.junit import Case, write_junit
from hlsgen.run.profile import (
    frame_bytes,
    layer_figures,
    products_of,
    profile_of,
    write_profile,
)
from hlsgen.run.project import (
    Project,
    batch_codes,
    load_project,
    real_values,
    unpack_outputs,
)
from hlsgen.run.session import failure_of, memory_figures, project_bench, steady_cycles
from hlsgen.run.system import Job, Memory, Session, identification, run_system
from hlsgen.run.trace import Timing, Trace, observations, read_trace
from hlsgen.run.verilate import Bench

_DEFAULT_FRAMES = 2  # batches; the second one shows the steady state


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Work:
    """Frames for a project: what one start of the hardware does."""

    project: Project
    codes: NDArray[Any]  # input codes [frames, channels, height, width]
    memory: Memory | None = None  # None: the board's


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Result:
    """Outcome of a simulation."""

    verdict: Verdict
    outputs: dict[str, IntArray]  # codes [frames, channels, height, width]
    frame_ends: tuple[int, ...]  # cycle of each frame's (batch's) last write response
    report: bytes
    timings: tuple[Timing, ...]  # of every descriptor, as the bench saw it
    failure: str | None  # why the run itself failed
    log: str
    compile_s: float
    seconds: float  # of simulation alone, with what ran beside it


def sim(
    folder: Path,
    images: NDArray[Any] | None = None,
    frames: int | None = None,
    *,
    waves: bool = False,
    junit: Path | None = None,
    profile: Path | None = None,
    memory: Memory | None = None,
) -> dict[str, Any]:
    """Run frames on the simulated hardware and compare every layer's tensor with golden.

    Returns the keys of DESIGN §7; `values` holds the real-valued outputs, frames first. `cycles`
    has a number for each batch, `layers` tells of an image of the last one. `memory` replaces the
    board's DDR (latency, bytes a cycle, seed). The log of a failed run stays in the project as
    sim.log, waves as sim.fst; `profile` is a folder for profile.json and profile.svg.
    """
    start = time.perf_counter()
    project = load_project(folder)
    codes = batch_codes(project, images, frames, _DEFAULT_FRAMES)
    with replace_file(folder / "sim.fst") if waves else nullcontext() as fst:
        result = simulate(project, codes, memory=memory, waves=fst)
    if result.failure:
        (folder / "sim.log").write_text(result.log, encoding="utf-8")
    figures = _figures(project, result, len(codes), memory)
    if profile is not None and not result.failure:
        content = profile_of(project, result.report, result.frame_ends, figures["memory"])
        write_profile(content, profile)
    figures["wall_s"] = round(time.perf_counter() - start, 3)
    figures["values"] = real_values(project.model, result.outputs)
    if junit is not None:
        write_junit(junit, f"hlsgen.sim.{project.model.name}", _cases(project, result))
    return figures


def simulate(
    project: Project,
    codes: NDArray[Any],
    *,
    memory: Memory | None = None,
    waves: Path | None = None,
) -> Result:
    """Run input codes [frames, channels, height, width]; memory defaults to the board's."""
    work = Work(project=project, codes=codes, memory=memory)
    return simulate_all([work], waves=waves)[0]


def simulate_all(
    works: Sequence[Work],
    *,
    waves: Path | None = None,
    state_seed: int | None = None,
    sampled: bool = False,
) -> list[Result]:
    """Run projects of one design on its hardware, one after the other and without a reset.

    The hardware identifies itself first. It is that of the first project; of the others only what
    goes into memory counts. Behind one that fails none is run. With `state_seed` registers and
    memories begin with random values, so that one which is read before it is written is seen.
    What `sampled` does, `hlsgen.run.samples` says.
    """
    project = works[0].project
    for work in works:
        if work.project.spec != project.spec:
            raise ProjectError(
                f"Projects of one simulation must have the design of {project.model.name}, not "
                f"another one ({work.project.model.name}); simulate them one by one"
            )
    jobs = [_job(work) for work in works]
    with tempfile.TemporaryDirectory(prefix="hlsgen-sim-") as place:
        session = run_system(
            system_bench(project, waves=waves is not None, sampled=sampled),
            [identification(jobs[0]), *jobs],
            search=(project.folder / "sim").resolve(),
            folder=Path(place),
            waves=waves,
            state_seed=state_seed,
        )
        traces = [read_trace(outcome.trace, project.spec) for outcome in session.outcomes]
    return [_result(work, session, number, traces[number]) for number, work in enumerate(works, 1)]


def system_bench(project: Project, *, waves: bool = False, sampled: bool = False) -> Bench:
    """The bench of a project's hardware."""
    bench = project_bench(project.folder, project.spec.weight_ports_n + 1, waves=waves)
    return replace(bench, sampled=sampled)


def _job(work: Work) -> Job:
    project, codes = work.project, work.codes
    return Job(
        program=project.program,
        weights=project.weights,
        input=project.input_buffer(codes),
        output_bytes=project.output_bytes * len(codes),
        scratch_bytes=project.scratch_bytes,
        report_bytes=project.report_bytes(len(codes)),
        frames=len(codes) // project.images,
        in_stride=project.input_bytes * project.images,
        out_stride=project.output_bytes * project.images,
        memory=work.memory or Memory(bytes_per_cycle=project.ddr_bytes_per_cycle),
    )


def _result(work: Work, session: Session, number: int, trace: Trace) -> Result:
    project, codes, outcome = work.project, work.codes, session.outcomes[number]
    failure = failure_of(session, number, project.spec, "descriptor")
    outputs = {} if failure else unpack_outputs(project, outcome.output, len(codes))
    return Result(
        verdict=_verdict(project, codes, trace, outputs),
        outputs=outputs,
        frame_ends=trace.frame_ends,
        report=outcome.report,
        timings=trace.timings,
        failure=failure,
        log=session.run.log,
        compile_s=session.compile_s,
        seconds=session.run.seconds,
    )


def _verdict(
    project: Project, codes: NDArray[Any], trace: Trace, outputs: dict[str, IntArray]
) -> Verdict:
    expected = golden.run(project.model, codes)
    comparison = Comparison(project.model, expected, counted=project.counted)
    for seen in observations(trace, project.program, project.checked, project.spec):
        if seen.frame < len(codes):
            comparison.add(seen)
    comparison.add_outputs(outputs)
    return comparison.verdict()


def _figures(
    project: Project, result: Result, frames: int, memory: Memory | None
) -> dict[str, Any]:
    verdict, ends = result.verdict, result.frame_ends
    steady = steady_cycles(ends) / project.images
    budget = project.ddr_bytes_per_cycle if memory is None else memory.bytes_per_cycle
    macs = products_of(project)
    products = sum(macs.values()) / project.spec.products_n
    return {
        "equal": verdict.equal and result.failure is None,
        "frames": frames,
        "batch": project.images,
        "tensors_compared": verdict.tensors_compared,
        "difference": None if verdict.first is None else str(verdict.first),
        "differences": verdict.differences,
        "different": list(verdict.different),
        "degenerate": list(verdict.degenerate),
        "failure": result.failure,
        "outputs": {name: list(project.model.tensors[name].shape) for name in project.outputs},
        "compile_s": round(result.compile_s, 3),
        "simulation_s": round(result.seconds, 3),
        "cycles": [int(value) for value in np.diff((0, *ends))],
        "latency_cycles": ends[0] if ends else None,
        "cycles_per_frame": round(steady),
        "utilisation": round(products / steady, 4) if steady else None,
        "memory": memory_figures(frame_bytes(project), budget, steady),
        "layers": [] if result.failure else layer_figures(project, result.report, len(ends), macs),
    }


def _cases(project: Project, result: Result) -> Sequence[Case]:
    """One test case a tensor, and one for the run itself."""
    verdict = result.verdict
    cases = [Case(name="run", failure=result.failure, seconds=result.seconds)]
    for layer in project.model.layers:
        cases.append(Case(name=layer.output, failure=_finding(verdict, layer.output)))
    return cases


def _finding(verdict: Verdict, tensor: str) -> str | None:
    """What speaks against a tensor, or None."""
    found = []
    if verdict.first is not None and verdict.first.tensor == tensor:
        found.append(str(verdict.first))
    elif tensor in verdict.different:
        found.append("differs from the integer model")
    if tensor in verdict.missing:
        found.append("not every element was seen")
    if tensor in verdict.degenerate:
        found.append("the expected tensor is degenerate: equality would prove nothing")
    return "; ".join(found) or None
