# SPDX-License-Identifier: Apache-2.0
"""Boxes of kept points: from window coordinates of a size to corners in the image.

x1 = px * step_x + 1, x2 = min(px * step_x + width, image width), the same for y; corners are
counted from 1 and belong to the box.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hlsgen.errors import ParameterError

RECORD_BYTES = 16
BURST_RECORDS = 8  # of one burst of 128 bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class BoxesSpec:
    """Sizes of the stage; each field is a parameter of hg_boxes."""

    boxes_n: int  # records of a frame
    coordinate_w: int = 13  # bits of a corner, unsigned

    def __post_init__(self) -> None:
        if not 1 <= self.boxes_n <= 4096:
            raise ParameterError(f"Boxes boxes_n must be in 1..4096, not {self.boxes_n!r}")
        if not 4 <= self.coordinate_w <= 16:
            raise ParameterError(f"Boxes coordinate_w must be in 4..16, not {self.coordinate_w!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class BoxesCost:
    """What the stage takes of a device, and the beats of its port."""

    lut: int
    ff: int
    dsp: int
    bram36: float
    beats: int


def golden(
    spec: BoxesSpec,
    points: NDArray[np.int64],
    *,
    step: tuple[int, int],
    window: tuple[int, int],
    image: tuple[int, int],
) -> NDArray[np.int64]:
    """Corners (n, 4) x1 y1 x2 y2 of points (n, 2) x y; pairs are (horizontal, vertical)."""
    if max(image) >= 1 << spec.coordinate_w:
        raise ParameterError(
            f"Boxes image must be below {1 << spec.coordinate_w} pixels a side, not {image!r}"
        )
    start = points * np.array(step, np.int64)
    end = np.minimum(start + np.array(window, np.int64), np.array(image, np.int64))
    return np.concatenate([start + 1, end], axis=1)


def cost(spec: BoxesSpec) -> BoxesCost:
    """Two multipliers; a buffer of LUTRAM turns the ascending order round, a burst at a time."""
    bursts = -(-spec.boxes_n // BURST_RECORDS)
    beats = bursts * BURST_RECORDS * RECORD_BYTES // 8
    return BoxesCost(lut=445, ff=325, dsp=2, bram36=0.0, beats=beats)
