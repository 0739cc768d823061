# SPDX-License-Identifier: Apache-2.0
"""The resize alone: every beat equals the golden model's, at its cycle."""

from __future__ import annotations

from typing import Any

import cocotb
from scripted import run_to_end


@cocotb.test()
async def beats_match_golden(dut: Any) -> None:
    """Rows of several sizes and frames, source rows written meanwhile."""
    await run_to_end(dut)
