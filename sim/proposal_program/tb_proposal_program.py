# SPDX-License-Identifier: Apache-2.0
"""Programs good and faulty: tables, settings, status and index are those that are expected."""

from __future__ import annotations

from typing import Any

import cocotb
from scripted import run_to_end


@cocotb.test()
async def programs_are_read(dut: Any) -> None:
    """One start behind the other, without a reset between them."""
    await run_to_end(dut)
