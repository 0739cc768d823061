# SPDX-License-Identifier: Apache-2.0
"""Nodes with memory to descriptors without waits, and what each of them touches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any, TypeAlias

from hlsgen.engines.lower import RAW_BITS
from hlsgen.engines.mixed import MixedSpec
from hlsgen.engines.nodes import ConvNode, Fold, Lowered, MoveNode, Node, PoolNode, Window
from hlsgen.engines.packing import stream_beats
from hlsgen.engines.program import (
    Buffer,
    Compute,
    Descriptor,
    Fetch,
    Load,
    OutputKind,
    Store,
    Tap,
)
from hlsgen.engines.segments import Segment, TapSpec, check_taps, segments_of, used_positions
from hlsgen.engines.tensors import aligned, run_bytes
from hlsgen.errors import PlanError
from hlsgen.model.graph import Model, Tensor
from hlsgen.plan.buffers import plan_buffers
from hlsgen.plan.memory import Layout, Memory

Span: TypeAlias = tuple[str, int, int]  # space ("act", "scratch"), low, high
_SIDE_MAX = 1 << 12  # the bounds of a tap have 12 bits
_Q_NEAR = 1 << 14
# Of a batch: fewer than a queue of the hardware holds, so that no FETCH waits for its own CONV
_FETCHES_AHEAD = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Monitor:
    """Which part of which tensors of the Model a CONV or POOL writes."""

    layer: str
    tensor: str  # behind the requantisation
    sum: str | None  # behind the residual add
    channel: int  # of channel group 0, a multiple of G
    row: int  # of output row 0
    row_step: int  # from output row to output row
    image: int = 0  # of the batch


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Step:
    """A descriptor with what it reads and writes; FETCH and CONV carry their segment."""

    descriptor: Descriptor
    node: Node
    reads: tuple[Span, ...] = ()
    writes: tuple[Span, ...] = ()
    segment: Segment | None = None
    monitor: Monitor | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Steps:
    """All descriptors of a frame in program order, and the sizes of the buffers."""

    steps: tuple[Step, ...]
    report_slots: int
    weight_bytes: int
    images: int  # of a frame; the buffers' sizes are those of one image, scratch apart
    input_bytes: int
    image_step: int  # the input lies as an image, its rows a multiple of this; 0: as a tensor
    output_bytes: int
    scratch_bytes: int
    outputs: dict[str, int]  # byte offset of each output tensor


def build_steps(model: Model, lowered: Lowered, memory: Memory, spec: MixedSpec) -> Steps:
    """Return the descriptors of a frame, without waits."""
    builder = _Builder(lowered=lowered, layouts=memory.layouts, spec=spec)
    buffers = plan_buffers(model, lowered, spec)
    steps: list[Step] = []
    for node in lowered.nodes:
        if isinstance(node, MoveNode):
            tensor = model.tensors[node.tensor]
            start = buffers.start(node, lowered.values[node.value].image)
            if node.fold is not None:
                steps.append(builder.image(node, node.fold, tensor, start))
                continue
            start += node.row0 * tensor.shape[2] * 8
            steps += builder.move(node, tensor, start)
        elif isinstance(node, PoolNode):
            steps += builder.pool(node)
        else:
            steps += builder.conv(node)
    if lowered.images > 1:
        steps = _fetches_ahead(steps)
    return Steps(
        steps=tuple(
            replace(step, descriptor=replace(step.descriptor, report_slot=slot))
            for slot, step in enumerate(steps)
        ),
        report_slots=len(steps),
        weight_bytes=builder.weights,
        images=lowered.images,
        input_bytes=buffers.sizes[Buffer.INPUT],
        image_step=buffers.image_step,
        output_bytes=buffers.sizes[Buffer.OUTPUT],
        scratch_bytes=buffers.sizes[Buffer.SCRATCH] * lowered.images,
        outputs=buffers.places[Buffer.OUTPUT],
    )


def _fetches_ahead(steps: list[Step]) -> list[Step]:
    """The same steps, each FETCH in the place of an earlier one.

    The CONVs of a batch between two FETCHes would fill their queue, and no later FETCH be dealt.
    """
    fetches = [step for step in steps if isinstance(step.descriptor, Fetch)]
    found, later = fetches[:_FETCHES_AHEAD], iter(fetches[_FETCHES_AHEAD:])
    for step in steps:
        if isinstance(step.descriptor, Fetch):
            found += islice(later, 1)
        else:
            found.append(step)
    return found


@dataclass(slots=True, kw_only=True)
class _Builder:
    lowered: Lowered
    layouts: dict[str, Layout]
    spec: MixedSpec
    weights: int = 0
    segments: dict[str, list[Segment]] = field(default_factory=dict)  # by layer; bands share them
    fetches: dict[tuple[str, int, int], Fetch] = field(default_factory=dict)

    def move(self, node: MoveNode, tensor: Tensor, offset: int) -> Iterator[Step]:
        """LOAD or STORE: one descriptor, or one for each plane of a view.

        `tensor` is what lies in the buffer; the value may be a band of it.
        """
        layout = self.layouts[node.value]
        contiguous = layout.plane_stride == layout.groups * layout.cg_stride
        together = contiguous or layout.planes == 1
        for plane in range(1 if together else layout.planes):
            skip = plane * layout.groups * run_bytes(tensor)
            yield self._move(node, tensor, layout, offset + skip, plane, together=together)

    def image(self, node: MoveNode, fold: Fold, tensor: Tensor, start: int) -> Step:
        """LOAD of an image: rows of bytes to beats of neighbouring pixels."""
        layout = self.layouts[node.value]
        descriptor = Load(
            offset=start + (node.row0 * fold.rows_step + node.rest) * fold.row_bytes,
            buffer=node.buffer,
            run_bytes=fold.rows_step * fold.row_bytes,
            runs=1,
            rows=self.lowered.values[node.value].tensor.shape[1],
            width=fold.width,
            base=layout.base,
            run_stride=layout.cg_stride,
            pitch=layout.pitch,
            s=layout.s,
            off_step=layout.off_step,
            phase_stride=layout.phase_stride,
            row_beats=fold.row_bytes // 8,
            step=fold.step,
            lead=fold.lead,
            pad=tensor.zero_point - tensor.lo,
            tail=fold.used_bytes % 8,
            two_planes=layout.planes > 1,
            plane_stride=layout.plane_stride if layout.planes > 1 else 0,
        )
        return Step(descriptor=descriptor, node=node, writes=_act(layout.intervals()))

    def _move(
        self,
        node: MoveNode,
        tensor: Tensor,
        layout: Layout,
        offset: int,
        plane: int,
        *,
        together: bool,
    ) -> Step:
        runs = layout.groups * (layout.planes if together else 1)
        kind = Store if node.store else Load
        descriptor = kind(
            offset=offset,
            buffer=node.buffer,
            run_bytes=run_bytes(tensor),
            runs=runs,
            rows=self.lowered.values[node.value].tensor.shape[1],
            width=tensor.shape[2],
            base=layout.base + plane * layout.plane_stride,
            run_stride=layout.cg_stride,
            pitch=layout.pitch,
            s=layout.s,
            off_step=layout.off_step,
            phase_stride=layout.phase_stride,
        )
        chip = layout.intervals() if together else layout.intervals()[plane : plane + 1]
        inside = tuple(("act", low, high) for low, high in chip)
        outside: tuple[Span, ...] = ()
        if node.buffer is Buffer.SCRATCH:
            outside = (("scratch", offset, offset + runs * run_bytes(tensor)),)
        reads, writes = (inside, outside) if node.store else (outside, inside)
        return Step(descriptor=descriptor, node=node, reads=reads, writes=writes)

    def pool(self, node: PoolNode) -> Iterator[Step]:
        """POOL: one descriptor for each part of the rows."""
        source, out = self.layouts[node.input], self.layouts[node.output]
        out_value = self.lowered.values[node.output]
        specs = [
            TapSpec(source=0, ky=ky, kx=kx, slice0=0, slices=1)
            for ky, kx in used_positions(node.window)
        ]
        check_taps(node.layer, len(specs), self.spec)
        for part in node.window.parts:
            common = self._compute(node, source, out, part, block0=0)
            taps = tuple(self._tap(item, node.window, source, part) for item in specs)
            descriptor = Compute(
                pool=True,
                taps=taps,
                blocks=out.groups,
                planes=source.planes,
                kind=_kind(out_value.tensor, self.spec),
                out_groups=out.groups,
                **common,
            )
            yield Step(
                descriptor=descriptor,
                node=node,
                reads=_act(source.intervals()),
                writes=_act(out.intervals()),
                monitor=self._monitor(node, out_value.tensor.name, None, part, 0),
            )

    def conv(self, node: ConvNode) -> Iterator[Step]:
        """FETCH and CONV of every segment and part; a piece's first image alone has a FETCH."""
        if node.layer not in self.segments:
            self.segments[node.layer] = segments_of(node, self.spec)
        segments = dict(enumerate(self.segments[node.layer]))
        if (piece := node.piece) is not None:
            segments = {piece.segment: segments[piece.segment].part(piece.block0, piece.blocks)}
        for index, segment in segments.items():
            key = node.layer, index, segment.block0
            if key not in self.fetches:
                self.fetches[key] = self._fetch(node, segment)
            fetch = self.fetches[key]
            for part in node.window.parts:
                if piece is None or piece.first:
                    yield Step(descriptor=fetch, node=node, segment=segment)
                yield self._conv(node, segment, part)

    def _fetch(self, node: ConvNode, segment: Segment) -> Fetch:
        blocks, table = len(segment.blocks), node.add is not None
        beats = stream_beats(blocks, segment.k, self.spec, table=table)
        stride, offset = aligned(8 * beats), self.weights
        self.weights += stride * self.spec.weight_ports_n
        return Fetch(
            offset=offset,
            port_stride=stride,
            blocks=blocks,
            row_records=self.spec.rows_n,
            k=segment.k,
            table_records=self.spec.table_records_n if table else 0,
            port_beats=beats,
        )

    def _conv(self, node: ConvNode, segment: Segment, part: int) -> Step:
        sources = [self.layouts[source.value] for source in node.sources]
        out = self.layouts[node.output]
        group0 = segment.block0 * self.spec.row_groups_n
        groups = min(len(segment.blocks) * self.spec.row_groups_n, out.groups - group0)
        tensor = self.lowered.values[node.sources[0].value].tensor
        common = self._compute(node, sources[0], out, part, block0=segment.block0)
        descriptor = Compute(
            taps=tuple(
                self._tap(item, node.window, sources[item.source], part) for item in segment.taps
            ),
            k=segment.k,
            blocks=len(segment.blocks),
            planes=sources[0].planes,
            kind=_kind(self.lowered.values[node.output].tensor, self.spec),
            out_groups=groups,
            shared=segment.shared,
            skew=sources[0].skewed,
            merge=segment.merge,
            hold=node.piece is not None and not node.piece.last,
            **common,
            **self._pads(tensor),
            **self._residual(node, group0),
        )
        return Step(
            descriptor=descriptor,
            node=node,
            reads=self._reads(node, segment, group0, groups),
            writes=_act(out.intervals(group0, groups)),
            segment=segment,
            monitor=self._monitor(
                node, node.behind.name, None if node.add is None else node.add.output, part, group0
            ),
        )

    def _compute(
        self, node: ConvNode | PoolNode, source: Layout, out: Layout, part: int, *, block0: int
    ) -> dict[str, Any]:
        """Fields that CONV and POOL share: output pixels and where they go."""
        spec, window = self.spec, node.window
        wv = window.row_pitches * source.pitch
        height, width = window.outside
        rows = -(-(height - part) // window.parts_n)
        _check_sides(wv, rows, node)
        return {
            "tiles": -(-((rows - 1) * wv + width) // spec.pixels_n),
            "wv": wv,
            "wo": width,
            "ho": rows,
            "p_div_wv": spec.pixels_n // wv,
            "p_mod_wv": spec.pixels_n % wv,
            "out_base": out.base
            + block0 * spec.row_groups_n * out.cg_stride
            + part * out.pitch // spec.banks_n,
            "out_cg_stride": out.cg_stride,
            "out_plane_stride": out.plane_stride if out.planes > 1 else 0,
            "out_phase_stride": out.phase_stride,
            "out_pitch": window.parts_n * out.pitch,
            "out_s": out.s,
            "out_off_step": out.off_step,
        }

    def _tap(self, item: TapSpec, window: Window, layout: Layout, part: int) -> Tap:
        s, slices_n = layout.s, self.spec.slices_n
        row = window.step_y * part + item.ky - window.pads[0]
        column = item.kx - window.pads[2]
        phase = row % s * s + column % s
        rows = -(-(window.outside[0] - part) // window.parts_n)
        q = row // s * layout.pitch + column // s + column % s * layout.off_step
        whole = q // self.spec.banks_n if abs(q) > _Q_NEAR else 0  # whole turns of the banks
        ylo, yhi = _valid(row, window.row_pitches * s, window.inside[0], rows)
        xlo, xhi = _valid(column, s, window.inside[1], window.outside[1])
        return Tap(
            base=layout.base
            + whole
            + phase * layout.phase_stride
            + item.slice0 // slices_n * layout.cg_stride,
            q=q - whole * self.spec.banks_n,
            cs=item.slices,
            sub0=item.slice0 % slices_n,
            cg_stride=layout.cg_stride,
            plane_stride=layout.plane_stride if layout.planes > 1 else 0,
            ylo=ylo,
            yhi=yhi,
            xlo=xlo,
            xhi=xhi,
        )

    def _pads(self, tensor: Tensor) -> dict[str, Any]:
        stored, mask = tensor.zero_point - tensor.lo, (1 << self.spec.act_bits) - 1
        second = stored >> self.spec.act_bits & mask if self.spec.act_bits == 4 else 0
        return {"pad0": stored & mask, "pad1": second}

    def _residual(self, node: ConvNode, group0: int) -> dict[str, Any]:
        if node.residual is None or node.add is None:
            return {}
        layout = self.layouts[node.residual]
        return {
            "add": True,
            "res_base": layout.base + group0 * layout.cg_stride,
            "res_cg_stride": layout.cg_stride,
            "res_two_planes": layout.planes > 1,
            "res_plane_stride": layout.plane_stride if layout.planes > 1 else 0,
        }

    def _reads(
        self, node: ConvNode, segment: Segment, group0: int, groups: int
    ) -> tuple[Span, ...]:
        spans: set[Span] = set()
        for tap in segment.taps:
            layout = self.layouts[node.sources[tap.source].value]
            first = tap.slice0 // self.spec.slices_n
            behind = (tap.slice0 + tap.slices - 1) // self.spec.slices_n + 1
            spans |= set(_act(layout.intervals(first, behind - first)))
        if node.residual is not None:
            spans |= set(_act(self.layouts[node.residual].intervals(group0, groups)))
        return tuple(sorted(spans))

    def _monitor(
        self, node: ConvNode | PoolNode, tensor: str, total: str | None, part: int, group0: int
    ) -> Monitor:
        value = self.lowered.values[node.output]
        return Monitor(
            layer=node.layer,
            tensor=tensor,
            sum=total,
            channel=group0 * self.spec.group_lanes_n,
            row=value.band0 + part,
            row_step=node.window.parts_n,
            image=value.image,
        )


def _check_sides(wv: int, rows: int, node: ConvNode | PoolNode) -> None:
    if max(wv, rows) > _SIDE_MAX:
        raise PlanError(
            f"Layer output must have at most {_SIDE_MAX} rows and columns (with the padding of its "
            f"readers), not {rows}x{wv} (layer {node.layer}); cut the image into pieces"
        )


def _act(intervals: list[tuple[int, int]]) -> tuple[Span, ...]:
    return tuple(("act", low, high) for low, high in intervals)


def _kind(tensor: Tensor, spec: MixedSpec) -> OutputKind:
    if tensor.bits == RAW_BITS:
        return OutputKind.RAW
    return OutputKind.CODES if tensor.bits <= spec.act_bits else OutputKind.TWO_PLANES


def _valid(first: int, step: int, size: int, count: int) -> tuple[int, int]:
    """Output numbers o for which 0 <= first + step*o < size; (1, 0) when there is none."""
    low = max(0, -(first // step))
    high = min((size - 1 - first) // step, count - 1)
    return (low, high) if low <= high else (1, 0)
