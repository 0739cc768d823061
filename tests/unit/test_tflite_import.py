# SPDX-License-Identifier: Apache-2.0
"""What the TFLite importer refuses, and how it says so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hlsgen.errors import ModelError, ToolError, UnsupportedError
from hlsgen.frontends.tflite import load_tflite
from hlsgen.frontends.tflite_arith import activation_range, single_rounding, window
from hlsgen.model.graph import Conv
from hlsgen.model.requant import UNREACHABLE, apply
from tests.tflite_build import FLOAT32, INT32, SAME, VALID, TfliteBuilder

pytestmark = pytest.mark.unit
CONV = {
    "Padding": SAME,
    "StrideH": 1,
    "StrideW": 1,
    "DilationHFactor": 1,
    "DilationWFactor": 1,
}
POOL = {"Padding": VALID, "StrideH": 2, "StrideW": 2, "FilterHeight": 2, "FilterWidth": 2}


class Small:
    """A file of one operator over a 4x4x2 map."""

    def __init__(self, scale: float = 0.1, zero: int = 0) -> None:
        self.build = TfliteBuilder()
        self.x = self.build.tensor((1, 4, 4, 2), scale, zero)

    def out(self, *shape: int, scale: float = 0.1, zero: int = 0) -> int:
        return self.build.tensor((1, *shape), scale, zero)

    def constant(self, data: Any, kind: int = INT32, scale: Any = (), axis: int = 0) -> int:
        array = np.array(data)
        return self.build.tensor(array.shape, scale, 0, data=array, kind=kind, axis=axis)

    def weights(self, data: Any, scale: Any = 0.1, axis: int = 0) -> int:
        return self.constant(np.array(data, np.int8), 9, scale, axis)

    def error(self, path: Path, output: int, kind: type[Exception] = UnsupportedError) -> str:
        file = self.build.write(path / "net.tflite", [self.x], [output])
        with pytest.raises(kind) as info:
            load_tflite(file)
        return str(info.value)


def conv_error(path: Path, w: Any, out: tuple[int, ...] = (4, 4, 3), **changes: Any) -> str:
    net = Small()
    scale, bias = changes.pop("scale", 0.1), changes.pop("bias", None)
    b = -1 if bias is None else net.constant(np.array(bias, np.int32))
    y = net.out(*out)
    net.build.op(
        "CONV_2D", [net.x, net.weights(w, scale), b], [y], "Conv2DOptions", **(CONV | changes)
    )
    return net.error(path, y)


HEAD = r"^TFLite nodes must be importable, not refused as these 1 are (file net.tflite):"
ONES = np.ones((3, 1, 1, 2))


@pytest.mark.parametrize(
    ("weights", "changes", "sentence"),
    [
        (
            ONES * -128,
            {},
            "has the weight -128 in tensor 2; nearest supported form: weights in -127",
        ),
        (
            np.ones((3, 1, 1, 5)),
            {},
            "has filters of depth 5 on 2 channels; nearest supported form: ",
        ),
        (
            ONES,
            {"FusedActivationFunction": 4},
            "has fused activation 4; nearest supported form: non",
        ),
        (
            ONES,
            {"scale": [0.1, 0.2]},
            "has 2 weight scales; nearest supported form: 1 or 3 positive",
        ),
        (
            ONES,
            {"scale": -0.1},
            "has 1 weight scales; nearest supported form: 1 or 3 positive ones",
        ),
        (
            ONES,
            {"bias": [1, 2]},
            "has a bias of shape [2]; nearest supported form: int32 of shape [3]",
        ),
        (
            ONES,
            {"StrideH": 0},
            "has kernel (1, 1) and stride (0, 1); nearest supported form: positive",
        ),
        (
            ONES,
            {"DilationHFactor": 0},
            "has dilation (0, 1); nearest supported form: a kernel of at ",
        ),
    ],
    ids=["-128", "depth", "activation", "scales", "negative", "bias", "stride", "dilation"],
)
def test_tflite_refuses_convolutions(
    weights: Any, changes: Any, sentence: str, tmp_path: Path
) -> None:
    text = conv_error(tmp_path, weights, **changes)
    assert text.startswith(HEAD[1:])
    assert "\n- node 0 CONV_2D (1x4x4x2, 3x1x1x" in text
    assert sentence in text


def test_tflite_lists_all_unsupported_nodes_at_once(tmp_path: Path) -> None:
    net = Small()
    a, b, c = net.out(4, 4, 2), net.out(4, 4, 2), net.out(4, 4, 2)
    net.build.op("LOGISTIC", [net.x], [a])
    net.build.op("TANH", [net.x], [b])
    net.build.op("ADD", [a, b], [c], "AddOptions", FusedActivationFunction=0)
    net.build.op("SIN", [c], [net.out(4, 4, 2)])
    text = net.error(tmp_path, 4)
    assert "not refused as these 3 are" in text
    for line in (
        "\n- node 0 LOGISTIC (1x4x4x2 -> 1x4x4x2) is not supported; nearest supported form: one of",
        "\n- node 1 TANH (1x4x4x2 -> 1x4x4x2) is not supported; nearest supported form: one of ADD",
        "\n- node 3 SIN (1x4x4x2 -> 1x4x4x2) is not supported; nearest supported form: one of ADD",
    ):
        assert line in text


def pool(net: Small, kind: str, y: int, **changes: int) -> int:
    return net.build.op(kind, [net.x], [y], "Pool2DOptions", **(POOL | changes))


def test_tflite_refuses_pools(tmp_path: Path) -> None:
    net = Small()
    y = pool(net, "AVERAGE_POOL_2D", net.out(2, 2, 2), Padding=SAME, FilterWidth=3)
    assert "divides by fewer values at its padded borders; nearest" in net.error(tmp_path, y)
    net = Small()
    y = pool(net, "AVERAGE_POOL_2D", net.out(2, 2, 2, scale=0.2))
    assert "changes scale or zero point; nearest supported form" in net.error(tmp_path, y)
    net = Small()
    y = pool(net, "MAX_POOL_2D", net.out(2, 2, 2), FusedActivationFunction=1)
    assert "has a fused activation that clamps; nearest" in net.error(tmp_path, y)
    net = Small()
    y = net.build.op("MAX_POOL_2D", [net.x], [net.out(2, 2, 2)])
    assert "has no options; nearest supported form: a node written by" in net.error(tmp_path, y)
    net = Small()
    y = pool(net, "MAX_POOL_2D", net.out(2, 2, 2), FilterWidth=12, Padding=SAME)
    assert "has a kernel of 2x12; nearest supported form: at most 11x11" in net.error(tmp_path, y)


def test_tflite_refuses_other_forms(tmp_path: Path) -> None:
    net = Small()
    mean = net.build.op("MEAN", [net.x, net.constant(np.array([3], np.int32))], [net.out(4, 4)])
    assert "reduces over axes [3]; nearest supported form: axes 1 and" in net.error(tmp_path, mean)
    net = Small()
    table = net.constant(np.array([[0, 0], [0, 0], [0, 0], [1, 1]], np.int32))
    pad = net.build.op("PAD", [net.x, table], [net.out(4, 4, 4)])
    assert "has paddings [0, 0, 0, 0, 0, 0, 1, 1]; nearest" in net.error(tmp_path, pad)
    net = Small()
    table = net.constant(np.array([[0, 0], [9, 9], [0, 0], [0, 0]], np.int32))
    pad = net.build.op("PAD", [net.x, table], [net.out(22, 4, 2)])
    assert "nearest supported form: fewer than 11 along an axis" in net.error(tmp_path, pad)
    net = Small()
    join = net.build.op(
        "CONCATENATION", [net.x, net.x], [net.out(8, 4, 2)], "ConcatenationOptions", Axis=1
    )
    assert "joins along axis 1; nearest supported form: the last axis" in net.error(tmp_path, join)
    net = Small()
    y = net.build.op("ADD", [net.x, net.weights(np.ones((1, 4, 4, 2)))], [net.out(4, 4, 2)])
    assert "has no activation as input 1; nearest supported form" in net.error(tmp_path, y)


def test_tflite_refuses_flattened_outputs_and_uses(tmp_path: Path) -> None:
    net = Small()
    flat, shape = net.out(32), net.constant(np.array([1, 32], np.int32))
    pooled = pool(net, "MAX_POOL_2D", net.out(2, 2, 2))
    flat = net.build.op("RESHAPE", [pooled, shape], [net.out(8)])
    assert net.error(tmp_path, flat).startswith("TFLite outputs must not be flattened maps; end th")
    w = net.weights(np.ones((3, 5)))
    y = net.build.op("FULLY_CONNECTED", [flat, w, -1], [net.out(3)], "FullyConnectedOptions")
    assert "has 5 features on a map of 2x2x2; nearest supported" in net.error(tmp_path, y)


def test_tflite_refuses_float_models(tmp_path: Path) -> None:
    net = Small()
    net.build.tensors[net.x]["kind"] = FLOAT32
    y = pool(net, "MAX_POOL_2D", net.out(2, 2, 2))
    text = net.error(tmp_path, y)
    assert text.startswith(
        "TFLite input must be int8 or quantised at once; it has tensor 0 of type"
    )


def test_tflite_refuses_several_inputs(tmp_path: Path) -> None:
    net = Small()
    y = pool(net, "MAX_POOL_2D", net.out(2, 2, 2))
    file = net.build.write(tmp_path / "net.tflite", [net.x, y], [y])
    with pytest.raises(
        UnsupportedError, match=r"^TFLite model must have one input, not 2; split t"
    ):
        load_tflite(file)


def test_tflite_refuses_outputs_nobody_computes(tmp_path: Path) -> None:
    net = Small()
    pool(net, "MAX_POOL_2D", net.out(2, 2, 2))
    free = net.out(2, 2, 2)
    text = net.error(tmp_path, free, ModelError)
    assert text == f"TFLite outputs must be computed by a node (tensor {free})"


def test_tflite_refuses_wrong_claims_of_shape(tmp_path: Path) -> None:
    net = Small()
    y = pool(net, "MAX_POOL_2D", net.out(3, 2, 2))
    text = net.error(tmp_path, y, ModelError)
    assert text == "MaxPool output must be 2x2, not 3x2 (layer max_pool_2d_0)"


def test_tflite_refuses_what_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(
        ModelError, match=r"^File none\.tflite must be a readable regular file, not"
    ):
        load_tflite(tmp_path / "none.tflite")
    (tmp_path / "text.tflite").write_text("not a model at all")
    with pytest.raises(
        ModelError, match=r"^File text\.tflite must be a TFLite model \(identifier "
    ):
        load_tflite(tmp_path / "text.tflite")


def test_tflite_says_when_the_package_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "tflite", None)
    with pytest.raises(ToolError, match=r"^Package tflite must be installed to import \.tflite fi"):
        load_tflite(tmp_path / "none.tflite")


def test_tflite_dead_nodes_are_dropped(tmp_path: Path) -> None:
    net = Small()
    y = pool(net, "MAX_POOL_2D", net.out(2, 2, 2))
    pool(net, "MAX_POOL_2D", net.out(2, 2, 2))
    model = load_tflite(net.build.write(tmp_path / "net.tflite", [net.x], [y]))
    assert len(model.layers) == 1
    assert len(model.tensors) == 2


def test_tflite_import_is_deterministic(tmp_path: Path) -> None:
    net = Small()
    y = net.build.op(
        "CONV_2D",
        [net.x, net.weights(ONES, [0.1, 0.2, 0.3]), -1],
        [net.out(4, 4, 3)],
        "Conv2DOptions",
        **CONV,
    )
    file = net.build.write(tmp_path / "net.tflite", [net.x], [y])
    first, second = load_tflite(file), load_tflite(file)
    assert list(first.tensors) == list(second.tensors)
    a, b = first.layers[0], second.layers[0]
    assert isinstance(a, Conv)
    assert isinstance(b, Conv)
    assert np.array_equal(a.row_scale, np.float32([0.1, 0.2, 0.3]).astype(float))
    assert np.array_equal(a.weights, b.weights)


@pytest.mark.parametrize(
    ("size", "kernel", "stride", "want"),
    [(5, 3, 1, (5, 1, 1)), (6, 3, 2, (3, 0, 1)), (7, 2, 2, (4, 0, 1)), (4, 1, 3, (2, 0, 0))],
)
def test_tflite_same_padding_puts_the_odd_one_last(
    size: int, kernel: int, stride: int, want: tuple[int, int, int]
) -> None:
    assert window(size, kernel, stride, same=True) == want


def test_tflite_activation_range_rounds_half_away() -> None:
    assert activation_range(1, 0.5, -128) == (-128, 127)
    assert activation_range(3, 0.5, -10) == (-10, 2)
    assert activation_range(2, 2.0, 0) == (-1, 1)
    assert activation_range(9, 1.0, 0) is None


def test_tflite_single_rounding_is_one_shift() -> None:
    real = np.array([0.37, 3e-4, 1.5, 0.0])
    acc = np.arange(-3000, 3000)[:, None] * np.array([1, 700, 1, 1])
    got = apply(single_rounding(real, 7, -100, 90), acc, 7)
    from hlsgen.model.multiplier import quantize_multiplier

    for row, value in enumerate(real):
        multiplier, shift = quantize_multiplier(float(value))
        t = 31 - shift
        want = [((int(x) * multiplier + (1 << (t - 1))) >> t) + 7 for x in acc[:, row]]
        assert got[:, row].tolist() == np.clip(want, -100, 90).tolist()
    dead = single_rounding(np.array([0.0]), 0, -1, 1).levels
    assert dead.tolist() == [[-UNREACHABLE, UNREACHABLE]]
