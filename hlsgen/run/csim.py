# SPDX-License-Identifier: Apache-2.0
"""C simulation of a project: compile its C++, run frames, compare every tensor with golden."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hlsgen.engines.tensors import pack_tensor, tensor_bytes, unpack_tensor
from hlsgen.model import golden
from hlsgen.model.graph import IntArray, Model
from hlsgen.plan.image import Checked
from hlsgen.run.compare import Comparison, Observation, Place, Verdict, joined
from hlsgen.run.csim_build import compile_program
from hlsgen.run.csim_run import STATUSES, Buffers, Outcome, Target, observations, run_program

_MONITOR_BYTES = 1 << 28  # of one run; longer ones are cut into batches of frames


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Job:
    """A model on a design, as bytes: what C simulation needs to know of a project."""

    model: Model
    hls: Path  # folder of the C++ sources
    act_bits: int
    program: bytes
    weights: bytes
    input_stride: int
    output_stride: int
    outputs: Mapping[str, int]  # byte offset of each output tensor in a frame
    scratch_bytes: int
    report_slots: int
    targets: Mapping[int, Target]  # by descriptor

    def buffers(self, codes: NDArray[Any]) -> Buffers:
        """Memory of a run on these input codes."""
        tensor = self.model.tensors[self.model.input]
        packed = [pack_tensor(tensor, frame, self.act_bits) for frame in codes]
        return Buffers(
            program=self.program,
            weights=self.weights,
            input=b"".join(frame.ljust(self.input_stride, b"\0") for frame in packed),
            frames=len(codes),
            input_stride=self.input_stride,
            output_stride=self.output_stride,
            scratch_bytes=self.scratch_bytes,
            report_bytes=128 + 64 * self.report_slots * len(codes),
        )


def targets_of(checked: Iterable[Checked]) -> dict[int, Target]:
    """What each compute descriptor writes, by its index."""
    return {
        item.descriptor: Target(
            behind=_place(item, item.tensor),
            sum=None if item.sum is None else _place(item, item.sum),
        )
        for item in checked
    }


def _place(item: Checked, tensor: str) -> Place:
    return Place(
        layer=item.layer, tensor=tensor, channel=item.channel, row=item.row, row_step=item.row_step
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Result:
    """Outcome of a C simulation."""

    verdict: Verdict
    outputs: dict[str, IntArray]  # codes [frames, channels, height, width]
    seconds: float  # of simulation alone
    failure: str | None


def simulate(job: Job, codes: NDArray[Any]) -> Result:
    """Run input codes [frames, channels, height, width] and compare every layer's tensor."""
    program = compile_program(job.hls)
    size = _batch_frames(job, len(codes))
    parts = [
        _batch(job, program, codes[start : start + size], start)
        for start in range(0, len(codes), size)
    ]
    whole = [part for part in parts if part.outputs]
    return Result(
        verdict=joined([part.verdict for part in parts]),
        outputs={
            name: np.concatenate([part.outputs[name] for part in whole])
            for name in (job.outputs if whole else ())
        },
        seconds=sum(part.seconds for part in parts),
        failure=next((part.failure for part in parts if part.failure), None),
    )


def _batch_frames(job: Job, frames: int) -> int:
    elements = sum(int(np.prod(job.model.tensors[x.output].shape)) for x in job.model.layers)
    return max(2, min(frames, _MONITOR_BYTES // (8 * max(1, elements))))


def _batch(job: Job, program: Path, codes: NDArray[Any], first_frame: int) -> Result:
    outcome = run_program(program, job.buffers(codes))
    expected = golden.run(job.model, codes)
    comparison = Comparison(job.model, expected, first_frame)
    for observation in observations(outcome.monitor, job.targets):
        comparison.add(observation)
    failure = outcome.failure or _refusal(outcome)
    outputs = {} if failure else _outputs(job, outcome.output, len(codes))
    for name, values in outputs.items():
        _compare_output(comparison, job.model, name, values)
    return Result(
        verdict=comparison.verdict(), outputs=outputs, seconds=outcome.seconds, failure=failure
    )


def _refusal(outcome: Outcome) -> str | None:
    if outcome.status == 0:
        return None
    text = STATUSES[outcome.status] if outcome.status < len(STATUSES) else "an unknown status"
    return f"status {outcome.status} at descriptor {outcome.descriptor}: {text}"


def _outputs(job: Job, data: bytes, frames: int) -> dict[str, IntArray]:
    found: dict[str, IntArray] = {}
    for name, offset in job.outputs.items():
        tensor = job.model.tensors[name]
        size = tensor_bytes(tensor, job.act_bits)
        starts = [frame * job.output_stride + offset for frame in range(frames)]
        found[name] = np.stack(
            [unpack_tensor(tensor, data[at : at + size], job.act_bits) for at in starts]
        )
    return found


def _compare_output(comparison: Comparison, model: Model, name: str, values: IntArray) -> None:
    """What a STORE left in memory is compared like what a layer wrote."""
    tensor = model.tensors[name]
    stored = values if tensor.bits == 32 else values - tensor.lo
    for frame, one in enumerate(stored):
        comparison.add(
            Observation(
                frame=frame,
                place=Place(layer="output buffer", tensor=name),
                values=one,
                written=np.ones(one.shape, bool),
            )
        )


def figures(job: Job, codes: NDArray[Any]) -> dict[str, Any]:
    """Simulate and report under the keys of the command (DESIGN §7); `values` are real outputs."""
    start = time.perf_counter()
    result = simulate(job, codes)
    verdict = result.verdict
    return {
        "equal": verdict.equal and result.failure is None,
        "frames": len(codes),
        "tensors_compared": verdict.tensors_compared,
        "difference": None if verdict.first is None else str(verdict.first),
        "differences": verdict.differences,
        "degenerate": list(verdict.degenerate),
        "failure": result.failure,
        "outputs": {name: list(values.shape[1:]) for name, values in result.outputs.items()},
        "wall_s": round(time.perf_counter() - start, 3),
        "simulation_s": round(result.seconds, 3),
        "frames_per_second": round(len(codes) / max(result.seconds, 1e-9), 1),
        "values": _values(job.model, result.outputs),
    }


def _values(model: Model, outputs: Mapping[str, IntArray]) -> NDArray[np.float64] | None:
    """De-quantised outputs, frames first; several outputs side by side."""
    real = [golden.dequantise(model, name, codes) for name, codes in outputs.items()]
    if not real:
        return None
    flat = [values.reshape(values.shape[0], -1) for values in real]
    alone = len(real) == 1 and real[0].shape[2:] != (1, 1)
    return real[0] if alone else np.concatenate(flat, axis=1)
