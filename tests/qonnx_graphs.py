# SPDX-License-Identifier: Apache-2.0
"""Small QONNX graphs for tests: a builder over onnx.helper, and the exact comparison."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from hlsgen.frontends.qonnx import Imported, import_qonnx
from hlsgen.model import golden
from hlsgen.model.graph import Tensor
from tests.qonnx_exact import run_exact

QONNX = "qonnx.custom_op.general"
CUSTOM = ("Quant", "BipolarQuant", "Trunc", "MultiThreshold")


class GraphBuilder:
    """Collects nodes; every method returns the name of its output tensor."""

    def __init__(self, *dims: int, seed: int = 0) -> None:
        self.dims, self.rng = dims, np.random.default_rng(seed)
        self.nodes: list[Any] = []
        self.constants: dict[str, np.ndarray] = {}

    def const(self, value: Any, dtype: Any = np.float32) -> str:
        name = f"c{len(self.constants)}"
        self.constants[name] = np.asarray(value, dtype)
        return name

    def op(self, kind: str, *inputs: str, outputs: int = 1, **attributes: Any) -> str:
        names = [f"{kind}_{len(self.nodes)}_out{i or ''}" for i in range(outputs)]
        domain = QONNX if kind in CUSTOM else ""
        label = f"{kind}_{len(self.nodes)}"
        self.nodes.append(
            helper.make_node(kind, inputs, names, name=label, domain=domain, **attributes)
        )
        return names[0]

    def quant(
        self,
        x: str,
        scale: Any,
        bits: int = 4,
        signed: int = 0,
        narrow: int = 0,
        zero: float = 0.0,
        mode: str = "ROUND",
    ) -> str:
        args = (x, self.const(scale), self.const(zero), self.const(float(bits)))
        return self.op("Quant", *args, signed=signed, narrow=narrow, rounding_mode=mode)

    def weights(self, *shape: int, bits: int = 4, scale: Any = 0.11, narrow: int = 1) -> str:
        """Quantised random weights that use the whole range."""
        hi = 2 ** (bits - 1) - 1
        codes = self.rng.integers(-hi - 1 + narrow, hi + 1, shape)
        w = self.const(codes * np.asarray(scale, np.float32))
        return self.quant(w, scale, bits, signed=1, narrow=narrow)

    def batch_norm(self, x: str, channels: int, spread: float = 4.0, signs: bool = True) -> str:
        rng = self.rng
        gamma = rng.uniform(0.5, 1.5, channels) * (rng.choice([-1, 1], channels) if signs else 1)
        mean, var = rng.normal(0, spread / 4, channels), rng.uniform(0.5, 2, channels) * spread
        parts = (gamma, rng.normal(0.5, 0.5, channels), mean, var)
        return self.op("BatchNormalization", x, *(self.const(p) for p in parts), epsilon=1e-5)

    def model(self, *outputs: str, dims: tuple[int, ...] | None = None) -> onnx.ModelProto:
        floats = TensorProto.FLOAT
        graph = helper.make_graph(
            self.nodes,
            "synthetic",
            [helper.make_tensor_value_info("x", floats, self.dims)],
            [helper.make_tensor_value_info(name, floats, dims) for name in outputs],
            [numpy_helper.from_array(v, k) for k, v in self.constants.items()],
        )
        opsets = [helper.make_opsetid("", 13), helper.make_opsetid(QONNX, 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=8)


def imported(model: onnx.ModelProto, folder: Path, name: str = "m.onnx") -> Imported:
    """Import a graph through a file."""
    path = folder / name
    path.write_bytes(model.SerializeToString())
    return import_qonnx(path)


def check_exact(model: onnx.ModelProto, folder: Path, frames: np.ndarray) -> Imported:
    """Import, run and compare every quantised tensor and output with exact arithmetic.

    Also demands that the graph's Quant outputs are among the compared tensors and alive.
    """
    result = imported(model, folder)
    values = golden.run(result.model, golden.preprocess(result.model, frames))
    seen: dict[str, set[int]] = {}
    for index in range(len(frames)):
        exact = run_exact(model, frames[index : index + 1])
        for raw, name in result.tensors.items():
            tensor = result.model.tensors[name]
            got = values[name][index].reshape(-1).tolist()
            seen.setdefault(raw, set()).update(got)
            scale, zero = exact_grid(model, raw, tensor)
            want = [Fraction(v) / scale + zero for v in exact[raw].flat]
            assert got == want, f"frame {index}, tensor {raw} ({name})"
        for output, raw in zip(result.model.outputs, model.graph.output, strict=False):
            real = golden.dequantise(result.model, output, values[output])[index].reshape(-1)
            want = np.array([float(v) for v in exact[raw.name].flat])
            np.testing.assert_allclose(real, want, rtol=1e-12, atol=1e-12)
    for raw, codes in seen.items():
        assert len(codes) > 1, f"tensor {raw} is constant: the test would prove nothing"
    return result


def exact_grid(model: onnx.ModelProto, raw: str, tensor: Tensor) -> tuple[Fraction, Fraction]:
    """Exact scale and zero point: of the quantiser in the file, else of the Model's tensor."""
    node = next((n for n in model.graph.node if raw in n.output), None)
    if node is None or node.op_type not in ("Quant", "Trunc", "BipolarQuant"):
        return Fraction(tensor.scale), Fraction(tensor.zero_point)
    table = {t.name: numpy_helper.to_array(t).reshape(-1)[0] for t in model.graph.initializer}
    scale = Fraction(float(table[node.input[4 if len(node.input) == 6 else 1]]))
    zero = Fraction(float(table[node.input[2]])) if node.op_type == "Quant" else Fraction(0)
    return scale, zero


def frames_for(rng: np.random.Generator, count: int, *dims: int, lo=-0.3, hi=1.2) -> np.ndarray:
    """Random real frames, some values exactly on multiples of 1/32 where ties lie."""
    x = rng.uniform(lo, hi, (count, *dims))
    ties = np.round(x * 32) / 32
    return np.where(rng.random(x.shape) < 0.5, x, ties).astype(np.float32)
