# SPDX-License-Identifier: Apache-2.0
"""Constants: folding of the operators exporters leave between them, and quantised weights.

All arithmetic is exact. A square root (batch normalisation, Pow 0.5) is the one irrational step:
`rational.square_root` defines it. Weights stay integer codes times a scale through Transpose,
Reshape and scaling.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from math import gcd, prod
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from hlsgen.errors import ModelError
from hlsgen.frontends.qonnx_values import (
    MAX_EXACT,
    Call,
    Const,
    Rationals,
    Refusal,
    bounded,
    fractions,
    objects,
    text,
)
from hlsgen.frontends.rational import Rounding, as_float, round_exact, square_root
from hlsgen.model.graph import IntArray

MAX_WEIGHT = 127
_MANTISSA = 53


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """An integer quantiser: n = clamp(round(value / scale + zero_point), lo, hi)."""

    lo: int
    hi: int
    bits: int
    signed: bool
    mode: Rounding
    bipolar: bool = False  # sign instead of rounding: n is -1 or +1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Weights:
    """Integer weights, rows first, one exact scale a row."""

    codes: IntArray
    scale: tuple[Fraction, ...]
    limits: tuple[int, int] | None
    bits: int


def fold(call: Call) -> Const:
    """Evaluate an operator whose inputs are all constant."""
    handler = _FOLDS.get(call.node.op)
    if handler is None:
        raise Refusal("works on constants", f"one of {', '.join(sorted(_FOLDS))}, or fold it")
    result = handler(call)
    if result.array.dtype == object:
        bounded(result.array.reshape(-1).tolist())
    if result.scale is not None:
        bounded(result.scale.reshape(-1).tolist())
    return result


def reshaped(call: Call, size: int, shape: tuple[int, ...]) -> tuple[int, ...]:
    """Target of Reshape, Flatten, Squeeze or Unsqueeze for an input of `size` elements."""
    op = call.node.op
    if op == "Flatten":
        axis = call.integer("axis", 1) % (len(shape) + 1)
        target = [prod(shape[:axis]), prod(shape[axis:])]
    elif op == "Reshape":
        target = _resolve(call.const(1).integers(), size, shape, call.flag("allowzero", 0))
    else:
        axes = call.attributes.get("axes") or (call.const(1).integers() if call.args[1:] else None)
        target = _squeeze(op, axes, shape)
    if prod(target) != size or min(target, default=1) < 0 or len(target) > 8:
        raise ModelError(
            f"{op} must keep the {size} elements of {text(shape)}, not make {text(target)} "
            f"({call.node.label})"
        )
    return tuple(target)


def quantise(const: Const, scale: Rationals, zero: Fraction, grid: Grid) -> Const:
    """Codes of a constant under a quantiser, exact on its stored values."""
    if zero.denominator != 1 or not grid.lo <= zero <= grid.hi:
        raise Refusal(
            f"has the weight zero point {float(zero)}", f"an integer in {grid.lo}..{grid.hi}"
        )
    if grid.bipolar and zero:
        raise Refusal("has a bipolar weight zero point", "zero point 0")
    values = const.exact() if const.scale is not None else const.array
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        raise ModelError("Constants must be finite numbers, not NaN or infinite; repair the model")
    missing = values.ndim - scale.ndim
    units = scale.reshape((1,) * missing + scale.shape)
    if missing < 0 or any(u not in (1, v) for u, v in zip(units.shape, values.shape, strict=True)):
        raise ModelError(
            f"Quantiser scales must broadcast to {text(values.shape)}, "
            f"not have shape {text(scale.shape)}"
        )
    codes = np.empty(values.shape, np.int64)
    for index in np.ndindex(units.shape):
        cell = tuple(i if u > 1 else slice(None) for i, u in zip(index, units.shape, strict=True))
        codes[cell] = _codes(
            np.asarray(values[cell]), cast(Fraction, units[index]), int(zero), grid
        )
    ends = (grid.lo - int(zero), grid.hi - int(zero))
    return Const(array=codes - int(zero), scale=scale, limits=ends, bits=grid.bits)


def weights_of(const: Const) -> Weights:
    """Integer weights of a constant [rows, ...]; a Refusal if it is not quantised."""
    rows = const.shape[0]
    if const.scale is None:
        return _found(const, rows)
    axes = (1,) * (const.array.ndim - const.scale.ndim) + const.scale.shape
    if prod(axes[1:]) == 1:
        table = np.broadcast_to(const.scale.reshape(-1, 1), (rows, 1))
    else:
        table = np.broadcast_to(const.scale, const.shape).reshape(rows, -1)
    if (table != table[:, :1]).any():
        raise Refusal("has a weight scale that varies inside an output channel", "one a channel")
    return Weights(
        codes=const.array.astype(np.int64),
        scale=tuple(table[:, 0].tolist()),
        limits=const.limits,
        bits=const.bits,
    )


def transpose(const: Const, axes: tuple[int, ...]) -> Const:
    """Permute the axes of a constant and of its scale."""
    if sorted(axes) != list(range(const.array.ndim)):
        raise ModelError(f"Transpose must name each axis of {text(const.shape)} once, not {axes}")
    if const.scale is None:
        return replace(const, array=const.array.transpose(axes))
    missing = const.array.ndim - const.scale.ndim
    scale = const.scale.reshape((1,) * missing + const.scale.shape)
    return replace(const, array=const.array.transpose(axes), scale=scale.transpose(axes))


def reshape(const: Const, shape: tuple[int, ...]) -> Const:
    """Reshape a constant and its scale."""
    if const.scale is None or const.scale.size == 1:
        scale = None if const.scale is None else const.scale.reshape(())
        return replace(const, array=const.array.reshape(shape), scale=scale)
    spread = np.broadcast_to(const.scale, const.shape)
    return replace(const, array=const.array.reshape(shape), scale=spread.reshape(shape))


def _codes(values: NDArray[Any], scale: Fraction, zero: int, grid: Grid) -> IntArray:
    """Codes of an array under one scale.

    float64 decides where it is sure; values within a millionth of a tie, and every value under a
    directed rounding, are decided in rational arithmetic, each distinct value once.
    """
    distinct, where = np.unique(values, return_inverse=True)
    half = grid.mode.value in ("ROUND", "HALF_EVEN", "HALF_UP", "HALF_DOWN")
    unit = as_float(scale)
    if half and not grid.bipolar and distinct.dtype.kind == "f" and 1e-60 < unit < 1e60:
        near = distinct.astype(np.float64) / unit + zero
        near = np.clip(near, grid.lo - 1, grid.hi + 1)
        codes = np.clip(np.rint(near), grid.lo, grid.hi).astype(np.int64)
        unsure = np.flatnonzero(
            np.abs(near - np.floor(near) - 0.5) < 1e-6 * np.maximum(1, np.abs(near))
        )
    else:
        codes, unsure = np.empty(distinct.shape, np.int64), np.arange(distinct.size)
    for i, value in zip(unsure, fractions(distinct[unsure]).tolist(), strict=True):
        codes[i] = _code(value, scale, zero, grid)
    return codes[where.reshape(values.shape)]


def _code(value: Fraction, scale: Fraction, zero: int, grid: Grid) -> int:
    if grid.bipolar:
        return 1 if value / scale + zero >= 0 else -1
    return min(max(round_exact(value / scale + zero, grid.mode), grid.lo), grid.hi)


def _found(const: Const, rows: int) -> Weights:
    """Look for integers behind unquantised numbers: small multiples of one dyadic unit a row."""
    values = const.array
    if values.dtype == object or values.size == 0:
        raise Refusal("has weights that are not quantised", "a Quant node on the weights")
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        raise ModelError("Weights must be finite numbers, not NaN or infinite; repair the model")
    table = values.reshape(rows, -1).astype(np.float64)
    whole = (np.abs(table) <= MAX_WEIGHT).all() and (table == np.rint(table)).all()
    if whole:
        codes, scale = table.astype(np.int64), [Fraction(1)] * rows
    else:
        pairs = [_dyadic(row) for row in table]
        codes, scale = np.array([p[0] for p in pairs]), [p[1] for p in pairs]
    ends = (int(codes.min()), int(codes.max()))
    return Weights(
        codes=codes.reshape(values.shape),
        scale=tuple(scale),
        limits=ends,
        bits=1 if not (np.abs(codes) != 1).any() else 0,
    )


def _dyadic(row: NDArray[np.float64]) -> tuple[IntArray, Fraction]:
    mantissa, exponent = np.frexp(row)
    whole = (mantissa * 2.0**_MANTISSA).astype(np.int64)
    used = whole != 0
    if not used.any():
        return whole, Fraction(1)
    if int(np.ptp(exponent[used])) > 8:  # more than 127 to 1 apart
        raise Refusal("has weights that are not quantised", "a Quant node on the weights")
    lowest = int(exponent[used].min())
    shifts = np.where(used, exponent - lowest, 0).tolist()
    scaled = [w << s for w, s in zip(whole.tolist(), shifts, strict=True)]
    unit = gcd(*scaled)
    codes = [w // unit for w in scaled]
    if max(map(abs, codes)) > MAX_WEIGHT:
        raise Refusal("has weights that are not quantised", "a Quant node on the weights")
    return np.array(codes, np.int64), Fraction(unit) * Fraction(2) ** (lowest - _MANTISSA)


def _resolve(target: list[int], size: int, shape: tuple[int, ...], allowzero: int) -> list[int]:
    if not allowzero:
        target = [shape[i] if t == 0 and i < len(shape) else t for i, t in enumerate(target)]
    known = prod(t for t in target if t != -1)
    if target.count(-1) == 1 and known > 0:
        return [size // known if t == -1 else t for t in target]
    return target


def _squeeze(op: str, axes: Any, shape: tuple[int, ...]) -> list[int]:
    if axes is not None and (not isinstance(axes, list) or len(axes) > 8):
        raise ModelError(f"{op} axes must be a list of at most 8 integers")
    if op == "Squeeze":
        drop = {a % max(len(shape), 1) for a in axes} if axes is not None else None
        return [s for i, s in enumerate(shape) if not (s == 1 and (drop is None or i in drop))]
    rank = len(shape) + len(axes or [])
    spots = {a % max(rank, 1) for a in axes or []}
    rest = iter(shape)
    return [1 if i in spots else next(rest, 1) for i in range(rank)]


def _identity(call: Call) -> Const:
    return call.const(0)


def _constant(call: Call) -> Const:
    for key in ("value", "value_float", "value_int", "value_floats", "value_ints"):
        value = call.attributes.get(key)
        if value is not None and not isinstance(value, str):
            return Const(array=np.asarray(value))
    raise Refusal("has no numeric value", "a numeric Constant")


def _cast(call: Call) -> Const:
    const = call.const(0)
    if call.integer("to", 1) in (1, 10, 11) or const.scale is not None:
        return const
    values = [Fraction(int(v)) for v in const.exact().reshape(-1).tolist()]
    return Const(array=objects(values, const.shape))


def _arith(call: Call) -> Const:
    a, b, op = call.const(0), call.const(1), call.node.op
    if op in ("Mul", "Div") and a.scale is not None and a.array.size > b.array.size:
        other = b.exact() if op == "Mul" else _inverse(b)
        if np.broadcast_shapes(a.shape, other.shape) == a.shape:
            return replace(a, scale=np.asarray(a.scale * other, object))
    _small(np.broadcast_shapes(a.shape, b.shape))
    if op == "Div":
        return Const(array=np.asarray(a.exact() * _inverse(b), object))
    table: dict[str, Callable[[Any, Any], Any]] = {
        "Add": np.add,
        "Sub": np.subtract,
        "Mul": np.multiply,
    }
    return Const(array=np.asarray(table[op](a.exact(), b.exact()), object))


def _small(shape: tuple[int, ...]) -> None:
    """Refuse results that a few small constants could blow up to, before they are made."""
    if prod(shape) > MAX_EXACT:
        raise Refusal(
            f"makes a constant of {prod(shape)} elements", f"at most {MAX_EXACT}, or a Quant node"
        )


def _inverse(const: Const) -> Rationals:
    values = const.exact()
    if any(v == 0 for v in values.reshape(-1).tolist()):
        raise ModelError("Div must not divide by a constant that holds 0; repair the model")
    return objects((1 / v for v in values.reshape(-1).tolist()), values.shape)


def _pow(call: Call) -> Const:
    base, exponent = call.const(0).exact(), call.const(1).scalar()
    if exponent == Fraction(1, 2):
        return Const(array=_roots(base))
    if exponent not in (1, 2):
        raise Refusal(f"has the exponent {float(exponent)}", "0.5, 1 or 2")
    values = (v ** int(exponent) for v in base.reshape(-1).tolist())
    return Const(array=objects(values, base.shape))


def _sqrt(call: Call) -> Const:
    return Const(array=_roots(call.const(0).exact()))


def _roots(values: Rationals) -> Rationals:
    flat = values.reshape(-1).tolist()
    if any(v < 0 for v in flat):
        raise ModelError("Square roots must be of numbers that are not negative; repair the model")
    return objects((square_root(v) for v in flat), values.shape)


def _neg(call: Call) -> Const:
    const = call.const(0)
    return Const(array=objects((-v for v in const.exact().reshape(-1).tolist()), const.shape))


def _gather(call: Call) -> Const:
    const, index = call.const(0), call.const(1)
    axis = call.integer("axis", 0)
    picked = np.array(index.integers(), np.int64).reshape(index.shape)
    _small((const.array.size, picked.size))
    return Const(array=np.asarray(np.take(const.exact(), picked, axis=axis), object))


def _concat(call: Call) -> Const:
    _small((sum(call.const(i).array.size for i in range(len(call.args))),))
    parts = [call.const(i).exact() for i in range(len(call.args))]
    return Const(array=np.concatenate(parts, axis=call.integer("axis", 0)))


def _transpose(call: Call) -> Const:
    const = call.const(0)
    backwards = list(reversed(range(const.array.ndim)))
    return transpose(const, tuple(call.integers("perm", backwards)))


def _reshape(call: Call) -> Const:
    const = call.const(0)
    return reshape(const, reshaped(call, const.array.size, const.shape))


def _shape(call: Call) -> Const:
    return Const(array=np.array(call.const(0).shape, np.int64))


_FOLDS: dict[str, Callable[[Call], Const]] = {
    "Add": _arith,
    "Cast": _cast,
    "Concat": _concat,
    "Constant": _constant,
    "Div": _arith,
    "Flatten": _reshape,
    "Gather": _gather,
    "Identity": _identity,
    "Mul": _arith,
    "Neg": _neg,
    "Pow": _pow,
    "Reshape": _reshape,
    "Shape": _shape,
    "Sqrt": _sqrt,
    "Squeeze": _reshape,
    "Sub": _arith,
    "Transpose": _transpose,
    "Unsqueeze": _reshape,
}
