# SPDX-License-Identifier: Apache-2.0
"""The networks of the zoo as short tables of blocks, and the blocks as nodes with shapes.

Nothing here has weights: sizes, parameters and products follow from the tables alone.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from hlsgen.errors import ParameterError

_MOST_SIZE = 1024  # height and width of an input
_MOST_WIDTH = 4.0

Shape: TypeAlias = tuple[int, int, int]  # channels, height, width


@dataclass(frozen=True, slots=True)
class C:
    """Convolution and ReLU; padded to keep the map unless `pad` says otherwise."""

    channels: int
    kernel: int = 3
    stride: int = 1
    pad: int | None = None


@dataclass(frozen=True, slots=True)
class P:
    """Maximum pooling."""

    kernel: int = 2
    stride: int = 2
    pad: int = 0


@dataclass(frozen=True, slots=True)
class R:
    """Basic residual block: two 3x3 convolutions beside a shortcut (1x1 where shapes differ)."""

    channels: int
    stride: int = 1


@dataclass(frozen=True, slots=True)
class D:
    """Depthwise 3x3 and pointwise 1x1 convolution."""

    channels: int
    stride: int = 1


@dataclass(frozen=True, slots=True)
class A:
    """Global average pooling."""


@dataclass(frozen=True, slots=True)
class F:
    """Fully connected layer over the whole map; the last one of a network is the classifier."""

    channels: int


Block: TypeAlias = C | P | R | D | A | F


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """A network of the zoo: the input's channels, height and width, and its blocks in order."""

    channels: int = 3
    size: int = 224
    blocks: tuple[Block, ...]


def _vgg(*depths: int) -> tuple[Block, ...]:
    """VGG: `depths` convolutions in each of the five stages, then three dense layers."""
    stages = zip((64, 128, 256, 512, 512), depths, strict=True)
    maps: list[Block] = []
    for channels, depth in stages:
        maps += [*[C(channels)] * depth, P()]
    return (*maps, F(4096), F(4096), F(1000))


