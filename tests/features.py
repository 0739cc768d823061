# SPDX-License-Identifier: Apache-2.0
"""What a planned program makes the hardware do: the cases that random networks must reach."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from hlsgen.engines.program import (
    Buffer,
    Compute,
    Descriptor,
    Load,
    OutputKind,
    Program,
    Store,
    decode,
)
from hlsgen.model.graph import Add, Concat, Conv, MaxPool, Model
from hlsgen.plan.image import Checked, Image


def features(model: Model, image: Image) -> frozenset[str]:
    """Names of the cases that a network on a design holds."""
    program = decode(image.program)
    descriptors = program.descriptors
    return frozenset(
        (
            *_of_batch(program),
            *_of_moves(descriptors),
            *_of_computes(descriptors),
            *_of_checks(model, image.checked),
            *_of_layers(model),
        )
    )


def _of_batch(program: Program) -> Iterator[str]:
    if program.images > 4:
        yield "more than four images"
    held = any(isinstance(item, Compute) and item.hold for item in program.descriptors)
    if program.images > 1 and not held:
        yield "image after image"


def _of_moves(descriptors: tuple[Descriptor, ...]) -> Iterator[str]:
    for item in descriptors:
        if isinstance(item, Load) and item.buffer is Buffer.SCRATCH:
            yield "spill to scratch" if isinstance(item, Store) else "load from scratch"
        if isinstance(item, Load) and item.row_beats:
            yield "image of two planes" if item.two_planes else "image"
        if isinstance(item, Load) and item.s in (3, 4):
            yield f"moved in {item.s} column phases"
    loads = Counter(
        (item.offset, item.rows)
        for item in descriptors
        if type(item) is Load and item.buffer is Buffer.INPUT
    )
    if max(loads.values(), default=0) > 1:
        yield "input in two layouts"


def _of_computes(descriptors: tuple[Descriptor, ...]) -> Iterator[str]:
    for item in descriptors:
        if not isinstance(item, Compute):
            continue
        flags = {
            "maximum pool": item.pool,
            "weights held": item.hold,
            "average pool": item.shared,
            "several passes": item.merge,
            "residual add": item.add,
            "several blocks": item.blocks > 1 and not item.pool,
            "two planes read": item.planes == 2,
            "two planes written": item.kind is OutputKind.TWO_PLANES,
            "residual of two planes": item.res_two_planes,
            "sum of two planes": item.add and item.kind is OutputKind.TWO_PLANES,
            "narrow sum of two planes": item.res_two_planes and item.kind is OutputKind.CODES,
            "maximum of two planes": item.pool and item.planes == 2,
            "raw": item.kind is OutputKind.RAW,
            "written in column phases": item.out_s > 1,
        }
        yield from (name for name, there in flags.items() if there)


def _of_checks(model: Model, checked: tuple[Checked, ...]) -> Iterator[str]:
    layers = {layer.name: layer for layer in model.layers}
    concats = {layer.name for layer in model.layers if isinstance(layer, Concat)}
    if concats - {item.layer for item in checked}:
        yield "concatenation in place"
    for item in checked:
        if item.row_step > 1:
            yield "rows in turns"
        elif item.row > 0:
            yield "row bands"
        if item.layer in concats:
            yield "concatenation by a copy"
        if isinstance(layers[item.layer], Add):
            yield "add by a copy"


def _of_layers(model: Model) -> Iterator[str]:
    if len(model.outputs) > 1:
        yield "two outputs"
    for layer in model.layers:
        if isinstance(layer, Add) and not model.tensors[layer.output].bipolar:
            scales = {model.tensors[name].scale for name in (layer.a, layer.b)}
            yield "add of unequal scales" if len(scales) == 2 else "add of equal scales"
        if isinstance(layer, Conv):
            yield from _of_conv(layer, model)
        if isinstance(layer, Conv | MaxPool):
            top, bottom, left, right = layer.pads
            if top != bottom or left != right:
                yield "asymmetric pads"


def _of_conv(layer: Conv, model: Model) -> Iterator[str]:
    channels = model.tensors[layer.input].shape[0]
    if layer.input.endswith(":pieces"):
        yield "rows in pieces"
    outside = model.tensors[layer.output].shape
    if layer.groups > 1:
        yield "depthwise" if layer.groups == channels else "groups"
    for size in layer.weights.shape[2:]:
        if size >= 8:
            yield f"kernel {size}"
    for stride, pixels in zip(layer.stride, outside[1:], strict=True):
        if stride >= 3 and pixels > 1:
            yield f"stride {stride}"
