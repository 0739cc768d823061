# SPDX-License-Identifier: Apache-2.0
"""The quantising operators: Quant, BipolarQuant, Trunc and MultiThreshold.

Each becomes exact operations that end in an integer n, and the affine real value of n. Rounding
comes before the clamp here; as both are monotone and the ends are integers, the order is free.
"""

from __future__ import annotations

import re
from fractions import Fraction

import numpy as np

from hlsgen.errors import ModelError
from hlsgen.frontends.qonnx_build import Builder
from hlsgen.frontends.qonnx_const import Grid, quantise
from hlsgen.frontends.qonnx_parts import Codes
from hlsgen.frontends.qonnx_values import (
    Call,
    Chain,
    Const,
    InputBase,
    LinearBase,
    Refusal,
    TensorBase,
    Value,
    per_channel,
    spread,
    text,
)
from hlsgen.frontends.rational import Affine, Clip, Count, Op, Round, Rounding, forward, scalar

MAX_BITS = 8
MAX_CONST_BITS = 32  # quantised biases are wide; weights are judged where they are used


def quant(call: Call, builder: Builder) -> Value:
    """Quant (also IntQuant): integer quantisation of a constant or an activation."""
    scale, zero = _scale(call, 1), call.const(2).scalar()
    source = call.args[0]
    grid = _grid(call, call.const(3), MAX_CONST_BITS if isinstance(source, Const) else MAX_BITS)
    if isinstance(source, Const):
        return quantise(source, scale.exact(), zero, grid)
    chain = call.chain()
    units = per_channel(scale, chain)
    into = Affine(tuple(1 / u for u in units), (zero,))
    tail = Affine(units, tuple(-zero * u for u in units))
    if grid.bipolar:
        return _sign(call, builder, chain.then(into), tail)
    ops = (into, Clip(Fraction(grid.lo), Fraction(grid.hi)), Round(grid.mode))
    codes = Codes(lo=grid.lo, hi=grid.hi, bits=grid.bits, signed=grid.signed)
    return builder.quantise(chain.then(*ops), codes, tail, call.node.outputs[0])


def bipolar_quant(call: Call, builder: Builder) -> Value:
    """BipolarQuant: the sign, 0 counting as positive, times a scale."""
    scale = _scale(call, 1)
    source = call.args[0]
    if isinstance(source, Const):
        return quantise(source, scale.exact(), Fraction(0), _BIPOLAR)
    chain = call.chain()
    tail = Affine(per_channel(scale, chain), (Fraction(0),))
    return _sign(call, builder, chain, tail)


def trunc(call: Call, builder: Builder) -> Value:
    """Trunc, both versions: an integer loses its low bits (5 inputs, or 6 with an output scale)."""
    chain = call.chain()
    scale, zero = _scale(call, 1).scalar(), call.const(2).scalar()
    mode = _rounding(call, "FLOOR")
    into = scalar(1 / scale, zero)
    if len(call.args) < 6:
        in_bits, out_bits = _bits(call.const(3), 32), _bits(call.const(4), MAX_BITS)
        if out_bits > in_bits:
            raise Refusal(f"truncates {in_bits} to {out_bits} bits", "fewer bits out than in")
        by = scalar(Fraction(1, 1 << (in_bits - out_bits)))
        ops: tuple[Op, ...] = (into, Round(Rounding.ROUND), by, Round(mode))
        codes = _reached(chain.then(*ops), out_bits)
        return builder.quantise(
            chain.then(*ops), codes, scalar(scale, -zero * scale), call.node.outputs[0]
        )
    out_scale, out_bits = _scale(call, 4).scalar(), _bits(call.const(5), MAX_BITS)
    power = Fraction(2) ** round(np.log2(float(out_scale / scale)))
    lo, hi = _ends(out_bits, call)
    ops = (into, Round(Rounding.ROUND), scalar(1 / power), Clip(Fraction(lo), Fraction(hi)))
    codes = Codes(lo=lo, hi=hi, bits=out_bits, signed=bool(call.flag("signed", 1)))
    tail = scalar(out_scale, -zero / power * out_scale)
    return builder.quantise(chain.then(*ops, Round(mode)), codes, tail, call.node.outputs[0])


def multi_threshold(call: Call, builder: Builder) -> Value:
    """MultiThreshold: out_scale * (number of thresholds reached) + out_bias."""
    chain, table = call.chain(), call.const(1)
    if len(table.shape) != 2 or not 1 <= table.shape[1] <= 255:
        raise Refusal(f"has thresholds of shape {text(table.shape)}", "channels x 1..255")
    rows = _threshold_rows(call, chain, table)
    scale, bias = call.number("out_scale", 1.0), call.number("out_bias", 0.0)
    if scale <= 0:
        raise Refusal(f"has the output scale {float(scale)}", "a positive one")
    codes = _counted(table.shape[1], scale, bias, call.text("out_dtype", ""))
    count = Count(tuple(tuple(sorted(row)) for row in rows))
    return builder.quantise(chain.then(count), codes, scalar(scale, bias), call.node.outputs[0])


_BIPOLAR = Grid(lo=-1, hi=1, bits=1, signed=True, mode=Rounding.ROUND, bipolar=True)
_SIGN = Codes(lo=0, hi=1, bits=1, signed=True, step=2, shift=-1)


def _sign(call: Call, builder: Builder, chain: Chain, tail: Affine) -> Chain:
    """Two codes; `tail` is the value of -1 and +1, so that of the count is tail(2 n - 1)."""
    ops = chain.then(Count(((Fraction(0),),)))
    gain = tuple(2 * g for g in tail.gain)
    width = max(len(tail.gain), len(tail.offset))
    offset = tuple(tail.apply(Fraction(-1), c) for c in range(width))
    return builder.quantise(ops, _SIGN, Affine(gain, offset), call.node.outputs[0])


