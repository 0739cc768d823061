# SPDX-License-Identifier: Apache-2.0
"""Starts of the compiled proposal engine: programs and frames in, results and streams out."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hlsgen.engines.proposal import ProposalSpec
from hlsgen.engines.proposal_program import Plan, pack_image, plan
from hlsgen.errors import ToolError
from hlsgen.model.proposal import Space
from hlsgen.run.csim_run import STATUSES
from hlsgen.run.proposal_streams import FIELDS, STREAMS, Rows, unpacked_records
from hlsgen.stages.boxes import BURST_RECORDS, RECORD_BYTES

_PROBE_MAGIC = 0x4E504748
_PROBED = STREAMS[:-1]  # boxes are read from memory
_HEADER_WORDS = 4
_FAILURES = (3, 4)  # deadlock, access outside a memory
_REPORT_HEADER, _REPORT_ENTRY = 128, 64


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Start:
    """One start of the engine: frames of one size, one behind the other."""

    plan: Plan
    images: tuple[NDArray[np.uint8], ...]  # (height, width, 3) each
    output_stride: int  # bytes from the results of a frame to those of the next

    @property
    def input_stride(self) -> int:
        """Bytes from a frame to the next one."""
        return len(self.images[0]) * self.plan.row_bytes

    @property
    def input(self) -> bytes:
        """The frames as they lie in memory."""
        return b"".join(pack_image(image) for image in self.images)

    @property
    def report_bytes(self) -> int:
        """Bytes of the report: its header and an entry a frame."""
        return _REPORT_HEADER + _REPORT_ENTRY * len(self.images)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StartOutcome:
    """What a start left."""

    output: bytes
    report: bytes
    streams: tuple[dict[str, Rows], ...]  # of each frame

    @property
    def refusal(self) -> str | None:
        """Why the program was refused (formats §8), or None."""
        status, index = self.report[16], int.from_bytes(self.report[20:22], "little")
        if status == 0:
            return None
        text = STATUSES[status] if status < len(STATUSES) else "an unknown status"
        return f"status {status} at job {index}: {text}"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RunOutcome:
    """What a run of starts left; `failure` says why it stopped early."""

    starts: tuple[StartOutcome, ...] = ()
    seconds: float = 0.0
    failure: str | None = None


def results_bytes(spec: ProposalSpec) -> int:
    """Bytes of a frame's results: whole bursts of records."""
    return -(-spec.top_k // BURST_RECORDS) * BURST_RECORDS * RECORD_BYTES


def make_start(spec: ProposalSpec, space: Space, images: Sequence[NDArray[np.uint8]]) -> Start:
    """A start for frames that have one size."""
    height, width = images[0].shape[:2]
    return Start(
        plan=plan(spec, space, width, height),
        images=tuple(images),
        output_stride=results_bytes(spec),
    )


def run_starts(program: Path, starts: Sequence[Start]) -> RunOutcome:
    """Start the compiled engine once for each, without a reset between them."""
    with tempfile.TemporaryDirectory(prefix="hlsgen-csim-") as name:
        folder = Path(name)
        for number, start in enumerate(starts):
            _write_start(start, folder / str(number))
        command = [str(program), str(folder), str(len(starts))]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode not in (0, *_FAILURES):
            raise ToolError(
                f"C simulation must end well, not with code {done.returncode}: "
                f"{done.stderr.strip() or 'it printed nothing'}"
            )
        if done.returncode:
            return RunOutcome(failure=done.stderr.strip())
        outcomes = [_outcome(start, folder / str(i)) for i, start in enumerate(starts)]
        return RunOutcome(starts=tuple(outcomes), seconds=float(done.stdout.split()[-1]))


def _write_start(start: Start, folder: Path) -> None:
    folder.mkdir()
    (folder / "program.bin").write_bytes(start.plan.data)
    (folder / "input.bin").write_bytes(start.input)
    numbers = (len(start.images), start.input_stride, start.output_stride, start.report_bytes)
    (folder / "start.txt").write_text(" ".join(map(str, numbers)), encoding="utf-8")


def _outcome(start: Start, folder: Path) -> StartOutcome:
    output = (folder / "output.bin").read_bytes()
    frames = len(start.images)
    streams = _probed(np.fromfile(folder / "monitor.bin", np.int32), frames)
    for number, frame in enumerate(streams):
        at = number * start.output_stride
        frame["boxes"] = unpacked_records(output[at : at + start.output_stride])
    return StartOutcome(
        output=output, report=(folder / "report.bin").read_bytes(), streams=tuple(streams)
    )


def _probed(words: NDArray[np.int32], frames: int) -> list[dict[str, Rows]]:
    """The streams of each frame from the file that templates/hls/probe.hpp writes."""
    found: list[dict[str, Rows]] = [{} for _ in range(frames)]
    at = 0
    for number, stage in enumerate(_PROBED):
        magic, stream, ends_n, _ = (int(word) for word in words[at : at + _HEADER_WORDS])
        if (magic, stream) != (_PROBE_MAGIC, number):
            raise ToolError(f"C simulation must write the stream of {stage}, not lack it")
        at += _HEADER_WORDS
        ends = [0, *words[at : at + ends_n].tolist()]
        at += ends_n
        fields = len(FIELDS[stage])
        for frame in range(frames):
            done = frame < ends_n
            part = words[at + ends[frame] : at + ends[frame + 1]] if done else words[:0]
            found[frame][stage] = part.reshape(-1, fields).astype(np.int64)
        at += ends[-1]
    return found
