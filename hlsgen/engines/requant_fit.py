# SPDX-License-Identifier: Apache-2.0
"""From a Model's requantisation to row records that give the same codes, or a PlanError.

Every record found is checked at every step of the source's map (formats §5 arithmetic is
monotone between the steps, so equality there is equality everywhere).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hlsgen.engines.records import SHIFT_MAX, X_MAX, X_MIN, Records, evaluate_record
from hlsgen.engines.steps_fit import fit_steps
from hlsgen.errors import PlanError
from hlsgen.model.graph import IntArray, Raw, Requant, Tensor, TwoStep
from hlsgen.model.requant import apply, step_table


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reach:
    """Smallest and largest accumulator of each row, bias included."""

    low: IntArray
    high: IntArray


def fit_records(
    layer: str, requant: Requant, output: Tensor, reach: Reach, mult_limit: int
) -> Records:
    """Return records of all rows for accumulators that include the Model's bias.

    Raises PlanError with the layer and the row when the source's map has no such form.
    """
    rows = reach.low.shape[0]
    if isinstance(requant, Raw):
        return Records.constant(np.zeros(rows, np.int64))
    steps = step_table(requant, output.zero_point, output.lo, output.hi)
    if isinstance(requant, TwoStep):
        found = _two_step(requant, output)
        good = _closed_form_holds(requant, steps, reach, mult_limit)
        good &= _agrees(requant, output, found, steps, reach)
    else:
        found = Records.constant(np.zeros(rows, np.int64))
        good = np.zeros(rows, np.bool_)
    return _searched(layer, requant, output, reach, mult_limit, steps, found, good)


def _searched(
    layer: str,
    requant: Requant,
    output: Tensor,
    reach: Reach,
    mult_limit: int,
    steps: IntArray,
    found: Records,
    good: np.ndarray[tuple[int], np.dtype[np.bool_]],
) -> Records:
    """Replace the records of the rows that are not good by searched ones, and check them."""
    parts = []
    for row in np.flatnonzero(~good):
        low, high = int(reach.low[row]), int(reach.high[row])
        fitted = fit_steps(steps[row], low, high, mult_limit)
        if fitted is None:
            raise PlanError(_sentence(layer, int(row), mult_limit))
        parts.append(fitted)
    if not parts:
        return found
    order = np.concatenate([np.flatnonzero(good), np.flatnonzero(~good)])
    merged = Records.join([found.take(np.flatnonzero(good)), *parts])
    records = merged.take(np.argsort(order))
    agree = _agrees(requant, output, records, steps, reach)
    if not agree.all():
        raise PlanError(_sentence(layer, int(np.flatnonzero(~agree)[0]), mult_limit))
    return records


def _sentence(layer: str, row: int, mult_limit: int) -> str:
    remedy = "choose mult_w 34 or " if mult_limit < 1 << 32 else ""
    return (
        "Requantisation steps must lie within half a step of a straight line, not those of row "
        f"{row} (layer {layer}); {remedy}requantise the output with one scale and zero point"
    )


def _two_step(requant: TwoStep, output: Tensor) -> Records:
    """The closed form of TFLite's two-step rounding.

    With a right shift e both roundings fold into one of S = 31 + e bits: the inner one adds 2^30,
    and below zero the outer one takes off 2^31 (a tie goes away from zero). For small negative
    accumulators whose inner result is 0 both sides give 0.
    """
    right = np.maximum(-requant.shift, 0)
    shift = 31 + right - np.maximum(requant.shift, 0)
    nudge = np.where(right > 0, 1 << 30, 0)
    rows = shift.shape[0]
    nought = np.zeros(rows, np.int64)
    return Records(
        bias=nought,
        mult=requant.multiplier,
        off_pos=nudge,
        off_neg=-nudge,
        shift=np.clip(shift, 0, SHIFT_MAX),
        tie_even=nought,
        tie_parity=nought,
        z=np.full(rows, output.zero_point - output.lo),
        lo=np.full(rows, max(requant.lo, output.lo) - output.lo),
        hi=np.full(rows, min(requant.hi, output.hi) - output.lo),
    )


def _closed_form_holds(
    requant: TwoStep, steps: IntArray, reach: Reach, mult_limit: int
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    reachable = (steps > reach.low[:, None]) & (steps <= reach.high[:, None])
    outside = reachable & ((steps <= X_MIN) | (steps > X_MAX))
    fits = (requant.shift >= 31 - SHIFT_MAX) & (requant.shift <= 31)
    good = fits & (requant.multiplier < mult_limit) & ~outside.any(axis=1)
    return np.asarray(good, np.bool_)


def _agrees(
    requant: Requant, output: Tensor, records: Records, steps: IntArray, reach: Reach
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Whether records and source agree, per row, beside every step, at both ends and beside 0."""
    low, high = reach.low[:, None], reach.high[:, None]
    pivot = -records.bias[:, None]  # where the offset changes
    points = [steps, steps - 1, low, high, np.zeros_like(low), pivot, pivot - 1]
    acc = np.clip(np.concatenate(points, axis=1), low, high).T
    wanted = apply(requant, acc, output.zero_point) - output.lo
    return np.asarray((evaluate_record(records, acc) == wanted).all(axis=0), np.bool_)
