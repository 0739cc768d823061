# SPDX-License-Identifier: Apache-2.0
"""Every TFLite operator against LiteRT's reference kernels, bit for bit, on random models."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from hlsgen.frontends.tflite import load_tflite
from hlsgen.frontends.tflite_arith import add_table
from hlsgen.model import golden
from hlsgen.model.graph import Tensor
from tests.tflite_build import (
    FLOAT32,
    INT32,
    SAME,
    UINT8,
    VALID,
    TfliteBuilder,
    compare_all,
    reference,
)

pytestmark = pytest.mark.net
RELU, RELU6 = 1, 3


def frames(rng: np.random.Generator, n: int, *shape: int) -> NDArray[np.int8]:
    return rng.integers(-128, 128, (n, *shape)).astype(np.int8)


def random_scale(rng: np.random.Generator) -> float:
    return float(np.float32(rng.uniform(0.005, 0.2)))


class Net:
    """A chain of operators with scales that use the output range."""

    def __init__(self, rng: np.random.Generator, *shape: int) -> None:
        self.rng, self.build = rng, TfliteBuilder()
        self.shape = shape
        self.scale, self.zero = random_scale(rng), int(rng.integers(-128, 128))
        self.first = self.now = self.build.tensor((1, *shape), self.scale, self.zero)

    def output(self, shape: tuple[int, ...], scale: float, zero: int | None = None) -> int:
        self.scale = float(np.float32(scale))
        self.zero = int(self.rng.integers(-128, 128)) if zero is None else zero
        self.shape = shape
        self.now = self.build.tensor((1, *shape), self.scale, self.zero)
        return self.now

    def weights(self, shape: tuple[int, ...], axis: int, per_channel: bool = True) -> Any:
        rng, rows = self.rng, shape[axis]
        data = rng.integers(-127, 128, shape).astype(np.int8)
        scale = rng.uniform(0.001, 0.02, rows if per_channel else 1).astype(np.float32)
        w = self.build.tensor(shape, scale, 0, data=data, axis=axis)
        bias = rng.integers(-3000, 3000, rows).astype(np.int32)
        b = self.build.tensor((rows,), scale * np.float32(self.scale), 0, data=bias, kind=INT32)
        fan = data.size / rows
        spread = 70 * 75 * np.sqrt(fan) * self.scale * float(scale.mean())
        return w, b, spread / 40

    def conv(
        self,
        rows: int,
        kernel: tuple[int, int],
        stride: tuple[int, int],
        padding: int,
        *,
        act: int = 0,
        groups: int = 1,
        dilation: tuple[int, int] = (1, 1),
    ) -> None:
        height, width, channels = self.shape
        w, b, scale = self.weights((rows, *kernel, channels // groups), 0)
        out = out_size((height, width), kernel, stride, padding, dilation)
        source = self.now
        self.build.op(
            "CONV_2D",
            [source, w, b],
            [self.output((*out, rows), scale, -128 if act else None)],
            "Conv2DOptions",
            Padding=padding,
            StrideH=stride[0],
            StrideW=stride[1],
            DilationHFactor=dilation[0],
            DilationWFactor=dilation[1],
            FusedActivationFunction=act,
        )

    def depthwise(
        self, multiplier: int, kernel: tuple[int, int], stride: int, padding: int
    ) -> None:
        height, width, channels = self.shape
        w, b, scale = self.weights((1, *kernel, channels * multiplier), 3)
        out = out_size((height, width), kernel, (stride, stride), padding)
        source = self.now
        self.build.op(
            "DEPTHWISE_CONV_2D",
            [source, w, b],
            [self.output((*out, channels * multiplier), scale)],
            "DepthwiseConv2DOptions",
            Padding=padding,
            StrideH=stride,
            StrideW=stride,
            DepthMultiplier=multiplier,
            DilationHFactor=1,
            DilationWFactor=1,
            FusedActivationFunction=RELU,
        )

    def dense(self, rows: int, per_channel: bool = False, bias: bool = True) -> None:
        w, b, scale = self.weights((rows, int(np.prod(self.shape))), 0, per_channel)
        source = self.now
        self.build.op(
            "FULLY_CONNECTED",
            [source, w, b if bias else -1],
            [self.output((rows,), scale)],
            "FullyConnectedOptions",
            FusedActivationFunction=0,
        )

    def flatten(self) -> None:
        size = int(np.prod(self.shape))
        to = np.array([1, size], np.int32)
        s = self.build.tensor((2,), data=to, kind=INT32)
        source = self.now
        self.build.op("RESHAPE", [source, s], [self.output((size,), self.scale, self.zero)])

    def pool(
        self,
        kind: str,
        kernel: tuple[int, int],
        stride: tuple[int, int],
        padding: int,
        act: int = 0,
    ) -> None:
        height, width, channels = self.shape
        out = out_size((height, width), kernel, stride, padding)
        source = self.now
        self.build.op(
            kind,
            [source],
            [self.output((*out, channels), self.scale, self.zero)],
            "Pool2DOptions",
            Padding=padding,
            StrideH=stride[0],
            StrideW=stride[1],
            FilterHeight=kernel[0],
            FilterWidth=kernel[1],
            FusedActivationFunction=act,
        )

    def mean(self, keep: bool, factor: float, zero: int | None) -> None:
        channels = self.shape[2]
        axes = self.build.tensor((2,), data=np.array([1, 2], np.int32), kind=INT32)
        shape = (1, 1, channels) if keep else (channels,)
        source = self.now
        self.build.op(
            "MEAN",
            [source, axes],
            [self.output(shape, self.scale * factor, zero)],
            "ReducerOptions",
            KeepDims=int(keep),
        )

    def pad(self, top: int, bottom: int, left: int, right: int) -> None:
        height, width, channels = self.shape
        table = np.array([[0, 0], [top, bottom], [left, right], [0, 0]], np.int32)
        p = self.build.tensor((4, 2), data=table, kind=INT32)
        source = self.now
        shape = (height + top + bottom, width + left + right, channels)
        self.build.op("PAD", [source, p], [self.output(shape, self.scale, self.zero)])

    def add(self, other: int, spread: float) -> None:
        source = self.now
        self.build.op(
            "ADD",
            [source, other],
            [self.output(self.shape, spread)],
            "AddOptions",
            FusedActivationFunction=0,
        )

    def write(self, folder: Path) -> Path:
        return self.build.write(folder / "net.tflite", [self.first], [self.now])


def out_size(
    size: tuple[int, int],
    kernel: tuple[int, int],
    stride: tuple[int, int],
    padding: int,
    dilation: tuple[int, int] = (1, 1),
) -> tuple[int, int]:
    sizes = []
    for n, k, s, d in zip(size, kernel, stride, dilation, strict=True):
        reach = (k - 1) * d + 1
        sizes.append(-(-n // s) if padding == SAME else (n - reach) // s + 1)
    return sizes[0], sizes[1]


def used(model: Any, rng: np.random.Generator) -> float:
    """Share of the last tensor's codes that are not saturated."""
    tensor = model.tensors[model.input]
    codes = golden.run(model, rng.integers(-128, 128, (8, *tensor.shape)))[model.outputs[0]]
    return float(((codes > -128) & (codes < 127)).mean())


