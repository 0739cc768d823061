# SPDX-License-Identifier: Apache-2.0
"""Load into the activation memory: the memory's image equals the golden model's."""

from __future__ import annotations

from typing import Any

import cocotb
from scripted import run_to_end


@cocotb.test()
async def memory_matches_golden(dut: Any) -> None:
    """Descriptors of the script, one after the other; every beat of memory compared."""
    await run_to_end(dut)
