# SPDX-License-Identifier: Apache-2.0
"""What the QONNX importer refuses: the sentences, and all refused nodes in one report."""

from __future__ import annotations

import re
import sys

import numpy as np
import pytest

from hlsgen.errors import ModelError, ToolError, UnsupportedError
from hlsgen.frontends.qonnx import load_qonnx
from tests.qonnx_graphs import GraphBuilder, imported

pytestmark = pytest.mark.unit


def refused(g: GraphBuilder, folder, *outputs: str) -> str:
    """Complaint about the only refused node or output."""
    with pytest.raises(UnsupportedError) as caught:
        imported(g.model(*outputs), folder)
    start, end = "Model must hold only operators that can be imported, not: ", " ('m.onnx')"
    message = str(caught.value)
    assert message.startswith(start)
    assert message.endswith(end)
    return message[len(start) : -len(end)]


def graph(*dims: int) -> tuple[GraphBuilder, str]:
    g = GraphBuilder(1, *dims)
    return g, g.quant("x", 0.1, 4)


def test_qonnx_reports_every_unsupported_node_at_once(tmp_path):
    g, x = graph(2, 4, 4)
    y = g.op("LeakyRelu", x)
    y = g.op("Conv", y, g.const(g.rng.normal(size=(2, 2, 1, 1))))
    y = g.op("Tanh", g.op("Conv", y, g.weights(2, 2, 1, 1)))
    assert refused(g, tmp_path, y) == (
        "'LeakyRelu' node 'LeakyRelu_1' is not an operator hlsgen knows, on shapes 1x2x4x4 "
        "(nearest supported: Relu and Quant); "
        "'Conv' node 'Conv_2' has weights that are not quantised, on shapes a refused input, "
        "constant 2x2x1x1 (nearest supported: a Quant node on the weights); "
        "'Tanh' node 'Tanh_5' is not an operator hlsgen knows, on shapes a refused input "
        "(nearest supported: Clip and Quant)"
    )


