# SPDX-License-Identifier: Apache-2.0
"""The array alone: the accumulators of every tile equal the golden model's."""

from __future__ import annotations

from typing import Any

import cocotb
from scripted import run_to_end


@cocotb.test()
async def tiles_match_golden(dut: Any) -> None:
    """Steps of the script with idle cycles and back to back, tiles of one step and of many."""
    await run_to_end(dut)
