# SPDX-License-Identifier: Apache-2.0
"""Model to nodes: fuse residual adds, place concatenations, give readers layouts they can read."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from hlsgen.engines.fold import folded
from hlsgen.engines.mixed import MixedSpec
from hlsgen.engines.nodes import (
    ConvNode,
    Copied,
    Lowered,
    MoveNode,
    Node,
    PoolNode,
    Source,
    Value,
    Window,
    reads,
    writes,
)
from hlsgen.engines.program import Buffer
from hlsgen.errors import PlanError
from hlsgen.model.graph import Add, Concat, Conv, Layer, MaxPool, Model, Raw, Tensor
from hlsgen.model.numbers import Format

RAW_BITS = 32


def lower(model: Model, spec: MixedSpec) -> Lowered:
    """Return the nodes of a frame, in order, with a layout parameter s for every root value."""
    state = _Lowering(model=model, spec=spec)
    state.check()
    state.alias_concats()
    state.load_input()
    for layer in model.layers:
        state.layer(layer)
    plain = Lowered(values=state.values, nodes=tuple(state.nodes), s={})
    return _with_layouts(folded(plain, model.input, spec), model.input)


@dataclass(slots=True)
class _Lowering:
    model: Model
    spec: MixedSpec
    values: dict[str, Value] = field(default_factory=dict)
    views: dict[str, tuple[str, int]] = field(default_factory=dict)  # tensor: concat, group
    nodes: list[Node] = field(default_factory=list)
    fused: set[str] = field(default_factory=set)  # Adds done in a convolution's drain
    made: set[str] = field(default_factory=set)  # tensors complete by now

    def check(self) -> None:
        """Refuse what the engine has no form for, layer by layer."""
        for layer in self.model.layers:
            for name in layer.inputs:
                if self.model.tensors[name].bits == RAW_BITS:
                    raise PlanError(
                        f"Raw tensors must be outputs of the model only, not inputs (layer "
                        f"{layer.name}); requantise tensor {name}"
                    )
            if isinstance(layer, MaxPool | Add):
                names = (*layer.inputs, *((layer.output,) if isinstance(layer, Add) else ()))
                self._check_planes(layer, names)

    def _check_planes(self, layer: Layer, names: tuple[str, ...]) -> None:
        for name in names:
            bits = self.model.tensors[name].bits
            if bits > self.spec.act_bits * self.spec.add_planes_n:
                kind = "Add" if isinstance(layer, Add) else "MaxPool"
                raise PlanError(
                    f"{kind} tensors must have at most act_bits={self.spec.act_bits} bits, not "
                    f"{bits} (tensor {name}, layer {layer.name}); quantize the model to fewer "
                    "bits, or choose act_bits 8 or wide_codes"
                )

    def alias_concats(self) -> None:
        """Let sources of a concatenation be written in place where they start on a beat."""
        for layer in self.model.layers:
            if isinstance(layer, Concat) and self._aligned(layer):
                group = 0
                for name in layer.sources:
                    self.views[name] = (layer.output, group)
                    group += self.spec.channel_groups_n(self.model.tensors[name].shape[0])

    def _aligned(self, layer: Concat) -> bool:
        channels = [self.model.tensors[name].shape[0] for name in layer.sources]
        unused = not any(name in self.views for name in layer.sources)
        distinct = len(set(layer.sources)) == len(layer.sources)
        return unused and distinct and all(c % self.spec.group_lanes_n == 0 for c in channels[:-1])

    def value(self, name: str) -> Value:
        """The value of a tensor, made when first asked for."""
        if name not in self.values:
            root, group = name, 0
            while root in self.views:
                root, offset = self.views[root]
                group += offset
            tensor = self.model.tensors[name]
            self.values[name] = Value(name=name, tensor=tensor, root=root, group0=group)
            if root != name:
                self.value(root)
        return self.values[name]

    def load_input(self) -> None:
        """Begin with the input."""
        name = self.value(self.model.input).name
        self.nodes.append(MoveNode(store=False, value=name, buffer=Buffer.INPUT, tensor=name))
        self._store_outputs(name)

    def layer(self, layer: Layer) -> None:
        """Append the nodes of one layer."""
        if isinstance(layer, Conv):
            self._conv(layer)
        elif isinstance(layer, MaxPool):
            window = self._window(layer.input, layer.output, layer.kernel, layer.stride, layer.pads)
            output = self.value(layer.output).name
            self.nodes.append(
                PoolNode(layer=layer.name, input=layer.input, window=window, output=output)
            )
            self._store_outputs(layer.output)
        elif isinstance(layer, Concat):
            if (
                layer.sources[0] not in self.views
                or self.views[layer.sources[0]][0] != layer.output
            ):
                self._copy(layer.name, layer.sources, self.value(layer.output).tensor, layer.output)
            self._store_outputs(layer.output)
        elif layer.name not in self.fused:
            self._add(layer)

    def _conv(self, layer: Conv) -> None:
        tensors = self.model.tensors
        kernel = (layer.weights.shape[2], layer.weights.shape[3])
        window = self._window(layer.input, layer.output, kernel, layer.stride, layer.pads)
        node = ConvNode(
            layer=layer.name,
            sources=(Source(value=layer.input, weights=layer.weights),),
            window=window,
            groups=layer.groups,
            formats=layer.formats,
            bias=layer.bias,
            requant=layer.requant,
            behind=tensors[layer.output],
            output=layer.output,
        )
        add = self._fusible_add(layer, window)
        if add is None:
            self.value(layer.output)
            self.nodes.append(node)
            self._store_outputs(layer.output)
            return
        first = add.b == layer.output
        self.fused.add(add.name)
        self.value(add.output)
        residual = add.a if first else add.b
        self.nodes.append(
            replace(node, output=add.output, add=add, residual=residual, residual_first=first)
        )
        self._store_outputs(add.output)

    def _fusible_add(self, layer: Conv, window: Window) -> Add | None:
        """The Add that alone reads this convolution and whose other operand exists by now."""
        readers = [other for other in self.model.layers if layer.output in other.inputs]
        if len(readers) != 1 or layer.output in self.model.outputs or layer.output in self.views:
            return None
        add = readers[0]
        if not isinstance(add, Add) or add.a == add.b or isinstance(layer.requant, Raw):
            return None
        other = add.b if add.a == layer.output else add.a
        simple = window.parts_n == 1 and window.row_pitches == 1
        return add if simple and other in self.made else None

    def _add(self, layer: Add) -> None:
        """An Add of two tensors in memory: copy operand a, add operand b in the drain."""
        self.value(layer.output)
        self._copy(layer.name, (layer.a,), self.model.tensors[layer.a], layer.output)
        node = self.nodes.pop()
        if isinstance(node, ConvNode):
            self.nodes.append(replace(node, add=layer, residual=layer.b))
        self._store_outputs(layer.output)

    def _copy(self, name: str, sources: tuple[str, ...], behind: Tensor, output: str) -> None:
        """A pointwise convolution that passes every channel of its sources."""
        tensors = [self.model.tensors[source] for source in sources]
        counts = [tensor.shape[0] for tensor in tensors]
        rows = sum(counts)
        eye = np.eye(rows, dtype=np.int64)[:, :, None, None]
        parts = np.split(eye, np.cumsum(counts)[:-1], axis=1)
        shape = tensors[0].shape[1:]
        self.nodes.append(
            ConvNode(
                layer=name,
                sources=tuple(
                    Source(value=source, weights=part)
                    for source, part in zip(sources, parts, strict=True)
                ),
                window=Window(
                    kernel=(1, 1), stride=(1, 1), pads=(0, 0, 0, 0), inside=shape, outside=shape
                ),
                formats=(Format.TERNARY,) * rows,
                bias=np.zeros(rows, np.int64),
                requant=Copied(),
                behind=behind,
                output=output,
            )
        )

    def _window(
        self,
        source: str,
        output: str,
        kernel: tuple[int, int],
        stride: tuple[int, int],
        pads: tuple[int, int, int, int],
    ) -> Window:
        tensors = self.model.tensors
        return Window(
            kernel=kernel,
            stride=stride,
            pads=pads,
            inside=tensors[source].shape[1:],
            outside=tensors[output].shape[1:],
        )

    def _store_outputs(self, name: str) -> None:
        self.made.add(name)
        if name in self.model.outputs:
            self.nodes.append(MoveNode(store=True, value=name, buffer=Buffer.OUTPUT, tensor=name))


def _with_layouts(lowered: Lowered, model_input: str) -> Lowered:
    """Choose s for every root; a reader that needs another s gets a copy through memory."""
    chosen = {value.root: 1 for value in lowered.values.values()}
    for root, wanted in _demands(lowered).items():
        pinned = any(_pins(node, lowered) == root for node in lowered.nodes)
        chosen[root] = 1 if pinned or not wanted else _favourite(wanted)
    return _with_copies(replace(lowered, s=chosen), model_input)


def _demands(lowered: Lowered) -> dict[str, list[int]]:
    demands: dict[str, list[int]] = {value.root: [] for value in lowered.values.values()}
    for node in lowered.nodes:
        for name, s in wanted_layouts(node):
            demands[lowered.root(name)].append(s)
    return demands


def wanted_layouts(node: Node) -> list[tuple[str, int]]:
    """Values that a CONV or POOL reads, each with the layout parameter s that it needs."""
    if isinstance(node, MoveNode):
        return []
    if isinstance(node, PoolNode):
        return [(node.input, node.window.s)]
    wanted = [(source.value, node.window.s) for source in node.sources]
    return wanted if node.residual is None else [*wanted, (node.residual, 1)]


def _pins(node: Node, lowered: Lowered) -> str | None:
    """Root that a node can only write with s = 1: its rows come from several descriptors."""
    if isinstance(node, MoveNode) or node.window.parts_n == 1:
        return None
    return lowered.root(node.output)


def _favourite(wanted: list[int]) -> int:
    return max(sorted(set(wanted)), key=wanted.count)


def _with_copies(lowered: Lowered, model_input: str) -> Lowered:
    """Insert STORE to scratch and LOAD (the input: LOAD alone) before readers of another s."""
    values, s = dict(lowered.values), dict(lowered.s)
    nodes: list[Node] = []
    stored: set[str] = set()
    for node in lowered.nodes:
        renames: dict[tuple[str, int], str] = {}
        for name, wanted in wanted_layouts(node):
            if s[values[name].root] == wanted:
                continue
            copy = f"{name}@{wanted}"
            renames[name, wanted] = copy
            if copy in values:
                continue
            values[copy] = Value(name=copy, tensor=values[name].tensor, root=copy)
            s[copy] = wanted
            buffer = Buffer.INPUT if name == model_input else Buffer.SCRATCH
            if buffer is Buffer.SCRATCH and name not in stored:
                stored.add(name)
                nodes.append(MoveNode(store=True, value=name, buffer=buffer, tensor=name))
            nodes.append(MoveNode(store=False, value=copy, buffer=buffer, tensor=name))
        nodes.append(_renamed(node, renames))
    return _without_unread(Lowered(values=values, nodes=tuple(nodes), s=s), model_input)


def _renamed(node: Node, renames: dict[tuple[str, int], str]) -> Node:
    if isinstance(node, MoveNode) or not renames:
        return node
    s = node.window.s
    if isinstance(node, PoolNode):
        return replace(node, input=renames.get((node.input, s), node.input))
    sources = tuple(
        replace(source, value=renames.get((source.value, s), source.value))
        for source in node.sources
    )
    residual = node.residual
    if residual is not None:
        residual = renames.get((residual, 1), residual)
    return replace(node, sources=sources, residual=residual)


def _without_unread(lowered: Lowered, model_input: str) -> Lowered:
    """Drop the plain LOAD of an input of which only copies are read."""
    read = {lowered.root(name) for node in lowered.nodes for name in reads(node)}
    nodes = tuple(
        node
        for node in lowered.nodes
        if not (isinstance(node, MoveNode) and writes(node) == model_input) or model_input in read
    )
    return replace(lowered, nodes=nodes)
