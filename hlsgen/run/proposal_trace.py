# SPDX-License-Identifier: Apache-2.0
"""The trace of the proposal engine's monitors (sim/common) as the streams of every frame."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hlsgen.engines.proposal import ProposalSpec
from hlsgen.model.filters import SCORE_BITS
from hlsgen.run.proposal_project import Start
from hlsgen.run.proposal_streams import MAPS, STREAMS, Rows, unpacked_records
from hlsgen.run.trace import frame_cycles, read_records

_FIRST_MAP, _FIRST_POINT, _BEGIN, _BEATS, _WAITS = 8, 12, 16, 17, 18
_POINTS = STREAMS[len(MAPS) : -1]  # boxes are read from memory
_PIXEL_BITS, _GRADIENT_BITS = 24, 8
_LANE_BITS = {"gradient": _GRADIENT_BITS, "score": SCORE_BITS}


@dataclass(frozen=True, slots=True, kw_only=True)
class StageTiming:
    """A stage in a frame as the bench saw it: cycles of its first and last beat or point."""

    stage: str
    frame: int
    first: int
    last: int
    beats: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """The row jobs of a frame as the bench counted them."""

    last: int  # cycle of the last beat
    beats: int
    wait_rows: int  # cycles
    wait_bank: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ProposalTrace:
    """What the monitors saw of a start."""

    streams: tuple[dict[str, Rows], ...]  # of each frame, without the boxes
    frame_begins: tuple[int, ...]  # cycle of each frame's first job
    frame_ends: tuple[int, ...]  # of its last write response
    work: tuple[Work, ...]
    timings: tuple[StageTiming, ...]


def read_proposal_trace(path: Path, spec: ProposalSpec, start: Start) -> ProposalTrace:
    """Read the trace of a start."""
    records = read_records(path, -(-_PIXEL_BITS * spec.lanes_n // 64) * 8)
    streams: list[dict[str, Rows]] = [{} for _ in start.images]
    timings: list[StageTiming] = []
    kinds = (*enumerate(MAPS, _FIRST_MAP), *enumerate(_POINTS, _FIRST_POINT))
    for kind, stage in kinds:
        own = records[records["kind"] == kind]
        most = int(own["frame"].max(initial=0)) + 1
        streams += [{} for _ in range(most - len(streams))]  # which nobody expects
        cuts = np.searchsorted(own["frame"], np.arange(len(streams) + 1))
        for frame, found in enumerate(streams):
            part = own[cuts[frame] : cuts[frame + 1]]
            if stage in MAPS:
                found[stage] = _pixels(part, spec.lanes_n, _LANE_BITS.get(stage, _PIXEL_BITS))
            else:
                found[stage] = _points(part, stage, start)
            if len(part):
                first, last = (int(part["step"][at]) for at in (0, -1))
                timings.append(
                    StageTiming(stage=stage, frame=frame, first=first, last=last, beats=len(part))
                )
    beats, waits = (records[records["kind"] == kind] for kind in (_BEATS, _WAITS))
    return ProposalTrace(
        streams=tuple(streams),
        frame_begins=frame_cycles(records, _BEGIN),
        frame_ends=frame_cycles(records),
        work=tuple(
            Work(
                last=int(jobs["step"]),
                beats=int(jobs["block"]),
                wait_rows=int(own["tile"]),
                wait_bank=int(own["step"]),
            )
            for jobs, own in zip(beats, waits, strict=False)
        ),
        timings=tuple(timings),
    )


def with_boxes(trace: ProposalTrace, start: Start, output: bytes) -> list[dict[str, Rows]]:
    """The streams of the trace with the records that lie in memory, of frames that ended."""
    ended = start.results(output)[: len(trace.frame_ends)]
    boxes = [unpacked_records(records) for records in ended]
    return [
        streams | ({"boxes": boxes[frame]} if frame < len(boxes) else {})
        for frame, streams in enumerate(trace.streams)
    ]


def _pixels(records: NDArray[Any], lanes_n: int, width: int) -> Rows:
    """Values of the lanes that count, in their order; scores are signed."""
    bits = np.unpackbits(records["data"], axis=1, bitorder="little", count=lanes_n * width)
    values = bits.reshape(-1, lanes_n, width) @ (1 << np.arange(width, dtype=np.int64))
    if width == SCORE_BITS:
        values -= (values >> width - 1) << width
    there = (records["mask"][:, None] >> np.arange(lanes_n, dtype=np.uint64)) & np.uint64(1)
    kept: Rows = values[there != 0].reshape(-1, 1)
    return kept


def _points(records: NDArray[Any], stage: str, start: Start) -> Rows:
    """Points with slot (calibration sends the index of the size instead), x, y and value."""
    slot = records["descriptor"].astype(np.int64)
    if stage == "calibrate":
        slots = np.full(1 << 6, -1, np.int64)
        slots[[size.index for size in start.plan.sizes]] = np.arange(len(start.plan.sizes))
        slot = slots[slot]
    value = records["where"].astype(np.uint32).view(np.int32)
    columns = (slot, records["block"], records["tile"], value)
    return np.stack([column.astype(np.int64) for column in columns], axis=1)
