# SPDX-License-Identifier: Apache-2.0
"""Benches that run by themselves from files: cocotb only waits for their end."""

from __future__ import annotations

from typing import Any

from cocotb.triggers import RisingEdge


async def run_to_end(dut: Any) -> None:
    """Wait until the bench says `done`; it must have counted no error."""
    await RisingEdge(dut.done)
    assert int(dut.errors.value) == 0, f"{int(dut.errors.value)} errors, see the log above"
