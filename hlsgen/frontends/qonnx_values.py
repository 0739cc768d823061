# SPDX-License-Identifier: Apache-2.0
"""What an ONNX tensor is during import: a constant, or a chain of real operations on integers.

A `Chain` is real value = ops(variable): the variable is an integer that exists in the Model (codes
of a tensor, accumulators of a linear operator, the sum of two tensors) or the user's real input.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import prod
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from hlsgen.errors import ModelError
from hlsgen.frontends.qonnx_file import Node
from hlsgen.frontends.rational import Affine, Op, compose, scalar
from hlsgen.model.graph import IntArray, Tensor

MAX_BITS = 1 << 14  # of a numerator or denominator
MAX_EXACT = 1 << 22  # elements of a constant that may be turned into rationals
Pads: TypeAlias = tuple[int, int, int, int]
Shape: TypeAlias = tuple[int, int, int]
Rationals: TypeAlias = NDArray[np.object_]


class Refusal(Exception):
    """A node that cannot be imported: what it is, and the nearest supported form."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(what)
        self.what, self.remedy = what, remedy


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Const:
    """A constant: `array`, or integer codes times `scale` (rationals, broadcastable).

    `limits` are the declared ends of the codes, `bits` their declared width (1 is bipolar).
    """

    array: NDArray[Any]
    scale: Rationals | None = None
    limits: tuple[int, int] | None = None
    bits: int = 0

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the constant."""
        return self.array.shape

    def exact(self) -> Rationals:
        """Every element as a Fraction."""
        if self.array.size > MAX_EXACT:
            raise Refusal(
                f"has a constant of {self.array.size} elements in exact arithmetic",
                f"at most {MAX_EXACT}, or a quantised constant",
            )
        values = fractions(self.array)
        return values if self.scale is None else np.asarray(values * self.scale, object)

    def scalar(self) -> Fraction:
        """The only element."""
        if self.array.size != 1:
            raise Refusal(f"has a parameter of shape {self.shape}", "a single number")
        value: Fraction = self.exact().reshape(-1)[0]
        return value

    def integers(self) -> list[int]:
        """Elements as integers, for shapes and axes."""
        values = self.exact().reshape(-1).tolist() if self.array.size <= 64 else None
        if values is None or any(v.denominator != 1 for v in values):
            raise Refusal("has a shape or axes that are not up to 64 integers", "integers")
        return [int(v) for v in values]


@dataclass(frozen=True, slots=True, kw_only=True)
class InputBase:
    """The user's real input: its axis order, and its integer type if the file states one."""

    layout: str
    datatype: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TensorBase:
    """Codes of a tensor of the Model."""

    tensor: Tensor


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LinearBase:
    """Accumulators of a linear operator: a convolution that is not emitted yet."""

    source: Tensor
    weights: IntArray
    scale: tuple[Fraction, ...]  # value of one weight level, a row
    limits: tuple[int, int] | None
    bits: int
    label: str
    stride: tuple[int, int] = (1, 1)
    pads: Pads = (0, 0, 0, 0)
    groups: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class SumBase:
    """Real sum of two tensors: the affine value of each is in `a_map` and `b_map`."""

    a: Tensor
    b: Tensor
    a_map: Affine
    b_map: Affine
    label: str


Base: TypeAlias = InputBase | TensorBase | LinearBase | SumBase


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """A maximum pooling in the middle of a chain, behind its first `at` operations."""

    at: int
    kernel: tuple[int, int]
    stride: tuple[int, int]
    pads: Pads
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """An activation: operations over a base variable.

    `shape` is the map (channels, height, width); `dims` the ONNX shape, a row-major view of it.
    `full` is the map before the pools. `pads` are zeros around a quantised tensor, for the next
    convolution to take. `order` is "HWC" behind a Transpose that only a flattened product takes.
    """

    base: Base
    dims: tuple[int, ...]
    shape: Shape
    full: Shape
    ops: tuple[Op, ...] = ()
    pools: tuple[Pool, ...] = ()
    pads: Pads = (0, 0, 0, 0)
    order: str = "CHW"

    @property
    def channels(self) -> int:
        """Channels of the map."""
        return self.shape[0]

    def then(self, *ops: Op) -> Chain:
        """Append operations; neighbouring affine maps become one."""
        merged = list(self.ops)
        wall = self.pools[-1].at if self.pools else 0
        for op in ops:
            last = merged[-1] if len(merged) > wall else None
            if isinstance(op, Affine) and isinstance(last, Affine):
                joined = compose(last, op)
                bounded((*joined.gain, *joined.offset))
                merged[-1] = joined
            else:
                merged.append(op)
        return replace(self, ops=tuple(merged))

    def affine(self) -> Affine | None:
        """The whole chain as one affine map of the variable, if it is one."""
        if self.pools or len(self.ops) > 1:
            return None
        op = self.ops[0] if self.ops else scalar(1)
        return op if isinstance(op, Affine) else None

    def mapped(self) -> Shape:
        """The map's shape, when the ONNX shape still shows it."""
        if shape_of(self.dims) != self.shape or self.order != "CHW":
            raise Refusal(
                f"needs a map, not the reshaped {text(self.dims)} of {text(self.shape)}",
                "the operator before the Reshape",
            )
        return self.shape


