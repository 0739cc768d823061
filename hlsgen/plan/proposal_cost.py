# SPDX-License-Identifier: Apache-2.0
"""Resources of a proposal engine by stage: what the stages tell of themselves, and the rest."""

from __future__ import annotations

from typing import Any

from hlsgen.engines.proposal import ProposalSpec
from hlsgen.engines.proposal_jobs import fifo_depth, jobs_depth
from hlsgen.plan.cost import Resources
from hlsgen.stages import boxes, calibrate, colour, gradient, heap, resize, score, suppress

_JOB_BITS = 53
_POINT_BITS = 25  # of a candidate beside its place: mark, slot, score
_LUTRAM_DEPTH = 128  # candidates that stay in LUTs

# The same in every design
_FIXED = {
    "control": Resources(lut=342, ff=523),
    "program": Resources(lut=640, ff=840),
    "values": Resources(lut=46, ff=66),
    "entries": Resources(lut=317, ff=200),
    "report": Resources(lut=367, ff=293),
    "results": Resources(lut=135, ff=192),
    "faults": Resources(lut=77, ff=40),
    "share_read": Resources(lut=60, ff=54),
    "share_write": Resources(lut=148, ff=60),
}


def proposal_stages(spec: ProposalSpec) -> dict[str, Resources]:
    """Resources by stage, in the names of `synth`."""
    costs: dict[str, Any] = {
        "resize": resize.cost(spec.resize),
        "colour": colour.cost(spec.colour),
        "gradient": gradient.cost(spec.gradient),
        "score": score.cost(spec.score),
        "suppress": suppress.cost(spec.suppress),
        "limit": heap.cost(spec.limit),
        "calibrate": calibrate.cost(spec.calibrate),
        "top": heap.cost(spec.top),
        "boxes": boxes.cost(spec.boxes),
    }
    stages = {
        name: Resources(
            lut=cost.lut,
            ff=cost.ff,
            dsp=getattr(cost, "dsp", 0),
            bram36=getattr(cost, "bram36", 0.0),
        )
        for name, cost in costs.items()
    }
    glue = {"image": _image(spec), "row_jobs": _row_jobs(spec), "candidates": _candidates(spec)}
    return stages | glue | _FIXED


def proposal_resources(spec: ProposalSpec) -> Resources:
    """Resources of the whole engine."""
    parts = proposal_stages(spec).values()
    return Resources(
        lut=sum(part.lut for part in parts),
        ff=sum(part.ff for part in parts),
        dsp=sum(part.dsp for part in parts),
        bram36=sum(part.bram36 for part in parts),
    )


def _image(spec: ProposalSpec) -> Resources:
    """A reader with its FIFO and an unpacker a port, or what takes a camera's beats."""
    if spec.stream_pixels:
        return Resources(lut=103 + 14 * spec.stream_pixels, ff=105 + 25 * spec.stream_pixels)
    ports = spec.ports_n
    return Resources(lut=510 * ports - 43, ff=395 * ports, bram36=ports)


def _row_jobs(spec: ProposalSpec) -> Resources:
    blocks = gradient.line_bram36(_JOB_BITS, jobs_depth(spec))
    return Resources(lut=245 + round(41 * blocks), ff=388, bram36=blocks)


def _candidates(spec: ProposalSpec) -> Resources:
    """A bank of the FIFO for each inlet, in a power of two."""
    banks = 1 << (-(-spec.lanes_n // 3) - 1).bit_length()
    depth = fifo_depth(spec) // banks
    width = _POINT_BITS + sum(spec.map_bits)
    if depth <= _LUTRAM_DEPTH:
        return Resources(lut=round(1.6 * depth) * banks, ff=95 * banks)
    return Resources(
        lut=75 * banks, ff=64 * banks, bram36=banks * gradient.line_bram36(width, depth)
    )
