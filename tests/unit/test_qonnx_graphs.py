# SPDX-License-Identifier: Apache-2.0
"""Synthetic QONNX graphs: every quantised tensor of golden equals exact rational arithmetic."""

from __future__ import annotations

import numpy as np
import pytest

from hlsgen.model.graph import Add, Concat, Conv, MaxPool
from hlsgen.model.numbers import Format
from tests.qonnx_graphs import GraphBuilder, check_exact, frames_for, imported

pytestmark = pytest.mark.unit
MODES = ("ROUND", "HALF_EVEN", "CEIL", "FLOOR", "UP", "DOWN", "HALF_UP", "HALF_DOWN")


def kinds(result) -> list[type]:
    return [type(layer) for layer in result.model.layers]


def conv_layers(result) -> list[Conv]:
    return [layer for layer in result.model.layers if isinstance(layer, Conv)]


def entry(g: GraphBuilder, bits: int = 8, scale: float = 1 / 64) -> str:
    return g.quant("x", scale, bits)


def frames(g: GraphBuilder, count: int = 3) -> np.ndarray:
    return frames_for(g.rng, count, *g.dims[1:])


@pytest.mark.parametrize("scale", [0.25, 0.2371], ids=["dyadic", "odd"])
@pytest.mark.parametrize("signed", [0, 1], ids=["unsigned", "signed"])
def test_qonnx_conv_bn_relu_quant_is_exact(tmp_path, scale, signed):
    g = GraphBuilder(1, 3, 6, 7, seed=3)
    y = g.op("Conv", entry(g), g.weights(5, 3, 3, 3), pads=[1, 0, 1, 2], strides=[1, 2])
    y = g.batch_norm(y, 5)
    y = y if signed else g.op("Relu", y)
    y = g.quant(y, scale, 4, signed=signed)
    out = g.op("Conv", y, g.weights(4, 5, 1, 1), g.const([0.1, -0.2, 0.3, 7]))
    result = check_exact(g.model(out), tmp_path, frames(g))
    assert kinds(result) == [Conv, Conv]
    assert result.model.tensors[result.model.outputs[0]].bits == 32
    if signed:  # descending rows carry negated weights
        assert {f for layer in conv_layers(result) for f in layer.formats} == {Format.FIXED4}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("zero", [0.0, 3.0, -1.5], ids=["zp0", "zp3", "half"])
def test_qonnx_rounding_modes_are_exact_on_ties(tmp_path, mode, zero):
    g = GraphBuilder(1, 4, 3, 3, seed=5)
    x = g.quant("x", 1 / 16, 6, signed=1)
    y = g.op("Conv", x, g.weights(4, 4, 1, 1, scale=0.125))
    y = g.quant(y, 0.25, 5, signed=1, zero=zero, mode=mode)
    out = g.op("Conv", y, g.weights(3, 4, 1, 1))
    check_exact(g.model(out), tmp_path, frames_for(g.rng, 4, 4, 3, 3, lo=-2, hi=2))


@pytest.mark.parametrize("mode", MODES)
def test_qonnx_input_levels_are_exact(tmp_path, mode):
    g = GraphBuilder(1, 2, 4, 4, seed=6)
    y = g.op("Sub", g.op("Mul", "x", g.const(2.0)), g.const(np.reshape([0.5, 0.25], (1, 2, 1, 1))))
    y = g.quant(y, 0.0625, 5, signed=1, narrow=1, mode=mode)
    out = g.op("Conv", y, g.weights(3, 2, 1, 1))
    result = check_exact(g.model(out), tmp_path, frames(g, 6))
    assert len(result.model.preprocess.levels) == 2


