# SPDX-License-Identifier: Apache-2.0
"""From scores to the records of boxes: what lies in memory equals the golden model's."""

from __future__ import annotations

from typing import Any

import cocotb
from scripted import run_to_end


@cocotb.test()
async def records_match_golden(dut: Any) -> None:
    """Frames back to back; every beat of the memory compared."""
    await run_to_end(dut)
