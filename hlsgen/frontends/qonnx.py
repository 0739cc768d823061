# SPDX-License-Identifier: Apache-2.0
"""Import QONNX: `load_qonnx(path)` makes a Model whose integers equal exact rational arithmetic.

The graph is walked once. Between two quantisers every operator is an affine or monotone map of an
exact integer; a quantiser ends such a chain, and its steps become integer thresholds. The
reference is rational arithmetic on the stored float32 numbers, ties by the rounding mode; the one
irrational operation, a square root, is rounded correctly to float64 (`rational.square_root`).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hlsgen.errors import HlsgenError, ModelError, UnsupportedError
from hlsgen.frontends.lower import without_dead
from hlsgen.frontends.qonnx_build import Builder
from hlsgen.frontends.qonnx_const import fold, weights_of
from hlsgen.frontends.qonnx_file import Graph, Node, plain, read_graph
from hlsgen.frontends.qonnx_ops import HANDLERS
from hlsgen.frontends.qonnx_values import (
    Broken,
    Call,
    Chain,
    Const,
    HostValue,
    InputBase,
    Refusal,
    TensorBase,
    Value,
    shape_of,
    text,
)
from hlsgen.model.graph import Model, Preprocess
from hlsgen.model.verify import verify
from hlsgen.naming import safe_name

HOST_OPS = frozenset({"ArgMax", "LogSoftmax", "Softmax", "TopK"})
_HOST_VIEWS = frozenset({"Cast", "Flatten", "Identity", "Reshape", "Squeeze", "Unsqueeze"})
_QUANTISERS = frozenset({"BipolarQuant", "IntQuant", "Quant"})
_CODED = _QUANTISERS | {"Concat", "MaxPool", "MultiThreshold", "Trunc"}
_LINEAR = frozenset({"Conv", "Gemm", "MatMul"})
# What malformed attributes and shapes raise where no rule of the importer names them first.
_MISFITS = (ArithmeticError, AttributeError, IndexError, MemoryError, TypeError, ValueError)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Imported:
    """A Model, and for each quantised ONNX tensor the Model's tensor that holds its codes."""

    model: Model
    tensors: dict[str, str]


def load_qonnx(path: Path) -> Model:
    """Import a QONNX file; UnsupportedError lists every node that cannot be imported."""
    return import_qonnx(path).model


load = load_qonnx  # the name every frontend has


def import_qonnx(path: Path) -> Imported:
    """Import a QONNX file and say where its quantised tensors went."""
    graph = read_graph(Path(path))
    return _Walk(graph, Path(path)).run()


