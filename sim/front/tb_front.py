# SPDX-License-Identifier: Apache-2.0
"""From image rows in memory to scores: every beat equals the golden model's, in order."""

from __future__ import annotations

from typing import Any

import cocotb
from scripted import run_to_end


@cocotb.test()
async def beats_match_golden(dut: Any) -> None:
    """A program, then frames that follow one another."""
    await run_to_end(dut)
