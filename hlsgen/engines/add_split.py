# SPDX-License-Identifier: Apache-2.0
"""Tables of a residual add by planes: an operand's part is high[u >> 4] + low[u & 15].

Every pair of codes bounds a sum of four entries from one or both sides. Entries that are linear in
the code nearly meet the bounds already (a format's own rounding moves them by a few units); the
pair that is worst off is then mended, again and again, until no pair is left: Motzkin's relaxation,
cut off after some rounds. It is a search; where it finds no tables there may still be some.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from hlsgen.model.graph import IntArray

PLANE_CODES = 16
_ENTRY_LIMIT = 1 << 35
_SUM_LIMIT = 1 << 36
_ROUNDS_MAX = 64
# Units of slope for each of the operand's own: with some, ties go away from zero
_WIDENINGS = (0, 1, 16, 256, 4096)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Bounds:
    """What the sum of both operands' parts may be: by used code of either, least and most."""

    codes: tuple[IntArray, IntArray]
    least: IntArray
    most: IntArray


def split_tables(
    bounds: Bounds, steps: tuple[float, float], zeros: tuple[int, int], offset: int, one: int
) -> IntArray | None:
    """Tables [operand, plane (low, high), 16] that meet the bounds; None if none are found.

    `steps` are the output's codes to a code of each operand, `zeros` their stored zero points,
    `offset` the entry units of a sum of both zeros and `one` those of an output code.
    """
    for widening in _WIDENINGS:
        slopes = [int(np.rint(step * one)) + int(np.rint(step * widening)) for step in steps]
        tables = _linear(slopes, zeros, offset)
        if _fits(tables) and _mend(tables, bounds) and _fits(tables):
            return tables
    return None


def operand_parts(tables: IntArray, operand: int, codes: IntArray) -> IntArray:
    """What codes of an operand add to the sum."""
    low, high = tables[operand]
    parts: IntArray = low[codes & (PLANE_CODES - 1)] + high[codes // PLANE_CODES]
    return parts


def _linear(slopes: list[int], zeros: tuple[int, int], offset: int) -> IntArray:
    """Tables that are linear in the code; the high ones centred, so that they need fewest bits."""
    tables = np.zeros((2, 2, PLANE_CODES), np.int64)
    codes = np.arange(PLANE_CODES, dtype=np.int64)
    centre = PLANE_CODES // 2 * PLANE_CODES
    for operand, (slope, zero) in enumerate(zip(slopes, zeros, strict=True)):
        tables[operand, 0] = slope * codes
        tables[operand, 1] = slope * (PLANE_CODES * codes - centre)
        offset += slope * (centre - zero)
    tables[0, 0] += offset // 2
    tables[1, 0] += offset - offset // 2
    return tables


def _mend(tables: IntArray, bounds: Bounds) -> bool:
    """Move entries until every pair is within its bounds; whether they are."""
    first, second = bounds.codes
    for _ in range(_ROUNDS_MAX):
        total = operand_parts(tables, 0, first)[:, None] + operand_parts(tables, 1, second)
        off = np.maximum(bounds.least - total, 0) - np.maximum(total - bounds.most, 0)
        at, to = np.unravel_index(int(np.abs(off).argmax()), off.shape)
        if not off[at, to]:
            return True
        for share, (operand, plane, code) in zip(
            _shares(int(off[at, to])), _entries(int(first[at]), int(second[to])), strict=True
        ):
            tables[operand, plane, code] += share
    return False


def _entries(first: int, second: int) -> Iterator[tuple[int, int, int]]:
    """The four entries of a pair of codes."""
    for operand, code in enumerate((first, second)):
        yield operand, 0, code % PLANE_CODES
        yield operand, 1, code // PLANE_CODES


def _shares(amount: int) -> list[int]:
    """A whole number in four parts that differ by at most one."""
    return [(amount + turn) // 4 for turn in range(4)]


def _fits(tables: IntArray) -> bool:
    """Whether entries have 36 bits and the sums of any codes 37."""
    least, most = int(tables.min()), int(tables.max())
    lowest, highest = (int(tables.min(axis=2).sum()), int(tables.max(axis=2).sum()))
    return (
        least >= -_ENTRY_LIMIT
        and most < _ENTRY_LIMIT
        and lowest >= -_SUM_LIMIT
        and highest < _SUM_LIMIT
    )
