# SPDX-License-Identifier: Apache-2.0
"""A trained float network to an 8-bit Model: fixed8 rows, activation scales from calibration.

For networks trained outside the source formats (the digits example). `quantize` turns the result
into mixed rows and narrower activations.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from hlsgen.errors import ModelError
from hlsgen.model.graph import Add, Conv, Layer, Model, Preprocess, Tensor
from hlsgen.model.numbers import Format
from hlsgen.passes.requants import sum_table, two_step
from hlsgen.passes.rows import Real, nearest

_BITS = 8


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FloatConv:
    """y = conv(x) + bias, then ReLU if asked for; the output tensor has the layer's name."""

    name: str
    input: str
    weights: Real  # [rows, channels, kernel_h, kernel_w]
    bias: Real  # [rows]
    stride: int = 1
    pad: int = 0
    relu: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class FloatAdd:
    """y = a + b, then ReLU if asked for."""

    name: str
    a: str
    b: str
    relu: bool = True


FloatLayer: TypeAlias = FloatConv | FloatAdd


def run_float(layers: Sequence[FloatLayer], x: Real) -> dict[str, Real]:
    """Every tensor of the float network; `x` [frames, channels, height, width] is named "input"."""
    values = {"input": np.asarray(x, np.float64)}
    for layer in layers:
        if isinstance(layer, FloatAdd):
            y = values[layer.a] + values[layer.b]
        else:
            y = _convolve(layer, values[layer.input])
        values[layer.name] = np.maximum(y, 0.0) if layer.relu else y
    return values


def to_model(
    name: str,
    layers: Sequence[FloatLayer],
    frames: Real,
    *,
    input_tensor: Tensor,
    preprocess: Preprocess,
    source: str,
) -> Model:
    """Quantise a float network to 8 bits with the ranges that `frames` reach.

    `frames` are real inputs [frames, channels, height, width] in the unit of the input tensor.
    """
    values = run_float(layers, frames)
    tensors = {"input": input_tensor}
    for layer in layers:
        tensors[layer.name] = _tensor(layer.name, values[layer.name])
    return Model(
        name=name,
        input="input",
        outputs=(layers[-1].name,),
        tensors=tensors,
        layers=tuple(_lowered(layer, tensors) for layer in layers),
        preprocess=preprocess,
        source=source,
    )


def _convolve(layer: FloatConv, x: Real) -> Real:
    pad = layer.pad
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    kernel = layer.weights.shape[2:]
    windows = np.lib.stride_tricks.sliding_window_view(padded, kernel, axis=(2, 3))
    picked = windows[:, :, :: layer.stride, :: layer.stride]
    y: Real = np.einsum("fchwij,ocij->fohw", picked, layer.weights, optimize=True)
    return y + layer.bias[None, :, None, None]


def _tensor(name: str, values: Real) -> Tensor:
    low, high = min(0.0, float(values.min())), max(0.0, float(values.max()))
    if not np.isfinite([low, high]).all() or low == high:
        raise ModelError(
            f"Float tensor {name} must take finite values other than zero, not {low}..{high}; "
            "calibrate with frames that excite it"
        )
    scale = float(np.float32((high - low) / ((1 << _BITS) - 1)))
    return Tensor(
        name=name,
        shape=values.shape[1:],
        bits=_BITS,
        signed=False,
        scale=scale,
        zero_point=round(-low / scale),
    )


def _lowered(layer: FloatLayer, tensors: dict[str, Tensor]) -> Layer:
    out = tensors[layer.name]
    low = out.zero_point if layer.relu else out.lo
    if isinstance(layer, FloatAdd):
        table = sum_table(tensors[layer.a], tensors[layer.b], out, low, out.hi)
        return Add(name=layer.name, a=layer.a, b=layer.b, output=layer.name, table=table)
    return _fixed8_conv(layer, tensors[layer.input], out, low)


def _fixed8_conv(layer: FloatConv, source: Tensor, out: Tensor, low: int) -> Conv:
    rows = layer.weights.reshape(len(layer.weights), -1)
    peak = np.abs(rows).max(axis=1)
    scale = np.where(peak > 0, peak, 1.0) / 127
    codes = nearest(Format.FIXED8, rows / scale[:, None])
    unit = scale * source.scale
    return Conv(
        name=layer.name,
        input=layer.input,
        output=layer.name,
        weights=codes.reshape(layer.weights.shape),
        formats=(Format.FIXED8,) * len(rows),
        row_scale=scale,
        bias=np.rint(layer.bias / unit).astype(np.int64),
        requant=two_step(unit / out.scale, low, out.hi),
        stride=(layer.stride, layer.stride),
        pads=(layer.pad,) * 4,
    )
