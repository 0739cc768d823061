# SPDX-License-Identifier: Apache-2.0
"""Where every value lies in the activation memory (docs/spec/formats.md §2)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import accumulate

from hlsgen.engines.lower import wanted_layouts
from hlsgen.engines.mixed import MixedSpec
from hlsgen.engines.nodes import Lowered, MoveNode, Node, Value, reads, writes
from hlsgen.engines.program import Buffer
from hlsgen.errors import FitError

_NODES_MORE = 4  # by which outputs of a batch live longer


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Addresses of a value, in beats of a bank."""

    base: int
    cg_stride: int
    plane_stride: int
    phase_stride: int
    pitch: int
    s: int
    off_step: int
    groups: int  # channel groups of the value
    planes: int
    skewed: bool = False  # plane 1 lies B/2 banks further on

    def intervals(self, group0: int = 0, groups: int | None = None) -> list[tuple[int, int]]:
        """Address ranges [low, high) of some channel groups, plane by plane."""
        count = self.groups - group0 if groups is None else groups
        found = []
        for plane in range(self.planes):
            low = self.base + plane * self.plane_stride + group0 * self.cg_stride
            found.append((low, low + count * self.cg_stride))
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Layouts of all values, and the beats of a bank in use."""

    layouts: dict[str, Layout]
    depth: int


def place(lowered: Lowered, spec: MixedSpec) -> Memory:
    """Choose pitches and place every root, or raise FitError with the layer that needs most."""
    shapes = _shapes(lowered, spec)
    lives = _lives(lowered, shapes)
    depth, bases = _best(lowered, shapes, lives, spec.act_depth)
    if depth > spec.act_depth:
        raise FitError(_misfit(lowered, spec, depth))
    layouts = {
        name: _view(replace(shapes[value.root], base=bases[value.root]), value, spec)
        for name, value in lowered.values.items()
        if value.root in bases
    }
    return Memory(layouts=layouts, depth=depth)


def needed_depth(lowered: Lowered, spec: MixedSpec, limit: int = 1 << 40) -> int:
    """Beats of a bank that are enough; with no limit, so that neighbouring frames overlap."""
    shapes = _shapes(lowered, spec)
    lives = _lives(lowered, shapes)
    least = max(alive_beats(lowered, spec))
    return least if least > limit else _best(lowered, shapes, lives, limit)[0]


def fits(lowered: Lowered, spec: MixedSpec) -> bool:
    """Whether the activations have room."""
    return needed_depth(lowered, spec, spec.act_depth) <= spec.act_depth


def pitches(lowered: Lowered, spec: MixedSpec) -> dict[str, int]:
    """Pitch of every root."""
    return {root: layout.pitch for root, layout in _shapes(lowered, spec).items()}


@lru_cache(maxsize=4)
def alive_beats(lowered: Lowered, spec: MixedSpec) -> tuple[int, ...]:
    """Beats of a bank alive at each node."""
    shapes = _shapes(lowered, spec)
    change = [0] * (len(lowered.nodes) + 1)
    for root, (first, last) in _lives(lowered, shapes).items():
        change[first] += _size(shapes[root])
        change[last + 1] -= _size(shapes[root])
    return tuple(accumulate(change[:-1]))


def beats_across(lowered: Lowered, spec: MixedSpec, at: int) -> dict[str, int]:
    """Roots that nodes before node `at` leave to it and those behind, and the beats of each."""
    shapes = _shapes(lowered, spec)
    return {
        root: _size(shapes[root])
        for root, (first, last) in _lives(lowered, shapes).items()
        if first < at <= last
    }


@lru_cache(maxsize=4)
def _shapes(lowered: Lowered, spec: MixedSpec) -> Mapping[str, Layout]:
    """Layout of every root at base 0; a Lowered is compared by identity."""
    chosen = _pitches(lowered, spec)
    return {
        root: _shape(lowered.values[root], pitch, lowered.s[root], spec)
        for root, pitch in chosen.items()
    }


def _best(
    lowered: Lowered,
    shapes: Mapping[str, Layout],
    lives: dict[str, tuple[int, int]],
    limit: int,
) -> tuple[int, dict[str, int]]:
    """Depth and bases: of the most generous lives that fit the limit, the shallowest placement."""
    found: tuple[int, dict[str, int]] | None = None
    for life in _relaxations(lowered, lives):
        for order in _orders(shapes, life):
            bases = _first_fit(order, shapes, life)
            depth = max(bases[root] + _size(shapes[root]) for root in bases)
            if found is None or depth < found[0]:
                found = depth, bases
        if found is not None and found[0] <= limit:
            break
    return found or (0, {})


def _view(root: Layout, value: Value, spec: MixedSpec) -> Layout:
    groups = spec.channel_groups_n(value.tensor.shape[0])
    rows = value.row0 // root.s * root.pitch
    base = root.base + value.group0 * root.cg_stride + rows // spec.banks_n
    return replace(root, base=base, groups=groups)


def _pitches(lowered: Lowered, spec: MixedSpec) -> dict[str, int]:
    """Pitch by root: wide enough for its readers, equal where a layer reads several values."""
    parent = {value.root: value.root for value in lowered.values.values()}

    def find(root: str) -> str:
        while parent[root] != root:
            root = parent[root]
        return root

    needs = dict.fromkeys(parent, 1)
    rounded: set[str] = set()
    for root in parent:
        width = lowered.values[root].tensor.shape[2]
        needs[root] = -(-width // lowered.s[root])
    for node in lowered.nodes:
        if isinstance(node, MoveNode):
            continue
        roots = [lowered.root(name) for name, _ in wanted_layouts(node)]
        least = -(-node.window.outside[1] // node.window.row_pitches)
        needs[roots[0]] = max(needs[roots[0]], least)
        for other in roots[1:]:
            parent[find(other)] = find(roots[0])
        if node.window.parts_n > 1:  # rows of such a value start in bank 0
            rounded.add(lowered.root(node.output))
    classes: dict[str, int] = {}
    for root, need in needs.items():
        classes[find(root)] = max(classes.get(find(root), 1), need)
    for root in rounded:
        pitch = classes[find(root)]
        classes[find(root)] = -(-pitch // spec.banks_n) * spec.banks_n
    used = {lowered.root(name) for node in lowered.nodes for name in touched(node)}
    return {root: classes[find(root)] for root in parent if root in used}


def touched(node: Node) -> Iterable[str]:
    """Values that a node reads or writes."""
    written = writes(node)
    return reads(node) if written is None else (*reads(node), written)


def _shape(value: Value, pitch: int, s: int, spec: MixedSpec) -> Layout:
    """Layout of a root value at base 0."""
    tensor = value.tensor
    channels, height, width = tensor.shape
    off_step = spec.banks_n // s
    last = (-(-height // s) - 1) * pitch + -(-width // s) - 1 + (s - 1) * off_step
    last += spec.banks_n // 2 if value.skewed else 0
    phase = last // spec.banks_n + 1
    groups = spec.channel_groups_n(channels)
    return Layout(
        base=0,
        cg_stride=s * s * phase,
        plane_stride=groups * s * s * phase,
        phase_stride=phase,
        pitch=pitch,
        s=s,
        off_step=off_step,
        groups=groups,
        planes=spec.planes_n(tensor.bits),
        skewed=value.skewed,
    )


def _size(layout: Layout) -> int:
    return layout.planes * layout.plane_stride


def _lives(lowered: Lowered, roots: Iterable[str]) -> dict[str, tuple[int, int]]:
    """First and last node that touches each root."""
    lives: dict[str, tuple[int, int]] = {}
    for index, node in enumerate(lowered.nodes):
        for name in touched(node):
            root = lowered.root(name)
            lives[root] = (lives.get(root, (index, index))[0], index)
    return {root: lives[root] for root in roots}


def _relaxations(
    lowered: Lowered, lives: dict[str, tuple[int, int]]
) -> Iterable[dict[str, tuple[int, int]]]:
    """Lives, first with the whole frame for inputs and outputs, so that frames overlap.

    In a batch outputs may live a little longer only: then its images overlap.
    """
    inputs: set[str] = set()
    outputs: set[str] = set()
    for node in lowered.nodes:
        if isinstance(node, MoveNode) and node.buffer is not Buffer.SCRATCH:
            (outputs if node.store else inputs).add(lowered.root(node.value))
    whole = (0, len(lowered.nodes))
    if lowered.images > 1:
        for more in (whole[1] // lowered.images, _NODES_MORE):
            longer = {
                root: (max(0, lives[root][0] - more), lives[root][1] + more) for root in outputs
            }
            yield lives | dict.fromkeys(inputs, whole) | longer
    for kept in (inputs | outputs, inputs, set[str]()):
        yield {root: whole if root in kept else life for root, life in lives.items()}


def _orders(shapes: Mapping[str, Layout], lives: dict[str, tuple[int, int]]) -> Iterable[list[str]]:
    roots = sorted(shapes)
    yield sorted(roots, key=lambda root: (lives[root][0], -_size(shapes[root])))
    yield sorted(roots, key=lambda root: (-_size(shapes[root]), lives[root][0]))
    yield sorted(roots, key=lambda root: (lives[root][0] - lives[root][1], -_size(shapes[root])))


def _first_fit(
    order: list[str], shapes: Mapping[str, Layout], lives: dict[str, tuple[int, int]]
) -> dict[str, int]:
    """Lowest free base for each root, in order; lives that meet in a node overlap."""
    bases: dict[str, int] = {}
    for root in order:
        first, last = lives[root]
        taken = sorted(
            (bases[other], bases[other] + _size(shapes[other]))
            for other in bases
            if lives[other][0] <= last and first <= lives[other][1]
        )
        base = 0
        for low, high in taken:
            if low - base >= _size(shapes[root]):
                break
            base = max(base, high)
        bases[root] = base
    return bases


def busiest_node(lowered: Lowered, spec: MixedSpec) -> Node:
    """The node at which most beats are alive."""
    alive = alive_beats(lowered, spec)
    return lowered.nodes[max(range(len(alive)), key=alive.__getitem__)]


def _misfit(lowered: Lowered, spec: MixedSpec, depth: int) -> str:
    """Name the layer with most beats alive."""
    node = busiest_node(lowered, spec)
    name = node.tensor if isinstance(node, MoveNode) else node.layer
    return (
        f"Design act_depth must be at least {max(depth, *alive_beats(lowered, spec))} for the "
        f"activations of the model, not {spec.act_depth} (layer {name}); "
        "choose a deeper act_depth or a larger board"
    )
