# SPDX-License-Identifier: Apache-2.0
"""The blocks that random networks are made of."""

from __future__ import annotations

from collections.abc import Callable

from hlsgen.frontends.tflite_arith import add_table
from hlsgen.model.graph import Add, Concat, MaxPool, Tensor
from tests.model_builder import Builder, like_tensor
from tests.model_calibration import bipolar_add, scaled_for_sum


def _conv(build: Builder) -> None:
    _windowed(build, "conv", build.choices.channels(), 1)


def _group(build: Builder) -> None:
    channels = build.shape[0]
    divisors = [g for g in range(1, channels + 1) if channels % g == 0]
    groups = int(build.choices.rng.choice(divisors))
    most = max(1, build.choices.max_channels // groups)
    _windowed(build, "group", groups * int(build.choices.rng.integers(1, most + 1)), groups)


def _depthwise(build: Builder) -> None:
    channels = build.shape[0]
    twice = 2 * channels <= build.choices.max_channels and build.choices.rng.random() < 0.2
    _windowed(build, "depthwise", channels * (2 if twice else 1), channels)


def _windowed(build: Builder, stem: str, rows: int, groups: int) -> None:
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


def _strided(build: Builder) -> None:
    """Stride 3 or 4 along both axes, or other strides down than across."""
    rng = build.choices.rng
    stride = int(rng.integers(3, 5))
    strides = (int(rng.integers(1, 5)), stride) if rng.random() < 0.4 else (stride, stride)
    _padded(build, "strided", (int(rng.integers(2, 6)), int(rng.integers(2, 6))), strides)


def _large(build: Builder) -> None:
    """A kernel of 8 to 11 rows, columns or both; the padding makes up what the map lacks."""
    rng = build.choices.rng
    kernel = [int(size) for size in rng.integers(8, 12, 2)]
    if rng.random() < 0.5:
        kernel[rng.integers(2)] = int(rng.integers(1, 4))
    _padded(build, "large", (kernel[0], kernel[1]), (1, int(rng.integers(1, 3))))


def _padded(build: Builder, stem: str, kernel: tuple[int, int], stride: tuple[int, int]) -> None:
    """A convolution with about half its kernel of padding, more at one side than at the other."""
    rng = build.choices.rng
    sizes, pads = [], []
    for size, map_size in zip(kernel, build.shape[1:], strict=True):
        if build.choices.act_bits == 1:  # knows no padding
            size, low, high = min(size, map_size), 0, 0
        else:
            low = int(rng.integers(0, size // 2 + 1))
            high = max(size // 2 - low, size - map_size - low, 0)
            low, high = (low, high) if rng.random() < 0.5 else (high, low)
        sizes.append(size)
        pads += [low, high]
    build.conv(
        stem,
        build.choices.channels(),
        (sizes[0], sizes[1]),
        stride,
        (pads[0], pads[1], pads[2], pads[3]),
    )


def _fork(build: Builder) -> None:
    """A tensor that is read with strides 1 and 2, which takes a copy through memory."""
    source = build.current
    build.conv("whole", build.choices.channels(), (1, 1))
    rows = build.choices.channels()
    if build.choices.wide or build.choices.rng.random() < 0.5:
        shape = build.tensors[source].shape
        like = build.choices.tensor("like", (1, -(-shape[1] // 2), -(-shape[2] // 2)))
        a = build.conv("part", rows, (1, 1), (2, 2), like=like)
        b = build.conv("part", rows, (1, 1), (2, 2), source=source, like=like)
        _join(build, (a, b), like)
    else:
        a = build.conv("branch", rows, (1, 1), (2, 2))
        b = build.conv("shortcut", rows, (1, 1), (2, 2), source=source)
        _sum(build, a, b)


def _pointwise(build: Builder) -> None:
    build.conv("pointwise", build.choices.channels(), (1, 1))


def _avgpool(build: Builder) -> None:
    channels, height, width = build.shape
    rng = build.choices.rng
    kernel = (int(rng.integers(1, min(height, 4) + 1)), int(rng.integers(1, min(width, 4) + 1)))
    build.conv("avgpool", channels, kernel, kernel, groups=channels, ones=True)


def _pool(build: Builder) -> None:
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
    build.push(layer, like_tensor(source, name, (channels, axes[0][4], axes[1][4])))


def _add(build: Builder) -> None:
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
    _sum(build, a, b)


def _sum(build: Builder, a: str, b: str) -> None:
    if build.choices.rng.random() < 0.5:
        a, b = b, a
    name = build.fresh("add")
    ta, tb = build.tensors[a], build.tensors[b]
    plain = build.choices.tensor(name, ta.shape)
    out = scaled_for_sum(plain, build.values[a], build.values[b], ta, tb)
    table = bipolar_add(ta, tb) if out.bipolar else add_table(ta, tb, out, out.lo, out.hi)
    build.push(Add(name=name, a=a, b=b, output=name, table=table), out)


def _concat(build: Builder) -> None:
    rng, source = build.choices.rng, build.current
    like = build.choices.tensor("like", build.shape)
    most = max(1, build.choices.max_channels // 2)
    names = tuple(
        build.conv("part", int(rng.integers(1, most + 1)), (1, 1), source=source, like=like)
        for _ in range(2)
    )
    _join(build, names, like)


def _join(build: Builder, names: tuple[str, ...], like: Tensor) -> None:
    name = build.fresh("concat")
    channels = sum(build.tensors[part].shape[0] for part in names)
    shape = (channels, *build.tensors[names[0]].shape[1:])
    build.push(Concat(name=name, sources=names, output=name), like_tensor(like, name, shape))


BLOCKS: dict[str, Callable[[Builder], None]] = {
    "conv": _conv,
    "depthwise": _depthwise,
    "group": _group,
    "add": _add,
    "pool": _pool,
    "avgpool": _avgpool,
    "pointwise": _pointwise,
    "concat": _concat,
    "strided": _strided,
    "large": _large,
    "fork": _fork,
}
