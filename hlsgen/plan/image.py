# SPDX-License-Identifier: Apache-2.0
"""The bytes of a project: program, weights, and frames in and out."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hlsgen.engines import tensors
from hlsgen.engines.convdata import ConvData, conv_data
from hlsgen.engines.nodes import ConvNode, MoveNode, PoolNode
from hlsgen.engines.program import Compute, Descriptor, Fetch, Program, encode
from hlsgen.engines.report import report_bytes
from hlsgen.engines.tensors import tensor_bytes, unpack_tensor
from hlsgen.model.graph import IntArray, Model
from hlsgen.plan.design import Design
from hlsgen.plan.pieces import Split
from hlsgen.plan.steps import Monitor, Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked(Monitor):
    """What a CONV or POOL of the program writes, in the Model's terms."""

    descriptor: int  # index in the program
    slot: int  # of the report


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """Everything that a driver or a bench puts into memory, and the sizes it reserves."""

    program: bytes
    weights: bytes
    images: int  # of a frame
    input_bytes: int  # of an image, multiples of 128
    image_step: int  # 0: the input lies as a tensor; else as an image (Steps.image_step)
    output_bytes: int
    scratch_bytes: int  # of all images of a frame
    report_slots: int
    outputs: dict[str, int]  # byte offset of each output tensor of an image
    checked: tuple[Checked, ...]
    layers: tuple[str, ...]  # the layer that each descriptor works for
    split: tuple[Split, ...]  # where the model differs from the given one

    def report_bytes(self, frames: int) -> int:
        """Bytes of the report of a run."""
        return report_bytes(self.report_slots, frames)


def pack_project(design: Design) -> Image:
    """Fit every requantisation, pack weights and records, and encode the program."""
    values, spec = design.lowered.values, design.spec
    data: dict[str, ConvData] = {}  # by layer; bands share them
    weights = bytearray(design.steps.weight_bytes)
    packed: set[int] = set()
    descriptors: list[Descriptor] = []
    for step in design.steps.steps:
        own: ConvData | None = None
        if isinstance(step.node, ConvNode):
            if step.node.layer not in data:
                data[step.node.layer] = conv_data(step.node, values, spec)
            own = data[step.node.layer]
        if isinstance(step.descriptor, Fetch) and step.descriptor.offset not in packed:
            _pack_fetch(step, own, step.descriptor, weights)
            packed.add(step.descriptor.offset)
        descriptors.append(_finished(step, own))
    program = Program(
        layout_hash=spec.layout_hash(),
        report_slots=design.steps.report_slots,
        descriptors=tuple(descriptors),
        images=design.steps.images,
    )
    return Image(
        program=encode(program),
        weights=bytes(weights),
        images=design.steps.images,
        input_bytes=design.steps.input_bytes,
        image_step=design.steps.image_step,
        output_bytes=design.steps.output_bytes,
        scratch_bytes=design.steps.scratch_bytes,
        report_slots=design.steps.report_slots,
        outputs=design.steps.outputs,
        checked=_checked(design),
        layers=layers_of(design),
        split=design.split,
    )


def pack_input(model: Model, design: Design, codes: NDArray[Any]) -> bytes:
    """Input buffer of frames [frames, channels, height, width]; the stride is `input_bytes`."""
    tensor, steps = model.tensors[model.input], design.steps
    frames = (
        tensors.pack_input(tensor, frame, design.spec.act_bits, steps.image_step)
        for frame in np.asarray(codes)
    )
    return b"".join(frame.ljust(steps.input_bytes, b"\0") for frame in frames)


def unpack_output(model: Model, design: Design, data: bytes, frames: int) -> dict[str, IntArray]:
    """Output tensors [frames, channels, height, width] from the output buffer."""
    found: dict[str, IntArray] = {}
    act_bits, stride = design.spec.act_bits, design.steps.output_bytes
    for name, offset in design.steps.outputs.items():
        tensor = model.tensors[name]
        size = tensor_bytes(tensor, act_bits)
        starts = [frame * stride + offset for frame in range(frames)]
        parts = [unpack_tensor(tensor, data[at : at + size], act_bits) for at in starts]
        found[name] = np.stack(parts)
    return found


def _pack_fetch(step: Step, data: ConvData | None, fetch: Fetch, weights: bytearray) -> None:
    if step.segment is None or data is None:
        raise TypeError("a FETCH belongs to a segment")
    stream = data.stream(step.segment)
    if (stream.port_stride, stream.port_beats) != (fetch.port_stride, fetch.port_beats):
        raise RuntimeError("the stream of a FETCH differs from the plan")
    weights[fetch.offset : fetch.offset + len(stream.data)] = stream.data


def _finished(step: Step, data: ConvData | None) -> Descriptor:
    """Fill in what only the fitted tables know."""
    if not isinstance(step.descriptor, Compute) or data is None or data.add is None:
        return step.descriptor
    add = data.add
    return replace(
        step.descriptor,
        add_lo=add.lo,
        add_hi=add.hi,
        add_tie_even=add.tie_even,
        add_tie_parity=add.tie_parity,
    )


def layers_of(design: Design) -> tuple[str, ...]:
    """The layer each descriptor works for: a LOAD its next reader, a STORE the last writer."""
    lowered = design.lowered
    nodes = [step.node for step in design.steps.steps]
    found: list[str] = []
    for index, node in enumerate(nodes):
        if not isinstance(node, MoveNode):
            found.append(node.layer)
            continue
        order = reversed(nodes[:index]) if node.store else iter(nodes[index:])
        near = [other for other in order if not isinstance(other, MoveNode)]
        root = lowered.root(node.value)
        touches = (
            other
            for other in near
            if root in map(lowered.root, (other.output,) if node.store else _read(other))
        )
        other = next(touches, near[0] if near else None)
        found.append(node.tensor if other is None else other.layer)
    return tuple(found)


def _read(node: ConvNode | PoolNode) -> tuple[str, ...]:
    if isinstance(node, PoolNode):
        return (node.input,)
    sources = tuple(source.value for source in node.sources)
    return sources if node.residual is None else (*sources, node.residual)


def _checked(design: Design) -> tuple[Checked, ...]:
    return tuple(
        Checked(descriptor=index, slot=step.descriptor.report_slot, **asdict(step.monitor))
        for index, step in enumerate(design.steps.steps)
        if step.monitor is not None
    )
