# SPDX-License-Identifier: Apache-2.0
"""Calibration against integers of any size, and its proof of widths."""

from __future__ import annotations

import numpy as np
import pytest

from hlsgen.errors import ParameterError
from hlsgen.stages.calibrate import CalibrateSpec, check_line, cost, golden

pytestmark = pytest.mark.unit
SPEC = CalibrateSpec()


@pytest.mark.parametrize("slope", [8818866, -4668, 0])
def test_calibrate_is_a_line_rounded_down(slope: int) -> None:
    scores = np.array([-9240, -1, 0, 1, 40020])
    offset = -(1 << 38) + 513
    wanted = [(int(score) * slope + offset) // 1024 for score in scores]
    assert golden(SPEC, scores, slope, offset).tolist() == wanted


def test_calibrate_proves_its_widths() -> None:
    check_line(SPEC, (1 << 24) - 1, 0, -100, 100, "size 0")
    with pytest.raises(ParameterError, match=r"^Calibrate slope must fit 25 bits, .*\(size 3\)$"):
        check_line(SPEC, 1 << 24, 0, 0, 1, "size 3")
    with pytest.raises(ParameterError, match=r"^Calibrate value must fit 32 bits, .*\(size 3\)$"):
        check_line(SPEC, 1 << 23, (1 << 41) - 1, 0, 100_000, "size 3")
    with pytest.raises(ParameterError, match=r"^Calibrate shift must be in 0\.\.31, not 32$"):
        CalibrateSpec(shift=32)


def test_calibrate_costs_one_multiplier() -> None:
    assert cost(SPEC).dsp == 1
    assert cost(CalibrateSpec(slope_w=26)).dsp == 2
