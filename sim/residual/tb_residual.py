# SPDX-License-Identifier: Apache-2.0
"""Residual reader on the activation memory: order and run-ahead."""

from __future__ import annotations

from typing import Any

import cocotb
from scripted import run_to_end


@cocotb.test()
async def entries_in_order(dut: Any) -> None:
    """Adds of the script, popped tile by tile; every entry compared."""
    await run_to_end(dut)
