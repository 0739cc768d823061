# SPDX-License-Identifier: Apache-2.0
"""Verilator's own part of a bench, the same for every design: compiled once, then shared.

Its objects are a third of a small compilation, its headers another third.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from hlsgen.resources import resource
from hlsgen.run import tools

_HEADERS = "hg_verilated.h"
_SPEEDS = ("fast", "slow")  # each with a precompiled form of the headers: options must agree


def optimisation() -> dict[str, str]:
    """Compiler's levels: of a cycle's code ($HLSGEN_OPTIMISE), of the start's, of Verilator's own.

    A frame of ResNet-18 takes as long with -O1 as with -O3, and a quarter longer with -Og, whose
    compilation takes two thirds of the time.
    """
    return {"OPT_FAST": tools.optimisation("-O1"), "OPT_SLOW": "-O0", "OPT_GLOBAL": "-Og"}


def runtime_name(verilator: Path, waves: bool, flags: Sequence[str]) -> str:
    """Name of the folder in the cache, by all that its content depends on."""
    commands = (str(verilator), "c++")
    versions = [_version(name) for name in commands]
    own = (resource(f"sim/runtime/{_HEADERS}"), resource("sim/waves/lz4.h"))
    options = (*versions, *commands, str(waves), *flags, *optimisation().values())
    return f"runtime-{tools.content_hash(own, *options)}"


@cache
def _version(command: str) -> str:
    return tools.run([command, "--version"], what=command).stdout


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
        variables |= _as_one_file(folder)
    _make(folder, variables, "bench")


def _as_one_file(folder: Path) -> dict[str, str]:
    """All sources of the bench included by one, so that the headers' templates are made once."""
    classes = _listed(folder / "Vtop_classes.mk", "VM_SUPPORT_FAST")
    own = _listed(folder / "Vtop.mk", "VM_USER_CLASSES")
    return {
        "VM_PARALLEL_BUILDS": "0",
        "VM_SUPPORT_FAST": " ".join([*classes, *own]),
        "VM_USER_CLASSES": "",
    }


def _make_runtime(folder: Path, fresh: Path) -> None:
    """Fill a new folder with objects and headers, by the makefile in `folder`."""
    fresh.mkdir()
    for end in ("", *(f".{speed}" for speed in _SPEEDS)):
        shutil.copyfile(resource(f"sim/runtime/{_HEADERS}"), fresh / f"{_HEADERS}{end}")
    objects = [f"{name}.o" for name in _listed(folder / "Vtop_classes.mk", "VM_GLOBAL_")]
    headers = [str(fresh / f"{_HEADERS}.{speed}.gch") for speed in _SPEEDS]
    _make(folder, optimisation(), *objects, *headers)
    for name in objects:
        shutil.copyfile(folder / name, fresh / name)


def _listed(makefile: Path, start: str) -> list[str]:
    """Words of the variables of Verilator's makefile whose names begin so."""
    text = makefile.read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line.partition("=") for line in text.splitlines()]
    return [
        word for name, _, value in lines if name.strip().startswith(start) for word in value.split()
    ]


def _make(folder: Path, variables: Mapping[str, str], *goals: str) -> None:
    given = [f"{name}={value}" for name, value in variables.items()]
    tools.run(
        ["make", f"-j{tools.jobs()}", "-C", folder, "-f", "Vtop.mk", *given, *goals],
        what="Compilation of the simulation",
    )
