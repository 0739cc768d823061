# SPDX-License-Identifier: Apache-2.0
"""Rules of single layers: shapes, windows, levels, requantisation, and the accumulator's proof."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from hlsgen.model.graph import (
    Add,
    Concat,
    Conv,
    IntArray,
    Layer,
    MaxPool,
    Raw,
    Tensor,
    Thresholds,
    TwoStep,
)
from hlsgen.model.numbers import Format, levels

MAX_KERNEL = 11
MAX_STRIDE = 4
_INT32 = np.iinfo(np.int32)
_LUT_OFFSET = 256


def layer_violations(layer: Layer, tensors: dict[str, Tensor]) -> Iterator[str]:
    """Yield one sentence for each rule that a layer breaks; its tensors exist."""
    for name in layer.inputs:
        if tensors[name].bits > 8:
            yield (
                f"Layer inputs must have at most 8 bits, not {tensors[name].bits} "
                f"(layer {layer.name}, tensor {name}); requantise the accumulators first"
            )
            return
    if isinstance(layer, Conv):
        yield from _conv(layer, tensors[layer.input], tensors[layer.output])
    elif isinstance(layer, Add):
        yield from _add(layer, tensors)
    elif isinstance(layer, MaxPool):
        yield from _max_pool(layer, tensors[layer.input], tensors[layer.output])
    else:
        yield from _concat(layer, tensors)


def accumulator_range(conv: Conv, tensor: Tensor) -> tuple[IntArray, IntArray]:
    """Smallest and largest accumulator of each row, bias included, over all input codes [rows].

    Exact for free inputs. A padded position adds 0, which lies between the ends of every product,
    because the zero point is a code (0 for bipolar tensors).
    """
    low, high = tensor.lo - tensor.zero_point, tensor.hi - tensor.zero_point
    flat = conv.weights.reshape(conv.weights.shape[0], -1).astype(np.int64)
    positive = np.maximum(flat, 0).sum(axis=1)
    negative = np.minimum(flat, 0).sum(axis=1)
    smallest = positive * low + negative * high + conv.bias
    largest = positive * high + negative * low + conv.bias
    return smallest, largest


def _conv(conv: Conv, source: Tensor, target: Tensor) -> Iterator[str]:
    where = f"(layer {conv.name})"
    arrays = list(_conv_arrays(conv, source, target))
    yield from arrays
    if arrays:
        return
    kernel = (conv.weights.shape[2], conv.weights.shape[3])
    yield from _window(conv, kernel, source, target)
    if source.bipolar and any(conv.pads):
        yield (
            f"Conv pads must be 0 on a bipolar input, which has no code for zero, not {conv.pads} "
            f"{where}; use a ternary or 2-bit input"
        )
    yield from _levels(conv)
    bounds = list(_accumulators(conv, source))
    yield from bounds
    if not bounds:
        yield from _requant(conv, source, target)


def _conv_arrays(conv: Conv, source: Tensor, target: Tensor) -> Iterator[str]:
    where = f"(layer {conv.name})"
    rows, channels = target.shape[0], source.shape[0]
    if conv.groups < 1 or channels % conv.groups or rows % conv.groups:
        yield (
            f"Conv groups must divide input and output channels {channels} and {rows}, "
            f"not {conv.groups} {where}"
        )
        return
    want = (rows, channels // conv.groups)
    if conv.weights.ndim != 4 or conv.weights.shape[:2] != want or conv.weights.size == 0:
        yield (
            f"Conv weights must have shape ({want[0]}, {want[1]}, kernel height, kernel width), "
            f"not {conv.weights.shape} {where}"
        )
    for name in ("weights", "bias"):
        kind = getattr(conv, name).dtype
        if kind != np.int64:
            yield f"Conv {name} must be int64, not {kind} {where}"
    if len(conv.formats) != rows:
        yield f"Conv formats must be one a row ({rows}), not {len(conv.formats)} {where}"
    for name in ("bias", "row_scale"):
        shape = getattr(conv, name).shape
        if shape != (rows,):
            yield f"Conv {name} must have one entry a row ({rows}), not shape {shape} {where}"
    if not np.isfinite(conv.row_scale).all():
        yield f"Conv row_scale must be finite {where}"


def _window(
    layer: Conv | MaxPool, kernel: tuple[int, int], source: Tensor, target: Tensor
) -> Iterator[str]:
    kind, where = type(layer).__name__, f"(layer {layer.name})"
    top, bottom, left, right = layer.pads
    whole = kernel == source.shape[1:] and not any(layer.pads)
    if min(kernel) < 1 or (max(kernel) > MAX_KERNEL and not whole):
        yield (
            f"{kind} kernel must be 1 to {MAX_KERNEL} a side or the whole unpadded map, "
            f"not {kernel[0]}x{kernel[1]} {where}"
        )
        return
    if not all(1 <= step <= MAX_STRIDE for step in layer.stride):
        yield f"{kind} stride must be 1 to {MAX_STRIDE}, not {layer.stride} {where}"
        return
    if min(layer.pads) < 0 or max(top, bottom) >= kernel[0] or max(left, right) >= kernel[1]:
        yield (
            f"{kind} pads must be 0 or more and smaller than the kernel {kernel[0]}x{kernel[1]}, "
            f"not {layer.pads} {where}"
        )
        return
    shape = output_size(source.shape, kernel, layer.stride, layer.pads)
    if target.shape[1:] != shape or min(shape) < 1:
        yield (
            f"{kind} output must be {shape[0]}x{shape[1]}, not {target.shape[1]}x"
            f"{target.shape[2]} {where}"
        )


def output_size(
    shape: tuple[int, int, int],
    kernel: tuple[int, int],
    stride: tuple[int, int],
    pads: tuple[int, int, int, int],
) -> tuple[int, int]:
    """Height and width of a window's output over a map of `shape`."""
    top, bottom, left, right = pads
    return (
        (shape[1] + top + bottom - kernel[0]) // stride[0] + 1,
        (shape[2] + left + right - kernel[1]) // stride[1] + 1,
    )


