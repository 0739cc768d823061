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
from hlsgen.run.proposal_trace import StageTiming

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


def stage_rows(timings: Sequence[StageTiming], frame: int, begin: int) -> list[dict[str, Any]]:
    """A row for each stage in one frame; its cycles are counted from the frame's first job."""
    return [
        {
            "name": item.stage,
            "first_cycle": item.first - begin,
            "last_cycle": item.last - begin,
            "cycles": item.last - item.first + 1,
            "beats": item.beats,
            "busy_share": round(item.beats / (item.last - item.first + 1), 4),
        }
        for item in timings
        if item.frame == frame
    ]


def write_profile(figures: Mapping[str, Any], folder: Path) -> None:
    """Write profile.json: frames as the hardware counted them, stages of the last one."""
    content = {
        "frames": figures["profile"],
        "stages": figures["layers"],
        "cycles": figures["cycles"],
        "memory": figures["memory"],
    }
    write_text(folder / "profile.json", json.dumps(content, indent=1) + "\n")
