# SPDX-License-Identifier: Apache-2.0
"""Boxes of windows: corners from 1, clipped at the image."""

from __future__ import annotations

import numpy as np
import pytest

from hlsgen.errors import ParameterError
from hlsgen.stages.boxes import BoxesSpec, cost, golden

pytestmark = pytest.mark.unit
SPEC = BoxesSpec(boxes_n=1000)


def test_boxes_step_by_an_eighth_of_the_window_rounded_down() -> None:
    points = np.array([[0, 0], [1, 3], [0, 40]])
    found = golden(SPEC, points, step=(62, 8), window=(500, 64), image=(500, 375))
    assert found.tolist() == [[1, 1, 500, 64], [63, 25, 500, 88], [1, 321, 500, 375]]


def test_boxes_refuses() -> None:
    with pytest.raises(ParameterError, match=r"^Boxes image must be below 8192 pixels a side"):
        golden(SPEC, np.zeros((1, 2), np.int64), step=(1, 1), window=(8, 8), image=(8192, 8))
    with pytest.raises(ParameterError, match=r"^Boxes boxes_n must be in 1\.\.4096, not 0$"):
        BoxesSpec(boxes_n=0)


def test_boxes_cost_counts_whole_bursts() -> None:
    assert cost(BoxesSpec(boxes_n=9)).beats == 32
