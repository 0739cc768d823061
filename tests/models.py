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

from hlsgen.frontends.tflite_arith import add_table
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
)
from hlsgen.model.numbers import Format
from tests.model_calibration import (
    Choices,
    bipolar_add,
    calibrated,
    random_weights,
    scaled_for_sum,
    tensor_codes,
)

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
    choices = Choices(
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


def _input_tensor(choices: Choices, max_hw: int) -> Tensor:
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

    choices: Choices
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
        return self._pushcalibrated(draft, tensor)

    def _push_raw(self, draft: Conv, shape: tuple[int, int, int]) -> str:
        bias = self.choices.rng.integers(-1000, 1001, shape[0])
        tensor = Tensor(name=draft.name, shape=shape, bits=32, signed=True, scale=0.001)
        return self.push(_requantised(draft, bias, Raw()), tensor)

    def _pushcalibrated(self, draft: Conv, tensor: Tensor) -> str:
        acc = golden.accumulators(draft, self.values[draft.input], self.tensors[draft.input])
        per_row = np.moveaxis(acc, 1, 0).reshape(acc.shape[1], -1).astype(np.float64)
        bias, requant = calibrated(self.choices, per_row, tensor)
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
    out = scaled_for_sum(plain, build.values[a], build.values[b], ta, tb)
    table = bipolar_add(ta, tb) if out.bipolar else add_table(ta, tb, out, out.lo, out.hi)
    build.push(Add(name=name, a=a, b=b, output=name, table=table), out)


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
