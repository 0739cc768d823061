# SPDX-License-Identifier: Apache-2.0
"""Colour space of resized pixels: BGR as it is, HSV or grey, equal to OpenCV's cvtColor of uint8.

Both conversions are integer: HSV multiplies by reciprocals from two tables of 256 entries and
rounds at bit 12 (hue 0..179), grey is a weighted sum rounded at bit 15.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hlsgen.errors import ParameterError

SPACES: Final = ("bgr", "hsv", "gray")
_HSV_SHIFT = 12
_GRAY_SHIFT = 15
_GRAY_WEIGHTS = (3735, 19235, 9798)  # blue, green, red
_HUE_RANGE = 180
_LATENCY = 9  # in every space


@dataclass(frozen=True, slots=True, kw_only=True)
class ColourSpec:
    """Which spaces are built; each field is a parameter of hg_colour."""

    lanes_n: int  # pixels of a beat
    hsv: bool = True  # whether the tables of HSV are there
    gray: bool = True

    def __post_init__(self) -> None:
        if not 1 <= self.lanes_n <= 8:
            raise ParameterError(f"Colour lanes_n must be in 1..8, not {self.lanes_n!r}")

    @property
    def spaces(self) -> tuple[str, ...]:
        """Names of the spaces that are built."""
        return ("bgr", *(("hsv",) if self.hsv else ()), *(("gray",) if self.gray else ()))


@dataclass(frozen=True, slots=True, kw_only=True)
class ColourCost:
    """What the stage takes of a device."""

    lut: int
    ff: int
    dsp: int
    bram36: float
    latency: int  # cycles from a beat to its result


def reciprocals() -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Tables of saturation (255 / v) and hue (180 / (6 d)) in 12 fraction bits; entry 0 is 0."""
    number = np.arange(1, 256)
    tables = []
    for top, divisor in ((255, number), (_HUE_RANGE, 6 * number)):
        doubled = 2 * (top << _HSV_SHIFT)
        whole, rest = np.divmod(doubled, 2 * divisor)
        up = (rest > divisor) | ((rest == divisor) & (whole % 2 == 1))
        tables.append(np.concatenate([[0], whole + up]).astype(np.int32))
    return tables[0], tables[1]


def golden(spec: ColourSpec, pixels: NDArray[np.uint8], space: str) -> NDArray[np.uint8]:
    """Convert (height, width, 3) BGR pixels; grey has one channel."""
    if space not in spec.spaces:
        raise ParameterError(
            f"Colour space must be one of {', '.join(spec.spaces)}, not {space!r:.40}"
        )
    if space == "bgr":
        return pixels
    wide = pixels.astype(np.int32)
    if space == "gray":
        return ((wide @ _GRAY_WEIGHTS + (1 << (_GRAY_SHIFT - 1))) >> _GRAY_SHIFT)[..., None].astype(
            np.uint8
        )
    return _hsv(wide)


def _hsv(wide: NDArray[np.int32]) -> NDArray[np.uint8]:
    blue, green, red = np.moveaxis(wide, -1, 0)
    value = wide.max(axis=-1)
    spread = value - wide.min(axis=-1)
    saturation_of, hue_of = reciprocals()
    half = 1 << (_HSV_SHIFT - 1)
    saturation = (spread * saturation_of[value] + half) >> _HSV_SHIFT
    sector = np.where(
        value == red,
        green - blue,
        np.where(value == green, blue - red + 2 * spread, red - green + 4 * spread),
    )
    hue = (sector * hue_of[spread] + half) >> _HSV_SHIFT
    hue = np.where(hue < 0, hue + _HUE_RANGE, hue)
    return np.stack([hue, saturation, value], axis=-1).astype(np.uint8)


def cost(spec: ColourSpec) -> ColourCost:
    """Two multipliers a lane for HSV, two for grey; the two tables of a lane share a BRAM36.

    LUTs and registers are those of all colour spaces, which the hardware always has.
    """
    return ColourCost(
        lut=272 * spec.lanes_n + 56,
        ff=146 * spec.lanes_n + 9,
        dsp=spec.lanes_n * (2 * spec.hsv + 2 * spec.gray),
        bram36=1.0 * spec.lanes_n * spec.hsv,
        latency=_LATENCY,
    )
