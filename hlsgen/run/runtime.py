# SPDX-License-Identifier: Apache-2.0
"""Verilator's own part of a bench, the same for every design: compiled once, then shared.

Its objects are a third of a small compilation, its headers another third.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from hlsgen.errors import ToolError
from hlsgen.resources import resource
from hlsgen.run import tools

_HEADERS = "hg_verilated.h"
_LEVELS = ("-O0", "-Og", "-O1", "-O2", "-O3")
_SPEEDS = ("fast", "slow")  # each with a precompiled form of the headers: options must agree


def optimisation() -> dict[str, str]:
    """Compiler's levels: of a cycle's code ($HLSGEN_OPTIMISE), of the start's, of Verilator's own.

    A frame of ResNet-18 takes as long with -O1 as with -O3, and a quarter longer with -Og, whose
    compilation takes two thirds of the time.
    """
    chosen = os.environ.get("HLSGEN_OPTIMISE") or "-O1"
    if chosen not in _LEVELS:
        raise ToolError(
            f"HLSGEN_OPTIMISE must be one of {' '.join(_LEVELS)}, not {chosen!r}; "
            "correct or unset it"
        )
    return {"OPT_FAST": chosen, "OPT_SLOW": "-O0", "OPT_GLOBAL": "-Og"}


def runtime_name(verilator: Path, waves: bool, flags: Sequence[str]) -> str:
    """Name of the folder in the cache, by all that its content depends on."""
    commands = (str(verilator), "c++")
    versions = [tools.run([name, "--version"], what=name).stdout for name in commands]
    own = (resource(f"sim/runtime/{_HEADERS}"), resource("sim/waves/lz4.h"))
    options = (*versions, *commands, str(waves), *flags, *optimisation().values())
    return f"runtime-{tools.content_hash(own, *options)}"


def make_bench(folder: Path, name: str) -> None:
    """Compile and link Verilator's output in `folder`, with the runtime of that name."""
    runtime = tools.cached(name, lambda fresh: _make_runtime(folder, fresh))
    for ready in runtime.glob("*.o"):
        shutil.copyfile(ready, folder / ready.name)
    headers, variables = runtime / _HEADERS, optimisation()
    for speed in _SPEEDS:
        name = f"OPT_{speed.upper()}"
        variables[name] = f"{variables[name]} -include {headers}.{speed}"
    # The makefile's own precompiled headers hold the design's classes as well: never shared
    variables |= {"VK_PCH_H": str(headers), "VK_PCH_I_FAST": "", "VK_PCH_I_SLOW": ""}
    if tools.jobs() == 1:
        variables["VM_PARALLEL_BUILDS"] = "0"  # all as one file, in which headers are read once
    _make(folder, variables, "bench")


def _make_runtime(folder: Path, fresh: Path) -> None:
    """Fill a new folder with objects and headers, by the makefile in `folder`."""
    fresh.mkdir()
    for end in ("", *(f".{speed}" for speed in _SPEEDS)):
        shutil.copyfile(resource(f"sim/runtime/{_HEADERS}"), fresh / f"{_HEADERS}{end}")
    objects = [f"{name}.o" for name in _listed(folder / "Vtop_classes.mk")]
    headers = [str(fresh / f"{_HEADERS}.{speed}.gch") for speed in _SPEEDS]
    _make(folder, optimisation(), *objects, *headers)
    for name in objects:
        shutil.copyfile(folder / name, fresh / name)


def _listed(makefile: Path) -> list[str]:
    """Names of Verilator's own sources, as its makefile lists them."""
    text = makefile.read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line.partition("+=") for line in text.splitlines()]
    return [
        word
        for name, _, value in lines
        if name.strip().startswith("VM_GLOBAL_")
        for word in value.split()
    ]


def _make(folder: Path, variables: Mapping[str, str], *goals: str) -> None:
    given = [f"{name}={value}" for name, value in variables.items()]
    tools.run(
        ["make", f"-j{tools.jobs()}", "-C", folder, "-f", "Vtop.mk", *given, *goals],
        what="Compilation of the simulation",
    )
