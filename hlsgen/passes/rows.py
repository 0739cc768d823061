# SPDX-License-Identifier: Apache-2.0
"""Fit real weight rows to a format's levels: scales by least squares, rounding with feedback."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from hlsgen.model.graph import IntArray
from hlsgen.model.numbers import Format, levels

Real: TypeAlias = NDArray[np.float64]

_DAMPING = 0.01  # of the mean curvature: keeps the inverse defined where samples are few
_REFINEMENTS = 3
# Scales tried, as parts of (largest weight / largest level): clipping pays at few bits, and the
# levels of pot4 are an octave apart, so that its scale may also lie above.
_GRIDS: dict[Format, Real] = {
    Format.FIXED8: np.linspace(0.80, 1.0, 21),
    Format.FIXED4: np.linspace(0.35, 1.15, 65),
    Format.POT4: np.geomspace(0.35, 1.42, 65),
}


def nearest(fmt: Format, values: Real) -> IntArray:
    """Round values in units of the row scale to the nearest level; ties go to the upper one."""
    table = levels(fmt)
    middles = (table[1:] + table[:-1]) / 2
    codes: IntArray = table[np.searchsorted(middles, values, side="right")]
    return codes


def fit_scales(fmt: Format, rows: Real, importance: Real) -> Real:
    """Return the scale of each row [n, k] that leaves the least squared error.

    `importance` [k] or [n, k] weighs the squared errors of the weights (ones without data).
    """
    peak = np.abs(rows).max(axis=1)
    unit = np.where(peak > 0, peak, 1.0) / levels(fmt)[-1]
    best: Real = unit.copy()
    least = np.full(rows.shape[0], np.inf)
    for part in _GRIDS[fmt]:
        scale = unit * part
        for _ in range(_REFINEMENTS):
            scale = _least_squares(fmt, rows, scale, importance)
        error = _error(fmt, rows, scale, importance)
        better = error < least
        best, least = np.where(better, scale, best), np.where(better, error, least)
    return best


def round_with_feedback(
    formats: tuple[Format, ...], rows: Real, scales: Real, curvature: Real
) -> IntArray:
    """Round rows [n, k] weight by weight, moving each error to the weights still free.

    Optimal-brain rounding: with curvature H [k, k] (second moments of the inputs), an error e of
    weight j is best answered by -e * inv(H)[j, j+1:] / inv(H)[j, j] on the weights behind it;
    the rows of the upper Cholesky factor of inv(H) hold these ratios.
    """
    size = rows.shape[1]
    order = np.argsort(-np.diag(curvature), kind="stable")  # most important weights first
    damped = curvature[np.ix_(order, order)]
    damped = damped + np.eye(size) * max(_DAMPING * float(np.diag(damped).mean()), 1e-12)
    factor = np.linalg.cholesky(np.linalg.inv(damped)).T
    free = rows[:, order].copy()
    codes = np.zeros(rows.shape, np.int64)
    members = {fmt: np.array([f == fmt for f in formats]) for fmt in sorted(set(formats))}
    for j in range(size):
        for fmt, mine in members.items():
            codes[mine, j] = nearest(fmt, free[mine, j] / scales[mine])
        error = (free[:, j] - codes[:, j] * scales) / factor[j, j]
        free[:, j:] -= error[:, None] * factor[j, j:]
    back = np.empty_like(codes)
    back[:, order] = codes
    return back


def _least_squares(fmt: Format, rows: Real, scale: Real, importance: Real) -> Real:
    codes = nearest(fmt, rows / scale[:, None])
    norm = (importance * codes * codes).sum(axis=1)
    dot = (importance * rows * codes).sum(axis=1)
    usable = (norm > 0) & (dot > 0)
    fitted: Real = np.where(usable, dot / np.where(usable, norm, 1.0), scale)
    return fitted


def _error(fmt: Format, rows: Real, scale: Real, importance: Real) -> Real:
    rest = rows - nearest(fmt, rows / scale[:, None]) * scale[:, None]
    total: Real = (importance * rest * rest).sum(axis=1)
    return total
