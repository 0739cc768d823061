# SPDX-License-Identifier: Apache-2.0
"""Row bands: a stretch of layers whose maps are too large is done a few rows at a time.

A band of a layer is the same layer on fewer rows with other pads, so bands are ordinary nodes on
values of their own; rows in the halo of two bands are computed twice. The model's input is loaded
band by band, the last layer of the stretch writes its rows into a whole value.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import accumulate, combinations_with_replacement
from math import gcd

from hlsgen.engines.mixed import MixedSpec
from hlsgen.engines.nodes import ConvNode, Lowered, MoveNode, Node, PoolNode, Value, reads, writes
from hlsgen.engines.program import Buffer
from hlsgen.engines.segments import issued_words, used_positions
from hlsgen.plan.memory import alive_beats, needed_depth, pitches, touched
from hlsgen.plan.timing import IMAGE_ROW_CYCLES, MOVE_CYCLES

_BANDS_MAX = 64
_SPANS_MAX = 4  # stretches of which the fastest is taken
_NODE_CYCLES = 120  # of a band's layer beside its words
_STRETCH_MAX = 12  # nodes
_PROBE = 8  # units of rows from which on the pace of bands is measured
_RAMP_BANDS = 3  # low bands in front of the others
_RAMP_UNITS = 8  # most units of rows of such a band


@lru_cache(maxsize=4)  # a Lowered is compared by identity
def with_bands(lowered: Lowered, spec: MixedSpec) -> Lowered:
    """Return nodes that fit the activation memory, or the given ones when no bands help."""
    while needed_depth(lowered, spec, spec.act_depth) > spec.act_depth:
        found = _best(lowered, spec)
        if found is None:
            return lowered
        lowered = found
    return lowered


def _best(lowered: Lowered, spec: MixedSpec) -> Lowered | None:
    """The fastest way that fits, or the one that leaves fewest nodes with too little room."""
    helps, least = None, _crowded(lowered, spec)
    fastest: tuple[int, Lowered] | None = None
    spans = 0  # in which something fitted
    for stretch in _stretches(lowered, spec):
        fitted = False
        for banded, cycles in _splits(lowered, stretch, spec):
            slow = fastest is not None and cycles >= fastest[0]
            if slow or not _starts_in_bank_0(banded, spec):
                continue
            crowded = _crowded(banded, spec)
            if not crowded and needed_depth(banded, spec, spec.act_depth) <= spec.act_depth:
                fastest, fitted = (cycles, banded), True
            elif 0 < crowded < least:
                helps, least = banded, crowded
        spans += fitted
        if spans == _SPANS_MAX:
            break
    return helps if fastest is None else fastest[1]


def _crowded(lowered: Lowered, spec: MixedSpec) -> int:
    """Nodes at which more is alive than the memory holds."""
    return sum(beats > spec.act_depth for beats in alive_beats(lowered, spec))


def _stretches(lowered: Lowered, spec: MixedSpec) -> Iterator[_Stretch]:
    """Stretches around the busiest node, short ones first."""
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
        if stretch is not None:
            yield stretch


def _splits(lowered: Lowered, stretch: _Stretch, spec: MixedSpec) -> Iterator[tuple[Lowered, int]]:
    """A stretch in bands of many heights, and the cycles of the frame's convolutions, about.

    A band of some of them may start inside a row of banks.
    """
    issued = {
        node.layer: issued_words(node, spec) for node in lowered.nodes if isinstance(node, ConvNode)
    }

    def works(heights: list[int], *, ahead: bool) -> tuple[Lowered, list[tuple[int, int]]]:
        banded, bands = stretch.split(heights, ahead=ahead)
        own = {id(node) for band in bands for node in band}
        others = [node for node in banded.nodes if id(node) not in own]
        return banded, [_works(band, banded, issued, spec) for band in (*bands, others)]

    unit, height = _unit(lowered, stretch, spec), stretch.last.window.outside[0]
    pace = None
    if height > _PROBE * unit:  # bands of one and of two units between others
        _, (_, low, high, *_) = works([unit, unit, 2 * unit, height - 4 * unit], ahead=True)
        pace = _Pace(unit=unit, low=low, high=high) if low[0] else None  # nothing to load
    for ahead in (True, False):
        for heights in _heights(height, unit, pace, ahead=ahead):
            banded, found = works(heights, ahead=ahead)
            yield banded, _cycles(found[:-1], ahead=ahead) + sum(found[-1])


def _cycles(works: list[tuple[int, int]], *, ahead: bool) -> int:
    """Cycles until the last band is done; a band is loaded into the memory of an earlier one."""
    loaded = 0
    done = [0, 0] if ahead else [0]
    for load, compute in works:
        loaded = max(loaded, done[-2] if ahead else done[-1]) + load
        done.append(max(done[-1], loaded) + compute)
    return done[-1]


def _works(
    nodes: list[Node], lowered: Lowered, issued: dict[str, int], spec: MixedSpec
) -> tuple[int, int]:
    """Beats that nodes move, and their cycles of the array and the pool."""
    moved = computed = 0
    for node in nodes:
        work = _work(node, lowered, issued, spec)
        if isinstance(node, MoveNode):
            moved += work
        else:
            computed += work
    return moved, computed


def _work(node: Node, lowered: Lowered, issued: dict[str, int], spec: MixedSpec) -> int:
    """Beats that a node moves, or its cycles of the array or the pool."""
    if isinstance(node, MoveNode):
        tensor = lowered.values[node.value].tensor
        groups = spec.channel_groups_n(tensor.shape[0])
        planes = 1 if node.fold is not None else spec.planes_n(tensor.bits)
        row = tensor.shape[2] + (0 if node.fold is None else IMAGE_ROW_CYCLES)
        return planes * groups * tensor.shape[1] * row + MOVE_CYCLES
    rows, width = node.window.outside
    tiles = -(-rows * width // spec.pixels_n)
    if isinstance(node, PoolNode):
        groups = spec.channel_groups_n(lowered.values[node.output].tensor.shape[0])
        tile = max(len(used_positions(node.window)), spec.pixels_n // spec.drain_n)
        return tiles * groups * tile + _NODE_CYCLES
    bits = lowered.values[node.sources[0].value].tensor.bits
    return tiles * issued[node.layer] * spec.planes_n(bits) + _NODE_CYCLES


def _unit(lowered: Lowered, stretch: _Stretch, spec: MixedSpec) -> int:
    """Rows of the last layer by which every band of a whole value starts in bank 0."""
    root = lowered.root(stretch.last.output)
    return lowered.s[root] * spec.banks_n // gcd(spec.banks_n, pitches(lowered, spec)[root])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pace:
    """What a band moves and computes by its height, from bands of one and of two units."""

    unit: int
    low: tuple[int, int]
    high: tuple[int, int]

    def works(self, height: int) -> tuple[int, int]:
        """Cycles of a band's LOADs and of its layers, about."""
        units = height // self.unit - 1
        load, compute = (
            one + units * (two - one) for one, two in zip(self.low, self.high, strict=True)
        )
        return load, compute


