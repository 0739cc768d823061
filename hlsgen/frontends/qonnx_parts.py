# SPDX-License-Identifier: Apache-2.0
"""Pieces of layers: codes and formats, identity convolutions, sum tables, input levels."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, replace
from fractions import Fraction
from math import lcm
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from hlsgen.frontends.qonnx_values import (
    Chain,
    InputBase,
    LinearBase,
    Pads,
    Refusal,
    Shape,
    SumBase,
)
from hlsgen.frontends.rational import (
    Affine,
    Clip,
    Edge,
    Op,
    Round,
    as_float,
    float32_level,
    pull_back,
)
from hlsgen.model.graph import IntArray, Preprocess, Tensor
from hlsgen.model.numbers import Format, is_representable

NO_PADS: Pads = (0, 0, 0, 0)
Affines: TypeAlias = tuple[NDArray[np.float64], NDArray[np.float64]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Codes:
    """How the integers n = lo..hi of a quantiser become codes: code = step * n + shift."""

    lo: int
    hi: int
    bits: int
    signed: bool
    step: int = 1
    shift: int = 0

    @property
    def first(self) -> int:
        """Smallest code."""
        return self.step * self.lo + self.shift


def identity(tensor: Tensor) -> LinearBase:
    """Depthwise convolution that copies x - zero_point."""
    return LinearBase(
        source=tensor,
        weights=np.ones((tensor.shape[0], 1, 1, 1), np.int64),
        scale=(Fraction(1),),
        limits=(-1, 1),
        bits=1,
        groups=tensor.shape[0],
        label="Identity",
    )


def check_padding(tensor: Tensor, affine: Affine) -> None:
    """Refuse zeros around a tensor whose zero point does not stand for the real value 0."""
    if tensor.bipolar:
        raise Refusal("pads a bipolar tensor, which has no code for 0", "a ternary or 2-bit tensor")
    zero = tensor.zero_point
    if any(affine.apply(Fraction(zero), c) != 0 for c in range(len(affine.gain))):
        raise Refusal("pads a tensor in which 0 is not a code", "an integer zero point in range")


def tensor_of(name: str, shape: tuple[int, int, int], codes: Codes, value: Affine) -> Tensor:
    if not value.uniform:
        raise Refusal("quantises with one scale a channel", "one scale for the tensor")
    gain, offset = value.gain[0], value.offset[0]
    tensor = Tensor(
        name=name, shape=shape, bits=codes.bits, signed=codes.signed, scale=positive(gain)
    )
    zero = -offset / gain
    if zero.denominator == 1 and tensor.lo <= zero <= tensor.hi and not tensor.bipolar:
        return replace(tensor, zero_point=int(zero))
    return tensor


def positive(gain: Fraction) -> float:
    scale = as_float(gain)
    if not 0 < scale < float("inf"):
        raise Refusal(f"has the scale {scale}", "a positive finite scale")
    return scale


def row_format(row: IntArray, base: LinearBase) -> Format:
    """Narrowest format of the declared weight width that holds the row (a negated -8 does not)."""
    lo, hi = base.limits or (int(row.min()), int(row.max()))
    candidates = [
        (Format.BINARY, base.bits == 1),
        (Format.TERNARY, lo >= -1 and hi <= 1),
        (Format.FIXED4, lo >= -8 and hi <= 7),
        (Format.FIXED8, True),
    ]
    for fmt, fits in candidates:
        if fits and is_representable(fmt, row):
            return fmt
    raise Refusal(
        f"has weights of up to {int(np.abs(row).max())} steps",
        "weights of at most 8 bits in narrow range (-127..127)",
    )


def check_pools(chain: Chain) -> None:
    for pool in chain.pools:
        later = [op for op in chain.ops[pool.at :] if isinstance(op, Affine)]
        if any(gain < 0 for op in later for gain in op.gain):
            raise Refusal("negates a maximum", "the Quant before the MaxPool")


def sum_table(base: SumBase, ops: tuple[Op, ...], codes: Codes) -> NDArray[np.int16]:
    """Code of each pair of codes, decided in integers over one denominator."""
    edges = [pull_back(ops, Edge(Fraction(n), True), 0) for n in range(codes.lo + 1, codes.hi + 1)]
    if not all(op.uniform for op in ops):
        raise Refusal("quantises a sum with one map a channel", "a Quant right behind the Add")
    a, b = base.a_map, base.b_map
    if any(e.flipped for e in edges) or min(a.gain[0], b.gain[0]) < 0:
        raise Refusal("subtracts a quantised tensor", "an Add, with the sign in the weights")
    numbers = [a.gain[0], a.offset[0], b.gain[0], b.offset[0]]
    unit = lcm(*(n.denominator for n in numbers), *(e.at.denominator for e in edges if e.at))
    always = sum(e.at is None and e.closed for e in edges)
    levels = sorted(int(e.at * unit) + (not e.closed) for e in edges if e.at is not None)
    left = [int(a.apply(Fraction(q), 0) * unit) for q in range(base.a.lo, base.a.hi + 1)]
    right = [int(b.apply(Fraction(q), 0) * unit) for q in range(base.b.lo, base.b.hi + 1)]
    counts = [[always + bisect_right(levels, x + y) for y in right] for x in left]
    return (codes.first + codes.step * np.array(counts)).astype(np.int16)


def input_levels(chain: Chain, base: InputBase, codes: Codes) -> Preprocess:
    """Exact levels of a quantised input: the smallest float32 that reaches each code."""
    rows = 1 if all(op.uniform for op in chain.ops) else chain.channels
    steps = range(codes.lo + 1, codes.hi + 1)
    edges = [
        [pull_back(chain.ops, Edge(Fraction(n), True), channel) for n in steps]
        for channel in range(rows)
    ]
    if any(edge.flipped for row in edges for edge in row):
        raise Refusal("negates the input", "the sign in the first layer's weights")
    levels = tuple(tuple(float32_level(edge) for edge in row) for row in edges)
    gain, offset = _stated_affine(chain) or nearest_affine(levels[0], codes)
    return Preprocess(
        gain=gain,
        offset=offset,
        layout=layout_of(base, chain.full),
        levels=levels,
        first=codes.first,
        step=codes.step,
    )


def _stated_affine(chain: Chain) -> tuple[float, float] | None:
    """Gain and offset of an input that is an affine map, clamped and rounded, and no more."""
    head, kinds = chain.ops[0], [type(op) for op in chain.ops]
    if kinds != [Affine, Clip, Round] or not isinstance(head, Affine) or not head.uniform:
        return None
    return as_float(head.gain[0]), as_float(head.offset[0])


def layout_of(base: InputBase, shape: Shape) -> str:
    """Axis order the user holds: a vector has only one."""
    return base.layout if shape[1:] != (1, 1) else "C"


def row_scale(base: LinearBase, rows: int) -> NDArray[np.float64]:
    """Size of one weight level of each row; a negated row negates its levels, not this."""
    return np.broadcast_to(np.array([as_float(abs(s)) for s in base.scale]), rows).copy()


def clip_code(bound: Fraction | None, affine: Affine) -> int | None:
    if bound is None:
        return None
    code = (bound - affine.offset[0]) / affine.gain[0]
    if code.denominator != 1:
        raise Refusal("clips between two codes", "a Quant node behind it")
    return int(code)


def floats(affine: Affine, channels: int) -> Affines:
    gain = np.array([as_float(g) for g in affine.gain], np.float64)
    offset = np.array([as_float(o) for o in affine.offset], np.float64)
    return np.broadcast_to(gain, channels).copy(), np.broadcast_to(offset, channels).copy()


def nearest_affine(levels: tuple[float, ...], codes: Codes) -> tuple[float, float]:
    """Gain and offset of rounding that come nearest to the levels; exact for a single level."""
    finite = [(i, level) for i, level in enumerate(levels) if np.isfinite(level)]
    if not finite:
        return 1.0, float(codes.first)
    (low, first), (high, last) = finite[0], finite[-1]
    gain = codes.step * (high - low) / (last - first) if last > first else 1.0
    at_first = codes.first + codes.step * (low + 0.5)
    if codes.step == 2:  # a sign: -1 below the level
        at_first = -0.5
    return gain, at_first - gain * first
