# SPDX-License-Identifier: Apache-2.0
"""Hostile ONNX files: one sentence of HlsgenError, whatever the bytes; nothing outside is read."""

from __future__ import annotations

import random

import numpy as np
import onnx
import pytest
from onnx import TensorProto

from hlsgen.errors import HlsgenError, ModelError
from hlsgen.frontends.qonnx import load_qonnx
from hlsgen.naming import is_safe
from tests.conftest import shared_data
from tests.qonnx_graphs import GraphBuilder, imported

pytestmark = pytest.mark.unit
FLIPS = 250


def whole_graph() -> onnx.ModelProto:
    """One of every operator that matters, small."""
    g = GraphBuilder(1, 3, 6, 6, seed=1)
    x = g.quant("x", 1 / 64, 8)
    y = g.op("Conv", x, g.weights(4, 3, 3, 3), pads=[1, 1, 1, 1])
    a = g.quant(g.op("Relu", g.batch_norm(y, 4)), 0.3, 4)
    y = g.op("Pad", x, g.const([0, 0, 1, 1, 0, 0, 1, 1], np.int64))
    b = g.quant(g.op("Conv", y, g.weights(4, 3, 3, 3)), 0.4, 4, signed=1)
    y = g.quant(g.op("Add", a, b), 0.5, 4)
    y = g.op("MaxPool", g.op("Concat", y, y, axis=1), kernel_shape=[2, 2], strides=[2, 2])
    y = g.op("MultiThreshold", y, g.const([[0.1, 0.5, 1.0]]), out_dtype="UINT2")
    parts = (g.const(v) for v in (1 / 9, 0, 6, 2))
    y = g.op("Trunc", g.op("GlobalAveragePool", y), *parts, rounding_mode="FLOOR")
    y = g.op("Gemm", g.op("Reshape", y, g.const([1, -1], np.int64)), g.weights(3, 8), transB=1)
    return g.model(g.op("Softmax", y, axis=1))


def small() -> tuple[GraphBuilder, onnx.ModelProto]:
    g = GraphBuilder(1, 2, 4, 4)
    return g, g.model(g.op("Conv", g.quant("x", 0.1, 4), g.weights(3, 2, 1, 1)))


def rejects(model: onnx.ModelProto, folder, sentence: str) -> None:
    with pytest.raises(ModelError, match=sentence):
        imported(model, folder)


def sources() -> dict[str, bytes]:
    files = {"graph": whole_graph().SerializeToString()}
    for name in ("tfc_qonnx/TFC_1W1A", "tfc_qonnx/TFC_2W2A", "finn_tfc/model"):
        files[name] = shared_data(f"models/{name}.onnx").read_bytes()
    return files


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("seed", range(2))
def test_qonnx_damaged_bytes_give_hlsgen_errors_only(tmp_path, seed):
    files, rng, path = list(sources().values()), random.Random(seed), tmp_path / "m.onnx"
    outcomes = {"imported": 0, "refused": 0}
    for index in range(FLIPS):
        data = bytearray(files[rng.choice([0, 0, 1, 2, 3])])
        if index % 10 == 0:
            del data[rng.randrange(len(data)) :]
        for _ in range(rng.choice([1, 1, 3]) if data else 0):  # structure is at the ends
            at = rng.choice([rng.randrange(len(data)), -1 - rng.randrange(min(4000, len(data)))])
            data[at] = rng.choice([rng.randrange(256), data[at] ^ (1 << rng.randrange(8)), 255])
        path.write_bytes(data)
        try:
            load_qonnx(path)
            outcomes["imported"] += 1
        except HlsgenError as error:
            assert len(str(error)) < 20_000
            outcomes["refused"] += 1
    assert min(outcomes.values()) > 0


