# SPDX-License-Identifier: Apache-2.0
"""Exact evaluator of QONNX graphs for tests: every operator on rationals, node by node.

Written from the operators' definitions and independent of the importer: it knows nothing of
accumulators, thresholds or chains. Slow; for small graphs and few frames.
"""

from __future__ import annotations

import math
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

Exact = Any  # object array of int and Fraction


def run_exact(model: onnx.ModelProto, x: np.ndarray) -> dict[str, Exact]:
    """Every tensor of the graph for one input, as arrays of exact numbers."""
    graph = model.graph
    values = {t.name: to_exact(numpy_helper.to_array(t)) for t in graph.initializer}
    values[next(i.name for i in graph.input if i.name not in values)] = to_exact(x)
    for node in graph.node:
        attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
        args = [values[name] if name else None for name in node.input]
        result = OPS[node.op_type](attributes, *args)
        for name, value in zip(node.output, _listed(result), strict=False):
            values[name] = np.asarray(value, object)
    return values


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def to_exact(array: np.ndarray) -> Exact:
    """Numbers as int where they are whole, as Fraction elsewhere."""
    return _each(lambda v: _slim(Fraction(v)), np.asarray(array))


def _slim(value: Fraction) -> int | Fraction:
    return value.numerator if value.denominator == 1 else value


def _each(function: Any, array: np.ndarray) -> Exact:
    flat = np.empty(array.size, object)
    flat[:] = [function(v) for v in array.reshape(-1).tolist()]
    return flat.reshape(array.shape)


def root(value: Fraction) -> Fraction:
    """Square root through 80 decimal digits, rounded once to float64."""
    with localcontext() as context:
        context.prec = 80
        wide = (Decimal(value.numerator) / Decimal(value.denominator)).sqrt()
        return Fraction(float(wide))


def round_mode(value: Fraction, mode: str) -> int:
    """One rounding, from the definition of its mode."""
    low, high = math.floor(value), math.ceil(value)
    if low == high:
        return low
    away, near = (low, high) if value < 0 else (high, low)
    if mode in ("FLOOR", "CEIL", "UP", "DOWN"):
        return {"FLOOR": low, "CEIL": high, "UP": away, "DOWN": near}[mode]
    if value - low != Fraction(1, 2):
        return low if value - low < Fraction(1, 2) else high
    even = low if low % 2 == 0 else high
    return {"ROUND": even, "HALF_EVEN": even, "HALF_UP": away, "HALF_DOWN": near}[mode]


def quant(a: dict, x: Exact, scale: Exact, zero: Exact, bits: Exact) -> Exact:
    bits, signed = int(bits.item()), a["signed"]
    y = _fraction(x) / scale + zero
    if bits == 1 and signed:
        n = _each(lambda v: 1 if v >= 0 else -1, y)
    else:
        lo = -(2 ** (bits - 1)) + a["narrow"] if signed else 0
        hi = 2 ** (bits - 1) - 1 if signed else 2**bits - 1 - a["narrow"]
        mode = a.get("rounding_mode", b"ROUND").decode().upper()
        n = _each(lambda v: round_mode(Fraction(min(max(v, lo), hi)), mode), y)
    return _clean((n - zero) * scale)


def trunc(a: dict, x: Exact, scale: Exact, zero: Exact, in_bits: Exact, *rest: Exact) -> Exact:
    y = _each(round, np.asarray(_fraction(x) / scale + zero, object))
    mode = a.get("rounding_mode", b"FLOOR").decode().upper()
    if len(rest) == 1:
        power = 2 ** int(in_bits.item() - rest[0].item())
        n = _each(lambda v: round_mode(Fraction(v) / power, mode), y)
        return _clean((n - zero) * scale)
    out_scale, out_bits = rest[0].item(), int(rest[1].item())
    power = Fraction(2) ** round(math.log2(out_scale / scale.item()))
    signed, narrow = a.get("signed", 1), a.get("narrow", 0)
    lo = -(2 ** (out_bits - 1)) + narrow if signed else 0
    hi = 2 ** (out_bits - 1) - 1 if signed else 2**out_bits - 1 - narrow
    n = _each(lambda v: round_mode(Fraction(min(max(v / power, lo), hi)), mode), y)
    return _clean((n - zero / power) * out_scale)


def multi_threshold(a: dict, x: Exact, table: Exact) -> Exact:
    scale, bias = Fraction(a.get("out_scale", 1.0)), Fraction(a.get("out_bias", 0.0))
    out = np.empty(x.shape, object)
    for index in np.ndindex(x.shape):
        row = table[index[1] if len(table) > 1 else 0]
        out[index] = _slim(scale * sum(x[index] >= t for t in row) + bias)
    return out


def conv(a: dict, x: Exact, w: Exact, bias: Exact | None = None) -> Exact:
    groups, (step_y, step_x) = a.get("group", 1), a.get("strides", [1, 1])
    x = _padded(x, a.get("pads", [0, 0, 0, 0]), 0)
    rows, depth, kh, kw = w.shape
    out_h, out_w = (x.shape[2] - kh) // step_y + 1, (x.shape[3] - kw) // step_x + 1
    out = np.empty((x.shape[0], rows, out_h, out_w), object)
    for row in range(rows):
        first = row // (rows // groups) * depth
        for y in range(out_h):
            for c in range(out_w):
                part = x[:, first : first + depth]
                part = part[:, :, y * step_y : y * step_y + kh, c * step_x : c * step_x + kw]
                out[:, row, y, c] = (part * w[row]).sum(axis=(1, 2, 3))
    return out if bias is None else out + bias.reshape(1, -1, 1, 1)


