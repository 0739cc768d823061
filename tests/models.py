# SPDX-License-Identifier: Apache-2.0
"""Random calibrated networks for tests: their codes use their range, so that errors show.

`random_model(rng, ...)` builds a network block by block. Each requantisation is fitted to the
accumulators that random frames produce, so outputs are neither constant nor saturated.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hlsgen.model import golden
from hlsgen.model.graph import (
    Add,
    Concat,
    Conv,
    IntArray,
    Layer,
    MaxPool,
    Model,
    Preprocess,
    Raw,
    Requant,
    Tensor,
    Thresholds,
    TwoStep,
)
from hlsgen.model.numbers import Format, levels
from hlsgen.model.requant import UNREACHABLE

BLOCKS = ("conv", "depthwise", "group", "add", "pool", "avgpool", "pointwise", "concat", "fc")
_CALIBRATION_FRAMES = 6


def random_model(
    rng: np.random.Generator,
    *,
    formats: Sequence[Format] = (Format.POT4, Format.FIXED4, Format.FIXED8),
    act_bits: int = 8,
    max_hw: int = 12,
    max_channels: int = 16,
    layers: int = 4,
    allow: Sequence[str] = BLOCKS,
    requants: Sequence[str] = ("two_step", "thresholds"),
    max_kernel: int = 7,
    max_stride: int = 4,
    wide: float = 0.0,
    narrow: float = 0.0,
    raw_last: bool | None = None,
    zero_points: bool = True,
    name: str = "random",
) -> Model:
    """Return a network of about `layers` layers drawn from the blocks in `allow`.

    `act_bits` 1 gives bipolar tensors; `wide` is the share of 8-bit tensors in a narrower
    network, `narrow` the share of tensors with fewer bits. "fc" makes the last layer fully
    connected; the last layer is a Conv in any case, raw or not (`raw_last`, None = either).
    """
    choices = _Choices(
        rng=rng,
        formats=tuple(formats),
        act_bits=act_bits,
        max_channels=max_channels,
        requants=tuple(requants),
        max_kernel=max_kernel,
        max_stride=max_stride,
        wide=wide,
        narrow=narrow,
        zero_points=zero_points,
    )
    build = _Builder(choices, _input_tensor(choices, max_hw))
    blocks = [block for block in allow if block != "fc"] or ["conv"]
    while len(build.layers) < layers - 1:
        _BLOCKS[blocks[rng.integers(len(blocks))]](build)
    raw = bool(rng.integers(2)) if raw_last is None else raw_last
    build.last(fully_connected="fc" in allow and bool(rng.integers(4)), raw=raw)
    return Model(
        name=name,
        input="input",
        outputs=(build.current,),
        tensors=build.tensors,
        layers=tuple(build.layers),
        preprocess=Preprocess(gain=1.0, offset=0.0, layout="CHW"),
        source="random model of the tests",
    )


def random_codes(model: Model, rng: np.random.Generator, n: int) -> NDArray[np.int64]:
    """Uniform random input codes [n, channels, height, width]."""
    return tensor_codes(model.tensors[model.input], rng, n)


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


def add_table(a: Tensor, b: Tensor, out: Tensor, lo: int, hi: int) -> NDArray[np.int16]:
    """TFLite's int8 Add: inputs shifted left by 20, each rescaled, summed, rescaled."""
    top = 2.0 * max(a.scale, b.scale)
    left = np.int64(1 << 20)
    codes = [np.arange(t.lo, t.hi + 1, dtype=np.int64) - t.zero_point for t in (a, b)]
    scaled = [_rescale(code * left, t.scale / top) for code, t in zip(codes, (a, b), strict=True)]
    total = scaled[0][:, None] + scaled[1][None, :]
    result = _rescale(total, top / (float(left) * out.scale)) + out.zero_point
    return np.clip(result, lo, hi).astype(np.int16)


def _rescale(x: IntArray, real: float) -> IntArray:
    from hlsgen.model.requant import divide_by_power, multiply_high

    multiplier, shift = quantize_multiplier(np.array([real]))
    high = multiply_high(x << max(int(shift[0]), 0), multiplier)
    return divide_by_power(high, np.maximum(-shift, 0))


