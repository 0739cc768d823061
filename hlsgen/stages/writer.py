# SPDX-License-Identifier: Apache-2.0
"""Writer: beats of requantised tiles into the activation memory (formats §2, §3, §6).

Pixel (y, x) of the output: phase = (y mod s)*s + x mod s,
q = (y div s)*pitch + x div s + (x mod s)*off_step, bank = q mod B,
address = base + plane*plane_stride + group*cg_stride + phase*phase_stride + q div B.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from hlsgen.errors import ParameterError

_LUTRAM_DEPTH = 64  # entries of the FIFO that stay in LUTs
_TWO_PLANES, _RAW = 1, 2  # output kinds (formats §6)


class OutputLike(Protocol):
    """Fields of a CONV or POOL descriptor that the writer reads (formats §6)."""

    pool: bool
    blocks: int
    tiles: int
    kind: int
    wv: int
    wo: int
    ho: int
    out_base: int
    out_cg_stride: int
    out_plane_stride: int
    out_phase_stride: int
    out_pitch: int
    out_s: int
    out_off_step: int
    out_groups: int
    merge: bool
    lone: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WriterSpec:
    """Sizes of the writer; each field is a parameter of hg_writer."""

    act_bits: int  # bits of an activation
    rows_n: int  # rows of the array
    pixels_n: int  # pixels of a tile
    drain_n: int  # pixels of an entry
    act_depth: int  # beats of a bank

    def __post_init__(self) -> None:
        group = 64 // self.act_bits if self.act_bits in (4, 8) else 0
        rules = (
            (self.act_bits in (4, 8), "act_bits", "4 or 8"),
            (group and 0 < self.rows_n <= 128 and not self.rows_n % group, "rows_n", "times G"),
            (self.pixels_n in range(2, 17, 2), "pixels_n", "even, in 2..16"),
            (self.drain_n in (1, 2), "drain_n", "1 or 2"),
            (2 <= self.act_depth <= 1 << 16, "act_depth", "in 2..65536"),
        )
        for good, name, rule in rules:
            if not good:
                raise ParameterError(f"Writer {name} must be {rule}, not {getattr(self, name)!r}")

    @property
    def banks_n(self) -> int:
        """Banks of the activation memory, B."""
        return 1 << (self.pixels_n - 1).bit_length()

    @property
    def group_lanes_n(self) -> int:
        """Channels of a beat, G."""
        return 64 // self.act_bits

    def entries(self, job: OutputLike) -> tuple[int, int, int, int, int]:
        """Shape of a descriptor's entries: blocks, tiles, pixel pairs, bytes, groups of a block."""
        groups = 1 if job.pool else self.rows_n // self.group_lanes_n
        pairs = 1 if job.lone else self.pixels_n // self.drain_n
        return job.blocks, job.tiles, pairs, _bytes(job), groups


@dataclass(frozen=True, slots=True, kw_only=True)
class WriterCost:
    """Cycles in which the writer works on a descriptor's entries; resources."""

    cycles: int
    lut: int
    ff: int
    bram36: int


def golden(
    spec: WriterSpec,
    banks: NDArray[np.uint64],
    job: OutputLike,
    data: NDArray[np.uint8],
    mask: NDArray[np.bool_],
) -> NDArray[np.uint64]:
    """Return the memory [B, D] after a descriptor.

    `data` is [blocks, tiles, pairs, bytes, groups, drain_n, G], `mask` (lanes written) the same
    without drain_n.
    """
    shape = spec.entries(job)
    wanted = (*shape, spec.drain_n, spec.group_lanes_n)
    if data.shape != wanted:
        raise ParameterError(f"Writer data must have shape {wanted}, not {data.shape}")
    blocks, _, _, bytes_n, groups = shape
    result = banks.copy()
    bank, address, kept = _places(spec, job)
    planes = 1 if spec.act_bits == 8 or job.kind not in (_TWO_PLANES, _RAW) else 2
    # [blocks, bytes, groups, pixels of the block, G]
    beats = data.transpose(0, 3, 4, 1, 2, 5, 6).reshape(blocks, bytes_n, groups, len(bank), -1)
    lanes = np.broadcast_to(mask[..., None, :], data.shape).transpose(0, 3, 4, 1, 2, 5, 6)
    lanes = lanes.reshape(beats.shape)
    for block, byte, group in np.ndindex(blocks, bytes_n, groups):
        index = block * groups + group
        if index >= job.out_groups:
            continue
        for plane in range(planes):
            at = address[kept] + index * job.out_cg_stride
            at = at + (byte * planes + plane) * job.out_plane_stride
            pieces = beats[block, byte, group, kept] >> (4 * plane)
            new = _pack(pieces, spec.act_bits)
            if job.merge:
                write = _pack(lanes[block, byte, group, kept] * np.uint8(255), spec.act_bits)
                new = new & write | result[bank[kept], at] & ~write
            result[bank[kept], at] = new
    return result


def cost(spec: WriterSpec, job: OutputLike | None = None) -> WriterCost:
    """Cycles of work at full supply (formats' output), and resources by Yosys."""
    entry = spec.drain_n * spec.group_lanes_n * 8 + spec.group_lanes_n
    tile = spec.pixels_n // spec.drain_n * (spec.rows_n // spec.group_lanes_n)
    deep = 4 * tile > _LUTRAM_DEPTH
    pixel = 308 if spec.act_bits == 4 else 171  # at 4 bits it may write two planes
    return WriterCost(
        cycles=0 if job is None else _cycles(spec, job),
        lut=pixel * spec.drain_n + 395 + (0 if deep else -(-entry // 3) * 4),
        ff=140 * spec.drain_n + spec.banks_n + 485 + (0 if deep else entry),
        bram36=-(-entry // 72) if deep else 0,
    )


def _cycles(spec: WriterSpec, job: OutputLike) -> int:
    """Operations of all entries; a pair of pixels in one bank takes two."""
    blocks, _, pairs, bytes_n, groups = spec.entries(job)
    bank, _, kept = _places(spec, job)
    planes = 1 if spec.act_bits == 8 or job.kind not in (_TWO_PLANES, _RAW) else 2
    single = bytes_n * groups * planes * (3 if job.merge else 1)
    if spec.drain_n == 1:
        return blocks * job.tiles * pairs * single
    both = kept[0::2] & kept[1::2] & (bank[0::2] == bank[1::2])
    return int(blocks * (single * (1 + both)).sum())


def _bytes(job: OutputLike) -> int:
    return 4 if job.kind == _RAW and not job.pool else 1


def _places(
    spec: WriterSpec, job: OutputLike
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    """Bank, address (without group and plane) and validity of the tiles' pixels."""
    o = np.arange(job.tiles * (spec.drain_n if job.lone else spec.pixels_n))
    y, x, s = o // job.wv, o % job.wv, job.out_s
    q = (y // s) * job.out_pitch + x // s + (x % s) * job.out_off_step
    phase = (y % s) * s + x % s
    address = job.out_base + phase * job.out_phase_stride + q // spec.banks_n
    return q % spec.banks_n, address, (x < job.wo) & (y < job.ho)


def _pack(lanes: NDArray[Any], bits: int) -> NDArray[np.uint64]:
    """Beats of the low bits of lanes [..., G], lane 0 lowest."""
    shifts = np.uint64(bits) * np.arange(lanes.shape[-1], dtype=np.uint64)
    low = lanes.astype(np.uint64) & np.uint64((1 << bits) - 1)
    beats: NDArray[np.uint64] = np.bitwise_or.reduce(low << shifts, axis=-1)
    return beats
