# SPDX-License-Identifier: Apache-2.0
"""Starts of the compiled proposal engine: programs and frames in, results and streams out."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hlsgen.errors import ToolError
from hlsgen.run import csim_run
from hlsgen.run.proposal_project import Start, StartOutcome
from hlsgen.run.proposal_streams import FIELDS, STREAMS, Rows, unpacked_records

_PROBE_MAGIC = 0x4E504748
_PROBED = STREAMS[:-1]  # boxes are read from memory
_HEADER_WORDS = 4


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RunOutcome:
    """What a run of starts left; `failure` says why it stopped early."""

    starts: tuple[StartOutcome, ...] = ()
    seconds: float = 0.0
    failure: str | None = None


def run_starts(program: Path, starts: Sequence[Start]) -> RunOutcome:
    """Start the compiled engine once for each, without a reset between them."""
    with tempfile.TemporaryDirectory(prefix="hlsgen-csim-") as name:
        folder = Path(name)
        for number, item in enumerate(starts):
            _write_start(item, folder / str(number))
        seconds, failure = csim_run.start(program, str(folder), len(starts))
        if failure is not None:
            return RunOutcome(failure=failure)
        outcomes = [_outcome(item, folder / str(i)) for i, item in enumerate(starts)]
        return RunOutcome(starts=tuple(outcomes), seconds=seconds)


def _write_start(start: Start, folder: Path) -> None:
    folder.mkdir()
    (folder / "program.bin").write_bytes(start.plan.data)
    (folder / "input.bin").write_bytes(start.input)
    (folder / "video.bin").write_bytes(start.video.astype("<u8").tobytes())
    numbers = (len(start.images), start.input_stride, start.output_stride, start.report_bytes)
    (folder / "start.txt").write_text(" ".join(map(str, numbers)), encoding="utf-8")


def _outcome(start: Start, folder: Path) -> StartOutcome:
    output = (folder / "output.bin").read_bytes()
    streams = _probed(np.fromfile(folder / "monitor.bin", np.int32), len(start.images))
    for frame, records in zip(streams, start.results(output), strict=True):
        frame["boxes"] = unpacked_records(records)
    return StartOutcome(
        output=output,
        report=(folder / "report.bin").read_bytes(),
        streams=tuple(streams),
        beats_taken=int((folder / "taken.txt").read_text(encoding="utf-8")),
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