def quantize_multiplier(real: NDArray[np.float64]) -> tuple[IntArray, IntArray]:
    """TFLite's QuantizeMultiplier, vectorised: real = multiplier * 2**(shift - 31)."""
    fraction, exponent = np.frexp(real)
    multiplier = np.floor(fraction * 2.0**31 + 0.5).astype(np.int64)
    carry = multiplier == 1 << 31
    multiplier = np.where(carry, 1 << 30, multiplier)
    shift = exponent.astype(np.int64) + carry
    return np.where(shift < -31, 0, multiplier), np.where(shift < -31, 0, shift)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Choices:
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


def _input_tensor(choices: _Choices, max_hw: int) -> Tensor:
    rng = choices.rng
    low = max(1, max_hw // 2)
    shape = (
        min(choices.max_channels, int(rng.choice([1, 3, choices.channels()]))),
        int(rng.integers(low, max_hw + 1)),
        int(rng.integers(low, max_hw + 1)),
    )
    return choices.tensor("input", shape)


@dataclass(slots=True)
class _Builder:
    """A network under construction, with the values of its tensors on random frames."""

    choices: _Choices
    source: Tensor
    tensors: dict[str, Tensor] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)
    layers: list[Layer] = field(default_factory=list)
    current: str = "input"

    def __post_init__(self) -> None:
        self.tensors["input"] = self.source
        self.values["input"] = tensor_codes(
            self.source, self.choices.rng, _CALIBRATION_FRAMES
        ).astype(np.int32)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Shape of the newest tensor."""
        return self.tensors[self.current].shape

    def fresh(self, stem: str) -> str:
        """A name no layer or tensor has."""
        return f"{stem}_{len(self.tensors)}"

    def push(self, layer: Layer, tensor: Tensor) -> str:
        """Append a layer with its output tensor, and compute its values."""
        self.tensors[tensor.name] = tensor
        self.values[tensor.name] = golden.evaluate(layer, self.tensors, self.values)
        self.layers.append(layer)
        self.current = tensor.name
        return tensor.name

    def window(self, size: int) -> tuple[int, int, int, int]:
        """Draw kernel, stride and the two pads along one axis of a map."""
        rng = self.choices.rng
        padded = self.choices.act_bits > 1
        kernel = int(min(rng.choice([1, 2, 3, 3, 3, 5, 7]), self.choices.max_kernel))
        if rng.random() < 0.05 and self.choices.max_kernel >= 7:
            kernel = int(rng.integers(8, 12))
        if kernel > size:
            kernel = int(rng.integers(1, size + 1))
        stride = int(min(rng.choice([1, 1, 1, 2, 3, 4]), self.choices.max_stride))
        low, high = (rng.integers(0, kernel, 2) if padded else (0, 0)) if kernel > 1 else (0, 0)
        return kernel, stride, int(low), int(high)

    def conv(
        self,
        stem: str,
        rows: int,
        kernel: tuple[int, int],
        stride: tuple[int, int] = (1, 1),
        pads: tuple[int, int, int, int] = (0, 0, 0, 0),
        groups: int = 1,
        source: str | None = None,
        like: Tensor | None = None,
        raw: bool = False,
        ones: bool = False,
    ) -> str:
        """Append a calibrated convolution of the newest tensor (or of `source`)."""
        source = self.current if source is None else source
        channels, height, width = self.tensors[source].shape
        name = self.fresh(stem)
        shape = (
            rows,
            (height + pads[0] + pads[1] - kernel[0]) // stride[0] + 1,
            (width + pads[2] + pads[3] - kernel[1]) // stride[1] + 1,
        )
        formats = (Format.BINARY,) * rows if ones else self.choices.row_formats(rows)
        weights = random_weights(self.choices.rng, formats, (channels // groups, *kernel))
        draft = Conv(
            name=name,
            input=source,
            output=name,
            weights=np.ones_like(weights) if ones else weights,
            formats=formats,
            row_scale=np.ones(rows),
            bias=np.zeros(rows, np.int64),
            requant=Raw(),
            stride=stride,
            pads=pads,
            groups=groups,
        )
        if raw:
            return self._push_raw(draft, shape)
        tensor = self.choices.tensor(name, shape)
        if like is not None:
            tensor = _with(like, name, shape)
        return self._push_calibrated(draft, tensor)

    def _push_raw(self, draft: Conv, shape: tuple[int, int, int]) -> str:
        bias = self.choices.rng.integers(-1000, 1001, shape[0])
        tensor = Tensor(name=draft.name, shape=shape, bits=32, signed=True, scale=0.001)
        return self.push(_requantised(draft, bias, Raw()), tensor)

    def _push_calibrated(self, draft: Conv, tensor: Tensor) -> str:
        acc = golden.accumulators(draft, self.values[draft.input], self.tensors[draft.input])
        per_row = np.moveaxis(acc, 1, 0).reshape(acc.shape[1], -1).astype(np.float64)
        bias, requant = _calibrated(self.choices, per_row, tensor)
        return self.push(_requantised(draft, bias, requant), tensor)

    def last(self, *, fully_connected: bool, raw: bool) -> None:
        """Append the last layer: fully connected, or pointwise."""
        _, height, width = self.shape
        kernel = (height, width) if fully_connected else (1, 1)
        self.conv("last", self.choices.channels(), kernel, raw=raw)


def _with(like: Tensor, name: str, shape: tuple[int, int, int]) -> Tensor:
    return Tensor(
        name=name,
        shape=shape,
        bits=like.bits,
        signed=like.signed,
        scale=like.scale,
        zero_point=like.zero_point,
    )


def _requantised(draft: Conv, bias: IntArray, requant: Requant) -> Conv:
    return Conv(
        name=draft.name,
        input=draft.input,
        output=draft.output,
        weights=draft.weights,
        formats=draft.formats,
        row_scale=draft.row_scale,
        bias=np.asarray(bias, np.int64),
        requant=requant,
        stride=draft.stride,
        pads=draft.pads,
        groups=draft.groups,
    )


def _calibrated(
    choices: _Choices, acc: NDArray[np.float64], tensor: Tensor
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
    if rng.choice(choices.requants) == "thresholds":
        return bias, _step_function(rng, gain, tensor)
    lo, hi = tensor.lo, tensor.hi
    if rng.random() < 0.3:  # a fused activation clamps away part of the range
        lo = max(lo, int(tensor.lo + span * 0.2))
    multiplier, shift = quantize_multiplier(gain)
    return bias, TwoStep(multiplier=multiplier, shift=shift, lo=lo, hi=hi)


def _step_function(
    rng: np.random.Generator, gain: NDArray[np.float64], tensor: Tensor
) -> Thresholds:
    """Levels of round(acc * gain) + zero_point; now and then an end is out of reach."""
    codes = np.arange(tensor.lo + 1, tensor.hi + 1)
    exact = (codes[None, :] - 0.5 - tensor.zero_point) / gain[:, None]
    levels_ = np.ceil(exact).astype(np.int64)
    cut = rng.random(gain.shape[0]) < 0.2
    levels_[cut, -1] = UNREACHABLE
    if codes.size > 4:
        levels_[rng.random(gain.shape[0]) < 0.2, 0] = -UNREACHABLE
    return Thresholds(levels=levels_, first=tensor.lo)


def _conv(build: _Builder) -> None:
    _windowed(build, "conv", build.choices.channels(), 1)


def _group(build: _Builder) -> None:
    channels = build.shape[0]
    divisors = [g for g in range(1, channels + 1) if channels % g == 0]
    groups = int(build.choices.rng.choice(divisors))
    most = max(1, build.choices.max_channels // groups)
    _windowed(build, "group", groups * int(build.choices.rng.integers(1, most + 1)), groups)


def _depthwise(build: _Builder) -> None:
    channels = build.shape[0]
    twice = 2 * channels <= build.choices.max_channels and build.choices.rng.random() < 0.2
    _windowed(build, "depthwise", channels * (2 if twice else 1), channels)


def _windowed(build: _Builder, stem: str, rows: int, groups: int) -> None:
    _, height, width = build.shape
    kernel_h, stride_y, top, bottom = build.window(height)
    kernel_w, stride_x, left, right = build.window(width)
    if build.choices.rng.random() < 0.7:  # mostly square strides
        stride_x = stride_y
    build.conv(
        stem,
        rows,
        (kernel_h, kernel_w),
        (stride_y, stride_x),
        (top, bottom, left, right),
        groups,
    )


def _pointwise(build: _Builder) -> None:
    build.conv("pointwise", build.choices.channels(), (1, 1))


def _avgpool(build: _Builder) -> None:
    channels, height, width = build.shape
    rng = build.choices.rng
    kernel = (int(rng.integers(1, min(height, 4) + 1)), int(rng.integers(1, min(width, 4) + 1)))
    build.conv("avgpool", channels, kernel, kernel, groups=channels, ones=True)


def _pool(build: _Builder) -> None:
    channels, height, width = build.shape
    rng = build.choices.rng
    axes = []
    for size in (height, width):
        kernel = int(rng.integers(1, min(size, 4) + 1))
        stride = int(rng.integers(1, 3))
        low, high = (int(v) for v in rng.integers(0, kernel, 2)) if kernel > 1 else (0, 0)
        axes.append((kernel, stride, low, high, (size + low + high - kernel) // stride + 1))
    name = build.fresh("pool")
    source = build.tensors[build.current]
    layer = MaxPool(
        name=name,
        input=build.current,
        output=name,
        kernel=(axes[0][0], axes[1][0]),
        stride=(axes[0][1], axes[1][1]),
        pads=(axes[0][2], axes[0][3], axes[1][2], axes[1][3]),
    )
    build.push(layer, _with(source, name, (channels, axes[0][4], axes[1][4])))


def _add(build: _Builder) -> None:
    """A residual block: identity or pointwise shortcut, unequal scales."""
    rng, source = build.choices.rng, build.current
    channels, height, width = build.shape
    stride = int(rng.choice([1, 1, 2]))
    padded = build.choices.act_bits > 1
    kernel = 3 if padded and min(height, width) >= 2 else 1
    pads = (1, 1, 1, 1) if kernel == 3 else (0, 0, 0, 0)
    identity = stride == 1 and rng.random() < 0.6
    rows = channels if identity else build.choices.channels()
    a = build.conv("branch", rows, (kernel, kernel), (stride, stride), pads)
    b = source
    if not identity:
        b = build.conv("shortcut", rows, (1, 1), (stride, stride), source=source)
    if rng.random() < 0.5:
        a, b = b, a
    name = build.fresh("add")
    ta, tb = build.tensors[a], build.tensors[b]
    plain = build.choices.tensor(name, ta.shape)
    out = _scaled_for_sum(plain, build.values[a], build.values[b], ta, tb)
    table = _bipolar_add(ta, tb) if out.bipolar else add_table(ta, tb, out, out.lo, out.hi)
    build.push(Add(name=name, a=a, b=b, output=name, table=table), out)


def _bipolar_add(a: Tensor, b: Tensor) -> NDArray[np.int16]:
    """Sign of the sum, a tie taking the first operand; the row of code 0 copies that of -1."""
    codes_a = np.arange(a.lo, a.hi + 1)[:, None]
    codes_b = np.arange(b.lo, b.hi + 1)[None, :]
    total = 2 * codes_a + codes_b
    return np.where(total > 0, 1, -1).astype(np.int16)


def _scaled_for_sum(
    out: Tensor, a: NDArray[Any], b: NDArray[Any], ta: Tensor, tb: Tensor
) -> Tensor:
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


def _concat(build: _Builder) -> None:
    rng, source = build.choices.rng, build.current
    like = build.choices.tensor("like", build.shape)
    most = max(1, build.choices.max_channels // 2)
    names = tuple(
        build.conv("part", int(rng.integers(1, most + 1)), (1, 1), source=source, like=like)
        for _ in range(2)
    )
    name = build.fresh("concat")
    channels = sum(build.tensors[part].shape[0] for part in names)
    shape = (channels, *build.tensors[names[0]].shape[1:])
    build.push(Concat(name=name, sources=names, output=name), _with(like, name, shape))


_BLOCKS: dict[str, Callable[[_Builder], None]] = {
    "conv": _conv,
    "depthwise": _depthwise,
    "group": _group,
    "add": _add,
    "pool": _pool,
    "avgpool": _avgpool,
    "pointwise": _pointwise,
    "concat": _concat,
}
