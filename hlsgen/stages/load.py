# SPDX-License-Identifier: Apache-2.0
"""Load: runs of contiguous beats from memory into the banks (formats §2, §6).

Pixel (y, x) of run r: phase = (y mod s)*s + x mod s,
q = (y div s)*pitch + x div s + (x mod s)*off_step, bank = q mod B,
address = base + r*run_stride + phase*phase_stride + q div B.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadSpec:
    """Sizes of load and of store; each field is a parameter of both."""

    banks_n: int  # banks of the activation memory
    act_depth: int  # beats of a bank

    def __post_init__(self) -> None:
        power = self.banks_n >= 2 and self.banks_n & (self.banks_n - 1) == 0
        rules = (
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


def places(spec: LoadSpec, job: MoveLike) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Bank and address of every beat, both [runs, rows*width], in the order of the stream."""
    pixel = np.arange(job.rows * job.width)
    y, x, s = pixel // job.width, pixel % job.width, job.s
    q = (y // s) * job.pitch + x // s + (x % s) * job.off_step
    inside = ((y % s) * s + x % s) * job.phase_stride + q // spec.banks_n
    address = job.base + job.run_stride * np.arange(job.runs)[:, None] + inside
    return np.broadcast_to(q % spec.banks_n, address.shape), address


def golden(
    spec: LoadSpec, banks: NDArray[np.uint64], job: MoveLike, beats: NDArray[np.uint64]
) -> NDArray[np.uint64]:
    """Return the memory [B, D] after a LOAD of `beats` [runs, rows*width]."""
    wanted = (job.runs, job.rows * job.width)
    if beats.shape != wanted:
        raise ParameterError(f"Load beats must have shape {wanted}, not {beats.shape}")
    result = banks.copy()
    result[places(spec, job)] = beats
    return result


def cost(spec: LoadSpec, job: MoveLike | None = None) -> MoveCost:
    """Cycles when memory answers at once and port B is free; resources as Yosys counts them."""
    place_w = (spec.act_depth - 1).bit_length() + (spec.banks_n - 1).bit_length()
    return MoveCost(
        cycles=0 if job is None else 3 + first_request(job) + job.runs * job.rows * job.width,
        lut=280 + 11 * place_w,
        ff=355 + 9 * place_w,
        bram36=0,
    )


def first_request(job: MoveLike) -> int:
    """Cycles in which rows*width is summed up, one a bit of `rows`."""
    return job.rows.bit_length()
