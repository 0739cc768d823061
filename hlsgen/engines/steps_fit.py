# SPDX-License-Identifier: Apache-2.0
"""A record for one row from the step positions of its map: exact integer feasibility.

Code k is reached at accumulator t_k. A record with multiplier m, shift S and constant C does the
same if and only if, for every step, m*t_k + C >= k*2^S > m*(t_k - 1) + C. With sigma = 2^S / m
this says that k*sigma - t_k varies by less than 1, which bounds sigma by fractions of the steps.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache

import numpy as np

from hlsgen.engines.records import SHIFT_MAX, X_MAX, X_MIN, Records
from hlsgen.model.graph import IntArray

_OFFSET_LIMIT = 1 << 31
_PIVOTS_MAX = 15  # most steps of which each is tried as the place where the offset changes
_Z_LIMIT = (1 << 15) - 512  # room for the codes themselves


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """code = (m*x + constant) >> shift with x = acc + bias; two constants by the sign of x."""

    bias: int = 0
    m: int
    shift: int
    positive: int
    negative: int
    tie_parity: int | None = None  # codes of this parity keep a tie, others lose it


def fit_steps(steps: IntArray, low: int, high: int, mult_limit: int) -> Records | None:
    """Return one record for steps[k-1] = smallest accumulator of code k or above, or None.

    Codes count from 0; `low` and `high` bound the accumulator, steps outside are out of reach.
    """
    first = int((steps <= low).sum())
    last = first + int(((steps > low) & (steps <= high)).sum())
    return _fitted(steps[first:last].tobytes(), first, mult_limit)


@lru_cache(maxsize=1 << 14)  # what planning has found is packed later
def _fitted(reachable: bytes, first: int, mult_limit: int) -> Records | None:
    inner: list[int] = np.frombuffer(reachable, np.int64).tolist()
    last = first + len(inner)
    if not inner:
        return Records.constant(np.array([first]))
    if inner[0] == inner[-1]:
        jump = last - first
        line = Line(bias=-inner[0], m=jump, shift=0, positive=0, negative=0)
        return _record(line, first + jump, first, last)
    codes = list(range(first + 1, last + 1))
    for line in _lines(codes, inner, mult_limit):
        record = _placed(line, inner, first, last)
        if record is not None:
            return record
    return None


def _lines(codes: list[int], steps: list[int], mult_limit: int) -> Iterator[Line]:
    bounds = _slopes(codes, steps)
    for m, shift in _multipliers(*bounds, mult_limit):
        line = _one_constant(codes, steps, m, shift)
        if line is not None:
            yield line
    yield from _even_lines(codes, steps, bounds, mult_limit)
    for pivot in (0, *(steps if len(steps) <= _PIVOTS_MAX else ())):
        yield from _signed_lines(codes, [t - pivot for t in steps], pivot, mult_limit)


def _slopes(codes: list[int], steps: list[int]) -> tuple[Fraction, Fraction | None]:
    """Bounds (both exclusive) of sigma, accumulators a code; None = no upper bound."""
    if len(codes) < 2:
        return Fraction(0), None
    before, behind = _pairs(len(codes))
    k, t = np.array(codes), np.array(steps)
    dk, dt = k[behind] - k[before], t[behind] - t[before]
    # denominators are below 256 and numerators below 2**34: float64 orders the fractions exactly
    high, low = int(((dt + 1) / dk).argmin()), int(((dt - 1) / dk).argmax())
    upper = Fraction(int(dt[high]) + 1, int(dk[high]))
    lower = Fraction(int(dt[low]) - 1, int(dk[low]))
    return max(lower, Fraction(0)), upper


@lru_cache(maxsize=256)  # as many as codes
def _pairs(count: int) -> tuple[IntArray, IntArray]:
    before, behind = np.triu_indices(count, 1)
    return before, behind


def _multipliers(
    low: Fraction, high: Fraction | None, mult_limit: int
) -> Iterator[tuple[int, int]]:
    """Multipliers m and shifts S with low < 2^S / m < high, the smallest shifts first."""
    # without bounds any multiplier will do
    over, per_over = (high.numerator, high.denominator) if high else (1, 0)
    under, per_under = (low.numerator, low.denominator) if low else (1, mult_limit)
    for shift in range(SHIFT_MAX + 1):
        least = (per_over << shift) // over + 1
        if least >= mult_limit:
            return
        most = min(-(-(per_under << shift) // under) - 1, mult_limit - 1)
        if least <= most:
            yield (least + most) // 2, shift
        if least < most:  # one step alone bounds no slope, but a steep one asks for far constants
            yield least, shift


def _one_constant(codes: list[int], steps: list[int], m: int, shift: int) -> Line | None:
    ends = [(k << shift) - m * t for k, t in zip(codes, steps, strict=True)]
    least, most = max(ends), min(ends) + m - 1
    if least > most:
        return None
    middle = (least + most) // 2
    return Line(m=m, shift=shift, positive=middle, negative=middle)


def _even_lines(
    codes: list[int],
    steps: list[int],
    bounds: tuple[Fraction, Fraction | None],
    mult_limit: int,
) -> Iterator[Line]:
    """Ties to even: an exact dyadic slope on which codes of one parity lose a tie."""
    for sigma in {bound for bound in bounds if bound}:
        power = sigma.numerator.bit_length() - 1
        if sigma.numerator != 1 << power or sigma.denominator >= mult_limit:
            continue
        extra = max(0, 1 - power)
        for more in range(extra, min(extra + 3, SHIFT_MAX - power + 1)):
            m, shift = sigma.denominator << more, power + more
            for parity in (0, 1) if m < mult_limit else ():
                line = _even_constant(codes, steps, m, shift, parity)
                if line is not None:
                    yield line


def _even_constant(
    codes: list[int], steps: list[int], m: int, shift: int, parity: int
) -> Line | None:
    ends = [(k << shift) - m * t + (k % 2 != parity) for k, t in zip(codes, steps, strict=True)]
    if max(ends) > min(ends) + m - 1:
        return None
    return Line(m=m, shift=shift, positive=max(ends), negative=max(ends), tie_parity=parity)


def _signed_lines(
    codes: list[int], steps: list[int], pivot: int, mult_limit: int
) -> Iterator[Line]:
    """One slope, two constants: rounding that depends on the sign (away from zero, to zero).

    Steps are relative to the pivot. Any three steps have such a line.
    """
    pairs = list(zip(codes, steps, strict=True))
    above = [pair for pair in pairs if pair[1] > 0]
    below = [pair for pair in pairs if pair[1] < 0]
    if not above or not below:
        return
    low_a, high_a = _slopes(*_columns(above))
    low_b, high_b = _slopes(*_columns(below))
    highs = [high for high in (high_a, high_b) if high is not None]
    for m, shift in _multipliers(max(low_a, low_b), min(highs) if highs else None, mult_limit):
        line = _two_constants(pairs, m, shift)
        if line is not None:
            yield replace(line, bias=-pivot)


def _columns(pairs: list[tuple[int, int]]) -> tuple[list[int], list[int]]:
    return [k for k, _ in pairs], [t for _, t in pairs]


def _two_constants(pairs: list[tuple[int, int]], m: int, shift: int) -> Line | None:
    above = [(k << shift) - m * t for k, t in pairs if t > 0]
    below = [(k << shift) - m * t for k, t in pairs if t < 0]
    # beside the pivot: accumulator 0 has passed every step at or below 0, -1 none from 0 on
    reached = max(k for k, t in pairs if t <= 0) << shift
    missed = min(k for k, t in pairs if t >= 0) << shift
    least_a, most_a = max([*above, reached]), min(above) + m - 1
    least_b, most_b = max(below), min(min(below), missed) + m - 1
    if least_a > most_a or least_b > most_b:
        return None
    positive, negative = (least_a + most_a) // 2, (least_b + most_b) // 2
    return Line(m=m, shift=shift, positive=positive, negative=negative)


def _placed(line: Line, steps: list[int], first: int, last: int) -> Records | None:
    """Bring a line into the fields of a record: move x if z, the offset or x would overflow."""
    for bias in _biases(line, steps):
        moved = line.positive - line.m * bias, line.negative - line.m * bias
        half = 1 << (line.shift - 1) if line.shift else 0
        z = moved[0] >> line.shift
        placed = Line(
            bias=line.bias + bias,
            m=line.m,
            shift=line.shift,
            positive=moved[0] - half - (z << line.shift),
            negative=moved[1] - half - (z << line.shift),
            tie_parity=None if line.tie_parity is None else line.tie_parity ^ (z & 1),
        )
        if _fits(placed, z, steps):
            return _record(placed, z, first, last)
    return None


def _biases(line: Line, steps: list[int]) -> Iterator[int]:
    """Shifts of x to try; with two constants the sign of x has a meaning, so only 0."""
    yield 0
    if line.positive != line.negative:
        return
    centre = -(steps[0] + steps[-1]) // 2
    yield centre
    for around in (0, centre):
        # the offset may reach 2^31 only: let a multiple of m take what is left of the constant
        rest = line.positive - line.m * around
        half = 1 << (line.shift - 1) if line.shift else 0
        z = rest >> line.shift
        yield around + (rest - half - (z << line.shift)) // line.m


def _fits(line: Line, z: int, steps: list[int]) -> bool:
    offsets = (line.positive, line.negative)
    if not all(-_OFFSET_LIMIT <= offset < _OFFSET_LIMIT for offset in offsets):
        return False
    inside = steps[0] + line.bias > X_MIN and steps[-1] + line.bias <= X_MAX
    return inside and abs(z) <= _Z_LIMIT and abs(line.bias) < _OFFSET_LIMIT


def _record(line: Line, z: int, first: int, last: int) -> Records:
    def one(value: int) -> IntArray:
        return np.array([value], np.int64)

    return Records(
        bias=one(line.bias),
        mult=one(line.m),
        off_pos=one(line.positive),
        off_neg=one(line.negative),
        shift=one(line.shift),
        tie_even=one(line.tie_parity is not None),
        tie_parity=one(line.tie_parity or 0),
        z=one(z),
        lo=one(first),
        hi=one(last),
    )
