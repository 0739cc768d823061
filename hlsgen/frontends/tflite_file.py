# SPDX-License-Identifier: Apache-2.0
"""Reading a .tflite file into plain records, whatever its bytes claim.

The flatbuffers reader follows offsets without checking them; every error it can raise on damaged
bytes becomes a ModelError here, and counts are capped before lists are made of them.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hlsgen.errors import ModelError, ToolError
from hlsgen.model.store_read import read_bytes

MAX_FILE_BYTES = 192 << 20  # a weight takes one byte here and eight in the Model
MAX_TENSORS = 20_000
MAX_OPERATORS = 10_000
_MAX_VECTOR = 64  # inputs of an operator; axes of a tensor are capped tighter
_MAX_AXES = 6
_MAX_NAME = 10_000
_DAMAGE = (
    struct.error,
    IndexError,
    KeyError,
    ValueError,
    TypeError,
    AttributeError,
    OverflowError,
    MemoryError,
    RecursionError,
)
INT8, INT32, FLOAT32, UINT8, INT64 = 9, 2, 0, 3, 4
_NUMPY = {INT8: "<i1", INT32: "<i4", FLOAT32: "<f4", UINT8: "<u1", INT64: "<i8"}
_OPTIONS: dict[str, tuple[str, ...]] = {
    "Conv2DOptions": (
        "Padding",
        "StrideW",
        "StrideH",
        "DilationWFactor",
        "DilationHFactor",
        "FusedActivationFunction",
    ),
    "DepthwiseConv2DOptions": (
        "Padding",
        "StrideW",
        "StrideH",
        "DepthMultiplier",
        "DilationWFactor",
        "DilationHFactor",
        "FusedActivationFunction",
    ),
    "FullyConnectedOptions": ("FusedActivationFunction", "WeightsFormat", "KeepNumDims"),
    "Pool2DOptions": (
        "Padding",
        "StrideW",
        "StrideH",
        "FilterWidth",
        "FilterHeight",
        "FusedActivationFunction",
    ),
    "AddOptions": ("FusedActivationFunction",),
    "ConcatenationOptions": ("Axis", "FusedActivationFunction"),
    "ReducerOptions": ("KeepDims",),
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FileTensor:
    """A tensor of the file: source shape (batch first), type code, quantisation, constant data."""

    index: int
    name: str
    shape: tuple[int, ...]
    type: int
    scale: NDArray[np.float32]
    zero_point: NDArray[np.int64]
    axis: int  # of per-channel scales
    data: NDArray[np.uint8] | None  # bytes of a constant, a view into the file

    def constant(self) -> NDArray[Any] | None:
        """Values of a constant in the tensor's shape; None for an activation."""
        if self.data is None:
            return None
        dtype = np.dtype(_NUMPY.get(self.type, "V1"))
        count = 1
        for size in self.shape:
            count *= size
        if self.type not in _NUMPY or count * dtype.itemsize != self.data.size:
            raise ModelError(
                f"TFLite constants must fill their shape {list(self.shape)}, "
                f"not have {self.data.size} bytes (tensor {self.index})"
            )
        return np.frombuffer(self.data.tobytes(), dtype).reshape(self.shape)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileOp:
    """An operator: its TFLite name, tensor indices (-1 = absent) and options."""

    index: int
    name: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FileGraph:
    """The only subgraph of a file."""

    tensors: tuple[FileTensor, ...]
    ops: tuple[FileOp, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


def read_graph(path: Path) -> FileGraph:
    """Read the graph of a .tflite file; ModelError if the file is not a whole one."""
    try:
        import tflite
    except ImportError as error:
        raise ToolError(
            "Package tflite must be installed to import .tflite files; pip install hlsgen[tflite]"
        ) from error
    raw = read_bytes(path, MAX_FILE_BYTES)
    if len(raw) < 16 or raw[4:8] != b"TFL3":
        raise ModelError(f"File {path.name} must be a TFLite model (identifier TFL3 is missing)")
    try:
        return _graph(tflite, raw)
    except ModelError:
        raise
    except _DAMAGE as error:
        raise ModelError(
            f"File {path.name} must be a whole TFLite model, not a damaged one "
            f"({type(error).__name__} while reading it); convert it again"
        ) from error


def _graph(lib: Any, raw: bytes) -> FileGraph:
    model = lib.Model.GetRootAs(raw, 0)
    if model.SubgraphsLength() != 1:
        raise ModelError(
            f"TFLite model must have one subgraph, not {model.SubgraphsLength()}; "
            "convert it without control flow"
        )
    graph = model.Subgraphs(0)
    count = _capped("tensors", graph.TensorsLength(), MAX_TENSORS)
    tensors = tuple(_tensor(model, graph.Tensors(i), i) for i in range(count))
    count = _capped("operators", graph.OperatorsLength(), MAX_OPERATORS)
    ops = tuple(_op(lib, model, graph.Operators(i), i, len(tensors)) for i in range(count))
    return FileGraph(
        tensors=tensors,
        ops=ops,
        inputs=_indices(graph.InputsLength, graph.Inputs, len(tensors)),
        outputs=_indices(graph.OutputsLength, graph.Outputs, len(tensors)),
    )


def _capped(what: str, count: int, most: int) -> int:
    if not 0 <= count <= most:
        raise ModelError(f"TFLite {what} must be at most {most}, not {count}")
    return count


def _tensor(model: Any, tensor: Any, index: int) -> FileTensor:
    axes = _capped("axes of a tensor", tensor.ShapeLength(), _MAX_AXES)
    shape = tuple(int(tensor.Shape(i)) for i in range(axes))
    if any(size < 0 for size in shape):
        raise ModelError(f"TFLite shapes must not be negative, not {list(shape)} (tensor {index})")
    quant = tensor.Quantization()
    none = np.zeros(0)
    scale = quant.ScaleAsNumpy() if quant is not None and quant.ScaleLength() else none
    zero = quant.ZeroPointAsNumpy() if quant is not None and quant.ZeroPointLength() else none
    return FileTensor(
        index=index,
        name=_text(tensor.Name()),
        shape=shape,
        type=int(tensor.Type()),
        scale=np.array(scale, np.float32),
        zero_point=np.array(zero, np.int64),
        axis=int(quant.QuantizedDimension()) if quant is not None else 0,
        data=_data(model, int(tensor.Buffer())),
    )


def _text(name: bytes | None) -> str:
    return (name or b"")[:_MAX_NAME].decode("utf-8", "replace")


def _data(model: Any, index: int) -> NDArray[np.uint8] | None:
    if not 0 <= index < model.BuffersLength():
        raise ModelError(
            f"TFLite buffers must exist, not number {index} of {model.BuffersLength()}"
        )
    buffer = model.Buffers(index)
    if buffer.Offset() > 1 or buffer.Size() > 1:
        raise ModelError("TFLite buffers must lie inside the flatbuffer, not behind it")
    if not buffer.DataLength():
        return None
    data: NDArray[np.uint8] = buffer.DataAsNumpy()
    return data


def _op(lib: Any, model: Any, op: Any, index: int, tensors: int) -> FileOp:
    code = model.OperatorCodes(op.OpcodeIndex())
    if not 0 <= op.OpcodeIndex() < model.OperatorCodesLength():
        raise ModelError(
            f"TFLite operators must have a code, not {op.OpcodeIndex()} (node {index})"
        )
    number = max(int(code.BuiltinCode()), int(code.DeprecatedBuiltinCode()))
    return FileOp(
        index=index,
        name=_opcode_name(lib, number),
        inputs=_indices(op.InputsLength, op.Inputs, tensors),
        outputs=_indices(op.OutputsLength, op.Outputs, tensors),
        options=_op_options(lib, op),
    )


def _opcode_name(lib: Any, number: int) -> str:
    known = {value: name for name, value in vars(lib.BuiltinOperator).items() if name.isupper()}
    return str(known.get(number, f"OPERATOR_{number}"))


def _indices(
    length: Callable[[], int], item: Callable[[int], int], tensors: int
) -> tuple[int, ...]:
    count = _capped("inputs or outputs of an operator", length(), _MAX_VECTOR)
    indices = tuple(int(item(i)) for i in range(count))
    if any(not -1 <= index < tensors for index in indices):
        raise ModelError(f"TFLite tensor numbers must be below {tensors}, not {list(indices)}")
    return indices


def _op_options(lib: Any, op: Any) -> dict[str, int]:
    kinds = {getattr(lib.BuiltinOptions, kind, -1): kind for kind in _OPTIONS}
    kind = kinds.get(op.BuiltinOptionsType())
    table = op.BuiltinOptions()
    if kind is None or table is None:
        return {}
    options = getattr(lib, kind)()
    options.Init(table.Bytes, table.Pos)
    return {name: int(getattr(options, name)()) for name in _OPTIONS[kind]}
