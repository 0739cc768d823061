# SPDX-License-Identifier: Apache-2.0
"""The data of a convolution's segments: weights by slot, records and tables, with their proofs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from hlsgen.engines.add_fit import AddTables, fit_add
from hlsgen.engines.mixed import MixedSpec
from hlsgen.engines.nodes import ConvNode, Copied, Source, Value
from hlsgen.engines.packing import PackedBlock, Stream, pack_stream
from hlsgen.engines.records import Records
from hlsgen.engines.requant_fit import Reach, fit_records
from hlsgen.engines.rows import Route, route
from hlsgen.engines.segments import BlockPass, Segment, used_positions
from hlsgen.errors import PlanError
from hlsgen.model.graph import IntArray, Raw, Tensor
from hlsgen.model.numbers import Format

_INT32_MIN, _INT32_MAX = -(1 << 31), (1 << 31) - 1
_X_LIMIT = 1 << 32


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ConvData:
    """What every segment of a convolution shares."""

    node: ConvNode
    spec: MixedSpec
    inputs: tuple[Tensor, ...]  # by source
    records: Records  # by row; biases without the correction of the slot
    add: AddTables | None
    tail: int  # code of lanes without a channel

    def stream(self, segment: Segment) -> Stream:
        """Bytes of the segment's FETCH."""
        routes: dict[bytes, Route] = {}
        blocks = [self._block(segment, block, routes) for block in segment.blocks]
        table = None if self.add is None else self.add.entries(self.spec.act_bits)
        return pack_stream(blocks, table, self.spec)

    def _block(self, segment: Segment, block: BlockPass, routes: dict[bytes, Route]) -> PackedBlock:
        words = _row_words(self.node, segment, block, self.spec)
        slots = np.flatnonzero(block.where.rows)
        rows = block.where.channels[slots]
        weights = np.zeros((self.spec.rows_n, *words.shape[1:]), np.int64)
        weights[slots] = words[rows]
        sp2 = np.zeros(self.spec.rows_n, np.bool_)
        sp2[slots] = [
            self.node.formats[block.row0 + row] is Format.SP2_4
            and self.spec.slot_kind(int(slot)) is Format.FIXED4
            for slot, row in zip(slots, rows, strict=True)
        ]
        key = block.where.channels.tobytes()
        if key not in routes:
            routes[key] = route(block.where.channels, self.spec.group_lanes_n)
        return PackedBlock(
            weights=weights,
            sp2=sp2,
            records=self._slot_records(block, slots, rows),
            where=block.where,
            route=routes[key],
        )

    def _slot_records(self, block: BlockPass, slots: IntArray, rows: IntArray) -> Records:
        """Records by slot; slots without a row give the tail code."""
        spec = self.spec
        own = self.records.take(block.row0 + rows)
        kinds = np.array([spec.slot_kind(int(slot)) is Format.POT4 for slot in slots], np.bool_)
        correction = np.zeros(len(slots), np.int64)
        for source, tensor in zip(self.node.sources, self.inputs, strict=True):
            sums = _issued(self.node, source)[block.row0 + rows].sum(axis=(1, 2))
            centre = np.where(kinds, 0, operand_offset(tensor, spec))
            correction += sums * (centre - (tensor.zero_point - tensor.lo))
        own = own.with_bias(correction)
        self._check_bias(own, block.row0 + rows)
        idle = Records.constant(np.full(spec.rows_n, self.tail))
        order = np.arange(spec.rows_n)
        order[slots] = spec.rows_n + np.arange(len(slots))
        return Records.join([idle, own]).take(order)

    def _check_bias(self, records: Records, rows: IntArray) -> None:
        wrong = (records.bias < _INT32_MIN) | (records.bias > _INT32_MAX)
        if wrong.any():
            at = int(np.flatnonzero(wrong)[0])
            raise PlanError(
                f"Bias must fit 32 bits, not {int(records.bias[at])} (row {int(rows[at])}, layer "
                f"{self.node.layer}); scale the weights or the input down"
            )


def _issued(node: ConvNode, source: Source) -> IntArray:
    """Weights of the kernel positions that are taps, [rows, channels, positions]."""
    positions = used_positions(node.window)
    issued: IntArray = source.weights[
        :, :, [ky for ky, _ in positions], [kx for _, kx in positions]
    ]
    return issued


def conv_data(node: ConvNode, values: dict[str, Value], spec: MixedSpec) -> ConvData:
    """Fit records and tables of a convolution and prove its widths."""
    inputs = tuple(values[source.value].tensor for source in node.sources)
    _check_accumulators(node, inputs, spec)
    reach = reach_of(node.bias, (source.weights for source in node.sources), inputs)
    if isinstance(node.requant, Raw):
        _check_raw(node, reach)
    _check_pads(node, inputs[0])
    records = _records(node, reach, spec)
    behind = 0 if isinstance(node.requant, Raw) else node.behind.zero_point - node.behind.lo
    tail = min(max(behind, 0), (1 << spec.act_bits * spec.planes_n(node.behind.bits)) - 1)
    add = None
    if node.add is not None and node.residual is not None:
        other, out = values[node.residual].tensor, values[node.output].tensor
        add = fit_add(
            node.add,
            node.behind,
            other,
            out,
            residual_first=node.residual_first,
            planes=spec.wide_codes,
        )
        tail = add.tail(other, out, tail)
    return ConvData(
        node=node,
        spec=spec,
        inputs=inputs,
        records=replace(records, bias=records.bias + node.bias),
        add=add,
        tail=tail & 255,
    )


