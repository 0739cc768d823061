# SPDX-License-Identifier: Apache-2.0
"""Lowering of TFLite operators to layers of the Model, one function an operator."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hlsgen.frontends.lower import (
    Pads,
    average_pool_as_conv,
    flatten_to_kernel,
    identity_conv,
    pad_into_conv,
    used_stride,
)
from hlsgen.frontends.tflite_arith import (
    INT8_HI,
    INT8_LO,
    activation_range,
    add_table,
    average_requant,
    mean_requant,
    single_rounding,
    two_step,
    window,
)
from hlsgen.frontends.tflite_file import INT8, INT32, FileOp, FileTensor
from hlsgen.frontends.tflite_state import NO_PADS, Importer, Refusal, View, check_size
from hlsgen.model.graph import Add, Concat, Conv, IntArray, MaxPool, Tensor
from hlsgen.model.numbers import Format
from hlsgen.model.verify_layers import MAX_KERNEL, same_codes

_SAME = 0  # Padding.SAME
_MAX_SPREAD = 1 << 26  # elements of a dilated kernel


def _conv_2d(state: Importer, op: FileOp) -> None:
    source, values = _weights(state, op, 4)
    rows, kernel_h, kernel_w, depth = values.shape
    channels = state.view(op, 0).tensor.shape[0]
    if depth == 0 or channels % depth or rows % (channels // depth):
        raise Refusal(f"has filters of depth {depth} on {channels} channels", "groups that divide")
    weights = values.transpose(0, 3, 1, 2)
    scales = _row_scales(source, rows, 0)
    _push_conv(state, op, weights, scales, channels // depth, (kernel_h, kernel_w))


def _depthwise(state: Importer, op: FileOp) -> None:
    source, values = _weights(state, op, 4)
    first, kernel_h, kernel_w, rows = values.shape
    channels = state.view(op, 0).tensor.shape[0]
    if first != 1 or rows % channels:
        raise Refusal(
            f"has filters {list(values.shape)} on {channels} channels", "[1, h, w, n * C]"
        )
    weights = values.transpose(3, 0, 1, 2)
    scales = _row_scales(source, rows, 3)
    _push_conv(state, op, weights, scales, channels, (kernel_h, kernel_w))


def _push_conv(
    state: Importer,
    op: FileOp,
    weights: IntArray,
    scales: NDArray[np.float32],
    groups: int,
    kernel: tuple[int, int],
) -> None:
    view = state.view(op, 0)
    if view.flat and max(view.tensor.shape[1:]) > 1:
        raise Refusal("reads a flattened map", "FULLY_CONNECTED behind RESHAPE")
    dilation = (_option(op, "DilationHFactor"), _option(op, "DilationWFactor"))
    weights = _dilated(weights, dilation)
    own, stride = _window(op, _padded_size(view), (weights.shape[2], weights.shape[3]))
    target = state.new_tensor(op.outputs[0])
    layer = _conv_layer(state, op, view.tensor, target, weights, scales)
    layer = replace(layer, groups=groups, pads=own, stride=stride)
    folded = pad_into_conv(layer, view.pads)
    if folded is None:
        source = state.materialise(view).tensor
        folded = replace(layer, input=source.name)
    state.push(folded)


def _conv_layer(
    state: Importer,
    op: FileOp,
    source: Tensor,
    target: Tensor,
    weights: IntArray,
    scales: NDArray[np.float32],
) -> Conv:
    """Convolution with the requantisation of PopulateConvolutionQuantizationParams."""
    rows = weights.shape[0]
    row_scale = scales.astype(np.float64)
    lo, hi = _clamp(op, target)
    return Conv(
        name=_name(state, op),
        input=source.name,
        output=target.name,
        weights=np.ascontiguousarray(weights),
        formats=(Format.FIXED8,) * rows,
        row_scale=row_scale,
        bias=_bias(state, op, rows),
        requant=two_step(source.scale * row_scale / target.scale, lo, hi),
    )


def _fully_connected(state: Importer, op: FileOp) -> None:
    source, values = _weights(state, op, 2)
    view = state.materialise(state.view(op, 0))
    rows, features = values.shape
    channels, height, width = view.tensor.shape
    if features != channels * height * width or op.options.get("WeightsFormat", 0) != 0:
        raise Refusal(
            f"has {features} features on a map of {height}x{width}x{channels}",
            "weights for the whole map, in the default format",
        )
    target = state.new_tensor(op.outputs[0])
    if target.shape != (rows, 1, 1):
        raise Refusal(f"has outputs of shape {target.shape}", f"[1, {rows}]")
    weights = flatten_to_kernel(values, view.tensor.shape, "HWC")
    scales = _row_scales(source, rows, 0)
    layer = _conv_layer(state, op, view.tensor, target, weights, scales)
    real = view.tensor.scale * layer.row_scale / target.scale
    requant = single_rounding(real, target.zero_point, *_clamp(op, target))
    state.push(replace(layer, requant=requant))


def _add(state: Importer, op: FileOp) -> None:
    a, b = state.map(op, 0), state.map(op, 1)
    target = state.new_tensor(op.outputs[0])
    if not a.shape == b.shape == target.shape:
        raise Refusal("broadcasts", "operands of one shape")
    if 2.0 * max(a.scale, b.scale) >= 2.0**20 * target.scale:
        raise Refusal("has an output scale too small for its inputs", "comparable scales")
    table = add_table(a, b, target, *_clamp(op, target))
    state.push(Add(name=_name(state, op), a=a.name, b=b.name, output=target.name, table=table))


def _average_pool(state: Importer, op: FileOp) -> None:
    source = state.map(op, 0)
    kernel = (_option(op, "FilterHeight"), _option(op, "FilterWidth"))
    pads, stride = _window(op, source.shape[1:], kernel)
    if any(pads):
        raise Refusal("divides by fewer values at its padded borders", "VALID padding")
    check_size(source.shape, kernel[0] * kernel[1])
    target = state.new_tensor(op.outputs[0])
    _same_codes(source, target)
    count = kernel[0] * kernel[1]
    lo, hi = _clamp(op, target)
    requant = average_requant(source.shape[0], count, source.zero_point, lo, hi)
    state.push(average_pool_as_conv(_name(state, op), source, target, kernel, stride, requant))


def _mean(state: Importer, op: FileOp) -> None:
    source = state.map(op, 0)
    constant = state.constant(op, 1)
    axes = sorted({int(axis) % 4 for axis in np.ravel(constant[1])}) if constant else []
    if axes != [1, 2] or len(state.graph.tensors[op.inputs[0]].shape) != 4:
        raise Refusal(f"reduces over axes {axes}", "axes 1 and 2 of [1, H, W, C]")
    channels, height, width = source.shape
    check_size(source.shape, height * width)
    target = state.new_tensor(op.outputs[0])
    requant = mean_requant(channels, height * width, source.scale / target.scale)
    kernel = (height, width)
    state.push(average_pool_as_conv(_name(state, op), source, target, kernel, (1, 1), requant))


def _max_pool(state: Importer, op: FileOp) -> None:
    view = state.view(op, 0)
    kernel = (_option(op, "FilterHeight"), _option(op, "FilterWidth"))
    ahead = view.pads
    unseen = view.tensor.zero_point == view.tensor.lo  # padding never wins against a code
    if not unseen or max(ahead[:2]) >= kernel[0] or max(ahead[2:]) >= kernel[1]:
        view, ahead = state.materialise(view), NO_PADS
    own, stride = _window(op, _padded_size(view), kernel)
    target = state.new_tensor(op.outputs[0])
    _same_codes(view.tensor, target)
    if _clamp(op, target) != (INT8_LO, INT8_HI):
        raise Refusal("has a fused activation that clamps", "no activation")
    state.push(
        MaxPool(
            name=_name(state, op),
            input=view.tensor.name,
            output=target.name,
            kernel=kernel,
            stride=stride,
            pads=_sum(own, ahead),
        )
    )


def _pad(state: Importer, op: FileOp) -> None:
    view = state.view(op, 0)
    constant = state.constant(op, 1)
    if constant is None or constant[1].shape != (4, 2) or len(op.inputs) > 2:
        raise Refusal("has no constant paddings of four axes", "PAD of [1, H, W, C] with zero")
    pads = [int(size) for size in constant[1].reshape(-1)]
    if any(pads[:2] + pads[6:]) or min(pads) < 0 or view.flat:
        raise Refusal(f"has paddings {pads}", "padding of height and width alone")
    total = _sum(view.pads, (pads[2], pads[3], pads[4], pads[5]))
    if max(total[0] + total[1], total[2] + total[3]) >= MAX_KERNEL:
        raise Refusal(f"has paddings {pads}", f"fewer than {MAX_KERNEL} along an axis")
    state.values[op.outputs[0]] = replace(view, pads=total)


def _concatenation(state: Importer, op: FileOp) -> None:
    sources = [state.map(op, position) for position in range(len(op.inputs))]
    axes = len(state.graph.tensors[op.outputs[0]].shape)
    axis = op.options.get("Axis", 0)
    target = state.new_tensor(op.outputs[0])
    if axis not in (-1, axes - 1):
        raise Refusal(f"joins along axis {axis}", "the last axis (channels)")
    for source in sources:
        _same_codes(source, target)
    names = tuple(source.name for source in sources)
    state.push(Concat(name=_name(state, op), sources=names, output=target.name))


def _reshape(state: Importer, op: FileOp) -> None:
    view = state.materialise(state.view(op, 0))
    channels, height, width = view.tensor.shape
    shape = state.graph.tensors[op.outputs[0]].shape
    flat = (1, channels * height * width)
    if shape == (1, height, width, channels) and not view.flat:
        state.values[op.outputs[0]] = view
    elif shape in (flat, (1, 1, *flat)):
        state.values[op.outputs[0]] = replace(view, flat=True)
    elif shape == (1, height, width, channels):
        state.values[op.outputs[0]] = replace(view, flat=False)
    else:
        raise Refusal(f"makes a shape of {list(shape)}", f"flattening to {list(flat)}")


def _quantize(state: Importer, op: FileOp) -> None:
    source = state.map(op, 0)
    target = state.new_tensor(op.outputs[0])
    if source.shape != target.shape:
        raise Refusal("changes the shape", "equal shapes")
    real = np.full(source.shape[0], source.scale / target.scale)
    requant = two_step(real, INT8_LO, INT8_HI)
    state.push(identity_conv(_name(state, op), source, target, requant))


def _name(state: Importer, op: FileOp) -> str:
    return state.namer.name(f"{op.name.lower()}_{op.index}", op.index)


def _option(op: FileOp, name: str) -> int:
    if name not in op.options:
        raise Refusal("has no options", "a node written by a TFLite converter")
    return op.options[name]


def _sum(a: Pads, b: Pads) -> Pads:
    return a[0] + b[0], a[1] + b[1], a[2] + b[2], a[3] + b[3]


def _padded_size(view: View) -> tuple[int, int]:
    _, height, width = view.tensor.shape
    return height + view.pads[0] + view.pads[1], width + view.pads[2] + view.pads[3]


def _window(
    op: FileOp, size: tuple[int, int], kernel: tuple[int, int]
) -> tuple[Pads, tuple[int, int]]:
    """Pads and stride of a window over a map of `size`."""
    stride = (_option(op, "StrideH"), _option(op, "StrideW"))
    if min(stride) < 1 or min(kernel) < 1:
        raise Refusal(f"has kernel {kernel} and stride {stride}", "positive kernel and stride")
    if max(kernel) > MAX_KERNEL and kernel != size:
        nearest = f"at most {MAX_KERNEL}x{MAX_KERNEL}, or the whole map"
        raise Refusal(f"has a kernel of {kernel[0]}x{kernel[1]}", nearest)
    same = _option(op, "Padding") == _SAME
    _, top, bottom = window(size[0], kernel[0], stride[0], same)
    _, left, right = window(size[1], kernel[1], stride[1], same)
    padded = (size[0] + top + bottom, size[1] + left + right)
    return (top, bottom, left, right), used_stride(stride, kernel, padded)


def _weights(state: Importer, op: FileOp, axes: int) -> tuple[FileTensor, IntArray]:
    constant = state.constant(op, 1)
    if constant is None or constant[0].type != INT8 or constant[1].ndim != axes:
        raise Refusal("has no constant int8 weights", f"int8 weights of {axes} axes")
    source, values = constant
    if source.zero_point.any():
        raise Refusal("has weights with a zero point", "symmetric weights")
    if values.size == 0:
        raise Refusal("has empty weights", "at least one weight")
    if (values == -128).any():
        raise Refusal(
            f"has the weight -128 in tensor {source.index}",
            "weights in -127..127 (quantise with narrow range, as the TFLite converter does)",
        )
    return source, values.astype(np.int64)


def _row_scales(source: FileTensor, rows: int, axis: int) -> NDArray[np.float32]:
    scale = source.scale
    if scale.size not in (1, rows) or not np.isfinite(scale).all() or (scale <= 0).any():
        raise Refusal(f"has {scale.size} weight scales", f"1 or {rows} positive ones")
    if scale.size > 1 and source.axis != axis:
        raise Refusal(f"has weight scales along axis {source.axis}", f"axis {axis}")
    return np.broadcast_to(scale, (rows,))


def _bias(state: Importer, op: FileOp, rows: int) -> IntArray:
    constant = state.constant(op, 2)
    if constant is None:
        return np.zeros(rows, np.int64)
    source, values = constant
    if source.type != INT32 or values.shape != (rows,):
        raise Refusal(f"has a bias of shape {list(values.shape)}", f"int32 of shape [{rows}]")
    return values.astype(np.int64)


def _dilated(weights: IntArray, dilation: tuple[int, int]) -> IntArray:
    """Spread a kernel by its dilation; the gaps are zero weights."""
    if dilation == (1, 1):
        return weights
    rows, depth, kernel_h, kernel_w = weights.shape
    spread_h = (kernel_h - 1) * dilation[0] + 1
    spread_w = (kernel_w - 1) * dilation[1] + 1
    if min(dilation) < 1 or rows * depth * spread_h * spread_w > _MAX_SPREAD:
        raise Refusal(f"has dilation {dilation}", "a kernel of at most 11x11 when spread")
    spread = np.zeros((rows, depth, spread_h, spread_w), np.int64)
    spread[:, :, :: dilation[0], :: dilation[1]] = weights
    return spread


def _clamp(op: FileOp, target: Tensor) -> tuple[int, int]:
    code = op.options.get("FusedActivationFunction", 0)
    found = activation_range(code, target.scale, target.zero_point)
    if found is None:
        raise Refusal(f"has fused activation {code}", "none, RELU, RELU6 or RELU_N1_TO_1")
    return found


def _same_codes(source: Tensor, target: Tensor) -> None:
    if not same_codes(source, target):
        raise Refusal(
            "changes scale or zero point", "equal quantisation of inputs and output, or MEAN"
        )


LOWERINGS: dict[str, Callable[[Importer, FileOp], Any]] = {
    "CONV_2D": _conv_2d,
    "DEPTHWISE_CONV_2D": _depthwise,
    "FULLY_CONNECTED": _fully_connected,
    "ADD": _add,
    "AVERAGE_POOL_2D": _average_pool,
    "MAX_POOL_2D": _max_pool,
    "MEAN": _mean,
    "PAD": _pad,
    "CONCATENATION": _concatenation,
    "RESHAPE": _reshape,
    "QUANTIZE": _quantize,
}
