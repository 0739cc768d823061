# SPDX-License-Identifier: Apache-2.0
"""What the simulator spends its time on: the accelerator, or the bench around it.

A frame of ResNet-18 on the ZC706's default design; the seconds are those of the processor.
"""

from __future__ import annotations

from benchmarks.resnet18 import good, zoo
from benchmarks.rows import OUT, Row, at_most, holds, told
from hlsgen import api
from hlsgen.resources import resource
from hlsgen.run.project import input_codes, load_project
from hlsgen.run.samples import Samples, sample
from hlsgen.run.sim import Work

COMMAND = "make bench (--only simulator)"
BOARD = "zc706"
MOST = 5  # modules that the table names
BENCH_FUNCTIONS = ("hg_memory", "hg_trace")  # C++ behind the DDR model and the monitors


def shares() -> list[Row]:
    """Shares of the bench and of the modules that take most."""
    folder = OUT / f"resnet18_{BOARD}"
    api.build(zoo("resnet18", BOARD), board=BOARD, output=folder)
    project = load_project(folder)
    work = Work(project=project, codes=input_codes(project.model, None, 1))
    (result,), found = sample([work])
    assert {"hg_ddr", "hg_pot4_group"} <= set(found.modules), "Verilator names its functions anew"
    name = "Simulation of ResNet-18, ZC706"
    most = sorted(found.modules.items(), key=lambda item: -item[1])[:MOST]
    calls = sum(seconds for name, seconds in found.functions.items() if "_eval_" in name)
    text = ", ".join(f"{module} {seconds / found.inside:.1%}" for module, seconds in most)
    around = 100 * bench_seconds(found) / found.inside
    equal = f"{result.verdict.tensors_compared} tensors"
    return [
        holds(f"{name}: every tensor equal", good(result), equal, COMMAND),
        at_most(f"{name}: DDR model, monitors and bench", 15, around, "%", COMMAND),
        told(
            f"{name}: samples of the program, processor of the process",
            f"{found.inside:.1f} s, {found.process:.1f} s",
            COMMAND,
        ),
        told(f"{name}: calls of the cycle's functions", f"{calls / found.inside:.1%}", COMMAND),
        told(f"{name}: modules that take most", text, COMMAND),
    ]


def bench_seconds(found: Samples) -> float:
    """Seconds of the bench's modules and C++. Python runs before the start and behind the end."""
    names = {path.stem for path in resource("sim").rglob("*.sv")} | {"hg_dut"}
    modules = sum(seconds for name, seconds in found.modules.items() if name in names)
    functions = sum(
        seconds
        for name, seconds in found.functions.items()
        if any(word in name for word in BENCH_FUNCTIONS)
    )
    return modules + functions