class _Walk:
    """One walk over the graph: values by ONNX name, and what had to be refused."""

    def __init__(self, graph: Graph, path: Path) -> None:
        self.graph, self.path = graph, path
        self.builder = Builder(graph.input)
        self.refusals: list[str] = []
        self.values: dict[str, Value] = {
            name: Const(array=array) for name, array in graph.constants.items()
        }

    def run(self) -> Imported:
        """Walk, then assemble and verify the Model."""
        self.values[self.graph.input] = self._input()
        for node in self.graph.nodes:
            self._visit(node)
        outputs = self._outputs()
        if self.refusals:
            listed = "; ".join(self.refusals)
            raise UnsupportedError(
                f"Model must hold only operators that can be imported, not: {listed} "
                f"({plain(self.path.name)})"
            )
        model = self._model(outputs)
        verify(model)
        return Imported(model=model, tensors=self._places(model))

    def _input(self) -> Chain:
        graph = self.graph
        datatype = graph.datatypes.get(graph.input, "")
        if graph.input_dtype in ("int8", "uint8"):
            datatype = graph.input_dtype.upper()
        shape = shape_of(graph.input_dims) if len(graph.input_dims) in (2, 3, 4) else None
        if shape is None:
            raise ModelError(
                f"Model input must have two to four axes, not {text(graph.input_dims)} "
                f"(input {plain(graph.input)})"
            )
        base = InputBase(layout="CHW", datatype=datatype)
        return Chain(base=base, dims=graph.input_dims, shape=shape, full=shape)

    def _visit(self, node: Node) -> None:
        args = tuple(self.values[name] if name else None for name in node.inputs)
        call = Call(node=node, args=args, attributes=node.attributes)
        try:
            result: Value = self._evaluate(call)
        except Refusal as refusal:
            self._refuse(call, refusal)
            result = Broken()
        except HlsgenError:
            raise
        except _MISFITS as error:
            raise ModelError(
                f"Node inputs and attributes must fit their operator, not {_shapes(call)} "
                f"({node.label}); export the model again"
            ) from error
        for name in filter(None, node.outputs):
            self.values[name] = result

    def _evaluate(self, call: Call) -> Value:
        op, given = call.node.op, [value for value in call.args if value is not None]
        if any(isinstance(value, Broken) for value in given):
            self._look_ahead(call)
            return Broken()
        if given and isinstance(given[0], HostValue) and op in HOST_OPS | _HOST_VIEWS:
            return given[0]
        if op in HOST_OPS and given and isinstance(given[0], Chain):
            return HostValue(source=given[0], op=op)
        if all(isinstance(value, Const) for value in given) and op not in _QUANTISERS:
            return fold(call)
        if op not in HANDLERS:
            raise Refusal("is not an operator hlsgen knows", _nearest(op))
        return HANDLERS[op](call, self.builder)

    def _look_ahead(self, call: Call) -> None:
        """Report what is wrong with a node by itself although its input is already refused."""
        op = call.node.op
        if op not in HANDLERS and op not in HOST_OPS:
            raise Refusal("is not an operator hlsgen knows", _nearest(op))
        weights = call.args[1] if op in _LINEAR and len(call.args) > 1 else None
        if isinstance(weights, Const) and len(weights.shape) > 1 and weights.shape[0]:
            weights_of(weights)

    def _refuse(self, call: Call, refusal: Refusal) -> None:
        self.refusals.append(
            f"{call.node.label} {refusal.what}, on {_shapes(call)} "
            f"(nearest supported: {refusal.remedy})"
        )

    def _outputs(self) -> list[str]:
        names: list[str] = []
        for raw in self.graph.outputs:
            value = self.values.get(raw)
            source = value.source if isinstance(value, HostValue) else value
            if isinstance(source, Broken):
                continue
            if not isinstance(source, Chain):
                raise ModelError(f"Model outputs must be computed from its input, not {plain(raw)}")
            try:
                names.append(self.builder.output(source, raw))
            except Refusal as refusal:
                self.refusals.append(
                    f"output {plain(raw)} {refusal.what}, of {text(source.dims)} "
                    f"(nearest supported: {refusal.remedy})"
                )
        return list(dict.fromkeys(names))

    def _model(self, outputs: list[str]) -> Model:
        builder = self.builder
        if builder.input is None:
            raise ModelError(
                "Model must quantise its input and compute from it; add a Quant node at the input"
            )
        layers = without_dead(builder.layers, outputs)
        used = {builder.input.name, *(layer.output for layer in layers)}
        return Model(
            name=safe_name(self.path.stem, 0),
            input=builder.input.name,
            outputs=tuple(outputs),
            tensors={name: t for name, t in builder.tensors.items() if name in used},
            layers=layers,
            preprocess=builder.preprocess or Preprocess(gain=1.0, offset=0.0, layout="CHW"),
            source=self._source(),
            output_affine={n: a for n, a in builder.affine.items() if n in outputs},
        )

    def _source(self) -> str:
        found = (self.values.get(name) for name in self.graph.outputs)
        host = sorted({value.op for value in found if isinstance(value, HostValue)})
        left = f"; {', '.join(host)} left to the host" if host else ""
        return f"QONNX {safe_name(self.path.name, 0)}{left}"

    def _places(self, model: Model) -> dict[str, str]:
        found = {}
        for node in self.graph.nodes:
            value = self.values.get(node.outputs[0]) if node.outputs else None
            if node.op not in _CODED or not isinstance(value, Chain) or value.affine() is None:
                continue
            if isinstance(value.base, TensorBase) and value.base.tensor.name in model.tensors:
                found[node.outputs[0]] = value.base.tensor.name
        return found


def _shapes(call: Call) -> str:
    """Shapes of a node's inputs for messages."""
    parts = []
    for value in call.args:
        if isinstance(value, Chain):
            parts.append(text(value.dims))
        elif isinstance(value, Const):
            parts.append(f"constant {text(value.shape)}")
        elif value is not None:
            parts.append("a refused input" if isinstance(value, Broken) else "a host value")
    return "shapes " + ", ".join(parts) if parts else "no inputs"


def _nearest(op: str) -> str:
    """Closest supported form of an operator hlsgen does not have."""
    table = {
        "ConvTranspose": "Conv",
        "Elu": "Relu and Quant",
        "HardSwish": "Relu and Quant",
        "LeakyRelu": "Relu and Quant",
        "PRelu": "Relu and Quant",
        "Resize": "a Conv with a stride, or none",
        "Sigmoid": "Clip and Quant",
        "Tanh": "Clip and Quant",
        "Upsample": "a Conv with a stride, or none",
    }
    return table.get(op, ", ".join(sorted(HANDLERS)))
