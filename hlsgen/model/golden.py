# SPDX-License-Identifier: Apache-2.0
"""Integer golden executor: every tensor of a Model, bit for bit, in numpy.

Convolutions are im2col and BLAS. BLAS is floating point, so the data type is chosen from a proof:
when sum(|w|) * max|x - zero point| is below 2**24 (2**53) every partial sum in any order is an
integer that float32 (float64) holds exactly.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hlsgen.errors import ModelError
from hlsgen.model.graph import Add, Conv, IntArray, Layer, MaxPool, Model, Preprocess, Tensor
from hlsgen.model.requant import apply

Codes = NDArray[np.int32]
_BATCH_ELEMENTS = 1 << 23  # im2col elements held at once


def run(model: Model, codes: NDArray[Any], keep: Collection[str] | None = None) -> dict[str, Codes]:
    """Run integer codes [frames, channels, height, width] through the network.

    Returns every tensor by name, int32 [frames, channels, height, width]; `keep` limits which.
    """
    x = _checked_input(model, codes)
    wanted = set(model.tensors) if keep is None else set(keep)
    parts = [_run_batch(model, part, wanted) for part in _batches(model, x)]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def evaluate(layer: Layer, tensors: dict[str, Tensor], values: dict[str, Codes]) -> Codes:
    """Compute one layer's output codes from the values of its input tensors."""
    if isinstance(layer, Conv):
        acc = accumulators(layer, values[layer.input], tensors[layer.input])
        codes = apply(layer.requant, acc, tensors[layer.output].zero_point, axis=1)
        return codes.astype(np.int32)
    if isinstance(layer, Add):
        a, b = tensors[layer.a], tensors[layer.b]
        picked = layer.table[values[layer.a] - a.lo, values[layer.b] - b.lo]
        return picked.astype(np.int32)
    if isinstance(layer, MaxPool):
        return _max_pool(layer, values[layer.input])
    return np.concatenate([values[name] for name in layer.sources], axis=1)