def test_qonnx_rejects_truncated_and_absent_files(tmp_path):
    data = whole_graph().SerializeToString()
    path = tmp_path / "m.onnx"
    path.write_bytes(data[: len(data) // 2])
    sentence = r"^Model file must be a whole ONNX protobuf, not \d+ other bytes \(m\.onnx\); export"
    with pytest.raises(ModelError, match=sentence):
        load_qonnx(path)
    path.write_bytes(b"")
    with pytest.raises(ModelError, match=r"^Model file must hold a graph with nodes, not an empty"):
        load_qonnx(path)
    with pytest.raises(ModelError, match=r"^Model file must be a regular file, not '.*'$"):
        load_qonnx(tmp_path)


@pytest.mark.parametrize("where", ["../out.bin", "/etc/hostname", "link.bin", "", "a\0b", "."])
def test_qonnx_external_data_stays_inside_the_folder(tmp_path, where):
    folder = tmp_path / "model"
    folder.mkdir()
    (tmp_path / "out.bin").write_bytes(bytes(1000))
    (folder / "link.bin").symlink_to(tmp_path / "out.bin")
    _, model = small()
    externalise(model.graph.initializer[0], where, 4)
    sentence = r"^External data must (be a file inside the model's folder, not|have a readable)"
    rejects(model, folder, sentence)


def externalise(tensor: TensorProto, where: str, length: int, offset: int = 0) -> bytes:
    raw = tensor.raw_data
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in (("location", where), ("offset", str(offset)), ("length", str(length))):
        tensor.external_data.add(key=key, value=value)
    return raw


def test_qonnx_external_data_inside_the_folder_is_read(tmp_path):
    _, model = small()
    want = imported(model, tmp_path).model
    target = max(model.graph.initializer, key=lambda t: len(t.raw_data))
    raw = externalise(target, "w.bin", len(target.raw_data), offset=5)
    (tmp_path / "w.bin").write_bytes(b"12345" + raw)
    got = imported(model, tmp_path).model
    assert (got.layers[0].weights == want.layers[0].weights).all()
    (tmp_path / "w.bin").write_bytes(raw)
    sentence = (
        r"^External data must hold 24 bytes at its offset, not 19 \(constant 'c3'\); copy the"
    )
    rejects(model, tmp_path, sentence)


def test_qonnx_rejects_constants_that_claim_terabytes(tmp_path):
    _, model = small()
    model.graph.initializer[0].dims[:] = [1 << 20, 1 << 20]
    sentence = r"^Constants must have at most 8 axes and \d+ elements, not \(1048576, 1048576\) "
    rejects(model, tmp_path, sentence)
    model.graph.initializer[0].dims[:] = [1 << 10, 1 << 10]
    sentence = (
        r"^Constants must hold 4194304 bytes for their shape \(1024, 1024\), not 4 \(constant"
    )
    rejects(model, tmp_path, sentence)


def test_qonnx_rejects_maps_that_claim_terabytes(tmp_path):
    g = GraphBuilder(1, 1 << 14, 1 << 14, 1 << 14)
    model = g.model(g.quant("x", 1.0))
    rejects(
        model, tmp_path, r"^Model input must have a fixed shape with a batch of 1, not \(1, 16384"
    )


@pytest.mark.parametrize("op", ["Mul", "Pow"])
def test_qonnx_refuses_constants_that_grow_without_end(tmp_path, op):
    g = GraphBuilder(1, 2, 4, 4)
    y, two = g.const([1.1]), g.const(2.0)
    for _ in range(60):
        y = g.op(op, y, y if op == "Mul" else two)
    model = g.model(g.op("Conv", g.quant(g.op("Mul", "x", y), 0.1), g.weights(3, 2, 1, 1)))
    rejects(model, tmp_path, rf"'{op}' node '{op}_\d+' makes a number of more than 16384 bits, on")


def test_qonnx_refuses_constants_that_broadcast_to_terabytes(tmp_path):
    g = GraphBuilder(1, 2, 4, 4)
    wide = g.op("Add", g.const(np.ones((40_000, 1))), g.const(np.ones((1, 40_000))))
    model = g.model(g.op("Add", g.quant("x", 0.1), wide))
    rejects(model, tmp_path, r"'Add' node 'Add_0' makes a constant of 1600000000 elements, on")


def test_qonnx_refuses_activations_scaled_without_end(tmp_path):
    g = GraphBuilder(1, 2, 4, 4)
    y = g.quant("x", 0.1)
    for _ in range(2000):
        y = g.op("Mul", y, g.const(1.1))
    rejects(g.model(y), tmp_path, r"'Mul' node 'Mul_\d+' makes a number of more than 16384 bits")


def test_qonnx_rejects_cycles(tmp_path):
    _, model = small()
    model.graph.node[1].input[0] = model.graph.node[-1].output[0]
    model.graph.node[0].input[0] = model.graph.node[1].output[0]
    rejects(
        model, tmp_path, r"^Model graph must not hold a cycle, not one through '\w+' node '\w+'$"
    )


def test_qonnx_rejects_missing_and_repeated_tensors(tmp_path):
    _, model = small()
    model.graph.node[0].input[0] = "nowhere"
    rejects(
        model, tmp_path, r"^Node inputs must be computed in the graph, not 'nowhere' \('Quant' "
    )
    _, model = small()
    model.graph.node[1].output[0] = model.graph.node[0].output[0]
    rejects(
        model, tmp_path, r"^Tensors must be computed once, not again by 'Quant' node 'Quant_1' "
    )


def test_qonnx_rejects_two_inputs(tmp_path):
    _, model = small()
    model.graph.input.append(onnx.helper.make_tensor_value_info("y", TensorProto.FLOAT, [1]))
    rejects(model, tmp_path, r"^Model graph must have one input, not 2 \('x', 'y'\)$")


def test_qonnx_names_of_other_languages_become_safe(tmp_path):
    evil = ['"; rm -rf / #', "[exec sh]", "*/ int main(){", "${x}\n`define", "../../etc", "\u202e"]
    g = GraphBuilder(1, 2, 4, 4)
    y = g.quant("x", 0.1, 4)
    for _ in evil:
        y = g.quant(g.op("Conv", y, g.weights(2, 2, 1, 1)), 0.2, 4)
    model = g.model(g.op("Conv", y, g.weights(2, 2, 1, 1)))
    renamed = {}
    convs = [node for node in model.graph.node if node.op_type == "Conv"]
    for index, name in enumerate(evil):
        convs[index].name = name
        renamed[convs[index].output[0]] = name
    for node in model.graph.node:
        node.input[:] = [renamed.get(name, name) for name in node.input]
        node.output[:] = [renamed.get(name, name) for name in node.output]
    result = imported(model, tmp_path, "m;$(x).onnx").model
    names = [result.name, *result.tensors, *(layer.name for layer in result.layers)]
    assert all(is_safe(name) for name in names)
    assert len({layer.name for layer in result.layers}) == len(evil) + 1
    convs[0].op_type = "Evil\n\x1b[31m"
    with pytest.raises(ModelError) as caught:
        imported(model, tmp_path)
    assert str(caught.value).isprintable()


def test_qonnx_import_is_deterministic(tmp_path):
    a, b = (imported(whole_graph(), tmp_path).model for _ in range(2))
    assert [x.name for x in a.layers] == [x.name for x in b.layers]
    assert a.tensors == b.tensors
    assert a.preprocess == b.preprocess
