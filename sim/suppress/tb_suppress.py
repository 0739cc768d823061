# SPDX-License-Identifier: Apache-2.0
"""Suppression alone: every kept point equals the golden model's."""

from __future__ import annotations

from typing import Any

import cocotb
from scripted import run_to_end


@cocotb.test()
async def points_match_golden(dut: Any) -> None:
    """Frames of interleaved sizes, back to back."""
    await run_to_end(dut)
