# SPDX-License-Identifier: Apache-2.0
"""TFC networks on MNIST: golden equals exact arithmetic, and the executor up to rounding ties."""

from __future__ import annotations

import gzip
import math
from fractions import Fraction

import numpy as np
import onnx
import pytest

from hlsgen.frontends.qonnx import Imported, import_qonnx
from hlsgen.model import golden
from tests.conftest import shared_data
from tests.qonnx_exact import run_exact

pytestmark = [pytest.mark.net, pytest.mark.filterwarnings("ignore:Output shapes disagree")]
NETWORKS = ("TFC_1W1A", "TFC_2W2A")
EXACT_IMAGES, EXECUTOR_IMAGES = 8, 1000
TIE = Fraction(1, 1 << 18)


def mnist(count: int) -> tuple[np.ndarray, np.ndarray]:
    """First test images as the networks want them, 1x28x28 in 0..1, and their labels."""
    with gzip.open(shared_data("images/mnist/t10k-images-idx3-ubyte.gz")) as file:
        pixels = np.frombuffer(file.read(), np.uint8, offset=16).reshape(-1, 1, 28, 28)
    with gzip.open(shared_data("images/mnist/t10k-labels-idx1-ubyte.gz")) as file:
        labels = np.frombuffer(file.read(), np.uint8, offset=8)
    return pixels[:count].astype(np.float32) / np.float32(255), labels[:count]


@pytest.fixture(params=NETWORKS)
def network(request) -> tuple[onnx.ModelProto, Imported]:
    path = shared_data(f"models/tfc_qonnx/{request.param}.onnx")
    return onnx.load(path), import_qonnx(path)


def executed(model: onnx.ModelProto, x: np.ndarray) -> dict[str, np.ndarray]:
    """Every tensor by the qonnx executor, all frames in one batch."""
    pytest.importorskip("qonnx")
    from qonnx.core.modelwrapper import ModelWrapper
    from qonnx.core.onnx_exec import execute_onnx
    from qonnx.transformation.infer_shapes import InferShapes

    batched = onnx.ModelProto()
    batched.CopyFrom(model)
    batched.graph.input[0].type.tensor_type.shape.dim[0].dim_value = len(x)
    batched.graph.output[0].type.tensor_type.shape.dim[0].dim_value = len(x)
    del batched.graph.value_info[:]
    wrapped = ModelWrapper(batched).transform(InferShapes())
    return execute_onnx(wrapped, {batched.graph.input[0].name: x}, return_full_exec_context=True)


def test_tfc_golden_equals_exact_arithmetic_at_every_tensor(network):
    onnx_model, imported = network
    model, (x, _) = imported.model, mnist(EXACT_IMAGES)
    values = golden.run(model, golden.preprocess(model, x))
    assert len(imported.tensors) == 4
    for image in range(EXACT_IMAGES):
        exact = run_exact(onnx_model, x[image : image + 1])
        for raw, name in imported.tensors.items():
            tensor = model.tensors[name]
            got = values[name][image].reshape(-1).tolist()
            want = [v / Fraction(tensor.scale) + tensor.zero_point for v in exact[raw].flat]
            assert got == want, f"image {image}, tensor {raw}"
        (output,) = model.outputs
        gain, offset = model.output_affine[output]
        logits = values[output][image].reshape(-1) * gain + offset
        want = np.array([float(v) for v in exact[onnx_model.graph.output[0].name].flat])
        # golden is exact up to here; de-quantising is two float64 roundings
        np.testing.assert_allclose(logits, want, rtol=2**-50, atol=2**-50)


def test_tfc_executor_differs_only_at_rounding_boundaries(network):
    onnx_model, imported = network
    model, (x, labels) = imported.model, mnist(EXECUTOR_IMAGES)
    context = executed(onnx_model, x)
    codes = {}
    for raw, name in imported.tensors.items():
        tensor = model.tensors[name]
        scaled = context[raw].astype(np.float64) / tensor.scale + tensor.zero_point
        codes[name] = np.rint(scaled).astype(np.int32).reshape(-1, *tensor.shape)
        assert (codes[name] == scaled.reshape(codes[name].shape)).all()
    assert (golden.preprocess(model, x) == codes[model.input]).all()
    producers = {node.output[0]: node for node in onnx_model.graph.node}
    differing = []
    for raw, name in imported.tensors.items():
        before = context[producers[raw].input[0]]
        differing += _differing(model, name, codes, before.reshape(codes[name].shape))
    print(f"{model.name}: {len(differing)} codes differ from the executor", *differing, sep="\n")
    output = model.outputs[0]
    raw_codes = golden.run(model, golden.preprocess(model, x), keep=[output])[output]
    logits = golden.dequantise(model, output, raw_codes).reshape(len(x), -1)
    np.testing.assert_allclose(logits, context[onnx_model.graph.output[0].name], atol=1e-4)
    accuracy = float((logits.argmax(axis=1) == labels).mean())
    print(f"{model.name}: accuracy {accuracy:.3%} on {len(x)} images")
    assert accuracy > {"TFC_1W1A": 0.91, "TFC_2W2A": 0.95}[model.name]


def _differing(model, name, codes, before) -> list[str]:
    """Codes of a tensor, computed from the executor's own input codes, that differ from it.

    `before` are the executor's real values in front of the quantiser (scale 1, zero point 0 in
    these networks); each difference must have such a value beside a rounding boundary.
    """
    layer = next((layer for layer in model.layers if layer.output == name), None)
    if layer is None:
        return []
    ours = golden.evaluate(layer, model.tensors, codes)
    found = []
    for at in zip(*np.nonzero(ours != codes[name]), strict=True):
        value = Fraction(float(before[at]))
        edge = Fraction(0) if model.tensors[name].bipolar else math.floor(value) + Fraction(1, 2)
        found.append(f"{name} {at}: {ours[at]} not {codes[name][at]}, value {float(value)}")
        assert abs(value - edge) <= TIE * max(1, abs(edge)), found[-1]
    return found