def _heights(height: int, unit: int, pace: _Pace | None, *, ahead: bool) -> Iterator[list[int]]:
    """Heights of the bands: all of one height, or growing from low ones.

    Nothing hides the LOAD of the first band, so that a low one starts early.
    """
    seen: set[int] = set()
    for bands in range(2, _BANDS_MAX + 1):
        rows = -(-height // bands)
        rows = -(-rows // unit) * unit
        if rows >= height or rows in seen:
            continue
        seen.add(rows)
        yield _filled(height, [], rows, unit)
        if pace is not None and rows > unit:
            yield min(
                _ramps(height, rows, unit),
                key=lambda heights: _cycles([pace.works(rows) for rows in heights], ahead=ahead),
            )


def _ramps(height: int, rows: int, unit: int) -> Iterator[list[int]]:
    """Heights that begin with some low ones, none lower than the one before."""
    steps = range(unit, min(rows, _RAMP_UNITS * unit + 1), unit)
    for count in range(1, _RAMP_BANDS + 1):
        for first in combinations_with_replacement(steps, count):
            if sum(first) < height:
                yield _filled(height, list(first), rows, unit)


def _filled(height: int, first: list[int], rows: int, unit: int) -> list[int]:
    """Heights that start as `first`, add up to `height`, and are alike and at most `rows` behind.

    All but the last one are multiples of `unit`.
    """
    left = height - sum(first)
    if left <= 0:
        return _filled(height, [], rows, unit)
    bands = -(-left // rows)
    low, more = divmod(left // unit, bands)
    rest = [(low + (band < more)) * unit for band in range(bands)]
    rest[-1] += left % unit
    return [*first, *rest]


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

    def split(self, heights: list[int], *, ahead: bool) -> tuple[Lowered, list[list[Node]]]:
        """Nodes with the stretch in bands, and those of each; `ahead` loads one band earlier."""
        ends = list(accumulate(heights))
        ranges: dict[str, tuple[int, int]] = {}
        values, s = dict(self.lowered.values), dict(self.lowered.s)
        moves: list[list[Node]] = []
        works: list[list[Node]] = []
        for band, end in enumerate(ends):
            start = end - heights[band]
            ranges = self._ranges(start, end, ranges)
            self._values(values, s, ranges, band, start, end)
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
        whole = (*nodes_all[: self.first], *order, *behind)
        bands = [[*move, *work] for move, work in zip(moves, works, strict=True)]
        return Lowered(values=values, nodes=whole, s=s), bands

    def _ranges(
        self, start: int, end: int, before: dict[str, tuple[int, int]]
    ) -> dict[str, tuple[int, int]]:
        """Rows of every banded root for the rows start..end-1 of the last layer.

        These are the rows that they need, and those that no band needs (a stride may skip rows):
        every tensor is computed whole, so that all of it is compared.
        """
        final = end == self.last.window.outside[0]
        root = self.lowered.root
        needs = {root(self.last.output): (start, end)}
        for node in reversed(self.nodes):
            if isinstance(node, MoveNode):
                continue
            window = node.window
            low, high = needs[root(node.output)]
            low = min(low, before.get(root(node.output), (0, 0))[1])
            high = node.window.outside[0] if final else high
            needs[root(node.output)] = low, high
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
                own = f"{name}#{band}"
                values[own] = _cut(value, low, high, own, root=root, row0=value.row0)
        views = {f"{self.last.output}#{band}": self.last.output}
        if isinstance(self.last, ConvNode) and self.last.residual is not None:
            views[_residual_band(self.last, band)] = self.last.residual
        for name, whole in views.items():
            value = self.lowered.values[whole]
            values[name] = _cut(value, start, end, name, root=value.root, row0=start)

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
            used=used_positions(node.window),
        )
        output = f"{node.output}#{band}"
        if isinstance(node, PoolNode):
            name = f"{source}#{band}" if in_bands else source
            return replace(node, window=window, input=name, output=output)
        sources = node.sources
        if in_bands:
            sources = tuple(replace(item, value=f"{item.value}#{band}") for item in sources)
        residual = None if node.residual is None else _residual_band(node, band)
        return replace(node, window=window, sources=sources, output=output, residual=residual)


def _residual_band(node: ConvNode, band: int) -> str:
    """Name of the rows that a band adds; the tensor may have been written in other bands."""
    return f"{node.residual}#{node.output}#{band}"


def _cut(value: Value, low: int, high: int, name: str, *, root: str, row0: int) -> Value:
    """Rows low..high-1 of a value as another one, at a row of its root."""
    channels, _, width = value.tensor.shape
    tensor = replace(value.tensor, shape=(channels, high - low, width))
    return replace(value, tensor=tensor, band0=low, name=name, root=root, row0=row0)
