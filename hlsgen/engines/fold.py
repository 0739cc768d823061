# SPDX-License-Identifier: Apache-2.0
"""Images of few channels: neighbouring pixels share a beat, so that kernel columns fill the lanes.

A first layer with 3 channels would use 3 of its lanes. Its image lies in memory as plain bytes
(rows of W*C codes); an image LOAD writes, for every output column, beats that hold F neighbouring
pixels (formats §6), padding columns included, and a kernel row becomes a few slices of such beats.
Rows are told apart by their remainder modulo the vertical stride, a channel group for each.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from hlsgen.engines.mixed import MixedSpec
from hlsgen.engines.nodes import (
    ConvNode,
    Fold,
    Lowered,
    MoveNode,
    Node,
    Source,
    Value,
    Window,
    reads,
)
from hlsgen.engines.program import Buffer
from hlsgen.engines.tensors import row_bytes
from hlsgen.model.graph import Tensor

_LEAD_MAX = 255  # bytes of padding in front of a row
_STEP_MAX = 16  # bytes from one output column to the next


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """Kernel columns first..behind-1, read `turn` output columns to the right of the first beat."""

    turn: int
    first: int
    behind: int


def folded(lowered: Lowered, model_input: str, spec: MixedSpec) -> Lowered:
    """Fold the input into its only reader where that saves weight words; else return it as is."""
    readers = [node for node in lowered.nodes if model_input in reads(node)]
    loads = [
        node
        for node in lowered.nodes
        if isinstance(node, MoveNode) and node.value == model_input and not node.store
    ]
    owned = lowered.root(model_input) == model_input
    if not owned or len(readers) != 1 or len(loads) != 1 or not isinstance(readers[0], ConvNode):
        return lowered
    reader, tensor = readers[0], lowered.values[model_input].tensor
    parts = _parts(reader, tensor, spec)
    if parts is None:
        return lowered
    fold = _fold(reader.window, tensor, parts)
    if fold.lead > _LEAD_MAX or fold.step > _STEP_MAX:
        return lowered
    values = {name: value for name, value in lowered.values.items() if name != model_input}
    views = _views(model_input, tensor, fold, spec)
    values |= {view.name: view for view in views}
    moves = [
        MoveNode(
            store=False, value=view.name, buffer=Buffer.INPUT, tensor=model_input,
            fold=fold, rest=rest,
        )
        for rest, view in enumerate(views[-fold.rows_step :])
    ]  # fmt: skip
    nodes: list[Node] = []
    for node in lowered.nodes:
        if node is loads[0]:
            nodes += moves
        else:
            nodes.append(_reader(reader, views[0], fold, parts, spec) if node is reader else node)
    return replace(lowered, values=values, nodes=tuple(nodes))


def _parts(node: ConvNode, tensor: Tensor, spec: MixedSpec) -> tuple[_Part, ...] | None:
    """Kernel columns by beat, with the fewest slices; None when the plain layout needs no more."""
    channels = tensor.shape[0]
    pixels = spec.group_lanes_n // channels
    columns = node.window.kernel[1]
    zero = tensor.zero_point - tensor.lo
    foldable = node.groups == 1 and len(node.sources) == 1 and node.residual != tensor.name
    codes_n = 1 << spec.act_bits * spec.planes_n(tensor.bits)
    if not foldable or pixels < 2 or tensor.bits > 8 or not 0 <= zero < codes_n:
        return None
    best: list[tuple[int, tuple[_Part, ...]]] = [(0, ())]  # by column: slices and parts before it
    for behind in range(1, columns + 1):
        choices = [
            (best[first][0] + slices, (*best[first][1], part))
            for first in range(max(0, behind - pixels), behind)
            for slices, part in _beats(first, behind, channels, node.window.stride[1], spec)
        ]
        if not choices:  # the stride steps over this column
            return None
        best.append(min(choices, key=lambda choice: (choice[0], len(choice[1]))))
    plain = columns * -(-channels // spec.lanes_n)
    return best[-1][1] if best[-1][0] < plain else None


def _beats(
    first: int, behind: int, channels: int, stride: int, spec: MixedSpec
) -> list[tuple[int, _Part]]:
    """Beats that hold columns first..behind-1, the nearest first, and the slices they take."""
    pixels = spec.group_lanes_n // channels
    found = []
    for turn in range(first // stride, -(-(behind - pixels) // stride) - 1, -1):
        low, high = (first - turn * stride) * channels, (behind - turn * stride) * channels
        slices = (high - 1) // spec.lanes_n - low // spec.lanes_n + 1
        found.append((slices, _Part(turn=turn, first=first, behind=behind)))
    return found


def _fold(window: Window, tensor: Tensor, parts: tuple[_Part, ...]) -> Fold:
    first = min(part.turn for part in parts)
    turns = max(part.turn for part in parts) - first
    channels = tensor.shape[0]
    lead = (window.pads[2] - first * window.stride[1]) * channels
    return Fold(
        row_bytes=row_bytes(tensor),
        used_bytes=channels * tensor.shape[2],
        step=window.stride[1] * channels,
        lead=lead,
        width=window.outside[1] + turns,
        rows_step=window.stride[0],
    )


def _views(name: str, tensor: Tensor, fold: Fold, spec: MixedSpec) -> list[Value]:
    """The folded image, and each remainder of its rows as a channel group."""
    lanes, height = spec.group_lanes_n, -(-tensor.shape[1] // fold.rows_step)
    root = f"{name}:folded"
    shape = (fold.rows_step * lanes, height, fold.width)
    skewed = spec.planes_n(tensor.bits) > 1
    found = [Value(name=root, tensor=replace(tensor, shape=shape), root=root, skewed=skewed)]
    one = replace(tensor, shape=(lanes, height, fold.width))
    if fold.rows_step > 1:
        found += [
            replace(found[0], name=f"{root}{rest}", tensor=one, group0=rest)
            for rest in range(fold.rows_step)
        ]
    return found


def _reader(
    node: ConvNode, image: Value, fold: Fold, parts: tuple[_Part, ...], spec: MixedSpec
) -> ConvNode:
    """The convolution over folded beats: stride 1, no padding columns."""
    window, step = node.window, fold.rows_step
    top = -(-window.pads[0] // step)
    rows = (window.kernel[0] - 1 - window.pads[0]) // step + top + 1
    first = min(part.turn for part in parts)
    turns = max(part.turn for part in parts) - first + 1
    own = node.sources[0].weights
    channels = own.shape[1]
    weights = np.zeros((len(own), step * spec.group_lanes_n, rows, turns), np.int64)
    for ky in range(window.kernel[0]):
        down, rest = divmod(ky - window.pads[0], step)
        for part in parts:
            for kx in range(part.first, part.behind):
                lane = rest * spec.group_lanes_n
                lane += (kx - part.turn * window.stride[1]) * channels
                place = slice(lane, lane + channels)
                weights[:, place, down + top, part.turn - first] = own[:, :, ky, kx]
    return replace(
        node,
        sources=(Source(value=image.name, weights=weights),),
        window=Window(
            kernel=(rows, turns),
            stride=(1, 1),
            pads=(top, 0, 0, 0),
            inside=image.tensor.shape[1:],
            outside=window.outside,
        ),
    )
