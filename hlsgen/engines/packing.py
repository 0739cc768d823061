# SPDX-License-Identifier: Apache-2.0
"""Weights, records and tables as bytes: the stream of a FETCH (docs/spec/formats.md §4, §5)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hlsgen.engines.mixed import RECORD_BEATS, MixedSpec
from hlsgen.engines.records import Records
from hlsgen.engines.rows import Pass, Route
from hlsgen.engines.tensors import aligned
from hlsgen.model.graph import IntArray

Beats = NDArray[np.uint64]
_SP2_LEVELS = (0, 1, 2, 4, 5, 6, 8)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PackedBlock:
    """One pass of one block: what the array and the requantisation need."""

    weights: IntArray  # [T slots, K, N] integer levels
    sp2: NDArray[np.bool_]  # [T] by slot
    records: Records  # [T] by slot
    where: Pass
    route: Route


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """The bytes of one FETCH, striped over the weight ports."""

    data: bytes
    port_stride: int
    port_beats: int


def pack_stream(blocks: list[PackedBlock], table: IntArray | None, spec: MixedSpec) -> Stream:
    """Pack the blocks of a FETCH, in order; `table` holds the entries of an add."""
    parts = [] if table is None else [_padded_records(_table_records(table, spec), spec)]
    words = _words(np.stack([block.weights for block in blocks]), _sp2(blocks), spec)
    for block, block_words in zip(blocks, words, strict=True):
        records = np.concatenate([_header(block), _row_records(block)])
        parts += [_padded_records(records, spec), _padded(block_words.reshape(-1), spec)]
    return _striped(np.concatenate(parts), spec)


def stream_beats(blocks: int, k: int, spec: MixedSpec, *, table: bool) -> int:
    """Beats of each port in the stream of `blocks` blocks of `k` words."""
    ports = spec.weight_ports_n
    record = -(-RECORD_BEATS // ports)
    block = spec.block_records_n * record + -(-k * spec.word_beats_n // ports)
    return blocks * block + (spec.table_records_n * record if table else 0)


def _sp2(blocks: list[PackedBlock]) -> NDArray[np.bool_]:
    return np.stack([block.sp2 for block in blocks])


def encode_pot4(weights: IntArray) -> NDArray[np.uint8]:
    """pot4 codes of levels 0, +-2**e."""
    magnitude = np.abs(weights)
    exponent = np.zeros(weights.shape, np.uint8)
    for power in range(7):
        exponent[magnitude == 1 << power] = power + 1
    return _signed(exponent, weights)


def encode_sp2(weights: IntArray) -> NDArray[np.uint8]:
    """sp2_4 codes: sign, index of the magnitude."""
    index = np.searchsorted(np.array(_SP2_LEVELS), np.abs(weights)).astype(np.uint8)
    return _signed(index, weights)


def _signed(magnitude: NDArray[np.uint8], weights: IntArray) -> NDArray[np.uint8]:
    """Set bit 3 of the codes of negative weights."""
    return np.where(weights < 0, magnitude | 8, magnitude).astype(np.uint8)


def _words(weights: IntArray, sp2: NDArray[np.bool_], spec: MixedSpec) -> Beats:
    """Weight words [blocks, K, NB] from levels [blocks, T, K, N]."""
    narrow = spec.pot4_n + spec.fixed4_n
    parts = [
        encode_pot4(weights[:, : spec.pot4_n]),
        _fixed4(weights[:, spec.pot4_n : narrow], sp2[:, spec.pot4_n : narrow]),
        _nibbles(weights[:, narrow:]),
    ]
    # [blocks, nibbles of a lane, K, N] -> [blocks, K, N, nibbles of a lane]
    lanes = np.concatenate(parts, axis=1).transpose(0, 2, 3, 1)
    blocks, k = lanes.shape[:2]
    flat = np.zeros((blocks, k, spec.word_beats_n * 16), np.uint8)
    flat[:, :, : spec.word_bits // 4] = lanes.reshape(blocks, k, -1)
    packed = flat[..., 0::2] | (flat[..., 1::2] << 4)
    return packed.view("<u8")


def _fixed4(weights: IntArray, sp2: NDArray[np.bool_]) -> NDArray[np.uint8]:
    plain = (weights & 15).astype(np.uint8)
    return np.where(sp2[:, :, None, None], encode_sp2(weights), plain) if sp2.any() else plain


def _nibbles(weights: IntArray) -> NDArray[np.uint8]:
    """Two's complement of 8 bits as two nibbles, the lower one first, on axis 1."""
    code = (weights & 255).astype(np.uint8)
    both = np.stack([code & 15, code >> 4], axis=2)
    return both.reshape(code.shape[0], -1, *code.shape[2:])