def accumulators(conv: Conv, x_codes: NDArray[Any], tensor: Tensor) -> IntArray:
    """Accumulators of a convolution, bias included: int64 [frames, rows, height, width].

    `tensor` is the input's; `x_codes` its codes [frames, channels, height, width].
    """
    dtype = _exact_float(conv, tensor)
    x = np.asarray(x_codes, np.int32) - tensor.zero_point
    top, bottom, left, right = conv.pads
    padded = np.pad(x.astype(dtype), ((0, 0), (0, 0), (top, bottom), (left, right)))
    rows, depth, kernel_h, kernel_w = conv.weights.shape
    windows = _windows(padded, (kernel_h, kernel_w), conv.stride)
    frames, _, out_h, out_w = windows.shape[:4]
    columns = windows.transpose(1, 4, 5, 0, 2, 3)
    k = depth * kernel_h * kernel_w
    columns = columns.reshape(conv.groups, k, frames * out_h * out_w)
    weights = conv.weights.astype(dtype).reshape(conv.groups, rows // conv.groups, k)
    sums = np.matmul(weights, columns).reshape(rows, frames, out_h, out_w)
    acc: IntArray = sums.transpose(1, 0, 2, 3).astype(np.int64)
    return acc + conv.bias[None, :, None, None]


def preprocess(model: Model, x: NDArray[Any]) -> Codes:
    """Turn the source model's input (frames first, `layout` behind) into input codes.

    Returns int32 [frames, channels, height, width]; ties round to even, codes are clamped.
    """
    tensor = model.tensors[model.input]
    channels, height, width = tensor.shape
    values = np.asarray(x, np.float64)
    if values.ndim < 2 or values.size != values.shape[0] * channels * height * width:
        raise ModelError(
            f"Input x must hold {channels}x{height}x{width} values a frame, frames first, "
            f"not shape {values.shape}; layout is {model.preprocess.layout}"
        )
    if model.preprocess.layout == "HWC":
        values = values.reshape(-1, height, width, channels).transpose(0, 3, 1, 2)
    values = values.reshape(-1, channels, height, width)
    if not np.isfinite(values).all():
        raise ModelError("Input x must be finite, not NaN or infinite; clean the frames")
    if model.preprocess.levels:
        return _by_levels(model.preprocess, values.astype(np.float32))
    rounded = np.rint(values * model.preprocess.gain + model.preprocess.offset)
    if tensor.bipolar:
        return np.where(rounded >= 0, 1, -1).astype(np.int32)
    return np.clip(rounded, tensor.lo, tensor.hi).astype(np.int32)


def dequantise(model: Model, tensor_name: str, codes: NDArray[Any]) -> NDArray[np.float64]:
    """Real values of a tensor's codes [frames, channels, ...], float64, same shape.

    scale * (code - zero_point), or the output's per-channel map where the model holds one.
    """
    tensor = model.tensors[tensor_name]
    if tensor_name in model.output_affine:
        axes = (-1, *(1,) * (np.ndim(codes) - 2))
        gain, offset = (part.reshape(axes) for part in model.output_affine[tensor_name])
        return np.asarray(codes, np.float64) * gain + offset
    shifted = np.asarray(codes, np.float64) - tensor.zero_point
    return tensor.scale * shifted


def _by_levels(pre: Preprocess, values: NDArray[np.float32]) -> Codes:
    """Codes of exact input levels, one row for every channel or one for all."""
    counts = np.empty(values.shape, np.int32)
    for channel in range(values.shape[1]):
        levels = np.array(pre.levels[channel if len(pre.levels) > 1 else 0], np.float32)
        counts[:, channel] = np.searchsorted(levels, values[:, channel], side="right")
    return pre.first + pre.step * counts


def _checked_input(model: Model, codes: NDArray[Any]) -> Codes:
    tensor = model.tensors[model.input]
    x = np.asarray(codes)
    if x.shape[1:] != tensor.shape or x.ndim != 4 or x.shape[0] == 0:
        raise ModelError(
            f"Input codes must have shape (frames, {', '.join(map(str, tensor.shape))}), "
            f"not {x.shape} (tensor {tensor.name})"
        )
    if not np.issubdtype(x.dtype, np.integer):
        raise ModelError(
            f"Input codes must be integers, not {x.dtype} (tensor {tensor.name}); "
            "use preprocess() for real values"
        )
    if x.min() < tensor.lo or x.max() > tensor.hi or (tensor.bipolar and (x == 0).any()):
        raise ModelError(
            f"Input codes must lie in {tensor.lo}..{tensor.hi}, "
            f"not {int(x.min())}..{int(x.max())} (tensor {tensor.name})"
        )
    return x.astype(np.int32)


def _run_batch(model: Model, x: Codes, wanted: set[str]) -> dict[str, Codes]:
    values = {model.input: x}
    last_use = {name: i for i, layer in enumerate(model.layers) for name in layer.inputs}
    for index, layer in enumerate(model.layers):
        values[layer.output] = evaluate(layer, model.tensors, values)
        for name in set(layer.inputs) - wanted:
            if last_use[name] == index:
                del values[name]
    return {name: value for name, value in values.items() if name in wanted}


def _batches(model: Model, x: Codes) -> Iterator[Codes]:
    """Split the frames so that the largest im2col matrix stays within a fixed size."""
    largest = 1
    for layer in model.layers:
        _, height, width = model.tensors[layer.output].shape
        if isinstance(layer, Conv):
            depth = layer.groups * int(np.prod(layer.weights.shape[1:]))
            largest = max(largest, depth * height * width)
    size = max(1, _BATCH_ELEMENTS // largest)
    for start in range(0, x.shape[0], size):
        yield x[start : start + size]


def _exact_float(conv: Conv, tensor: Tensor) -> type[np.float32] | type[np.float64]:
    reach = max(abs(tensor.lo - tensor.zero_point), abs(tensor.hi - tensor.zero_point))
    worst = int(np.abs(conv.weights).sum(axis=(1, 2, 3)).max(initial=0)) * reach
    if worst >= 1 << 53:
        raise ModelError(
            f"Conv weights must keep sum(|w| * |x|) below 2**53, not {worst} (layer {conv.name})"
        )
    return np.float32 if worst < 1 << 24 else np.float64


def _windows(x: NDArray[Any], kernel: tuple[int, int], stride: tuple[int, int]) -> NDArray[Any]:
    """View [frames, channels, out_h, out_w, kernel_h, kernel_w] of a padded map."""
    view = np.lib.stride_tricks.sliding_window_view(x, kernel, axis=(2, 3))
    return view[:, :, :: stride[0], :: stride[1]]


def _max_pool(layer: MaxPool, x: Codes) -> Codes:
    top, bottom, left, right = layer.pads
    lowest = np.iinfo(np.int32).min
    padded = np.pad(x, ((0, 0), (0, 0), (top, bottom), (left, right)), constant_values=lowest)
    kernel_h, kernel_w = layer.kernel
    best = None
    for row in range(kernel_h):  # tap by tap: much faster than reducing a window view
        for column in range(kernel_w):
            tap = _tap(padded, row, column, layer)
            best = tap if best is None else np.maximum(best, tap)
    return np.ascontiguousarray(best)


def _tap(padded: Codes, row: int, column: int, layer: MaxPool) -> Codes:
    (kernel_h, kernel_w), (step_y, step_x) = layer.kernel, layer.stride
    height = padded.shape[2] - kernel_h + 1
    width = padded.shape[3] - kernel_w + 1
    return padded[:, :, row : row + height : step_y, column : column + width : step_x]