def test_qonnx_depthwise_and_grouped_convolutions_are_exact(tmp_path):
    g = GraphBuilder(1, 6, 5, 5, seed=7)
    y = g.op("Conv", entry(g, 4, 0.1), g.weights(6, 1, 3, 3), group=6, pads=[1, 1, 1, 1])
    y = g.quant(g.op("Relu", g.batch_norm(y, 6, signs=False)), 0.3, 4)
    y = g.quant(g.op("Conv", y, g.weights(8, 3, 2, 2, bits=3), group=2), 0.4, 3, signed=1)
    out = g.op("Conv", y, g.weights(2, 8, 1, 1, bits=8))
    result = check_exact(g.model(out), tmp_path, frames(g))
    assert [layer.groups for layer in conv_layers(result)] == [6, 2, 1]
    assert set(conv_layers(result)[2].formats) == {Format.FIXED8}


@pytest.mark.parametrize("order", ["before", "behind"])
def test_qonnx_max_pool_on_either_side_of_the_quantiser_is_exact(tmp_path, order):
    g = GraphBuilder(1, 2, 8, 8, seed=8)
    y = g.batch_norm(g.op("Conv", entry(g), g.weights(4, 2, 3, 3)), 4)
    if order == "behind":
        y = g.quant(y, 0.3, 4, signed=1)
    y = g.op("MaxPool", y, kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 0, 0])
    if order == "before":
        y = g.quant(g.op("Relu", y), 0.3, 4)
    out = g.op("Conv", y, g.weights(2, 4, 1, 1))
    result = check_exact(g.model(out), tmp_path, frames(g))
    assert kinds(result) == [Conv, MaxPool, Conv]


@pytest.mark.parametrize("scales", [(0.25, 0.5, 0.5), (0.31, 0.17, 0.35)], ids=["ties", "odd"])
def test_qonnx_residual_add_is_an_exact_table(tmp_path, scales):
    g = GraphBuilder(1, 4, 5, 5, seed=9)
    x = entry(g, 4, 0.1)
    y = g.op("Conv", x, g.weights(4, 4, 3, 3), pads=[1, 1, 1, 1])
    y = g.quant(g.batch_norm(y, 4), scales[0], 4, signed=1)
    shortcut = g.quant(g.op("Conv", x, g.weights(4, 4, 1, 1)), scales[1], 5, signed=1, zero=2.0)
    y = g.quant(g.op("Relu", g.op("Add", y, shortcut)), scales[2], 4)
    out = g.op("Conv", y, g.weights(3, 4, 1, 1))
    result = check_exact(g.model(out), tmp_path, frames(g))
    assert kinds(result) == [Conv, Conv, Add, Conv]


@pytest.mark.parametrize("kind", ["trunc", "trunc_v2", "quant"])
def test_qonnx_global_average_is_exact(tmp_path, kind):
    g = GraphBuilder(1, 5, 4, 4, seed=10)
    x = entry(g, 4, 0.125)
    y = g.op("GlobalAveragePool", x)
    if kind == "quant":
        y = g.quant(y, 0.07, 4)
    elif kind == "trunc":  # as brevitas exports it: the sum's width falls from 8 to 4 bits
        y = g.op("Mul", y, g.const(16.0))
        parts = (g.const(0.125), g.const(0.0), g.const(8.0), g.const(4.0))
        y = g.op("Trunc", y, *parts, rounding_mode="FLOOR")
    else:
        parts = (0.01, 0.0, 8.0, 0.04, 6.0)  # averages are no multiples of 0.01
        y = g.op("Trunc", y, *map(g.const, parts), rounding_mode="ROUND", signed=0, narrow=0)
    out = g.op("Gemm", g.op("Flatten", y), g.weights(3, 5), transB=1)
    result = check_exact(g.model(out), tmp_path, frames(g, 20))
    assert kinds(result) == [Conv, Conv]


def test_qonnx_average_pools_are_exact(tmp_path):
    g = GraphBuilder(1, 3, 6, 6, seed=11)
    y = g.op("AveragePool", entry(g, 4, 0.1), kernel_shape=[2, 3], strides=[2, 1])
    y = g.quant(y, 0.05, 5)
    y = g.op("AveragePool", y, kernel_shape=[3, 3], pads=[1, 1, 1, 1], count_include_pad=1)
    y = g.quant(y, 0.04, 5, zero=1.0)
    out = g.op("Conv", y, g.weights(2, 3, 1, 1))
    check_exact(g.model(out), tmp_path, frames(g))


