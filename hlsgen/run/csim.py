# SPDX-License-Identifier: Apache-2.0
"""C simulation of a project: compile its C++, run frames, compare every tensor with golden."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hlsgen.model import golden
from hlsgen.model.graph import IntArray
from hlsgen.plan.image import Checked
from hlsgen.run.compare import Comparison, Place, Verdict, joined
from hlsgen.run.csim_build import compile_program
from hlsgen.run.csim_run import Buffers, Target, observations, run_program
from hlsgen.run.outcome import refusal
from hlsgen.run.project import Project, batch_codes, load_project, real_values, unpack_outputs

_MONITOR_BYTES = 1 << 28  # of one run; longer ones are cut
_DEFAULT_FRAMES = 2  # batches; waits reach over a frame boundary


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Result:
    """Outcome of a C simulation."""

    verdict: Verdict
    outputs: dict[str, IntArray]  # codes [frames, channels, height, width]
    seconds: float  # of simulation alone
    failure: str | None  # why a run stopped early


def csim(
    folder: Path, images: NDArray[Any] | None = None, frames: int | None = None
) -> dict[str, Any]:
    """Run frames through the project's C++ and compare every layer's tensor with golden.

    Returns the keys of DESIGN §7; `values` holds the real-valued outputs, frames first.
    """
    start = time.perf_counter()
    project = load_project(folder)
    codes = batch_codes(project, images, frames, _DEFAULT_FRAMES)
    program = compile_program(project.folder / "hls")
    compiled = time.perf_counter()
    result = simulate(project, codes, program)
    verdict = result.verdict
    return {
        "equal": verdict.equal and result.failure is None,
        "frames": len(codes),
        "tensors_compared": verdict.tensors_compared,
        "difference": None if verdict.first is None else str(verdict.first),
        "differences": verdict.differences,
        "degenerate": list(verdict.degenerate),
        "failure": result.failure,
        "outputs": {name: list(project.model.tensors[name].shape) for name in project.outputs},
        "compile_s": round(compiled - start, 3),
        "simulation_s": round(result.seconds, 3),
        "frames_per_second": round(len(codes) / max(result.seconds, 1e-9), 1),
        "wall_s": round(time.perf_counter() - start, 3),
        "values": real_values(project.model, result.outputs),
    }


def simulate(project: Project, codes: NDArray[Any], program: Path | None = None) -> Result:
    """Run input codes [frames, channels, height, width], a run's worth of frames at a time."""
    program = program or compile_program(project.folder / "hls")
    size = _run_frames(project, len(codes))
    parts = [
        _batch(project, program, codes[start : start + size], start)
        for start in range(0, len(codes), size)
    ]
    whole = [part for part in parts if part.failure is None]
    return Result(
        verdict=joined([part.verdict for part in parts]),
        outputs={
            name: np.concatenate([part.outputs[name] for part in whole])
            for name in (project.outputs if whole else ())
        },
        seconds=sum(part.seconds for part in parts),
        failure=next((part.failure for part in parts if part.failure), None),
    )


def buffers_of(project: Project, codes: NDArray[Any]) -> Buffers:
    """Memory of a run on these input codes."""
    return Buffers(
        program=project.program,
        weights=project.weights,
        input=project.input_buffer(codes),
        frames=len(codes) // project.images,
        input_stride=project.input_bytes * project.images,
        output_stride=project.output_bytes * project.images,
        scratch_bytes=project.scratch_bytes,
        report_bytes=project.report_bytes(len(codes)),
    )


def targets_of(checked: Iterable[Checked]) -> dict[int, Target]:
    """What each compute descriptor writes, by its index."""
    return {
        item.descriptor: Target(
            behind=_place(item, item.tensor),
            sum=None if item.sum is None else _place(item, item.sum),
            image=item.image,
        )
        for item in checked
    }


def _place(item: Checked, tensor: str) -> Place:
    return Place(
        layer=item.layer,
        tensor=tensor,
        channel=item.channel,
        row=item.row,
        row_step=item.row_step,
    )


def _run_frames(project: Project, frames: int) -> int:
    """Frames of one run: two at least, and whole batches of the project."""
    model = project.model
    elements = sum(int(np.prod(model.tensors[layer.output].shape)) for layer in model.layers)
    most = max(2, min(frames, _MONITOR_BYTES // (8 * max(1, elements))))
    return -(-most // project.images) * project.images


def _batch(project: Project, program: Path, codes: NDArray[Any], first_frame: int) -> Result:
    outcome = run_program(program, buffers_of(project, codes))
    expected = golden.run(project.model, codes)
    comparison = Comparison(project.model, expected, first_frame, project.counted)
    targets = targets_of(project.checked)
    for observation in observations(outcome.monitor, targets, project.images):
        comparison.add(observation)
    failure = outcome.failure or refusal(outcome.report, "descriptor")
    outputs = {} if failure else unpack_outputs(project, outcome.output, len(codes))
    comparison.add_outputs(outputs)
    return Result(
        verdict=comparison.verdict(), outputs=outputs, seconds=outcome.seconds, failure=failure
    )
