# SPDX-License-Identifier: Apache-2.0
"""Colour spaces against the formulas in fractions, and against OpenCV on every pair of extremes."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from hlsgen.errors import ParameterError
from hlsgen.stages.colour import ColourSpec, cost, golden, reciprocals

pytestmark = pytest.mark.unit
SPEC = ColourSpec(lanes_n=2)


def pixels() -> np.ndarray:
    random = np.random.default_rng(3).integers(0, 256, (200, 256, 3), np.uint8)
    dull = np.random.default_rng(4).integers(90, 100, (50, 256, 3), np.uint8)
    return np.concatenate([random, dull, np.zeros((1, 256, 3), np.uint8)])


def test_colour_tables_are_rounded_reciprocals() -> None:
    saturation, hue = reciprocals()
    assert (saturation[0], hue[0]) == (0, 0)
    for number in range(1, 256):
        assert saturation[number] == round(Fraction(255 << 12, number))
        assert hue[number] == round(Fraction(180 << 12, 6 * number))


def test_colour_of_known_pixels() -> None:
    row = np.array([[[0, 0, 255], [0, 255, 0], [255, 0, 0], [7, 7, 7], [128, 0, 255]]], np.uint8)
    assert golden(SPEC, row, "hsv")[0].tolist() == [
        [0, 255, 255],
        [60, 255, 255],
        [120, 255, 255],
        [0, 0, 7],
        [165, 255, 255],
    ]
    assert golden(SPEC, row, "gray")[0, :, 0].tolist() == [76, 150, 29, 7, 91]
    assert golden(SPEC, row, "bgr") is row


@pytest.mark.parametrize("space", ["hsv", "gray"])
def test_colour_equals_opencv(space: str) -> None:
    cv2 = pytest.importorskip("cv2", reason="opencv-contrib-python-headless is not installed")
    code = {"hsv": cv2.COLOR_BGR2HSV, "gray": cv2.COLOR_BGR2GRAY}[space]
    wanted = cv2.cvtColor(pixels(), code).reshape(*pixels().shape[:2], -1)
    assert np.array_equal(golden(SPEC, pixels(), space), wanted)


def test_colour_refuses_what_is_not_built() -> None:
    assert cost(ColourSpec(lanes_n=2, hsv=False, gray=False)).dsp == 0
    with pytest.raises(ParameterError, match=r"^Colour space must be one of bgr, gray, not 'hsv'$"):
        golden(ColourSpec(lanes_n=1, hsv=False), pixels(), "hsv")
    with pytest.raises(ParameterError, match=r"^Colour lanes_n must be in 1\.\.8, not 0$"):
        ColourSpec(lanes_n=0)