def test_qonnx_flatten_of_a_map_is_a_kernel_as_large_as_the_map(tmp_path):
    g = GraphBuilder(1, 2, 5, 4, seed=12)
    y = g.quant(g.op("Conv", entry(g), g.weights(3, 2, 2, 2)), 0.3, 4, signed=1)
    y = g.op("Reshape", y, g.const([1, -1], np.int64))
    y = g.op("MatMul", y, g.weights(36, 5))
    y = g.op("Add", g.op("Mul", y, g.const(0.37)), g.const(g.rng.normal(size=5)))
    out = g.quant(y, 0.2, 4, signed=1)
    result = check_exact(g.model(out), tmp_path, frames(g))
    assert conv_layers(result)[1].weights.shape == (5, 3, 4, 3)


@pytest.mark.parametrize("back", [False, True])
def test_qonnx_transpose_before_a_flattened_product_goes_into_the_weights(tmp_path, back):
    g = GraphBuilder(1, 2, 4, 3, seed=26)
    y = g.quant(g.op("Conv", entry(g), g.weights(3, 2, 1, 1)), 0.3, 4, signed=1)
    y = g.op("Transpose", y, perm=[0, 2, 3, 1])
    if back:
        y = g.op("Transpose", y, perm=[0, 3, 1, 2])
    out = g.op("MatMul", g.op("Flatten", y), g.weights(36, 5))
    check_exact(g.model(out), tmp_path, frames(g))


def test_qonnx_wide_quantised_bias_is_exact(tmp_path):
    g = GraphBuilder(1, 2, 4, 4, seed=27)
    bias = g.quant(g.const([123.456, -3.21, 0.5]), 0.0011, 24, signed=1)
    y = g.op("Conv", entry(g, 4, 0.1), g.weights(3, 2, 1, 1, scale=30.0), bias)
    out = g.op("Conv", g.quant(y, 20.0, 4, signed=1), g.weights(2, 3, 1, 1))
    check_exact(g.model(out), tmp_path, frames(g))


def test_qonnx_multi_threshold_counts_are_exact(tmp_path):
    g = GraphBuilder(1, 3, 4, 4, seed=13)
    y = g.op("Conv", entry(g), g.weights(4, 3, 1, 1))
    table = np.sort(np.round(g.rng.normal(0, 2, (4, 7)) * 8) / 8, axis=1)
    y = g.op("MultiThreshold", y, g.const(table), out_dtype="INT4", out_bias=-4.0)
    y = g.op("Conv", y, g.weights(3, 4, 3, 3), pads=[1, 1, 1, 1])
    shared = g.const([[0.1, 0.2, 0.9]])
    y = g.op("MultiThreshold", y, shared, out_dtype="UINT2", out_scale=0.5)
    out = g.op("Conv", y, g.weights(2, 3, 1, 1))
    result = check_exact(g.model(out), tmp_path, frames(g))
    tensors = [result.model.tensors[layer.output] for layer in conv_layers(result)[:2]]
    assert [(t.bits, t.signed, t.zero_point) for t in tensors] == [(4, True, 0), (2, False, 0)]


def test_qonnx_bipolar_network_is_exact(tmp_path):
    g = GraphBuilder(1, 12, seed=14)
    y = g.op("BipolarQuant", g.op("Sub", "x", g.const(0.5)), g.const(1.0))
    for rows, scale in ((9, 0.5), (7, 1.0)):
        depth = 12 if rows == 9 else 9
        w = g.op("BipolarQuant", g.const(g.rng.normal(size=(depth, rows))), g.const(0.3))
        y = g.op("MatMul", y, w)
        y = g.op("BipolarQuant", g.batch_norm(y, rows), g.const(scale))
    out = g.op("MatMul", y, g.weights(7, 3, bits=2, scale=1.0))
    result = check_exact(g.model(out), tmp_path, frames(g, 12))
    formats = [layer.formats[0] for layer in conv_layers(result)]
    assert formats == [Format.BINARY, Format.BINARY, Format.TERNARY]
    assert all(result.model.tensors[layer.input].bipolar for layer in conv_layers(result))


