# SPDX-License-Identifier: Apache-2.0
"""From a Model's requantisation to row records that give the same codes, row by row.

Every record found is checked at every step of the source's map (formats §5 arithmetic is
monotone between the steps, so equality there is equality everywhere).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from hlsgen.engines.records import SHIFT_MAX, X_MAX, X_MIN, Records, evaluate_record
from hlsgen.engines.steps_fit import fit_steps
from hlsgen.errors import PlanError
from hlsgen.model.graph import IntArray, Raw, Requant, Tensor, TwoStep
from hlsgen.model.requant import apply, step_table

Rows: TypeAlias = NDArray[np.bool_]  # [rows]


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
    records, good = find_records(requant, output, reach, mult_limit)
    if not good.all():
        raise PlanError(
            f"Requantisation of every row must have a record, not that of row "
            f"{int(np.flatnonzero(~good)[0])} (layer {layer}); "
            "report this as a defect"  # planning has put such rows in pieces
        )
    return records


def find_records(
    requant: Requant, output: Tensor, reach: Reach, mult_limit: int
) -> tuple[Records, Rows]:
    """Return records of all rows, and which of them give the source's codes."""
    rows = reach.low.shape[0]
    if isinstance(requant, Raw):
        return Records.constant(np.zeros(rows, np.int64)), np.ones(rows, np.bool_)
    steps = step_table(requant, output.zero_point, output.lo, output.hi)
    if isinstance(requant, TwoStep):
        found = _two_step(requant, output)
        good = _closed_form_holds(requant, steps, reach, mult_limit)
        good &= _agrees(requant, output, found, steps, reach)
    else:
        found = Records.constant(np.zeros(rows, np.int64))
        good = np.zeros(rows, np.bool_)
    if good.all():
        return found, good
    parts = [found.take(np.flatnonzero(good))]
    for row in np.flatnonzero(~good):
        fitted = fit_steps(steps[row], int(reach.low[row]), int(reach.high[row]), mult_limit)
        parts.append(Records.constant(np.zeros(1, np.int64)) if fitted is None else fitted)
    order = np.concatenate([np.flatnonzero(good), np.flatnonzero(~good)])
    records = Records.join(parts).take(np.argsort(order))
    return records, _agrees(requant, output, records, steps, reach)


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


def _closed_form_holds(requant: TwoStep, steps: IntArray, reach: Reach, mult_limit: int) -> Rows:
    reachable = (steps > reach.low[:, None]) & (steps <= reach.high[:, None])
    outside = reachable & ((steps <= X_MIN) | (steps > X_MAX))
    fits = (requant.shift >= 31 - SHIFT_MAX) & (requant.shift <= 31)
    good = fits & (requant.multiplier < mult_limit) & ~outside.any(axis=1)
    return np.asarray(good, np.bool_)


def _agrees(
    requant: Requant, output: Tensor, records: Records, steps: IntArray, reach: Reach
) -> Rows:
    """Whether records and source agree, per row, beside every step, at both ends and beside 0."""
    low, high = reach.low[:, None], reach.high[:, None]
    pivot = -records.bias[:, None]  # where the offset changes
    points = [steps, steps - 1, low, high, np.zeros_like(low), pivot, pivot - 1]
    acc = np.clip(np.concatenate(points, axis=1), low, high).T
    wanted = apply(requant, acc, output.zero_point) - output.lo
    return np.asarray((evaluate_record(records, acc) == wanted).all(axis=0), np.bool_)
