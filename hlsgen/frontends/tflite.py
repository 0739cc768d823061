# SPDX-License-Identifier: Apache-2.0
"""Import full-integer int8 TFLite models, bit for bit equal to LiteRT's reference kernels."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from hlsgen.errors import ModelError, UnsupportedError
from hlsgen.frontends.lower import without_dead
from hlsgen.frontends.tflite_arith import float_input_levels
from hlsgen.frontends.tflite_file import FLOAT32, INT8, UINT8, FileGraph, FileOp, read_graph
from hlsgen.frontends.tflite_ops import LOWERINGS
from hlsgen.frontends.tflite_state import Importer, Refusal, View, describe
from hlsgen.model.graph import Model, Preprocess, Tensor
from hlsgen.model.verify import verify
from hlsgen.naming import safe_name

_HOST = ("SOFTMAX", "ARG_MAX", "DEQUANTIZE", "QUANTIZE")  # at the end: left to the host


def load_tflite(path: Path | str) -> Model:
    """Import an int8 .tflite file; every node that cannot be imported is named at once."""
    return import_tflite(Path(path))[0]


def import_tflite(path: Path) -> tuple[Model, dict[str, int]]:
    """`load_tflite`, and the file's tensor index of each tensor of the Model that has one."""
    graph = read_graph(path)
    state = Importer(graph)
    host = _host_ops(graph)
    pre = _bind_input(state)
    for op in graph.ops:
        if op.index not in host and op.index not in state.consumed:
            _lower(state, op)
    if state.refused:
        raise _unsupported(path, state.refused)
    outputs = _outputs(state, host)
    model = _model(path, state, pre, outputs, [graph.ops[i] for i in sorted(host)])
    verify(model)
    return model, {name: i for name, i in state.indices.items() if name in model.tensors}


def _lower(state: Importer, op: FileOp) -> None:
    """Lower one operator, or note why it cannot be."""
    lowering = LOWERINGS.get(op.name)
    try:
        if lowering is None:
            raise Refusal("is not supported", f"one of {', '.join(sorted(LOWERINGS))}")
        if len(op.outputs) != 1:
            raise Refusal(f"has {len(op.outputs)} outputs", "one output")
        if state.known(op):
            lowering(state, op)
    except Refusal as refusal:
        state.refused.append(f"{describe(state.graph, op)} {refusal}")


def _unsupported(path: Path, refused: list[str]) -> UnsupportedError:
    listed = "\n- ".join(refused)
    return UnsupportedError(
        f"TFLite nodes must be importable, not refused as these {len(refused)} are "
        f"(file {safe_name(path.name, 0)}):\n- {listed}"
    )


def _host_ops(graph: FileGraph) -> set[int]:
    """Trailing operators whose results reach only the graph's outputs."""
    host: set[int] = set()
    users = _users(graph)
    for op in reversed(graph.ops):
        if op.name not in _HOST or len(op.outputs) != 1 or not op.inputs:
            continue
        after = users.get(op.outputs[0], [])
        if (after or op.outputs[0] in graph.outputs) and host.issuperset(after):
            host.add(op.index)
    return host


def _users(graph: FileGraph) -> dict[int, list[int]]:
    """Indices of the operators that read each tensor."""
    users: dict[int, list[int]] = {}
    for op in graph.ops:
        for index in set(op.inputs):
            users.setdefault(index, []).append(op.index)
    return users


def _bind_input(state: Importer) -> Preprocess:
    """Make the Model's input; a leading QUANTIZE or RESHAPE belongs to the host."""
    graph = state.graph
    if len(graph.inputs) != 1 or graph.inputs[0] < 0:
        raise UnsupportedError(
            f"TFLite model must have one input, not {len(graph.inputs)}; split the model"
        )
    index, kind = graph.inputs[0], graph.tensors[graph.inputs[0]].type
    users = _users(graph)
    while len(users.get(index, [])) == 1:
        op = graph.ops[users[index][0]]
        if op.name not in ("QUANTIZE", "RESHAPE") or not op.outputs or op.index in state.consumed:
            break
        if index != graph.inputs[0] and op.name == "QUANTIZE":
            break
        state.consumed.add(op.index)
        index = op.outputs[0]
    try:
        tensor = state.new_tensor(index)
    except Refusal as refusal:
        raise UnsupportedError(
            f"TFLite input must be int8 or quantised at once; it {refusal}"
        ) from None
    state.input = tensor.name
    return _preprocess(state, graph.inputs[0], kind, tensor)


def _preprocess(state: Importer, index: int, kind: int, tensor: Tensor) -> Preprocess:
    """Real values for float and int8 inputs; the pixels themselves for uint8 inputs."""
    source = state.graph.tensors[index]
    gain = 1.0 / tensor.scale
    plain = Preprocess(gain=gain, offset=float(tensor.zero_point), layout="HWC")
    if kind == FLOAT32:
        levels = float_input_levels(tensor.scale, tensor.zero_point)
        return replace(plain, levels=(levels,), first=tensor.lo)
    if kind == UINT8:
        same = source.scale.size == 1 and float(source.scale[0]) == tensor.scale
        if not same or source.zero_point.tolist() != [tensor.zero_point + 128]:
            raise UnsupportedError(
                "TFLite uint8 inputs must become int8 by subtracting 128; quantise the model "
                "with int8 inputs"
            )
        return Preprocess(gain=1.0, offset=-128.0, layout="HWC")
    if kind != INT8:
        raise UnsupportedError("TFLite input must be int8, uint8 or float32; convert the model so")
    return plain


def _outputs(state: Importer, host: set[int]) -> tuple[str, ...]:
    """Tensors of the Model behind the graph's outputs, through operators of the host."""
    behind = {op.outputs[0]: op.inputs[0] for op in state.graph.ops if op.index in host}
    names = []
    for index in state.graph.outputs:
        while index in behind:
            index = behind[index]
        view = state.values.get(index)
        if view is None:
            raise ModelError(f"TFLite outputs must be computed by a node (tensor {index})")
        names.append(_output_name(state, view))
    return tuple(dict.fromkeys(names))


def _output_name(state: Importer, view: View) -> str:
    whole = state.materialise(view)
    if whole.flat and max(whole.tensor.shape[1:]) > 1:
        raise UnsupportedError(
            "TFLite outputs must not be flattened maps; end the model in front of the RESHAPE "
            f"(tensor {whole.tensor.name})"
        )
    return whole.tensor.name


def _model(
    path: Path, state: Importer, pre: Preprocess, outputs: tuple[str, ...], host: list[FileOp]
) -> Model:
    layers = without_dead(state.layers, outputs)
    used = {state.input, *(layer.output for layer in layers)}
    left = f"; left to the host: {', '.join(op.name for op in host)}" if host else ""
    stem = safe_name(path.stem, 0)
    return Model(
        name=stem,
        input=state.input,
        outputs=outputs,
        tensors={name: tensor for name, tensor in state.tensors.items() if name in used},
        layers=layers,
        preprocess=pre,
        source=f"TFLite int8 {stem}.tflite{left}",
    )


__all__ = ["import_tflite", "load_tflite"]
