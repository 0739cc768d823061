# SPDX-License-Identifier: Apache-2.0
"""Boxes alone: what lies in memory equals the golden model's."""

from __future__ import annotations

from typing import Any

import cocotb
from scripted import run_to_end


@cocotb.test()
async def records_match_golden(dut: Any) -> None:
    """Frames of points, full, in part, and with none; every beat of the memory compared."""
    await run_to_end(dut)
