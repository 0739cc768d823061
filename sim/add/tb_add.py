# SPDX-License-Identifier: Apache-2.0
"""The residual add alone: every entry equals the golden model's."""

from __future__ import annotations

from typing import Any

import cocotb
from scripted import run_to_end


@cocotb.test()
async def entries_match_golden(dut: Any) -> None:
    """Layers with and without add; the next layer's tables are written meanwhile."""
    await run_to_end(dut)
