# SPDX-License-Identifier: Apache-2.0
"""Proof that a convolution in pieces and its sum give the codes of the convolution as it was.

All that runs behind planning (the golden model too) computes the pieces: only here is the given
layer compared. Both ways are monotone in the accumulator, so equality beside every step and at
both ends of its reach is equality everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from hlsgen.engines.convdata import reach_of
from hlsgen.errors import PlanError
from hlsgen.model.graph import Conv, IntArray, Tensor
from hlsgen.model.requant import apply, step_table

_POINTS = 64  # accumulators of all pieces at a time: what that takes is small


def prove_pieces(conv: Conv, each: Conv, total: Conv, tensors: Mapping[str, Tensor]) -> None:
    """Raise PlanError if `total` behind `each` may give another code than `conv`."""
    used, owner = _owners(conv, total)
    _check_sums(conv, each, used, owner)
    zero_point = tensors[conv.output].zero_point
    acc = _points(conv, tensors)
    for part in np.array_split(acc, -(-len(acc) // _POINTS)):
        codes = apply(each.requant, part[:, owner], 0)[:, used]
        sums = np.repeat(total.bias[:, None], len(part), axis=1)
        np.add.at(sums, owner[used], codes.T)
        found = apply(total.requant, sums.T, zero_point)
        wanted = apply(conv.requant, part, zero_point)
        if (found != wanted).any():
            at, row = (int(index) for index in np.argwhere(found != wanted)[0])
            raise PlanError(
                f"Pieces must add up to code {wanted[at, row]} at accumulator {part[at, row]}, not "
                f"{found[at, row]} (row {row}, layer {conv.name}); report this as a defect"
            )


def _owners(conv: Conv, total: Conv) -> tuple[IntArray, IntArray]:
    """The pieces that are added up, and of every piece the row that it is added to."""
    size = len(conv.weights) // conv.groups
    ways = total.weights.reshape(conv.groups, size, -1)
    counts = ways.sum(axis=1)
    if ways.min() < 0 or counts.max() > 1 or total.groups != conv.groups:
        raise PlanError(
            f"Pieces must be added once at most (layer {conv.name}); report this as a defect"
        )
    owner = ways.argmax(axis=1) + size * np.arange(conv.groups)[:, None]
    return np.flatnonzero(counts), owner.reshape(-1)


def _check_sums(conv: Conv, each: Conv, used: IntArray, owner: IntArray) -> None:
    """The accumulators of a piece are those of its row."""
    same = (each.input, each.groups, each.stride, each.pads)
    good = same == (conv.input, conv.groups, conv.stride, conv.pads) and all(
        np.array_equal(each.weights[piece], conv.weights[owner[piece]])
        and each.bias[piece] == conv.bias[owner[piece]]
        and each.formats[piece] == conv.formats[owner[piece]]
        for piece in used
    )
    if not good:
        raise PlanError(
            f"Pieces must have the accumulators of their row (layer {conv.name}); "
            "report this as a defect"
        )


def _points(conv: Conv, tensors: Mapping[str, Tensor]) -> IntArray:
    """Accumulators at which each row may go to another code, and its ends: [points, rows]."""
    target = tensors[conv.output]
    reach = reach_of(conv.bias, (conv.weights,), (tensors[conv.input],))
    low, high = reach.low[:, None], reach.high[:, None]
    steps = step_table(conv.requant, target.zero_point, target.lo, target.hi)
    points: IntArray = np.concatenate([steps, steps - 1, low, high], axis=1)
    return np.clip(points, low, high).T
