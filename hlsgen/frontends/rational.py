# SPDX-License-Identifier: Apache-2.0
"""Exact rational step positions: where a monotone chain of real operations changes its code.

An activation between two quantisers is a chain of affine maps, clips, roundings and threshold
counts over one variable. Each is monotone, so the variables whose code reaches n are a half line.
`Edge` is such a half line; each operation pulls one back through itself with rational arithmetic,
ties included, and at the end of the chain stands the smallest integer (or float32) of the set.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from math import ceil, floor, isqrt
from typing import TypeAlias, TypeVar

import numpy as np

from hlsgen.model.graph import IntArray

_T = TypeVar("_T")
UNREACHABLE = 1 << 62
_ROOT_BITS = 128  # of the integer root; the bit behind them is sticky, so the result rounds once


@dataclass(frozen=True, slots=True)
class Edge:
    """A half line {v >= at} (closed) or {v > at}; `flipped` takes the complement.

    Without `at` it is every real (closed) or none.
    """

    at: Fraction | None
    closed: bool
    flipped: bool = False


ALL = Edge(None, True)
NONE = Edge(None, False)


class Rounding(Enum):
    """Rounding modes of QONNX; UP and DOWN are away from and towards zero."""

    ROUND = "ROUND"  # ties to even
    HALF_EVEN = "HALF_EVEN"
    CEIL = "CEIL"
    FLOOR = "FLOOR"
    UP = "UP"
    DOWN = "DOWN"
    HALF_UP = "HALF_UP"  # ties away from zero
    HALF_DOWN = "HALF_DOWN"  # ties towards zero


@dataclass(frozen=True, slots=True)
class Affine:
    """v = gain * u + offset; one entry a channel, or one for all."""

    gain: tuple[Fraction, ...]
    offset: tuple[Fraction, ...]

    @property
    def uniform(self) -> bool:
        """Whether all channels share the map."""
        return len(set(self.gain)) == 1 and len(set(self.offset)) == 1

    def apply(self, u: Fraction, channel: int) -> Fraction:
        """Value of the map."""
        return _pick(self.gain, channel) * u + _pick(self.offset, channel)

    def pull(self, edge: Edge, channel: int) -> Edge:
        """Half line of u whose values lie in `edge`."""
        gain, offset = _pick(self.gain, channel), _pick(self.offset, channel)
        if edge.at is None:
            return edge
        if gain == 0:
            return ALL if contains(edge, offset) else NONE
        at = (edge.at - offset) / gain
        if gain > 0:
            return Edge(at, edge.closed, edge.flipped)
        return Edge(at, not edge.closed, not edge.flipped)


@dataclass(frozen=True, slots=True)
class Clip:
    """v = min(max(u, lo), hi); an absent bound does not act."""

    lo: Fraction | None = None
    hi: Fraction | None = None
    uniform = True

    def apply(self, u: Fraction, channel: int) -> Fraction:
        """Value of the map."""
        low = u if self.lo is None else max(u, self.lo)
        return low if self.hi is None else min(low, self.hi)

    def pull(self, edge: Edge, channel: int) -> Edge:
        """Half line of u whose values lie in `edge`."""
        if edge.at is None:
            return edge
        above = Edge(edge.at, edge.closed)
        if self.hi is not None and not contains(above, self.hi):
            return _either(False, edge.flipped)
        if self.lo is not None and contains(above, self.lo):
            return _either(True, edge.flipped)
        return edge


@dataclass(frozen=True, slots=True)
class Round:
    """v = u rounded to an integer."""

    mode: Rounding
    uniform = True

    def apply(self, u: Fraction, channel: int = 0) -> Fraction:
        """Value of the map."""
        return Fraction(round_exact(u, self.mode))

    def pull(self, edge: Edge, channel: int) -> Edge:
        """Half line of u whose values lie in `edge`."""
        if edge.at is None:
            return edge
        at, closed = rounding_edge(_first_integer(edge), self.mode)
        return Edge(at, closed, edge.flipped)


@dataclass(frozen=True, slots=True)
class Count:
    """v = number of levels that u reaches; ascending levels, a row a channel or one for all."""

    levels: tuple[tuple[Fraction, ...], ...]

    @property
    def uniform(self) -> bool:
        """Whether all channels share the levels."""
        return len(self.levels) == 1

    def apply(self, u: Fraction, channel: int) -> Fraction:
        """Value of the map."""
        return Fraction(bisect_right(_pick(self.levels, channel), u))

    def pull(self, edge: Edge, channel: int) -> Edge:
        """Half line of u whose values lie in `edge`."""
        if edge.at is None:
            return edge
        levels, needed = _pick(self.levels, channel), _first_integer(edge)
        if needed <= 0 or needed > len(levels):
            return _either(needed <= 0, edge.flipped)
        return Edge(levels[needed - 1], True, edge.flipped)


Op: TypeAlias = Affine | Clip | Round | Count


def scalar(gain: Fraction | int, offset: Fraction | int = 0) -> Affine:
    """Return the affine map that all channels share."""
    return Affine((Fraction(gain),), (Fraction(offset),))


def compose(first: Affine, then: Affine) -> Affine:
    """Return the one map equal to `first` followed by `then`."""
    size = max(len(first.gain), len(then.gain), len(first.offset), len(then.offset))
    gain = tuple(_pick(first.gain, c) * _pick(then.gain, c) for c in range(size))
    offset = tuple(then.apply(_pick(first.offset, c), c) for c in range(size))
    if len(set(gain)) == 1 and len(set(offset)) == 1:
        gain, offset = gain[:1], offset[:1]
    return Affine(gain, offset)


def contains(edge: Edge, value: Fraction) -> bool:
    """Return whether `value` lies in the half line."""
    if edge.at is None:
        return edge.closed
    inside = value >= edge.at if edge.closed else value > edge.at
    return inside != edge.flipped


def pull_back(ops: Sequence[Op], edge: Edge, channel: int) -> Edge:
    """Pull `edge` back through all operations, the last one first."""
    for op in reversed(ops):
        edge = op.pull(edge, channel)
    return edge


def forward(ops: Sequence[Op], value: Fraction, channel: int) -> Fraction:
    """Apply all operations to one value."""
    for op in ops:
        value = op.apply(value, channel)
    return value


def step_levels(ops: Sequence[Op], channels: int, codes: range) -> tuple[IntArray, IntArray]:
    """Step positions of integer variables: levels int64 [channels, codes] and signs [channels].

    `ops` end with the operation whose value is the code. sign * variable >= level if and only if
    the value reaches the code; +-2**62 where none or every variable does. The sign is -1 where
    the chain descends.
    """
    levels = np.empty((channels, len(codes)), np.int64)
    signs = np.ones(channels, np.int64)
    shared = next((i for i in range(len(ops), 0, -1) if not ops[i - 1].uniform), 0)
    targets = [pull_back(ops[shared:], Edge(Fraction(code), True), 0) for code in codes]
    head = ops[0] if shared == 1 else None
    for channel in range(channels):
        if isinstance(head, Affine) and _pick(head.gain, channel):
            gain, offset = _pick(head.gain, channel), _pick(head.offset, channel)
            found = [_level_through(edge, gain, offset) for edge in targets]
        else:
            found = [_level(pull_back(ops[:shared], edge, channel)) for edge in targets]
        levels[channel] = [level for level, _ in found]
        signs[channel] = -1 if any(flipped for _, flipped in found) else 1
        if shared == 0:
            levels[:], signs[:] = levels[0], signs[0]
            break
    return levels, signs


def float32_level(edge: Edge) -> float:
    """Smallest float32 in an ascending half line, as a Python float; infinities where none or all.

    Raises ValueError for a descending half line.
    """
    if edge.at is None:
        return float("-inf") if edge.closed else float("inf")
    if edge.flipped:
        raise ValueError("a descending half line has no smallest member")
    largest = float(np.finfo(np.float32).max)
    if contains(edge, Fraction(-largest)):
        return float("-inf")
    if not contains(edge, Fraction(largest)):
        return float("inf")
    level = np.float32(min(max(float(edge.at), -largest), largest))
    while not contains(edge, Fraction(float(level))):  # at most one step: rounding to nearest
        level = np.nextafter(level, np.float32(largest))
    return float(level)


def as_float(value: Fraction) -> float:
    """Nearest float64; an infinity where it is too large (`float` would raise)."""
    try:
        return float(value)
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")


def round_exact(value: Fraction, mode: Rounding) -> int:
    """Round a rational to an integer."""
    if mode in (Rounding.ROUND, Rounding.HALF_EVEN):
        return round(value)
    if mode is Rounding.FLOOR or (mode is Rounding.DOWN and value >= 0):
        return floor(value)
    if mode in (Rounding.CEIL, Rounding.DOWN):
        return ceil(value)
    sign = -1 if value < 0 else 1
    if mode is Rounding.UP:
        return sign * ceil(abs(value))
    half = Fraction(1, 2)
    if mode is Rounding.HALF_UP:
        return sign * floor(abs(value) + half)
    return sign * ceil(abs(value) - half)


def rounding_edge(code: int, mode: Rounding) -> tuple[Fraction, bool]:
    """Smallest value that rounds to `code` or more, and whether it belongs to them itself."""
    half = Fraction(2 * code - 1, 2)
    if mode in (Rounding.ROUND, Rounding.HALF_EVEN):
        return half, code % 2 == 0
    if mode is Rounding.HALF_UP:
        return half, code >= 1
    if mode is Rounding.HALF_DOWN:
        return half, code <= 0
    from_below = mode is Rounding.CEIL
    from_below |= code >= 1 if mode is Rounding.UP else False
    from_below |= code <= 0 if mode is Rounding.DOWN else False
    return (Fraction(code - 1), False) if from_below else (Fraction(code), True)


def square_root(value: Fraction) -> Fraction:
    """Square root of a rational, correctly rounded to float64, as a rational.

    The root is irrational, so this rounding is part of the reference's definition.
    """
    if value < 0:
        raise ValueError("the square root of a negative number is not real")
    if value == 0:
        return Fraction(0)
    n, d = value.numerator, value.denominator
    shift = max(0, _ROOT_BITS - (n.bit_length() - d.bit_length()) // 2)
    scaled, rest = divmod(n << (2 * shift), d)
    root = isqrt(scaled)
    sticky = 1 if rest or root * root != scaled else 0
    return Fraction(float(Fraction(2 * root + sticky, 2 << shift)))


def _pick(values: tuple[_T, ...], channel: int) -> _T:
    return values[channel] if len(values) > 1 else values[0]


def _either(every: bool, flipped: bool) -> Edge:
    return ALL if every != flipped else NONE


def _first_integer(edge: Edge) -> int:
    """Smallest integer of the unflipped half line."""
    at = edge.at or Fraction(0)
    return ceil(at) if edge.closed else floor(at) + 1


def _level(edge: Edge) -> tuple[int, bool]:
    """Smallest integer of an ascending half line, or of the negated descending one; which."""
    return _level_through(edge, Fraction(1), Fraction(0))


def _level_through(edge: Edge, gain: Fraction, offset: Fraction) -> tuple[int, bool]:
    """`_level` of the half line pulled back through a map, in integers alone: this is the hot spot.

    With at = n / d the step lies at (at - offset) / gain = over / under.
    """
    if edge.at is None:
        return (-UNREACHABLE if edge.closed else UNREACHABLE), False
    n, d = edge.at.numerator, edge.at.denominator
    over = (n * offset.denominator - offset.numerator * d) * gain.denominator
    under = d * offset.denominator * gain.numerator
    closed, flipped = edge.closed, edge.flipped
    if under < 0:
        over, under, closed, flipped = -over, -under, not closed, not flipped
    if flipped:
        level = -over // under + 1 if closed else -(over // under)
    else:
        level = -(-over // under) if closed else over // under + 1
    return max(-UNREACHABLE, min(UNREACHABLE, level)), flipped
