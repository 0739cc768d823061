# SPDX-License-Identifier: Apache-2.0
"""The requantisation alone: beats, tables and flags equal the golden model's."""

from __future__ import annotations

from typing import Any

import cocotb
from scripted import run_to_end


@cocotb.test()
async def beats_match_golden(dut: Any) -> None:
    """Layers of the script back to back, held or released, raw or codes."""
    await run_to_end(dut)
