# SPDX-License-Identifier: Apache-2.0
"""The window on the activation memory: every k-step equals the golden model's."""

from __future__ import annotations

from typing import Any

import cocotb
from scripted import run_to_end


@cocotb.test()
async def steps_match_golden(dut: Any) -> None:
    """Descriptors of the script, their steps in order, spaced and complete."""
    await run_to_end(dut)
