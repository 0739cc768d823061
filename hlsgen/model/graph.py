# SPDX-License-Identifier: Apache-2.0
"""The Model: an immutable graph of integer layers.

Three layer kinds are enough: a convolution with a requantisation (fully connected, depthwise,
average and global pooling, re-scaling and padding are convolutions too), an elementwise function
of two tensors (Add), and maximum pooling; Concat joins channels without arithmetic.
Frontends lower everything to them, so that nothing behind the Model knows the source format.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from hlsgen.model.numbers import Format

IntArray: TypeAlias = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tensor:
    """An activation tensor of integer codes; value = scale * (code - zero_point).

    `bits` is 1..8, or 32 for raw accumulators (signed, zero point 0). A bipolar tensor has
    bits = 1 and signed = True; its codes are -1 and +1.
    """

    name: str
    shape: tuple[int, int, int]  # channels, height, width
    bits: int
    signed: bool
    scale: float
    zero_point: int = 0

    @property
    def bipolar(self) -> bool:
        """Whether the codes are -1 and +1."""
        return self.bits == 1 and self.signed

    @property
    def lo(self) -> int:
        """Smallest code."""
        if self.bipolar:
            return -1
        return -(1 << (self.bits - 1)) if self.signed else 0

    @property
    def hi(self) -> int:
        """Largest code."""
        if self.bipolar:
            return 1
        return (1 << (self.bits - 1)) - 1 if self.signed else (1 << self.bits) - 1


@dataclass(frozen=True, slots=True)
class Raw:
    """No requantisation: the output tensor holds the 32-bit accumulators themselves."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TwoStep:
    """TFLite's two-step rounding, per row (MultiplyByQuantizedMultiplier of the reference kernels).

    code = clamp(rdbpot(srdhm(acc << max(shift, 0), multiplier), max(-shift, 0)) + zp, lo, hi):
    saturating rounding doubling high multiply, then rounding divide by a power of two with ties
    away from zero. zp is the output tensor's zero point.
    """

    multiplier: IntArray  # [rows], 0..2**31-1
    shift: IntArray  # [rows], positive = left
    lo: int  # clamp of the output code (fused activation included)
    hi: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Thresholds:
    """A monotone step function per row: code = first + step * sum_k(acc >= levels[row, k]).

    Exact for every rounding mode of a rational scale; unreachable levels are +-2**62.
    Levels ascend along k.
    """

    levels: IntArray  # [rows, steps]
    first: int  # code below the first level
    step: int = 1  # 2 for bipolar outputs


Requant: TypeAlias = Raw | TwoStep | Thresholds


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Conv:
    """acc = sum(w * (x - zero_point(x))) + bias, then `requant`; padding contributes nothing.

    A fully connected layer over a flattened map is a kernel as large as the map.
    """

    name: str
    input: str
    output: str
    weights: IntArray  # [rows, channels / groups, kernel_h, kernel_w], levels of the row's format
    formats: tuple[Format, ...]  # per row
    row_scale: NDArray[np.float64]  # [rows], value of one weight level (informative)
    bias: IntArray  # [rows], in units of the accumulator
    requant: Requant
    stride: tuple[int, int] = (1, 1)  # vertical, horizontal
    pads: tuple[int, int, int, int] = (0, 0, 0, 0)  # top, bottom, left, right
    groups: int = 1

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the input tensors."""
        return (self.input,)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Add:
    """Elementwise function of two tensors of one shape: code = table[a - lo(a), b - lo(b)].

    The table holds the source format's exact arithmetic and ascends along both axes.
    """

    name: str
    a: str
    b: str
    output: str
    table: NDArray[np.int16]  # [codes of a, codes of b]

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the input tensors."""
        return (self.a, self.b)


@dataclass(frozen=True, slots=True, kw_only=True)
class MaxPool:
    """Maximum over a window; padded positions do not take part. Output codes are input codes."""

    name: str
    input: str
    output: str
    kernel: tuple[int, int]
    stride: tuple[int, int] = (1, 1)
    pads: tuple[int, int, int, int] = (0, 0, 0, 0)

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the input tensors."""
        return (self.input,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Concat:
    """Join tensors along channels; all have the output's codes, scale and zero point."""

    name: str
    sources: tuple[str, ...]
    output: str

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the input tensors."""
        return self.sources


Layer: TypeAlias = Conv | Add | MaxPool | Concat


@dataclass(frozen=True, slots=True, kw_only=True)
class Preprocess:
    """How the source model's input becomes codes: code = clamp(round(x * gain + offset)).

    `x` is what the source model's user holds (pixels or real values), `layout` its axis order
    behind the frame axis ("HWC", "CHW" or "C"); ties round to even. The colour order of the
    pixels is a statement, not a conversion.

    When `levels` is not empty it alone counts, exactly and in float32:
    code = first + step * sum_k(x >= levels[channel, k]), with one row for every channel or one
    for all; gain and offset then describe the same map as nearly as they can.
    """

    gain: float
    offset: float
    layout: str
    colour: str = "RGB"
    levels: tuple[tuple[float, ...], ...] = ()  # ascending, each a float32 or an infinity
    first: int = 0  # code below the first level
    step: int = 1  # 2 for a bipolar input


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Model:
    """A network of integer layers in execution order.

    An output named in `output_affine` has the real values code * gain[c] + offset[c] (arrays of
    one entry a channel, float64) in place of its tensor's scale: a per-channel map behind raw
    accumulators, say.
    """

    name: str
    input: str
    outputs: tuple[str, ...]
    tensors: dict[str, Tensor]
    layers: tuple[Layer, ...]
    preprocess: Preprocess
    source: str = ""  # what it was imported from, one line
    notes: dict[str, float] = field(default_factory=dict)  # figures such as accuracy
    output_affine: dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]] = field(
        default_factory=dict
    )
