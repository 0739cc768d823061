# SPDX-License-Identifier: Apache-2.0
"""The tests' exact evaluator against the qonnx executor, where float32 is exact: powers of two.

Every scale, weight and input here is dyadic and small, so the executor rounds nowhere but in the
quantisers, and both must agree on every element of every tensor, ties included.
"""

from __future__ import annotations

import numpy as np
import onnx
import pytest

from tests.qonnx_exact import run_exact
from tests.qonnx_graphs import QONNX, GraphBuilder

pytestmark = [pytest.mark.unit, pytest.mark.filterwarnings("ignore")]
MODES = ("ROUND", "HALF_EVEN", "CEIL", "FLOOR", "UP", "DOWN", "HALF_UP", "HALF_DOWN")


def agree(model: onnx.ModelProto, x: np.ndarray, outputs: int) -> None:
    pytest.importorskip("qonnx")
    from qonnx.core.modelwrapper import ModelWrapper
    from qonnx.core.onnx_exec import execute_onnx
    from qonnx.transformation.infer_shapes import InferShapes

    wrapped = ModelWrapper(model).transform(InferShapes())
    context = execute_onnx(wrapped, {"x": x}, return_full_exec_context=True)
    exact = run_exact(model, x)
    compared = [name for node in model.graph.node for name in node.output]
    assert len(compared) == outputs
    for name in compared:
        want = exact[name].astype(np.float64)
        assert (context[name].astype(np.float64) == want).all(), name
        assert np.unique(want).size > 1, f"{name} is constant"


def dyadic(g: GraphBuilder, step: float = 1 / 64) -> np.ndarray:
    return (g.rng.integers(-160, 161, g.dims) * step).astype(np.float32)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("zero", [0.0, 2.0, 0.5])
def test_qonnx_exact_evaluator_agrees_on_quantisers(mode, zero):
    g = GraphBuilder(1, 4, 6, 6, seed=1)
    y = g.quant("x", 1 / 32, 8, signed=1, zero=zero, mode=mode)
    y = g.quant(y, 1 / 8, 5, signed=1, narrow=1, mode=mode)
    y = g.quant(g.op("Relu", y), 1 / 2, 3, zero=zero, narrow=1, mode=mode)
    agree(g.model(y, dims=g.dims), dyadic(g), 4)


@pytest.mark.parametrize("mode", MODES)
def test_qonnx_exact_evaluator_agrees_on_both_versions_of_trunc(mode):
    g = GraphBuilder(1, 4, 6, 6, seed=2)
    x = g.quant("x", 1 / 32, 8, signed=1)
    parts = [g.const(v) for v in (1 / 32, 1.0, 8.0)]
    y = g.op("Trunc", x, *parts, g.const(5.0), rounding_mode=mode)
    agree(g.model(y, dims=g.dims), dyadic(g), 2)
    g.nodes.pop()
    later = (g.const(1 / 4), g.const(4.0))
    y = g.op("Trunc", x, *parts, *later, rounding_mode=mode, signed=1, narrow=1)
    model = g.model(y, dims=g.dims)
    next(o for o in model.opset_import if o.domain == QONNX).version = 2
    agree(model, dyadic(g), 2)


def test_qonnx_exact_evaluator_agrees_on_a_small_network():
    g = GraphBuilder(1, 4, 8, 8, seed=3)
    x = g.quant("x", 1 / 4, 4)
    y = g.op("Conv", x, g.weights(8, 2, 3, 3, scale=0.5), group=2, pads=[1, 0, 1, 2])
    y = g.op("Mul", y, g.const(np.reshape([-1, 2, 0.5, 1] * 2, (1, 8, 1, 1))))
    y = g.quant(g.op("Add", y, g.const(0.25)), 1.0, 4, signed=1)
    table = np.sort(g.rng.integers(-8, 8, (8, 3)), axis=1)
    a = g.op("MultiThreshold", y, g.const(table), out_dtype="INT2", out_scale=0.5, out_bias=-1.0)
    y = g.op("Add", a, g.op("BipolarQuant", y, g.const(0.25)))
    y = g.op("MaxPool", y, kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 0, 0])
    y = g.op("Pad", y, g.const([0, 0, 1, 2, 0, 0, 0, 2], np.int64))
    y = g.op("Concat", y, g.op("Sub", y, g.const(1.0)), axis=1)
    y = g.op("AveragePool", y, kernel_shape=[2, 2], strides=[1, 2])
    y = g.op("GlobalAveragePool", g.op("Clip", y, g.const(-1), g.const(0.25)))
    y = g.op("Gemm", g.op("Flatten", y), g.weights(3, 16, scale=0.5), g.const([1, 2, 3]), transB=1)
    agree(g.model(y, dims=(1, 3)), dyadic(g), 19)