CASES = {
    "float input": (
        lambda g, x: g.op("Conv", "x", g.weights(2, 2, 1, 1)),
        r"reads the input, which is not quantised, on .*\(nearest supported: a Quant node at",
    ),
    "wide weights": (
        lambda g, x: g.op("Conv", x, g.quant(g.const(np.full((1, 2, 1, 1), -9.0)), 0.01, 8, 1)),
        r"has weights of up to 128 steps, on .*: weights of at most 8 bits in narrow range",
    ),
    "nine bits": (
        lambda g, x: g.quant(g.op("Conv", x, g.weights(2, 2, 1, 1)), 1.0, 9),
        r"has a width of 9\.0 bits, on .*\(nearest supported: 1 to 8 bits\)",
    ),
    "unquantised operand": (
        lambda g, x: g.op("Conv", g.op("Conv", x, g.weights(2, 2, 1, 1)), g.weights(2, 2, 1, 1)),
        r"reads real values that are not quantised, on .*\(nearest supported: a Quant node before",
    ),
    "sum of accumulators": (
        lambda g, x: g.quant(g.op("Add", x, g.op("Conv", x, g.weights(2, 2, 1, 1))), 1.0, 4),
        r"reads real values that are not quantised, on .*\(nearest supported: a Quant node before",
    ),
    "difference": (
        lambda g, x: g.quant(g.op("Sub", x, x), 1.0, 4, 1),
        r"subtracts a quantised tensor, on .*: an Add, with the sign in the weights\)",
    ),
    "padded bipolar": (
        lambda g, x: g.op(
            "Conv", g.op("BipolarQuant", x, g.const(1.0)), g.weights(2, 2, 3, 3), pads=[1] * 4
        ),
        r"pads a bipolar tensor, which has no code for 0, on .*: a ternary or 2-bit tensor\)",
    ),
    "padded offset": (
        lambda g, x: g.op(
            "Conv", g.op("Add", x, g.const(0.5)), g.weights(2, 2, 3, 3), pads=[1] * 4
        ),
        r"pads a tensor in which 0 is not a code, on .*: an integer zero point in range\)",
    ),
    "dilated": (
        lambda g, x: g.op("Conv", x, g.weights(2, 2, 3, 3), dilations=[2, 2]),
        r"is dilated, on .*\(nearest supported: dilations of 1",
    ),
    "large kernel": (
        lambda g, x: g.op("MaxPool", x, kernel_shape=[12, 12]),
        r"has the kernel \(12, 12\), on .*: up to 11 a side, or the whole map\)",
    ),
    "large stride": (
        lambda g, x: g.op("MaxPool", x, kernel_shape=[2, 2], strides=[5, 5]),
        r"has the strides \(5, 5\), on .*\(nearest supported: up to 4\)",
    ),
    "too large for the map": (
        lambda g, x: g.op("MaxPool", x, kernel_shape=[3, 99]),
        r"has a kernel \(3, 99\) larger than its map \(16, 16\), on .*: a smaller one\)",
    ),
    "ceil mode": (
        lambda g, x: g.op("MaxPool", x, kernel_shape=[2, 2], strides=[3, 3], ceil_mode=1),
        r"rounds its output size up, on .*\(nearest supported: ceil_mode = 0, or sizes that",
    ),
    "partial average": (
        lambda g, x: g.op("AveragePool", x, kernel_shape=[3, 3], pads=[1] * 4),
        r"averages fewer values at the border, on .*: no pads, or count_include_pad = 1\)",
    ),
    "rounding mode": (
        lambda g, x: g.quant(x, 1.0, 4, mode="STOCHASTIC"),
        r"has the rounding mode 'STOCHASTIC', on .*: one of ROUND, HALF_EVEN, CEIL",
    ),
    "scale a channel": (
        lambda g, x: g.quant(
            g.op("Conv", x, g.weights(2, 2, 1, 1)), np.reshape([1, 2], (1, 2, 1, 1)), 4
        ),
        r"quantises with one scale a channel, on .*\(nearest supported: one scale for the",
    ),
    "varies in a channel": (
        lambda g, x: g.op("Add", x, g.const(np.arange(16))),
        r"has a parameter that varies inside a channel, on .*: one value a channel\)",
    ),
    "unequal concat": (
        lambda g, x: g.op("Concat", x, g.quant(x, 0.7, 4), axis=1),
        r"joins tensors of unequal scales or widths, on .*: equal Quant nodes before it\)",
    ),
    "permuted": (
        lambda g, x: g.op("Transpose", x, perm=[0, 3, 2, 1]),
        r"permutes 1x2x16x16, on .*\(nearest supported: channels first throughout\)",
    ),
    "transposed parameter": (
        lambda g, x: g.op("Add", g.op("Transpose", x, perm=[0, 2, 3, 1]), g.const([1, 2])),
        r"has a parameter a channel behind a Transpose, on .*: it before the Transpose\)",
    ),
    "second input grid": (
        lambda g, x: g.op("Conv", g.quant("x", 0.3, 4), g.weights(1, 2, 1, 1)),
        r"quantises the input in a second way, on .*: one Quant node at the input\)",
    ),
    "negated maximum": (
        lambda g, x: g.quant(
            g.op(
                "Neg", g.op("MaxPool", g.op("Conv", x, g.weights(2, 2, 1, 1)), kernel_shape=[2, 2])
            ),
            1.0,
        ),
        r"negates a maximum, on .*\(nearest supported: the Quant before the MaxPool\)",
    ),
    "not final": (
        lambda g, x: g.op("Conv", g.op("Softmax", x), g.weights(1, 2, 1, 1)),
        r"stands behind an operator left to the host, on .*: that operator last\)",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_qonnx_refuses_with_the_node_and_the_nearest_form(tmp_path, case):
    build, sentence = CASES[case]
    g, x = graph(2, 16, 16)
    y = build(g, x)
    message = refused(g, tmp_path, y)
    assert re.match(rf"'\w+' node '\w+' {sentence}", message), message


@pytest.mark.parametrize("kind", ["relu", "sum"])
def test_qonnx_refuses_an_output_that_is_neither_quantised_nor_affine(tmp_path, kind):
    g, x = graph(2, 4, 4)
    y = g.op("Conv", x, g.weights(2, 2, 1, 1))
    y = g.op("Relu", y) if kind == "relu" else g.op("Add", x, x)
    assert refused(g, tmp_path, y) == (
        f"output '{y}' is neither quantised nor affine, of 1x2x4x4 "
        "(nearest supported: a Quant before it)"
    )


def rejected(g: GraphBuilder, folder, output: str, sentence: str) -> None:
    with pytest.raises(ModelError, match=sentence) as caught:
        imported(g.model(output), folder)
    assert not isinstance(caught.value, UnsupportedError)
    assert "\n" not in str(caught.value)


def test_qonnx_rejects_a_scale_that_is_not_positive(tmp_path):
    g = GraphBuilder(1, 4)
    sentence = r"^Quantiser scales must be positive \('Quant' node 'Quant_0'\); repair or retrain"
    rejected(g, tmp_path, g.quant("x", -1.0), sentence)


def test_qonnx_rejects_numbers_that_are_not_finite(tmp_path):
    g, x = graph(4)
    y = g.op("Mul", x, g.const(np.nan))
    rejected(g, tmp_path, y, r"^Constants must be finite numbers, not NaN or infinite; repair")


def test_qonnx_rejects_constants_that_do_not_broadcast(tmp_path):
    g, x = graph(4)
    y = g.op("Add", x, g.const(np.ones(3)))
    sentence = r"^Constants must broadcast to the activation 1x4, not have shape 3$"
    rejected(g, tmp_path, y, sentence)


def test_qonnx_rejects_weights_that_do_not_fit_the_input(tmp_path):
    g, x = graph(4, 5, 5)
    y = g.op("Conv", x, g.weights(2, 3, 1, 1))
    sentence = (
        r"^Conv weights 2x3x1x1 and group 1 must fit the input 4x5x5 \('Conv' node 'Conv_2'\)$"
    )
    rejected(g, tmp_path, y, sentence)


def test_qonnx_rejects_batch_norm_parameters_of_another_size(tmp_path):
    g, x = graph(4, 5, 5)
    y = g.batch_norm(x, 3)
    sentence = r"^BatchNormalization parameters must be vectors of 4 \('BatchNormalization' node "
    rejected(g, tmp_path, y, sentence)


def test_qonnx_rejects_a_reshape_to_another_size(tmp_path):
    g, x = graph(4)
    y = g.op("Reshape", x, g.const([1, 5], np.int64))
    sentence = (
        r"^Reshape must keep the 4 elements of 1x4, not make 1x5 \('Reshape' node 'Reshape_1'\)$"
    )
    rejected(g, tmp_path, y, sentence)


def test_qonnx_rejects_attributes_of_the_wrong_kind(tmp_path):
    g, x = graph(4, 5, 5)
    y = g.op("Conv", x, g.weights(2, 4, 1, 1), group=1.5)
    rejected(g, tmp_path, y, r"^Attribute group must be an integer \('Conv' node 'Conv_2'\)$")


def test_qonnx_rejects_a_model_without_a_quantised_input(tmp_path):
    g = GraphBuilder(1, 4)
    y = g.op("Identity", g.const([1.0]))
    rejected(
        g, tmp_path, y, r"^Model outputs must be computed from its input, not 'Identity_0_out'$"
    )


def test_qonnx_without_the_onnx_package_names_the_extra(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    sentence = r"^QONNX import needs the Python package onnx, .*; run: pip install hlsgen\[onnx\]$"
    with pytest.raises(ToolError, match=sentence):
        load_qonnx(tmp_path / "m.onnx")