def _levels(conv: Conv) -> Iterator[str]:
    used = np.array([int(fmt) for fmt in conv.formats])
    for fmt in Format:
        rows = np.flatnonzero(used == fmt)
        if not rows.size:
            continue
        table = np.zeros(2 * _LUT_OFFSET + 1, bool)
        table[levels(fmt) + _LUT_OFFSET] = True
        clipped = np.clip(conv.weights[rows], -_LUT_OFFSET, _LUT_OFFSET)
        wrong = ~table[clipped + _LUT_OFFSET]
        if wrong.any():
            at = int(np.flatnonzero(wrong.any(axis=(1, 2, 3)))[0])
            value = int(conv.weights[rows[at]][wrong[at]][0])
            yield (
                f"Conv weights must be levels of {fmt.name}, not {value} "
                f"(layer {conv.name}, row {rows[at]}); "
                f"{int(wrong.any(axis=(1, 2, 3)).sum())} rows are wrong"
            )


def _accumulators(conv: Conv, source: Tensor) -> Iterator[str]:
    if np.abs(conv.bias).max(initial=0) > _INT32.max:
        yield f"Conv bias must fit 32 bits (layer {conv.name}); scale the layer down"
        return
    smallest, largest = accumulator_range(conv, source)
    low = np.minimum(smallest, smallest - conv.bias)
    high = np.maximum(largest, largest - conv.bias)
    wrong = np.flatnonzero((low < _INT32.min) | (high > _INT32.max))
    if wrong.size:
        row = int(wrong[0])
        yield (
            f"Conv accumulators must fit 32 bits, not {int(low[row])}..{int(high[row])} "
            f"(layer {conv.name}, row {row}); lower the weights, the bias or the input's bits"
        )


def _requant(conv: Conv, source: Tensor, target: Tensor) -> Iterator[str]:
    where = f"(layer {conv.name})"
    if isinstance(conv.requant, Raw):
        if target.bits != 32:
            yield f"Raw outputs must have 32 bits, not {target.bits} {where}; requantise the layer"
    elif target.bits > 8:
        yield f"Requantised outputs must have 1 to 8 bits, not {target.bits} {where}; use Raw"
    elif isinstance(conv.requant, TwoStep):
        yield from _two_step(conv, conv.requant, source, target)
    else:
        yield from _thresholds(conv, conv.requant, target)


def _two_step(conv: Conv, requant: TwoStep, source: Tensor, target: Tensor) -> Iterator[str]:
    where, rows = f"(layer {conv.name})", (target.shape[0],)
    if target.bipolar:
        yield f"TwoStep outputs must not be bipolar {where}; use Thresholds with step 2"
    if not target.lo <= requant.lo <= requant.hi <= target.hi:
        yield (
            f"TwoStep clamp must lie in {target.lo}..{target.hi}, "
            f"not {requant.lo}..{requant.hi} {where}"
        )
    if requant.multiplier.shape != rows or requant.shift.shape != rows:
        yield (
            f"TwoStep multiplier and shift must have one entry a row ({rows[0]}), "
            f"not shapes {requant.multiplier.shape} and {requant.shift.shape} {where}"
        )
        return
    if requant.multiplier.min() < 0 or requant.multiplier.max() > _INT32.max:
        yield f"TwoStep multiplier must be in 0..2**31 - 1 {where}"
    if requant.shift.min() < -31 or requant.shift.max() > 30:
        yield f"TwoStep shift must be in -31..30 {where}"
        return
    left = np.maximum(requant.shift, 0)
    smallest, largest = accumulator_range(conv, source)
    shifted = np.maximum(np.abs(smallest), np.abs(largest)) << left
    if (shifted > _INT32.max).any():
        row = int(np.argmax(shifted))
        yield (
            f"TwoStep must keep the shifted accumulator within 32 bits, not reach "
            f"{int(shifted[row])} (layer {conv.name}, row {row}); raise the output's scale"
        )


