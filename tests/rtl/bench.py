# SPDX-License-Identifier: Apache-2.0
"""How a stage's bench is compiled and run from a test; one red test prints its rerun line."""

from __future__ import annotations

import os
from pathlib import Path

from hlsgen.run.verilate import Bench, compile_bench, run_bench, tail
from tests.conftest import ROOT

RTL, SIM = ROOT / "templates" / "rtl", ROOT / "sim"
LIMIT_S = 300.0  # of a run; a bench that hangs fails
MEMORY = tuple(SIM / "common" / name for name in ("hg_chance_pkg.sv", "hg_ddr.sv", "hg_memory.cpp"))


def rtl(*names: str) -> tuple[Path, ...]:
    """Paths of RTL modules by stem."""
    return tuple(RTL / f"{name}.sv" for name in names)


def simulate(
    bench: Bench,
    module: str,
    folder: Path,
    plusargs: tuple[str, ...] = (),
    environment: dict[str, str] | None = None,
) -> None:
    """Compile (cached) and run a bench; a failure shows the end of its log."""
    program, _ = compile_bench(bench)
    search = [SIM / module.removeprefix("tb_"), SIM / "common", SIM / "system"]
    run = run_bench(
        program, bench, module=module, search=search, folder=folder, plusargs=plusargs,
        environment=environment, limit_s=LIMIT_S,
    )  # fmt: skip
    test = os.environ.get("PYTEST_CURRENT_TEST", "").split(" ")[0]
    assert run.passed, f"rerun: pytest '{test}'\n{tail(run.log, 30)}"
