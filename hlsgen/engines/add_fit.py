# SPDX-License-Identifier: Apache-2.0
"""Tables whose sum gives a residual add's codes for every pair (docs/spec/formats.md §5).

y = (first[u1] + second[u2]) >> 25. That a pair gives code k bounds first[u1] + second[u2] from one
or both sides: a system of difference constraints, solved exactly by relaxation from the tables
that the tensors' scales suggest. A solution exists or the relaxation never settles. Where a design
takes codes in planes, an operand of more than one plane has a table for each (`add_split`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from hlsgen.engines.add_split import PLANE_CODES, Bounds, operand_parts, split_tables
from hlsgen.errors import PlanError
from hlsgen.model.graph import Add, IntArray, Tensor

FRACTION_BITS = 25
_ENTRY_LIMIT = 1 << 35
_STEPS_MAX = 14  # 255 codes of both operands then stay within the entries
_SPLIT_STEPS_MAX = 7  # 255 codes of both operands then stay within the sums, those cut off too
_ROUNDS_MAX = 1200
_FAR = np.int64(1) << 45


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AddTables:
    """Tables by stored code: `first` of the requantised operand, `second` of the residual.

    `planes` holds what they are the sums of, [operand, plane (low, high), 16], where a design has
    a table for each plane.
    """

    first: IntArray
    second: IntArray
    planes: IntArray | None = None
    lo: int
    hi: int
    tie_even: bool
    tie_parity: int

    def entries(self, act_bits: int) -> IntArray:
        """The entries of the table records, without their padding: by operand, plane and code."""
        if self.planes is not None:
            return self.planes.reshape(-1)
        size = 1 << act_bits
        whole = np.zeros(2 * size, np.int64)
        whole[: self.first.size] = self.first
        whole[size : size + self.second.size] = self.second
        return whole

    def evaluate(self) -> IntArray:
        """Stored codes of every pair, [first, second]."""
        total = self.first[:, None] + self.second[None, :]
        y = total >> FRACTION_BITS
        exact = (total & ((1 << FRACTION_BITS) - 1)) == 0
        if self.tie_even:
            y = y - (exact & ((y & 1) != self.tie_parity))
        codes: IntArray = np.clip(y, self.lo, self.hi)
        return codes

    def tail(self, residual: Tensor, output: Tensor, usual: int) -> int:
        """Code of the first operand that gives the output's zero point beside the residual's."""
        column = min(max(residual.zero_point - residual.lo, 0), self.second.size - 1)
        wanted = output.zero_point - output.lo
        codes = self.evaluate()[:, column]
        if usual < codes.size and codes[usual] == wanted:
            return usual
        matches = np.flatnonzero(codes == wanted)
        return int(matches[0]) if matches.size else usual


def fit_add(
    add: Add,
    first: Tensor,
    residual: Tensor,
    output: Tensor,
    *,
    residual_first: bool,
    planes: bool = False,
) -> AddTables:
    """Tables of an Add whose operand `first` is requantised and `residual` is read.

    With `planes`, for a design that has a table for each plane of 4 bits.
    Raises PlanError when no such tables give the Add's table.
    """
    table = np.asarray(add.table, np.int64).T if residual_first else np.asarray(add.table, np.int64)
    table = table[: first.hi - first.lo + 1, : residual.hi - residual.lo + 1] - output.lo
    used = table[:: 2 if first.bipolar else 1, :: 2 if residual.bipolar else 1]
    split = planes and max(table.shape) > PLANE_CODES
    hint = _hint(first, residual, output)
    for parity in (None, 0, 1):
        if split:
            tables = _split(first, residual, output, used, parity)
        else:
            solved = _solve(used, hint, parity)
            tables = None if solved is None else _spread(solved, table, used, parity)
        if tables is None:
            continue
        codes = tables.evaluate()[:: 2 if first.bipolar else 1, :: 2 if residual.bipolar else 1]
        if (codes == used).all():
            return _in_planes(tables) if planes and not split else tables
    raise _refusal(add, first, residual, output, split=split)


def _refusal(
    add: Add, first: Tensor, residual: Tensor, output: Tensor, *, split: bool
) -> PlanError:
    """Why no tables were found."""
    steps = (first.scale + residual.scale) / output.scale
    if steps > _STEPS_MAX:
        return PlanError(
            f"Add operand scales must be at most {_STEPS_MAX} of the output's together, not "
            f"{steps:.1f} (layer {add.name}); give its output a larger scale"
        )
    if split and steps > _SPLIT_STEPS_MAX:
        return PlanError(
            f"Add operand scales must be at most {_SPLIT_STEPS_MAX} of the output's together for "
            f"tables by planes, not {steps:.1f} (layer {add.name}); give its output a larger scale "
            "or choose act_bits 8"
        )
    if split:
        return PlanError(
            "Add must have a table for each plane of its operands, of which none were found for "
            f"the codes of layer {add.name}; choose act_bits 8"
        )
    return PlanError(
        "Add must be a rounded sum of a function of each operand, not the table of layer "
        f"{add.name}; export the model with linear quantisation of its tensors"
    )


def _split(
    first: Tensor, residual: Tensor, output: Tensor, used: IntArray, parity: int | None
) -> AddTables | None:
    """Tables by planes, mended from those of the real sum."""
    least, most = _limits(used, parity)
    operands = (first, residual)
    codes = [np.arange(0, t.hi - t.lo + 1, 2 if t.bipolar else 1) for t in operands]
    planes = split_tables(
        Bounds(codes=(codes[0], codes[1]), least=least, most=most),
        steps=(first.scale / output.scale, residual.scale / output.scale),
        zeros=(first.zero_point - first.lo, residual.zero_point - residual.lo),
        offset=(2 * (output.zero_point - output.lo) + 1 << FRACTION_BITS) // 2,
        one=1 << FRACTION_BITS,
    )
    if planes is None:
        return None
    whole = [np.arange(t.hi - t.lo + 1) for t in operands]
    return AddTables(
        first=operand_parts(planes, 0, whole[0]),
        second=operand_parts(planes, 1, whole[1]),
        planes=planes,
        lo=int(used.min()),
        hi=int(used.max()),
        tie_even=parity is not None,
        tie_parity=parity or 0,
    )


def _in_planes(tables: AddTables) -> AddTables:
    """The same tables of one plane, in the places of those by planes."""
    planes = np.zeros((2, 2, PLANE_CODES), np.int64)
    planes[0, 0, : tables.first.size] = tables.first
    planes[1, 0, : tables.second.size] = tables.second
    return replace(tables, planes=planes)


def _spread(
    solved: tuple[IntArray, IntArray], table: IntArray, used: IntArray, parity: int | None
) -> AddTables:
    """Tables over all stored codes: those of a bipolar operand are 0 and 2."""
    parts = []
    for entries, axis in zip(solved, (0, 1), strict=True):
        whole = np.zeros(table.shape[axis], np.int64)
        whole[:: 2 if table.shape[axis] != entries.size else 1] = entries
        parts.append(whole)
    return AddTables(
        first=parts[0],
        second=parts[1],
        lo=int(used.min()),
        hi=int(used.max()),
        tie_even=parity is not None,
        tie_parity=parity or 0,
    )


def _hint(first: Tensor, residual: Tensor, output: Tensor) -> tuple[IntArray, IntArray]:
    """Tables of the real sum, a little low, so that the relaxation only moves entries up."""
    one = float(1 << FRACTION_BITS)
    parts = []
    for tensor in (first, residual):
        step = 2 if tensor.bipolar else 1
        codes = np.arange(tensor.lo, tensor.hi + 1, step, dtype=np.float64) - tensor.zero_point
        parts.append(codes * (tensor.scale / output.scale) * one)
    parts[0] += (output.zero_point - output.lo + 0.25) * one
    limit = float(1 << 34)
    return (
        np.clip(np.rint(parts[0]), -limit, limit).astype(np.int64),
        np.clip(np.rint(parts[1]), -limit, limit).astype(np.int64),
    )


def _solve(
    used: IntArray, hint: tuple[IntArray, IntArray], parity: int | None
) -> tuple[IntArray, IntArray] | None:
    """Least solution above the hint: first - other within [below, above], other = -second."""
    below, above = _limits(used, parity)
    first, other = hint[0].copy(), -hint[1]
    for _ in range(_ROUNDS_MAX):
        raised = np.maximum(first, (below + other[None, :]).max(axis=1))
        pushed = np.maximum(other, (raised[:, None] - above).max(axis=0))
        if (raised == first).all() and (pushed == other).all():
            return _centred(first, -other)
        first, other = raised, pushed
    return None


def _limits(used: IntArray, parity: int | None) -> tuple[IntArray, IntArray]:
    """Least and most sum that gives each code."""
    lo, hi = int(used.min()), int(used.max())
    below = used << FRACTION_BITS
    above = (used + 1 << FRACTION_BITS) - 1
    if parity is not None:  # a code of the wrong parity loses its tie to the code below
        below = below + ((used & 1) != parity)
        above = above + (((used + 1) & 1) != parity)
    return np.where(used == lo, -_FAR, below), np.where(used == hi, _FAR, above)


def _centred(first: IntArray, second: IntArray) -> tuple[IntArray, IntArray] | None:
    """Move a whole number of codes between the tables so that both fit their entries."""
    top = _ENTRY_LIMIT - 1
    least = max(-top - int(first.min()), int(second.max()) - top)
    most = min(top - int(first.max()), top + int(second.min()))
    wanted = min(max((int(second.max()) + int(second.min())) // 2, least), most)
    moved = wanted >> FRACTION_BITS << FRACTION_BITS
    moved += (moved < least) << FRACTION_BITS
    return (first + moved, second - moved) if least <= moved <= most else None


__all__ = ["FRACTION_BITS", "AddTables", "fit_add"]
