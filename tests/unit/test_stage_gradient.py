# SPDX-License-Identifier: Apache-2.0
"""Gradient against the rule written out pixel by pixel."""

from __future__ import annotations

import numpy as np
import pytest

from hlsgen.errors import ParameterError
from hlsgen.stages.gradient import GradientSpec, cost, golden, line_bram36

pytestmark = pytest.mark.unit
SPEC = GradientSpec(lanes_n=4, line_depth=100)


def slow(pixels: np.ndarray, *, summed: bool) -> np.ndarray:
    """One pixel at a time; a missing neighbour is replaced by the pixel."""
    image = pixels.astype(int)
    height, width, _ = image.shape
    result = np.zeros((height, width), int)
    for y in range(height):
        for x in range(width):
            total = 0
            for dy, dx in ((0, 1), (1, 0)):
                ends = []
                for sign in (-1, 1):
                    ny, nx = y + sign * dy, x + sign * dx
                    inside = 0 <= ny < height and 0 <= nx < width
                    ends.append((image[ny, nx] if inside else image[y, x], inside))
                both = ends[0][1] and ends[1][1]
                apart = [abs(int(a) - int(b)) for a, b in zip(ends[0][0], ends[1][0], strict=True)]
                if summed:
                    total += sum(apart) // 2 if both else sum(apart)
                else:
                    total += max(apart) * (1 if both else 2)
            result[y, x] = min(total, 255)
    return result


@pytest.mark.parametrize("summed", [False, True], ids=["greatest", "summed"])
@pytest.mark.parametrize("shape", [(8, 8, 3), (9, 13, 1), (2, 5, 3)])
@pytest.mark.parametrize("spread", [256, 40])  # most sums saturate, hardly any does
def test_gradient_equals_the_rule(shape: tuple[int, ...], summed: bool, spread: int) -> None:
    pixels = np.random.default_rng(5).integers(0, spread, shape, np.uint8)
    assert np.array_equal(golden(SPEC, pixels, summed=summed), slow(pixels, summed=summed))


def test_gradient_refuses_maps_that_do_not_fit() -> None:
    message = r"^Gradient map must have 2 rows and at most 100 beats, not 401x8$"
    with pytest.raises(ParameterError, match=message):
        golden(SPEC, np.zeros((8, 401, 3), np.uint8), summed=False)
    with pytest.raises(ParameterError, match=r"^Gradient line_depth must be in 1\.\.16384, not 0$"):
        GradientSpec(lanes_n=1, line_depth=0)


def test_gradient_cost_is_two_rows_of_pixels() -> None:
    assert cost(GradientSpec(lanes_n=3, line_depth=763)).bram36 == 4  # 144 bits by 763
    assert line_bram36(18, 2048) == 1
