# SPDX-License-Identifier: Apache-2.0
"""Where the time of a simulation goes, by module of the SystemVerilog (needs gprof, of binutils).

Verilator names its functions by module and line (`--prof-cfuncs`); the start-up code that is linked
for gprof samples a hundred times a second of processor. No function is changed by that.
"""

from __future__ import annotations

import os
import re
import resource
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hlsgen.errors import ToolError
from hlsgen.run import tools
from hlsgen.run.sim import Result, Work, simulate_all, system_bench
from hlsgen.run.verilate import compile_bench

_VARIABLE = "GMON_OUT_PREFIX"  # of the C library: where the samples go
_LINE = re.compile(r"^ *[\d.]+ +[\d.]+ +([\d.]+) +(\S.*)$")
_MODULE = re.compile(r"__PROF__(\w+?)__l\d+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Samples:
    """Seconds of processor of a run; the clock of the samples differs from the process's by 5 %."""

    modules: Mapping[str, float]  # by module
    functions: Mapping[str, float]  # by function that belongs to no module
    process: float  # of the whole process

    @property
    def inside(self) -> float:
        """Seconds in the program, without Python and libraries."""
        return sum(self.modules.values()) + sum(self.functions.values())


def sample(works: Sequence[Work]) -> tuple[list[Result], Samples]:
    """Simulate like `simulate_all` and say where the time went."""
    program, _ = compile_bench(system_bench(works[0].project, sampled=True))
    before = _seconds()
    with tempfile.TemporaryDirectory(prefix="hlsgen-samples-") as name:
        with _environment(_VARIABLE, str(Path(name) / "samples")):
            results = simulate_all(works, sampled=True)
        process = _seconds() - before
        found = list(Path(name).iterdir())
        if len(found) != 1 or shutil.which("gprof") is None:
            raise ToolError(
                f"A sampled simulation must leave a file that gprof reads, not {len(found)} files; "
                "apt-get install binutils"
            )
        profile = tools.run(["gprof", "-b", "-p", program, found[0]], what="gprof").stdout
    modules, functions = parse(profile.splitlines())
    return results, Samples(modules=modules, functions=functions, process=process)


def parse(lines: Iterable[str]) -> tuple[dict[str, float], dict[str, float]]:
    """Seconds by module, and of the functions that belong to none, of a flat profile of gprof."""
    modules: defaultdict[str, float] = defaultdict(float)
    functions: defaultdict[str, float] = defaultdict(float)
    for match in filter(None, map(_LINE.match, lines)):
        seconds, name = float(match[1]), match[2]
        module = _MODULE.search(name)
        if module:
            modules[module[1]] += seconds
        else:
            functions[name] += seconds
    return dict(modules), dict(functions)


def _seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@contextmanager
def _environment(name: str, value: str) -> Iterator[None]:
    old = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if old is None:
            del os.environ[name]
        else:
            os.environ[name] = old
