# SPDX-License-Identifier: Apache-2.0
"""Registers on their own; the whole accelerator's start and interrupt are in test_program."""

from __future__ import annotations

from pathlib import Path

import pytest

from hlsgen.run.verilate import Bench
from tests.rtl.bench import SIM, rtl, simulate

BENCH = Bench(
    top="hg_control_bench",
    sources=(SIM / "control" / "hg_control_bench.sv", *rtl("hg_control")),
    public=(
        "clk", "rst_n", "done", "awvalid", "awready", "awaddr", "wvalid", "wready", "wdata",
        "wstrb", "bvalid", "bready", "arvalid", "arready", "araddr", "rvalid", "rready", "rdata",
        "irq", "start", "starts", "arg_pointer", "arg_value",
    ),
)  # fmt: skip


@pytest.mark.rtl
def test_registers(tmp_path: Path) -> None:
    """Arguments, start, done, interrupt, auto restart."""
    simulate(BENCH, "tb_control", tmp_path)
