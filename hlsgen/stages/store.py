# SPDX-License-Identifier: Apache-2.0
"""Store: beats of the banks as runs of contiguous beats in memory; the inverse of load."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hlsgen.stages.load import LoadSpec, MoveCost, MoveLike, first_request, places, walker

READ_LATENCY = 9  # cycles from taking a descriptor to the first beat of the stream


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreSpec(LoadSpec):
    """Sizes of store: those of load."""


def golden(spec: StoreSpec, banks: NDArray[np.uint64], job: MoveLike) -> NDArray[np.uint64]:
    """Return the beats [runs, rows*width] that a STORE sends; `banks` is [B, D]."""
    return banks[places(spec, job)]


def cost(spec: StoreSpec, job: MoveLike | None = None) -> MoveCost:
    """Cycles when memory answers at once and port B is free; resources as Yosys counts them."""
    lut, ff = walker(spec)
    cycles = 0
    if job is not None:
        cycles = max(READ_LATENCY, 3 + first_request(job)) + job.runs * job.rows * job.width + 1
    return MoveCost(cycles=cycles, lut=lut + 130, ff=ff + 95, bram36=0)