CONVS = [
    ((3, 3), (1, 1), SAME, {}),
    ((3, 3), (2, 2), SAME, {"act": RELU}),
    ((5, 4), (3, 2), VALID, {"act": RELU6}),
    ((1, 1), (2, 1), SAME, {}),
    ((2, 3), (4, 4), SAME, {}),
    ((3, 3), (1, 1), SAME, {"groups": 3}),
    ((3, 2), (1, 1), SAME, {"dilation": (2, 3)}),
    ((3, 3), (1, 1), VALID, {"dilation": (2, 1)}),
]


@pytest.mark.parametrize(("kernel", "stride", "padding", "extra"), CONVS)
def test_tflite_conv_matches_reference(
    kernel: Any, stride: Any, padding: int, extra: Any, tmp_path: Path
) -> None:
    rng = np.random.default_rng(hash((kernel, stride, padding)) % 1000)
    for _ in range(4):
        height, width = (int(size) for size in rng.integers(6, 13, 2))
        net = Net(rng, height, width, 6)
        net.conv(9, kernel, stride, padding, **extra)
        model, _ = compare_all(net.write(tmp_path), frames(rng, 4, height, width, 6))
        assert used(model, rng) > 0.3


def test_tflite_depthwise_matches_reference(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    for multiplier, stride, padding in ((1, 1, SAME), (1, 2, SAME), (3, 1, VALID), (2, 2, SAME)):
        net = Net(rng, 9, 8, 5)
        net.depthwise(multiplier, (3, 3), stride, padding)
        compare_all(net.write(tmp_path), frames(rng, 4, 9, 8, 5))


@pytest.mark.parametrize("per_channel", [False, True])
def test_tflite_fully_connected_matches_reference(per_channel: bool, tmp_path: Path) -> None:
    """Many outputs: multipliers that differ in the last bits show as single codes."""
    rng = np.random.default_rng(3)
    compared = 0
    for _ in range(6):
        net = Net(rng, 4, 3, 8)
        net.conv(40, (1, 1), (1, 1), SAME)
        net.flatten()
        net.dense(2000, per_channel, bias=bool(rng.integers(2)))
        model, count = compare_all(net.write(tmp_path), frames(rng, 60, 4, 3, 8))
        assert used(model, rng) > 0.3
        compared += count
    assert compared > 500_000


def test_tflite_average_pool_matches_reference(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    for kernel, stride, act in (
        ((2, 2), (2, 2), 0),
        ((3, 3), (1, 2), 0),
        ((1, 4), (1, 1), RELU),
        ((7, 7), (7, 7), 0),
        ((8, 9), (1, 1), 0),
    ):
        net = Net(rng, 8, 9, 4)
        net.pool("AVERAGE_POOL_2D", kernel, stride, VALID, act)
        compare_all(net.write(tmp_path), frames(rng, 20, 8, 9, 4))


def test_tflite_max_pool_matches_reference(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    for kernel, stride, padding in (
        ((2, 2), (2, 2), VALID),
        ((3, 3), (2, 2), SAME),
        ((3, 2), (1, 1), SAME),
    ):
        net = Net(rng, 8, 9, 4)
        net.pool("MAX_POOL_2D", kernel, stride, padding)
        compare_all(net.write(tmp_path), frames(rng, 5, 8, 9, 4))


@pytest.mark.parametrize("keep", [False, True])
def test_tflite_mean_matches_reference(keep: bool, tmp_path: Path) -> None:
    rng = np.random.default_rng(6)
    for factor, same_zero in ((1.0, True), (0.4, False), (0.7, False), (1.0, False), (2.5, False)):
        for size in ((7, 7), (3, 5), (1, 1), (16, 12)):
            net = Net(rng, *size, 64)
            net.mean(keep, factor, net.zero if same_zero else None)
            compare_all(net.write(tmp_path), frames(rng, 30, *size, 64))


def test_tflite_add_matches_reference(tmp_path: Path) -> None:
    """All pairs of codes, for many scales."""
    rng = np.random.default_rng(7)
    for _ in range(12):
        net = Net(rng, 16, 16, 2)
        net.conv(4, (1, 1), (1, 1), SAME)
        left, left_scale = net.now, net.scale
        net.now, net.shape = net.first, (16, 16, 2)
        net.conv(4, (1, 1), (1, 1), SAME)
        net.add(left, (left_scale + net.scale) * rng.uniform(0.3, 1.2))
        compare_all(net.write(tmp_path), frames(rng, 20, 16, 16, 2))


def test_tflite_add_table_matches_reference_on_all_pairs(tmp_path: Path) -> None:
    """65,536 pairs for 60 triples of scales: differences in the last bits show as single codes."""
    rng = np.random.default_rng(10)
    codes = np.arange(-128, 128, dtype=np.int8)
    pairs = np.meshgrid(codes, codes, indexing="ij")
    for _ in range(60):
        scales = [random_scale(rng), random_scale(rng)]
        scales.append(float(np.float32(sum(scales) * rng.uniform(0.3, 1.0))))
        zeros = [int(zero) for zero in rng.integers(-128, 128, 3)]
        build = TfliteBuilder()
        a, b, out = (
            build.tensor((1, 256, 256, 1), scale, zero)
            for scale, zero in zip(scales, zeros, strict=True)
        )
        build.op("ADD", [a, b], [out], "AddOptions", FusedActivationFunction=0)
        interpreter = reference(build.write(tmp_path / "add.tflite", [a, b], [out]))
        for index, values in zip((a, b), pairs, strict=True):
            interpreter.set_tensor(index, values[None, :, :, None])
        interpreter.invoke()
        tensors = [
            Tensor(name="t", shape=(1, 1, 1), bits=8, signed=True, scale=scale, zero_point=zero)
            for scale, zero in zip(scales, zeros, strict=True)
        ]
        table = add_table(*tensors, -128, 127)
        assert np.array_equal(table, interpreter.get_tensor(out)[0, :, :, 0])


def test_tflite_pad_is_folded_or_carried_out(tmp_path: Path) -> None:
    rng = np.random.default_rng(8)
    net = Net(rng, 7, 6, 3)
    net.pad(0, 1, 1, 0)
    net.conv(5, (3, 3), (2, 2), VALID)
    model, _ = compare_all(net.write(tmp_path), frames(rng, 4, 7, 6, 3))
    assert len(model.layers) == 1
    net = Net(rng, 7, 6, 3)
    net.pad(3, 1, 1, 2)
    net.conv(5, (1, 1), (1, 1), VALID)
    net.pad(1, 1, 1, 1)
    net.pool("MAX_POOL_2D", (3, 3), (2, 2), VALID)
    model, _ = compare_all(net.write(tmp_path), frames(rng, 4, 7, 6, 3))
    assert len(model.layers) == 4


def test_tflite_concatenation_and_requantisation_match_reference(tmp_path: Path) -> None:
    rng = np.random.default_rng(9)
    net = Net(rng, 6, 5, 3)
    net.conv(4, (3, 3), (1, 1), SAME)
    left, scale, zero = net.now, net.scale, net.zero
    net.now, net.shape = net.first, (6, 5, 3)
    net.conv(5, (1, 1), (1, 1), SAME)
    right = net.build.op("QUANTIZE", [net.now], [net.output(net.shape, scale, zero)])
    out = net.output((6, 5, 9), scale, zero)
    net.build.op("CONCATENATION", [left, right], [out], "ConcatenationOptions", Axis=3)
    compare_all(net.write(tmp_path), frames(rng, 8, 6, 5, 3))


@pytest.mark.parametrize("zero", [-128, 3])
def test_tflite_float_input_takes_exact_levels(zero: int, tmp_path: Path) -> None:
    """Codes of real inputs equal LiteRT's QUANTIZE at and around every rounding boundary."""
    scale = np.float32(0.0371)
    build = TfliteBuilder()
    real = build.tensor((1, 16, 16, 3), kind=FLOAT32)
    codes = build.tensor((1, 16, 16, 3), scale, zero)
    build.op("QUANTIZE", [real], [codes])
    build.op(
        "MAX_POOL_2D",
        [codes],
        [build.tensor((1, 16, 16, 3), scale, zero)],
        "Pool2DOptions",
        Padding=VALID,
        StrideH=1,
        StrideW=1,
        FilterHeight=1,
        FilterWidth=1,
    )
    path = build.write(tmp_path / "f.tflite", [real], [2])
    model = load_tflite(path)
    steps = np.float32(np.arange(-128, 128) + 0.5) * scale
    around = np.concatenate([steps, np.nextafter(steps, 9), np.nextafter(steps, -9)])
    x = around.astype(np.float32).reshape(1, 16, 16, 3)
    interpreter = reference(path)
    interpreter.set_tensor(0, x)
    interpreter.invoke()
    want = interpreter.get_tensor(1).transpose(0, 3, 1, 2)
    assert np.array_equal(golden.preprocess(model, x), want)


def test_tflite_uint8_input_is_pixels(tmp_path: Path) -> None:
    build = TfliteBuilder()
    pixels = build.tensor((1, 2, 2, 1), 0.5, 100, kind=UINT8)
    codes = build.tensor((1, 2, 2, 1), 0.5, -28)
    build.op("QUANTIZE", [pixels], [codes])
    out = build.tensor((1, 2, 2, 1), 0.5, -28)
    build.op(
        "MAX_POOL_2D",
        [codes],
        [out],
        "Pool2DOptions",
        Padding=VALID,
        StrideH=1,
        StrideW=1,
        FilterHeight=1,
        FilterWidth=1,
    )
    model = load_tflite(build.write(tmp_path / "u.tflite", [pixels], [out]))
    x = np.array([[[[0], [100]], [[128], [255]]]], np.uint8)
    assert golden.preprocess(model, x).reshape(-1).tolist() == [-128, -28, 0, 127]
