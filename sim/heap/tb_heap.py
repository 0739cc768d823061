# SPDX-License-Identifier: Apache-2.0
"""A bank of heaps alone: every result equals the golden model's."""

from __future__ import annotations

from typing import Any

import cocotb
from scripted import run_to_end


@cocotb.test()
async def results_match_golden(dut: Any) -> None:
    """Frames of keys, back to back; each is given back ascending while the next one comes."""
    await run_to_end(dut)
