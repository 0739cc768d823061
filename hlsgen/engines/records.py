# SPDX-License-Identifier: Apache-2.0
"""Requantisation records of rows, and the arithmetic that they mean (docs/spec/formats.md §5)."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np

from hlsgen.model.graph import IntArray

SATURATED_BITS = 25  # of x behind saturation, signed
SHIFT_MAX = 57
_Y_MIN, _Y_MAX = -(1 << 15), (1 << 15) - 1
X_MIN, X_MAX = -(1 << (SATURATED_BITS - 1)), (1 << (SATURATED_BITS - 1)) - 1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Records:
    """Fields of row records, one int64 array [rows] each; codes are stored codes u."""

    bias: IntArray
    mult: IntArray
    off_pos: IntArray
    off_neg: IntArray
    shift: IntArray
    tie_even: IntArray
    tie_parity: IntArray
    z: IntArray
    lo: IntArray
    hi: IntArray

    @classmethod
    def constant(cls, codes: IntArray) -> Records:
        """Records that give `codes` [rows] whatever the accumulators are."""
        codes = np.asarray(codes, np.int64)
        nought = np.zeros_like(codes)
        return cls(
            bias=nought,
            mult=nought,
            off_pos=nought,
            off_neg=nought,
            shift=nought,
            tie_even=nought,
            tie_parity=nought,
            z=codes,
            lo=codes,
            hi=codes,
        )

    @classmethod
    def join(cls, parts: list[Records]) -> Records:
        """Concatenate records along rows."""
        return cls(
            **{
                item.name: np.concatenate([getattr(part, item.name) for part in parts])
                for item in fields(cls)
            }
        )

    def __len__(self) -> int:
        return int(self.bias.shape[0])

    def take(self, rows: IntArray) -> Records:
        """Records of the given rows."""
        return Records(**{item.name: getattr(self, item.name)[rows] for item in fields(self)})

    def with_bias(self, extra: IntArray) -> Records:
        """The same records with `extra` [rows] added to their biases."""
        return replace(self, bias=self.bias + extra)


def evaluate_record(records: Records, acc: IntArray) -> IntArray:
    """Stored codes u of accumulators [..., rows] (int64): formats §5, exact."""
    x = np.asarray(acc, np.int64) + records.bias
    xs = np.clip(x, X_MIN, X_MAX)
    half = np.where(records.shift > 0, 1 << np.maximum(records.shift - 1, 0), 0)
    v = xs * records.mult + half + np.where(xs < 0, records.off_neg, records.off_pos)
    y = v >> records.shift
    exact = (v & ((1 << records.shift) - 1)) == 0
    tie = (records.tie_even == 1) & (records.shift > 0) & exact
    y = y - (tie & ((y & 1) != records.tie_parity))
    y = np.clip(y, _Y_MIN, _Y_MAX) + records.z
    codes: IntArray = np.minimum(np.maximum(y, records.lo), records.hi)
    return codes
