# SPDX-License-Identifier: Apache-2.0
"""Memory ports under idle x stall x seed, and the full rate of a reader."""

from __future__ import annotations

from pathlib import Path

import pytest

from hlsgen.run.verilate import Bench
from tests.rtl.bench import SIM, rtl, simulate

CHANNELS = {
    "ar": ("valid", "ready", "id", "addr", "len", "size", "burst"),
    "r": ("valid", "ready", "id", "data", "resp", "last"),
    "aw": ("valid", "ready", "id", "addr", "len", "size", "burst"),
    "w": ("valid", "ready", "data", "strb", "last"),
    "b": ("valid", "ready", "id", "resp"),
}
BENCH = Bench(
    top="hg_axi_bench",
    sources=(
        SIM / "axi" / "hg_axi_bench.sv",
        SIM / "common" / "hg_axi_check.sv",
        *rtl(
            "hg_axi_read", "hg_axi_write", "hg_axi_split", "hg_axi_share_read",
            "hg_axi_share_write", "hg_fifo",
        ),
    ),
    public=(
        "clk", "rst_n", "halt", "rd_req", "rd_req_ready", "rd_addr", "rd_beats", "m_valid",
        "m_ready", "m_data", "rd_idle", "rd_error", "wr_req", "wr_req_ready", "wr_addr",
        "wr_beats", "s_valid", "s_ready", "s_data", "wr_idle", "wr_error", "wr_done",
        *(f"m_axi_{name}{part}" for name, parts in CHANNELS.items() for part in parts),
    ),
)  # fmt: skip


@pytest.mark.rtl
@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("idle", [0, 40])
@pytest.mark.parametrize("stall", [0, 60])
def test_beats_arrive(stall: int, idle: int, seed: int, tmp_path: Path) -> None:
    """Four masters on one port."""
    environment = {"HLSGEN_SEED": str(seed), "HLSGEN_STALL": str(stall), "HLSGEN_IDLE": str(idle)}
    simulate(BENCH, "tb_axi", tmp_path, (), environment)
