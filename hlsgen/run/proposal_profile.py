# SPDX-License-Identifier: Apache-2.0
"""The profile of the proposal engine: what the report says of each frame, what the bench saw."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hlsgen.engines.report import read_entry
from hlsgen.files import write_text
from hlsgen.run.proposal_project import Start
from hlsgen.run.proposal_streams import STREAMS
from hlsgen.run.proposal_trace import ProposalTrace
from hlsgen.run.timeline import Style, timeline

_STYLE = Style(
    items="stages",
    lanes=("jobs", *STREAMS[:-1]),
    fills={
        "jobs": "#9c755f", "resize": "#4e79a7", "colour": "#76b7b2", "gradient": "#59a14f",
        "score": "#edc948", "suppress": "#e15759", "limit": "#f28e2b", "calibrate": "#ff9da7",
        "top": "#b07aa1",
    },
    waits={"source rows": "wait_rows", "limit bank": "wait_bank"},
    hatched={"waits for rows": "wait_rows", "waits for bank": "wait_bank"},
)  # fmt: skip


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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Measured:
    """A start with what was counted of it."""

    start: Start
    names: tuple[str, ...]  # of its photographs
    entries: tuple[FrameEntry, ...]
    trace: ProposalTrace


def frame_entries(report: bytes, frames: int) -> list[FrameEntry]:
    """What the report of a start says of its frames."""
    return [_entry(report, frame) for frame in range(frames)]


def _entry(report: bytes, frame: int) -> FrameEntry:
    start, end, beats, rows, bank, points, records = read_entry(report, 1, frame)
    return FrameEntry(
        start=start, end=end, beats=beats, wait_rows=rows, wait_bank=bank, points=points,
        records=records,
    )  # fmt: skip


def frame_rows(item: Measured) -> list[dict[str, Any]]:
    """A row for each frame of a start; its cycles are those since the end of the one before."""
    width, height = item.start.images[0].shape[1::-1]
    rows: list[dict[str, Any]] = []
    before = 0
    for name, entry in zip(item.names, item.entries, strict=True):
        rows.append(
            {
                "frame": name,
                "image": f"{width}x{height}",
                "cycles": entry.end - before,
                "latency": entry.end - entry.start,
                "beats": entry.beats,
                "waits_rows": entry.wait_rows,
                "waits_bank": entry.wait_bank,
                "points": entry.points,
                "boxes": entry.records,
            }
        )
        before = entry.end
    return rows


def stage_rows(item: Measured) -> list[dict[str, Any]]:
    """A row for each stage in the last frame of a start; cycles are counted from its first job.

    The row jobs come first; their waits are the report's, no other stage ever waits for its input.
    """
    trace, entry = item.trace, item.entries[-1]
    frame, begin = len(trace.frame_begins) - 1, trace.frame_begins[-1]
    jobs = trace.work[frame]
    waits = {"rows": entry.wait_rows, "bank": entry.wait_bank}
    rows = [_stage_row("jobs", 0, jobs.last - begin, entry.beats, waits)]
    rows += [
        _stage_row(timing.stage, timing.first - begin, timing.last - begin, timing.beats, {})
        for timing in trace.timings
        if timing.frame == frame
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


def profile_of(model: str, starts: Sequence[Measured], memory: Mapping[str, Any]) -> dict[str, Any]:
    """The profile of a run: every stage in every frame, the starts one behind the other."""
    stages: list[dict[str, Any]] = []
    ends: list[int] = []
    for item in starts:
        begin = ends[-1] if ends else 0
        stages += _stages(item, len(ends), begin)
        ends += [begin + end for end in item.trace.frame_ends]
    return {
        "model": model,
        "frames": len(ends),
        "frame_ends": ends,
        "memory": dict(memory),
        "stages": stages,
    }


def _stages(item: Measured, first_frame: int, begin: int) -> Iterator[dict[str, Any]]:
    """Stages of the frames of a start that began in cycle `begin`."""
    image = len(item.start.input) // len(item.start.images)
    moved = {"jobs": image, "top": item.start.output_stride}
    for frame, entry in enumerate(item.entries):
        jobs = item.trace.work[frame]
        found = [("jobs", entry.start, jobs.last, entry.beats)]
        found += [
            (timing.stage, timing.first, timing.last, timing.beats)
            for timing in item.trace.timings
            if timing.frame == frame
        ]
        for stage, first, last, busy in found:
            waits = stage == "jobs"
            yield {
                "frame": first_frame + frame,
                "layer": item.names[frame],
                "lane": stage,
                "kind": stage,
                "begin": begin + first,
                "end": begin + last + 1,
                "busy": busy,
                "wait_rows": entry.wait_rows if waits else 0,
                "wait_bank": entry.wait_bank if waits else 0,
                "bytes": moved.get(stage, 0),
            }


def write_profile(content: Mapping[str, Any], folder: Path) -> None:
    """Write profile.json and profile.svg into a folder."""
    write_text(folder / "profile.json", json.dumps(content, indent=1) + "\n")
    write_text(folder / "profile.svg", timeline(content, _STYLE))
