# SPDX-License-Identifier: Apache-2.0
"""Writes small .tflite files for tests, and runs them with LiteRT's reference kernels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
import pytest
import tflite
from numpy.typing import NDArray

from hlsgen.frontends.tflite import import_tflite
from hlsgen.model import golden
from hlsgen.model.graph import Model

INT8, INT32, FLOAT32, UINT8 = 9, 2, 0, 3
SAME, VALID = 0, 1


class TfliteBuilder:
    """Collects tensors and operators; `write` makes the file."""

    def __init__(self) -> None:
        self.tensors: list[dict[str, Any]] = []
        self.ops: list[tuple[str, list[int], list[int], str, dict[str, int]]] = []

    def tensor(
        self,
        shape: tuple[int, ...],
        scale: Any = (),
        zero: int | None = 0,
        *,
        data: NDArray[Any] | None = None,
        kind: int = INT8,
        axis: int = 0,
        name: str | None = None,
    ) -> int:
        """Add a tensor; returns its index."""
        scales = np.atleast_1d(np.asarray(scale, np.float32))
        zeros = np.full(scales.size, zero or 0, np.int64)
        self.tensors.append(
            {
                "shape": shape,
                "scale": scales,
                "zero": zeros,
                "data": data,
                "kind": kind,
                "axis": axis,
                "name": name or f"t{len(self.tensors)}",
            }
        )
        return len(self.tensors) - 1

    def op(
        self, name: str, inputs: list[int], outputs: list[int], options: str = "", **fields: int
    ) -> int:
        """Add an operator; returns its first output."""
        self.ops.append((name, inputs, outputs, options, fields))
        return outputs[0]

    def write(self, path: Path, inputs: list[int], outputs: list[int]) -> Path:
        """Serialise to `path`."""
        fb = flatbuffers.Builder(1024)
        buffers = [_table(fb, "Buffer", {})]
        tensors = []
        for tensor in self.tensors:
            if tensor["data"] is not None:
                fb.Prep(16, tensor["data"].nbytes)
                raw = fb.CreateNumpyVector(np.frombuffer(tensor["data"].tobytes(), np.uint8))
                buffers.append(_table(fb, "Buffer", {"Data": raw}))
            tensors.append(_tensor(fb, tensor, len(buffers) - 1))
        names = sorted({op[0] for op in self.ops})
        codes = [_opcode(fb, name) for name in names]
        ops = [_operator(fb, op, names.index(op[0])) for op in self.ops]
        graph = {
            "Tensors": _offsets(fb, tensors),
            "Inputs": _ints(fb, inputs),
            "Outputs": _ints(fb, outputs),
            "Operators": _offsets(fb, ops),
        }
        subgraph = _table(fb, "SubGraph", graph)
        model = {
            "Version": 3,
            "OperatorCodes": _offsets(fb, codes),
            "Subgraphs": _offsets(fb, [subgraph]),
            "Buffers": _offsets(fb, buffers),
        }
        fb.Finish(_table(fb, "Model", model), b"TFL3")
        path.write_bytes(bytes(fb.Output()))
        return path


def _table(fb: Any, kind: str, fields: dict[str, Any]) -> int:
    getattr(tflite, f"{kind}Start")(fb)
    for name, value in fields.items():
        getattr(tflite, f"{kind}Add{name}")(fb, value)
    return int(getattr(tflite, f"{kind}End")(fb))


def _ints(fb: Any, values: Any) -> int:
    return int(fb.CreateNumpyVector(np.array(values, np.int32)))


def _offsets(fb: Any, offsets: list[int]) -> int:
    fb.StartVector(4, len(offsets), 4)
    for offset in reversed(offsets):
        fb.PrependUOffsetTRelative(offset)
    return int(fb.EndVector())


def _tensor(fb: Any, tensor: dict[str, Any], last_buffer: int) -> int:
    fields: dict[str, Any] = {
        "Shape": _ints(fb, tensor["shape"]),
        "Type": tensor["kind"],
        "Buffer": last_buffer if tensor["data"] is not None else 0,
        "Name": fb.CreateString(tensor["name"]),
    }
    if tensor["scale"].size:
        quant = {
            "Scale": fb.CreateNumpyVector(tensor["scale"]),
            "ZeroPoint": fb.CreateNumpyVector(tensor["zero"]),
            "QuantizedDimension": tensor["axis"],
        }
        fields["Quantization"] = _table(fb, "QuantizationParameters", quant)
    return _table(fb, "Tensor", fields)


def _opcode(fb: Any, name: str) -> int:
    code = getattr(tflite.BuiltinOperator, name)
    fields = {"DeprecatedBuiltinCode": min(code, 127), "Version": 1, "BuiltinCode": code}
    return _table(fb, "OperatorCode", fields)


def _operator(fb: Any, op: tuple[str, list[int], list[int], str, dict[str, int]], code: int) -> int:
    _, inputs, outputs, options, values = op
    fields: dict[str, Any] = {
        "OpcodeIndex": code,
        "Inputs": _ints(fb, inputs),
        "Outputs": _ints(fb, outputs),
    }
    if options:
        fields["BuiltinOptionsType"] = getattr(tflite.BuiltinOptions, options)
        fields["BuiltinOptions"] = _table(fb, options, values)
    return _table(fb, "Operator", fields)


def reference(path: Path) -> Any:
    """LiteRT interpreter with the reference kernels, all tensors kept."""
    interpreter = pytest.importorskip("ai_edge_litert.interpreter")
    made = interpreter.Interpreter(
        str(path),
        experimental_op_resolver_type=interpreter.OpResolverType.BUILTIN_REF,
        experimental_preserve_all_tensors=True,
    )
    made.allocate_tensors()
    return made


def channels_first(value: NDArray[Any]) -> NDArray[Any]:
    """[1, H, W, C] or [1, C] as [C, H, W]."""
    return value[0].transpose(2, 0, 1) if value.ndim == 4 else value.reshape(-1, 1, 1)


def compare_all(path: Path, frames: NDArray[Any]) -> tuple[Model, int]:
    """Demand that golden equals LiteRT in every tensor of every frame (source layout, int8).

    Returns the model and the number of codes compared.
    """
    model, indices = import_tflite(path)
    codes = np.stack([channels_first(frame[None]) for frame in frames]).astype(np.int64)
    got = golden.run(model, codes.reshape(-1, *model.tensors[model.input].shape))
    interpreter = reference(path)
    compared = 0
    for number, frame in enumerate(frames):
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], frame[None])
        interpreter.invoke()
        for name, index in indices.items():
            want = channels_first(interpreter.get_tensor(index))
            wrong = np.argwhere(got[name][number] != want)
            assert not wrong.size, (
                f"tensor {name} frame {number} differs first at {wrong[0].tolist()}: "
                f"golden {got[name][number][tuple(wrong[0])]}, LiteRT {want[tuple(wrong[0])]}"
            )
            compared += want.size
    return model, compared