@dataclass(frozen=True, slots=True)
class Broken:
    """Result of a refused node, or of one that reads such a result."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostValue:
    """Result of a final operator left to the host (Softmax, ArgMax, TopK)."""

    source: Chain
    op: str


Value: TypeAlias = Const | Chain | Broken | HostValue


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Call:
    """A node with its input values; absent inputs are None."""

    node: Node
    args: tuple[Value | None, ...]
    attributes: dict[str, Any] = field(default_factory=dict)

    def const(self, index: int) -> Const:
        """Constant input `index`."""
        value = self.args[index] if index < len(self.args) else None
        if not isinstance(value, Const):
            raise Refusal(f"has an input {index} that is not constant", "a constant there")
        return value

    def optional(self, index: int) -> Const | None:
        """Constant input `index` if present."""
        if index >= len(self.args) or self.args[index] is None:
            return None
        return self.const(index)

    def chain(self, index: int = 0) -> Chain:
        """Activation input `index`."""
        value = self.args[index] if index < len(self.args) else None
        if isinstance(value, HostValue):
            raise Refusal("stands behind an operator left to the host", "that operator last")
        if not isinstance(value, Chain):
            raise Refusal(f"has a constant or absent input {index}", "an activation there")
        return value

    def integer(self, name: str, default: int) -> int:
        """Integer attribute."""
        value = self.attributes.get(name, default)
        if not isinstance(value, int):
            raise ModelError(f"Attribute {name} must be an integer ({self.node.label})")
        return value

    def flag(self, name: str, default: int) -> int:
        """Integer attribute that is 0 or 1."""
        value = self.integer(name, default)
        if value not in (0, 1):
            raise ModelError(f"Attribute {name} must be 0 or 1, not {value} ({self.node.label})")
        return value

    def number(self, name: str, default: float) -> Fraction:
        """Finite number attribute, exact."""
        value = self.attributes.get(name, default)
        if not isinstance(value, int | float) or not np.isfinite(value):
            raise ModelError(f"Attribute {name} must be a finite number ({self.node.label})")
        return Fraction(value)

    def text(self, name: str, default: str) -> str:
        """String attribute."""
        value = self.attributes.get(name, default)
        if not isinstance(value, str):
            raise ModelError(f"Attribute {name} must be a string ({self.node.label})")
        return value

    def integers(self, name: str, default: list[int]) -> list[int]:
        """Integer list attribute."""
        value = self.attributes.get(name, default)
        if not isinstance(value, list) or not all(isinstance(v, int) for v in value):
            raise ModelError(f"Attribute {name} must be a list of integers ({self.node.label})")
        return value


def fractions(array: NDArray[Any]) -> Rationals:
    """Every element of a numeric array as a Fraction, same shape."""
    if array.dtype == object:
        return array
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise ModelError("Constants must be finite numbers, not NaN or infinite; repair the model")
    kind = float if array.dtype.kind == "f" else int
    return objects((Fraction(kind(v)) for v in array.reshape(-1).tolist()), array.shape)


def objects(values: Iterable[Fraction], shape: tuple[int, ...]) -> Rationals:
    """Array of rationals of a shape."""
    result = np.empty(prod(shape), object)
    for index, value in enumerate(values):
        result[index] = value
    return result.reshape(shape)


def bounded(values: Iterable[Fraction]) -> None:
    """Refuse rationals that repeated products have made so long that they would stop the import."""
    if any(max(v.numerator.bit_length(), v.denominator.bit_length()) > MAX_BITS for v in values):
        raise Refusal(f"makes a number of more than {MAX_BITS} bits", "fewer chained constants")


def per_channel(const: Const, chain: Chain) -> tuple[Fraction, ...]:
    """Elements of a broadcast constant, one a channel of the chain's map, or one for all."""
    return spread(const.exact(), chain)


def spread(values: Rationals, chain: Chain) -> tuple[Fraction, ...]:
    """Rationals that broadcast against the chain's ONNX shape, one a channel, or one for all."""
    if values.size == 1 and values.ndim <= len(chain.dims):
        return (values.reshape(-1)[0],)
    if chain.order != "CHW":
        raise Refusal("has a parameter a channel behind a Transpose", "it before the Transpose")
    try:
        if np.broadcast_shapes(values.shape, chain.dims) != chain.dims:
            raise ValueError
    except ValueError as error:
        raise ModelError(
            f"Constants must broadcast to the activation {text(chain.dims)}, "
            f"not have shape {text(values.shape)}"
        ) from error
    along = values.shape[1 - len(chain.dims)] if values.ndim >= len(chain.dims) - 1 else 0
    if along == values.size == chain.channels == chain.dims[1]:  # one a channel, as nearly always
        return tuple(values.reshape(-1).tolist())
    if prod(chain.dims) > MAX_EXACT:
        raise Refusal(f"has a parameter over {prod(chain.dims)} values", "one a channel")
    table = np.broadcast_to(values, chain.dims).reshape(chain.channels, -1)
    if (table != table[:, :1]).any():
        raise Refusal("has a parameter that varies inside a channel", "one value a channel")
    column: list[Fraction] = table[:, 0].tolist()
    return tuple(column) if len(set(column)) > 1 else (column[0],)


def shape_of(dims: tuple[int, ...]) -> Shape:
    """Map (channels, height, width) that an ONNX shape N, C, ... shows."""
    if len(dims) == 2:
        return dims[1], 1, 1
    if len(dims) == 3:
        return dims[1], 1, dims[2]
    if len(dims) == 4:
        return dims[1], dims[2], dims[3]
    raise Refusal(f"has an activation of shape {text(dims)}", "two to four axes")


def text(shape: Iterable[int]) -> str:
    """Shape for messages, 1x64x8x8."""
    return "x".join(map(str, shape)) or "scalar"
