# SPDX-License-Identifier: Apache-2.0
"""The profile of a run: what the hardware's report says of every descriptor, summed by layer."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from hlsgen.engines.program import (
    DESCRIPTOR_BYTES,
    NO_REPORT,
    TAP_BYTES,
    Compute,
    Descriptor,
    Fetch,
    Op,
    decode,
    operation,
)
from hlsgen.engines.report import REPORT_ENTRY_BYTES, read_entry
from hlsgen.errors import ProjectError
from hlsgen.files import write_text
from hlsgen.model.graph import Conv
from hlsgen.run.project import Project
from hlsgen.run.timeline import timeline

_LANES = {
    Op.FETCH: "fetch",
    Op.LOAD: "load",
    Op.CONV: "compute",
    Op.POOL: "compute",
    Op.STORE: "store",
}
_MOVED = {"fetch": "weights", "load": "loaded", "store": "stored"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A descriptor in a frame, as the hardware counted it; `begin` is behind the lane's last."""

    frame: int  # of the program: a batch of images
    descriptor: int
    layer: str
    lane: str  # fetch, load, compute, store
    kind: str  # fetch, load, conv, pool, store
    start: int  # taken
    begin: int
    end: int
    busy: int  # steps of the array, or beats
    wait_weights: int
    wait_activations: int
    wait_drain: int  # a step or a beat was there and could not go
    bytes: int


def beats(descriptor: Descriptor) -> int:
    """Beats that a FETCH takes from each weight port, a LOAD reads or a STORE writes."""
    if isinstance(descriptor, Fetch):
        return descriptor.port_beats
    if isinstance(descriptor, Compute):
        return 0
    rows = descriptor.runs * descriptor.rows
    return rows * (descriptor.row_beats or descriptor.width)


def moved_bytes(descriptor: Descriptor, ports_n: int) -> int:
    """Bytes between memory and chip."""
    return 8 * beats(descriptor) * (ports_n if isinstance(descriptor, Fetch) else 1)


def frame_bytes(project: Project) -> dict[str, int]:
    """Bytes of a frame: weights, activations in and out, and what runs it: program, report.

    Images of a batch share them.
    """
    descriptors = decode(project.program).descriptors
    sums = dict.fromkeys((*_MOVED.values(), "control"), 0)
    for item in descriptors:
        lane = _LANES[operation(item)]
        if lane in _MOVED:
            sums[_MOVED[lane]] += moved_bytes(item, project.spec.weight_ports_n)
        sums["control"] += DESCRIPTOR_BYTES
        sums["control"] += TAP_BYTES * len(item.taps) if isinstance(item, Compute) else 0
        sums["control"] += REPORT_ENTRY_BYTES * (item.report_slot != NO_REPORT)
    return {name: round(size / project.images) for name, size in sums.items()}


def entries(project: Project, report: bytes, frames: int) -> list[Entry]:
    """What the report says of every descriptor that has a slot, by frame."""
    descriptors = decode(project.program).descriptors
    last: dict[str, int] = {}
    found: list[Entry] = []
    for frame in range(frames):
        for index, item in enumerate(descriptors):
            if item.report_slot == NO_REPORT:
                continue
            start, end, busy, weights, tokens, drain = _read(project, report, frame, item)
            lane = _LANES[operation(item)]
            begin = max(start, last.get(lane, 0))
            last[lane] = max(end, begin)
            found.append(
                Entry(
                    frame=frame,
                    descriptor=index,
                    layer=project.layers[index],
                    lane=lane,
                    kind=operation(item).name.lower(),
                    start=start,
                    begin=begin,
                    end=end,
                    busy=busy,
                    wait_weights=weights,
                    wait_activations=tokens,
                    wait_drain=drain,
                    bytes=moved_bytes(item, project.spec.weight_ports_n),
                )
            )
    return found


def _read(project: Project, report: bytes, frame: int, item: Descriptor) -> tuple[int, ...]:
    *values, tiles = read_entry(report, project.report_slots, frame, item.report_slot)
    expected = item.tiles if isinstance(item, Compute) else 0
    if tiles != expected:
        raise ProjectError(
            f"Report entry {item.report_slot} of frame {frame} must hold {expected} tiles, "
            f"not {tiles}; report this as a defect"
        )
    return tuple(values)


def products_of(project: Project) -> dict[str, int]:
    """Products of a frame in each layer of the network that has any.

    Rows in pieces count as the given rows do, and their sum not at all: neither is asked for.
    """
    model = project.model
    products: dict[str, int] = {}
    for layer in model.layers:
        if isinstance(layer, Conv):
            _, height, width = model.tensors[layer.output].shape
            products[layer.name] = layer.weights.size * height * width
    for split in project.split:
        products[split.layer] = products[split.layer] * split.rows // split.rows_made
        products[split.adder] = 0
    return products


def layer_figures(
    project: Project, report: bytes, frames: int, macs: Mapping[str, int]
) -> list[dict[str, Any]]:
    """The layers of an image in order of execution: cycles, waits and bytes.

    Those of the last frame, of whose batch each image has its share, as in an estimate.
    """
    last = [item for item in entries(project, report, frames) if item.frame == frames - 1]
    return [
        _layer(project, name, [item for item in last if item.layer == name], macs)
        for name in dict.fromkeys(item.layer for item in last if item.lane == "compute")
    ]


def _layer(
    project: Project, name: str, own: Sequence[Entry], macs: Mapping[str, int]
) -> dict[str, Any]:
    work = [item for item in own if item.lane == "compute"]
    cycles = sum(item.end - item.begin for item in work)
    busy = sum(item.busy for item in work)
    products = macs.get(name, 0) * project.images
    used = products / (project.spec.products_n * cycles) if cycles else 0.0

    def share(total: int) -> int:
        return round(total / project.images)

    return {
        "name": name,
        "cycles": share(cycles),
        "busy": share(busy),
        "busy_share": round(busy / cycles, 4) if cycles else 0.0,
        "utilisation": round(used, 4),
        "waits": {
            "weights": share(sum(item.wait_weights for item in work)),
            "activations": share(sum(item.wait_activations for item in work)),
            "drain": share(sum(item.wait_drain for item in work)),
        },
        "bytes": {
            kind: share(sum(item.bytes for item in own if item.lane == lane))
            for lane, kind in _MOVED.items()
        },
    }


def profile_of(
    project: Project, report: bytes, frame_ends: Sequence[int], memory: Mapping[str, Any]
) -> dict[str, Any]:
    """The profile of a run: every descriptor, the ends of the frames, the bytes."""
    found = entries(project, report, len(frame_ends))
    return {
        "model": project.model.name,
        "frames": len(frame_ends),
        "frame_ends": list(frame_ends),
        "memory": dict(memory),
        "descriptors": [asdict(item) for item in found],
    }


def write_profile(content: Mapping[str, Any], folder: Path) -> None:
    """Write profile.json and profile.svg into a folder."""
    write_text(folder / "profile.json", json.dumps(content, indent=1) + "\n")
    write_text(folder / "profile.svg", timeline(content))