def _header(block: PackedBlock) -> Beats:
    """sp2 flags of slots 0..63 and 64..127."""
    flags = np.zeros(128, np.uint8)
    flags[: block.sp2.size] = block.sp2
    words = np.packbits(flags, bitorder="little").view("<u8")
    return np.array([[words[0], words[1], 0]], np.uint64)


def _row_records(block: PackedBlock) -> Beats:
    """Row records of a block, step by step and lane by lane, [T, 3] beats."""
    route = block.route
    fields = block.records.take(route.slots().reshape(-1))
    xl, dg = route.xl.reshape(-1), route.dg.reshape(-1)
    lanes = np.tile(np.arange(route.xl.shape[1]), route.xl.shape[0])
    valid = block.where.written[dg * route.xl.shape[1] + lanes]
    beats = np.zeros((len(fields), RECORD_BEATS), np.uint64)
    beats[:, 0] = _bits(fields.bias, 32) | (_bits(fields.mult, 32) << np.uint64(32))
    beats[:, 1] = _bits(fields.off_pos, 32) | (_bits(fields.off_neg, 32) << np.uint64(32))
    places = [
        (fields.shift, 0, 6),
        (fields.tie_even, 6, 1),
        (fields.tie_parity, 7, 1),
        (fields.z, 8, 16),
        (fields.lo, 24, 8),
        (fields.hi, 32, 8),
        (route.sg.reshape(-1), 40, 4),
        (xl, 44, 4),
        (dg, 48, 4),
        (valid.astype(np.int64), 52, 1),
    ]
    for values, low, width in places:
        beats[:, 2] |= _bits(values, width) << np.uint64(low)
    return beats


def _bits(values: IntArray, width: int) -> Beats:
    return (values & ((1 << width) - 1)).astype(np.uint64)


def _table_records(table: IntArray, spec: MixedSpec) -> Beats:
    flat = np.zeros(spec.table_records_n * RECORD_BEATS, np.int64)
    flat[: table.size] = table
    return flat.view(np.uint64).reshape(-1, RECORD_BEATS)


def _padded_records(records: Beats, spec: MixedSpec) -> Beats:
    """Each record padded to a multiple of the ports, flattened."""
    width = -(-RECORD_BEATS // spec.weight_ports_n) * spec.weight_ports_n
    wide = np.zeros((records.shape[0], width), np.uint64)
    wide[:, :RECORD_BEATS] = records
    return wide.reshape(-1)


def _padded(beats: Beats, spec: MixedSpec) -> Beats:
    return np.pad(beats, (0, -beats.size % spec.weight_ports_n))


def _striped(beats: Beats, spec: MixedSpec) -> Stream:
    """Beat g goes to port g mod Wp; every port's stripe starts on 128 bytes."""
    stripes = beats.reshape(-1, spec.weight_ports_n).T
    stride = aligned(stripes.shape[1] * 8)
    data = np.zeros((spec.weight_ports_n, stride // 8), "<u8")
    data[:, : stripes.shape[1]] = stripes
    return Stream(data=data.tobytes(), port_stride=stride, port_beats=stripes.shape[1])
