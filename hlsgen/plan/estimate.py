# SPDX-License-Identifier: Apache-2.0
"""Whether a design fits its board, what binds, and how fast it is: computed, nothing has run."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from hlsgen.boards import Board
from hlsgen.engines.nodes import MoveNode
from hlsgen.engines.program import Program, encode
from hlsgen.engines.report import report_bytes
from hlsgen.errors import FitError
from hlsgen.plan.cost import resources, usable
from hlsgen.plan.design import Design
from hlsgen.plan.memory import busiest_node
from hlsgen.plan.timing import Timing, frame_timing


def estimate(design: Design, board: Board, clock_hz: float | None = None) -> dict[str, Any]:
    """Figures of a design: the verdict, cycles, resources and bytes of contiguous memory."""
    clock = float(board.clock_hz if clock_hz is None else clock_hz)
    timing = frame_timing(design.steps.steps, design.spec, board, clock)
    images = design.steps.images
    used = resources(design.spec)
    shares = used.shares(board)
    binding = max(shares, key=shares.__getitem__)
    buffers = _buffers(design)
    return {
        "fits": max(shares.values()) <= 1.0,
        "binding": binding,
        "worst_layer": _worst_layer(design, timing, binding),
        "batch": images,
        "cycles_per_frame": round(timing.frame / images),
        "fps": round(images * clock / max(1, timing.frame), 2),
        "lut": used.lut,
        "ff": used.ff,
        "dsp": used.dsp,
        "bram36": used.bram36,
        "bytes": sum(buffers.values()),
        "buffers": buffers,
        "bound_cycles": round(max(timing.array, timing.weights) / images),
        "array_cycles": round(timing.array / images),
        "weight_cycles": round(timing.weights / images),
        "ring_bound_cycles": round(timing.ring / images),
        "layers": {layer: round(cycles / images) for layer, cycles in timing.layers.items()},
        "shares": {name: round(share, 3) for name, share in shares.items()},
        **split_figures(design),
    }


def split_figures(design: Design) -> dict[str, Any]:
    """The layers that are computed in pieces, if there are any."""
    return {"in_pieces": [asdict(split) for split in design.split]} if design.split else {}


def require_fit(design: Design, board: Board) -> None:
    """Raise FitError with the binding resource and layer when the device is too small."""
    used = resources(design.spec)
    shares = used.shares(board)
    binding = max(shares, key=shares.__getitem__)
    if shares[binding] <= 1.0:
        return
    figures = estimate(design, board)
    remedy = {
        "lut": "lower pot4_n or pixels_n",
        "ff": "lower pixels_n",
        "dsp": "lower pixels_n or lanes_n",
        "bram36": "lower act_depth or ring_depth",
    }
    raise FitError(
        f"Design must need at most {usable(board)[binding]} {binding} of {board.device}, not "
        f"{figures[binding]:.0f} (board {board.name}, most by layer {figures['worst_layer']}); "
        f"{remedy[binding]}"
    )


def _buffers(design: Design) -> dict[str, int]:
    """Bytes of every buffer of a run of one frame (a batch), as the driver reserves them."""
    steps = design.steps
    program = Program(
        layout_hash=design.spec.layout_hash(),
        report_slots=steps.report_slots,
        descriptors=tuple(step.descriptor for step in steps.steps),
        images=steps.images,
    )
    return {
        "program": len(encode(program)),
        "weights": steps.weight_bytes,
        "input": steps.images * steps.input_bytes,
        "output": steps.images * steps.output_bytes,
        "scratch": steps.scratch_bytes,
        "report": report_bytes(steps.report_slots, 1),
    }


def _worst_layer(design: Design, timing: Timing, binding: str) -> str:
    """For memory the layer with most activations alive, for logic the one with most cycles."""
    if binding == "bram36":
        node = busiest_node(design.lowered, design.spec)
        return node.tensor if isinstance(node, MoveNode) else node.layer
    return max(timing.layers, key=timing.layers.__getitem__, default="")
