# SPDX-License-Identifier: Apache-2.0
"""Pool: entries equal the golden model's."""

from __future__ import annotations

from typing import Any

import cocotb
from scripted import run_to_end


@cocotb.test()
async def entries_match_golden(dut: Any) -> None:
    """Steps of the script, spaced as the window does; every entry compared."""
    await run_to_end(dut)