def _thresholds(conv: Conv, requant: Thresholds, target: Tensor) -> Iterator[str]:
    where, table = f"(layer {conv.name})", requant.levels
    if table.ndim != 2 or table.shape[0] != target.shape[0] or table.shape[1] < 1:
        yield (
            f"Thresholds levels must have shape ({target.shape[0]}, steps), "
            f"not {table.shape} {where}"
        )
        return
    if (table[:, 1:] < table[:, :-1]).any():
        yield f"Thresholds levels must ascend along each row {where}"
    if np.abs(table).max() > 1 << 62:
        yield f"Thresholds levels must lie within +-2**62 {where}"
    if requant.step != (2 if target.bipolar else 1):
        yield f"Thresholds step must be {2 if target.bipolar else 1}, not {requant.step} {where}"
        return
    last = requant.first + requant.step * table.shape[1]
    parity = target.bipolar and requant.first % 2 == 0
    if requant.first < target.lo or last > target.hi or parity:
        yield (
            f"Thresholds codes must lie in {target.lo}..{target.hi}, "
            f"not {requant.first}..{last} {where}"
        )


def _add(add: Add, tensors: dict[str, Tensor]) -> Iterator[str]:
    where = f"(layer {add.name})"
    a, b, out = tensors[add.a], tensors[add.b], tensors[add.output]
    if not a.shape == b.shape == out.shape:
        yield f"Add shapes must be equal, not {a.shape}, {b.shape} and {out.shape} {where}"
    if out.bits > 8:
        yield f"Add output must have 1 to 8 bits, not {out.bits} {where}"
        return
    want = (a.hi - a.lo + 1, b.hi - b.lo + 1)
    if add.table.shape != want or add.table.dtype != np.int16:
        yield (
            f"Add table must be int16 of shape {want}, one entry for each pair of codes, "
            f"not {add.table.dtype} of {add.table.shape} {where}"
        )
        return
    used = add.table[:: 2 if a.bipolar else 1, :: 2 if b.bipolar else 1].astype(np.int64)
    if (np.diff(used, axis=0) < 0).any() or (np.diff(used, axis=1) < 0).any():
        yield f"Add table must ascend along both axes {where}"
    outside = used.min() < out.lo or used.max() > out.hi
    if outside or (out.bipolar and (used == 0).any()):
        yield (
            f"Add table must hold codes {out.lo}..{out.hi} of its output, "
            f"not {int(used.min())}..{int(used.max())} {where}"
        )


def _max_pool(pool: MaxPool, source: Tensor, target: Tensor) -> Iterator[str]:
    where = f"(layer {pool.name})"
    yield from _window(pool, pool.kernel, source, target)
    if source.shape[0] != target.shape[0]:
        yield (
            f"MaxPool channels must stay {source.shape[0]}, not become {target.shape[0]} {where}"
        )
    if not same_codes(source, target):
        yield f"MaxPool input and output must have equal codes, scale and zero point {where}"


def _concat(concat: Concat, tensors: dict[str, Tensor]) -> Iterator[str]:
    where, out = f"(layer {concat.name})", tensors[concat.output]
    sources = [tensors[name] for name in concat.sources]
    if not sources:
        yield f"Concat sources must be at least one {where}"
        return
    total = sum(source.shape[0] for source in sources)
    if total != out.shape[0] or any(source.shape[1:] != out.shape[1:] for source in sources):
        shapes = ", ".join(str(source.shape) for source in sources)
        yield f"Concat sources must add up to {out.shape} along channels, not {shapes} {where}"
    if not all(same_codes(source, out) for source in sources):
        yield (
            f"Concat sources must have the output's codes, scale and zero point {where}; "
            "re-scale them with an identity convolution"
        )


def same_codes(a: Tensor, b: Tensor) -> bool:
    """Whether two tensors give their codes the same meaning."""
    return (a.bits, a.signed, a.scale, a.zero_point) == (b.bits, b.signed, b.scale, b.zero_point)
