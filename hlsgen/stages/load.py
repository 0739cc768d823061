# SPDX-License-Identifier: Apache-2.0
"""Load: runs of contiguous beats from memory into the banks (formats §2, §6).

Pixel (y, x) of run r: phase = (y mod s)*s + x mod s,
q = (y div s)*pitch + x div s + (x mod s)*off_step, bank = q mod B,
address = base + r*run_stride + phase*phase_stride + q div B.

Of an image the rows are bytes, behind `lead` bytes of padding: beat x of a row holds the bytes
x*step, x*step + 1, ... in its lanes, the low bits in plane 0. Plane 1 lies at q + B/2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from hlsgen.errors import ParameterError


class MoveLike(Protocol):
    """Fields of a LOAD or STORE descriptor (formats §6)."""

    runs: int
    rows: int
    width: int
    base: int
    run_stride: int
    pitch: int
    s: int
    off_step: int
    phase_stride: int
    row_beats: int  # 0: no image
    step: int
    lead: int
    pad: int
    tail: int
    two_planes: bool
    plane_stride: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadSpec:
    """Sizes of load and of store; each field is a parameter of both (act_bits of load only)."""

    act_bits: int = 8  # bits of an activation container, 4 or 8
    banks_n: int  # banks of the activation memory
    act_depth: int  # beats of a bank

    def __post_init__(self) -> None:
        power = self.banks_n >= 2 and self.banks_n & (self.banks_n - 1) == 0
        rules = (
            (self.act_bits in (4, 8), "act_bits", "4 or 8"),
            (power, "banks_n", "a power of two of at least 2"),
            (2 <= self.act_depth <= 1 << 16, "act_depth", "in 2..65536"),
        )
        for good, name, rule in rules:
            if not good:
                stage = type(self).__name__.removesuffix("Spec")
                raise ParameterError(f"{stage} {name} must be {rule}, not {getattr(self, name)!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveCost:
    """Cycles from taking a descriptor to its `desc_done`; resources."""

    cycles: int
    lut: int
    ff: int
    bram36: int


def places(
    spec: LoadSpec, job: MoveLike, skew: int = 0
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Bank and address of every beat, both [runs, rows*width], in the order of the stream.

    All of them lie `skew` banks further on.
    """
    pixel = np.arange(job.rows * job.width)
    y, x, s = pixel // job.width, pixel % job.width, job.s
    q = (y // s) * job.pitch + x // s + (x % s) * job.off_step + skew
    inside = ((y % s) * s + x % s) * job.phase_stride + q // spec.banks_n
    address = job.base + job.run_stride * np.arange(job.runs)[:, None] + inside
    return np.broadcast_to(q % spec.banks_n, address.shape), address


def golden(
    spec: LoadSpec, banks: NDArray[np.uint64], job: MoveLike, beats: NDArray[np.uint64]
) -> NDArray[np.uint64]:
    """Return the memory [B, D] after a LOAD of `beats` [runs, rows*width].

    Those of an image are [rows, row_beats].
    """
    wanted = (job.rows, job.row_beats) if job.row_beats else (job.runs, job.rows * job.width)
    if beats.shape != wanted:
        raise ParameterError(f"Load beats must have shape {wanted}, not {beats.shape}")
    result = banks.copy()
    if not job.row_beats:
        result[places(spec, job)] = beats
        return result
    for plane, image in enumerate(folded(spec, job, beats)):
        bank, address = places(spec, job, plane * spec.banks_n // 2)
        result[bank, address + plane * job.plane_stride] = image.reshape(1, -1)
    return result


def folded(
    spec: LoadSpec, job: MoveLike, beats: NDArray[np.uint64]
) -> tuple[NDArray[np.uint64], ...]:
    """Beats [rows, width] of each plane from an image's rows [rows, row_beats]."""
    raw = np.ascontiguousarray(beats.astype("<u8")).view(np.uint8).copy()
    if job.tail:
        raw[:, job.tail - 8 :] = job.pad
    lanes = 64 // spec.act_bits
    behind = job.width * job.step + lanes
    row = np.pad(raw, ((0, 0), (job.lead, behind)), constant_values=job.pad)
    at = np.arange(job.width)[:, None] * job.step + np.arange(lanes)[None, :]
    window = row[:, at].astype(np.uint64)
    shifts = np.arange(lanes, dtype=np.uint64) * np.uint64(spec.act_bits)
    found = []
    for plane in range(1 + job.two_planes):
        piece = window >> np.uint64(spec.act_bits * plane) & np.uint64((1 << spec.act_bits) - 1)
        found.append(np.bitwise_or.reduce(piece << shifts, axis=2))
    return tuple(found)


def cost(spec: LoadSpec, job: MoveLike | None = None) -> MoveCost:
    """Cycles when memory answers at once and port B is free; resources as Yosys counts them."""
    cycles = 0
    if job is not None:
        rest = job.runs * job.rows * job.width
        cycles = image_cycles(job) if job.row_beats else 3 + first_request(job) + rest
    lut, ff = walker(spec)
    fold_lut, fold_ff = (541, 323) if spec.act_bits == 4 else (479, 299)
    return MoveCost(
        cycles=cycles,
        lut=lut + fold_lut,
        ff=ff + fold_ff,
        bram36=0,
    )


def walker(spec: LoadSpec) -> tuple[int, int]:
    """LUT and FF of runs and places, the part that load and store share."""
    place_w = (spec.act_depth - 1).bit_length() + (spec.banks_n - 1).bit_length()
    return 270 + 11 * place_w, 572 + 4 * place_w


def image_cycles(job: MoveLike) -> int:
    """Cycles of an image: a row fills three beats, shows its positions, is read to its end."""
    offset, shifts, stalls = -job.lead % 8, 3, 0
    for _ in range(job.width - 1):
        offset += job.step
        moved = offset // 8
        stalls += max(0, moved - 1)  # one beat moves on with a position
        shifts += moved
        offset %= 8
    unread = max(0, -(-job.lead // 8) + job.row_beats - shifts)
    return 4 + job.rows * (5 + job.width + stalls + unread)


def first_request(job: MoveLike) -> int:
    """Cycles in which rows*width is summed up, one a bit of `rows`."""
    return job.rows.bit_length()
