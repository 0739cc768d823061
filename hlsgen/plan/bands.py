# SPDX-License-Identifier: Apache-2.0
"""Row bands: a stretch of layers whose maps are too large is done a few rows at a time.

A band of a layer is the same layer on fewer rows with other pads, so bands are ordinary nodes on
values of their own; rows in the halo of two bands are computed twice. The model's input is loaded
band by band, the last layer of the stretch writes its rows into a whole value.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import gcd

from hlsgen.engines.mixed import MixedSpec
from hlsgen.engines.nodes import ConvNode, Lowered, MoveNode, Node, PoolNode, Value, reads, writes
from hlsgen.engines.program import Buffer
from hlsgen.engines.segments import used_positions
from hlsgen.plan.memory import alive_beats, needed_depth, pitches, touched

_BANDS_LEAST, _BANDS_MAX = 4, 64
_STRETCH_MAX = 12  # nodes


def with_bands(lowered: Lowered, spec: MixedSpec) -> Lowered:
    """Return nodes that fit the activation memory, or the given ones when no bands help."""
    while needed_depth(lowered, spec, spec.act_depth) > spec.act_depth:
        found = _best(lowered, spec)
        if found is None:
            return lowered
        lowered = found
    return lowered


def _best(lowered: Lowered, spec: MixedSpec) -> Lowered | None:
    """The first candidate that fits, or the one that leaves fewest nodes with too little room."""
    found, least = None, _crowded(lowered, spec)
    for banded in _candidates(lowered, spec):
        crowded = _crowded(banded, spec)
        if not crowded and needed_depth(banded, spec, spec.act_depth) <= spec.act_depth:
            return banded
        if 0 < crowded < least:
            found, least = banded, crowded
    return found


def _crowded(lowered: Lowered, spec: MixedSpec) -> int:
    """Nodes at which more is alive than the memory holds."""
    return sum(beats > spec.act_depth for beats in alive_beats(lowered, spec))


def _candidates(lowered: Lowered, spec: MixedSpec) -> Iterator[Lowered]:
    """Short stretches around the busiest node first, bands loaded ahead first."""
    alive = alive_beats(lowered, spec)
    worst = max(range(len(alive)), key=alive.__getitem__)
    count = len(lowered.nodes)
    spans = [
        (first, last)
        for first in range(max(0, worst - _STRETCH_MAX), worst + 1)
        for last in range(worst, min(count, worst + _STRETCH_MAX))
    ]
    for first, last in sorted(spans, key=lambda span: (span[1] - span[0], span)):
        stretch = _stretch(lowered, first, last)
        if stretch is None:
            continue
        for ahead in (True, False):
            for rows in _heights(lowered, stretch, spec):
                banded = stretch.split(rows, ahead=ahead)
                if _starts_in_bank_0(banded, spec):
                    yield banded


def _heights(lowered: Lowered, stretch: _Stretch, spec: MixedSpec) -> Iterator[int]:
    """Band heights, such that every band of a whole value starts in bank 0.

    Four bands and more come first: the first LOAD of a frame is short then.
    """
    height = stretch.last.window.outside[0]
    root = lowered.root(stretch.last.output)
    unit = lowered.s[root] * spec.banks_n // gcd(spec.banks_n, pitches(lowered, spec)[root])
    seen: set[int] = set()
    for bands in (*range(_BANDS_LEAST, _BANDS_MAX + 1), *range(2, _BANDS_LEAST)):
        rows = -(-height // bands)
        rows = -(-rows // unit) * unit
        if rows < height and rows not in seen:
            seen.add(rows)
            yield rows


def _starts_in_bank_0(banded: Lowered, spec: MixedSpec) -> bool:
    """Whether every band of a whole value starts at an address, not inside a row of banks."""
    pitch = pitches(banded, spec)
    return all(
        value.row0 % banded.s[value.root] == 0
        and value.row0 // banded.s[value.root] * pitch[value.root] % spec.banks_n == 0
        for value in banded.values.values()
        if value.row0
    )


def _stretch(lowered: Lowered, first: int, last: int) -> _Stretch | None:
    """The stretch of nodes first..last, if it can be banded."""
    inside = lowered.nodes[first : last + 1]
    outside = (*lowered.nodes[:first], *lowered.nodes[last + 1 :])
    final = inside[-1]
    if isinstance(final, MoveNode):
        return None
    elsewhere = {lowered.root(name) for node in outside for name in touched(node)}
    written = {lowered.root(name) for node in inside if (name := writes(node)) is not None}
    kept = lowered.root(final.output)
    if written & elsewhere != {kept} or not all(
        _bandable(lowered, node, written, kept) for node in inside
    ):
        return None
    whole = [node for node in inside[:-1] if kept in map(lowered.root, touched(node))]
    if whole or lowered.values[final.output].band0 or any("#" in n for n in touched(final)):
        return None
    return _Stretch(
        lowered=lowered, first=first, nodes=inside, last=final, banded=frozenset(written - {kept})
    )


def _bandable(lowered: Lowered, node: Node, written: set[str], kept: str) -> bool:
    if isinstance(node, MoveNode):
        return not node.store and node.buffer is Buffer.INPUT
    if node.window.parts_n > 1 or any("#" in name for name in touched(node)):
        return False
    if isinstance(node, PoolNode):
        return True
    sources = {lowered.root(source.value) in written for source in node.sources}
    if node.residual is None:
        return len(sources) == 1
    last = lowered.root(node.output) == kept
    return len(sources) == 1 and last and lowered.root(node.residual) not in written


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Stretch:
    lowered: Lowered
    first: int
    nodes: tuple[Node, ...]
    last: ConvNode | PoolNode
    banded: frozenset[str]  # roots that exist as bands only

    def split(self, rows: int, *, ahead: bool) -> Lowered:
        """Nodes with the stretch in bands of `rows`; `ahead` loads a band before it is needed."""
        height = self.last.window.outside[0]
        starts = range(0, height, rows)
        values, s = dict(self.lowered.values), dict(self.lowered.s)
        moves: list[list[Node]] = []
        works: list[list[Node]] = []
        for band, start in enumerate(starts):
            ranges = self._ranges(start, min(height, start + rows))
            self._values(values, s, ranges, band, start, min(height, start + rows))
            nodes = [self._node(node, ranges, band, start) for node in self.nodes]
            moves.append([node for node in nodes if isinstance(node, MoveNode)])
            works.append([node for node in nodes if not isinstance(node, MoveNode)])
        order: list[Node] = []
        for band in range(len(works)):
            order += moves[band] if band == 0 or not ahead else []
            order += moves[band + 1] if ahead and band + 1 < len(moves) else []
            order += works[band]
        nodes_all = self.lowered.nodes
        behind = nodes_all[self.first + len(self.nodes) :]
        return Lowered(values=values, nodes=(*nodes_all[: self.first], *order, *behind), s=s)

    def _ranges(self, start: int, end: int) -> dict[str, tuple[int, int]]:
        """Rows of every banded root that the rows start..end-1 of the last layer need."""
        root = self.lowered.root
        needs = {root(self.last.output): (start, end)}
        for node in reversed(self.nodes):
            if isinstance(node, MoveNode):
                continue
            window = node.window
            low, high = needs[root(node.output)]
            step, size = window.stride[0], window.inside[0]
            top = min(max(0, step * low - window.pads[0]), size - 1)
            bottom = min(size, max(top + 1, step * (high - 1) + window.kernel[0] - window.pads[0]))
            for name in reads(node):
                if root(name) in self.banded:
                    old = needs.get(root(name), (top, bottom))
                    needs[root(name)] = min(old[0], top), max(old[1], bottom)
        return needs

    def _values(
        self,
        values: dict[str, Value],
        s: dict[str, int],
        ranges: dict[str, tuple[int, int]],
        band: int,
        start: int,
        end: int,
    ) -> None:
        """Add the values of a band: bands of the roots and their views, rows of whole values."""
        for name, value in self.lowered.values.items():
            if value.root in self.banded:
                low, high = ranges[value.root]
                root = f"{value.root}#{band}"
                s[root] = self.lowered.s[value.root]
                values[f"{name}#{band}"] = replace(
                    _cut(value, low, high), name=f"{name}#{band}", root=root
                )
        names = [self.last.output]
        if isinstance(self.last, ConvNode) and self.last.residual is not None:
            names.append(self.last.residual)
        for name in names:
            view = _cut(self.lowered.values[name], start, end)
            values[f"{name}#{band}"] = replace(view, name=f"{name}#{band}", row0=start)

    def _node(self, node: Node, ranges: dict[str, tuple[int, int]], band: int, start: int) -> Node:
        root = self.lowered.root
        if isinstance(node, MoveNode):
            low = ranges[root(node.value)][0]
            return replace(node, value=f"{node.value}#{band}", row0=low)
        low, high = ranges[root(node.output)]
        source = node.input if isinstance(node, PoolNode) else node.sources[0].value
        in_bands = root(source) in self.banded
        top, bottom = ranges[root(source)] if in_bands else (0, node.window.inside[0])
        window = replace(
            node.window,
            pads=(
                node.window.pads[0] + top - node.window.stride[0] * low,
                0,
                *node.window.pads[2:],
            ),
            inside=(bottom - top, node.window.inside[1]),
            outside=(high - low, node.window.outside[1]),
            used=tuple(used_positions(node.window)),
        )
        output = f"{node.output}#{band}"
        if isinstance(node, PoolNode):
            name = f"{source}#{band}" if in_bands else source
            return replace(node, window=window, input=name, output=output)
        sources = node.sources
        if in_bands:
            sources = tuple(replace(item, value=f"{item.value}#{band}") for item in sources)
        residual = None if node.residual is None else f"{node.residual}#{band}"
        return replace(node, window=window, sources=sources, output=output, residual=residual)


def _cut(value: Value, low: int, high: int) -> Value:
    """Rows low..high-1 of a value."""
    channels, _, width = value.tensor.shape
    tensor = replace(value.tensor, shape=(channels, high - low, width))
    return replace(value, tensor=tensor, band0=low)
