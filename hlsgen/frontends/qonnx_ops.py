# SPDX-License-Identifier: Apache-2.0
"""Which function imports which operator."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from hlsgen.frontends import qonnx_elementwise as elementwise
from hlsgen.frontends import qonnx_linear as linear
from hlsgen.frontends import qonnx_quant as quant
from hlsgen.frontends import qonnx_shape as shape
from hlsgen.frontends.qonnx_build import Builder
from hlsgen.frontends.qonnx_values import Call, Value

Handler: TypeAlias = Callable[[Call, Builder], Value]

HANDLERS: dict[str, Handler] = {
    "Add": elementwise.add,
    "AveragePool": linear.average_pool,
    "BatchNormalization": elementwise.batch_norm,
    "BipolarQuant": quant.bipolar_quant,
    "Cast": elementwise.passed,
    "Clip": elementwise.clip,
    "Concat": shape.concat,
    "Conv": linear.conv,
    "Div": elementwise.div,
    "Dropout": elementwise.passed,
    "Flatten": shape.view,
    "Gemm": linear.gemm,
    "GlobalAveragePool": linear.global_average,
    "GlobalMaxPool": shape.global_max,
    "Identity": elementwise.passed,
    "IntQuant": quant.quant,
    "MatMul": linear.matmul,
    "MaxPool": shape.max_pool,
    "Mul": elementwise.mul,
    "MultiThreshold": quant.multi_threshold,
    "Neg": elementwise.neg,
    "Pad": shape.pad,
    "Quant": quant.quant,
    "ReduceMean": linear.reduce_mean,
    "Relu": elementwise.relu,
    "Reshape": shape.view,
    "Shape": shape.shape,
    "Squeeze": shape.view,
    "Sub": elementwise.sub,
    "Transpose": shape.transposed,
    "Trunc": quant.trunc,
    "Unsqueeze": shape.view,
}
