# SPDX-License-Identifier: Apache-2.0
"""Read an ONNX file into plain Python and numpy, trusting nothing in it.

The protobuf is parsed with `onnx`, but its loaders are not used: external data is read here, from
regular files inside the model's folder only, and sizes are checked before anything is allocated.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from heapq import heappop, heappush
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hlsgen.errors import ModelError, ToolError

MAX_FILE_BYTES = 1 << 31
MAX_ELEMENTS = 1 << 27  # of one constant
MAX_NODES = 50_000
_EXTERNAL = 1
_DTYPES: dict[int, tuple[str, str]] = {  # ONNX data type: numpy name, typed field
    1: ("float32", "float_data"),
    2: ("uint8", "int32_data"),
    3: ("int8", "int32_data"),
    4: ("uint16", "int32_data"),
    5: ("int16", "int32_data"),
    6: ("int32", "int32_data"),
    7: ("int64", "int64_data"),
    9: ("bool", "int32_data"),
    10: ("float16", "int32_data"),
    11: ("float64", "double_data"),
    12: ("uint32", "uint64_data"),
    13: ("uint64", "uint64_data"),
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Node:
    """One operator: `label` is what messages call it; absent inputs are empty strings."""

    index: int
    op: str
    domain: str
    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: dict[str, Any]

    @property
    def label(self) -> str:
        """Operator and name, quoted and shortened, for messages."""
        return f"{plain(self.op)} node {plain(self.name or '#' + str(self.index))}"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Graph:
    """The parts of an ONNX graph the importer needs, in topological order."""

    name: str
    nodes: tuple[Node, ...]
    constants: dict[str, NDArray[Any]]
    input: str
    input_dims: tuple[int, ...]
    input_dtype: str
    outputs: tuple[str, ...]
    datatypes: dict[str, str] = field(default_factory=dict)  # finn_datatype annotations


def _text(value: Any) -> str:
    """A string field; protobuf hands out bytes where they are not UTF-8."""
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else str(value)


def plain(text: str) -> str:
    """Quote a name from the file so that it is printable and short."""
    return ascii(text if len(text) <= 60 else f"{text[:57]}...")


def read_graph(path: Path) -> Graph:
    """Read `path`; raises ModelError in one sentence for anything that is not a usable graph."""
    onnx = _onnx()
    data = _bytes(path)
    model = onnx.ModelProto()
    try:
        model.ParseFromString(data)
    except (_decode_error(), ValueError) as error:
        raise ModelError(
            f"Model file must be a whole ONNX protobuf, not {len(data)} other bytes "
            f"({path.name}); export or download it again"
        ) from error
    proto = model.graph
    if not proto.node:
        raise ModelError(f"Model file must hold a graph with nodes, not an empty one ({path.name})")
    if len(proto.node) > MAX_NODES:
        raise ModelError(f"Model graph must have at most {MAX_NODES} nodes, not {len(proto.node)}")
    if proto.sparse_initializer:
        raise ModelError(
            "Model constants must be dense, not sparse initialisers; export dense ones"
        )
    constants = {_text(t.name): _tensor(t, path.parent) for t in proto.initializer}
    name, dims, dtype = _input(proto, constants)
    nodes = tuple(_node(i, n, path.parent) for i, n in enumerate(proto.node))
    return Graph(
        name=_text(proto.name),
        nodes=_sorted(nodes, {*constants, name}),
        constants=constants,
        input=name,
        input_dims=dims,
        input_dtype=dtype,
        outputs=_outputs(proto, path),
        datatypes=dict(_datatypes(proto)),
    )


def _onnx() -> Any:
    try:
        import onnx
    except ImportError as error:
        raise ToolError(
            "QONNX import needs the Python package onnx, which is not installed; "
            "run: pip install hlsgen[onnx]"
        ) from error
    return onnx


def _decode_error() -> type[Exception]:
    from google.protobuf import message  # type: ignore[import-untyped,unused-ignore]

    error: type[Exception] = message.DecodeError
    return error


def _bytes(path: Path) -> bytes:
    try:
        if not path.is_file():
            raise ModelError(f"Model file must be a regular file, not {plain(str(path))}")
        size = path.stat().st_size
        if size > MAX_FILE_BYTES:
            raise ModelError(f"Model file must be at most 2 GiB, not {size} bytes ({path.name})")
        return path.read_bytes()
    except OSError as error:
        raise ModelError(
            f"Model file must be readable, not {error.strerror} ({plain(str(path))})"
        ) from error


def _tensor(proto: Any, folder: Path) -> NDArray[Any]:
    where = f"(constant {plain(_text(proto.name))})"
    if proto.data_type not in _DTYPES:
        raise ModelError(
            f"Constants must be numbers of 8 to 64 bits, not ONNX type {proto.data_type} {where}"
        )
    name, typed = _DTYPES[proto.data_type]
    dtype = np.dtype(name).newbyteorder("<")
    shape = tuple(int(d) for d in proto.dims)
    count = prod(shape)
    if min(shape, default=1) < 0 or len(shape) > 8 or count > MAX_ELEMENTS:
        raise ModelError(
            f"Constants must have at most 8 axes and {MAX_ELEMENTS} elements, not {shape} {where}"
        )
    if proto.data_location == _EXTERNAL:
        raw = _external(proto, folder, count * dtype.itemsize, where)
    elif proto.HasField("raw_data") or not count:
        raw = proto.raw_data
    else:
        return _typed(getattr(proto, typed), name, shape, where)
    if len(raw) != count * dtype.itemsize:
        raise ModelError(
            f"Constants must hold {count * dtype.itemsize} bytes for their shape {shape}, "
            f"not {len(raw)} {where}; the file is damaged"
        )
    return np.frombuffer(raw, dtype).astype(name).reshape(shape)


def _typed(values: Any, name: str, shape: tuple[int, ...], where: str) -> NDArray[Any]:
    if len(values) != prod(shape):
        raise ModelError(
            f"Constants must hold {prod(shape)} values for their shape {shape}, "
            f"not {len(values)} {where}; the file is damaged"
        )
    if name == "float16":
        return np.array(values, np.int64).astype(np.uint16).view(np.float16).reshape(shape)
    wide = np.array(values, np.float64 if name.startswith("float") else object)
    if wide.dtype == object:
        limits = np.iinfo(np.int64 if name == "bool" else name)
        if any(not limits.min <= int(v) <= limits.max for v in wide.flat):
            raise ModelError(f"Constants must fit their type {name} {where}; the file is damaged")
    return wide.astype(name).reshape(shape)


def _external(proto: Any, folder: Path, size: int, where: str) -> bytes:
    entries = {_text(e.key): _text(e.value) for e in proto.external_data}
    location = entries.get("location", "")
    root = folder.resolve()
    try:
        target = (root / location).resolve()
        inside = bool(location) and target.is_relative_to(root) and target.is_file()
        offset, length = int(entries.get("offset", "0")), int(entries.get("length", size))
    except (ValueError, OSError, RuntimeError) as error:
        raise ModelError(
            f"External data must have a readable location and numbers {where}"
        ) from error
    if not inside:
        raise ModelError(
            f"External data must be a file inside the model's folder, not {plain(location)} {where}"
        )
    available = target.stat().st_size - offset
    if length != size or offset < 0 or available < size:
        raise ModelError(
            f"External data must hold {size} bytes at its offset, not {min(length, available)} "
            f"{where}; copy the whole data file beside the model"
        )
    with target.open("rb") as file:
        file.seek(offset)
        data: bytes = file.read(size)
        return data


def _input(proto: Any, constants: dict[str, Any]) -> tuple[str, tuple[int, ...], str]:
    free = [value for value in proto.input if _text(value.name) not in constants]
    if len(free) != 1:
        names = ", ".join(plain(_text(value.name)) for value in free[:5])
        raise ModelError(f"Model graph must have one input, not {len(free)} ({names})")
    tensor = free[0].type.tensor_type
    dims = tuple(int(d.dim_value) for d in tensor.shape.dim)
    if dims[:1] == (0,):
        dims = (1, *dims[1:])  # a symbolic batch
    if len(dims) < 2 or dims[0] != 1 or min(dims) < 1 or prod(dims) > MAX_ELEMENTS:
        raise ModelError(
            f"Model input must have a fixed shape with a batch of 1, not {dims} "
            f"(input {plain(_text(free[0].name))}); export with batch 1"
        )
    return _text(free[0].name), dims, _DTYPES.get(tensor.elem_type, ("", ""))[0]


def _outputs(proto: Any, path: Path) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(_text(value.name) for value in proto.output))
    if not names:
        raise ModelError(f"Model graph must have at least one output ({path.name})")
    return names


def _datatypes(proto: Any) -> Iterator[tuple[str, str]]:
    for annotation in proto.quantization_annotation:
        for entry in annotation.quant_parameter_tensor_names:
            if entry.key == "finn_datatype":
                yield _text(annotation.tensor_name), _text(entry.value)


def _node(index: int, proto: Any, folder: Path) -> Node:
    return Node(
        index=index,
        op=_text(proto.op_type),
        domain=_text(proto.domain),
        name=_text(proto.name),
        inputs=tuple(map(_text, proto.input)),
        outputs=tuple(map(_text, proto.output)),
        attributes={_text(a.name): _attribute(a, folder) for a in proto.attribute},
    )


def _attribute(proto: Any, folder: Path) -> Any:
    """Value of an attribute: number, string, list of numbers, array, or None for anything else."""
    if proto.type == proto.FLOAT:
        return float(proto.f)
    if proto.type == proto.INT:
        return int(proto.i)
    if proto.type == proto.STRING:
        return proto.s.decode("utf-8", "replace")
    if proto.type == proto.TENSOR:
        return _tensor(proto.t, folder)
    if proto.type == proto.FLOATS:
        return [float(v) for v in proto.floats]
    if proto.type == proto.INTS:
        return [int(v) for v in proto.ints]
    return None


def _sorted(nodes: tuple[Node, ...], known: set[str]) -> tuple[Node, ...]:
    """Topological order, the file's where it is one; a cycle or a missing tensor is an error."""
    producers: dict[str, int] = {}
    for node in nodes:
        for name in filter(None, node.outputs):
            if name in producers or name in known:
                raise ModelError(
                    f"Tensors must be computed once, not again by {node.label} "
                    f"(tensor {plain(name)})"
                )
            producers[name] = node.index
    for node in nodes:
        for name in filter(None, node.inputs):
            if name not in producers and name not in known:
                raise ModelError(
                    f"Node inputs must be computed in the graph, not {plain(name)} ({node.label})"
                )
    waiting = {n.index: {producers[i] for i in n.inputs if i in producers} for n in nodes}
    users: dict[int, list[int]] = {}
    for index, needs in waiting.items():
        for need in needs:
            users.setdefault(need, []).append(index)
    ready = [index for index, needs in waiting.items() if not needs]
    order: list[int] = []
    while ready:
        index = heappop(ready)
        order.append(index)
        for user in users.get(index, ()):
            waiting[user].discard(index)
            if not waiting[user]:
                heappush(ready, user)
    if len(order) != len(nodes):
        stuck = next(node for node in nodes if node.index not in set(order))
        raise ModelError(f"Model graph must not hold a cycle, not one through {stuck.label}")
    return tuple(nodes[index] for index in order)
