# SPDX-License-Identifier: Apache-2.0
"""Lowering that frontends share: pools, padding, re-scaling and flattening as convolutions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from hlsgen.model.graph import Conv, IntArray, Layer, Requant, Tensor, Thresholds
from hlsgen.model.numbers import Format
from hlsgen.model.requant import UNREACHABLE

Pads = tuple[int, int, int, int]  # top, bottom, left, right


def average_pool_as_conv(
    name: str,
    source: Tensor,
    target: Tensor,
    kernel: tuple[int, int],
    stride: tuple[int, int],
    requant: Requant,
) -> Conv:
    """Sum over an unpadded window as a depthwise convolution of ones.

    acc = sum(x - zero point of x); `requant` divides and rounds (see `thresholds_of_codes`).
    """
    used = used_stride(stride, kernel, (source.shape[1], source.shape[2]))
    return _depthwise_ones(name, source, target, kernel, requant, used)


def identity_conv(name: str, source: Tensor, target: Tensor, requant: Requant) -> Conv:
    """Re-scale a tensor: depthwise 1x1 of weight 1, so acc = x - zero point of x."""
    return _depthwise_ones(name, source, target, (1, 1), requant, (1, 1))


def padding_conv(name: str, source: Tensor, target: Tensor, pads: Pads, requant: Requant) -> Conv:
    """Pad a map with its zero point where no convolution can take the padding in.

    Depthwise with a single 1 in each kernel; the kernel is one larger than both pads together,
    because pads have to be smaller than the kernel.
    """
    top, bottom, left, right = pads
    channels = source.shape[0]
    weights = np.zeros((channels, 1, top + bottom + 1, left + right + 1), np.int64)
    weights[:, :, bottom, right] = 1
    fmt = Format.TERNARY if weights[0].size > 1 else Format.BINARY
    return Conv(
        name=name,
        input=source.name,
        output=target.name,
        weights=weights,
        formats=(fmt,) * channels,
        row_scale=np.ones(channels),
        bias=np.zeros(channels, np.int64),
        requant=requant,
        pads=(top + bottom, top + bottom, left + right, left + right),
        groups=channels,
    )


def _depthwise_ones(
    name: str,
    source: Tensor,
    target: Tensor,
    kernel: tuple[int, int],
    requant: Requant,
    stride: tuple[int, int],
) -> Conv:
    channels = source.shape[0]
    return Conv(
        name=name,
        input=source.name,
        output=target.name,
        weights=np.ones((channels, 1, *kernel), np.int64),
        formats=(Format.BINARY,) * channels,
        row_scale=np.ones(channels),
        bias=np.zeros(channels, np.int64),
        requant=requant,
        stride=stride,
        groups=channels,
    )


def flatten_to_kernel(weights: IntArray, shape: tuple[int, int, int], order: str) -> IntArray:
    """Weights [rows, features] of a dense layer as a kernel [rows, channels, height, width].

    `shape` is the flattened map's (channels, height, width), `order` the axis order in which the
    source flattened it: "HWC" (TFLite) or "CHW" (ONNX).
    """
    rows = weights.shape[0]
    channels, height, width = shape
    if order == "HWC":
        spread = weights.reshape(rows, height, width, channels).transpose(0, 3, 1, 2)
    else:
        spread = weights.reshape(rows, channels, height, width)
    return np.ascontiguousarray(spread)


def pad_into_conv(conv: Conv, pads: Pads) -> Conv | None:
    """Take padding by the zero point in front of `conv` into it; None where it does not fit."""
    total = (
        conv.pads[0] + pads[0],
        conv.pads[1] + pads[1],
        conv.pads[2] + pads[2],
        conv.pads[3] + pads[3],
    )
    kernel_h, kernel_w = conv.weights.shape[2:]
    if max(total[:2]) >= kernel_h or max(total[2:]) >= kernel_w:
        return None
    return replace(conv, pads=total)


def used_stride(
    stride: tuple[int, int], kernel: tuple[int, int], padded: tuple[int, int]
) -> tuple[int, int]:
    """The stride, along an axis with a single output the smallest that keeps it single.

    `padded` is the map's height and width with its padding.
    """
    return (
        _used(stride[0], padded[0] - kernel[0]),
        _used(stride[1], padded[1] - kernel[1]),
    )


def _used(stride: int, room: int) -> int:
    return room + 1 if 0 <= room < stride else stride


def thresholds_of_codes(codes: IntArray, start: int, rows: int, first: int) -> Thresholds:
    """The monotone step function acc -> codes[acc - start], equal for every row.

    `codes` lists the exact codes of all reachable accumulators in order; codes below `first` do
    not occur. Accumulators behind the list take its last code.
    """
    wanted = np.arange(first + 1, int(codes.max(initial=first)) + 1)
    at = np.searchsorted(codes, wanted, side="left")
    levels = np.where(at == 0, -UNREACHABLE, at + start)
    if not levels.size:
        levels = np.array([UNREACHABLE])
    return Thresholds(levels=np.tile(levels, (rows, 1)), first=first)


def without_dead(layers: Sequence[Layer], outputs: Sequence[str]) -> tuple[Layer, ...]:
    """Drop layers whose result reaches no output; the order is kept."""
    needed, kept = set(outputs), []
    for layer in reversed(layers):
        if layer.output in needed:
            needed.update(layer.inputs)
            kept.append(layer)
    return tuple(reversed(kept))
