# SPDX-License-Identifier: Apache-2.0
"""Carry requantisations and Add tables over to new row scales and new activation scales."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from hlsgen.model.graph import Add, IntArray, Raw, Requant, Tensor, Thresholds, TwoStep
from hlsgen.model.multiplier import quantize_multiplier
from hlsgen.model.requant import UNREACHABLE
from hlsgen.passes.calibrate import clamp_of, code_map
from hlsgen.passes.rows import Real

RAW_BITS = 32  # of a tensor of accumulators
_LEAST_STEPS, _LEAST_SLOPE = 8, 4.0  # of a row of levels that may be taken for a line
_ADD_BITS = 25  # fraction bits of the engine's Add tables, formats.md §5


def rescaled_requant(requant: Requant, unit: Real, old: Tensor, new: Tensor) -> Requant:
    """The same step function for accumulators in other units.

    `unit` [rows] is the value of a new accumulator step over that of an old one; rows where it
    is 1 keep their numbers if the output tensor stays as well. An output that becomes raw keeps
    its accumulators.
    """
    if new.bits == RAW_BITS:
        return Raw()
    if isinstance(requant, Thresholds):
        return _rescaled_thresholds(requant, unit, old, new)
    if isinstance(requant, TwoStep):
        factor = unit * (old.scale / new.scale)
        lo, hi = clamp_of(requant.lo, requant.hi, old, new)
        fresh = two_step(real_multiplier(requant) * factor, lo, hi)
        same = factor == 1.0
        return TwoStep(
            multiplier=np.where(same, requant.multiplier, fresh.multiplier),
            shift=np.where(same, requant.shift, fresh.shift),
            lo=lo,
            hi=hi,
        )
    return requant


def real_multiplier(requant: TwoStep) -> Real:
    """Output steps of an accumulator step, by row."""
    real: Real = requant.multiplier * 2.0 ** (requant.shift - 31.0)
    return real


def two_step(real: Real, lo: int, hi: int) -> TwoStep:
    """TFLite's two-step requantisation with a real multiplier for each row."""
    pairs = np.array([quantize_multiplier(float(value)) for value in real], np.int64)
    return TwoStep(multiplier=pairs[:, 0].copy(), shift=pairs[:, 1].copy(), lo=lo, hi=hi)


def rescaled_add(
    layer: Add, old: Mapping[str, Tensor], new: Mapping[str, Tensor]
) -> NDArray[np.int16]:
    """Table of an Add for new scales; the source table's extremes carry its fused activation."""
    if all(old[name] == new[name] for name in (*layer.inputs, layer.output)):
        return layer.table
    source, out = old[layer.output], new[layer.output]
    lo, hi = clamp_of(int(layer.table.min()), int(layer.table.max()), source, out)
    return sum_table(new[layer.a], new[layer.b], out, lo, hi)


def sum_table(a: Tensor, b: Tensor, out: Tensor, lo: int, hi: int) -> NDArray[np.int16]:
    """Codes lo..hi of the sum: two rescaled inputs, one addition, one rounding (ties upwards).

    Each input is rescaled to 2**-25 of an output step first, which is what the engine's two
    tables hold.
    """
    total = _in_steps(a, out)[:, None] + _in_steps(b, out)[None, :]
    codes = ((total + (1 << (_ADD_BITS - 1))) >> _ADD_BITS) + out.zero_point
    table: NDArray[np.int16] = np.clip(codes, lo, hi).astype(np.int16)
    return table


def _in_steps(tensor: Tensor, out: Tensor) -> IntArray:
    codes = np.arange(tensor.lo, tensor.hi + 1) - tensor.zero_point
    steps: IntArray = np.rint(codes * (tensor.scale / out.scale * 2.0**_ADD_BITS)).astype(np.int64)
    return steps


def _rescaled_thresholds(requant: Thresholds, unit: Real, old: Tensor, new: Tensor) -> Thresholds:
    """Straight rows as straight rows, because rounding twice would bend them; others exactly.

    The engine computes one multiplication a row: steps that are not the roundings of one line
    cost it further rows.
    """
    levels, first, step = requant.levels, requant.first, requant.step
    if old != new:
        levels, first, step = _merged_levels(requant, old, new)
    exact = np.stack([_in_units(row, float(u)) for row, u in zip(levels, unit, strict=True)])
    start, slope, straight = _lines(requant.levels)
    codes = first + step * np.arange(1, levels.shape[1] + 1)
    value = (codes - step / 2 - new.zero_point) * (new.scale / old.scale)  # where a code begins
    index = (value + old.zero_point + requant.step / 2 - requant.first) / requant.step - 1
    line = np.ceil((start[:, None] + slope[:, None] * index) / unit[:, None]).astype(np.int64)
    drawn: NDArray[np.bool_] = straight & np.asarray((unit != 1.0) | (old != new))
    return Thresholds(levels=np.where(drawn[:, None], line, exact), first=first, step=step)


def _lines(levels: IntArray) -> tuple[Real, Real, NDArray[np.bool_]]:
    """Start, slope and straightness of rows of levels [rows, n]: ceil(start + slope * k)."""
    count = levels.shape[1]
    finite = np.asarray((np.abs(levels) < UNREACHABLE).all(axis=1), np.bool_)
    real = np.where(finite[:, None], levels, 0).astype(np.float64)
    slope = (real[:, -1] - real[:, 0]) / max(1, count - 1)
    rest = real - real[:, :1] - slope[:, None] * np.arange(count)
    low, high = rest.min(axis=1), rest.max(axis=1)
    start = real[:, 0] + np.where(high - low < 1, low, (high + low - 1) / 2)
    straight = finite & (count >= _LEAST_STEPS) & (slope >= _LEAST_SLOPE) & (high - low < 2)
    return start, slope, np.asarray(straight, np.bool_)


def _in_units(levels: IntArray, unit: float) -> IntArray:
    """Smallest accumulators whose value reaches the levels, exactly: ceil(level / unit)."""
    if unit == 1.0:
        return levels
    over, under = unit.as_integer_ratio()
    exact = -(-levels.astype(object) * under // over)
    kept = np.abs(levels) >= UNREACHABLE
    moved: IntArray = np.where(kept, levels, exact).astype(np.int64)
    return moved


def _merged_levels(requant: Thresholds, old: Tensor, new: Tensor) -> tuple[IntArray, int, int]:
    """Levels of the new codes: each is the level of the first old code that maps there."""
    steps = requant.levels.shape[1]
    codes = requant.first + requant.step * np.arange(steps + 1)
    mapped = code_map(old, new)[codes - old.lo]
    wanted = np.arange(mapped[0] + 1, mapped[-1] + 1)
    index = np.searchsorted(mapped, wanted, side="left")  # >= 1: the first code is below
    return requant.levels[:, index - 1], int(mapped[0]), 1
