# SPDX-License-Identifier: Apache-2.0
"""Resize against fractions, and against OpenCV's own INTER_LINEAR_EXACT."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from hlsgen.errors import ParameterError
from hlsgen.stages.resize import ResizeSpec, cost, golden, taps

pytestmark = pytest.mark.unit
SPEC = ResizeSpec(lanes_n=3, width_max=520, height_max=500)
SHAPES = [
    ((375, 500), (188, 250)),
    ((333, 335), (8, 168)),
    ((97, 81), (48, 10)),
    ((8, 9), (8, 8)),
    ((9, 513), (8, 256)),
]


def one_axis(source: int, target: int) -> list[tuple[int, int]]:
    """First pixel and weight from the position as a fraction; Python rounds ties to even."""
    found = []
    for number in range(target):
        position = (number + Fraction(1, 2)) * source / target - Fraction(1, 2)
        first = int(position)
        weight = round((position - first) * 256)
        found.append((source - 2, 256) if first == source - 1 else (first, weight))
    return found


@pytest.mark.parametrize(
    ("source", "target"), [(500, 250), (335, 168), (81, 10), (9, 9), (11, 8), (513, 256)]
)
def test_resize_taps_lie_at_half_pixel_centres(source: int, target: int) -> None:
    found = taps(source, target)
    assert list(zip(found.first, found.weight, strict=True)) == one_axis(source, target)
    assert found.first.max() + 1 < source
    assert (np.diff(found.first) >= 1).all() or target == source


@pytest.mark.parametrize(("image", "size"), SHAPES)
def test_resize_rounds_the_exact_mean_once(image: tuple[int, int], size: tuple[int, int]) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (*image, 3), np.uint8)
    rows, columns = taps(image[0], size[0]), taps(image[1], size[1])
    result = golden(SPEC, pixels, columns, rows)
    for y, x in [(0, 0), (size[0] - 1, size[1] - 1), (size[0] // 2, size[1] // 3)]:
        (a, v), (b, w) = one_axis(image[0], size[0])[y], one_axis(image[1], size[1])[x]
        four = pixels[a : a + 2, b : b + 2].astype(int)
        share = np.array([256 - v, v])[:, None] * np.array([256 - w, w])
        exact = [Fraction(int((four[..., c] * share).sum()), 1 << 16) for c in range(3)]
        assert result[y, x].tolist() == [int(value + Fraction(1, 2)) for value in exact]


@pytest.mark.parametrize(("image", "size"), SHAPES)
def test_resize_equals_opencv(image: tuple[int, int], size: tuple[int, int]) -> None:
    cv2 = pytest.importorskip("cv2", reason="opencv-contrib-python-headless is not installed")
    pixels = np.random.default_rng(2).integers(0, 256, (*image, 3), np.uint8)
    wanted = cv2.resize(pixels, size[::-1], interpolation=cv2.INTER_LINEAR_EXACT)
    result = golden(SPEC, pixels, taps(image[1], size[1]), taps(image[0], size[0]))
    assert np.array_equal(result, wanted)


def test_resize_refuses_larger_images_and_enlargements() -> None:
    image = np.zeros((600, 10, 3), np.uint8)
    with pytest.raises(ParameterError, match=r"^Resize image must be at most 520x500, not 10x600$"):
        golden(SPEC, image, taps(10, 8), taps(600, 8))
    with pytest.raises(ParameterError, match=r"^Resize target must be in 2\.\.8 \(.*\), not 9$"):
        taps(8, 9)


@pytest.mark.parametrize(
    ("field", "value", "rule"),
    [
        ("lanes_n", 9, "in 1..8"),
        ("width_max", 7, "in 8..4096"),
        ("cache_rows_n", 5, "4, 8 or 16"),
        ("ports_n", 3, "1 or 2"),
    ],
)
def test_resize_rejects(field: str, value: int, rule: str) -> None:
    fields = {"lanes_n": 2, "width_max": 500, "height_max": 375, field: value}
    with pytest.raises(ParameterError, match=rf"^Resize {field} must be {rule}, not {value}$"):
        ResizeSpec(**fields)


def test_resize_cost_is_a_cache_a_lane() -> None:
    assert cost(SPEC).dsp == 27
    assert SPEC.bank_depth == 520
    assert cost(ResizeSpec(lanes_n=3, width_max=500, height_max=500)).bram36 == 3 * 4 + 1.5
