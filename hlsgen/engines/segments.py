# SPDX-License-Identifier: Apache-2.0
"""A convolution as CONV descriptors without data: blocks, passes, taps and words of each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import groupby

import numpy as np

from hlsgen.engines.mixed import MixedSpec
from hlsgen.engines.nodes import ConvNode, Source, Window
from hlsgen.engines.rows import Pass, assign
from hlsgen.errors import PlanError
from hlsgen.model.graph import IntArray


@dataclass(frozen=True, slots=True, kw_only=True)
class TapSpec:
    """A kernel position of a source, and which slices of its channels it reads."""

    source: int
    ky: int
    kx: int
    slice0: int
    slices: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BlockPass:
    """One pass of the block of rows row0..row1-1."""

    row0: int
    row1: int
    where: Pass


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Segment:
    """The work of one CONV descriptor (of one for each part of the rows, see Window.parts_n)."""

    block0: int
    blocks: tuple[BlockPass, ...]
    taps: tuple[TapSpec, ...]
    shared: bool  # every tap uses the same words
    merge: bool

    @property
    def k(self) -> int:
        """Weight words of a block."""
        return self.taps[0].slices if self.shared else self.issued

    @property
    def issued(self) -> int:
        """Words that the array takes for a tile and plane."""
        return sum(tap.slices for tap in self.taps)

    def part(self, first: int, count: int) -> Segment:
        """The segment of some of its blocks."""
        blocks = self.blocks[first : first + count]
        return replace(self, block0=self.block0 + first, blocks=blocks)


def segments_of(node: ConvNode, spec: MixedSpec) -> list[Segment]:
    """Split a convolution into segments, in execution order."""
    rows = len(node.formats)
    starts = range(0, rows, spec.rows_n)
    passes = [
        [
            BlockPass(row0=start, row1=min(start + spec.rows_n, rows), where=where)
            for where in assign(node.layer, node.formats[start : start + spec.rows_n], spec)
        ]
        for start in starts
    ]
    found = list(_grouped(node, spec, passes) if node.groups > 1 else _plain(node, spec, passes))
    for segment in found:
        _check(node, segment, spec)
    return found


def _check(node: ConvNode, segment: Segment, spec: MixedSpec) -> None:
    if segment.k > spec.ring_depth:
        raise PlanError(
            f"Design ring_depth must hold the {segment.k} weight words of a block, not "
            f"{spec.ring_depth} (layer {node.layer}); choose a deeper ring or more lanes"
        )
    check_taps(node.layer, len(segment.taps), spec)


def check_taps(layer: str, taps: int, spec: MixedSpec) -> None:
    """Refuse a layer with more taps than the hardware holds."""
    if taps > spec.taps_n:
        raise PlanError(
            f"Design taps_n must be at least {taps}, not {spec.taps_n} "
            f"(layer {layer}); choose a larger taps_n or a smaller kernel"
        )


def _plain(node: ConvNode, spec: MixedSpec, passes: list[list[BlockPass]]) -> Iterator[Segment]:
    """All blocks in one segment; further passes of neighbouring blocks in one more each."""
    taps = tuple(_dense_taps(node, spec))
    shared = _is_shared(node)
    if shared or len(taps) > spec.taps_n:
        taps = tuple(_whole(taps))
    for number in range(max(map(len, passes))):
        block = 0
        while block < len(passes):
            end = block
            while end < len(passes) and len(passes[end]) > number:
                end += 1
            if end > block:
                yield Segment(
                    block0=block,
                    blocks=tuple(each[number] for each in passes[block:end]),
                    taps=taps,
                    shared=shared,
                    merge=number > 0,
                )
            block = max(end, block + 1)


def issued_words(node: ConvNode, spec: MixedSpec) -> int:
    """Words that the array takes for a tile and plane in all blocks, further passes apart."""
    blocks = -(-len(node.formats) // spec.rows_n)
    if node.groups > 1:
        channels = min(int(node.sources[0].weights.shape[1]) * node.groups, spec.rows_n)
        return blocks * len(used_positions(node.window)) * -(-channels // spec.lanes_n)
    return blocks * sum(tap.slices for tap in _dense_taps(node, spec))


def _dense_taps(node: ConvNode, spec: MixedSpec) -> Iterator[TapSpec]:
    """Taps over the slices that hold a weight, one for each run of them, at least one a position.

    Of a folded image a kernel row reads few slices; slices that no row reads cost nothing.
    """
    for index, source in enumerate(node.sources):
        runs = _runs(source, spec.lanes_n)
        for ky, kx in used_positions(node.window):
            for first, slices in runs[ky, kx]:
                yield TapSpec(source=index, ky=ky, kx=kx, slice0=first, slices=slices)


@lru_cache(maxsize=256)  # a plan asks for the same layers at every depth of the memories it tries
def _runs(source: Source, lanes_n: int) -> Mapping[tuple[int, int], tuple[tuple[int, int], ...]]:
    """By kernel position the runs of slices that hold a weight: the first slice and their count."""
    held = np.asarray(source.weights.any(axis=0))
    found = {}
    for ky, kx in np.ndindex(*held.shape[1:]):
        used = np.flatnonzero(held[:, ky, kx]) // lanes_n
        slices = np.unique(used) if used.size else np.zeros(1, np.int64)
        parts = np.split(slices, np.flatnonzero(np.diff(slices) > 1) + 1)
        found[ky, kx] = tuple((int(run[0]), len(run)) for run in parts)
    return found


def _whole(taps: Iterable[TapSpec]) -> Iterator[TapSpec]:
    """One tap a position, with the slices between its runs."""
    for _, group in groupby(taps, key=lambda tap: (tap.source, tap.ky, tap.kx)):
        first, *others = group
        last = others[-1] if others else first
        yield replace(first, slices=last.slice0 + last.slices - first.slice0)


def _grouped(node: ConvNode, spec: MixedSpec, passes: list[list[BlockPass]]) -> Iterator[Segment]:
    """A segment for each block: it reads only the channels of its rows' groups."""
    rows_each = len(node.formats) // node.groups
    channels_each = node.sources[0].weights.shape[1]
    for number, each in enumerate(passes):
        first = each[0].row0 // rows_each * channels_each // spec.lanes_n
        behind = ((each[0].row1 - 1) // rows_each + 1) * channels_each
        slices = -(-behind // spec.lanes_n) - first
        taps = tuple(
            TapSpec(source=0, ky=ky, kx=kx, slice0=first, slices=slices)
            for ky, kx in used_positions(node.window)
        )
        for turn, block in enumerate(each):
            yield Segment(
                block0=number,
                blocks=(block,),
                taps=taps,
                shared=_is_shared(node),
                merge=turn > 0,
            )


def used_positions(window: Window) -> tuple[tuple[int, int], ...]:
    """Kernel positions that lie inside the map for some output pixel; at least one."""
    return window.used or _all_used(window)


@lru_cache(maxsize=256)  # each way to cut a layer into bands asks for the whole layer's
def _all_used(window: Window) -> tuple[tuple[int, int], ...]:
    rows = _used(window, 0)
    columns = _used(window, 1)
    return tuple((ky, kx) for ky in rows for kx in columns) or ((0, 0),)


def _used(window: Window, axis: int) -> list[int]:
    stride, pad = window.stride[axis], window.pads[2 * axis]
    size, out = window.inside[axis], window.outside[axis]
    return [
        k
        for k in range(window.kernel[axis])
        if any(0 <= stride * o + k - pad < size for o in range(out))
    ]


def _is_shared(node: ConvNode) -> bool:
    """Whether every kernel position has the same weights (average pooling)."""
    if len(node.sources) > 1 or len(used_positions(node.window)) < 2:
        return False
    weights: IntArray = node.sources[0].weights
    return bool((weights == weights[:, :, :1, :1]).all())
