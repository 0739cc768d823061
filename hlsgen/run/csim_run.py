# SPDX-License-Identifier: Apache-2.0
"""One run of the compiled C simulation: files in, outputs, report and monitor records out."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hlsgen.errors import ToolError
from hlsgen.run.compare import Observation, Place

_MONITOR_MAGIC = 0x4E4D4748
_HEADER_WORDS = 10
_UNWRITTEN = np.iinfo(np.int32).min
_FAILURES = (3, 4)  # deadlock, access outside a memory


@dataclass(frozen=True, slots=True, kw_only=True)
class Buffers:
    """Bytes and sizes of a run of `frames` frames."""

    program: bytes
    weights: bytes
    input: bytes
    frames: int
    input_stride: int
    output_stride: int
    scratch_bytes: int
    report_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What a compute descriptor writes: the tensor behind the requantisation, and behind a sum."""

    behind: Place
    sum: Place | None = None
    image: int = 0  # of the batch


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Outcome:
    """What a run left behind; `failure` says why it stopped early."""

    output: bytes = b""
    report: bytes = b""
    monitor: NDArray[np.int32]
    seconds: float = 0.0
    failure: str | None = None


def start(program: Path, *arguments: str | int) -> tuple[float, str | None]:
    """Run a compiled simulation: its seconds, and why it stopped early, if it did."""
    command = [str(program), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode in _FAILURES:
        return 0.0, done.stderr.strip()
    if done.returncode:
        raise ToolError(
            f"C simulation must end well, not with code {done.returncode}: "
            f"{done.stderr.strip() or 'it printed nothing'}"
        )
    return float(done.stdout.split()[-1]), None


def run_program(program: Path, buffers: Buffers) -> Outcome:
    """Run the compiled simulation on these buffers."""
    with tempfile.TemporaryDirectory(prefix="hlsgen-csim-") as name:
        folder = Path(name)
        for stem in ("program", "weights", "input"):
            (folder / f"{stem}.bin").write_bytes(getattr(buffers, stem))
        numbers = (
            buffers.frames,
            buffers.input_stride,
            buffers.output_stride,
            buffers.frames * buffers.output_stride,
            buffers.scratch_bytes,
            buffers.report_bytes,
        )
        seconds, failure = start(program, str(folder), *numbers)
        monitor = np.fromfile(folder / "monitor.bin", np.int32)
        if failure is not None:
            return Outcome(monitor=monitor, failure=failure)
        return Outcome(
            output=(folder / "output.bin").read_bytes(),
            report=(folder / "report.bin").read_bytes(),
            monitor=monitor,
            seconds=seconds,
        )


def observations(
    monitor: NDArray[Any], targets: Mapping[int, Target], images: int = 1
) -> Iterator[Observation]:
    """Read the monitor's records (templates/hls/monitor.hpp) as observations.

    A frame of the program has `images` frames of the Model.
    """
    at = 0
    while at + _HEADER_WORDS <= monitor.size:
        head = [int(word) for word in monitor[at : at + _HEADER_WORDS]]
        magic, frame, descriptor, _slot, channels, height, width, _kind, tensors, _ = head
        size = channels * height * width
        at += _HEADER_WORDS
        if magic != _MONITOR_MAGIC or at + tensors * size > monitor.size:
            return  # a run that stopped early leaves half a record
        target = targets[descriptor]
        frame = frame * images + target.image
        for place in (target.behind, target.sum)[:tensors]:
            values = monitor[at : at + size].reshape(channels, height, width)
            at += size
            if place is not None:
                yield Observation(
                    frame=frame, place=place, values=values, written=values != _UNWRITTEN
                )
