# SPDX-License-Identifier: Apache-2.0
"""What a TFLite import knows so far: tensors, layers, and views of tensors (flattened, padded)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hlsgen.errors import ModelError
from hlsgen.frontends.lower import Pads, padding_conv, thresholds_of_codes
from hlsgen.frontends.tflite_file import INT8, FileGraph, FileOp, FileTensor
from hlsgen.model.graph import Layer, Tensor
from hlsgen.model.verify import MAX_CHANNELS, MAX_ELEMENTS, MAX_SIDE
from hlsgen.naming import Namer

_MAX_ONES = 1 << 24  # weights of a depthwise kernel made here
NO_PADS: Pads = (0, 0, 0, 0)


class Refusal(Exception):
    """A node that cannot be imported: what it is, and the nearest supported form."""

    def __init__(self, what: str, nearest: str) -> None:
        super().__init__(f"{what}; nearest supported form: {nearest}")


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A tensor of the file: a Model tensor, perhaps flattened, perhaps with padding to come."""

    tensor: Tensor
    flat: bool = False
    pads: Pads = NO_PADS


@dataclass(slots=True)
class Importer:
    """A graph being lowered."""

    graph: FileGraph
    tensors: dict[str, Tensor] = field(default_factory=dict)
    indices: dict[str, int] = field(default_factory=dict)  # Model tensor -> index in the file
    values: dict[int, View] = field(default_factory=dict)
    layers: list[Layer] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    consumed: set[int] = field(default_factory=set)  # operators that belong to the input
    input: str = ""
    namer: Namer = field(default_factory=Namer)

    def known(self, op: FileOp) -> bool:
        """Whether an operator's activations are known; not so behind a refused operator."""
        for index in op.inputs:
            if index >= 0 and index not in self.values and self.graph.tensors[index].data is None:
                if self.refused:
                    return False
                raise ModelError(
                    f"TFLite nodes must use tensors that are computed before, not tensor {index} "
                    f"({describe(self.graph, op)})"
                )
        return True

    def new_tensor(self, index: int) -> Tensor:
        """Make the Model tensor of an int8 activation, and note it as the file tensor's value."""
        source = self.graph.tensors[index]
        scale, zero = quantisation(source)
        tensor = Tensor(
            name=self.namer.name(source.name, index),
            shape=channels_first(source),
            bits=8,
            signed=True,
            scale=scale,
            zero_point=zero,
        )
        self.tensors[tensor.name] = tensor
        self.indices[tensor.name] = index
        self.values[index] = View(tensor=tensor)
        return tensor

    def push(self, layer: Layer) -> None:
        """Append a layer."""
        self.layers.append(layer)

    def view(self, op: FileOp, position: int) -> View:
        """The activation at an operator's input."""
        index = op.inputs[position] if position < len(op.inputs) else -1
        if index < 0 or index not in self.values:
            raise Refusal(f"has no activation as input {position}", "an activation there")
        return self.values[index]

    def map(self, op: FileOp, position: int) -> Tensor:
        """The activation at an operator's input as a map; padding to come is carried out."""
        view = self.materialise(self.view(op, position))
        if view.flat and max(view.tensor.shape[1:]) > 1:
            raise Refusal("reads a flattened map", "FULLY_CONNECTED behind RESHAPE")
        return view.tensor

    def constant(self, op: FileOp, position: int) -> tuple[FileTensor, NDArray[Any]] | None:
        """The constant at an operator's input; None if the input is absent."""
        index = op.inputs[position] if position < len(op.inputs) else -1
        if index < 0:
            return None
        source = self.graph.tensors[index]
        values = source.constant()
        if values is None:
            raise Refusal(f"has a variable as input {position}", "a constant there")
        return source, values

    def materialise(self, view: View) -> View:
        """Carry out padding that no layer could take in."""
        if view.pads == NO_PADS:
            return view
        source, pads = view.tensor, view.pads
        name = self.namer.name(f"{source.name}.padded", len(self.tensors))
        channels, height, width = source.shape
        shape = (channels, height + pads[0] + pads[1], width + pads[2] + pads[3])
        check_size(shape, (pads[0] + pads[1] + 1) * (pads[2] + pads[3] + 1))
        target = replace(source, name=name, shape=shape)
        codes = np.arange(source.lo, source.hi + 1)
        start = source.lo - source.zero_point
        requant = thresholds_of_codes(codes, start, channels, source.lo)
        self.tensors[name] = target
        self.push(
            padding_conv(self.namer.name("pad", len(self.layers)), source, target, pads, requant)
        )
        return replace(view, tensor=target, pads=NO_PADS)


def quantisation(source: FileTensor) -> tuple[float, int]:
    """Scale and zero point of an int8 activation."""
    if source.type != INT8:
        raise Refusal(
            f"has tensor {source.index} of type code {source.type}",
            "int8 tensors (convert with full-integer quantisation)",
        )
    if source.scale.size != 1 or source.zero_point.size != 1:
        raise Refusal(f"has tensor {source.index} without one scale", "one scale a tensor")
    scale, zero = float(source.scale[0]), int(source.zero_point[0])
    if not math.isfinite(scale) or scale <= 0 or not -128 <= zero <= 127:
        raise Refusal(
            f"has tensor {source.index} with scale {scale} and zero point {zero}",
            "a positive scale and a zero point in -128..127",
        )
    return scale, zero


def channels_first(source: FileTensor) -> tuple[int, int, int]:
    """(channels, height, width) of a tensor [1, H, W, C] or [1, C]."""
    shape = source.shape
    if len(shape) == 4 and shape[0] == 1:
        result = (shape[3], shape[1], shape[2])
    elif len(shape) == 2 and shape[0] == 1:
        result = (shape[1], 1, 1)
    else:
        raise Refusal(f"has tensor {source.index} of shape {list(shape)}", "[1, H, W, C] or [1, C]")
    check_size(result, 1)
    return result


def check_size(shape: tuple[int, int, int], kernel: int) -> None:
    """Refuse maps and depthwise kernels beyond the Model's limits before they are allocated."""
    channels, height, width = shape
    fits = 1 <= channels <= MAX_CHANNELS and all(1 <= size <= MAX_SIDE for size in (height, width))
    if not fits or channels * height * width > MAX_ELEMENTS or channels * kernel > _MAX_ONES:
        raise Refusal(
            f"has a map of {channels}x{height}x{width}",
            f"at most {MAX_CHANNELS} channels and {MAX_SIDE} a side",
        )


def describe(graph: FileGraph, op: FileOp) -> str:
    """An operator with its number and shapes, for messages."""

    def shapes(indices: Sequence[int]) -> str:
        known = [graph.tensors[index].shape for index in indices[:4] if index >= 0]
        return ", ".join("x".join(str(size) for size in shape) or "scalar" for shape in known)

    return f"node {op.index} {op.name} ({shapes(op.inputs)} -> {shapes(op.outputs)})"
