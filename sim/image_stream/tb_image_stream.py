# SPDX-License-Identifier: Apache-2.0
"""AXI4-Stream video to pixels of the row cache: every write, the end, and what broke a frame."""

from __future__ import annotations

from typing import Any

import cocotb
from scripted import run_to_end


@cocotb.test()
async def writes_match_golden(dut: Any) -> None:
    """Frames one behind the other."""
    await run_to_end(dut)
