# SPDX-License-Identifier: Apache-2.0
"""The arithmetic of TFLite's int8 reference kernels, as requantisations and tables.

Sources: tensorflow/lite/kernels/internal/reference (integer_ops/add.h, pooling.h, reduce.h) and
kernel_util.cc; checked against LiteRT in tests/net.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from hlsgen.model.graph import IntArray, Tensor, Thresholds, TwoStep
from hlsgen.model.multiplier import quantize_multiplier
from hlsgen.model.requant import UNREACHABLE, divide_by_power, multiply_high

_ADD_SHIFT = 20  # left shift of both inputs of an int8 Add
INT8_LO, INT8_HI = -128, 127


def two_step(real: NDArray[np.float64], lo: int, hi: int) -> TwoStep:
    """TwoStep with QuantizeMultiplier of each row's real scale."""
    pairs = [quantize_multiplier(float(value)) for value in real]
    return TwoStep(
        multiplier=np.array([multiplier for multiplier, _ in pairs], np.int64),
        shift=np.array([shift for _, shift in pairs], np.int64),
        lo=lo,
        hi=hi,
    )


def single_rounding(real: NDArray[np.float64], zero_point: int, lo: int, hi: int) -> Thresholds:
    """FULLY_CONNECTED: one rounding of the 64-bit product, ties upwards.

    code = clamp(((acc * multiplier + 2**(t - 1)) >> t) + zero_point), t = 31 - shift. LiteRT 2.3
    rounds twice in convolutions and once here; 12 million codes agree (tests/net).
    """
    codes = np.arange(lo + 1, hi + 1, dtype=object)
    rows = []
    for value in real:
        multiplier, shift = quantize_multiplier(float(value))
        t = 31 - shift
        products = (codes - zero_point) * 2**t - 2 ** (t - 1)
        rows.append(_smallest_factor(products, multiplier))
    levels = np.array(rows, np.int64).reshape(len(rows), -1)
    if not levels.size:
        levels = np.full((len(rows), 1), UNREACHABLE)
    return Thresholds(levels=levels, first=lo)


def _smallest_factor(products: NDArray[np.object_], multiplier: int) -> list[int]:
    """The smallest integer x with x * multiplier >= product, for each product."""
    if multiplier == 0:
        return [-UNREACHABLE if product <= 0 else UNREACHABLE for product in products]
    found = [-(-product // multiplier) for product in products]
    return [max(-UNREACHABLE, min(UNREACHABLE, x)) for x in found]


def mean_requant(rows: int, count: int, real: float) -> TwoStep:
    """MEAN over `count` values: the scale's multiplier takes the division by count in."""
    multiplier, shift = quantize_multiplier(real)
    extra = min(count.bit_length() - 1, 32, 31 + shift)
    multiplier = (multiplier << extra) // count
    return TwoStep(
        multiplier=np.full(rows, multiplier, np.int64),
        shift=np.full(rows, shift - extra, np.int64),
        lo=INT8_LO,
        hi=INT8_HI,
    )


def average_requant(rows: int, count: int, zero_point: int, lo: int, hi: int) -> Thresholds:
    """AVERAGE_POOL_2D: (sum of codes + or - count / 2) / count, truncated, both signs alike.

    The levels stand for acc = sum - count * zero_point.
    """
    codes = np.arange(lo + 1, hi + 1, dtype=np.int64)
    half = count // 2
    sums = np.where(codes > 0, codes * count - half, (codes - 1) * count + 1 + half)
    levels = sums - count * zero_point
    if not levels.size:
        levels = np.array([UNREACHABLE])
    return Thresholds(levels=np.tile(levels, (rows, 1)), first=lo)


def add_table(a: Tensor, b: Tensor, out: Tensor, lo: int, hi: int) -> NDArray[np.int16]:
    """ADD over all pairs of codes: both inputs shifted left by 20 and rescaled, then the sum."""
    top = 2.0 * max(a.scale, b.scale)
    total = _scaled_codes(a, top)[:, None] + _scaled_codes(b, top)[None, :]
    real = top / (float(1 << _ADD_SHIFT) * out.scale)
    codes = np.clip(_rescale(total, real) + out.zero_point, lo, hi)
    return codes.astype(np.int16)


def _scaled_codes(tensor: Tensor, top: float) -> IntArray:
    codes = np.arange(tensor.lo, tensor.hi + 1, dtype=np.int64) - tensor.zero_point
    return _rescale(codes << _ADD_SHIFT, tensor.scale / top)


def _rescale(x: IntArray, real: float) -> IntArray:
    multiplier, shift = quantize_multiplier(real)
    high = multiply_high(x << max(shift, 0), np.array(multiplier))
    return divide_by_power(high, np.array(max(-shift, 0)))


def activation_range(code: int, scale: float, zero_point: int) -> tuple[int, int] | None:
    """Clamp of a fused activation (0 none, 1 ReLU, 2 ReLU -1..1, 3 ReLU6); None if unknown."""
    ends: dict[int, tuple[float | None, float | None]] = {
        0: (None, None),
        1: (0.0, None),
        2: (-1.0, 1.0),
        3: (0.0, 6.0),
    }
    if code not in ends:
        return None
    low, high = ends[code]
    lo = INT8_LO if low is None else max(INT8_LO, _quantized(low, scale, zero_point))
    hi = INT8_HI if high is None else min(INT8_HI, _quantized(high, scale, zero_point))
    return lo, hi


def _quantized(value: float, scale: float, zero_point: int) -> int:
    """float32 division, rounded half away from zero."""
    ratio = float(np.float32(value) / np.float32(scale))
    return zero_point + int(math.copysign(math.floor(abs(ratio) + 0.5), ratio))


def window(size: int, kernel: int, stride: int, same: bool) -> tuple[int, int, int]:
    """Output size and the two pads of a window along one axis, as TFLite computes them."""
    if not same:
        return (size - kernel) // stride + 1, 0, 0
    out = -(-size // stride)
    total = max((out - 1) * stride + kernel - size, 0)
    return out, total // 2, total - total // 2


def float_input_levels(scale: float, zero_point: int) -> tuple[float, ...]:
    """QUANTIZE of float32: for each code above -128, the smallest float32 that reaches it.

    code = round(x / scale) + zero point, float32 division, ties away from zero, found by
    bisection over the ordered float32 bit patterns.
    """
    codes = np.arange(INT8_LO + 1, INT8_HI + 1)
    low = np.full(codes.shape, _order(np.float32(-np.finfo(np.float32).max)))
    high = np.full(codes.shape, _order(np.float32(np.finfo(np.float32).max)))
    while (high - low > 1).any():
        middle = (low + high) // 2
        reached = _quantize_float(_unorder(middle), scale, zero_point) >= codes
        high = np.where(reached, middle, high)
        low = np.where(reached, low, middle)
    return tuple(float(value) for value in _unorder(high))


def _quantize_float(x: NDArray[np.float32], scale: float, zero_point: int) -> NDArray[np.float64]:
    with np.errstate(over="ignore"):
        ratio = (x / np.float32(scale)).astype(np.float64)
    return np.copysign(np.floor(np.abs(ratio) + 0.5), ratio) + zero_point


def _order(value: np.float32) -> int:
    """Position of a float32 among all of them, ascending."""
    bits = int(np.float32(value).view(np.int32))
    return bits if bits >= 0 else -(bits & 0x7FFFFFFF)


def _unorder(position: IntArray) -> NDArray[np.float32]:
    bits = np.where(position >= 0, position, (-position) | 0x80000000)
    return bits.astype(np.uint32).view(np.float32)