def test_qonnx_descending_row_with_the_lowest_level_takes_a_wider_format(tmp_path):
    g = GraphBuilder(1, 2, 3, 3, seed=15)
    w = g.quant(g.const(np.reshape([-8.0, 7, 3, -8], (2, 2, 1, 1))), 1.0, 4, signed=1)
    y = g.op("Mul", g.op("Conv", entry(g), w), g.const(np.reshape([-1.0, 1], (1, 2, 1, 1))))
    out = g.op("Conv", g.quant(y, 0.5, 4, signed=1), g.weights(2, 2, 1, 1))
    result = check_exact(g.model(out), tmp_path, frames(g))
    assert conv_layers(result)[0].formats == (Format.FIXED8, Format.FIXED4)


def test_qonnx_pad_goes_into_the_next_convolution_or_a_layer_of_its_own(tmp_path):
    g = GraphBuilder(1, 2, 5, 5, seed=16)
    pads = g.const([0, 0, 1, 2, 0, 0, 1, 0], np.int64)
    y = g.op("Pad", entry(g), pads)
    y = g.quant(g.op("Conv", y, g.weights(3, 2, 3, 3)), 0.3, 4, signed=1)
    y = g.op("MaxPool", g.op("Pad", y, pads), kernel_shape=[2, 2])
    out = g.op("Conv", y, g.weights(2, 3, 1, 1))
    result = check_exact(g.model(out), tmp_path, frames(g))
    assert kinds(result) == [Conv, Conv, MaxPool, Conv]
    assert conv_layers(result)[0].pads == (1, 1, 2, 0)


def test_qonnx_concat_of_equal_quantisers_is_exact(tmp_path):
    g = GraphBuilder(1, 2, 4, 4, seed=17)
    x = entry(g, 4, 0.1)
    parts = [g.quant(g.op("Conv", x, g.weights(n, 2, 1, 1)), 0.2, 4, signed=1) for n in (3, 2)]
    y = g.op("Concat", *parts, axis=1)
    out = g.op("Conv", y, g.weights(2, 5, 1, 1))
    result = check_exact(g.model(out), tmp_path, frames(g))
    assert kinds(result) == [Conv, Conv, Concat, Conv]


def test_qonnx_relu_behind_a_quantiser_and_requantisation_are_exact(tmp_path):
    g = GraphBuilder(1, 2, 4, 4, seed=18)
    first = g.quant(g.op("Conv", entry(g), g.weights(3, 2, 1, 1)), 0.2, 6, signed=1)
    same = g.quant(first, 0.2, 6, signed=1)
    coarse = g.quant(same, 0.7, 3, signed=1)
    y = g.op("Conv", g.op("Relu", first), g.weights(2, 3, 1, 1))
    z = g.op("Conv", coarse, g.weights(2, 3, 1, 1))
    result = check_exact(g.model(y, z), tmp_path, frames(g))
    assert kinds(result) == [Conv] * 5  # a clip, a coarser grid; no layer for the same grid
    assert result.tensors[same] == result.tensors[first]


@pytest.mark.parametrize("mode", MODES)
def test_qonnx_descending_rows_are_exact_on_ties(tmp_path, mode):
    g = GraphBuilder(1, 2, 4, 4, seed=23)
    y = g.op("Conv", entry(g, 4, 0.25), g.weights(4, 2, 1, 1, scale=0.5))
    y = g.op("Mul", y, g.const(np.reshape([-0.5, 0.25, -1.0, 1.0], (1, 4, 1, 1))))
    out = g.op("Conv", g.quant(y, 0.5, 4, signed=1, mode=mode), g.weights(2, 4, 1, 1))
    check_exact(g.model(out), tmp_path, frames(g))