def operand_offset(tensor: Tensor, spec: MixedSpec) -> int:
    """H of formats §4: what fixed slots take off the stored code, summed over the planes."""
    planes = spec.planes_n(tensor.bits)
    half = 1 << (spec.act_bits - 1)
    return sum(half << (spec.act_bits * plane) for plane in range(planes))


def reach_of(bias: IntArray, weights: Iterable[IntArray], inputs: Iterable[Tensor]) -> Reach:
    """Bounds of each row's accumulator, bias included; a part of the weights for each input."""
    low, high = bias.copy(), bias.copy()
    for part, tensor in zip(weights, inputs, strict=True):
        least = min(tensor.lo - tensor.zero_point, 0)  # padding contributes 0
        most = max(tensor.hi - tensor.zero_point, 0)
        up = np.maximum(part, 0).sum(axis=(1, 2, 3))
        down = np.minimum(part, 0).sum(axis=(1, 2, 3))
        low += up * least + down * most
        high += up * most + down * least
    return Reach(low=low, high=high)


def _records(node: ConvNode, reach: Reach, spec: MixedSpec) -> Records:
    if not isinstance(node.requant, Copied):
        return fit_records(node.layer, node.requant, node.behind, reach, spec.mult_limit)
    rows = len(node.formats)
    plain = Records.constant(np.full(rows, node.behind.zero_point - node.behind.lo))
    ones = np.ones(rows, np.int64)
    return replace(plain, mult=ones, lo=0 * ones, hi=(node.behind.hi - node.behind.lo) * ones)


def _check_accumulators(node: ConvNode, inputs: tuple[Tensor, ...], spec: MixedSpec) -> None:
    """Bound every prefix of every row's sum: sum(|w|) times the largest operand over planes."""
    bound = np.zeros(len(node.formats), np.int64)
    for source, tensor in zip(node.sources, inputs, strict=True):
        bound += np.abs(source.weights).sum(axis=(1, 2, 3)) * _largest_operand(tensor, spec)
    limit = (1 << (spec.acc_w - 1)) - 1
    worst = int(bound.argmax())
    if bound[worst] > limit:
        raise PlanError(
            f"Design acc_w must hold sums up to {int(bound[worst])}, not {spec.acc_w} bits "
            f"(row {worst}, layer {node.layer}); choose a wider acc_w or fewer input channels"
        )
    total = np.abs(node.bias) + 2 * bound
    if int(total.max()) >= _X_LIMIT:
        raise PlanError(
            f"Accumulator with bias must fit 33 bits, not {int(total.max())} (layer {node.layer}); "
            "lower the bias or the weights"
        )


def _largest_operand(tensor: Tensor, spec: MixedSpec) -> int:
    """Largest |operand| of a stored code over planes, on either kind of slot."""
    top = tensor.hi - tensor.lo
    half = 1 << (spec.act_bits - 1)
    total = 0
    for plane in range(spec.planes_n(tensor.bits)):
        most = min(top >> (spec.act_bits * plane), 2 * half - 1)
        total += max(most, half) << (spec.act_bits * plane)
    return total


def _check_raw(node: ConvNode, reach: Reach) -> None:
    worst = max(int(reach.high.max()), -1 - int(reach.low.min()))
    if worst > _INT32_MAX:
        raise PlanError(
            f"Raw accumulators must fit 32 bits, not {worst} (layer {node.layer}); "
            "requantise the output"
        )


def _check_pads(node: ConvNode, tensor: Tensor) -> None:
    stored = tensor.zero_point - tensor.lo
    if any(node.window.pads) and not 0 <= stored <= 255:
        raise PlanError(
            f"Zero point of a padded input must be among its codes, not {tensor.zero_point} "
            f"(tensor {tensor.name}, layer {node.layer}); give the tensor a zero point in "
            f"{tensor.lo}..{tensor.hi}"
        )


def _row_words(node: ConvNode, segment: Segment, block: BlockPass, spec: MixedSpec) -> IntArray:
    """Weights of the block's rows as words, [rows, K, N]."""
    words = []
    for tap in segment.taps[:1] if segment.shared else segment.taps:
        weights = node.sources[tap.source].weights[block.row0 : block.row1, :, tap.ky, tap.kx]
        lanes = np.zeros((weights.shape[0], tap.slices * spec.lanes_n), np.int64)
        channel0 = tap.slice0 * spec.lanes_n
        if node.groups == 1:
            own = weights[:, channel0 : channel0 + lanes.shape[1]]
            lanes[:, : own.shape[1]] = own
        else:
            _place_groups(lanes, weights, node, block, channel0)
        words.append(lanes.reshape(weights.shape[0], tap.slices, spec.lanes_n))
    return np.concatenate(words, axis=1)


def _place_groups(
    lanes: IntArray, weights: IntArray, node: ConvNode, block: BlockPass, channel0: int
) -> None:
    """Put each row's weights at the channels of its group."""
    rows_each, channels_each = len(node.formats) // node.groups, weights.shape[1]
    rows = np.arange(block.row0, block.row1)
    starts = rows // rows_each * channels_each - channel0
    columns = starts[:, None] + np.arange(channels_each)[None, :]
    lanes[np.arange(len(rows))[:, None], columns] = weights