def max_pool(a: dict, x: Exact) -> Exact:
    return _pool(a, x, lambda window: window.max(axis=(2, 3)), -(10**30))


def average_pool(a: dict, x: Exact) -> Exact:
    return _pool(
        a, x, lambda w: _clean(_fraction(w.sum(axis=(2, 3))) / (w.shape[2] * w.shape[3])), 0
    )


def _pool(a: dict, x: Exact, reduce: Any, fill: int) -> Exact:
    (kh, kw), (sy, sx) = a["kernel_shape"], a.get("strides", [1, 1])
    x = _padded(x, a.get("pads", [0, 0, 0, 0]), fill)
    out_h, out_w = (x.shape[2] - kh) // sy + 1, (x.shape[3] - kw) // sx + 1
    out = np.empty((*x.shape[:2], out_h, out_w), object)
    for y in range(out_h):
        for c in range(out_w):
            out[:, :, y, c] = reduce(x[:, :, y * sy : y * sy + kh, c * sx : c * sx + kw])
    return out


def _padded(x: Exact, pads: list[int], fill: int) -> Exact:
    widths = ((0, 0), (0, 0), (pads[0], pads[2]), (pads[1], pads[3]))
    return np.pad(x, widths, constant_values=fill)


def batch_norm(a: dict, x: Exact, g: Exact, b: Exact, mean: Exact, var: Exact) -> Exact:
    epsilon = Fraction(a.get("epsilon", 1e-5))
    sd = _each(lambda v: root(Fraction(v) + epsilon), var)
    shape = (1, -1) + (1,) * (x.ndim - 2)
    g, b, mean, sd = (v.reshape(shape) for v in (g, b, mean, sd))
    return _clean(g * (x - mean) / sd + b)


def gemm(a: dict, x: Exact, w: Exact, bias: Exact | None = None) -> Exact:
    out = x @ (w.T if a.get("transB") else w) * Fraction(a.get("alpha", 1.0))
    return _clean(out if bias is None else out + bias * Fraction(a.get("beta", 1.0)))


def pad(a: dict, x: Exact, pads: Exact, fill: Exact | None = None) -> Exact:
    half = pads.size // 2
    widths = list(zip(pads[:half].tolist(), pads[half:].tolist(), strict=True))
    return np.pad(x, widths, constant_values=0 if fill is None else fill.item())


def reshape(a: dict, x: Exact, shape: Exact) -> Exact:
    return x.reshape([int(v) or x.shape[i] for i, v in enumerate(shape.tolist())])


def _fraction(x: Exact) -> Exact:
    return _each(Fraction, np.asarray(x, object))


def _clean(x: Exact) -> Exact:
    return _each(lambda v: _slim(Fraction(v)), np.asarray(x, object))


def _axes(a: dict, rest: tuple) -> list[int]:
    return a["axes"] if "axes" in a else [int(v) for v in rest[0].tolist()]


OPS: dict[str, Any] = {
    "Add": lambda a, x, y: x + y,
    "AveragePool": average_pool,
    "BatchNormalization": batch_norm,
    "BipolarQuant": lambda a, x, s: _clean(_each(lambda v: 1 if v >= 0 else -1, x) * s),
    "Clip": lambda a, x, lo, hi: np.minimum(np.maximum(x, lo), hi),
    "Concat": lambda a, *xs: np.concatenate(xs, axis=a["axis"]),
    "Conv": conv,
    "Div": lambda a, x, y: _clean(_fraction(x) / y),
    "Flatten": lambda a, x: x.reshape(x.shape[0], -1),
    "Gather": lambda a, x, i: x[int(i.item())],
    "Gemm": gemm,
    "GlobalAveragePool": lambda a, x: average_pool({"kernel_shape": x.shape[2:]}, x),
    "MatMul": lambda a, x, y: x @ y,
    "MaxPool": max_pool,
    "Mul": lambda a, x, y: x * y,
    "MultiThreshold": multi_threshold,
    "Pad": pad,
    "Pow": lambda a, x, y: _each(lambda v: root(Fraction(v)), x),
    "Quant": quant,
    "Relu": lambda a, x: np.maximum(x, 0),
    "Reshape": reshape,
    "Shape": lambda a, x: np.array(x.shape, object),
    "Squeeze": lambda a, x, *r: np.squeeze(x, tuple(_axes(a, r))),
    "Sub": lambda a, x, y: x - y,
    "TopK": lambda a, x, k: [x.max(axis=-1), np.argmax(x.astype(float), axis=-1)],
    "Transpose": lambda a, x: x.transpose(a["perm"]),
    "Trunc": trunc,
    "Unsqueeze": lambda a, x, *r: np.expand_dims(x, tuple(_axes(a, r))),
}
