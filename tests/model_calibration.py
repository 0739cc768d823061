# SPDX-License-Identifier: Apache-2.0
"""How random networks are calibrated: tensors, weights and requantisations fitted to data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hlsgen.frontends.tflite_arith import two_step
from hlsgen.model.graph import IntArray, Requant, Tensor, Thresholds
from hlsgen.model.numbers import Format, levels
from hlsgen.model.requant import UNREACHABLE


def tensor_codes(tensor: Tensor, rng: np.random.Generator, n: int) -> NDArray[np.int64]:
    """Uniform random codes of a tensor [n, channels, height, width]."""
    if tensor.bipolar:
        return 2 * rng.integers(0, 2, (n, *tensor.shape)) - 1
    return rng.integers(tensor.lo, tensor.hi + 1, (n, *tensor.shape))


def random_weights(
    rng: np.random.Generator, formats: Sequence[Format], shape: tuple[int, int, int]
) -> IntArray:
    """Weights [rows, *shape] drawn evenly from each row's levels, zeros thinned out."""
    rows = []
    for fmt in formats:
        row = rng.choice(levels(fmt), shape)
        again = rng.choice(levels(fmt), shape)
        rows.append(np.where((row == 0) & (rng.random(shape) < 0.8), again, row))
    return np.stack(rows).astype(np.int64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What a random network may use."""

    rng: np.random.Generator
    formats: tuple[Format, ...]
    act_bits: int
    max_channels: int
    requants: tuple[str, ...]
    max_kernel: int
    max_stride: int
    wide: float
    narrow: float
    zero_points: bool

    def tensor(self, name: str, shape: tuple[int, int, int]) -> Tensor:
        """Draw bits, sign, scale and zero point of a tensor."""
        bits = self.act_bits
        draw = self.rng.random()
        if draw < self.wide:
            bits = 8
        elif draw < self.wide + self.narrow and bits > 2:
            bits = int(self.rng.integers(2, bits))
        signed = bits == 1 or bool(self.rng.integers(2))
        plain = Tensor(name=name, shape=shape, bits=bits, signed=signed, scale=1.0)
        zero = 0
        if self.zero_points and bits > 1 and self.rng.random() < 0.6:
            zero = int(self.rng.choice([plain.lo, self.rng.integers(plain.lo, plain.hi + 1)]))
        scale = float(np.float32(0.01 + 0.1 * self.rng.random()))
        return Tensor(
            name=name, shape=shape, bits=bits, signed=signed, scale=scale, zero_point=zero
        )

    def channels(self) -> int:
        """Draw a channel count."""
        return int(self.rng.integers(1, self.max_channels + 1))

    def row_formats(self, rows: int) -> tuple[Format, ...]:
        """Draw a format for each row."""
        return tuple(self.formats[i] for i in self.rng.integers(0, len(self.formats), rows))


def calibrated(
    choices: Choices, acc: NDArray[np.float64], tensor: Tensor
) -> tuple[IntArray, Requant]:
    """Fit bias and requantisation to measured accumulators [rows, samples]."""
    rng, rows = choices.rng, acc.shape[0]
    spread = np.maximum(acc.std(axis=1), 1.0)
    span = tensor.hi - tensor.lo
    reach = (0.2, 0.3) if span > 3 else (0.35, 0.5)
    gain = span * rng.uniform(*reach, rows) / spread
    centre = tensor.lo + span * rng.uniform(0.35, 0.65, rows)
    bias = np.rint((centre - tensor.zero_point) / gain - acc.mean(axis=1)).astype(np.int64)
    if tensor.bipolar:
        bias = np.rint(-acc.mean(axis=1) + spread * rng.uniform(-0.3, 0.3, rows))
        level = rng.integers(-2, 3, (rows, 1))
        return bias.astype(np.int64) + level[:, 0], Thresholds(levels=level, first=-1, step=2)
    kind = rng.choice(choices.requants)
    if kind != "two_step":
        return bias, _step_function(rng, gain, tensor, uneven=kind == "uneven")
    lo, hi = tensor.lo, tensor.hi
    if rng.random() < 0.3:  # a fused activation clamps away part of the range
        lo = max(lo, int(tensor.lo + span * 0.2))
    return bias, two_step(gain, lo, hi)


def _step_function(
    rng: np.random.Generator, gain: NDArray[np.float64], tensor: Tensor, *, uneven: bool
) -> Thresholds:
    """Levels of round(acc * gain) + zero_point; now and then an end is out of reach.

    Most uneven rows bend once: they are not the roundings of one line.
    """
    codes = np.arange(tensor.lo + 1, tensor.hi + 1)
    exact = (codes[None, :] - 0.5 - tensor.zero_point) / gain[:, None]
    if uneven:
        bend = rng.integers(0, codes.size, gain.size)
        at = np.take_along_axis(exact, bend[:, None], axis=1)
        slope = rng.choice([1.0, 1.6], (gain.size, 1), p=[0.3, 0.7])
        exact = at + (exact - at) * np.where(exact > at, slope, 1.0)
    levels_ = np.ceil(exact).astype(np.int64)
    cut = rng.random(gain.shape[0]) < 0.2
    levels_[cut, -1] = UNREACHABLE
    if codes.size > 4:
        levels_[rng.random(gain.shape[0]) < 0.2, 0] = -UNREACHABLE
    return Thresholds(levels=levels_, first=tensor.lo)


def bipolar_add(a: Tensor, b: Tensor) -> NDArray[np.int16]:
    """Sign of the sum, a tie taking the first operand; the row of code 0 copies that of -1."""
    codes_a = np.arange(a.lo, a.hi + 1)[:, None]
    codes_b = np.arange(b.lo, b.hi + 1)[None, :]
    total = 2 * codes_a + codes_b
    return np.where(total > 0, 1, -1).astype(np.int16)


def scaled_for_sum(out: Tensor, a: NDArray[Any], b: NDArray[Any], ta: Tensor, tb: Tensor) -> Tensor:
    """Choose the output's scale and zero point from the spread of the real sum."""
    if out.bipolar:
        return out
    total = ta.scale * (a - float(ta.zero_point)) + tb.scale * (b - float(tb.zero_point))
    span = out.hi - out.lo
    spread = max(4.5 * float(total.std()), 2.0 * abs(float(total.mean())), 1e-3)
    scale = float(np.float32(spread / span))
    zero = round((out.lo + out.hi) / 2 - float(total.mean()) / scale)
    return Tensor(
        name=out.name,
        shape=out.shape,
        bits=out.bits,
        signed=out.signed,
        scale=scale,
        zero_point=int(np.clip(zero, out.lo, out.hi)),
    )
