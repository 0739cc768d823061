# SPDX-License-Identifier: Apache-2.0
"""The profile of the proposal engine: what the report says of each frame, what the bench saw."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hlsgen.errors import ProjectError
from hlsgen.files import write_text
from hlsgen.run.proposal_project import Start
from hlsgen.run.proposal_trace import ProposalTrace

_ENTRY = struct.Struct("<8Q")
_HEADER_BYTES = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameEntry:
    """A frame as the hardware counted it (formats §11)."""

    start: int  # first job taken
    end: int  # last record written
    beats: int  # of jobs
    wait_rows: int
    wait_bank: int
    points: int  # given to the limit
    records: int  # valid ones


def frame_entries(report: bytes, frames: int) -> list[FrameEntry]:
    """What the report of a start says of its frames."""
    return [_entry(report, frame) for frame in range(frames)]


def _entry(report: bytes, frame: int) -> FrameEntry:
    start, end, beats, rows, bank, points, place, records = _ENTRY.unpack_from(
        report, _HEADER_BYTES + _ENTRY.size * frame
    )
    if place != frame << 16:
        raise ProjectError(
            f"Report entry of frame {frame} must hold its place {frame << 16}, not {place}; "
            "report this as a defect"
        )
    return FrameEntry(
        start=start, end=end, beats=beats, wait_rows=rows, wait_bank=bank, points=points,
        records=records,
    )  # fmt: skip


def frame_rows(
    entries: Sequence[FrameEntry], names: Sequence[str], start: Start
) -> list[dict[str, Any]]:
    """A row of the profile for each frame of a start; its cycles are those since the one before."""
    width, height = start.images[0].shape[1::-1]
    rows: list[dict[str, Any]] = []
    before = 0
    for name, item in zip(names, entries, strict=True):
        rows.append(
            {
                "frame": name,
                "image": f"{width}x{height}",
                "cycles": item.end - before,
                "latency": item.end - item.start,
                "beats": item.beats,
                "waits_rows": item.wait_rows,
                "waits_bank": item.wait_bank,
                "points": item.points,
                "boxes": item.records,
            }
        )
        before = item.end
    return rows


def stage_rows(trace: ProposalTrace, entry: FrameEntry) -> list[dict[str, Any]]:
    """A row for each stage in the last frame of a start; cycles are counted from its first job.

    The row jobs come first; their waits are the report's, no other stage ever waits for its input.
    """
    frame, begin = len(trace.frame_begins) - 1, trace.frame_begins[-1]
    jobs = trace.work[frame]
    waits = {"rows": entry.wait_rows, "bank": entry.wait_bank}
    rows = [_stage_row("jobs", 0, jobs.last - begin, entry.beats, waits)]
    rows += [
        _stage_row(item.stage, item.first - begin, item.last - begin, item.beats, {})
        for item in trace.timings
        if item.frame == frame
    ]
    return rows


def _stage_row(
    name: str, first: int, last: int, busy: int, waits: dict[str, int]
) -> dict[str, Any]:
    cycles = last - first + 1
    return {
        "name": name,
        "first_cycle": first,
        "cycles": cycles,
        "busy": busy,
        "busy_share": round(busy / cycles, 4),
        "waits": waits,
    }


def write_profile(figures: Mapping[str, Any], folder: Path) -> None:
    """Write profile.json: frames as the hardware counted them, stages of the last one."""
    content = {
        "frames": figures["profile"],
        "stages": figures["layers"],
        "cycles": figures["cycles"],
        "memory": figures["memory"],
    }
    write_text(folder / "profile.json", json.dumps(content, indent=1) + "\n")
