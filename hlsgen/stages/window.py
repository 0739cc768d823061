# SPDX-License-Identifier: Apache-2.0
"""Window: the activations that the array (or the pool) sees, one k-step a cycle (formats §3).

A tap reads, for pixel j of tile t, the beat at q = t*P + j + tap.q of its channel group; lanes are
slices of N channels. Outside the tap's rows and columns every lane is the pad code.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from hlsgen.errors import ParameterError

STEP_LATENCY = 9  # cycles from the issue of a k-step to its place at the array
_LUTRAM_TAPS = 32  # two buffers of so many taps fit 64 words
_RAW = 2  # output kind (formats §6)


class TapLike(Protocol):
    """A tap record (formats §3)."""

    base: int
    q: int
    cs: int
    sub0: int
    cg_stride: int
    plane_stride: int
    ylo: int
    yhi: int
    xlo: int
    xhi: int


class JobLike(Protocol):
    """Fields of a CONV or POOL descriptor that the window reads (formats §6)."""

    pool: bool
    taps: Sequence[Any]
    blocks: int
    tiles: int
    planes: int
    kind: int
    pad0: int
    pad1: int
    wv: int
    wo: int
    ho: int
    shared: bool
    skew: bool
    lone: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowSpec:
    """Sizes of the window; each field is a parameter of hg_window."""

    act_bits: int  # bits of an activation
    rows_n: int  # rows of the array
    lanes_n: int  # input channels of a k-step
    pixels_n: int  # pixels of a tile
    drain_n: int  # pixels requantised in a cycle
    act_depth: int  # beats of a bank
    ring_depth: int  # weight words of the ring
    taps_n: int  # most taps of a descriptor

    def __post_init__(self) -> None:
        group = 64 // self.act_bits if self.act_bits in (4, 8) else 0
        rules = (
            (self.act_bits in (4, 8), "act_bits", "4 or 8"),
            (group and self.rows_n > 0 and self.rows_n % group == 0, "rows_n", f"times {group}"),
            (group and self.lanes_n > 0 and group % self.lanes_n == 0, "lanes_n", "a divisor of G"),
            (self.pixels_n in range(2, 17, 2), "pixels_n", "even, in 2..16"),
            (self.drain_n in (1, 2), "drain_n", "1 or 2"),
            (2 <= self.act_depth <= 1 << 16, "act_depth", "in 2..65536"),
            (2 <= self.ring_depth <= 1 << 16, "ring_depth", "in 2..65536"),
            (1 <= self.taps_n <= 256, "taps_n", "in 1..256"),
        )
        for good, name, rule in rules:
            if not good:
                raise ParameterError(f"Window {name} must be {rule}, not {getattr(self, name)!r}")

    @property
    def banks_n(self) -> int:
        """Banks of the activation memory, B."""
        return 1 << (self.pixels_n - 1).bit_length()

    @property
    def slices_n(self) -> int:
        """Slices of lanes_n channels in a beat, G/N."""
        return 64 // (self.act_bits * self.lanes_n)

    @property
    def drain_len(self) -> int:
        """Cycles in which the codes of a tile are requantised."""
        return self.pixels_n // self.drain_n * (self.rows_n * self.act_bits // 64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """K-steps of a descriptor in the order of issue; arrays are indexed by step first."""

    acts: NDArray[
        np.uint8
    ]  # [steps, P, N] ([steps, P, G] of a POOL) stored codes, pads substituted
    mask: NDArray[np.bool_]  # [steps, P] inside the tensor
    word: NDArray[np.int64]  # [steps] weight word, counted from the descriptor's first
    block: NDArray[np.int64]  # [steps]
    first: NDArray[np.bool_]  # first step of a tile
    shift: NDArray[np.bool_]  # first step of a further plane
    last: NDArray[np.bool_]  # last step of a tile
    low: NDArray[np.bool_]  # of plane 0


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowCost:
    """Cycles of a descriptor between its first and last k-step; resources."""

    cycles: int
    lut: int
    ff: int
    bram36: int


@dataclass(frozen=True, slots=True)
class _Read:
    """One k-step of a tile: which tap, which slice of its channels, which plane."""

    tap: TapLike
    group: int
    sub: int
    plane: int
    word: int
    first: bool
    shift: bool
    last: bool


def golden(spec: WindowSpec, banks: NDArray[np.uint64], job: JobLike) -> Steps:
    """Return every k-step of a descriptor; `banks` is the activation memory [B, D] of beats."""
    reads = [list(_reads(spec, job, block)) for block in range(job.blocks)]
    taken = [_read(spec, banks, job, read) for block in reads for read in block]
    count, tiles = len(reads[0]), job.tiles

    def flat(values: Sequence[NDArray[Any]]) -> NDArray[Any]:
        """[blocks * reads][tiles, ...] to [blocks * tiles * reads, ...]."""
        stacked = np.stack(values).reshape(job.blocks, count, tiles, *values[0].shape[1:])
        return stacked.swapaxes(1, 2).reshape(-1, *values[0].shape[1:])

    def scalar(name: str) -> NDArray[Any]:
        return flat([np.full(tiles, getattr(read, name)) for block in reads for read in block])

    return Steps(
        acts=flat([acts for acts, _ in taken]),
        mask=flat([mask for _, mask in taken]),
        word=scalar("word"),
        block=np.repeat(np.arange(job.blocks), tiles * count),
        first=scalar("first"),
        shift=scalar("shift"),
        last=scalar("last"),
        low=scalar("plane") == 0,
    )


def cost(spec: WindowSpec, job: JobLike | None = None) -> WindowCost:
    """Cycles when nothing is waited for, and resources as Yosys counts them."""
    slice_w, pixels = spec.act_bits * spec.lanes_n, spec.pixels_n
    # Every slice of the beats is rotated (for a pool); the array's rotator chooses one
    rotators = [_rotator(spec, n) for n in (spec.slices_n, *[1] * (spec.slices_n - 1))]
    deep = spec.taps_n > _LUTRAM_TAPS
    return WindowCost(
        cycles=0 if job is None else _cycles(spec, job),
        lut=slice_w * sum(luts for luts, _ in rotators) + 62 * pixels + 395 + (0 if deep else 156),
        ff=slice_w * sum(registers for _, registers in rotators) + 83 * pixels + 1500,
        bram36=2 if deep else 0,
    )


def _rotator(spec: WindowSpec, slices: int) -> tuple[int, int]:
    """LUTs and registers of hg_rotate for one bit of a slice: three stages of multiplexers."""
    banks, pixels = spec.banks_n, spec.pixels_n
    least = 4 if slices == 1 and banks > 4 else 2  # turns of the first stage
    turns = least if banks > 2 else 1
    middle_turns = max(1, banks // turns // 2)
    middle = min(pixels + 1, banks)  # the last stage turns by one
    first = min(banks, middle + 2 * (middle_turns - 1))
    first_luts = -(-(turns * slices - 1) // 3)  # a LUT6 is a 4:1 multiplexer
    luts = first * first_luts + (middle if middle_turns > 1 else 0) + pixels
    return luts, first + middle + pixels


def _cycles(spec: WindowSpec, job: JobLike) -> int:
    """Cycles from the first step to the last one, both counted: tiles in order, ends spaced."""
    tiles = job.blocks * job.tiles
    if job.pool:
        tile = job.planes * len(job.taps)
        interval = max(tile, spec.pixels_n // spec.drain_n)
    else:
        tile = job.planes * sum(tap.cs for tap in job.taps)
        interval = max(tile, _drain(spec, job))
    if interval < spec.pixels_n // 2 and tiles > 2:
        # The positions of a tile take a cycle a pair; two tiles are prepared before the start
        return 2 * tile + (tiles - 2) * spec.pixels_n // 2
    return tile + (tiles - 1) * interval


def _drain(spec: WindowSpec, job: JobLike) -> int:
    """Cycles in which a tile is requantised; of a raw one of one pixel the first pair only."""
    if job.kind != _RAW:
        return spec.drain_len
    return 4 * (spec.rows_n * spec.act_bits // 64 if job.lone else spec.drain_len)


def _reads(spec: WindowSpec, job: JobLike, block: int) -> Iterator[_Read]:
    if job.pool:
        yield from _pool_reads(spec, job, block)
        return
    words = job.taps[0].cs if job.shared else sum(tap.cs for tap in job.taps)
    for pass_index, plane in enumerate(reversed(range(job.planes))):
        word, count = 0, 0
        total = sum(tap.cs for tap in job.taps)
        for tap in job.taps:
            word = 0 if job.shared else word
            for c in range(tap.sub0, tap.sub0 + tap.cs):
                yield _Read(
                    tap,
                    c // spec.slices_n,
                    c % spec.slices_n,
                    plane,
                    block * words + word,
                    count == 0 and pass_index == 0,
                    count == 0 and pass_index > 0,
                    count == total - 1 and plane == 0,
                )
                word, count = word + 1, count + 1


def _pool_reads(spec: WindowSpec, job: JobLike, block: int) -> Iterator[_Read]:
    """The planes of a tap one after the other, the high one first."""
    for index, tap in enumerate(job.taps):
        for plane in reversed(range(job.planes)):
            first = index == 0 and plane == job.planes - 1
            last = index == len(job.taps) - 1 and plane == 0
            yield _Read(tap, block, 0, plane, 0, first, False, last)


def _read(
    spec: WindowSpec, banks: NDArray[np.uint64], job: JobLike, read: _Read
) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Activations [tiles, P, N or G] and mask [tiles, P] of one k-step in all tiles."""
    tap = read.tap
    o = np.arange(job.tiles * spec.pixels_n)
    oy, ox = o // job.wv, o % job.wv
    mask = (oy >= tap.ylo) & (oy <= tap.yhi) & (ox >= tap.xlo) & (ox <= tap.xhi)
    q = o + tap.q + (spec.banks_n // 2 if job.skew and read.plane else 0)
    start = tap.base + read.plane * tap.plane_stride + read.group * tap.cg_stride
    address = start + np.floor_divide(q, spec.banks_n)
    inside = mask & (address >= 0) & (address < spec.act_depth)
    beats = np.where(inside, banks[q % spec.banks_n, np.where(inside, address, 0)], np.uint64(0))
    count = 64 // spec.act_bits if job.pool else spec.lanes_n
    low = spec.act_bits * (spec.lanes_n * read.sub + np.arange(count, dtype=np.uint64))
    lanes = (beats[:, None] >> low.astype(np.uint64)) & np.uint64((1 << spec.act_bits) - 1)
    pad = (job.pad0, job.pad1)[read.plane]
    acts = np.where(mask[:, None], lanes, np.uint64(pad)).astype(np.uint8)
    return acts.reshape(job.tiles, spec.pixels_n, -1), mask.reshape(job.tiles, spec.pixels_n)
