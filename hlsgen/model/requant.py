# SPDX-License-Identifier: Apache-2.0
"""Exact requantisation: accumulators to codes, and the step positions of that map.

`TwoStep` is TFLite's MultiplyByQuantizedMultiplier as the reference kernels compute it
(gemmlowp's saturating rounding doubling high multiply, then rounding divide by a power of two).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hlsgen.errors import ModelError
from hlsgen.model.graph import IntArray, Requant, Thresholds, TwoStep

UNREACHABLE = 1 << 62
_INT32 = np.iinfo(np.int32)
_NARROW_SHIFT = 20  # right shifts up to here keep every step position within int64


def apply(requant: Requant, acc: IntArray, zero_point: int, axis: int = -1) -> IntArray:
    """Requantise accumulators (int64, rows along `axis`) to codes (int64, same shape)."""
    rows_last = np.moveaxis(np.asarray(acc, np.int64), axis, -1)
    if isinstance(requant, TwoStep):
        codes = _two_step(requant, rows_last, zero_point)
    elif isinstance(requant, Thresholds):
        codes = _thresholds(requant, rows_last)
    else:
        codes = _raw(rows_last)
    return np.moveaxis(codes, -1, axis)


def _raw(acc: IntArray) -> IntArray:
    if acc.size and (acc.min() < _INT32.min or acc.max() > _INT32.max):
        worst = int(acc.flat[np.abs(acc).argmax()])
        raise ModelError(
            f"Raw accumulators must fit 32 bits, not {worst}; lower the input or weight range"
        )
    return acc


def _two_step(requant: TwoStep, acc: IntArray, zero_point: int) -> IntArray:
    left = np.maximum(requant.shift, 0)
    high = multiply_high(acc << left, requant.multiplier)
    scaled = divide_by_power(high, np.maximum(-requant.shift, 0))
    return np.clip(scaled + zero_point, requant.lo, requant.hi)


def _thresholds(requant: Thresholds, acc: IntArray) -> IntArray:
    counts = np.empty_like(acc)
    for row, levels in enumerate(requant.levels):
        counts[..., row] = np.searchsorted(levels, acc[..., row], side="right")
    return requant.first + requant.step * counts


def multiply_high(a: IntArray, multiplier: IntArray) -> IntArray:
    """Saturating rounding doubling high multiply: round(a * multiplier / 2**31), ties upwards.

    Equal to gemmlowp's truncating division with a signed nudge for every a of 32 bits, because
    the multiplier is not negative (which also excludes the one saturating case).
    """
    rounded: IntArray = (a * multiplier + (1 << 30)) >> 31
    return rounded


def divide_by_power(x: IntArray, exponent: IntArray) -> IntArray:
    """Rounding divide by 2**exponent, ties away from zero (gemmlowp RoundingDivideByPOT)."""
    half = np.where(exponent > 0, 1 << np.maximum(exponent - 1, 0), 0)
    # a tie below zero goes down: one less than half makes the floor land there
    rounded: IntArray = (x + half - ((x < 0) & (exponent > 0))) >> exponent
    return rounded


def step_levels(requant: Requant, row: int, zero_point: int, lo: int, hi: int) -> IntArray:
    """Return, for each code k in lo+1..hi, the smallest accumulator of `row` giving code >= k.

    +2**62 where no accumulator does, -2**62 where every one does. Exact integer arithmetic.
    """
    table = step_table(requant, zero_point, lo, hi, rows=slice(row, row + 1))
    return table.reshape(-1)


def step_table(
    requant: Requant, zero_point: int, lo: int, hi: int, rows: slice = slice(None)
) -> IntArray:
    """Return `step_levels` of many rows at once: [rows, hi - lo]."""
    codes = np.arange(lo + 1, hi + 1, dtype=np.int64)
    if isinstance(requant, Thresholds):
        return _threshold_steps(requant, rows, codes)
    if isinstance(requant, TwoStep):
        return _two_step_steps(requant, rows, codes, zero_point)
    raise ModelError("A raw output has no step levels; requantise it with TwoStep or Thresholds")


def _threshold_steps(requant: Thresholds, rows: slice, codes: IntArray) -> IntArray:
    levels = requant.levels[rows]
    needed = -((requant.first - codes) // requant.step)  # levels to pass, rounded up
    edges = np.full((levels.shape[0], 1), UNREACHABLE)
    padded = np.concatenate([-edges, levels, edges], axis=1)
    return padded[:, np.clip(needed, 0, levels.shape[1] + 1)]


def _two_step_steps(requant: TwoStep, rows: slice, codes: IntArray, zero_point: int) -> IntArray:
    shift = requant.shift[rows, None]
    wide = bool((shift < -_NARROW_SHIFT).any())
    dtype = object if wide else np.int64
    left = np.maximum(shift, 0).astype(dtype)
    right = np.maximum(-shift, 0).astype(dtype)
    target = (codes - zero_point).astype(dtype)[None, :]
    half = (2**right) // 2
    high = target * 2**right - half + ((target <= 0) & (right > 0))
    multiplier = requant.multiplier[rows, None].astype(dtype)
    product = high * 2**31 - 2**30
    shifted = -((-product) // np.maximum(multiplier, 1))
    acc = -((-shifted) // 2**left)
    zero = multiplier == 0
    acc = np.where(zero, np.where(high <= 0, -UNREACHABLE, UNREACHABLE), acc)
    acc = np.where(codes <= requant.lo, -UNREACHABLE, acc)
    acc = np.where(codes > requant.hi, UNREACHABLE, acc)
    clipped: NDArray[np.int64] = np.clip(acc, -UNREACHABLE, UNREACHABLE).astype(np.int64)
    return clipped
