# SPDX-License-Identifier: Apache-2.0
"""Calibration alone: every value equals the golden model's."""

from __future__ import annotations

from typing import Any

import cocotb
from scripted import run_to_end


@cocotb.test()
async def values_match_golden(dut: Any) -> None:
    """Scores of all slots at random, up to the ends of all widths."""
    await run_to_end(dut)