def test_qonnx_requantisation_of_a_tensor_with_a_zero_point_is_exact(tmp_path):
    g = GraphBuilder(1, 2, 4, 4, seed=24)
    y = g.quant(g.op("Conv", entry(g), g.weights(3, 2, 1, 1)), 0.2, 5, zero=11.0)
    y = g.quant(g.batch_norm(y, 3), 0.3, 4, signed=1)
    out = g.op("Conv", y, g.weights(2, 3, 3, 3), pads=[1, 1, 1, 1])
    check_exact(g.model(out), tmp_path, frames(g))


def test_qonnx_gains_and_offsets_a_channel_reach_grouped_convolutions(tmp_path):
    g = GraphBuilder(1, 4, 4, 4, seed=25)
    x = entry(g, 4, 0.1)
    gains = np.reshape([0.5, -1, 2, 0.3], (1, 4, 1, 1))
    y = g.op("Conv", g.op("Mul", x, g.const(gains)), g.weights(8, 1, 3, 3), group=4, pads=[1] * 4)
    y = g.quant(y, 0.2, 4, signed=1)
    octaves = g.op("Mul", y, g.const(np.reshape([1, 2, 0.5, 4] * 2, (1, 8, 1, 1))))
    z = g.quant(g.op("Conv", octaves, g.weights(4, 4, 1, 1), group=2), 0.4, 4, signed=1)
    shifted = g.op("Add", y, g.const(np.reshape(np.arange(8) / 8, (1, 8, 1, 1))))
    out = g.op("Conv", shifted, g.weights(4, 4, 2, 2), group=2)
    result = check_exact(g.model(out, z), tmp_path, frames(g))
    assert kinds(result) == [Conv] * 3


def test_qonnx_affine_input_offset_is_folded_when_nothing_is_padded(tmp_path):
    g = GraphBuilder(1, 3, 4, 4, seed=19)
    y = g.op("Add", entry(g, 4, 0.1), g.const(0.33))
    y = g.quant(g.op("Conv", y, g.weights(4, 3, 2, 2)), 0.3, 4, signed=1)
    out = g.op("Conv", y, g.weights(2, 4, 1, 1))
    check_exact(g.model(out), tmp_path, frames(g))


def test_qonnx_final_operators_are_left_to_the_host(tmp_path):
    g = GraphBuilder(1, 6, seed=20)
    logits = g.op("MatMul", entry(g), g.weights(6, 4))
    best = g.op("ArgMax", g.op("Softmax", logits, axis=1), axis=1)
    result = imported(g.model(best), tmp_path)
    assert kinds(result) == [Conv]
    assert result.model.outputs == (result.model.layers[0].output,)


def test_qonnx_channels_last_input_is_absorbed(tmp_path):
    g = GraphBuilder(1, 4, 5, 3, seed=21)
    y = g.quant(g.op("Transpose", "x", perm=[0, 3, 1, 2]), 0.1, 4)
    out = g.op("Conv", y, g.weights(2, 3, 2, 2))
    result = check_exact(g.model(out), tmp_path, frames(g))
    assert result.model.preprocess.layout == "HWC"


def test_qonnx_integer_annotated_input_needs_no_quantiser(tmp_path):
    g = GraphBuilder(1, 2, 3, 3, seed=22)
    y = g.op("Div", "x", g.const(255.0))
    out = g.op("Conv", y, g.weights(2, 2, 2, 2))
    model = g.model(out)
    note = model.graph.quantization_annotation.add(tensor_name="x")
    note.quant_parameter_tensor_names.add(key="finn_datatype", value="UINT8")
    x = g.rng.integers(0, 256, (3, 2, 3, 3)).astype(np.float32)
    check_exact(model, tmp_path, x)
