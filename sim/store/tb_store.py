# SPDX-License-Identifier: Apache-2.0
"""Store beside load: what arrives in memory equals the golden model's."""

from __future__ import annotations

from typing import Any

import cocotb
from scripted import run_to_end


@cocotb.test()
async def stream_matches_golden(dut: Any) -> None:
    """A LOAD and a STORE at a time; every beat of the external memory compared."""
    await run_to_end(dut)