def _scale(call: Call, index: int) -> Const:
    scale = call.const(index)
    if any(value <= 0 for value in scale.exact().reshape(-1).tolist()):
        raise ModelError(
            f"Quantiser scales must be positive ({call.node.label}); repair or retrain the model"
        )
    return scale


def _grid(call: Call, bits_const: Const, most: int) -> Grid:
    bits = _bits(bits_const, most)
    if bits == 1 and call.flag("signed", 1):
        return _BIPOLAR
    lo, hi = _ends(bits, call)
    return Grid(
        lo=lo,
        hi=hi,
        bits=bits,
        signed=bool(call.flag("signed", 1)),
        mode=_rounding(call, "ROUND"),
    )


def _ends(bits: int, call: Call) -> tuple[int, int]:
    signed, narrow = bool(call.flag("signed", 1)), bool(call.flag("narrow", 0))
    lo = -(1 << (bits - 1)) + narrow if signed else 0
    hi = (1 << (bits - 1)) - 1 if signed else (1 << bits) - 1 - narrow
    if lo >= hi:
        raise Refusal(f"has {bits} bits with a single code", "at least two codes")
    return lo, hi


def _bits(const: Const, most: int) -> int:
    bits = const.scalar()
    if bits.denominator != 1 or not 1 <= bits <= most:
        raise Refusal(f"has a width of {float(bits)} bits", f"1 to {most} bits")
    return int(bits)


def _rounding(call: Call, default: str) -> Rounding:
    mode = call.text("rounding_mode", default).upper()
    try:
        return Rounding(mode)
    except ValueError:
        known = ", ".join(m.value for m in Rounding)
        raise Refusal(f"has the rounding mode {mode[:20]!a}", f"one of {known}") from None


def _reached(chain: Chain, bits: int) -> Codes:
    """Codes of a quantiser without a clamp: what its variable's range reaches."""
    ends = [forward(chain.ops, v, c) for c, pair in enumerate(_range(chain)) for v in pair]
    lo, hi = int(min(ends)), int(max(max(ends), min(ends) + 1))
    signed = lo < 0
    while bits <= MAX_BITS:
        least = -(1 << (bits - 1)) if signed else 0
        if least <= lo and hi < least + (1 << bits):
            return Codes(lo=lo, hi=hi, bits=bits, signed=signed)
        bits += 1
    raise Refusal(f"reaches the codes {lo}..{hi}", "a Quant node, which clamps")


def _range(chain: Chain) -> list[tuple[Fraction, Fraction]]:
    """Ends of the variable, one pair a channel."""
    base = chain.base
    if isinstance(base, TensorBase):
        return [(Fraction(base.tensor.lo), Fraction(base.tensor.hi))] * chain.channels
    if not isinstance(base, LinearBase):
        what = "the input" if isinstance(base, InputBase) else "a sum"
        raise Refusal(f"truncates {what} without a Quant", "a Quant node")
    low = base.source.lo - base.source.zero_point
    high = base.source.hi - base.source.zero_point
    flat = base.weights.reshape(base.weights.shape[0], -1)
    up, down = np.maximum(flat, 0).sum(axis=1), np.minimum(flat, 0).sum(axis=1)
    smallest, largest = (up * low + down * high).tolist(), (up * high + down * low).tolist()
    return [(Fraction(a), Fraction(b)) for a, b in zip(smallest, largest, strict=True)]


def _threshold_rows(call: Call, chain: Chain, table: Const) -> list[list[Fraction]]:
    layout = call.text("data_layout", "") or {3: "NWC"}.get(len(chain.dims), "NC")
    rows: list[list[Fraction]] = table.exact().tolist()
    if len(rows) == 1:
        return rows
    if chain.order != "CHW" or layout.find("C") != 1 or len(rows) != chain.dims[1]:
        raise Refusal(
            f"has {len(rows)} rows of thresholds in layout {layout[:8]!a} on {text(chain.dims)}",
            "channels first, one row a channel or one for all",
        )
    if chain.dims[1] == chain.channels:
        return rows
    columns = zip(*rows, strict=True)  # a flattened map: the rows inside a channel must agree
    shape = (1, len(rows), *(1 for _ in chain.dims[2:]))
    spreads = [spread(np.array(c, object).reshape(shape), chain) for c in columns]
    wide = [s * chain.channels if len(s) == 1 else s for s in spreads]
    return [list(row) for row in zip(*wide, strict=True)]


def _counted(steps: int, scale: Fraction, bias: Fraction, dtype: str) -> Codes:
    """Codes of a count 0..steps: the declared type's if it holds them, else the narrowest."""
    if steps == 1 and bias == -scale / 2:
        return _SIGN
    zero = -bias / scale
    shift = -int(zero) if zero.denominator == 1 and 0 <= zero <= steps else 0
    declared = re.fullmatch(r"(U?)INT([1-8])", dtype)
    widths = [int(declared[2])] if declared else []
    for bits in (*widths, *range(1, MAX_BITS + 1)):
        signed = shift < 0 or bool(declared and not declared[1] and bits == widths[0])
        least = -(1 << (bits - 1)) if signed else 0
        if least <= shift and shift + steps < least + (1 << bits) and not (signed and bits == 1):
            return Codes(lo=0, hi=steps, bits=bits, signed=signed, shift=shift)
    bits = steps.bit_length()
    return Codes(lo=0, hi=steps, bits=bits, signed=False)