NETWORKS: dict[str, Network] = {
    "lenet5": Network(
        channels=1,
        size=32,
        blocks=(C(6, 5, pad=0), P(), C(16, 5, pad=0), P(), F(120), F(84), F(10)),
    ),
    "resnet8": Network(size=32, blocks=(C(16), R(16), R(32, 2), R(64, 2), A(), F(10))),
    "resnet18": Network(
        blocks=(
            *(C(64, 7, 2), P(3, 2, 1)),
            *(R(64), R(64), R(128, 2), R(128), R(256, 2), R(256), R(512, 2), R(512)),
            *(A(), F(1000)),
        )
    ),
    "vgg11": Network(blocks=_vgg(1, 1, 2, 2, 2)),
    "vgg16": Network(blocks=_vgg(2, 2, 3, 3, 3)),
    "mobilenet": Network(
        blocks=(
            *(C(32, 3, 2), D(64), D(128, 2), D(128), D(256, 2), D(256), D(512, 2)),
            *(*(D(512),) * 5, D(1024, 2), D(1024), A(), F(1000)),
        )
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ConvNode:
    """A convolution; the tensor it gives has its name."""

    name: str
    input: str
    source: Shape
    shape: Shape
    kernel: tuple[int, int]
    stride: int = 1
    pad: int = 0
    groups: int = 1
    relu: bool = True

    @property
    def fan_in(self) -> int:
        """Weights of a row."""
        return self.source[0] // self.groups * self.kernel[0] * self.kernel[1]

    @property
    def parameters(self) -> int:
        """Weights, without biases."""
        return self.shape[0] * self.fan_in

    @property
    def macs(self) -> int:
        """Products of a frame."""
        return self.parameters * self.shape[1] * self.shape[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolNode:
    """Maximum pooling, or with `average` the mean of the whole map."""

    name: str
    input: str
    shape: Shape
    kernel: tuple[int, int]
    stride: int
    pad: int
    average: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AddNode:
    """Sum of two tensors and ReLU."""

    name: str
    a: str
    b: str
    shape: Shape


Node: TypeAlias = ConvNode | PoolNode | AddNode


def network(name: str) -> Network:
    """The table of a network of the zoo."""
    if name not in NETWORKS:
        raise ParameterError(f"Zoo network must be one of {', '.join(NETWORKS)}, not {name!r}")
    return NETWORKS[name]


def resized(table: Network, size: int | None, width: float) -> Network:
    """The network for another input size and with `width` times the channels.

    Channels become the nearest whole number of at least one; the input's and the classes stay.
    """
    size = table.size if size is None else size
    if not 1 <= size <= _MOST_SIZE:
        raise ParameterError(f"Zoo size must be 1..{_MOST_SIZE} pixels, not {size}")
    if not (math.isfinite(width) and 0 < width <= _MOST_WIDTH):
        raise ParameterError(
            f"Zoo width must be above 0 and at most {_MOST_WIDTH:g}, not {width}; e.g. 0.25"
        )
    blocks = (*(_scaled(block, width) for block in table.blocks[:-1]), table.blocks[-1])
    return replace(table, size=size, blocks=blocks)


def snapped_channels(table: Network, width: float) -> dict[int, int]:
    """Channel counts that `width` does not turn into whole numbers, and what they become."""
    counts = [block.channels for block in table.blocks[:-1] if isinstance(block, C | R | D | F)]
    return {n: _snapped(n, width) for n in sorted(set(counts)) if n * width != _snapped(n, width)}


def nodes(table: Network) -> list[Node]:
    """The blocks as nodes in execution order."""
    found: list[Node] = []
    place, shape = "input", (table.channels, table.size, table.size)
    for index, block in enumerate(table.blocks):
        last = index == len(table.blocks) - 1
        found += _expanded(block, f"{index:02d}", place, shape, last)
        place, shape = found[-1].name, found[-1].shape
    return found


def parameters(found: list[Node]) -> int:
    """Weights of a network, without biases."""
    return sum(node.parameters for node in found if isinstance(node, ConvNode))


def macs(found: list[Node]) -> int:
    """Products of a frame; pooling has none."""
    return sum(node.macs for node in found if isinstance(node, ConvNode))


def figures(name: str) -> dict[str, Any]:
    """A network of the zoo in a line: name, input, parameters (weights), products of a frame."""
    table = network(name)
    found = nodes(table)
    return {
        "name": name,
        "input": [table.channels, table.size, table.size],
        "layers": len(found),
        "parameters": parameters(found),
        "macs": macs(found),
    }


def _snapped(channels: int, width: float) -> int:
    return max(1, round(channels * width))


def _scaled(block: Block, width: float) -> Block:
    if isinstance(block, P | A):
        return block
    return replace(block, channels=_snapped(block.channels, width))


def _expanded(block: Block, tag: str, place: str, shape: Shape, last: bool) -> Iterator[Node]:
    if isinstance(block, C):
        pad = block.kernel // 2 if block.pad is None else block.pad
        yield _conv(f"conv{tag}", place, shape, block.channels, block.kernel, block.stride, pad)
    elif isinstance(block, P):
        out = _map(f"pool{tag}", shape, block.kernel, block.stride, block.pad)
        yield PoolNode(
            name=f"pool{tag}",
            input=place,
            shape=(shape[0], *out),
            kernel=(block.kernel,) * 2,
            stride=block.stride,
            pad=block.pad,
        )
    elif isinstance(block, R):
        yield from _residual(block, f"block{tag}", place, shape)
    elif isinstance(block, D):
        depth = _conv(f"block{tag}_depth", place, shape, shape[0], 3, block.stride, 1)
        yield replace(depth, groups=shape[0])
        yield _conv(f"block{tag}_point", depth.name, depth.shape, block.channels, 1, 1, 0)
    elif isinstance(block, A):
        yield PoolNode(
            name=f"average{tag}",
            input=place,
            shape=(shape[0], 1, 1),
            kernel=shape[1:],
            stride=1,
            pad=0,
            average=True,
        )
    else:
        out_shape = (block.channels, 1, 1)
        name, kernel = f"dense{tag}", shape[1:]
        yield ConvNode(
            name=name, input=place, source=shape, shape=out_shape, kernel=kernel, relu=not last
        )


def _residual(block: R, tag: str, place: str, shape: Shape) -> Iterator[Node]:
    first = _conv(f"{tag}_first", place, shape, block.channels, 3, block.stride, 1)
    second = _conv(f"{tag}_second", first.name, first.shape, block.channels, 3, 1, 1)
    yield first
    shortcut = place
    if first.shape != shape:
        down = _conv(f"{tag}_down", place, shape, block.channels, 1, block.stride, 0)
        shortcut = down.name
        yield replace(down, relu=False)
    yield replace(second, relu=False)
    yield AddNode(name=f"{tag}_sum", a=second.name, b=shortcut, shape=second.shape)


def _conv(
    name: str, place: str, shape: Shape, channels: int, kernel: int, stride: int, pad: int
) -> ConvNode:
    return ConvNode(
        name=name,
        input=place,
        source=shape,
        shape=(channels, *_map(name, shape, kernel, stride, pad)),
        kernel=(kernel, kernel),
        stride=stride,
        pad=pad,
    )


def _map(name: str, shape: Shape, kernel: int, stride: int, pad: int) -> tuple[int, int]:
    """Height and width behind a window."""
    if shape[1] + 2 * pad < kernel:
        raise ParameterError(
            f"Zoo size must leave at least a {kernel}x{kernel} window to layer {name}, "
            f"not a map of {shape[1]}x{shape[2]}; give a larger --size"
        )
    height, width = ((side + 2 * pad - kernel) // stride + 1 for side in shape[1:])
    return height, width
