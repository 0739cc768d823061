# SPDX-License-Identifier: Apache-2.0
"""The trace of the monitors (sim/common/hg_monitor.sv) as observations of the Model's tensors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hlsgen.engines.mixed import MixedSpec
from hlsgen.engines.program import Compute, OutputKind, decode
from hlsgen.plan.image import Checked
from hlsgen.run.compare import Observation, Place

_QUANTISED, _SUM, _POOL, _FRAME, _DONE = range(5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """A descriptor as the bench saw it: cycles of its start and end, what it counted between."""

    frame: int
    descriptor: int
    start: int
    end: int
    busy: int  # steps of the array, beats of a LOAD or STORE; 0 of a FETCH


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Trace:
    """Records of one run, and the cycle in which each frame was complete."""

    records: NDArray[Any]
    frame_ends: tuple[int, ...]
    timings: tuple[Timing, ...] = ()


def read_records(path: Path, data_bytes: int) -> NDArray[Any]:
    """Records of a trace (sim/common/hg_trace.cpp); one that was cut off at the end is dropped."""
    names = ("kind", "frame", "descriptor", "block", "tile", "step", "where", "spare")
    record = np.dtype(
        [*((name, "<u4") for name in names), ("mask", "<u8"), ("data", "u1", (data_bytes,))]
    )
    if not path.is_file() or path.stat().st_size < record.itemsize:
        return np.zeros(0, record)
    whole = path.stat().st_size // record.itemsize
    return np.memmap(path, record, mode="r", shape=(whole,))


def frame_cycles(records: NDArray[Any], kind: int = _FRAME) -> tuple[int, ...]:
    """Cycles that records of a kind stand for: by default the ends of the frames."""
    own = records[records["kind"] == kind]
    cycles = own["tile"].astype(np.int64) + (own["step"].astype(np.int64) << 32)
    return tuple(int(cycle) for cycle in cycles)


def read_trace(path: Path, spec: MixedSpec) -> Trace:
    """Read a trace of the mixed engine."""
    records = read_records(path, spec.drain_n * spec.group_lanes_n)
    return Trace(
        records=np.array(records[records["kind"] < _FRAME]),
        frame_ends=frame_cycles(records),
        timings=tuple(
            Timing(
                frame=int(one["frame"]),
                descriptor=int(one["descriptor"]),
                start=int(one["tile"]) + (int(one["step"]) << 32),
                end=int(one["mask"]),
                busy=int(one["where"]),
            )
            for one in records[records["kind"] == _DONE]
        ),
    )


def observations(
    trace: Trace, program: bytes, checked: tuple[Checked, ...], spec: MixedSpec
) -> Iterator[Observation]:
    """What each compute descriptor wrote, by frame: behind the requantisation and the add."""
    decoded = decode(program)
    for item in checked:
        descriptor = decoded.descriptors[item.descriptor]
        if not isinstance(descriptor, Compute):
            continue
        own = trace.records[trace.records["descriptor"] == item.descriptor]
        for kind in np.unique(own["kind"]):
            tensor = item.sum if kind == _SUM and item.sum is not None else item.tensor
            place = Place(
                layer=item.layer,
                tensor=tensor,
                channel=item.channel,
                row=item.row,
                row_step=item.row_step,
            )
            part = own[own["kind"] == kind]
            for frame in np.unique(part["frame"]):
                image = int(frame) * decoded.images + item.image
                yield _observed(part[part["frame"] == frame], descriptor, place, image, spec)


def _observed(
    records: NDArray[Any], descriptor: Compute, place: Place, frame: int, spec: MixedSpec
) -> Observation:
    lanes, pixels = spec.group_lanes_n, spec.drain_n
    raw = descriptor.kind is OutputKind.RAW
    groups_n = 1 if descriptor.pool else spec.row_groups_n
    steps = groups_n * (4 if raw else 1)
    block = records["block"].astype(np.int64)
    group = block * groups_n + (records["where"] & 0xF)
    pair = records["step"].astype(np.int64) // steps
    o = records["tile"].astype(np.int64) * spec.pixels_n + pair * pixels
    o = o[:, None] + np.arange(pixels)  # [records, pixels]
    y, x = np.divmod(o, descriptor.wv)
    channel = group[:, None] * lanes + np.arange(lanes)  # [records, lanes]
    written = (records["mask"][:, None] >> np.arange(lanes, dtype=np.uint64)) & np.uint64(1)
    inside = (x < descriptor.wo) & (y < descriptor.ho)
    known = (group < descriptor.out_groups)[:, None, None]
    keep = known & inside[:, :, None] & (written != 0)[:, None, :]
    shape = (descriptor.out_groups * lanes, descriptor.ho, descriptor.wo)
    index = np.nonzero(keep)
    places = (channel[index[0], index[2]], y[index[0], index[1]], x[index[0], index[1]])
    data = records["data"].reshape(-1, pixels, lanes)[index].astype(np.int64)
    values, seen = np.zeros(shape, np.int64), np.zeros(shape, bool)
    shift = 8 * (records["where"].astype(np.int64) >> 8)[index[0]]
    np.add.at(values, places, data << shift)
    seen[places] = True
    if raw:
        values = values.astype(np.uint32).view(np.int32).astype(np.int64)
    return Observation(frame=frame, place=place, values=values, written=seen)
